"""What filters and facets need of every item, as arrays in memory that follow the archive's changes."""

import contextlib
import datetime as dt
import json
import os
import sqlite3
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .chronology import Timeline
from .labels import NAMES, Labels, bare_host, host_of
from .types import FacetColumn, FacetColumns, Filters, IdArray

Mask = npt.NDArray[np.bool_]
LABELLED = tuple(NAMES)
_NUMBERS = ("issue_id", "number", "year", "first", "last", "work", "words")
_ROWS = """
    select item.id, item.issue_id, issue.number, issue.year, issue.day, issue.date is not null, issue.week,
           item.work_id, item.words, item.section, item.kind, item.url, coalesce(item.language, issue.language),
           issue.newsletter
    from item {changed} join issue on issue.id = item.issue_id order by {order}
"""
_ALL = _ROWS.format(changed="", order="item.id")
# SQLite would rather read all items in order than sort a few, so it is told how.
_CHANGED = _ROWS.format(changed="indexed by item_changed", order="+item.id").replace(
    " order by", " where item.changed > ? order by"
)


_Rows = tuple[npt.NDArray[np.intp] | slice, Mask | None]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The state of all items at one generation. The arrays are parallel to `ids` and never written to again."""

    generation: int
    ids: IdArray
    numbers: dict[str, npt.NDArray[np.int32]]
    """By the names in _NUMBERS; 0 is unknown, but -1 for `number`, which may be 0. `first` and `last` are ordinals
    of the days that the issue can have appeared on. `work` is the work's id."""
    codes: dict[str, npt.NDArray[np.int32]]
    labels: dict[str, Labels]
    timeline: Timeline
    works: int

    def _rows(self, ids: IdArray) -> _Rows:
        """The places of item ids, and which of them vanished since the caller got them (None: none of them)."""
        if len(ids) == len(self.ids) and np.array_equal(ids, self.ids):
            return slice(None), None
        if not len(self.ids):
            return np.zeros(len(ids), dtype=np.intp), np.ones(len(ids), dtype=np.bool_)
        if self.ids[-1] == len(self.ids) and (not len(ids) or (ids.min() > 0 and ids.max() <= len(self.ids))):
            return ids - 1, None  # none was ever removed
        places = np.searchsorted(self.ids, ids)
        gone = self.ids[np.minimum(places, len(self.ids) - 1)] != ids
        return places, gone if gone.any() else None

    def facets(self, ids: IdArray) -> FacetColumns:
        rows = self._rows(ids)
        issue_ids = _at(self.numbers["issue_id"], rows, unknown=0).astype(np.int64)
        column = {name: FacetColumn(_at(self.codes[name], rows), self.labels[name].table()) for name in LABELLED}
        return FacetColumns(
            ids=ids,
            **column,
            year=_at(self.numbers["year"], rows, unknown=0),
            day=self.timeline.days_of(issue_ids),
            issue_ids=issue_ids,
            numbers=_at(self.numbers["number"], rows),
        )

    def lengths(self, ids: IdArray) -> npt.NDArray[np.float32]:
        return _at(self.numbers["words"], self._rows(ids), unknown=0).astype(np.float32)

    def work_of(self, ids: IdArray) -> IdArray:
        works = _at(self.numbers["work"], self._rows(ids), unknown=0).astype(np.int64)
        return np.where(works > 0, works, -ids)

    def matching(self, filters: Filters) -> Mask | None:
        """Which items meet all conditions but those on words; None when there is no such condition."""
        masks = list(self._conditions(filters))
        return np.logical_and.reduce(masks) if masks else None

    def _conditions(self, filters: Filters) -> Iterable[Mask]:
        labelled = {
            "newsletter": filters.newsletters,
            "section": filters.sections,
            "kind": filters.kinds,
            "host": tuple(map(bare_host, filters.hosts)),
            "language": filters.languages,
        }
        for name, wanted in labelled.items():
            if wanted:
                yield self.labels[name].mask(self.codes[name], wanted)
        if filters.issues:
            yield np.isin(self.numbers["number"], np.array(filters.issues, dtype=np.int64)) & (
                self.numbers["number"] >= 0
            )
        if filters.years:
            yield np.isin(self.numbers["year"], np.array(filters.years, dtype=np.int64)) & (self.numbers["year"] > 0)
        if filters.after is not None:
            yield self.numbers["first"] >= filters.after.toordinal()
        if filters.before is not None:
            yield (self.numbers["last"] < filters.before.toordinal()) & (self.numbers["last"] > 0)


def _at(column: npt.NDArray[np.int32], rows: _Rows, unknown: int = -1) -> npt.NDArray[np.int32]:
    places, gone = rows
    if gone is None or isinstance(places, slice):
        return column[places]
    values = np.full(len(places), unknown, dtype=np.int32)
    values[~gone] = column[places[~gone]]
    return values


def empty() -> Columns:
    """The state before the first generation."""
    numbers = {name: np.empty(0, dtype=np.int32) for name in _NUMBERS}
    codes = {name: np.empty(0, dtype=np.int32) for name in LABELLED}
    labels = {name: Labels(names) for name, names in NAMES.items()}
    return Columns(-1, np.empty(0, dtype=np.int64), numbers, codes, labels, Timeline(), 0)


def updated(columns: Columns, connection: sqlite3.Connection) -> Columns:
    """The present state, reading only what changed since `columns`. Wants a connection inside a transaction.

    The label tables are shared with `columns` and only grow, so that older states stay right.
    """
    (generation,) = connection.execute("select generation from meta").fetchone()
    timeline = columns.timeline.updated(connection, columns.generation)
    since = columns.generation
    gone = [row[0] for row in connection.execute("select item_id from removed where generation > ?", (since,))]
    fresh_ids: list[int] = []
    fresh: dict[str, list[int]] = {name: [] for name in (*_NUMBERS, *LABELLED)}
    labels = columns.labels
    append = {name: values.append for name, values in fresh.items()}
    for row in connection.execute(_ALL) if since < 0 else connection.execute(_CHANGED, (since,)):
        id_, issue_id, number, year, day, dated, week, work, words, section, kind, url, language, newsletter = row
        first, last = span(day, dated, week)
        fresh_ids.append(id_)
        append["issue_id"](issue_id)
        append["number"](number if number is not None and 0 <= number < 2**31 else -1)
        append["year"](year if year and 0 < year < 10_000 else int(day[:4]) if day else 0)
        append["first"](first)
        append["last"](last)
        append["work"](work or 0)
        append["words"](words)
        append["section"](labels["section"].code(section))
        append["kind"](labels["kind"].code(kind))
        append["host"](labels["host"].code(host_of(url)))
        append["language"](labels["language"].code(language))
        append["newsletter"](labels["newsletter"].code(newsletter))
    ids = np.array(fresh_ids, dtype=np.int64)
    keep = _kept(columns.ids, np.concatenate([ids, np.array(gone, dtype=np.int64)]))
    kept = columns.ids if keep is None else columns.ids[keep]
    unsorted = np.concatenate([kept, ids]) if len(ids) else kept
    # New items have the highest ids, so mostly there is nothing to sort.
    order = np.argsort(unsorted, kind="stable") if len(ids) and len(kept) and ids[0] < kept[-1] else None

    def merged(old: npt.NDArray[np.int32], name: str) -> npt.NDArray[np.int32]:
        values = old if keep is None else old[keep]
        if len(ids):
            values = np.concatenate([values, np.array(fresh[name], dtype=np.int32)])
        return values if order is None else values[order]

    numbers = {name: merged(columns.numbers[name], name) for name in _NUMBERS}
    codes = {name: merged(columns.codes[name], name) for name in LABELLED}
    mentions = np.bincount(numbers["work"])  # by work; 0 counts the items without a link
    works = int(np.count_nonzero(mentions[1:])) + int(mentions[0] if len(mentions) else 0)
    all_ids = unsorted if order is None else unsorted[order]
    return Columns(generation, all_ids, numbers, codes, labels, timeline, works)


def _kept(ids: IdArray, gone: IdArray) -> Mask | None:
    """Which of the ids, ascending, are not among `gone`; None: all of them."""
    if not len(ids) or not len(gone):
        return None
    places = np.minimum(np.searchsorted(ids, gone), len(ids) - 1)
    places = places[ids[places] == gone]
    if not len(places):
        return None
    keep = np.ones(len(ids), dtype=np.bool_)
    keep[places] = False
    return keep


def span(day: str | None, dated: bool, week: int | None) -> tuple[int, int]:
    """The first and last day, as ordinals, that an issue can have appeared on; zeros when nothing is known.

    `day` is the first one; how many follow depends on whether it is the issue's date, its week or its year.
    """
    if day is None:
        return 0, 0
    first = dt.date.fromisoformat(day)
    if dated:
        return first.toordinal(), first.toordinal()
    if week is not None and 1 <= week <= 53:
        return first.toordinal(), first.toordinal() + 6
    return first.toordinal(), dt.date(first.year, 12, 31).toordinal()


def saved(columns: Columns, file: Path, token: str) -> bool:
    """Write the columns for the next process, whole or not at all. Says whether it could."""
    arrays: dict[str, Any] = {"ids": columns.ids}
    arrays |= {f"number {name}": values for name, values in columns.numbers.items()}
    arrays |= {f"code {name}": values for name, values in columns.codes.items()}
    texts = {name: columns.labels[name].texts for name in LABELLED}
    stamp = {"token": token, "generation": columns.generation, "labels": texts}
    half = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with half.open("wb") as out:
            np.savez(out, stamp=np.frombuffer(json.dumps(stamp).encode(), dtype=np.uint8), **arrays)
        half.replace(file)
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
    return True


def loaded(connection: sqlite3.Connection, file: Path, token: str) -> Columns:
    """The columns that were saved with this token; the empty state when there are none."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            stamp = json.loads(arrays["stamp"].tobytes())
            if stamp["token"] != token:
                return empty()
            ids = arrays["ids"]
            numbers = {name: arrays[f"number {name}"] for name in _NUMBERS}
            codes = {name: arrays[f"code {name}"] for name in LABELLED}
        labels = {name: Labels(names, stamp["labels"][name]) for name, names in NAMES.items()}
        generation = int(stamp["generation"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return empty()
    timeline = Timeline().updated(connection, -1)
    return Columns(generation, ids, numbers, codes, labels, timeline, 0)
