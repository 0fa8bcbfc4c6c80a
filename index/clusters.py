"""Put vectors into clusters: k-means over a sample, then every row to its nearest centroid.

The vectors come in portions from wherever they are, so that only their new form is whole in memory.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from .segment import Clusters, Segment, codes_of, over, room_for
from .types import FloatArray, IdArray

PER_CENTROID = 40
"""Sampled vectors a centroid; FAISS' own advice is 39 and more."""
ROUNDS = 8
PORTION = 16_384


class Stopped(Exception):
    """The work was told to stop."""


class Source(Protocol):
    """Where vectors come from."""

    @property
    def ids(self) -> IdArray:
        """All of them, ascending."""

    def rows(self, ids: IdArray) -> FloatArray:
        """The vectors of some of the ids, ascending, shape (len(ids), d)."""


class Held:
    """The rows that count of segments in memory."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self.ids = np.sort(np.concatenate([segment.held() for segment in segments]))

    def rows(self, ids: IdArray) -> FloatArray:
        return gather(self._segments, ids)


def clustered(source: Source, stop: threading.Event) -> Segment:
    """One segment of all that a source has, in about 2 * sqrt(n) clusters. Deterministic. Raises `Stopped`.

    Runs on half of the cores, since searches go on meanwhile.
    """
    import faiss

    faiss.omp_set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    ids = source.ids
    centroids = _centroids(source)
    index = faiss.IndexFlatIP(centroids.shape[1])
    index.add(centroids)
    nearest = np.concatenate([index.search(rows, 1)[1][:, 0] for rows in _portions(source, stop)])
    used, sizes = np.unique(nearest, return_counts=True)
    by_cluster = np.argsort(nearest, kind="stable")
    places = np.empty(len(ids), np.intp)  # the row of each id
    places[by_cluster] = np.arange(len(ids))
    flat = room_for(len(ids), centroids.shape[1])
    codes = codes_of(flat)
    first = 0
    for rows in _portions(source, stop):
        codes[places[first : first + len(rows)]] = rows
        first += len(rows)
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return over(ids[by_cluster], flat, clusters=Clusters(centroids[used], bounds))


def gather(segments: Sequence[Segment], ids: IdArray) -> FloatArray:
    """The vectors of `ids`, shape (n, d); zero for an id that nobody holds."""
    vectors = np.zeros((len(ids), segments[0].codes.shape[1]), np.float32)
    for segment in segments:
        found, rows = segment.find(ids)
        vectors[found] = segment.codes[rows]
    return vectors


def _centroids(source: Source) -> FloatArray:
    import faiss

    ids = source.ids
    count = max(1, round(2 * len(ids) ** 0.5))
    chosen = np.random.default_rng(0).choice(len(ids), min(len(ids), PER_CENTROID * count), replace=False)
    sample = source.rows(ids[np.sort(chosen)])
    means = faiss.Kmeans(sample.shape[1], count, niter=ROUNDS, spherical=True, seed=1, min_points_per_centroid=1)
    means.train(sample)
    return np.asarray(means.centroids, np.float32).reshape(count, -1)


def _portions(source: Source, stop: threading.Event) -> Iterator[FloatArray]:
    for first in range(0, len(source.ids), PORTION):
        if stop.is_set():
            raise Stopped
        yield source.rows(source.ids[first : first + PORTION])
