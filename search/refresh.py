"""Everything derived that search needs, fitted once after ingest and kept with the archive.

An archive that was never fitted (a read-only copy, an older file) is fitted in memory on first use: searching writes
nothing.
"""

import threading
import weakref
from collections import Counter
from dataclasses import dataclass

import numpy as np

from index.archive import Archive
from index.space import neutral_queries
from index.types import FloatArray, IdArray

from .fuse import scripts
from .rank import Query, raw_scores
from .relevance import BORDER, Calibration, Null, nulls
from .results import Mode

STATE = "calibration"
SAMPLE = 400
"""Items whose text and vectors stand for all of them."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration and the name of the fit, for cursors and ETags."""

    calibration: Calibration
    id: str

    @classmethod
    def none(cls) -> "Fitted":
        """For answers that need no calibration."""
        return cls(Calibration(), "0")


_lock = threading.Lock()
_kept: "weakref.WeakKeyDictionary[Archive, tuple[int, Fitted]]" = weakref.WeakKeyDictionary()


def refresh(archive: Archive) -> None:
    """Fits calibration and topics to the archive as it is now, and keeps them. Needs the model."""
    from .carrying import refresh_sentences
    from .topics import refresh_topics

    archive.put_state(STATE, fit(archive).to_bytes())
    refresh_sentences(archive)
    refresh_topics(archive)


def fitted(archive: Archive) -> Fitted:
    """The calibration in use; fitted in memory if none is kept."""
    generation = archive.generation
    with _lock:
        kept = _kept.get(archive)
        if kept is not None and kept[0] == generation:
            return kept[1]
        found = _load(archive) or Fitted(fit(archive), f"m{generation}")
        _kept[archive] = (generation, found)
        return found


def fitted_id(archive: Archive) -> str:
    """Which fit answers come from; part of what an answer depends on."""
    return fitted(archive).id


def _load(archive: Archive) -> Fitted | None:
    state = archive.state(STATE)
    if state is None:
        return None
    calibration = Calibration.from_bytes(state[0])
    return Fitted(calibration, str(state[1])) if calibration is not None else None


def fit(archive: Archive) -> Calibration:
    """Puts the neutral questions to the archive and sees how well chance does."""
    ids = archive.item_ids()
    if not len(ids):
        return Calibration()
    # Spread evenly over the archive, so that a fit is the same whenever it is made.
    sample = ids[np.unique(np.linspace(0, len(ids) - 1, min(SAMPLE, len(ids))).astype(np.int64))]
    letters: Counter[str] = Counter()
    for item in archive.items(sample.tolist()):
        letters.update(scripts(" ".join(filter(None, (item.title, item.subtitle, item.summary, item.note)))))
    total = sum(letters.values())
    shares = {script: count / total for script, count in letters.most_common() if count >= 0.001 * total}
    vectors = archive.neutral_vectors()
    found: dict[str, Null] = {}
    modes: tuple[Mode, ...] = ("hybrid", "semantic")
    for mode in modes:
        found |= nulls(mode, *_chance(archive, vectors, mode, shares))
    found |= nulls("passage", *_passages(archive, vectors))
    found["item"] = _pairs(archive, sample)
    return Calibration(found, shares, len(ids))


def _chance(
    archive: Archive, vectors: FloatArray, mode: Mode, shares: dict[str, float]
) -> tuple[FloatArray, FloatArray]:
    """The best score and the mean of the ten best of every neutral question."""
    scores = [
        raw_scores(archive, Query(text, vector[None], mode), shares, None).scores
        for text, vector in zip(neutral_queries(), vectors, strict=True)
    ]
    return np.array([found[0] for found in scores]), np.array([found[:10].mean() for found in scores])


def _passages(archive: Archive, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For texts compared as items: the neutral questions taken for items."""
    scores = [[one.score for one in found] for found in archive.nearest_items(vectors, 10)]
    best = np.array([found[0] for found in scores], dtype=np.float32)
    return best, np.array([np.mean(found) for found in scores], dtype=np.float32)


def _pairs(archive: Archive, sample: IdArray) -> Null:
    """For items compared with items: how alike any two are, and two spreads above that is where "good" begins."""
    vectors = archive.space_vectors(sample.tolist())
    likeness = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    if len(likeness) < 100:
        return Null()
    spread = max(float(likeness.std()), 0.01)
    return Null(float(likeness.mean()) + (2 - BORDER) * spread, spread)
