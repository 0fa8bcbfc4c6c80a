"""Issues on the web: a single page, a feed, a sitemap, or a whole archive with paging to the first issue."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from ..answers import FetchError
from ..fetch import Ask, Fetched
from ..links import clean_url
from . import archives, records
from .feeds import Entry, is_feed, issue_of, open_feed
from .found import Context, Failure, Found, SourceError, Yield
from .lists import is_list
from .pages import soup_of
from .sitemaps import is_sitemap, read_sitemap
from .split import split
from .trees import Memory

_PAGES = (None, "text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/x-markdown")


def open_url(url: str, context: Context) -> Yield:
    """The issues behind an address; what it is, is read off what it answers, unless `--as` says it."""
    kind = context.options.kind
    if kind == "feed":
        yield from open_feed(url, context)
        return
    if kind == "sitemap":
        yield from _each(read_sitemap(url, context), context)
        return
    try:
        page = context.fetcher.get(url, Ask(fresh=True))
    except FetchError as error:
        raise SourceError(str(error)) from error
    if kind is None and is_feed(page.body):
        yield from open_feed(url, context)
    elif kind is None and is_sitemap(page.body):
        yield from _each(read_sitemap(url, context), context)
    elif kind == "jsonl" or (kind is None and urlsplit(page.url).path.endswith((".jsonl", ".ndjson"))):
        context.progress.found()
        yield from records.read(Memory(page.url, page.body), "", context)
    else:
        yield from _page(url, page, context)


def _page(url: str, page: Fetched, context: Context) -> Yield:
    kind = context.options.kind
    media_type = _media_type(page)
    if media_type not in _PAGES:
        if page.body.startswith(b"PK\x03\x04"):
            raise SourceError(f"{url} is a zip. Save it and give the path of the file instead.")
        raise SourceError(f"{url} answers with {media_type}, which is no page, feed or sitemap.")
    if kind in (None, "archive") and media_type in (None, "text/html", "application/xhtml+xml"):
        soup = soup_of(page.body)
        if kind == "archive" or archives.is_archive(page.url, soup) or is_list(page.url, soup):
            yield from _each(archives.entries(page.url, soup, context), context)
            return
    context.progress.found()
    address = clean_url(page.url) or page.url
    yield from split(Found(address, page.text, media_type or "text/html", named=True), context)


def _each(entries: Iterable[Entry], context: Context) -> Yield:
    """The issue of every entry; `SourceError` where there is none."""
    listed = list(entries)
    if not listed:
        raise SourceError("No issue is listed there. Give the address of the archive page, the feed or the sitemap.")
    context.progress.found(len(listed))
    for entry in listed:
        yield _issue(entry, context)


def _issue(entry: Entry, context: Context) -> Found | Failure:
    if entry.body:
        return issue_of(entry, context)
    try:
        page = context.fetcher.get(entry.url, Ask(changed_at=entry.changed_at))
    except FetchError as error:
        return Failure(entry.url, str(error))
    media_type = _media_type(page)
    if media_type not in _PAGES:
        return Failure(entry.url, f"It answers with {media_type}, which is no page.", skipped=True)
    return Found(entry.url, page.text, media_type or "text/html", entry.facts)


def _media_type(page: Fetched) -> str | None:
    """The type of a page; a Markdown file served as plain text is Markdown."""
    markdown = urlsplit(page.url).path.lower().endswith((".md", ".markdown"))
    return "text/markdown" if markdown and page.media_type in (None, "text/plain") else page.media_type
