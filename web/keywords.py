"""A keyword index as plain files, for a search that runs in the browser.

The words are those of the server (`index.text.tokens`, ported to JavaScript and compared by a test). Postings are cut
into files by a hash of the word, so that a question loads only those of its own words:

- `about.json`: sizes, and the tables that the columns point into
- `items.json`: columns over all items, in the order of documents
- `words/N.json`: `{word: [document, weight, document, weight, …]}` with documents ascending
- `texts/N.json`: what the items say, `TEXTS` to a file
"""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import orjson

from index.archive import Archive
from index.text import tokens
from index.types import Issue

from .entries import Entry, entries
from .render import without
from .shortening import shorten

WEIGHTS = (("title", 3), ("subtitle", 2), ("note", 1), ("summary", 1), ("section", 1))
TEXTS = 100
SNIPPET = 220
PER_FILE = 6_000
"""Postings in one file of words, about 50 kB."""
WINDOW = 500


class Table:
    """Distinct values in the order of their first appearance; what does not apply is -1."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, value: str | None) -> int:
        if value is None:
            return -1
        if value not in self._places:
            self._places[value] = len(self.values)
            self.values.append(value)
        return self._places[value]


class Index:
    """All of the index, in memory until it is written."""

    def __init__(self) -> None:
        self.postings: dict[str, list[int]] = {}
        self.columns: dict[str, list[int | str]] = {
            name: [] for name in ("id", "title", "issue", "section", "kind", "host", "language", "work", "length")
        }
        self.texts: list[str] = []
        self.tables = {name: Table() for name in ("section", "kind", "host", "language")}
        self.works: dict[str, int] = {}
        self.issues: dict[int, int] = {}
        self.issue_rows: list[dict[str, object]] = []

    def add(self, entry: Entry, host: str | None) -> None:
        item, document = entry.item, len(self.texts)
        weights: Counter[str] = Counter()
        for name, weight in WEIGHTS:
            for token in tokens(getattr(item, name) or ""):
                weights[token] += weight
        for token, weight in weights.items():
            self.postings.setdefault(token, []).extend((document, weight))
        row: dict[str, int | str] = {
            "id": item.id,
            "title": item.title,
            "issue": self._issue(entry.issue),
            "length": weights.total(),
        }
        values = {"section": item.section, "kind": item.kind, "host": host, "language": item.language}
        row |= {name: self.tables[name].place(value) for name, value in values.items()}
        row["work"] = -1 if item.key is None else self.works.setdefault(item.key, len(self.works))
        for name, column in self.columns.items():
            column.append(row[name])
        text = " ".join((item.summary or item.note or "").split())
        self.texts.append(shorten(text, SNIPPET))

    def _issue(self, issue: Issue) -> int:
        if issue.id not in self.issues:
            self.issues[issue.id] = len(self.issue_rows)
            row = {"id": issue.id, "number": issue.number, "name": _name(issue), "year": issue.year}
            self.issue_rows.append({**row, "date": issue.date, "newsletter": issue.newsletter})
        return self.issues[issue.id]

    def files(self) -> Iterable[tuple[str, object]]:
        """Names and contents of the files."""
        shards: list[dict[str, list[int]]] = [{} for _ in range(max(1, self._count() // PER_FILE))]
        for token, found in self.postings.items():
            shards[shard(token, len(shards))][token] = found
        lengths = [length for length in self.columns["length"] if isinstance(length, int)]
        about = {
            "shards": len(shards),
            "texts": TEXTS,
            "average": sum(lengths) / max(1, len(lengths)),
            "issues": self.issue_rows,
            "several": len({row["newsletter"] for row in self.issue_rows if row["newsletter"]}) > 1,
            **{f"{name}s": table.values for name, table in self.tables.items()},
        }
        yield "about.json", about
        yield "items.json", self.columns
        yield from ((f"words/{number}.json", words) for number, words in enumerate(shards))
        for start in range(0, len(self.texts), TEXTS):
            yield f"texts/{start // TEXTS}.json", self.texts[start : start + TEXTS]

    def _count(self) -> int:
        return sum(len(found) // 2 for found in self.postings.values())


def _name(issue: Issue) -> str:
    """An issue as the pages name it (they are published in English)."""
    if issue.number is not None:
        return f"№ {issue.number}"
    return f"Week {issue.week}" if issue.week else shorten(without(issue.title, issue.newsletter), 36)


def shard(token: str, shards: int) -> int:
    """Which file a word is in: FNV-1a over its bytes, in 32 bits."""
    state = 0x811C9DC5
    for byte in token.encode():
        state = ((state ^ byte) * 0x01000193) & 0xFFFFFFFF
    return state % shards


def build(archive: Archive, host: Callable[[str], str]) -> Index:
    """The index over all items. `host` names the host of a link."""
    index = Index()
    last = 0
    while window := list(islice(archive.all_items(last), WINDOW)):
        last = window[-1].id
        for entry in entries(archive, window):
            index.add(entry, host(entry.item.url) if entry.item.url else None)
    return index


def write(archive: Archive, out: Path, host: Callable[[str], str]) -> int:
    """Write the index into the folder `out` and return the number of files."""
    count = 0
    for name, content in build(archive, host).files():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(content))
        count += 1
    return count
