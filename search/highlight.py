"""What to show of an item, and which parts of it to mark.

Words that stand in the question are marked where they stand. Where none does, the answer was found by meaning, and the
sentence nearest to the question says best why.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from index.text import find
from index.types import Item

from .results import Highlight

FIELDS = ("title", "subtitle", "summary", "note")
LONGEST = 280
"""Characters of one stretch."""
_GAP = re.compile(r"\s|(?<=[。，、！？；])")
_SENTENCE = re.compile(r"[^。！？!?.]+(?:[。！？!?]+|\.(?=\s|$)|\.(?!\s)|$)")


def highlights(item: Item, asked: Sequence[str]) -> tuple[Highlight, ...]:
    """The stretches of an item that hold any of the tokens `asked`, title first."""
    wanted = set(asked)
    found = []
    for field in FIELDS:
        text = getattr(item, field) or ""
        spans = _spans(text, wanted)
        if spans:
            found.append(_stretch(field, text, spans))
    return tuple(found)


def sentences(text: str | None) -> list[str]:
    """The sentences of a text, of any script, each at most `LONGEST` characters."""
    return list(_split_sentences(text or ""))


@lru_cache(maxsize=4096)
def _split_sentences(text: str) -> tuple[str, ...]:
    return tuple(_sentences(text))


def _sentences(text: str) -> Iterator[str]:
    pending = ""
    for match in _SENTENCE.finditer(text):
        pending += match[0]
        if len(pending.strip()) >= 12 and not re.search(r"\w\.$", pending[:-1]):
            yield _short(pending.strip())
            pending = ""
    if pending.strip():
        yield _short(pending.strip())


def _short(sentence: str) -> str:
    """At most `LONGEST` characters, whole words where there are any."""
    if len(sentence) <= LONGEST:
        return sentence
    gaps = [gap.start() for gap in _GAP.finditer(sentence, LONGEST - 30, LONGEST + 1)]
    return sentence[: gaps[-1] if gaps else LONGEST].rstrip()


def _spans(text: str, wanted: set[str]) -> list[tuple[int, int]]:
    """Where wanted tokens stand, overlapping and touching ones joined."""
    if not text:
        return []
    joined: list[tuple[int, int]] = []
    for start, end in sorted(find(text, wanted)):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _stretch(field: str, text: str, spans: list[tuple[int, int]]) -> Highlight:
    """The text around the densest group of spans, cut at `LONGEST` characters."""
    if len(text) <= LONGEST:
        return Highlight(field, text, tuple(spans))
    begin, most, last = spans[0][0], 0, 0
    for first, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] <= start + LONGEST - 40:
            last += 1
        if last - first > most:
            begin, most = start, last - first
    begin = max(0, min(begin - 40, len(text) - LONGEST))
    if begin:  # not in the middle of a word
        gap = _GAP.search(text[begin : begin + 30])
        begin += gap.end() if gap else 0
    end = min(len(text), begin + LONGEST)
    if end < len(text):
        gaps = [gap.start() for gap in _GAP.finditer(text[end - 30 : end + 1])]
        end += gaps[-1] - 30 if gaps else 0
    before, after = "… " if begin else "", " …" if end < len(text) else ""
    shift = begin - len(before)
    inside = tuple((max(s, begin) - shift, min(e, end) - shift) for s, e in spans if s < end and e > begin)
    return Highlight(field, f"{before}{text[begin:end]}{after}", inside)
