# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""Putting documents and papers into the archive: one transaction an issue, text and vectors together."""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from . import fulltext, linking, rows
from .database import Database, Transaction
from .embedding import Embedder, item_hash
from .matching import aliases, completed, excerpt, find_issues, with_ids
from .types import Change, Document, FloatArray, FurtherLink, Issue, Item, Outcome, Paper

_WINDOW_TEXTS = 512
"""Texts embedded at once: enough for batches of equal length, few enough to commit often."""
_WINDOW_SECONDS = 5.0
_ITEM_FIELDS = (
    "issue_id, position, title, section, subtitle, summary, note, url, work_id, kind, image, language, words, links"
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What storing a document comes to, as the archive stands."""

    issue: Issue
    items: list[Item]
    unassigned: tuple[str, ...]
    source: str
    stored: Issue | None
    stored_items: dict[int, Item]
    absorbed: list[int]
    """Issues that turn out to be this one."""
    unchanged: bool


class Writer:
    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    def put(self, documents: Iterable[Document]) -> Iterator[Outcome]:
        for window in _windows(map(_clean, documents)):
            with self._database.reading() as connection:
                texts: dict[bytes, str] = {}
                for document in window:
                    items = _plan(connection, document).items
                    papers = rows.papers(connection, [item.key for item in items if item.key])
                    texts.update(item_hash(item, papers) for item in items)
            fresh = self._embedder.missing(texts)
            uncounted = set(fresh)
            for document in window:
                yield self._put(document, fresh, uncounted)

    def _put(self, document: Document, fresh: dict[bytes, FloatArray], uncounted: set[bytes]) -> Outcome:
        with self._database.writing() as transaction:
            plan = _plan(transaction.connection, document)
            papers = rows.papers(transaction.connection, [item.key for item in plan.items if item.key])
            issue = plan.issue
            if not plan.unchanged:
                issue, items = _store(transaction, plan, papers)
            else:
                items = plan.items
            embedded = self._embed(transaction, items, papers, fresh)
            _register(transaction, issue.id, document)
        change: Change = "new" if plan.stored is None else "unchanged" if plan.unchanged else "changed"
        count = len(embedded & uncounted)
        uncounted -= embedded
        return Outcome(issue, change, len(items), count)

    def _embed(
        self, transaction: Transaction, items: list[Item], papers: dict[str, Paper], fresh: dict[bytes, FloatArray]
    ) -> set[bytes]:
        """Give every item the vector of its present text. The hashes of the texts that had none."""
        statement = "select item_id, text_hash from vector where item_id in (select value from json_each(?))"
        marks = rows.json_list(item.id for item in items)
        stored: dict[int, bytes] = dict(transaction.execute(statement, (marks,)).fetchall())
        wanted = {item.id: item_hash(item, papers) for item in items}
        stale = {id_: known for id_, known in wanted.items() if stored.get(id_) != known[0]}
        if not stale:
            return set()
        blobs = [(id_, known[0], self._embedder.blob(transaction, *known, fresh)) for id_, known in stale.items()]
        self._embedder.record(transaction)
        transaction.executemany("insert or replace into vector (item_id, text_hash, vector) values (?, ?, ?)", blobs)
        generation = transaction.touch()
        transaction.executemany("update item set changed = ? where id = ?", [(generation, id_) for id_ in stale])
        return {known[0] for known in stale.values() if known[0] in fresh}

    def put_papers(self, papers: Iterable[Paper]) -> int:
        count = 0
        batch: list[Paper] = []
        for paper in papers:
            batch.append(paper)
            if len(batch) >= _WINDOW_TEXTS:
                count += self._put_papers(batch)
                batch = []
        return count + (self._put_papers(batch) if batch else 0)

    def _put_papers(self, batch: list[Paper]) -> int:
        papers = {paper.key: paper for paper in batch}
        with self._database.reading() as connection:
            stored = rows.papers(connection, papers)
            papers = {key: paper for key, paper in papers.items() if stored.get(key) != paper}
            items = _items_of_works(connection, papers)
        fresh = self._embedder.missing(dict(item_hash(item, papers) for item in items))
        with self._database.writing() as transaction:
            marks = ", ".join("?" * len(rows.PAPER_COLUMNS.split(",")))
            transaction.executemany(
                f"insert or replace into paper ({rows.PAPER_COLUMNS}) values ({marks})",
                [rows.from_paper(paper) for paper in papers.values()],
            )
            items = _items_of_works(transaction.connection, papers)
            if papers:
                generation = transaction.touch()
                documents = {item.id: fulltext.document(item, papers.get(item.key or "")) for item in items}
                fulltext.write(transaction.connection, documents)
                lengths = [(fulltext.length(words), generation, id_) for id_, words in documents.items()]
                transaction.executemany("update item set words = ?, changed = ? where id = ?", lengths)
            self._embed(transaction, items, papers, fresh)
        return len(papers)

    def note(self, source: str, content_hash: str, issue_id: int) -> None:
        with self._database.writing() as transaction:
            statement = "insert or replace into source (source, issue_id, content_hash) values (?, ?, ?)"
            transaction.execute(statement, (source, issue_id, content_hash))

    def put_state(self, name: str, payload: bytes) -> None:
        with self._database.writing() as transaction:
            statement = "insert or replace into state (name, payload, generation) select ?, ?, generation from meta"
            transaction.execute(statement, (name, payload))


def _windows(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Documents in groups that are worth embedding together. What was read is not lost when reading breaks."""
    window: list[Document] = []
    texts, began = 0, time.monotonic()
    source = iter(documents)
    while True:
        try:
            document = next(source)
        except StopIteration:
            break
        except Exception:
            if window:
                yield window
            raise
        window.append(document)
        texts += len(document.items)
        if texts >= _WINDOW_TEXTS or time.monotonic() - began > _WINDOW_SECONDS:
            yield window
            window, texts, began = [], 0, time.monotonic()
    if window:
        yield window


def _plan(connection: sqlite3.Connection, document: Document) -> _Plan:
    found = find_issues(connection, document)
    issue, items = document.issue, list(document.items)
    if not found:
        return _Plan(issue, items, document.unassigned, document.source, None, {}, [], unchanged=False)
    first = found[0]
    statement = f"select {rows.ISSUE_COLUMNS}, unassigned, source from issue where id = ?"
    *row, links, source = connection.execute(statement, (first,)).fetchone()
    stored = rows.to_issue(row)
    unassigned = tuple(json.loads(links))
    of_issue = f"{rows.ITEMS} where item.issue_id = ? order by item.position, item.id"
    stored_items = {item.id: item for id_ in found for item in map(rows.to_item, connection.execute(of_issue, (id_,)))}
    own = [item for item in stored_items.values() if item.issue_id == first]
    if source != document.source and len(found) == 1 and excerpt(items, own):
        issue, items, kept = completed(stored, issue), own, (unassigned, source)
    else:
        issue, kept = replace(completed(issue, stored), id=first), (document.unassigned, document.source)
        items = [replace(item, issue_id=first) for item in with_ids(items, list(stored_items.values()))]
    same = issue == stored and items == own and kept[0] == unassigned and len(found) == 1
    return _Plan(issue, items, *kept, stored, stored_items, found[1:], unchanged=same)


def _store(transaction: Transaction, plan: _Plan, papers: dict[str, Paper]) -> tuple[Issue, list[Item]]:
    generation = transaction.touch()
    issue = _store_issue(transaction, plan, generation)
    # The issue's date, number and newsletter are part of what readers keep of each of its items.
    moved = plan.stored is None or issue != plan.stored
    items: list[Item] = []
    documents: dict[int, tuple[str, ...]] = {}
    for item in plan.items:
        old = plan.stored_items.get(item.id)
        if old is not None and not moved and replace(item, links=old.links) == old:
            if item.links != old.links:
                _store_links(transaction, item)
            items.append(item)
            continue
        words = fulltext.document(item, papers.get(item.key or ""))
        stored = _store_item(transaction, replace(item, issue_id=issue.id), fulltext.length(words), old is not None)
        items.append(stored)
        documents[stored.id] = words
    fulltext.write(transaction.connection, documents)
    _remove(transaction, plan.stored_items.keys() - {item.id for item in items})
    for id_ in plan.absorbed:
        transaction.execute("update or replace alias set issue_id = ? where issue_id = ?", (issue.id, id_))
        transaction.execute("update or replace source set issue_id = ? where issue_id = ?", (issue.id, id_))
        transaction.execute("delete from issue where id = ?", (id_,))
    return issue, items


def _store_issue(transaction: Transaction, plan: _Plan, generation: int) -> Issue:
    values = (*rows.from_issue(plan.issue), json.dumps(plan.unassigned, ensure_ascii=False), plan.source, generation)
    columns = "title, newsletter, number, date, year, week, url, language, unassigned, source, changed"
    if plan.stored is not None:
        update = f"update issue set ({columns}) = ({', '.join('?' * 11)}) where id = ?"
        transaction.execute(update, (*values, plan.issue.id))
        return plan.issue
    id_ = _free(transaction, "issue", plan.issue.id)
    insert = f"insert into issue (id, {columns}) values ({', '.join('?' * 12)})"
    return replace(plan.issue, id=transaction.execute(insert, (id_, *values)).lastrowid or 0)


def _store_item(transaction: Transaction, item: Item, words: int, known: bool) -> Item:
    work = None
    if item.key is not None:
        transaction.execute("insert or ignore into work (key) values (?)", (item.key,))
        (work,) = transaction.execute("select id from work where key = ?", (item.key,)).fetchone()
    place = item.issue_id, item.position, item.title, item.section, item.subtitle, item.summary, item.note, item.url
    links = rows.from_links(item.links)
    values = (*place, work, item.kind, item.image, item.language, words, links, transaction.touch())
    if known:
        before = transaction.execute("select work_id from item where id = ?", (item.id,)).fetchone()
        update = f"update item set ({_ITEM_FIELDS}, changed) = ({', '.join('?' * 15)}) where id = ?"
        transaction.execute(update, (*values, item.id))
        _forget_works(transaction, [before[0]])
        linking.write(transaction, [item], known=True)
        return item
    id_ = _free(transaction, "item", item.id)
    insert = f"insert into item (id, {_ITEM_FIELDS}, changed) values ({', '.join('?' * 16)})"
    stored = replace(item, id=transaction.execute(insert, (id_, *values)).lastrowid or 0)
    linking.write(transaction, [stored], known=False)
    return stored


def _store_links(transaction: Transaction, item: Item) -> None:
    """Further links alone: nothing that is derived from items is made of them, so `changed` stays."""
    transaction.execute("update item set links = ? where id = ?", (rows.from_links(item.links), item.id))
    linking.write(transaction, [item], known=True)


def _free(transaction: Transaction, table: str, id_: int) -> int | None:
    """The id that a document brought along, where nothing ever had it; otherwise the next one is given."""
    if id_ <= 0:
        return None
    taken = transaction.execute(f"select 1 from {table} where id = ?", (id_,)).fetchone()
    gone = transaction.execute("select 1 from removed where item_id = ?", (id_,)).fetchone()
    return None if taken or (gone and table == "item") else id_


def _remove(transaction: Transaction, ids: Iterable[int]) -> None:
    gone = sorted(ids)
    if not gone:
        return
    generation = transaction.touch()
    marks = rows.json_list(gone)
    works = transaction.execute("select work_id from item where id in (select value from json_each(?))", (marks,))
    works_before = [row[0] for row in works]
    fulltext.remove(transaction.connection, gone)
    transaction.executemany("delete from item where id = ?", [(id_,) for id_ in gone])
    tombstones = [(id_, generation) for id_ in gone]
    transaction.executemany("insert into removed (item_id, generation) values (?, ?)", tombstones)
    _forget_works(transaction, works_before)


def _forget_works(transaction: Transaction, works: Iterable[int | None]) -> None:
    unused = "delete from work where id = ? and not exists (select 1 from item where work_id = work.id)"
    transaction.executemany(unused, [(work,) for work in works if work is not None])


def _register(transaction: Transaction, issue_id: int, document: Document) -> None:
    """Note under which names and from where the issue arrived. Changes nothing that readers see."""
    names = [(alias, issue_id) for alias in aliases(document)]
    transaction.executemany("insert or ignore into alias (alias, issue_id) values (?, ?)", names)
    if document.source:
        statement = "insert or replace into source (source, issue_id, content_hash) values (?, ?, ?)"
        transaction.execute(statement, (document.source, issue_id, document.content_hash))


def _items_of_works(connection: sqlite3.Connection, keys: Iterable[str]) -> list[Item]:
    statement = f"{rows.ITEMS} where work.key in (select value from json_each(?)) order by item.id"
    return [rows.to_item(row) for row in connection.execute(statement, (rows.json_list(keys),))]


def _clean(document: Document) -> Document:
    """The document without lone surrogates, which UTF-8 and so the archive cannot hold, and without a link twice."""
    issue, items = _encodable(document.issue), tuple(map(_encodable, map(_single, document.items)))
    links, names = map(_repaired, document.unassigned), map(_repaired, document.aliases)
    return replace(document, issue=issue, items=items, unassigned=tuple(links), aliases=tuple(names))


def _single(item: Item) -> Item:
    if not item.links:
        return item
    links: dict[str, FurtherLink] = {}
    for link in map(_encodable, item.links):
        if link.key != item.key:
            links.setdefault(link.key, link)
    return replace(item, links=tuple(links.values()))


_Record = TypeVar("_Record", Issue, Item, FurtherLink)


def _encodable(record: _Record) -> _Record:
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    broken = {name: _repaired(value) for name, value in values.items() if isinstance(value, str)}
    changed: dict[str, Any] = {name: value for name, value in broken.items() if value != values[name]}
    return replace(record, **changed) if changed else record


def _repaired(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
