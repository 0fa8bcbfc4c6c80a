"""Candidates for a question, best first, with calibrated scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.archive import Archive
from index.types import FloatArray, IdArray, Scored

from .fuse import fuse, title_bonus, trust
from .relevance import WEAK, Calibration
from .results import Mode, Understood
from .sentences import comparable
from .words import Covered, Wanted, cover

DEPTH = 500
"""How many of the nearest by meaning are looked at."""
WORD_DEPTH = 100
"""How many that meaning did not bring up are looked at for their words."""
TOLD = 100
"""How many at the top have their sentences compared with the question."""
SENTENCE = 0.5
"""What the cosine of an item's best sentence is worth beside that of the whole item."""
TITLES = 30
"""How many at the top have their titles compared with the question."""
FEW = 10
"""How many are kept at least, relevant or not."""
HALF = 0.5
"""How much of the question an item must cover to be an answer in keyword mode, or to be one by its title."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """`ids` and their relevance in 0..1, best first; ties by id."""

    ids: IdArray
    scores: FloatArray

    @classmethod
    def empty(cls) -> "Ranked":
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))

    def first(self, count: int) -> "Ranked":
        return Ranked(self.ids[:count], self.scores[:count])

    def at_least(self, score: float) -> "Ranked":
        """Those that score this much; they stand first."""
        return self.first(int(np.searchsorted(-self.scores, -score, side="right")))


def ordered(ids: IdArray, scores: FloatArray) -> Ranked:
    order = np.lexsort((ids, -scores))
    return Ranked(ids[order], scores[order])


def all_items(ids: IdArray) -> Ranked:
    """Items that meet conditions alone, all equally good."""
    return Ranked(ids, np.ones(len(ids), dtype=np.float32))


def by_words(archive: Archive, text: str, within: IdArray | None) -> Ranked:
    """Keyword mode: by how much of the question is covered; without the model."""
    covered = cover(archive, text, within)
    ranked = ordered(covered.ids, covered.share)
    best = ranked.at_least(HALF)
    return best if len(best.ids) else ranked


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question as ranking needs it. `vector` (1, d) is the encoder's, of a passage if it is read as one."""

    words: str
    vector: FloatArray
    mode: Mode = "hybrid"
    passage: bool = False

    @classmethod
    def of(cls, read: Understood, vector: FloatArray, mode: Mode) -> "Query":
        return cls(read.words, vector, mode, read.passage)

    @property
    def scale(self) -> str:
        """By which calibration its scores are read."""
        return "passage" if self.passage else self.mode


def rank(archive: Archive, query: Query, fitted: Calibration, within: IdArray | None) -> Ranked:
    """By meaning, and in hybrid mode also by words: everything at least weakly relevant, or else the nearest few."""
    raw = raw_scores(archive, query, fitted.scripts, within)
    scored = Ranked(raw.ids, fitted.relevance(raw.scores, query.scale))
    kept = scored.at_least(WEAK)
    return kept if len(kept.ids) >= FEW else scored.first(FEW)


def raw_scores(archive: Archive, query: Query, scripts: dict[str, float], within: IdArray | None) -> Ranked:
    """Fused scores as they come, before calibration. `scripts` are those of the archive, see `fuse.trust`."""
    ids, scores = _nearest(archive, query, DEPTH, within)
    if query.passage:
        return ordered(ids, scores)
    if query.mode == "semantic":
        return with_sentences(archive, ordered(ids, scores), query.vector)
    covered = cover(archive, query.words, within, Wanted(WORD_DEPTH, ids))
    missing = np.setdiff1d(_best(covered), ids, assume_unique=True)
    if len(missing):
        more, more_scores = _nearest(archive, query, len(missing), missing)
        ids, scores = np.concatenate([ids, more]), np.concatenate([scores, more_scores])
    ranked = ordered(ids, fuse(scores, covered.of(ids), trust(query.words, scripts)))
    return _titles_first(archive, with_sentences(archive, ranked, query.vector), covered)


def with_sentences(archive: Archive, ranked: Ranked, question: FloatArray) -> Ranked:
    """The same candidates, those at the top raised by how near their best sentence is to the question.

    An item's one vector is a mixture of all that is said of it; people ask for a part. Items whose sentences are not
    kept count as the mean of the others, unless these are the fewer.
    """
    best = comparable(archive).best(question, ranked.ids[:TOLD])
    held = ~np.isnan(best)
    if 2 * int(held.sum()) < len(best) or not len(best):
        return ranked
    scores = ranked.scores.copy()
    scores[:TOLD] += SENTENCE * np.where(held, best, best[held].mean())
    return ordered(ranked.ids, scores)


def _titles_first(archive: Archive, ranked: Ranked, covered: Covered) -> Ranked:
    """The same candidates, those at the top raised whose very title the question is."""
    top = ranked.ids[:TITLES]
    top = top[covered.of(top) >= HALF]  # a part of the question is no title
    if not len(top):
        return ranked
    bonus = {
        item.id: title_bonus(max(covered.by(item.title), covered.by(item.subtitle)))
        for item in archive.items(top.tolist())
    }
    scores = ranked.scores.copy()
    for place, id_ in enumerate(ranked.ids[:TITLES].tolist()):
        scores[place] += bonus.get(id_, 0.0)
    return ordered(ranked.ids, scores)


def _nearest(archive: Archive, query: Query, k: int, within: IdArray | None) -> tuple[IdArray, FloatArray]:
    if query.passage:
        return arrays(archive.nearest_items(query.vector, k, within)[0])
    ids, scores = archive.nearest_arrays(query.vector, k, within)
    there = ids[0] >= 0
    return ids[0][there], scores[0][there]


def arrays(found: Sequence[Scored]) -> tuple[IdArray, FloatArray]:
    """Ids and scores of a list of scored items."""
    ids = np.fromiter((one.id for one in found), dtype=np.int64, count=len(found))
    return ids, np.fromiter((one.score for one in found), dtype=np.float32, count=len(found))


def _best(covered: Covered) -> IdArray:
    """Those that share most; where very many items share a word, only they can matter."""
    if len(covered.ids) <= WORD_DEPTH:
        return covered.ids
    return np.sort(covered.ids[np.argpartition(-covered.share, WORD_DEPTH)[:WORD_DEPTH]])
