"""The columns of the present generation, kept in memory and, for large archives, in a file."""

import contextlib
import sqlite3
import threading

import numpy as np

from . import caches, columns
from .columns import Columns
from .database import Database
from .errors import ArchiveError
from .types import IdArray

FILE = "columns.npz"
"""Beside the archive; deleting it loses nothing."""
_SAVE_FROM = 5_000
_RESAVE = 0.1
"""The file is written anew once so large a part of the items changed."""


class ColumnStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._columns: Columns | None = None
        self._saved_at = -1
        self._refreshing = threading.Lock()
        self._mentions: tuple[Columns, IdArray] | None = None
        self._mean: tuple[Columns, float] | None = None
        self._counts: tuple[Columns, dict[int, int]] | None = None

    def current(self) -> Columns:
        """The columns of the present generation."""
        now = self._columns
        if now is not None and now.generation == self._database.generation():
            return now
        with self._refreshing, self._database.reading() as connection:
            connection.execute("begin")  # one state for all that is read
            try:
                self._columns = columns.updated(self._columns or self._loaded(connection), connection)
                outdated = self._outdated(connection, self._columns)
            finally:
                connection.execute("rollback")
            if outdated:
                self._save(self._columns)
            return self._columns

    def mentioned(self, ids: IdArray) -> IdArray:
        """How many items have the same link as each item, itself included; counted once a generation."""
        now, counted = self.current(), self._mentions
        if counted is None or counted[0] is not now:
            counted = self._mentions = (now, np.bincount(now.numbers["work"], minlength=1))
        works = now.work_of(ids)
        return np.where(works > 0, counted[1][np.maximum(works, 0)], 1)

    def mean_length(self) -> float:
        """How many words an item has on average, at least 1; counted once a generation."""
        now, counted = self.current(), self._mean
        if counted is None or counted[0] is not now:
            words = now.numbers["words"]
            counted = self._mean = (now, max(float(words.mean()), 1.0) if len(words) else 1.0)
        return counted[1]

    def issue_counts(self) -> dict[int, int]:
        """The number of items by issue id; counted once a generation, and not to be changed."""
        now, counted = self.current(), self._counts
        if counted is None or counted[0] is not now:
            items = np.bincount(now.numbers["issue_id"], minlength=max(now.timeline.issues, default=0) + 1)
            counted = self._counts = (now, {id_: int(items[id_]) for id_ in now.timeline.issues})
        return counted[1]

    def _loaded(self, connection: sqlite3.Connection) -> Columns:
        token = caches.token(connection, FILE)
        if token is None:
            return columns.empty()
        found = columns.loaded(connection, self._database.folder / FILE, token)
        (generation,) = connection.execute("select generation from meta").fetchone()
        if found.generation > generation:
            return columns.empty()
        self._saved_at = found.generation
        return found

    def _outdated(self, connection: sqlite3.Connection, now: Columns) -> bool:
        if len(now.ids) < _SAVE_FROM:
            return False
        limit = max(1, int(_RESAVE * len(now.ids)))
        statement = """
            select (select count(*) from (select 1 from item where changed > ?1 limit ?2))
                + (select count(*) from (select 1 from removed where generation > ?1 limit ?2))
        """
        (changed,) = connection.execute(statement, (self._saved_at, limit)).fetchone()
        return bool(changed >= limit)

    def _save(self, now: Columns) -> None:
        with contextlib.suppress(ArchiveError):
            token = caches.new_token(self._database, FILE, now.generation)
            columns.saved(now, self._database.folder / FILE, token)
        self._saved_at = now.generation
