"""The vector space in memory: what is near what, following the archive's changes."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .database import Database
from .embedding import Embedder, from_blobs, load
from .errors import ArchiveError, NotWritable
from .space import Space, neutral_queries
from .types import FloatArray, IdArray

_SAMPLE = 50_000
"""Items that a space is fitted from at most: its statistics do not get better beyond."""


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    generation: int
    space: Space
    ids: IdArray
    vectors: FloatArray


class Retrieval:
    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self._view: _View | None = None
        self._refreshing = threading.Lock()

    def nearest(
        self, vectors: FloatArray, k: int, within: IdArray | None, *, questions: bool
    ) -> tuple[IdArray, FloatArray]:
        """Encoder vectors (n, d) of questions or items: the k nearest items' ids and cosines, each of shape (n, k)."""
        view = self._current()
        corrected = view.space.queries(vectors) if questions else view.space.items(vectors)
        rows_within = slice(None) if within is None else np.flatnonzero(np.isin(view.ids, within, assume_unique=True))
        ids, candidates = view.ids[rows_within], view.vectors[rows_within]
        scores = corrected @ candidates.T
        found_ids = np.full((len(vectors), k), -1, dtype=np.int64)
        found = np.full((len(vectors), k), -np.inf, dtype=np.float32)
        for row, line in enumerate(scores):
            best = np.lexsort((ids, -line))[:k]
            found_ids[row, : len(best)] = ids[best]
            found[row, : len(best)] = line[best]
        return found_ids, found

    def vectors(self, ids: Sequence[int]) -> FloatArray:
        """Stored vectors, a row for each id in the order asked for. Errors: KeyError for an id without one."""
        with self._database.reading() as connection:
            known, blobs = load(connection, ids)
        dimensions = len(blobs[0]) // 2 if blobs else 0
        found = dict(zip(known, from_blobs(blobs, dimensions), strict=True))
        return np.array([found[id_] for id_ in ids], dtype=np.float32).reshape(len(ids), dimensions)

    def space_vectors(self, ids: Sequence[int]) -> FloatArray:
        return self._current().space.items(self.vectors(ids))

    def neutral(self) -> FloatArray:
        """The neutral questions as the archive's model makes them, (m, d), kept in the archive."""
        encoder = self._embedder.encoder
        name = f"neutral {encoder.fingerprint}"
        payload = _state(self._database, name)
        if payload is None:
            vectors = encoder.queries(neutral_queries())
            _keep(self._database, name, vectors.astype("<f4").tobytes())
            return vectors
        return np.frombuffer(payload, dtype="<f4").astype(np.float32).reshape(-1, encoder.dimensions)

    def _current(self) -> _View:
        generation = self._database.generation()
        view = self._view
        if view is not None and view.generation == generation:
            return view
        with self._refreshing:
            generation = self._database.generation()
            if self._view is None or self._view.generation != generation:
                self._view = self._read(generation)
            return self._view

    def _read(self, generation: int) -> _View:
        with self._database.reading() as connection:
            found = connection.execute("select item_id, vector from vector order by item_id").fetchall()
        ids = np.array([row[0] for row in found], dtype=np.int64)
        raw = from_blobs([row[1] for row in found], self._embedder.encoder.dimensions)
        space = self._space(raw)
        return _View(generation, space, ids, space.items(raw))

    def _space(self, raw: FloatArray) -> Space:
        name = f"space {self._embedder.encoder.fingerprint}"
        payload = _state(self._database, name)
        if payload is not None:
            space = Space.from_bytes(payload)
            if not space.outgrown(len(raw)):
                return space
        step = max(1, -(-len(raw) // _SAMPLE))
        space = replace(Space.fit(raw[::step], self.neutral()), fitted_on=len(raw))
        _keep(self._database, name, space.to_bytes())
        return space


def _state(database: Database, name: str) -> bytes | None:
    with database.reading() as connection:
        row = connection.execute("select payload from state where name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def _keep(database: Database, name: str, payload: bytes) -> None:
    """Keep a derived result where the archive can be written; it can be derived again where not."""
    try:
        with database.writing() as transaction:
            statement = "insert or replace into state (name, payload, generation) select ?, ?, generation from meta"
            transaction.execute(statement, (name, payload))
    except NotWritable:
        pass
    except ArchiveError:  # another process is writing for long
        pass
