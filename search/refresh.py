"""Everything derived that search needs, fitted once after ingest and kept with the archive.

An archive that was never fitted (a read-only copy, an older file) is fitted in memory on first use: searching writes
nothing.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from index.archive import Archive
from index.space import neutral_queries
from index.types import FloatArray

from .fuse import scripts
from .kept import Kept
from .likeness import fit_nulls
from .rank import Query, raw_scores
from .relevance import Calibration, Null, nulls
from .results import Mode

STATE = "calibration"
RELEASE = "fits"
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


def refresh(archive: Archive) -> None:
    """Fits sentences, topics and calibration to the archive as it is now, and keeps them. Needs the model."""
    from .sentences import refresh_sentences
    from .topics import refresh_topics

    refresh_sentences(archive)
    refresh_topics(archive)
    archive.put_state(RELEASE, _release())
    _kept.put(archive, fit(archive).to_bytes())  # last, because its generation stands for all of them


def is_current(archive: Archive) -> bool:
    """Whether what is kept was fitted to the archive as it is now, and in the way that this release reads."""
    kept = archive.state(STATE)
    return (
        kept is not None
        and archive.state(RELEASE) == (_release(), archive.generation)
        and kept[1] == archive.generation
        and Calibration.from_bytes(kept[0]) is not None
    )


def _release() -> bytes:
    """The versions of everything that is fitted."""
    from . import relevance, sentences, topic_state

    return " ".join(str(part.VERSION) for part in (relevance, sentences, topic_state)).encode()


def fitted(archive: Archive) -> Fitted:
    """The calibration in use; fitted in memory if none is kept."""
    return _kept.of(archive)


def fitted_id(archive: Archive) -> str:
    """Which fit answers come from; part of what an answer depends on."""
    return fitted(archive).id


def _load(archive: Archive, payload: bytes | None) -> Fitted:
    calibration = None if payload is None else Calibration.from_bytes(payload)
    if calibration is None:
        return Fitted(fit(archive), f"m{archive.generation}")
    return Fitted(calibration, str(archive.state_generation(STATE)))


_kept = Kept(STATE, _load)


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
    found |= fit_nulls(archive, sample)
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
