"""The whole archive as text: the archive is its owner's, and its readers'.

`jsonl` holds everything and can be ingested again into an identical archive. `csv` is for spreadsheets, `bibtex` for
papers, `markdown` for reading. All are made piece by piece, so that size does not matter, and in a fixed order, so
that the same archive gives the same bytes.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import BinaryIO, Literal, get_args

import orjson

from index.archive import Archive
from index.errors import ArchiveError
from index.labels import host_of
from index.types import FurtherLink, Issue, Item

from .bibtex import bibtex
from .entries import Entry, entries
from .records import ItemOut
from .urls import Urls

Format = Literal["jsonl", "csv", "bibtex", "markdown"]
FORMATS: tuple[Format, ...] = get_args(Format)

WINDOW = 500
"""Items fetched at once."""

COLUMNS = (
    *("id", "issue_id", "newsletter", "issue_number", "issue_title", "issue_date", "issue_url", "position"),
    *("section", "title", "subtitle", "summary", "note", "url", "key", "kind", "image", "language"),
    "further_links",
)


class ArchiveChangedError(ArchiveError):
    """The archive was written to while it was being read out; what was read so far must be thrown away."""


def export(archive: Archive, form: Format, out: BinaryIO) -> int:
    """Write the archive to `out` and return the number of bytes. Errors: ArchiveChangedError."""
    return sum(out.write(piece) for piece in pieces(archive, form))


def pieces(archive: Archive, form: Format) -> Iterator[bytes]:
    """The export in pieces of some kilobytes, each made without holding anything of the archive open."""
    makers: Mapping[Format, Callable[[Archive], Iterator[bytes]]] = {
        "jsonl": issue_lines,
        "csv": item_rows,
        "bibtex": citations,
        "markdown": reading,
    }
    return unchanged(archive, makers[form](archive), archive.generation)


def unchanged(archive: Archive, parts: Iterator[bytes], generation: int) -> Iterator[bytes]:
    """`parts`, as long as all that was read for them is of the archive's state `generation`.

    Errors: ArchiveChangedError.
    """
    for part in parts:
        if archive.generation != generation:
            raise ArchiveChangedError("The archive changed during the export; please start it again.")
        yield part


def issue_lines(archive: Archive) -> Iterator[bytes]:
    """One JSON object an issue, oldest first: as `parse` prints it, with ids and all else that the archive keeps."""
    for issue in reversed(archive.issues()):
        document = archive.document(issue.id)
        keys = list({item.key: None for item in document.items if item.key is not None})
        record = {
            "issue": asdict(document.issue),
            "items": [_item(item) for item in document.items],
            "unassigned": document.unassigned,
            "aliases": document.aliases,
            "source": document.source,
            "content_hash": document.content_hash,
            "papers": [asdict(paper) for paper in archive.papers(keys).values()],
        }
        yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def item_lines(archive: Archive, urls: Urls) -> Iterator[bytes]:
    """One JSON object an item, by id, in the shape of `ItemOut`."""
    for window in _windows(archive):
        yield b"".join(ItemOut.of(entry, urls).json_bytes() + b"\n" for entry in window)


def item_rows(archive: Archive) -> Iterator[bytes]:
    """One row an item, by id, after a row of names (RFC 4180)."""
    yield _csv([COLUMNS])
    for window in _windows(archive):
        yield _csv([_row(entry.item, entry.issue) for entry in window])


def citations(archive: Archive) -> Iterator[bytes]:
    """One BibTeX entry for each work, at the place of its first mention."""
    for window in _windows(archive):
        yield "".join(
            bibtex(entry.item, [entry.issue, *(m.issue for m in entry.also_in)], entry.paper) + "\n"
            for entry in window
            if entry.item.url and all(mention.item_id > entry.item.id for mention in entry.also_in)
        ).encode()


def reading(archive: Archive) -> Iterator[bytes]:
    """One Markdown document, oldest issue first."""
    for issue in reversed(archive.issues()):
        yield issue_markdown(issue, archive.issue_items(issue.id)).encode()


def issue_markdown(issue: Issue, items: list[Item]) -> str:
    lines = [f"# {_inline(issue.title)}", ""]
    facts = [str(fact) for fact in (issue.newsletter, issue.date, issue.url and f"<{issue.url}>") if fact]
    if facts:
        lines += [" · ".join(facts), ""]
    section = None
    for item in items:
        if item.section != section and item.section is not None:
            lines += [f"## {_inline(item.section)}", ""]
        section = item.section
        title = _inline(item.title)
        lines += [f"### [{title}](<{item.url}>)" if item.url else f"### {title}", ""]
        lines += [f"*{_inline(item.subtitle)}*", ""] if item.subtitle else []
        lines += [item.summary, ""] if item.summary else []
        lines += [" · ".join(map(_further, item.links)), ""] if item.links else []
        lines += [f"> {' '.join(item.note.split())}", ""] if item.note else []
    return "\n".join(lines) + "\n"


def _further(link: FurtherLink) -> str:
    """A further link, called as it was, else after its kind or its address."""
    name = link.text or (link.kind.capitalize() if link.kind != "article" else host_of(link.url) or link.key)
    return f"[{_inline(name)}](<{link.url}>)"


def _windows(archive: Archive) -> Iterator[list[Entry]]:
    last = 0
    while window := list(islice(archive.all_items(last), WINDOW)):
        last = window[-1].id
        yield entries(archive, window)


def _row(item: Item, issue: Issue) -> list[object]:
    place = [item.id, issue.id, issue.newsletter, issue.number, issue.title, issue.date, issue.url, item.position]
    texts = [item.section, item.title, item.subtitle, item.summary, item.note, item.url, item.key, item.kind]
    return [*place, *texts, item.image, item.language, " ".join(link.url for link in item.links)]


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _inert(cell: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it: the text is other people's."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _inline(text: str) -> str:
    text = " ".join(text.split())
    for c in "\\`*_[]<>":
        text = text.replace(c, f"\\{c}")
    return text


def _item(item: Item) -> dict[str, object]:
    """An item under the names that `parse` prints, and its id."""
    named = {"links": "further_links"}
    return {named.get(name, name): value for name, value in asdict(item).items() if name != "issue_id"}
