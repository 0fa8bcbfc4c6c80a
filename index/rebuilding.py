"""Making anew what is derived from the items: all vectors with another model, the full text with another analyser."""

import sqlite3
from collections.abc import Callable, Iterator

from . import fulltext, rows
from .database import Database, Transaction
from .embedding import Embedder, item_hash, to_blob
from .errors import NotWritable
from .passages import RECIPE
from .text import ANALYSER
from .types import Item, Paper

_PORTION = 512
_INSERT_NEXT = "insert or replace into next_vector (item_id, text_hash, vector) values (?, ?, ?)"


def reembed(database: Database, embedder: Embedder, progress: Callable[[int, int], None] | None) -> int:
    """The old vectors stay in use until all the new ones are there; what a killed run made is taken up again."""
    fingerprint = embedder.unchecked().fingerprint
    with database.writing() as transaction:
        if transaction.execute("select next_model from meta").fetchone() != (fingerprint,):
            transaction.execute("delete from next_vector")
            transaction.execute("update meta set next_model = ?", (fingerprint,))
    with database.reading() as connection:
        (everything,) = connection.execute("select count(*) from item").fetchone()
    done = last = 0
    while True:
        with database.reading() as connection:
            items = _portion(connection, last)
            made = _missing(connection, embedder, items)
        if not items:
            break
        if made:
            with database.writing() as transaction:
                transaction.executemany(_INSERT_NEXT, made)
        done, last = done + len(items), items[-1].id
        if progress is not None:
            progress(min(done, everything), everything)
    with database.writing() as transaction:
        _swap(transaction, embedder)
    embedder.forget()
    return done


def refresh_text(database: Database) -> None:
    """Make the full text anew when another analyser made it."""
    with database.reading() as connection:
        if connection.execute("select analyser from meta").fetchone() == (ANALYSER,):
            return
    try:
        with database.writing() as transaction:
            _rewrite_text(transaction)
    except NotWritable:  # then it is read as it is
        return


def _missing(connection: sqlite3.Connection, embedder: Embedder, items: list[Item]) -> list[tuple[int, bytes, bytes]]:
    """New vectors for those items whose present text has none yet."""
    statement = "select item_id, text_hash from next_vector where item_id in (select value from json_each(?))"
    there = dict(connection.execute(statement, (rows.json_list(item.id for item in items),)).fetchall())
    papers = _papers_of(connection, items)
    texts = {item.id: item_hash(item, papers) for item in items}
    missing = {id_: text for id_, text in texts.items() if there.get(id_) != text[0]}
    if not missing:
        return []
    vectors = embedder.unchecked().passages([text for _, text in missing.values()])
    return [(id_, hash_, to_blob(vector)) for (id_, (hash_, _)), vector in zip(missing.items(), vectors, strict=True)]


def _swap(transaction: Transaction, embedder: Embedder) -> None:
    for items in _portions(transaction.connection):  # what changed while the others were made
        transaction.executemany(_INSERT_NEXT, _missing(transaction.connection, embedder, items))
    transaction.execute("delete from vector")
    transaction.execute("insert into vector select * from next_vector where item_id in (select id from item)")
    transaction.execute("delete from next_vector")
    transaction.execute("delete from state where name like 'space %' or name like 'neutral %'")
    embedder.record(transaction, RECIPE)
    transaction.execute("update meta set next_model = null")
    _rewrite_text(transaction)


def _rewrite_text(transaction: Transaction) -> None:
    generation = transaction.touch()
    transaction.execute("update meta set analyser = ?", (ANALYSER,))
    transaction.execute("delete from fulltext")
    for items in _portions(transaction.connection):
        papers = _papers_of(transaction.connection, items)
        documents = {item.id: fulltext.document(item, papers.get(item.key or "")) for item in items}
        fulltext.write(transaction.connection, documents)
        lengths = [(fulltext.length(words), generation, id_) for id_, words in documents.items()]
        transaction.executemany("update item set words = ?, changed = ? where id = ?", lengths)


def _portions(connection: sqlite3.Connection) -> Iterator[list[Item]]:
    items = _portion(connection, 0)
    while items:
        yield items
        items = _portion(connection, items[-1].id)


def _portion(connection: sqlite3.Connection, after_id: int) -> list[Item]:
    statement = f"{rows.ITEMS} where item.id > ? order by item.id limit {_PORTION}"
    return [rows.to_item(row) for row in connection.execute(statement, (after_id,))]


def _papers_of(connection: sqlite3.Connection, items: list[Item]) -> dict[str, Paper]:
    return rows.papers(connection, [item.key for item in items if item.key])
