"""The word score: how much of what was asked for an item says in the same words.

BM25's two ideas, rare words count more and repetition counts less and less, put on a scale of 0..1: the share of the
question's weight that an item covers. Unlike BM25's own numbers that can be compared between questions, and words that
the archive does not know at all lower it, so that one stray match in a long question says little.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.remembered import Remembered
from index.text import tokens
from index.types import FloatArray, IdArray, Postings

Mask = npt.NDArray[np.bool_]

SATURATION = 1.2
"""BM25's k1: how soon a repeated word stops counting."""
LENGTH = 0.5
"""BM25's b: how far a long text's repetitions are discounted."""
HIGHEST = 1.5
"""What a word counts at most, however often it is repeated, beside 1 for about once."""
COMMON = 0.1
"""In a large archive, words in more than this share of the items are left out if the question has a rarer one."""
LARGE = 20_000
FEW = 50_000
"""So many occurrences of a question's words are gone through whole, which is faster than to choose among them."""
# English words that carry no subject: in an archive of another language they are rare and would look like names. And
# Japanese particles, which stand alone between words of other scripts and begin a word in every other item.
FUNCTION_WORDS = frozenset("はがをにでとのもへやか") | frozenset(
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


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Whose coverage is asked for: the `best` items that cover most, and those of `ids`, whatever they cover."""

    best: int
    ids: IdArray


def cover(archive: Archive, text: str, within: IdArray | None = None, wanted: Wanted | None = None) -> Covered:
    """Items that share a word with the question, among `within` if given: all of them, or those that are wanted."""
    asked = question_tokens(text)
    total = archive.item_count
    held = {found.token: found for found in archive.postings(asked) if len(found)} if total else {}
    if not held:
        return Covered(np.empty(0, np.int64), np.empty(0, np.float32))
    weights = {token: _rarity(total, len(held[token]) if token in held else 0) for token in asked}
    used = [_Asked(archive, found, weights[token]) for token, found in held.items()]
    if total > LARGE and any(len(one.held) <= COMMON * total for one in used):
        used = [one for one in used if len(one.held) <= COMMON * total]
    used.sort(key=lambda one: -one.weight)
    if wanted is None or sum(len(one.held) for one in used) <= FEW:
        ids, scores = _best(used, within, total)
    else:
        ids, scores = _best(used, within, wanted.best)
        more = np.setdiff1d(wanted.ids, ids)
        ids = np.concatenate([ids, more])
        scores = np.concatenate([scores, sum((one.at(more) for one in used), np.zeros(len(more), np.float32))])
        order = np.argsort(ids)
        ids, scores = ids[order], scores[order]
    some = scores > 0
    share = np.minimum(scores[some] / sum(weights.values()), 1)
    return Covered(ids[some], np.asarray(share, dtype=np.float32), weights)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A token of the question, where items hold it, and what it weighs."""

    archive: Archive
    held: Postings
    weight: float

    @property
    def most(self) -> float:
        """What it adds to an item's score at most."""
        return self.weight * HIGHEST

    def at(self, ids: IdArray) -> FloatArray:
        """What it adds to the scores of any items."""
        return self.added(ids, self.held.at(ids))

    def added(self, ids: IdArray, repeated: FloatArray) -> FloatArray:
        """What it adds to the scores of items that have it so often."""
        lengths = self.archive.text_lengths(ids)
        k = SATURATION * (1 - LENGTH + LENGTH * lengths / np.float32(self.archive.mean_text_length))
        saturated = np.minimum(repeated * (1 + SATURATION) / (repeated + k), HIGHEST)
        return np.asarray(np.float32(self.weight) * saturated, dtype=np.float32)


def _best(used: Sequence[_Asked], within: IdArray | None, count: int) -> tuple[IdArray, FloatArray]:
    """The items, ascending, that score best, and their scores; a few more where others score nearly as much.

    MaxScore (Turtle and Flood 1995): the words' lists are gone through from the weightiest, which are short, until what
    all others together can add is less than the best have already. In the others only those items are looked up.
    """
    dense = np.zeros(max(int(one.held.lists[-1][0][-1]) for one in used) + 1, dtype=np.float32)
    here = np.zeros(len(dense), dtype=np.bool_)
    lowest = 0.0
    ids, scores = np.empty(0, dtype=np.int64), dense[:0]
    seen = 0
    while seen < len(used) and sum(one.most for one in used[seen:]) >= lowest:
        held = used[seen].held.ids
        dense[held] += used[seen].added(held, used[seen].held.frequencies)
        here[held] = True
        seen += 1
        if sum(len(one.held) for one in used[:seen]) > count or seen == len(used):
            ids = _among(here, within)
            scores = dense[ids]
            lowest = _lowest(scores, count)
    for place, one in enumerate(used[seen:], start=seen):
        kept = scores + sum(other.most for other in used[place:]) >= lowest
        ids, scores = ids[kept], scores[kept]
        scores = scores + one.at(ids)
        lowest = _lowest(scores, count)
    kept = scores >= lowest
    return ids[kept], scores[kept]


def _lowest(scores: FloatArray, count: int) -> float:
    """What the last of the best `count` scores; 0 if there are no more."""
    return float(np.partition(scores, len(scores) - count)[len(scores) - count]) if len(scores) > count else 0.0


def _among(here: Mask, within: IdArray | None) -> IdArray:
    """The marked items that are in `within`."""
    if within is None:
        return np.flatnonzero(here)
    members = _members.of(within, _marks)
    shorter = min(len(here), len(members))
    return np.flatnonzero(here[:shorter] & members[:shorter])


def _marks(ids: IdArray) -> Mask:
    marks = np.zeros(int(ids[-1]) + 1 if len(ids) else 0, dtype=np.bool_)
    marks[ids] = True
    return marks


_members: Remembered[Mask] = Remembered()


@lru_cache(maxsize=1 << 14)
def _title_tokens(text: str) -> frozenset[str]:
    return frozenset(tokens(text))


def _rarity(total: int, holding: int) -> float:
    """BM25's inverse document frequency, squared: a question's frequent words must not outweigh its rare one."""
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5)) ** 2
