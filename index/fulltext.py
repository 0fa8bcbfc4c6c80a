# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""The full-text index: what is written for an item, phrases, and postings of tokens."""

import json
import sqlite3
from collections.abc import Iterable

import numpy as np

from . import passages, text
from .types import IdArray, Item, Paper

WEIGHTS = {
    "title": 2.0,
    "subtitle": 2.0,
    "summary": 1.0,
    "note": 1.0,
    "paper_title": 2.0,
    "abstract": 0.5,
    "authors": 1.0,
    "address": 1.0,
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
    address = passages.address_words(item.key)
    analysed = [text.streams(field) for field in (*fields, address)]
    wholes = " ".join(name for _, names in analysed for name in names)
    named = _BETWEEN_AUTHORS.join(" ".join(text.words(author)) for author in authors)
    *own, of_address = (" ".join(words) for words, _ in analysed)
    return *own, named, of_address, wholes


def length(fields: tuple[str, ...]) -> int:
    """How many words the document of an item has."""
    return sum(len(field.split()) for field in fields)


def write(connection: sqlite3.Connection, documents: dict[int, tuple[str, ...]]) -> None:
    """Put the documents of items, by item id, in place of what was there."""
    remove(connection, documents)
    connection.executemany(_INSERT, [(id_, *fields) for id_, fields in documents.items()])


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


def checked(connection: sqlite3.Connection, ids: IdArray, phrase: str, *, author: bool = False) -> IdArray:
    """Those of the items that have a phrase in one of their fields, or in one author's name."""
    words, beginning = text.phrase(phrase)
    wanted = f" {' '.join(words)}{'' if beginning else ' '}"
    columns = "authors" if author else ", ".join(PHRASE_FIELDS)
    statement = f"select rowid, {columns} from fulltext where rowid in (select value from json_each(?)) order by rowid"
    rows = connection.execute(statement, (json.dumps(ids.tolist()),))
    found = [row[0] for row in rows if any(wanted in f" {field} " for field in row[1:])]
    return np.array(found, dtype=np.int64)
