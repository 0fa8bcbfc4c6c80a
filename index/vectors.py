"""The vectors of an archive, searched by FAISS: exactly while that is fast, beyond that through an approximate index.

Vectors lie in segments that never change. Adding puts a new small segment beside the others and merges it with those
of like size (the log-structured merge of O'Neil et al. 1996), removing marks rows as gone; both replace a tuple that
readers took hold of once, so any number of threads can search meanwhile and none of them waits.
"""

import threading
from collections.abc import Sequence

import numpy as np

from .segment import Segment, make, merged
from .types import FloatArray, IdArray, Scored

MERGE_LIMIT = 100_000
"""Segments of more rows are left alone: copying them would cost more than searching one segment more."""
SPARE = 16
"""So many more are fetched than asked for, so that among equal scores the lower id wins at the last place too."""


class VectorStore:
    """Ids with their vectors. `ids` are item ids; vectors are unit vectors, so the inner product is the cosine."""

    def __init__(self, ids: IdArray, vectors: FloatArray) -> None:
        if len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids for {len(vectors)} vectors")
        self._dimensions = int(vectors.shape[1])
        self._writing = threading.Lock()
        self._segments: tuple[Segment, ...] = (make(ids, vectors),) if len(ids) else ()

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def __len__(self) -> int:
        return sum(map(len, self._segments))

    @property
    def ids(self) -> IdArray:
        """All ids held, ascending."""
        held = [segment.held() for segment in self._segments]
        return np.sort(np.concatenate(held)) if held else np.zeros(0, np.int64)

    def rows(self, ids: Sequence[int] | IdArray) -> FloatArray:
        """The vectors of `ids`, shape (n, d), as kept (float16). Raises KeyError for an id that is not held."""
        wanted, places = np.unique(np.asarray(ids, np.int64), return_inverse=True)
        vectors = np.zeros((len(wanted), self._dimensions), np.float32)
        missing = np.ones(len(wanted), bool)
        for segment in self._segments:
            found, rows = segment.find(wanted)
            vectors[found] = segment.codes[rows]
            missing[found] = False
        if missing.any():
            raise KeyError(int(wanted[missing][0]))
        return vectors[places]

    def add(self, ids: IdArray, vectors: FloatArray) -> None:
        """Put in vectors, replacing those of ids that are held already."""
        if not len(ids):
            return
        if vectors.shape != (len(ids), self._dimensions):
            raise ValueError(f"vectors of shape {vectors.shape} for {len(ids)} ids of {self._dimensions} dimensions")
        fresh = make(np.asarray(ids, np.int64), vectors)
        with self._writing:
            segments = [segment.without(fresh.ids) for segment in self._segments]
            merging = [fresh]
            size = len(fresh)
            while segments and len(segments[-1]) <= 2 * size and len(segments[-1]) + size <= MERGE_LIMIT:
                merging.append(segments.pop())
                size += len(merging[-1])
            segments.append(merged(merging) if len(merging) > 1 else fresh)
            self._segments = tuple(segment for segment in segments if len(segment))

    def remove(self, ids: IdArray) -> None:
        """Take out vectors; ids that are not held are passed over."""
        gone = np.unique(np.asarray(ids, np.int64))
        with self._writing:
            segments = [segment.without(gone) for segment in self._segments]
            self._segments = tuple(segment for segment in segments if len(segment))

    def search(self, vectors: FloatArray, k: int, within: IdArray | None = None) -> list[list[Scored]]:
        """For each of the vectors, shape (n, d), the k nearest ids of `within` (None: of all), best first."""
        ids, scores = self.search_arrays(vectors, k, within)
        return [
            [Scored(number, score) for number, score in zip(row_ids, row_scores, strict=True) if number >= 0]
            for row_ids, row_scores in zip(ids.tolist(), scores.tolist(), strict=True)
        ]

    def search_arrays(self, vectors: FloatArray, k: int, within: IdArray | None = None) -> tuple[IdArray, FloatArray]:
        """As `search`, in arrays of shape (n, k): ids with -1 and scores with -inf where there are fewer than k.

        Equal scores are ordered by id. `within` must be ascending.
        """
        vectors = np.ascontiguousarray(vectors, np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self._dimensions:
            raise ValueError(f"queries of shape {vectors.shape} for {self._dimensions} dimensions")
        segments = self._segments
        shape = (len(vectors), k)
        if k < 1 or not segments or not len(vectors) or (within is not None and not len(within)):
            return np.full(shape, -1, np.int64), np.full(shape, -np.inf, np.float32)
        within = None if within is None else np.asarray(within, np.int64)
        found = [segment.search(vectors, min(k + SPARE, len(segment)), within) for segment in segments]
        ids = np.concatenate([part for part, _ in found], axis=1)
        scores = np.concatenate([part for _, part in found], axis=1)
        order = np.lexsort((ids, -scores), axis=1)[:, :k]
        ids, scores = np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1)
        missing = k - ids.shape[1]
        if missing > 0:
            ids = np.pad(ids, ((0, 0), (0, missing)), constant_values=-1)
            scores = np.pad(scores, ((0, 0), (0, missing)), constant_values=-np.inf)
        return ids, scores
