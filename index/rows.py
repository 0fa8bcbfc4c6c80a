# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""Rows of the archive as records, and records as rows."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Sequence

from .types import FurtherLink, Issue, Item, Paper

ISSUE_COLUMNS = "title, newsletter, number, date, year, week, url, language, id"
ITEM_COLUMNS = (
    "item.position, item.title, item.section, item.subtitle, item.summary, item.note, item.url, work.key, item.kind,"
    " item.image, item.language, item.id, item.issue_id, item.links"
)
ITEMS = f"select {ITEM_COLUMNS} from item left join work on work.id = item.work_id"
ISSUES = f"select {ISSUE_COLUMNS} from issue"
PAPER_COLUMNS = "key, title, abstract, authors, categories, published, updated, doi, journal, comment"


def to_issue(row: Sequence[object]) -> Issue:
    title, newsletter, number, date, *rest = row
    return Issue(title, newsletter, number, _date(date), *rest)  # type: ignore[arg-type]  # the schema is strict


def to_item(row: Sequence[object]) -> Item:
    values = (*row[:-1], to_links(row[-1]))
    return Item(*values)  # type: ignore[arg-type]  # the schema is strict


def to_links(text: object) -> tuple[FurtherLink, ...]:
    return () if text is None else tuple(FurtherLink(*link) for link in json.loads(str(text)))


def from_links(links: Iterable[FurtherLink]) -> str | None:
    found = [(link.url, link.key, link.kind, link.text) for link in links]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else None


def to_paper(row: Sequence[object]) -> Paper:
    key, title, abstract, authors, categories, published, updated, *rest = row
    lists = tuple(json.loads(str(authors))), tuple(json.loads(str(categories)))
    return Paper(key, title, abstract, *lists, _date(published), _date(updated), *rest)  # type: ignore[arg-type]


def from_paper(paper: Paper) -> tuple[object, ...]:
    lists = json.dumps(paper.authors, ensure_ascii=False), json.dumps(paper.categories, ensure_ascii=False)
    dates = _iso(paper.published), _iso(paper.updated)
    return paper.key, paper.title, paper.abstract, *lists, *dates, paper.doi, paper.journal, paper.comment


def from_issue(issue: Issue) -> tuple[object, ...]:
    """In the order of ISSUE_COLUMNS, without the id."""
    values = issue.title, issue.newsletter, issue.number, _iso(issue.date), issue.year, issue.week
    return *values, issue.url, issue.language


def json_list(values: Iterable[object]) -> str:
    """For `in (select value from json_each(?))`: one statement, whatever the number of values."""
    return json.dumps(list(values))


def papers(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, Paper]:
    statement = f"select {PAPER_COLUMNS} from paper where key in (select value from json_each(?))"
    return {row[0]: to_paper(row) for row in connection.execute(statement, (json_list(keys),))}


def _iso(date: dt.date | None) -> str | None:
    return None if date is None else date.isoformat()


def _date(text: object) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(str(text))
