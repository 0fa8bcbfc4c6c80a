"""The language of a text, by its script where that decides, else by py3langid."""

import re

_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_ENOUGH = 500
"""So many letters tell a language; more of them only take time."""
_FEW = 60
"""With fewer Latin letters than this only the languages that most newsletters use are believed in."""
_FOLDED = {
    **dict.fromkeys(("acm", "acq", "aeb", "afb", "apc", "ary", "arz", "ars"), "ar"),
    **dict.fromkeys(("wuu", "yue"), "zh"),
    "pcm": "en",
}
"""Spoken kinds of a language, which short texts are taken for; newsletters write the standard one."""
_USUAL = frozenset("en de fr es pt it nl pl ru uk".split())  # noqa: SIM905
_WORDS = """
the of and to is in for with that this are you how from it was be which their has have can not by an what they we
"""
_ENGLISH = frozenset(_WORDS.split())
"""Words that English prose cannot do without, and hardly any other language has."""


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of a text's main language; None for texts without enough letters to tell."""
    text = text[:1000]
    if text.isascii():
        kana = han = hangul = 0
    else:
        kana, han, hangul = (len(pattern.findall(text)) for pattern in (_KANA, _HAN, _HANGUL))
    latin = len(_LATIN.findall(text))
    asian = kana + han + hangul
    if asian * 4 >= latin and asian >= 2:  # an Asian text quotes many Latin names, hardly ever the other way round
        if hangul * 2 > asian:
            return "ko"
        return "ja" if kana * 8 >= asian else "zh"
    other = asian > 0 or any(char.isalpha() and char > "\u0370" for char in text)
    if latin < 20 and not other:
        return None
    text = text[:_ENOUGH]
    if not other and _is_english(text):
        return "en"
    import py3langid

    code = str(py3langid.classify(text)[0])
    code = _FOLDED.get(code, code)
    return None if latin < _FEW and not other and code not in _USUAL else code


def _is_english(text: str) -> bool:
    """Whether a text has so many of the commonest English words that nothing else need be asked."""
    words = text.lower().split()
    common = sum(word in _ENGLISH for word in words)
    return common >= 4 and common * 5 >= len(words)
