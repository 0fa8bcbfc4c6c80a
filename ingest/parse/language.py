"""The language of a text, by its script where that decides, else by py3langid."""

import re

_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


_FOLDED = dict.fromkeys(("acm", "acq", "aeb", "afb", "apc", "ary", "arz", "ars"), "ar")
"""Spoken kinds of Arabic, which short texts are taken for; newsletters write the standard language."""


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of a text's main language; None for texts without enough letters to tell."""
    text = text[:2000]
    kana, han, hangul = (len(pattern.findall(text)) for pattern in (_KANA, _HAN, _HANGUL))
    latin = len(_LATIN.findall(text))
    asian = kana + han + hangul
    if asian * 4 >= latin and asian >= 2:  # an Asian text quotes many Latin names, hardly ever the other way round
        if hangul * 2 > asian:
            return "ko"
        return "ja" if kana * 8 >= asian else "zh"
    if latin < 20 and asian == 0 and not any(char.isalpha() and char > "\u0370" for char in text):
        return None
    import py3langid

    code = str(py3langid.classify(text)[0])
    return _FOLDED.get(code, code)
