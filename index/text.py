"""One analyser for items and questions: which words a text consists of.

Two streams are made of the same text. The *words* are linear, one after the other as they stand, so that a phrase is a
run of consecutive words; this is what the full-text index holds. The *tokens* are what ranking compares: words stemmed,
and names that consist of parts also as a whole.

- Letters are compared without case, width (NFKC) or, on Latin letters, accents.
- `GPT-3`, `GPT3` and `gpt 3` share the words `gpt` and `3`; the first two also share the whole `gpt3`. `3.5` and
  `1,000` are one word each.
- Chinese, Japanese, Korean and other scripts without spaces become overlapping pairs of characters, as in Lucene's
  CJK analyser. In the stream of words a run of them ends with its last character alone: so every character begins
  exactly one word, and a single character can be looked up as a prefix.
"""

import itertools
import re
import threading
import unicodedata
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple

ANALYSER = 1
"""Part of what an archive records: a changed analyser means that the full-text index is made anew."""
LONGEST = 64
"""Characters of one word that count; longer ones are encoded data, not words."""
_MOST_PARTS = 5

_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7ff"
    "\u1100-\u11ff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1780-\u17d3"
)
_MARKS = "".join(
    chr(c)
    for c in range(0x300, 0x2E80)
    if unicodedata.category(chr(c))[0] == "M" and not re.match(f"[{_UNSPACED}]", chr(c))
)
_WORD = rf"(?:[^\W_{_UNSPACED}]|[{_MARKS}])"
_LETTER = rf"(?:[^\W\d_{_UNSPACED}]|[{_MARKS}])"
_RUN = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    rf"|(?P<named>(?<![^\W_])[A-Za-z](?:\+\+|#)(?!\w))"
    rf"|(?P<spaced>{_WORD}+(?:(?:[-\u2010_'\u2019&]|(?<=\d)\.(?=\d)|(?<=\d),(?=\d{{3}}(?!\d))"
    rf"|(?<={_LETTER})\.(?=[a-z])){_WORD}+)*)"
)
_SEGMENT = re.compile(rf"{_WORD}+(?:(?:(?<=\d)\.(?=\d)|(?<=\d),(?=\d)){_WORD}+)*")
_PART = re.compile(rf"\d+(?:,\d+)*(?:\.\d+)*|{_LETTER}+")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019][sS]$")
_CLUSTER = re.compile(rf"(?s)[\u1100-\u115f][\u1160-\u11ff]*|.[{_MARKS}\u3099\u309a\uff9e\uff9f]*")
_LATIN_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")


class Token(NamedTuple):
    """A token with the place it came from: `start` and `end` are offsets into the text as it was given."""

    text: str
    start: int
    end: int


def tokens(text: str) -> list[str]:
    """What ranking compares, in the order of the text; repeated words repeat."""
    return [token.text for token in split(text)]


def split(text: str) -> list[Token]:
    """The tokens with their places, for highlighting. A name of several parts comes before its parts."""
    runs, places, _ = _analysed(text)
    return [Token(token, *_place(at + start, at + end, places)) for at, held in runs for token, start, end in held]


def find(text: str, wanted: AbstractSet[str]) -> list[tuple[int, int]]:
    """Where the tokens of `wanted` stand in a text, in its order: the places that `split` gives them."""
    runs, places, distinct = _analysed(text)
    if distinct.isdisjoint(wanted):
        return []
    return [_place(at + start, at + end, places) for at, held in runs for token, start, end in held if token in wanted]


_Held = tuple[tuple[str, int, int], ...]
"""The tokens of a run with their places in it."""
_Places = list[tuple[int, int]] | None


@lru_cache(maxsize=4096)  # what is shown is shown again while a question is typed
def _analysed(text: str) -> tuple[tuple[tuple[int, _Held], ...], _Places, frozenset[str]]:
    """Each run's place and tokens, the places in `text` of the characters that these count, the distinct tokens."""
    normal, places = _normalise(text)
    runs = tuple(
        (match.start(), (_pair_tokens if match.lastgroup == "unspaced" else _run_tokens)(match[0]))
        for match in _RUN.finditer(normal)
    )
    return runs, places, frozenset(token for _, held in runs for token, _, _ in held)


def _place(start: int, end: int, places: _Places) -> tuple[int, int]:
    return (start, end) if places is None else (places[start][0], places[end - 1][1])


def _pair_tokens(run: str) -> _Held:
    """The pairs of a run without spaces; its last character only counts where it is all there is."""
    pairs = _pairs(run)
    return tuple((pair, at, min(at + 2, len(run))) for at, pair in enumerate(pairs[:-1] or pairs))


@lru_cache(maxsize=1 << 16)
def _run_tokens(run: str) -> _Held:
    """The tokens of a run of spaced script with their places in it."""
    parts, whole, length = _parts(run)
    names = () if whole is None else ((whole, 0, length),)
    return *names, *((stem(part), start, end) for part, start, end in parts)


def words(text: str) -> list[str]:
    """The text as consecutive words: what is indexed, and what phrases are compared in."""
    return streams(text)[0]


def streams(text: str) -> tuple[list[str], list[str]]:
    """The words of the text, and the names in it that consist of several words (`GPT-3` as `gpt3`)."""
    linear: list[str] = []
    names: list[str] = []
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text)):
        if match.lastgroup == "unspaced":
            linear += _pairs(match[0])
        else:
            parts, whole, _ = _parts(match[0])
            linear += [part[0] for part in parts]
            if whole is not None:
                names.append(whole)
    return linear, names


def phrase(text: str) -> tuple[list[str], bool]:
    """The consecutive words that a text holding this phrase must hold, and whether the last one is only a beginning.

    A run of unspaced characters at the phrase's end may go on in the text, so its closing single character is dropped
    when a pair covers it, and only has to begin a word when it is all there is. No words at all: nothing to look for.
    """
    found = words(text)
    runs = list(_RUN.finditer(unicodedata.normalize("NFKC", text)))
    if not runs or runs[-1].lastgroup != "unspaced":
        return found, False
    if len(runs[-1][0]) > 1:
        return found[:-1], False
    return found, True


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """An English word without its ending; words that are not English letters only are left as they are."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    with _stemming:
        return str(_stemmer().stemWord(word))


_stemming = threading.Lock()  # the stemmer keeps the word it works on in itself


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]  # snowballstemmer has no types
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def _pairs(run: str) -> list[str]:
    """The overlapping pairs of a run without spaces, then its last character."""
    run = _fold(run)
    return [run[i : i + 2] for i in range(len(run))]


@lru_cache(maxsize=1 << 16)
def _parts(run: str) -> tuple[tuple[tuple[str, int, int], ...], str | None, int]:
    """The words of a run with their places in it, the name that they form together (None for a single word), and how
    much of the run that is."""
    run = _POSSESSIVE.sub("", run)
    if run.isalpha() or run[-1] in "+#":
        return ((_fold(run)[:LONGEST], 0, len(run)),), None, len(run)
    segments = list(_SEGMENT.finditer(run))
    parts: list[tuple[str, int]] = []
    for segment in segments:
        inner = [(part[0], segment.start() + part.start()) for part in _PART.finditer(segment[0])]
        # Many changes between letters and digits are a code (a hash, a serial number), not words.
        parts.extend(inner if len(inner) <= 3 else [(segment[0], segment.start())])
    found = tuple((_fold(part.replace(",", ""))[:LONGEST], at, at + len(part)) for part, at in parts)
    if not 1 < len(parts) <= _MOST_PARTS:
        return found, None, len(run)
    whole = segments[0][0]
    for before, after in itertools.pairwise(segments):
        joint = run[before.end() : after.start()]
        keep = joint in "&." or (before[0][-1].isdigit() and after[0][0].isdigit())
        whole += ("-" if joint == "\u2010" else joint) * keep + after[0]
    return found, _fold(whole.replace(",", ""))[:LONGEST], len(run)


@lru_cache(maxsize=1 << 16)
def _fold(word: str) -> str:
    folded = word.casefold()
    if folded.isascii():
        return folded
    bare = _LATIN_ACCENTS.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", bare)


def _normalise(text: str) -> tuple[str, _Places]:
    """The text in NFKC, and for each of its characters the place in `text`; None when the places are the same."""
    if unicodedata.is_normalized("NFKC", text):
        return text, None
    whole = unicodedata.normalize("NFKC", text)
    if len(whole) == len(text) and all(len(unicodedata.normalize("NFKC", c)) == 1 for c in set(text)):
        return whole, None
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    for match in _CLUSTER.finditer(text):
        normal = unicodedata.normalize("NFKC", match[0])
        characters.append(normal)
        places.extend([match.span()] * len(normal))
    return "".join(characters), places
