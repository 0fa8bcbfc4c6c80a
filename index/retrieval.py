"""The vector space in memory: what is near what, following the archive's changes."""

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .database import Database
from .embedding import Embedder, from_blobs, load
from .errors import ArchiveError, ModelUnavailable
from .passages import RECIPE
from .space import TITLES, VERSION, Space, neutral_queries
from .types import FloatArray, IdArray
from .vectors import VectorStore

FOLDER = "vectors"
"""Beside the archive; deleting it loses nothing."""
_SAMPLE = 50_000
"""Items that a space is fitted from at most: its statistics do not get better beyond."""
_PORTION = 20_000
_FEW = 4_096
_NO_IDS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """The vectors of one generation in a space. `model` and `space` stay as they are for the life of `store`."""

    generation: int
    model: str
    space: Space
    store: VectorStore


def _stamp(model: str, space: Space) -> str:
    return f"{model} {RECIPE} {hashlib.blake2b(space.to_bytes(), digest_size=8).hexdigest()}"


class Retrieval:
    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self._view: _View | None = None
        self._refreshing = threading.Lock()
        self._patient = False
        """Whether nobody waits for an answer."""

    def nearest(
        self, vectors: FloatArray, k: int, within: IdArray | None, *, questions: bool
    ) -> tuple[IdArray, FloatArray]:
        """Encoder vectors (n, d) of questions or items: the k nearest items' ids and cosines, each of shape (n, k)."""
        view = self._current()
        if view is None:
            shape = len(vectors), k
            return np.full(shape, -1, dtype=np.int64), np.full(shape, -np.inf, dtype=np.float32)
        corrected = view.space.queries(vectors) if questions else view.space.items(vectors)
        return view.store.search_arrays(corrected, k, within)

    def vectors(self, ids: Sequence[int]) -> FloatArray:
        """Stored vectors, a row for each id in the order asked for. Errors: KeyError for an id without one."""
        with self._database.reading() as connection:
            known, blobs = load(connection, ids)
            if not known:
                blobs = [row[0] for row in connection.execute("select vector from vector limit 1")]
        stored = from_blobs(blobs)
        if not len(ids):
            return stored[:0]
        row = {id_: place for place, id_ in enumerate(known)}
        return stored[[row[int(id_)] for id_ in ids]]

    def space_vectors(self, ids: Sequence[int]) -> FloatArray:
        view = self._current()
        raw = self.vectors(ids)
        return raw if view is None else view.space.items(raw)

    def neutral(self) -> FloatArray:
        """The neutral questions as the archive's model makes them, (m, d), kept in the archive."""
        with self._database.reading() as connection:
            model = _model(connection)
            payload = _state(connection, f"neutral {model}") if model else None
        if payload is not None:
            return np.frombuffer(payload, dtype="<f4").astype(np.float32).reshape(len(neutral_queries()), -1)
        encoder = self._embedder.encoder
        vectors = encoder.queries(neutral_queries())
        self._keep(f"neutral {encoder.fingerprint}", vectors.astype("<f4").tobytes())
        return vectors

    def question_mean(self) -> FloatArray | None:
        view = self._current()
        return None if view is None else view.space.query_mean

    def _current(self) -> _View | None:
        """The view of the present generation; None while there are no vectors."""
        generation = self._database.generation()
        if self._view is not None and self._view.generation == generation:
            return self._view
        with self._refreshing:
            if self._view is None or self._view.generation != self._database.generation():
                with self._database.reading() as connection:
                    connection.execute("begin")  # one state for all that is read
                    try:
                        self._view = self._refreshed(connection, self._view)
                    finally:
                        connection.execute("rollback")
                if self._view is not None:
                    folder, stamp = self._database.folder / FOLDER, _stamp(self._view.model, self._view.space)
                    self._view.store.save(folder, stamp, self._view.generation)
                    self._view.store.improve(folder, stamp, self._view.generation)
            return self._view

    def settle(self) -> None:
        """Fit the space, read the vectors and put them into clusters now, where any of that is due."""
        self._patient = True
        try:
            view = self._current()
        finally:
            self._patient = False
        if view is not None:
            view.store.wait()

    def close(self) -> None:
        """Let go of work in the background."""
        with self._refreshing:
            if self._view is not None:
                self._view.store.close()

    def _refreshed(self, connection: sqlite3.Connection, view: _View | None) -> _View | None:
        (generation,) = connection.execute("select generation from meta").fetchone()
        model = _model(connection)
        if model is None:
            return None
        self._embedder.ensure(model)
        if view is not None and view.model == model:
            _follow(connection, view)
            if len(view.store) and not view.space.outgrown(len(view.store)):
                return replace(view, generation=generation)
        (count,) = connection.execute("select count(*) from vector").fetchone()
        if not count:
            return None
        space = self._space(connection, model, count)
        folder, stamp = self._database.folder / FOLDER, _stamp(model, space)
        loaded = VectorStore.load(folder, stamp)
        if loaded is not None and loaded.generation <= generation:
            view = _View(loaded.generation, model, space, loaded)
            _follow(connection, view)
            return replace(view, generation=generation)
        if self._patient and VectorStore.is_large(count):
            store = VectorStore.make(_Stored(connection, space), folder, stamp, generation)
            return _View(generation, model, space, store)
        store = VectorStore(_NO_IDS, np.empty((0, len(space.item_mean)), dtype=np.float32))
        after = 0
        while portion := connection.execute(_PORTIONS, (after, _PORTION)).fetchall():
            after = portion[-1][0]
            ids = np.array([row[0] for row in portion], dtype=np.int64)
            store.add(ids, space.items(from_blobs([row[1] for row in portion])))
        return _View(generation, model, space, store)

    def _space(self, connection: sqlite3.Connection, model: str, count: int) -> Space:
        name = f"space {VERSION} {model}"
        payload = _state(connection, name)
        if payload is not None:
            space = Space.from_bytes(payload)
            if not space.outgrown(count):
                return space
        step = -(-count // _SAMPLE)
        sample = connection.execute("select vector from vector where item_id % ? = 0", (step,)).fetchall()
        vectors = from_blobs([row[0] for row in sample])
        space = replace(Space.fit(vectors, self.neutral(), self._titles(connection, count)), fitted_on=count)
        self._keep(name, space.to_bytes())
        return space

    def _titles(self, connection: sqlite3.Connection, count: int) -> FloatArray | None:
        """Titles spread over the archive, as questions; None where the model cannot be opened."""
        step = -(-count // TITLES)
        spread = "select title from (select title, row_number() over (order by id) as row from item) where row % ? = 0"
        titles = [row[0] for row in connection.execute(spread, (step,))]
        try:
            return self._embedder.encoder.queries(titles)
        except ModelUnavailable:
            return None

    def _keep(self, name: str, payload: bytes) -> None:
        """Keep a derived result where the archive can be written; where not, it is derived again the next time."""
        try:
            with self._database.writing() as transaction:
                statement = "insert or replace into state (name, payload, generation) select ?, ?, generation from meta"
                transaction.execute(statement, (name, payload))
        except ArchiveError:
            return


_PORTIONS = "select item_id, vector from vector where item_id > ? order by item_id limit ?"
_CHANGED = (
    "select item.id, vector from item indexed by item_changed join vector on vector.item_id = item.id"
    " where changed > ? order by +item.id"
)


class _Stored:
    """The archive's vectors in a space, read when they are asked for."""

    def __init__(self, connection: sqlite3.Connection, space: Space) -> None:
        self._connection = connection
        self._space = space
        held = connection.execute("select item_id from vector order by item_id")
        self.ids = np.fromiter((row[0] for row in held), dtype=np.int64)

    def rows(self, ids: IdArray) -> FloatArray:
        found = np.empty((len(ids), len(self._space.item_mean)), dtype=np.float32)
        for first in range(0, len(ids), _FEW):  # each takes several times its size on the way
            part = slice(first, first + _FEW)
            stored = from_blobs(load(self._connection, ids[part].tolist())[1])
            found[part] = self._space.items(stored).astype(np.float16)  # as stores keep them
        return found


def _follow(connection: sqlite3.Connection, view: _View) -> None:
    """Bring the store of a view to the present generation, touching only what changed."""
    since, store = view.generation, view.store
    gone = [row[0] for row in connection.execute("select item_id from removed where generation > ?", (since,))]
    changed = connection.execute(_CHANGED, (since,)).fetchall()
    if gone:
        store.remove(np.array(gone, dtype=np.int64))
    if changed:
        ids = np.array([row[0] for row in changed], dtype=np.int64)
        store.add(ids, view.space.items(from_blobs([row[1] for row in changed])))


def _model(connection: sqlite3.Connection) -> str | None:
    (model,) = connection.execute("select model from meta").fetchone()
    return None if model is None else str(model)


def _state(connection: sqlite3.Connection, name: str) -> bytes | None:
    row = connection.execute("select payload from state where name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])
