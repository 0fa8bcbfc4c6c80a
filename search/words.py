"""The word score: how much of what was asked for an item says in the same words.

BM25's two ideas, rare words count more and repetition counts less and less, put on a scale of 0..1: the share of the
question's weight that an item covers. Unlike BM25's own numbers that can be compared between questions, and words that
the archive does not know at all lower it, so that one stray match in a long question says little.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from index.archive import Archive
from index.text import tokens
from index.types import FloatArray, IdArray

SATURATION = 1.2
"""BM25's k1: how soon a repeated word stops counting."""
LENGTH = 0.5
"""BM25's b: how far a long text's repetitions are discounted."""
HIGHEST = 1.5
"""What a word counts at most, however often it is repeated, beside 1 for about once."""
COMMON = 0.1
"""In a large archive, words in more than this share of the items are left out if the question has a rarer one."""
LARGE = 20_000
# English words that carry no subject. In an archive of another language they are rare and would look like names.
FUNCTION_WORDS = frozenset(
    tokens(
        "a about after again all also an and any are as at be because been before being both but by can could did do "
        "does doing down during each few for from further had has have having he her here hers him his how i if in "
        "into is it its just me more most my no nor not of off on once only or other our out over own same she should "
        "so some such than that the their them then there these they this those through to too under until up us very "
        "was we were what when where which while who whom why will with without would you your"
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """`share[i]` in 0..1 is how much of the question item `ids[i]` covers; ids ascend, all shares are above 0."""

    ids: IdArray
    share: FloatArray
    weights: dict[str, float] = field(default_factory=dict)
    """What each of the question's tokens weighs; all together are the whole question."""

    def by(self, text: str | None) -> float:
        """The share of the question that a title covers by itself."""
        held = _title_tokens(text) if text else frozenset()
        if held.isdisjoint(self.weights):
            return 0.0
        total = sum(self.weights.values())
        return sum(weight for token, weight in self.weights.items() if token in held) / total if total else 0.0

    def of(self, ids: IdArray) -> FloatArray:
        """The shares of any items, 0 for those that cover nothing."""
        shares = np.zeros(len(ids), dtype=np.float32)
        if len(self.ids):
            places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
            held = self.ids[places] == ids
            shares[held] = self.share[places[held]]
        return shares


def question_tokens(text: str) -> list[str]:
    """The distinct tokens that count, in order: all of them if there are none but function words."""
    found = list(dict.fromkeys(tokens(text)))
    return [token for token in found if token not in FUNCTION_WORDS] or found


def cover(archive: Archive, text: str, within: IdArray | None = None) -> Covered:
    """Every item that shares a word with the question, among `within` if given."""
    asked = question_tokens(text)
    empty = Covered(np.empty(0, np.int64), np.empty(0, np.float32))
    total = archive.item_count
    if not asked or not total:
        return empty
    postings = {found.token: found for found in archive.postings(asked) if len(found.ids)}
    if not postings:
        return empty
    weights = {token: _rarity(total, len(postings[token].ids) if token in postings else 0) for token in asked}
    used = list(postings.values())
    if total > LARGE and any(len(found.ids) <= COMMON * total for found in used):
        used = [found for found in used if len(found.ids) <= COMMON * total]
    scores = np.zeros(int(max(found.ids[-1] for found in used)) + 1, dtype=np.float32)
    mean = archive.mean_text_length
    for found in used:
        k = SATURATION * (1 - LENGTH + LENGTH * archive.text_lengths(found.ids) / mean)
        saturated = np.minimum(found.frequencies * (1 + SATURATION) / (found.frequencies + k), HIGHEST)
        scores[found.ids] += np.float32(weights[found.token]) * saturated
    ids = np.flatnonzero(scores > 0)  # of truth values, which is several times faster than of numbers
    if within is not None:
        ids = ids[np.isin(ids, within, assume_unique=True)]
    share = np.minimum(scores[ids] / sum(weights.values()), 1)
    return Covered(ids, np.asarray(share, dtype=np.float32), weights)


@lru_cache(maxsize=1 << 14)
def _title_tokens(text: str) -> frozenset[str]:
    return frozenset(tokens(text))


def _rarity(total: int, holding: int) -> float:
    """BM25's inverse document frequency, squared: a question's frequent words must not outweigh its rare one."""
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5)) ** 2
