"""The SQLite file: opening, creating and upgrading it, connections for many threads, and errors in plain words."""

import datetime as dt
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import ArchiveError, DamagedArchive, NewerSchema, NoArchive, NotWritable
from .passages import RECIPE
from .text import ANALYSER
from .upgrades import UPGRADES

FILE = "archive.sqlite"
APPLICATION_ID = 0x4261636B
"""`Back`: tells our files from other programs' (SQLite's application_id)."""
SCHEMA_VERSION = 6
BUSY_SECONDS = 30.0
_IDLE_CONNECTIONS = 16
_MAGIC = b"SQLite format 3\0"


class Transaction:
    """One writing transaction. `touch` declares that readers will see a difference."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.executemany = connection.executemany
        self._generation: int | None = None

    def touch(self) -> int:
        """The generation that this transaction makes; bumped once."""
        if self._generation is None:
            now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            statement = "update meta set generation = generation + 1, updated = ? returning generation"
            (row,) = self.execute(statement, (now,)).fetchall()
            self._generation = int(row[0])
        return self._generation


class Database:
    """`archive.sqlite` in a folder. Reading takes a connection from a pool, writing the one that is kept for it."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        self.folder = folder
        self.file = folder / FILE
        self._idle: deque[sqlite3.Connection] = deque()
        self._writer: sqlite3.Connection | None = None
        self._writing = threading.RLock()
        self._closed = False
        self._taken = threading.local()
        with translated(self.file):
            self._prepare(create)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for a few statements of one thread."""
        with translated(self.file):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            try:
                yield connection
            finally:
                if self._closed or len(self._idle) >= _IDLE_CONNECTIONS:
                    connection.close()
                else:
                    self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction: committed at the end of the block, undone by any exception."""
        with translated(self.file), self._writing:
            if self._writer is None:
                self._writer = self._connect()
            connection = self._writer
            connection.execute("begin immediate")
            try:
                yield Transaction(connection)
                connection.execute("commit")
            finally:
                if connection.in_transaction:
                    connection.execute("rollback")
                self._taken.generation = None

    def generation(self) -> int:
        """Read anew by every call, unless `steady` says otherwise."""
        if getattr(self._taken, "depth", 0) and self._taken.generation is not None:
            return int(self._taken.generation)
        with self.reading() as connection:
            found = int(connection.execute("select generation from meta").fetchone()[0])
        self._taken.generation = found
        return found

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Within it, the calling thread takes the generation for unchanged but by its own writing: an answer asks for
        it some twenty times."""
        depth = getattr(self._taken, "depth", 0)
        if not depth:
            self._taken.generation = None
        self._taken.depth = depth + 1
        try:
            yield
        finally:
            self._taken.depth = depth

    def close(self) -> None:
        with self._writing:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise ArchiveError(f"The archive at {self.folder} was closed.")
        connection = sqlite3.connect(
            f"{self.file.resolve().as_uri()}?{self._mode()}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("pragma foreign_keys = on")
        # With a write-ahead log, `normal` survives a killed process; a power cut may undo the last issues, whole.
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma temp_store = memory")
        return connection

    def _mode(self) -> str:
        if os.access(self.file, os.W_OK) and os.access(self.folder, os.W_OK):
            return "mode=rw"  # not rwc: a file that vanished must not come back empty
        # Reading a write-ahead log takes a shared-memory file beside it, unless nobody can write and none is left.
        log = self.file.with_name(FILE + "-wal")
        return "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"

    def _prepare(self, create: bool) -> None:
        if not self.file.exists():
            if not create:
                place = self.folder.absolute()
                raise NoArchive(f"There is no archive in {place}: `backissues ingest SOURCE` makes one.")
            self.folder.mkdir(parents=True, exist_ok=True)
            self.file.touch()
        with self.file.open("rb") as file:
            head = file.read(len(_MAGIC))
        if head not in (b"", _MAGIC):  # SQLite takes a very short file for an empty one and writes over it
            raise DamagedArchive(f"{self.file} is damaged or no archive: it does not begin as SQLite files do.")
        with self._setting_up() as connection:
            connection.execute("begin")  # one state for all that is read: another process may be making it
            (version,) = connection.execute("pragma user_version").fetchone()
            (application,) = connection.execute("pragma application_id").fetchone()
            bare = version == 0 and application == 0 and _is_empty(connection)
            connection.execute("rollback")
            if bare:
                if not create:
                    raise NoArchive(f"The archive at {self.folder} is empty: `backissues ingest SOURCE` fills it.")
                _create(connection)
            elif application != APPLICATION_ID:
                raise DamagedArchive(f"{self.file} is an SQLite file of another program, not an archive.")
            elif version > SCHEMA_VERSION:
                raise NewerSchema(
                    f"The archive at {self.folder} was written by a newer release (schema {version}, this one knows "
                    f"{SCHEMA_VERSION}): install that release to open it."
                )
            elif version < SCHEMA_VERSION:
                _upgrade(connection, version)

    @contextmanager
    def _setting_up(self) -> Iterator[sqlite3.Connection]:
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """SQLite's and the file system's errors as ours, with what to do about them."""
    try:
        yield
    except sqlite3.Error as error:
        raise _ours(error, file) from error
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise NotWritable(f"{file} cannot be written: {error.strerror}.") from error


def _ours(error: sqlite3.Error, file: Path) -> ArchiveError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return DamagedArchive(
            f"{file} is damaged or no archive ({error}). Restore it from a copy, or move it away and ingest again."
        )
    if name.startswith("SQLITE_FULL"):
        return NotWritable(f"{file} cannot grow: the disk is full. What was committed before is kept.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")):
        return NotWritable(f"{file} cannot be opened for writing ({error}).")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return ArchiveError(f"{file} is being written by another process; waited {BUSY_SECONDS:.0f} seconds.")
    return ArchiveError(f"{file}: {error}.")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("select 1 from sqlite_schema").fetchall()


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. SQLite does not wait for other connections here, as it does elsewhere."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _create(connection: sqlite3.Connection) -> None:
    _write_ahead(connection)
    connection.execute("begin immediate")
    try:
        if _is_empty(connection):  # another process may have been faster
            for statement in _statements((Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")):
                connection.execute(statement)
            connection.execute(
                "insert into meta (id, generation, recipe, analyser) values (1, 0, ?, ?)", (RECIPE, ANALYSER)
            )
            connection.execute(f"pragma application_id = {APPLICATION_ID}")
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
        connection.execute("commit")
    finally:
        if connection.in_transaction:
            connection.execute("rollback")


def _upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Bring an older file up to date, one version after the other, each in a transaction of its own."""
    while version < SCHEMA_VERSION:
        connection.execute("begin immediate")
        try:
            (version,) = connection.execute("pragma user_version").fetchone()
            if version < SCHEMA_VERSION:
                UPGRADES[version](connection)
                version += 1
                connection.execute(f"pragma user_version = {version}")
            connection.execute("commit")
        finally:
            if connection.in_transaction:
                connection.execute("rollback")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one, because `executescript` would commit before it starts."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
