"""In which order the issues of an archive appeared, also where one bears no date."""

import datetime as dt
import sqlite3
import statistics
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from . import rows
from .types import IdArray, Issue, Item

_WEEK = 7.0


@dataclass(frozen=True, eq=False)
class Timeline:
    """All issues in time, as of one generation."""

    issues: dict[int, Issue] = field(default_factory=dict)
    days: dict[int, float] = field(default_factory=dict)
    """As `estimated_days` makes them."""

    def updated(self, connection: sqlite3.Connection, since: int) -> "Timeline":
        """The present state, reading only the issues that changed after generation `since`."""
        changed = [rows.to_issue(row) for row in connection.execute(f"{rows.ISSUES} where changed > ?", (since,))]
        issues = {**self.issues, **{issue.id: issue for issue in changed}}
        (count,) = connection.execute("select count(*) from issue").fetchone()
        if len(issues) != count:  # some were found to be others
            present = {row[0] for row in connection.execute("select id from issue")}
            issues = {id_: issue for id_, issue in issues.items() if id_ in present}
        elif not changed:
            return self
        elif all(map(_precise, changed)) and len(self.days) == len(self.issues) and self._all_precise:
            return Timeline(issues, {**self.days, **estimated_days(changed)})
        return Timeline(issues, estimated_days(issues.values()))

    @cached_property
    def _all_precise(self) -> bool:
        return all(map(_precise, self.issues.values()))

    @cached_property
    def _table(self) -> tuple[IdArray, npt.NDArray[np.int32]]:
        ids = sorted(self.issues)
        return np.array(ids, dtype=np.int64), np.array([self.days.get(id_, 0) for id_ in ids], dtype=np.int32)

    def days_of(self, issue_ids: IdArray) -> npt.NDArray[np.int32]:
        """The estimated day of each of the issues as an ordinal; 0 where nothing is known."""
        ids, days = self._table
        if not len(ids):
            return np.zeros(len(issue_ids), dtype=np.int32)
        places = np.minimum(np.searchsorted(ids, issue_ids), len(ids) - 1)
        return np.where(ids[places] == issue_ids, days[places], 0).astype(np.int32)

    @cached_property
    def newest_first(self) -> list[Issue]:
        return sorted(self.issues.values(), key=self.age)

    def place_of(self, item: Item) -> tuple[float, int, int, int]:
        """A key that sorts items from the oldest issue to the newest, then by position."""
        issue = self.issues.get(item.issue_id) or Issue("", id=item.issue_id)
        day, number, id_ = self.age(issue)
        return -day if day < float("inf") else day, -number, -id_, item.position

    def age(self, issue: Issue) -> tuple[float, int, int]:
        """A key that sorts the newest first; what cannot be placed at all comes last."""
        day, number = self.days.get(issue.id), issue.number
        return (float("inf") if day is None else -day, 1 if number is None else -number, -issue.id)


def order(issues: Iterable[Issue]) -> list[Issue]:
    """Newest first: by estimated day, then by number, then by id; what cannot be placed at all comes last."""
    known = {issue.id: issue for issue in issues}
    return Timeline(known, estimated_days(known.values())).newest_first


def estimated_days(issues: Iterable[Issue]) -> dict[int, float]:
    """The day, as an ordinal, on which each issue is likely to have appeared, by issue id.

    That is its date or the first day of its week. An issue that bears only a number lies between the issues with the
    numbers around it, or beyond them at their usual pace; a year that is known keeps it within that year. Issues of
    which nothing is known are missing.
    """
    days: dict[int, float] = {}
    dated: dict[str, dict[int, float]] = defaultdict(dict)
    open_issues: list[Issue] = []
    for issue in issues:
        day = first_day(issue)
        if day is None or not _precise(issue):
            open_issues.append(issue)
            continue
        days[issue.id] = float(day)
        if issue.number is not None:
            dated[issue.newsletter.casefold()][issue.number] = float(day)
    paces = {name: _pace(sorted(known.items())) for name, known in dated.items()}
    numbers = {name: sorted(known) for name, known in dated.items()}
    for issue in open_issues:
        name = issue.newsletter.casefold()
        year = first_day(issue)
        if issue.number is not None and name in dated:
            estimate = _between(issue.number, numbers[name], dated[name], paces[name])
            days[issue.id] = estimate if year is None else min(max(estimate, year), year + 364.0)
        elif year is not None:
            days[issue.id] = float(year)
    return days


def first_day(issue: Issue) -> int | None:
    """The first day that an issue can have appeared on: its date, or the beginning of its ISO week or year."""
    if issue.date is not None:
        return issue.date.toordinal()
    if issue.year is None or not dt.MINYEAR <= issue.year < dt.MAXYEAR:
        return None
    if issue.week is not None and 1 <= issue.week <= 53:
        return dt.date.fromisocalendar(issue.year, 1, 1).toordinal() + 7 * (issue.week - 1)
    return dt.date(issue.year, 1, 1).toordinal()


def _precise(issue: Issue) -> bool:
    return issue.date is not None or (issue.week is not None and 1 <= issue.week <= 53)


def _pace(known: list[tuple[int, float]]) -> float:
    """The usual number of days from one number to the next."""
    steps = [(after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(known)]
    usual = statistics.median(steps) if steps else _WEEK
    return usual if usual > 0 else _WEEK


def _between(number: int, numbers: list[int], days: dict[int, float], pace: float) -> float:
    place = bisect_left(numbers, number)
    if place == 0:
        return days[numbers[0]] - pace * (numbers[0] - number)
    if place == len(numbers):
        return days[numbers[-1]] + pace * (number - numbers[-1])
    below, above = numbers[place - 1], numbers[place]
    if above == number:  # a second issue of one number
        return days[above]
    return days[below] + (days[above] - days[below]) * (number - below) / (above - below)
