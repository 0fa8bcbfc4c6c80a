"""Sitemaps: the addresses that a site lists for machines, with the day each page changed."""

import datetime as dt
import re
import zlib

from ..answers import FetchError
from ..fetch import Ask, Fetched
from .feeds import Entry
from .found import Context, Facts, SourceError
from .lists import issue_like
from .pages import absolute, soup_of
from .trees import MAX_MEMBER

_SITEMAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")
_MAX_SITEMAPS = 200


def is_sitemap(body: bytes) -> bool:
    return _SITEMAP.search(body[:2000]) is not None


def read_sitemap(url: str, context: Context) -> list[Entry]:
    """The issue-like addresses of a sitemap and of the sitemaps it names; posts' own sitemaps are preferred."""
    entries: dict[str, Entry] = {}
    waiting = [url]
    seen: set[str] = set()
    while waiting and len(seen) < _MAX_SITEMAPS:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        try:
            page = context.fetcher.get(address, Ask(fresh=True))
        except FetchError as error:
            if address == url:
                raise SourceError(str(error)) from error
            continue
        soup = soup_of(_unpacked(page), "xml")
        named = [absolute(address, node.get_text(strip=True)) for node in soup.select("sitemap > loc")]
        inner = [name for name in named if name is not None]
        posts = [name for name in inner if re.search(r"sitemap-posts|post-sitemap|/posts?[-/]", name)]
        waiting += posts or inner
        for node in soup.select("url > loc"):
            found = absolute(address, node.get_text(strip=True))
            if found is None or not issue_like(found):
                continue
            changed = node.parent.find("lastmod") if node.parent is not None else None
            stamp = changed.get_text(strip=True) if changed is not None else None
            entries.setdefault(found, Entry(found, Facts(url=found), changed_at=_moment(stamp)))
    return list(entries.values())


def _unpacked(page: Fetched) -> bytes:
    """Sitemaps may be gzipped files (not merely gzipped answers)."""
    if not page.body.startswith(b"\x1f\x8b"):
        return page.body
    try:
        return zlib.decompressobj(wbits=31).decompress(page.body, MAX_MEMBER)
    except zlib.error as error:
        raise SourceError(f"{page.url} is a damaged gzip file: {error}.") from error


def _moment(stamp: str | None) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(stamp) if stamp else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=dt.UTC)
