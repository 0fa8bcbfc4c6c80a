# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""Which issue and which items of the archive an arriving document is about, so that ids keep their meaning."""

import datetime as dt
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from . import rows, text
from .types import Document, Issue, Item

_DAYS_APART = 10
"""Two copies of one issue can bear different dates (sent, published, exported), but not by more than this."""
_POORER = 0.9
"""A copy from another source with less than this share of the items or of the text is an excerpt."""
_ALIKE = 0.5
"""The share of words that two items in one place have in common when they are the same item, edited."""


def aliases(document: Document) -> list[str]:
    """Every name of the document's issue, its own URL among them."""
    own = [f"url:{document.issue.url}"] if document.issue.url else []
    return list(dict.fromkeys([*document.aliases, *own]))


def find_issues(connection: sqlite3.Connection, document: Document) -> list[int]:
    """The issues that are this document's, oldest first; more than one when it shows that several are the same."""
    issue = document.issue
    names = rows.json_list(aliases(document))
    named = "select issue_id from alias where alias in (select value from json_each(?))"
    certain = {row[0] for row in connection.execute(named, (names,))}
    numbered = "select id from issue where number = ? and newsletter = ? collate nocase"
    likely = {row[0] for row in connection.execute(numbered, (issue.number, issue.newsletter))}
    if issue.date is not None:
        near = [(issue.date + dt.timedelta(days=days)).isoformat() for days in (-1, 0, 1)]
        titled = "select id from issue where date in (?, ?, ?) and title = ? and newsletter = ? collate nocase"
        likely |= {row[0] for row in connection.execute(titled, (*near, issue.title, issue.newsletter))}
    read = "select issue_id from source where source = ? and source <> ''"
    same_source = {row[0] for row in connection.execute(read, (document.source,))}
    marks = rows.json_list(certain | likely | same_source)
    statement = f"{rows.ISSUES} where id in (select value from json_each(?)) order by id"
    found = []
    for stored in [rows.to_issue(row) for row in connection.execute(statement, (marks,))]:
        same = (
            stored.id in certain
            or (stored.id in likely and _likely(stored, issue))
            or (stored.id in same_source and _edited(connection, stored, document))
        )
        if same and _no_contradiction(stored, issue):
            found.append(stored.id)
    return found


def _no_contradiction(stored: Issue, issue: Issue) -> bool:
    if stored.language and issue.language and _primary(stored.language) != _primary(issue.language):
        return False  # editions of one issue in two languages are two issues
    return stored.number is None or issue.number is None or stored.number == issue.number


def _likely(stored: Issue, issue: Issue) -> bool:
    """Whether two issues of one number, or of one title and date, are one."""
    if stored.date and issue.date:
        return abs((stored.date - issue.date).days) <= _DAYS_APART
    # Two newsletters without a name may both have an issue 5.
    return bool(issue.newsletter) or stored.title.casefold() == issue.title.casefold()


def _edited(connection: sqlite3.Connection, stored: Issue, document: Document) -> bool:
    """Whether what came from the same place is the same issue: a mailbox or an archive file can hold many."""
    issue = document.issue
    if stored.title == issue.title or (issue.date is not None and stored.date == issue.date):
        return True
    statement = "select work.key from item join work on work.id = item.work_id where item.issue_id = ?"
    known = {row[0] for row in connection.execute(statement, (stored.id,))}
    keys = {item.key for item in document.items if item.key is not None}
    return bool(keys) and len(keys & known) >= _ALIKE * len(keys | known)


def _primary(language: str) -> str:
    return language.casefold().partition("-")[0]


def excerpt(items: Sequence[Item], of: Sequence[Item]) -> bool:
    """Whether a copy is clearly a shortened one (a feed that carries only the beginning)."""
    return len(items) < _POORER * len(of) or _characters(items) < _POORER * _characters(of)


def _characters(items: Iterable[Item]) -> int:
    return sum(len(part or "") for item in items for part in (item.title, item.subtitle, item.summary, item.note))


def completed(issue: Issue, by: Issue) -> Issue:
    """An issue with what is unknown of it taken from another record."""
    return replace(
        issue,
        newsletter=issue.newsletter or by.newsletter,
        number=by.number if issue.number is None else issue.number,
        date=issue.date or by.date,
        year=issue.year or by.year,
        week=issue.week or by.week,
        url=issue.url or by.url,
        language=issue.language or by.language,
    )


def with_ids(items: Sequence[Item], stored: Sequence[Item]) -> list[Item]:
    """The arriving items with the ids of the stored ones that they are; others keep the id they brought, if any.

    The same link is the same item (the second mention of a link the second item with it), then the same title, then
    the same place if at least half of the words are the same: an id never passes to something else.
    """
    ids = [0] * len(items)
    left = {item.id: item for item in stored}
    for name in (_by_key, _by_title):
        waiting: dict[str, list[int]] = defaultdict(list)
        for old in left.values():
            if (key := name(old)) is not None:
                waiting[key].append(old.id)
        for row, item in enumerate(items):
            key = name(item)
            if not ids[row] and key is not None and waiting.get(key):
                ids[row] = waiting[key].pop(0)
                del left[ids[row]]
    places = {old.position: old for old in reversed(left.values())}
    for row, item in enumerate(items):
        old_one = places.get(item.position)
        if not ids[row] and old_one is not None and _alike(item, old_one):
            ids[row] = old_one.id
    taken = {item.id for item in stored}
    return [replace(item, id=id_ or (0 if item.id in taken else item.id)) for item, id_ in zip(items, ids, strict=True)]


def _by_key(item: Item) -> str | None:
    return item.key


def _by_title(item: Item) -> str | None:
    return " ".join(item.title.casefold().split()) or None


def _alike(item: Item, other: Item) -> bool:
    these, those = _bag(item), _bag(other)
    return bool(these) and len(these & those) >= _ALIKE * len(these | those)


def _bag(item: Item) -> set[str]:
    return {word for part in (item.title, item.subtitle, item.summary) if part for word in text.words(part)}
