"""Meaning and words put together into one score.

Rank fusion makes things worse as soon as question and items are in different languages: the few words that match by
accident get as much say as the meaning. So scores are added and not ranks, and words have a say by how far they can be
trusted: fully where the archive is written in the question's script, and otherwise only when they cover nearly all of
the question, which is what a name does (`benchmarks/quality.md` has the figures).
"""

import unicodedata
from collections import Counter

import numpy as np

from index.types import FloatArray

WEIGHT = 0.3
"""What full coverage by words is worth beside a cosine."""
TRUSTED, STRICT = 1.5, 8.0
"""The powers that coverage is raised to where words are trusted and where not: the higher, the less a part of the
question counts against the whole of it."""
TITLE = 0.1
"""What it is worth beside that when a title alone covers all of the question."""


def fuse(meaning: FloatArray, share: FloatArray, trust: float) -> FloatArray:
    """Fused scores. `meaning` are cosines, `share` coverages in 0..1 beside them, `trust` in 0..1."""
    words = trust * share**TRUSTED + (1 - trust) * share**STRICT
    return np.asarray(meaning + WEIGHT * words, dtype=np.float32)


def title_bonus(share: float) -> float:
    """What is added for the share of a question that one of an item's titles covers by itself."""
    return TITLE * float(share**STRICT)


def scripts(text: str) -> Counter[str]:
    """How many letters of each script a text has. Han, kana and hangul are scripts of their own."""
    found: Counter[str] = Counter()
    for character in text:
        if character.isalpha():
            found["LATIN" if character.isascii() else unicodedata.name(character, "?").split(" ")[0]] += 1
    for kana in ("HIRAGANA", "KATAKANA"):
        found["KANA"] += found.pop(kana, 0)
    return +found


def trust(question: str, archive_scripts: dict[str, float]) -> float:
    """How far the words of a question can be trusted: the share of the archive's letters in the question's scripts."""
    found = scripts(question)
    total = sum(found.values())
    return sum(count / total * archive_scripts.get(script, 0.0) for script, count in found.items()) if total else 1.0
