"""The word that a reader has begun to type, taken from what the archive holds.

Half a word means nothing to a model and matches no word, so that searching as one types would say "nothing close" until
the word is whole. Only the search that runs while one types is helped in this way, and only where it finds nothing.
"""

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from index.archive import Archive

RECENT, DESCRIBED = 20_000, 2_000
"""So many of the newest items give their titles, so many their descriptions too."""
_WORD = re.compile(r"[^\W\d_][\w+]*(?:-\w+)*")
_LAST = re.compile(r"(?:^|\s)(?P<begun>[^\W\d_][\w+]*(?:-\w*)*)$")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff]")
"""Scripts that put no spaces between words: there a text's end is no half word."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words in alphabetical order, and how many items have each."""

    words: tuple[str, ...]
    counts: npt.NDArray[np.int64]

    def commonest(self, beginning: str) -> str | None:
        """The commonest word that begins so, the first of equals; None if `beginning` is a word, or none begins so."""
        first = bisect_left(self.words, beginning)
        last = bisect_left(self.words, beginning + "\U0010ffff")
        if first == last or self.words[first] == beginning:
            return None
        return self.words[first + int(self.counts[first:last].argmax())]


def complete(archive: Archive, text: str) -> tuple[str, str] | None:
    """The question with its last word completed, and that word; None where nothing has been begun, or nothing fits."""
    match = _LAST.search(text)
    if match is None or _UNSPACED.search(match["begun"]):
        return None
    word = vocabulary(archive, archive.generation).commonest(match["begun"].casefold())
    return None if word is None else (text[: match.start("begun")] + word, word)


@lru_cache(4)
def vocabulary(archive: Archive, generation: int) -> Vocabulary:  # noqa: ARG001 (the generation is the cache's key)
    """The words of the newest items."""
    counted = Counter[str]()
    for place, item in enumerate(archive.newest_items(RECENT)):
        text = f"{item.title} {item.subtitle or ''} {item.summary or '' if place < DESCRIBED else ''}".casefold()
        whole = {word for word in _WORD.findall(text) if not _UNSPACED.search(word)}
        counted.update(whole | {part for word in whole if "-" in word for part in word.split("-")})
    words = sorted(word for word in counted if len(word) > 2)
    return Vocabulary(tuple(words), np.array([counted[word] for word in words], dtype=np.int64))
