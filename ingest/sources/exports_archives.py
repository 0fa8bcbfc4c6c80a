"""Exports with one file an issue and what is known of it beside: Mailchimp and Curated."""

import re
import unicodedata
from difflib import SequenceMatcher
from pathlib import PurePosixPath
from typing import Any

import orjson

from index.types import Document, Issue, Item

from ..links import canonical_key, clean_url, kind_of
from ..parse.described import links_in
from .found import Context, Facts, Failure, Found, SourceError, Yield
from .pages import plain
from .tables import csv_rows, date_of, json_member, number_of, text_of
from .trees import Tree, read

_MERGE_TAG = re.compile(rb"\*\|[A-Z0-9_:.,\- ]{1,80}\|\*", re.IGNORECASE)
_CURATED = re.compile(r"(?:^|/)issues/([a-z_]+)/\d+/\d+\.json$")


def matches_mailchimp(tree: Tree, names: list[str]) -> bool:  # noqa: ARG001
    return any(_is_campaign(name) for name in names) and any(_is_campaign_table(name) for name in names)


def read_mailchimp(tree: Tree, context: Context) -> Yield:
    """`campaigns.csv` and `campaigns_content/*.html`, in folders of any depth; merge tags are taken out.

    The table names no file: a row belongs to the page whose name holds its id, or else is most like its subject.
    """
    names = tree.names()
    pages = [name for name in names if _is_campaign(name)]
    rows = [row for name in names if _is_campaign_table(name) for row in csv_rows(tree, name)]
    context.progress.found(len(pages))
    for name in pages:
        row = _campaign(PurePosixPath(name).stem, rows)
        source = tree.source(name)
        if row and not row.get("send date", "").strip():
            yield Failure(source, "a campaign that was never sent", skipped=True)
            continue
        try:
            body = _MERGE_TAG.sub(b"", read(tree, name))
        except SourceError as error:
            yield Failure(source, str(error))
            continue
        unique = row.get("unique id", "")
        facts = Facts(
            title=text_of(row.get("subject", "")) or text_of(row.get("title", "")),
            date=date_of(row.get("send date", "")),
            aliases=(f"mailchimp:{unique}",) if unique else (),
        )
        yield Found(source, body, "text/html", facts)


def matches_curated(tree: Tree, names: list[str]) -> bool:  # noqa: ARG001
    return any(_CURATED.search(name) for name in names)


def read_curated(tree: Tree, context: Context) -> Yield:
    """`issues/published/<n>/<n>.json`: items with their sections, ready made."""
    names = [name for name in tree.names() if _CURATED.search(name)]
    context.progress.found(len(names))
    for name in names:
        source = tree.source(name)
        try:
            data = json_member(tree, name)
        except SourceError as error:
            yield Failure(source, str(error))
            continue
        status = str(data.get("publication_status", "")) if isinstance(data, dict) else "unknown"
        if status != "published":
            yield Failure(source, f"not published ({status or 'unknown'})", skipped=True)
            continue
        yield Found(source, orjson.dumps(data), document=_curated(data, source))


def _curated(data: dict[str, Any], source: str) -> Document:
    number = number_of(data.get("number"))
    date = date_of(data.get("published_at"))
    issue = Issue(
        title=text_of(data.get("title")) or f"Issue {number}",
        number=number,
        date=date,
        year=date.year if date else None,
        url=text_of(data.get("url")),
    )
    items: list[Item] = []
    for category in data.get("categories") or ():
        for entry in category.get("items") or ():
            url = text_of(entry.get("url"))
            title = text_of(entry.get("title"))
            if url is None or title is None:
                continue  # texts without a link introduce or close the issue
            key = canonical_key(url)
            said = text_of(entry.get("description")) or text_of(entry.get("description_markdown"))
            items.append(
                Item(
                    position=len(items) + 1,
                    title=title,
                    section=text_of(category.get("name")),
                    summary=plain(said),
                    url=clean_url(url),
                    key=key,
                    kind=kind_of(url, key),
                    links=links_in(said, key),
                )
            )
    return Document(issue, tuple(items), source=source)


def _campaign(stem: str, rows: list[dict[str, str]]) -> dict[str, str]:
    """The table row of a campaign page, {} where none is like it."""
    for row in rows:
        if row.get("unique id") and row["unique id"] in stem:
            return row
    slug = _slug(stem.partition("_")[2] or stem)
    best, likeness = {}, 0.7
    for row in rows:
        for column in ("subject", "title"):
            ratio = SequenceMatcher(None, slug, _slug(row.get(column, ""))).ratio()
            if ratio > likeness:
                best, likeness = row, ratio
    return best


def _slug(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", ascii_text))


def _is_campaign(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in (".html", ".htm") and path.parent.name.lower() == "campaigns_content"


def _is_campaign_table(name: str) -> bool:
    return PurePosixPath(name).name.lower() == "campaigns.csv"
