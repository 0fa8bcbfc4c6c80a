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
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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
_CLUSTER = re.compile(rf"(?s).[{_MARKS}\u3099\u309a\uff9e\uff9f]*")
_LATIN_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A token with the place it came from: `start` and `end` are offsets into the text as it was given."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Words written without a gap. `whole` is the name they form together, None for a single word."""

    words: tuple[Token, ...]
    whole: Token | None = None
    unspaced: bool = False


def tokens(text: str) -> list[str]:
    """What ranking compares, in the order of the text; repeated words repeat."""
    return [token.text for token in split(text)]


def split(text: str) -> list[Token]:
    """The tokens with their places, for highlighting. A name of several parts comes before its parts."""
    found = []
    for run in _runs(text):
        if run.whole is not None:
            found.append(run.whole)
        if run.unspaced:  # the closing single character only counts where it is all there is
            found.extend(run.words[:-1] or run.words)
        else:
            found.extend(Token(stem(word.text), word.start, word.end) for word in run.words)
    return found


def words(text: str) -> list[str]:
    """The text as consecutive words: what is indexed, and what phrases are compared in."""
    return [word.text for run in _runs(text) for word in run.words]


def wholes(text: str) -> list[str]:
    """The names in the text that consist of several words: `GPT-3` as `gpt3`."""
    return [run.whole.text for run in _runs(text) if run.whole is not None]


def phrase(text: str) -> tuple[list[str], bool]:
    """The consecutive words that a text holding this phrase must hold, and whether the last one is only a beginning.

    A run of unspaced characters at the phrase's end may go on in the text, so its closing single character is dropped
    when a pair covers it, and only has to begin a word when it is all there is. No words at all: nothing to look for.
    """
    runs = list(_runs(text))
    found = [word.text for run in runs for word in run.words]
    if not runs or not runs[-1].unspaced:
        return found, False
    if len(runs[-1].words) > 1:
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


def _runs(text: str) -> Iterator[_Run]:
    normal, places = _normalise(text)
    for match in _RUN.finditer(normal):
        start = match.start()
        if match.lastgroup == "unspaced":
            yield _unspaced(match[0], start, places)
        elif match.lastgroup == "named":
            yield _Run((_token(match[0], start, places),))
        else:
            yield _spaced(_POSSESSIVE.sub("", match[0]), start, places)


def _unspaced(run: str, start: int, places: list[tuple[int, int]] | None) -> _Run:
    last = len(run) - 1
    pairs = [_token(run[i : i + 2], start + i, places) for i in range(last)]
    return _Run((*pairs, _token(run[last], start + last, places)), unspaced=True)


def _spaced(run: str, start: int, places: list[tuple[int, int]] | None) -> _Run:
    segments = list(_SEGMENT.finditer(run))
    parts: list[tuple[str, int]] = []
    for segment in segments:
        inner = [(part[0], segment.start() + part.start()) for part in _PART.finditer(segment[0])]
        # Many changes between letters and digits are a code (a hash, a serial number), not words.
        parts.extend(inner if len(inner) <= 3 else [(segment[0], segment.start())])
    found = tuple(_token(part.replace(",", ""), start + at, places, len(part)) for part, at in parts)
    if not 1 < len(parts) <= _MOST_PARTS:
        return _Run(found)
    whole = segments[0][0]
    for before, after in itertools.pairwise(segments):
        joint = run[before.end() : after.start()]
        keep = joint in "&." or (before[0][-1].isdigit() and after[0][0].isdigit())
        whole += ("-" if joint == "\u2010" else joint) * keep + after[0]
    return _Run(found, _token(whole.replace(",", ""), start, places, len(run)))


def _token(text: str, start: int, places: list[tuple[int, int]] | None, length: int | None = None) -> Token:
    end = start + (len(text) if length is None else length)
    if places is not None:
        start, end = places[start][0], places[end - 1][1]
    return Token(_fold(text)[:LONGEST], start, end)


@lru_cache(maxsize=1 << 16)
def _fold(word: str) -> str:
    folded = word.casefold()
    if folded.isascii():
        return folded
    bare = _LATIN_ACCENTS.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", bare)


def _normalise(text: str) -> tuple[str, list[tuple[int, int]] | None]:
    """The text in NFKC, and for each of its characters the place in `text`; None when the places are the same."""
    if unicodedata.is_normalized("NFKC", text):
        return text, None
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    for match in _CLUSTER.finditer(text):
        normal = unicodedata.normalize("NFKC", match[0])
        characters.append(normal)
        places.extend([match.span()] * len(normal))
    return "".join(characters), places
