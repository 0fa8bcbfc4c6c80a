"""The archive pages of newsletter platforms, and of any other site: every issue back to the first.

Each platform's own way is tried first; else the list that the page itself is, with all its further pages, completed
from the site's map where it has no further pages, and from its feed where there is hardly anything.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import orjson
from bs4 import BeautifulSoup

from ..answers import FetchError
from ..fetch import Ask
from ..links import clean_url
from .feeds import Entry, entries_of
from .found import Context, Facts, SourceError
from .lists import LIST_NAMES, links_of, main_shape, older_page, shape
from .pages import absolute, soup_of
from .sitemaps import read_sitemap
from .tables import date_of, text_of

_MAX_PAGES = 1000
_SUBSTACK_PAGE = 12
"""Posts a request: the number that Substack's own archive page asks for."""
_MEDIUM_POST = re.compile(r"-([0-9a-f]{10,12})$")
_MEDIUM_PLACES = re.compile(r"/archive(?:/\d{4}(?:/\d\d(?:/\d\d)?)?)?/?$")


def is_archive(url: str, soup: BeautifulSoup) -> bool:
    """Whether the address is a platform's archive although it does not look like a list."""
    parts = urlsplit(url)
    steps = [step for step in parts.path.split("/") if step]
    host = (parts.hostname or "").lower()
    if host == "medium.com" or host.endswith(".medium.com"):
        return not any(_MEDIUM_POST.search(step) for step in steps) and (steps[:1] != ["p"] or len(steps) == 1)
    if host in ("buttondown.com", "buttondown.email"):
        return len(steps) == 1
    return not steps and _platform(url, soup) is not None


def entries(url: str, soup: BeautifulSoup, context: Context) -> list[Entry]:
    """Every issue of the archive at `url`, whose page is `soup`."""
    own = _platform(url, soup)
    found = list(own(url, context)) if own is not None else []
    if not found:
        found, pages = _listed(url, soup, context)
        if pages == 1:  # the rest of a list that goes on by script stands in the site's map
            alike = shape(found[0].url) if len(found) >= 3 else None
            found += [entry for entry in _mapped(url, context) if alike in (None, shape(entry.url))]
    if len(found) < 3:
        found += _fed(url, soup, context)
    return list({entry.url: entry for entry in reversed(found)}.values())[::-1]


def _platform(url: str, soup: BeautifulSoup) -> Callable[[str, Context], Iterator[Entry]] | None:
    host = (urlsplit(url).hostname or "").lower()
    generator = soup.select_one('meta[name="generator"]')
    made_by = str(generator.get("content", "")).lower() if generator is not None else ""
    if host.endswith(".substack.com") or soup.select_one(
        'link[href*="substackcdn.com"], script[src*="substackcdn.com"]'
    ):
        return _substack
    if made_by.startswith("ghost"):
        return _ghost
    if host == "medium.com" or host.endswith(".medium.com") or soup.select_one('meta[content="com.medium.reader"]'):
        return _medium
    return None


def _substack(url: str, context: Context) -> Iterator[Entry]:
    """Substack's archive, in pages of twelve until one is empty; posts for paying readers are not asked for."""
    root = _root(url)
    offset = 0
    for _ in range(_MAX_PAGES):
        address = f"{root}/api/v1/archive?sort=new&search=&offset={offset}&limit={_SUBSTACK_PAGE}"
        try:
            posts = orjson.loads(context.fetcher.get(address, Ask(fresh=True, accept="application/json")).body)
        except (FetchError, orjson.JSONDecodeError):
            return  # the map of the site and the feed are left
        if not isinstance(posts, list) or not posts:
            return
        offset += len(posts)
        for post in posts:
            link = text_of(post.get("canonical_url")) or f"{root}/p/{post.get('slug')}"
            public = post.get("audience") in (None, "everyone") and post.get("type") not in ("thread", "page")
            address = clean_url(link) or link
            facts = Facts(title=text_of(post.get("title")), date=date_of(post.get("post_date")), url=address)
            if public:
                yield Entry(address, facts)


def _ghost(url: str, context: Context) -> Iterator[Entry]:
    """Ghost keeps a map of its posts alone."""
    try:
        yield from read_sitemap(f"{_root(url)}/sitemap-posts.xml", context)
    except SourceError:
        return


def _medium(url: str, context: Context) -> Iterator[Entry]:
    """A publication's archive by year, month and day, then what its feed adds.

    Profiles have no such archive; their feed holds the newest ten posts only, and the account's export all of them.
    """
    parts = urlsplit(url)
    steps = [step for step in parts.path.split("/") if step and step not in LIST_NAMES]
    base = f"{_root(url)}/{steps[0]}" if steps and parts.hostname == "medium.com" else _root(url)
    found: dict[str, Entry] = {}
    waiting = [f"{base}/archive"]
    seen: set[str] = set()
    while waiting and len(seen) < _MAX_PAGES:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        try:
            page = context.fetcher.get(address, Ask(fresh=True))
        except FetchError:
            continue
        soup = soup_of(page.body)
        for link in soup.find_all("a", href=True):
            target = absolute(page.url, str(link["href"]))
            if target is None or urlsplit(target).netloc != parts.netloc:
                continue
            target = target.partition("#")[0]
            if _MEDIUM_PLACES.search(urlsplit(target).path) and target.startswith(base):
                waiting.append(target)
            elif _MEDIUM_POST.search(urlsplit(target).path) and target.startswith(base):
                found.setdefault(target, Entry(target, Facts(url=target)))
    yield from found.values()
    feed = f"{_root(url)}/feed/{steps[0]}" if parts.hostname == "medium.com" and steps else f"{_root(url)}/feed"
    yield from entries_of(feed, context)


def _listed(url: str, soup: BeautifulSoup, context: Context) -> tuple[list[Entry], int]:
    """The links of the page that have one shape, on it and on every further page; and how many pages there are."""
    best = main_shape(links_of(url, soup))
    found: dict[str, Entry] = {}
    visited = {url}
    while best is not None and len(visited) < _MAX_PAGES:
        links = [link for link in links_of(url, soup) if shape(link) == best[0] and link not in found]
        found.update((link, Entry(link, Facts(url=link))) for link in links)
        older = older_page(url, soup)
        if older is None or older in visited or not links:
            break
        visited.add(older)
        try:
            page = context.fetcher.get(older, Ask(fresh=True))
        except FetchError:
            break
        url, soup = page.url, soup_of(page.body)
    return list(found.values()), len(visited)


def _mapped(url: str, context: Context) -> list[Entry]:
    """The site's map, below the address asked for."""
    try:
        found = read_sitemap(f"{_root(url)}/sitemap.xml", context)
    except SourceError:
        return []
    steps = [step for step in urlsplit(url).path.split("/") if step]
    if steps and steps[-1].lower() in LIST_NAMES:
        steps = steps[:-1]
    below = "/".join([_root(url), *steps]) + "/"
    return [entry for entry in found if entry.url.startswith(below)]


def _fed(url: str, soup: BeautifulSoup, context: Context) -> list[Entry]:
    """The feed that the page names."""
    types = ("application/rss+xml", "application/atom+xml", "application/feed+json")
    link = next((link for kind in types for link in soup.select(f'link[rel~="alternate"][type="{kind}"][href]')), None)
    address = absolute(url, str(link["href"])) if link is not None else None
    return entries_of(address, context) if address is not None else []


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
