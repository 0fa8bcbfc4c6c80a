# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""What the archive is asked for, each question one statement."""

import json
import sqlite3
from collections.abc import Sequence

from . import rows
from .types import Document, Issue, Item, Paper

_PORTION = 1000


def holds(connection: sqlite3.Connection, source: str, content_hash: str) -> bool:
    statement = "select 1 from source where source = ? and content_hash = ? and content_hash <> ''"
    return connection.execute(statement, (source, content_hash)).fetchone() is not None


def find_issue(connection: sqlite3.Connection, aliases: Sequence[str]) -> int | None:
    statement = "select min(issue_id) from alias where alias in (select value from json_each(?))"
    found: tuple[int | None] = connection.execute(statement, (rows.json_list(aliases),)).fetchone()
    return found[0]


def origin(connection: sqlite3.Connection, issue_id: int) -> str | None:
    found: tuple[str] | None = connection.execute("select source from issue where id = ?", (issue_id,)).fetchone()
    return None if found is None else found[0]


def state(connection: sqlite3.Connection, name: str) -> tuple[bytes, int] | None:
    row = connection.execute("select payload, generation from state where name = ?", (name,)).fetchone()
    return None if row is None else (bytes(row[0]), int(row[1]))


def state_generation(connection: sqlite3.Connection, name: str) -> int | None:
    statement = "select generation from state indexed by state_generation where name = ?"
    row = connection.execute(statement, (name,)).fetchone()
    return None if row is None else int(row[0])


def missing_papers(connection: sqlite3.Connection) -> list[str]:
    statement = "select key from work where key glob 'arxiv:*' and key not in (select key from paper) order by key"
    return [row[0] for row in connection.execute(statement)]


def papers(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Paper]:
    return rows.papers(connection, keys)


def items(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Item]:
    statement = f"{rows.ITEMS} where item.id in (select value from json_each(?))"
    marks = rows.json_list(map(int, ids))
    found = {item.id: item for item in map(rows.to_item, connection.execute(statement, (marks,)))}
    return [found[id_] for id_ in map(int, ids) if id_ in found]


def issue_items(connection: sqlite3.Connection, issue_id: int) -> list[Item]:
    statement = f"{rows.ITEMS} where item.issue_id = ? order by item.position, item.id"
    return [rows.to_item(row) for row in connection.execute(statement, (issue_id,))]


def unassigned(connection: sqlite3.Connection, issue_id: int) -> list[str]:
    row = connection.execute("select unassigned from issue where id = ?", (issue_id,)).fetchone()
    return [] if row is None else [str(link) for link in json.loads(row[0])]


def document(connection: sqlite3.Connection, issue: Issue) -> Document:
    source = origin(connection, issue.id) or ""
    names = connection.execute("select alias from alias where issue_id = ? order by alias", (issue.id,))
    read = "select content_hash from source where issue_id = ? and source = ?"
    hashed = connection.execute(read, (issue.id, source)).fetchone()
    return Document(
        issue=issue,
        items=tuple(issue_items(connection, issue.id)),
        unassigned=tuple(unassigned(connection, issue.id)),
        aliases=tuple(row[0] for row in names),
        source=source,
        content_hash="" if hashed is None else hashed[0],
    )


def works(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, list[Item]]:
    statement = (
        f"select {rows.ITEM_COLUMNS} from work join item on item.work_id = work.id"
        " where work.key in (select value from json_each(?)) order by item.id"
    )
    found: dict[str, list[Item]] = {}
    for row in connection.execute(statement, (rows.json_list(keys),)):
        item = rows.to_item(row)
        found.setdefault(item.key or "", []).append(item)
    return found


def items_after(connection: sqlite3.Connection, after_id: int) -> list[Item]:
    statement = f"{rows.ITEMS} where item.id > ? order by item.id limit ?"
    return [rows.to_item(row) for row in connection.execute(statement, (after_id, _PORTION))]
