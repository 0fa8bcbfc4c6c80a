"""From a found document to one ready for the archive: parse it, add what the place knew, name its identities."""

import hashlib
import re
import unicodedata
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from index.types import Document, Issue, Item

from ..links import canonical_key, clean_url
from ..options import Options
from ..parse.dates import Printed, printed_in
from ..parse.document import NotAnIssue, parse
from .found import Facts, Found

__all__ = ["NotAnIssue", "finish", "issue_aliases", "named"]

_MEDIUM_ID = re.compile(r"(?:^|-|/p/)(?=[0-9a-f]*[0-9])([0-9a-f]{10,12})$")


def finish(found: Found, content_hash: str, options: Options) -> Document:
    """The `Document` of what was found; raises `NotAnIssue`."""
    document = found.document
    if document is None:
        # A part of a document (`page#part`) is not what the document's own address stands for.
        source = found.source.partition("#")[2] or found.source
        document = parse(found.body, source, media_type=found.media_type)
    issue = _with_facts(document.issue, found.facts, options)
    aliases = (*found.facts.aliases, *document.aliases, *issue_aliases(issue))
    if found.body:
        aliases = (*aliases, f"content:{hashlib.sha256(found.body).hexdigest()}")
    return replace(
        document,
        issue=issue,
        items=tuple(_absolute(item, issue.url) for item in document.items),
        aliases=tuple(dict.fromkeys(aliases)),
        source=found.source,
        content_hash=content_hash,
    )


def named(document: Document, newsletter: str) -> Document:
    """The document as an issue of a newsletter whose name was found out later."""
    issue = replace(document.issue, newsletter=newsletter)
    return replace(document, issue=issue, aliases=tuple(dict.fromkeys((*document.aliases, *issue_aliases(issue)))))


def issue_aliases(issue: Issue) -> tuple[str, ...]:
    """The identities by which the same issue is recognised when it comes from another place.

    A number says nothing outside its newsletter and language (editions share their numbers), and a title only where
    something in it (a number, a date) sets it apart from the newsletter's other issues.
    """
    aliases = []
    newsletter = _folded(issue.newsletter)
    if issue.url:
        key = canonical_key(issue.url)
        fragment = urlsplit(issue.url).fragment
        aliases += [f"url:{key}#{fragment}" if fragment else f"url:{key}"] if key else []
        aliases += medium_alias(issue.url)
    if newsletter and issue.number is not None:
        aliases.append(f"number:{newsletter}#{issue.number}@{issue.language or ''}")
    title = _folded(issue.title)
    if title and (issue.date or any(char.isdigit() for char in title)):
        aliases.append(f"titled:{newsletter}|{title}|{issue.date or ''}")
    return tuple(aliases)


def medium_alias(url: str) -> list[str]:
    """Medium names a post by the hexadecimal id that ends its address, on every host it is served from."""
    match = _MEDIUM_ID.search(urlsplit(url).path.rstrip("/"))
    return [f"medium:{match[1]}"] if match else []


def _with_facts(issue: Issue, facts: Facts, options: Options) -> Issue:
    printed = printed_in(facts.title) if facts.title else Printed()
    date = facts.date or printed.date or issue.date
    url = facts.url or issue.url
    year = printed.year or issue.year
    return replace(
        issue,
        title=facts.title or issue.title,
        number=next((n for n in (facts.number, printed.number, issue.number) if n is not None), None),
        date=date,
        year=year if year is not None or date is None else date.year,
        week=printed.week if printed.week is not None else issue.week,
        url=clean_url(url) if url else None,
        newsletter=options.newsletter or facts.newsletter or issue.newsletter,
        language=facts.language or issue.language,
    )


def _absolute(item: Item, base: str | None) -> Item:
    """Links and images written relative to the page they stood on."""
    if base is None:
        return item
    url, image = item.url, item.image
    if url and not urlsplit(url).scheme:
        url = clean_url(urljoin(base, url))
        item = replace(item, url=url, key=canonical_key(url))
    if image and not urlsplit(image).scheme:
        item = replace(item, image=urljoin(base, image))
    return item


def _folded(text: str) -> str:
    """For comparing titles: case, width, punctuation and spacing do not matter."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(char if char.isalnum() else " " for char in plain).split())
