"""Items that are items already, as JSON Lines: our own exports, the output of `parse`, and plain records.

Three shapes are read, also mixed in one file and gzipped:
- one object an issue, `{"issue": {...}, "items": [...]}`, as `backissues parse` and `export --format jsonl` give;
- one object an item with its issue inside, `{"title", "url", ..., "issue": {...}}`, as `/api/v1/items.jsonl` gives;
- one flat object an item, `{"title", "url", "summary", "section", "issue": 12, "date": "2021-02-03"}`.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import orjson

from index.types import Document, FurtherLink, Issue, Item, Paper

from ..links import canonical_key, clean_url, kind_of
from .found import Context, Failure, Found, SourceError, Yield
from .tables import date_of, number_of, text_of
from .trees import MAX_MEMBER, Tree


def read(tree: Tree, name: str, context: Context) -> Yield:
    """The issues of a JSON Lines file; a broken line is reported with its number and the rest is read."""
    source = tree.source(name)
    groups: dict[str, list[Mapping[str, Any]]] = {}
    lines: dict[str, bytes] = {}
    count = 0
    for number, line in _lines(tree, name):
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Failure(f"{source}:{number}", f"Line {number} is no valid JSON: {error}.")
            continue
        if not isinstance(record, dict) or not (isinstance(record.get("items"), list) or text_of(record.get("title"))):
            yield Failure(
                f"{source}:{number}", f'Line {number} is neither an issue with "items" nor an item with a "title".'
            )
            continue
        if isinstance(record.get("items"), list):
            found = _whole(record, line, source)
            context.progress.found(1 if count else 0)
            count += 1
            yield found
            continue
        group = _group(record)
        groups.setdefault(group, []).append(record)
        lines[group] = lines.get(group, b"") + line + b"\n"
    context.progress.found(max(0, len(groups) - (0 if count else 1)))
    for group, records in groups.items():
        yield Found(f"{source}#{group}", lines[group], document=_gathered(records), named=True)
    if not count and not groups:
        yield Failure(source, "The file holds no items.")


def _lines(tree: Tree, name: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, as a stream: an export may be larger than memory."""
    source = tree.source(name)
    try:
        with tree.open(name) as raw:
            file = io.BufferedReader(cast("io.RawIOBase", raw))
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            lines = gzip.GzipFile(fileobj=file) if packed else file
            number = 0
            while line := lines.readline(MAX_MEMBER + 1):
                number += 1
                if len(line) > MAX_MEMBER:
                    raise SourceError(f"Line {number} of {source} is larger than {MAX_MEMBER // 1_000_000} MB.")
                line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                if line.strip():
                    yield number, line.rstrip(b"\r\n")
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise SourceError(f"{source} cannot be read to its end: {error}.") from error


def _whole(record: Mapping[str, Any], line: bytes, source: str) -> Found:
    issue = _issue(_mapping(record.get("issue")))
    items = tuple(_item(_mapping(entry), index) for index, entry in enumerate(record["items"], 1))
    aliases = _texts(record.get("aliases"))
    document = Document(issue, items, unassigned=_texts(record.get("unassigned")), aliases=aliases)
    name = text_of(record.get("source")) or f"{source}#{_group({'issue': record.get('issue')})}"
    papers = tuple(_paper(_mapping(entry)) for entry in record.get("papers") or () if _mapping(entry).get("key"))
    return Found(name, line, document=document, papers=papers, named=True)


def _gathered(records: list[Mapping[str, Any]]) -> Document:
    first = records[0]
    inner = first.get("issue")
    head = inner if isinstance(inner, dict) else {"number": inner, **{k: first.get(k) for k in ("date", "newsletter")}}
    if not isinstance(inner, dict) and isinstance(inner, str) and number_of(inner) is None:
        head = {**head, "title": inner}
    items = [_item(record, index) for index, record in enumerate(records, 1)]
    items.sort(key=lambda item: item.position)
    return Document(_issue(head), tuple(replace(item, position=index) for index, item in enumerate(items, 1)))


def _group(record: Mapping[str, Any]) -> str:
    """What tells the issues of a file apart."""
    issue = record.get("issue")
    if isinstance(issue, dict):
        parts = [issue.get("url") or issue.get("id") or issue.get("number") or issue.get("title"), issue.get("date")]
        return " ".join(str(part) for part in parts if part)
    return " ".join(str(part) for part in (issue, record.get("date")) if part) or "items"


def _issue(data: Mapping[str, Any]) -> Issue:
    number = number_of(data.get("number"))
    date = date_of(data.get("date"))
    title = text_of(data.get("title")) or (f"Issue {number}" if number is not None else str(date or "Untitled issue"))
    return Issue(
        title=title,
        newsletter=text_of(data.get("newsletter")) or "",
        number=number,
        date=date,
        year=number_of(data.get("year")) or (date.year if date else None),
        week=number_of(data.get("week")),
        url=text_of(data.get("url")),
        language=text_of(data.get("language")),
        id=number_of(data.get("id")) or 0,
    )


def _item(data: Mapping[str, Any], index: int) -> Item:
    url = text_of(data.get("url"))
    key = text_of(data.get("key")) or (canonical_key(url) if url else None)
    return Item(
        position=number_of(data.get("position")) or index,
        title=text_of(data.get("title")) or url or "Untitled",
        section=text_of(data.get("section")),
        subtitle=text_of(data.get("subtitle")),
        summary=text_of(data.get("summary")) or text_of(data.get("description")),
        note=text_of(data.get("note")),
        url=clean_url(url) if url else None,
        key=key,
        kind=text_of(data.get("kind")) or (kind_of(url, key) if url else "article"),
        image=text_of(data.get("image")),
        language=text_of(data.get("language")),
        id=number_of(data.get("id")) or 0,
        links=tuple(_links(data.get("further_links"))),
    )


def _links(value: object) -> Iterator[FurtherLink]:
    """Further links: objects as our exports have them, or addresses alone."""
    for entry in value if isinstance(value, list) else ():
        data = {"url": entry} if isinstance(entry, str) else _mapping(entry)
        url = clean_url(text_of(data.get("url")) or "")
        key = text_of(data.get("key")) or (canonical_key(url) if url else None)
        if url and key:
            yield FurtherLink(url, key, text_of(data.get("kind")) or kind_of(url, key), text_of(data.get("text")))


def _paper(data: Mapping[str, Any]) -> Paper:
    return Paper(
        key=str(data["key"]),
        title=text_of(data.get("title")) or "",
        abstract=text_of(data.get("abstract")) or "",
        authors=_texts(data.get("authors")),
        categories=_texts(data.get("categories")),
        published=date_of(data.get("published")),
        updated=date_of(data.get("updated")),
        doi=text_of(data.get("doi")),
        journal=text_of(data.get("journal")),
        comment=text_of(data.get("comment")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()
