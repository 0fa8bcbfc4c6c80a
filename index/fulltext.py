# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""The full-text index: what is written for an item, phrases, and postings of tokens."""

import sqlite3
from collections.abc import Iterable

import numpy as np

from . import text
from .types import Filters, IdArray, Item, Paper, Postings

WEIGHTS = {
    "title": 2.0,
    "subtitle": 2.0,
    "summary": 1.0,
    "note": 1.0,
    "paper_title": 2.0,
    "abstract": 0.5,
    "authors": 1.0,
    "wholes": 1.0,
}
"""What one occurrence in each field counts."""
PHRASE_FIELDS = ("title", "subtitle", "summary", "note", "paper_title", "abstract")
"""An item's own text: where phrases are looked for."""
_BETWEEN_AUTHORS = " | "  # a word that no text has, so that no phrase spans two names

_COLUMNS = ", ".join(WEIGHTS)
_INSERT = f"insert into fulltext (rowid, {_COLUMNS}) values (?{', ?' * len(WEIGHTS)})"


def document(item: Item, paper: Paper | None) -> tuple[str, ...]:
    """The words of an item, a string for each field of WEIGHTS."""
    fields = [item.title, item.subtitle or "", item.summary or "", item.note or ""]
    authors: tuple[str, ...] = ()
    if paper is not None:
        fields += ["" if paper.title == item.subtitle else paper.title, paper.abstract]
        authors = paper.authors
    else:
        fields += ["", ""]
    analysed = [text.streams(field) for field in fields]
    wholes = " ".join(name for _, names in analysed for name in names)
    named = _BETWEEN_AUTHORS.join(" ".join(text.words(author)) for author in authors)
    return *(" ".join(words) for words, _ in analysed), named, wholes


def length(fields: tuple[str, ...]) -> int:
    """How many words the document of an item has."""
    return sum(len(field.split()) for field in fields)


def write(connection: sqlite3.Connection, documents: dict[int, tuple[str, ...]]) -> None:
    """Put the documents of items, by item id, in place of what was there."""
    remove(connection, documents)
    connection.executemany(_INSERT, [(id_, *fields) for id_, fields in documents.items()])
    seen = {word for fields in documents.values() for field in fields for word in field.split()}
    inflected = [(stem, word) for word in sorted(seen) if (stem := text.stem(word)) != word]
    connection.executemany("insert or ignore into inflection (stem, word) values (?, ?)", inflected)


def remove(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    connection.executemany("delete from fulltext where rowid = ?", [(id_,) for id_ in ids])


def having(connection: sqlite3.Connection, phrase: str, fields: Iterable[str] = PHRASE_FIELDS) -> IdArray | None:
    """The items that have a phrase in one of the fields; None for a phrase without words."""
    words, beginning = text.phrase(phrase)
    if not words:
        return None
    query = f'{{{" ".join(fields)}}} : "{" ".join(words)}"{" *" if beginning else ""}'
    rows = connection.execute("select rowid from fulltext where fulltext match ? order by rowid", (query,))
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def postings(connection: sqlite3.Connection, token: str) -> Postings:
    """Where a token of `text.tokens` occurs, in any inflection, with the weights of the fields summed."""
    ids: list[int] = []
    weights: list[float] = []
    for word in _words(connection, token):
        for id_, field in connection.execute("select doc, col from occurrence where term = ?", (word,)):
            ids.append(id_)
            weights.append(WEIGHTS[field])
    found, places = np.unique(np.array(ids, dtype=np.int64), return_inverse=True)
    sums = np.bincount(places, weights=np.array(weights, dtype=np.float64), minlength=len(found))
    return Postings(token, found, sums.astype(np.float32))


def _words(connection: sqlite3.Connection, token: str) -> list[str]:
    """The words that a token stands for: its inflections, or what begins with it for a lone unspaced character."""
    if text.phrase(token)[1]:
        # fts5vocab can be asked for a range of terms; the highest character closes it
        statement = "select distinct term from occurrence where term >= ? and term < ?"
        return [row[0] for row in connection.execute(statement, (token, token + "\U0010ffff"))]
    rows = connection.execute("select word from inflection where stem = ?", (token,))
    return [row[0] for row in rows if row[0] != token] + [token] * (text.stem(token) == token)


def conditions(connection: sqlite3.Connection, filters: Filters) -> tuple[list[IdArray], list[IdArray]]:
    """The items that each condition on words asks for, and those that each one rules out."""
    wanted = [having(connection, phrase) for phrase in filters.phrases]
    if filters.authors:
        named = [having(connection, author, ("authors",)) for author in filters.authors]
        some = [ids for ids in named if ids is not None]
        wanted.append(np.unique(np.concatenate(some)) if some else None)
    excluded = [having(connection, phrase) for phrase in filters.excluded]
    return [ids for ids in wanted if ids is not None], [ids for ids in excluded if ids is not None]
