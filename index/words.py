"""The inverted index of an archive: segments for ranges of item ids, kept in files, that follow its changes."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt

from . import caches, fulltext, postings, rows, text
from .database import Database
from .errors import ArchiveError
from .postings import AUTHOR, EXACT, Segment
from .types import Filters, IdArray, Postings

FOLDER = "words"
"""Beside the archive; deleting it loses nothing."""
_RANGE = 1 << 15
_PENDING = 2048
"""So many changed items are indexed apart before the segment that they belong to is made anew."""
_PENDING_AT_START = 256
_CHECKED = 500
"""So many candidates of a phrase are checked one by one; for more, the full-text index is asked."""
_SEEN = 4096
_COLUMNS = ", ".join(fulltext.WEIGHTS)


_List = tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A segment for the items of one range of ids, of which `stale` changed since (None: none did)."""

    number: int
    generation: int
    segment: Segment
    stale: npt.NDArray[np.bool_] | None = None

    def lookup(self, key: np.uint64) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
        ids, halves = self.segment.lookup(key)
        if self.stale is None or not len(ids):
            return ids, halves
        valid = ~self.stale[ids - self.number * _RANGE]
        return ids[valid], halves[valid]


@dataclass(frozen=True, slots=True, eq=False)
class _Now:
    generation: int
    parts: tuple[_Part, ...]
    pending: IdArray
    """Items that changed since their part was made, there or gone."""
    fresh: Segment
    """The words of the pending items."""
    seen: dict[str, list[_List]] = field(default_factory=dict)
    """What was looked up lately: the same words are asked for again with every letter that is typed."""

    def lists(self, word: str) -> list[_List]:
        """The items of a word and their weights, doubled, part by part."""
        found = self.seen.get(word)
        if found is None:
            key = postings.key_of(word)
            segments: list[_Part | Segment] = [*self.parts, self.fresh]
            found = [part for segment in segments if len((part := segment.lookup(key))[0])]
            if len(self.seen) >= _SEEN:
                self.seen.clear()
            self.seen[word] = found
        return found


class Words:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._now: _Now | None = None
        self._refreshing = threading.Lock()

    def postings(self, token: str) -> Postings:
        """Where a token of `text.tokens` occurs, in any inflection, the weights of its fields summed."""
        # a lone character of an unspaced script: whatever begins with it
        if not token.isascii() and text.phrase(token)[1]:
            with self._database.reading() as connection:
                found = fulltext.having(connection, token)
            ids = np.empty(0, dtype=np.int64) if found is None else found
            return Postings(token, ids, np.ones(len(ids), dtype=np.float32))
        return Postings(token, *self._united(token, AUTHOR + token))

    def having(self, phrase: str, *, author: bool = False) -> IdArray | None:
        """The items that have a phrase in one field of their own text, or in one author's name.

        None for a phrase without words.
        """
        words, beginning = text.phrase(phrase)
        if not words:
            return None
        if beginning and len(words) == 1:
            candidates = None
        else:
            # a beginning is left to the check
            lists = [
                self._united((AUTHOR if author else EXACT) + word)[0] for word in words[: -1 if beginning else None]
            ]
            candidates = reduce(_both, sorted(lists, key=len))
            if len(words) == 1 or not len(candidates):
                return candidates
        with self._database.reading() as connection:
            if candidates is None or len(candidates) > _CHECKED:
                return fulltext.having(connection, phrase, ("authors",) if author else fulltext.PHRASE_FIELDS)
            return fulltext.checked(connection, candidates, phrase, author=author)

    def conditions(self, filters: Filters) -> tuple[list[IdArray], list[IdArray]]:
        """The items that each condition on words asks for, and those that each one rules out."""
        wanted = [self.having(phrase) for phrase in filters.phrases]
        if filters.authors:
            named = [ids for author in filters.authors if (ids := self.having(author, author=True)) is not None]
            wanted.append(reduce(np.union1d, named) if named else None)
        excluded = [self.having(phrase) for phrase in filters.excluded]
        return [ids for ids in wanted if ids is not None], [ids for ids in excluded if ids is not None]

    def _united(self, *words: str) -> tuple[IdArray, npt.NDArray[np.float32]]:
        now = self._current()
        return postings.united(part for word in words for part in now.lists(word))

    def settle(self, progress: Callable[[int, int], None]) -> int:
        """Make now what the first search of the next process would make. How many segments there are; `progress` is
        told (segments done, all)."""
        return len(self._refresh(_PENDING_AT_START, progress).parts)

    def _current(self) -> _Now:
        now = self._now
        if now is not None and now.generation == self._database.generation():
            return now
        return self._refresh(_PENDING_AT_START if now is None else _PENDING)

    def _refresh(self, most: int, progress: Callable[[int, int], None] | None = None) -> _Now:
        """The present state, in which no segment has more than `most` pending items."""
        with self._refreshing, self._database.reading() as connection:
            connection.execute("begin")  # one state for all that is read
            try:
                self._now = self._refreshed(connection, self._now, most, progress)
            finally:
                connection.execute("rollback")
            return self._now

    def _refreshed(
        self,
        connection: sqlite3.Connection,
        now: _Now | None,
        most: int,
        progress: Callable[[int, int], None] | None,
    ) -> _Now:
        (generation,) = connection.execute("select generation from meta").fetchone()
        (last,) = connection.execute("select coalesce(max(id), 0) from item").fetchone()
        if now is not None and now.generation == generation and len(now.pending) <= most:
            return now
        known = {
            part.number: part for part in (self._saved(connection, last, generation) if now is None else now.parts)
        }
        parts: list[_Part] = []
        pending: list[IdArray] = []
        numbers = range(last // _RANGE + 1)
        for number in numbers:
            part = known.get(number)
            since = -1 if part is None else part.generation
            # What was pending before is pending still: it changed after its part was made.
            changed = _changed(connection, number, since)
            if part is None or len(changed) > most:
                part = self._made(connection, number, generation)
                changed = changed[:0]
            parts.append(_without(part, changed))
            pending.append(changed)
            if progress is not None:
                progress(len(parts), len(numbers))
        waiting = np.concatenate(pending)
        return _Now(generation, tuple(parts), waiting, postings.build(_read(connection, waiting)))

    def _made(self, connection: sqlite3.Connection, number: int, generation: int) -> _Part:
        low = number * _RANGE
        found = connection.execute(
            f"select rowid, {_COLUMNS} from fulltext where rowid >= ? and rowid < ? order by rowid",  # noqa: S608
            (low, low + _RANGE),
        )
        segment = postings.build(found)
        return _Part(number, generation, self._save(number, generation, segment) or segment)

    def _save(self, number: int, generation: int, segment: Segment) -> Segment | None:
        """Keep a segment for the next process. The same one mapped from its file, so that its memory can go."""
        with contextlib.suppress(OSError, ArchiveError):
            token = caches.new_token(self._database, f"words {number}", generation)
            stamp = {"generation": generation, "analyser": text.ANALYSER, "token": token}
            postings.save(segment, self._file(number), stamp)
            found = postings.load(self._file(number))
            return found[0] if found is not None and found[1] == stamp else None
        return None

    def _saved(self, connection: sqlite3.Connection, last: int, generation: int) -> Iterator[_Part]:
        for number in range(last // _RANGE + 1):
            token = caches.token(connection, f"words {number}")
            found = postings.load(self._file(number)) if token is not None else None
            if found is None:
                continue
            segment, stamp = found
            made = int(str(stamp["generation"]))
            if (stamp["token"], stamp["analyser"]) == (token, text.ANALYSER) and made <= generation:
                yield _Part(number, made, segment)

    def _file(self, number: int) -> Path:
        return self._database.folder / FOLDER / f"{number}.words"


def _both(some: IdArray, others: IdArray) -> IdArray:
    return np.intersect1d(some, others, assume_unique=True)


def _changed(connection: sqlite3.Connection, number: int, since: int) -> IdArray:
    low = number * _RANGE
    span = since, low, low + _RANGE
    if since < 0:
        return np.empty(0, dtype=np.int64)
    # the pluses: by the index of changes, not through all items of the range
    there = connection.execute("select id from item where changed > ? and +id >= ? and +id < ?", span).fetchall()
    gone = connection.execute(
        "select item_id from removed where generation > ? and +item_id >= ? and +item_id < ?", span
    ).fetchall()
    return np.unique(np.array([row[0] for row in (*there, *gone)], dtype=np.int64))


def _without(part: _Part, changed: IdArray) -> _Part:
    if not len(changed):
        return part
    stale = np.zeros(_RANGE, dtype=np.bool_)
    stale[changed - part.number * _RANGE] = True
    return _Part(part.number, part.generation, part.segment, stale)


def _read(connection: sqlite3.Connection, ids: IdArray) -> Iterator[tuple[object, ...]]:
    statement = (
        f"select rowid, {_COLUMNS} from fulltext"  # noqa: S608
        " where rowid in (select value from json_each(?)) order by rowid"
    )
    yield from connection.execute(statement, (rows.json_list(ids.tolist()),))
