"""RSS, Atom and JSON feeds: entries with their full text, or the pages that the entries link to."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import feedparser
import orjson

from ..answers import FetchError
from ..fetch import Ask
from .found import Context, Facts, Failure, Found, SourceError, Yield
from .pages import absolute, as_html, plain, soup_of
from .tables import date_of, text_of

_MAX_PAGES = 500
_FEED = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]")
_FULL = 1500
"""Characters of text from which on an entry is taken for the whole issue."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One post that a feed, a sitemap or a list of posts names."""

    url: str
    facts: Facts
    body: str = ""
    """HTML; "" where only the page has the text."""
    changed_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as read: its entries and where older ones are."""

    title: str | None
    entries: tuple[Entry, ...]
    older: str | None
    generator: str


def is_feed(body: bytes) -> bool:
    head = body[:2000]
    return bool(_FEED.search(head)) or (head.lstrip()[:1] == b"{" and b"jsonfeed.org/version" in head)


def open_feed(url: str, context: Context) -> Yield:
    """The issues of a feed, older pages of it included; `SourceError` where there is no feed."""
    seen: set[str] = set()
    for feed in _pages(url, context):
        new = [entry for entry in feed.entries if entry.url not in seen]
        seen.update(entry.url for entry in new)
        context.progress.found(len(new))
        for entry in new:
            yield issue_of(entry, context)
    if not seen:
        raise SourceError(f"The feed {url} has no entries.")


def entries_of(url: str, context: Context) -> list[Entry]:
    """All entries of a feed, newest first; [] where it cannot be read."""
    try:
        return list({entry.url: entry for feed in _pages(url, context) for entry in feed.entries}.values())
    except SourceError:
        return []


def issue_of(entry: Entry, context: Context) -> Found | Failure:
    """The issue behind an entry: its text if that is the whole, else its page, else what text there is."""
    text = soup_of(entry.body) if entry.body else None
    links = 0 if text is None else len(text.find_all("a", href=True))
    if text is not None and links > 1 and len(text.get_text()) >= _FULL:
        return Found(entry.url, as_html(entry.facts, entry.body), "text/html", entry.facts)
    try:
        page = context.fetcher.get(entry.url)
    except FetchError as error:
        if links:
            return Found(entry.url, as_html(entry.facts, entry.body), "text/html", entry.facts)
        return Failure(entry.url, str(error))
    if links and page.media_type not in (None, "text/html", "application/xhtml+xml"):
        return Found(entry.url, as_html(entry.facts, entry.body), "text/html", entry.facts)
    return Found(entry.url, page.text, page.media_type or "text/html", entry.facts)


def read_feed(body: bytes, url: str) -> Feed:
    """A feed from its bytes."""
    if body.lstrip()[:1] == b"{":
        return _json_feed(body, url)
    parsed = feedparser.parse(body, sanitize_html=False, response_headers={"content-location": url})
    if not parsed.entries and not parsed.feed:
        raise SourceError(f"{url} is no feed that can be read ({parsed.get('bozo_exception', 'unknown form')}).")
    title = text_of(parsed.feed.get("title"))
    older = next((link.get("href") for link in parsed.feed.get("links", ()) if link.get("rel") == "next"), None)
    entries = (_entry(entry, url, title) for entry in parsed.entries)
    generator = str(parsed.feed.get("generator", "")).lower()
    return Feed(title, tuple(entry for entry in entries if entry), absolute(url, older) if older else None, generator)


def _pages(url: str, context: Context) -> Iterator[Feed]:
    """A feed and its older pages: the `next` links of RFC 5005, or WordPress's `?paged=`."""
    address: str | None = url
    seen: set[str] = set()
    for number in range(1, _MAX_PAGES + 1):
        if address is None or address in seen:
            return
        seen.add(address)
        try:
            page = context.fetcher.get(address, Ask(fresh=True))
            feed = read_feed(page.body, page.url)
        except (FetchError, SourceError) as error:
            if number == 1:
                raise SourceError(str(error)) from error
            return  # past the last page there is nothing, which servers say in many ways
        if number > 1 and not feed.entries:
            return
        yield feed
        wordpress = "wordpress" in feed.generator and not urlsplit(url).query
        address = feed.older or (f"{url}?{urlencode({'paged': number + 1})}" if wordpress else None)


def _entry(entry: Any, base: str, newsletter: str | None) -> Entry | None:
    link = entry.get("link") or next((link.get("href") for link in entry.get("links", ()) if link.get("href")), None)
    identity = text_of(entry.get("id"))
    if not link and identity and identity.startswith("http"):
        link = identity
    url = absolute(base, link) if link else None
    if url is None:
        return None
    bodies = [content.get("value", "") for content in entry.get("content", ())] + [entry.get("summary", "")]
    stamp = entry.get("published") or entry.get("updated")
    facts = Facts(
        title=plain(text_of(entry.get("title"))),
        date=date_of(stamp),
        url=url,
        newsletter=newsletter,
        aliases=(f"guid:{identity}",) if identity else (),
    )
    return Entry(url, facts, max(bodies, key=len))


def _json_feed(body: bytes, url: str) -> Feed:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{url} is no valid JSON feed: {error}.") from error
    title = text_of(data.get("title"))
    entries = []
    for item in data.get("items") or ():
        link = text_of(item.get("url")) or text_of(item.get("external_url"))
        address = absolute(url, link) if link else None
        if address is None:
            continue
        identity = text_of(item.get("id"))
        facts = Facts(
            title=plain(text_of(item.get("title"))),
            date=date_of(item.get("date_published")),
            url=address,
            newsletter=title,
            aliases=(f"guid:{identity}",) if identity else (),
        )
        entries.append(Entry(address, facts, item.get("content_html") or item.get("content_text") or ""))
    older = text_of(data.get("next_url"))
    return Feed(title, tuple(entries), absolute(url, older) if older else None, "json")
