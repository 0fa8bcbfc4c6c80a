"""The vectors of an archive, searched by FAISS: exactly while that is fast, beyond that through an approximate index.

Vectors lie in segments that never change. Adding puts a new small segment beside the others and merges it with those
of like size (the log-structured merge of O'Neil et al. 1996), removing marks rows as gone; both replace a tuple that
readers took hold of once, so any number of threads can search meanwhile and none of them waits.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from . import vector_files
from .clusters import Held, Source, Stopped, clustered, gather
from .segment import Segment, make, merged
from .types import FloatArray, IdArray, Scored

MERGE_LIMIT = 100_000
"""Segments of more rows are left alone: copying them would cost more than searching one segment more."""
CLUSTER_FROM = 100_000
"""So many rows are searched in clusters; fewer take an exact search 3 ms at most."""
RECLUSTER = 0.25
"""Clusters are made anew once so large a part of the rows lies outside them."""
SAVE_FROM = 5_000
RESAVE = 0.1
"""The files are written anew once so large a part of the rows changed: the rest is quicker to look up again."""
SPARE = 16
"""So many more are fetched than asked for, so that among equal scores the lower id wins at the last place too."""


class VectorStore:
    """Ids with their vectors. `ids` are item ids; vectors are unit vectors, so the inner product is the cosine."""

    def __init__(self, ids: IdArray, vectors: FloatArray) -> None:
        if len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids for {len(vectors)} vectors")
        self._dimensions = int(vectors.shape[1])
        self.generation = 0
        """The archive's generation that loaded files were written at."""
        self._writing = threading.Lock()
        self._saved: tuple[Segment, ...] = ()
        self._work: threading.Thread | None = None
        self._stop = threading.Event()
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

    @classmethod
    def load(cls, folder: Path, stamp: str) -> "VectorStore | None":
        """What `save` or `improve` put into `folder` under the same stamp; None when that is missing or damaged."""
        saved = vector_files.read(folder, stamp)
        if saved is None:
            return None
        store = cls(np.zeros(0, np.int64), np.zeros((0, saved.dimensions), np.float32))
        store.generation = saved.generation
        store._segments = store._saved = saved.segments
        return store

    @staticmethod
    def is_large(count: int) -> bool:
        """Whether so many vectors are searched in clusters."""
        return count >= CLUSTER_FROM

    @classmethod
    def make(cls, source: Source, folder: Path, stamp: str, generation: int) -> "VectorStore":
        """A large store of all that a source has, in clusters and in `folder`: takes minutes, but half the memory of
        one that answers at once and is put into clusters then."""
        with _alone(folder.with_name(f"{folder.name}.lock")):
            fresh = clustered(source, threading.Event())
            store = cls(np.zeros(0, np.int64), np.zeros((0, fresh.codes.shape[1]), np.float32))
            store.generation = generation
            store._segments = store._saved = (fresh,)
            with suppress(OSError):
                vector_files.write(folder, (fresh,), stamp, generation)
                store = cls.load(folder, stamp) or store  # mapped from the file, so that the memory can go
        return store

    def save(self, folder: Path, stamp: str, generation: int) -> bool:
        """Write the present state to `folder`, where that pays: not for few vectors, nor for few changes since.

        Never raises for a disk that is full or read-only; the files only save time. Says whether it wrote.
        """
        segments = self._segments
        total = sum(map(len, segments))
        clusters = any(segment.clusters for segment in segments)
        kept = sum(len(segment) for segment in segments if _among(segment, self._saved))
        changed = total - kept + sum(map(len, self._saved)) - kept
        if total < SAVE_FROM or changed <= RESAVE * total or (self.is_large(total) and not clusters):
            return False
        try:
            vector_files.write(folder, segments, stamp, generation)
        except OSError:
            return False
        self._saved = segments
        return True

    def improve(self, folder: Path, stamp: str, generation: int) -> None:
        """Put a large store into clusters, in the background, and into `folder`; returns at once.

        Nothing is done for a small store, nor while few rows lie outside the clusters. Searches stay exact until the
        clusters are there. Processes that share the archive take turns, and take over what another has made.
        """
        segments = self._segments
        total = sum(map(len, segments))
        inside = sum(len(segment) for segment in segments if segment.clusters)
        held = sum(len(segment.ids) for segment in segments if segment.clusters)
        if not self.is_large(total) or (total - inside) + (held - inside) <= RECLUSTER * total:
            return
        with self._writing:
            if self._work is not None and self._work.is_alive():
                return
            arguments = (segments, folder, stamp, generation)
            self._work = threading.Thread(target=self._improve, args=arguments, name="clusters", daemon=True)
            self._work.start()

    def wait(self) -> None:
        """Return when no work is left in the background."""
        if self._work is not None:
            self._work.join()

    def close(self) -> None:
        """Give up work in the background; searching goes on as before."""
        self._stop.set()

    def _improve(self, segments: tuple[Segment, ...], folder: Path, stamp: str, generation: int) -> None:
        try:
            with _alone(folder.with_name(f"{folder.name}.lock")):
                made = None
                if vector_files.generation_of(folder, stamp) == generation:
                    made = vector_files.read(folder, stamp)
                if made is None or not any(segment.clusters for segment in made.segments):
                    fresh = clustered(Held(segments), self._stop)
                    try:
                        vector_files.write(folder, (fresh,), stamp, generation)
                    except OSError:
                        self._adopt((fresh,), segments)
                        return
                    made = vector_files.read(folder, stamp)  # mapped from the file, so that the memory can go
                    self._adopt((fresh,) if made is None else made.segments, segments)
                else:
                    self._adopt(made.segments, segments)
        except Stopped:
            return

    def _adopt(self, made: tuple[Segment, ...], origin: tuple[Segment, ...]) -> None:
        """Put `made`, another form of `origin`, in its place; what changed meanwhile stays changed."""
        with self._writing:
            newer = [segment for segment in self._segments if not _among(segment, origin)]
            valid = [segment.held() for segment in self._segments if _among(segment, origin)]
            ids = np.concatenate([segment.held() for segment in made])
            gone = np.setdiff1d(ids, np.concatenate(valid) if valid else np.zeros(0, np.int64))
            self._saved = made
            self._segments = (*(segment.without(gone) for segment in made), *newer)

    def rows(self, ids: Sequence[int] | IdArray) -> FloatArray:
        """The vectors of `ids`, shape (n, d), as kept (float16). Raises KeyError for an id that is not held."""
        wanted, places = np.unique(np.asarray(ids, np.int64), return_inverse=True)
        segments = self._segments
        missing = np.ones(len(wanted), bool)
        for segment in segments:
            missing[segment.find(wanted)[0]] = False
        if missing.any():
            raise KeyError(int(wanted[missing][0]))
        return gather(segments, wanted)[places] if segments else np.zeros((0, self._dimensions), np.float32)

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


def _among(segment: Segment, others: Sequence[Segment]) -> bool:
    """Whether the segment shows the same rows as one of the others, whatever has been marked as gone since."""
    return any(segment.flat is other.flat for other in others)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait for every other process that does the same work; where files cannot be locked, go ahead."""
    try:
        import fcntl

        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except (ImportError, OSError):
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
