"""The sentence that carried an answer which no word explains.

An English question that finds a Chinese item has no word to mark in it; the sentence nearest to the question says best
why it was found.
"""

from collections.abc import Sequence

import numpy as np

from index.archive import Archive
from index.types import FloatArray, Item

from .highlight import sentences
from .results import Highlight
from .sentences import kept


def carrying(archive: Archive, question: FloatArray, items: Sequence[Item]) -> dict[int, Highlight]:
    """By item id, the sentence of its summary that is nearest to the question's encoder vector (1, d)."""
    if not items:
        return {}
    held = kept.of(archive)
    found = {}
    for item in items:
        texts = sentences(item.summary)
        vectors = held.of(item) if len(texts) > 1 else None
        if len(texts) == 1:
            found[item.id] = Highlight("summary", texts[0])
        elif vectors is not None and len(vectors) >= len(texts):
            found[item.id] = Highlight("summary", texts[int(np.argmax(vectors[-len(texts) :] @ question[0]))])
    return found
