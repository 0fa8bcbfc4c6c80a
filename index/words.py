"""The inverted index of an archive: segments for ranges of item ids, kept in files, that follow its changes."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from . import caches, fulltext, postings, rows, text
from .database import Database
from .errors import ArchiveError
from .postings import AUTHOR, EXACT, Segment
from .types import Filters, IdArray, PostingList, Postings

FOLDER = "words"
"""Beside the archive; deleting it loses nothing."""
_RANGE = 1 << 15
_PENDING = 2048
"""So many changed items are indexed apart before the segment that they belong to is made anew."""
_PENDING_AT_START = 256
_CHECKED = 500
"""So many candidates of a phrase are checked one by one; for more, the full-text index is asked."""
_SEEN = 4096
BEGINNING = "~"
"""Before a character that words begin with, among the words that were looked up."""
_COLUMNS = ", ".join(fulltext.WEIGHTS)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A segment for the items of one range of ids, of which `stale` changed since (None: none did)."""

    number: int
    generation: int
    segment: Segment
    stale: npt.NDArray[np.bool_] | None = None

    def lookup(self, keys: npt.NDArray[np.uint64]) -> Iterator[tuple[int, PostingList]]:
        for asked, (numbers, halves) in self.segment.lookup(keys):
            if self.stale is None:
                yield asked, (numbers, halves)
            elif (valid := ~self.stale[numbers - self.number * _RANGE]).any():
                yield asked, (numbers[valid], halves[valid])


@dataclass(frozen=True, slots=True, eq=False)
class _Now:
    generation: int
    parts: tuple[_Part, ...]
    pending: IdArray
    """Items that changed since their part was made, there or gone."""
    fresh: Segment
    """The words of the pending items."""
    seen: dict[str, list[PostingList]] = field(default_factory=dict)
    """What was looked up lately: the same words are asked for again with every letter that is typed."""

    def lists(self, words: Sequence[str]) -> list[list[PostingList]]:
        """Where each of the words occurs, part by part."""
        known = {word: self.seen.get(word) for word in words}
        asked = [word for word, held in known.items() if held is None]
        if asked:
            keys = np.array([postings.key_of(word) for word in asked], dtype=np.uint64)
            found: list[list[PostingList]] = [[] for _ in asked]
            segments: tuple[_Part | Segment, ...] = (*self.parts, self.fresh)
            for segment in segments:
                for place, held in segment.lookup(keys):
                    found[place].append(held)
            if len(self.seen) + len(asked) > _SEEN:
                self.seen.clear()
            fresh = dict(zip(asked, found, strict=True))
            self.seen.update(fresh)
            known |= fresh
        return [known[word] or [] for word in words]


class Words:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._now: _Now | None = None
        self._refreshing = threading.Lock()

    def postings(self, tokens: Sequence[str]) -> list[Postings]:
        """Where each token of `text.tokens` occurs, in any inflection, the weights of its fields summed."""
        found = self._lists([(token, AUTHOR + token) for token in tokens])
        return [
            # a lone character of an unspaced script: whatever begins with it
            self._beginning(token) if not token.isascii() and text.phrase(token)[1] else Postings(token, lists)
            for token, lists in zip(tokens, found, strict=True)
        ]

    def _beginning(self, token: str) -> Postings:
        now = self._current()
        lists = now.seen.get(BEGINNING + token)
        if lists is None:
            with self._database.reading() as connection:
                found = fulltext.having(connection, token)
            numbers = np.empty(0, dtype=np.int32) if found is None else found.astype(np.int32)
            lists = now.seen[BEGINNING + token] = [(numbers, np.full(len(numbers), 2, dtype=np.uint8))]
        return Postings(token, lists)

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
            prefix = AUTHOR if author else EXACT
            lists = self._lists([(prefix + word,) for word in (words[:-1] if beginning else words)])
            candidates = reduce(_both, sorted((Postings("", held).ids for held in lists), key=len))
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

    def _lists(self, alternatives: Sequence[tuple[str, ...]]) -> list[list[PostingList]]:
        """For several words at once, each in some forms, where any of its forms occurs."""
        now = self._current()
        found = iter(now.lists([word for forms in alternatives for word in forms]))
        united = []
        for forms in alternatives:
            held = [lists for _ in forms if (lists := next(found))]
            # those of one word follow each other as the parts do, and looking at them would read them
            follow = len(held) < 2 and not len(now.pending)
            united.append([one for lists in held for one in lists] if follow else postings.following(chain(*held)))
        return united

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
