"""Where a page of the site lies in the published folder, and how its text is made to fit there.

Links become relative, with the names of files: the folder then works at the root of a host and below any path, without
redirects. What only a server can do is taken out.
"""

import json
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from html import escape, unescape
from urllib.parse import parse_qs, unquote, urlsplit

SENTINEL = "http://publish.invalid"
"""The address under which the site is asked while it is published: whatever holds it is a link of its own."""

NEEDS_BASE = (".xml", ".txt")
"""Feeds and sitemaps are made of whole addresses."""

_FIXED = {
    "/": "index.html",
    "/issues": "issues/index.html",
    "/topics": "topics/index.html",
    "/topics/titles.json": "topics/titles.json",
    "/about": "about.html",
    "/search": "search.html",
    "/feed.xml": "feed.xml",
    "/sitemap.xml": "sitemap.xml",
    "/robots.txt": "robots.txt",
    "/api/v1/items.jsonl": "api/v1/items.jsonl",
    "/api/v1/items.csv": "api/v1/items.csv",
    "/api/v1/status": "api/v1/status.json",
    "/api/v1/topics": "api/v1/topics.json",
}
_NUMBERED = re.compile(r"/((?:api/v1/)?(?:items|issues|topics))/(\d+)(/related)?")
_WORK = re.compile(r"/((?:api/v1/)?works)/(.+)", re.DOTALL)
_SITEMAP = re.compile(r"/sitemap-\d+\.xml")
_LINK = re.compile(r'(\s)(href|src|action|data-titles|content)="([^"]*)"')
_SERVER = re.compile(
    r"<(form|section|p|div|button|a)\b(?=[^>]*\sdata-server\b)[^>]*>.*?</\1>"
    r"|<script\s[^>]*htmx[^>]*></script>\n?"
    r'|<meta\s+name="htmx-config"[^>]*>\n?'
    r'|<link\s+rel="search"[^>]*>\n?',
    re.DOTALL,
)
_TAG = re.compile(r"<[a-z][^<>]*>", re.IGNORECASE)
_HTMX = re.compile(r"\s+hx-[a-z:-]+(?:=\"[^\"]*\"|='[^']*')?")
_OWN = re.compile(re.escape(SENTINEL) + r"[^\s\"'<>\\\])]*")
_HOMELESS = re.compile(
    r'<(?:link\s+rel="(?:canonical|alternate)"|meta\s+property="og:url")[^>]*>\n?'
    r"|<a\s[^>]*href=\"/feed\.xml[^>]*>.*?</a>"
)
"""What says where the page is, or leads to a feed."""


def place(target: str) -> str | None:
    """The file that a root-relative address is published as; None where there is none."""
    parts = urlsplit(target)
    path, query = unquote(parts.path), parse_qs(parts.query)
    if path.startswith("/static/"):
        return path[1:]
    if path == "/search":
        return _FIXED[path]
    if query:
        return _with_query(path, {name: values[0] for name, values in query.items()})
    if path in _FIXED:
        return _FIXED[path]
    if numbered := _NUMBERED.fullmatch(path):
        ending = "json" if path.startswith("/api/") else "html"
        return None if numbered[3] and ending == "html" else f"{numbered[1]}/{numbered[2]}{numbered[3] or ''}.{ending}"
    if work := _WORK.fullmatch(path):
        return f"{work[1]}/{slug(work[2])}.{'json' if path.startswith('/api/') else 'html'}"
    return path[1:] if _SITEMAP.fullmatch(path) else None


def _with_query(path: str, query: dict[str, str]) -> str | None:
    if path == "/issues" and "newsletter" in query and query.keys() <= {"newsletter", "year"}:
        year = f"-{query['year']}" if query.get("year", "").isdecimal() else ""
        return f"issues/of-{slug(query['newsletter'])}{year}.html"
    (name, value), *more = query.items()
    if more or not value.isdecimal():
        return None
    numbered = _NUMBERED.fullmatch(path)
    if name == "topic" and path == "/feed.xml":
        return f"feeds/topic-{value}.xml"
    if name == "year" and path == "/issues":
        return f"issues/year-{value}.html"
    if name == "page" and numbered and numbered[1] in {"topics", "issues"} and not numbered[3]:
        return f"{numbered[1]}/{numbered[2]}-page-{value}.html"
    return None


def slug(key: str) -> str:
    """A work's key as the name of a file: readable, safe on every system, and another one for every key."""
    readable = re.sub(r"[^A-Za-z0-9._]+", "-", key)[:80].strip("-.")
    return f"{readable}-{blake2b(key.encode(), digest_size=4).hexdigest()}"


@dataclass(slots=True)
class Fitter:
    """Makes the texts of the site fit their places. `base` is where the folder will be reached, if that is known.

    `found` collects the addresses of the site that were linked to, `dropped` those that have no place.
    """

    base: str | None
    found: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def page(self, html: str, at: str) -> str:
        """An HTML page for the file `at`."""
        html = _SERVER.sub("", html)
        if self.base is None:
            html = _HOMELESS.sub("", html)
        fit = self._attribute(at)
        return self.text(_TAG.sub(lambda tag: _LINK.sub(fit, _HTMX.sub("", tag[0])), html), at)

    def text(self, text: str, at: str) -> str:
        """Any other text: absolute addresses of the site are put right, wherever they stand."""
        return _OWN.sub(lambda match: self._absolute(unescape(match[0]), at, match[0]), text)

    def titles(self, text: str) -> str:
        """The map's titles, by the last part of the links on it."""
        return json.dumps({f"{item}.html": title for item, title in json.loads(text).items()}, ensure_ascii=False)

    def _attribute(self, at: str) -> Callable[[re.Match[str]], str]:
        def fit(match: re.Match[str]) -> str:
            space, name, value = match.groups()
            target = unescape(value)
            if name == "content" or not target.startswith("/") or target.startswith("//"):
                return match[0]
            fitted = self._relative(target, at)
            return "" if fitted is None else f'{space}{name}="{escape(fitted)}"'

        return fit

    def _relative(self, target: str, at: str) -> str | None:
        file = self.place(target)
        if file is None:
            return None
        parts = urlsplit(target)
        kept = f"?{parts.query}" if parts.path == "/search" and parts.query else ""
        return (
            posixpath.relpath(file, posixpath.dirname(at) or ".")
            + kept
            + (f"#{parts.fragment}" if parts.fragment else "")
        )

    def _absolute(self, address: str, at: str, written: str) -> str:
        target = address.removeprefix(SENTINEL) or "/"
        if self.base is None:
            return escape(self._relative(target, at) or target, quote="&" in written)
        parts = urlsplit(target)
        file = self.place(target)
        kept = f"?{parts.query}" if parts.query and (file is None or parts.path == "/search") else ""
        return escape(f"{self.base}/{(file or parts.path[1:]).removesuffix('index.html')}{kept}", quote="&" in written)

    def place(self, target: str) -> str | None:
        """The file of an address, which is then to be published; None where there is none."""
        file = place(target)
        if file is not None and self.base is None and file.endswith(NEEDS_BASE):
            file = None
        if file is None:
            self.dropped.add(target)
        else:
            self.found.setdefault(file, target)
        return file


def missing(found: dict[str, str], written: set[str]) -> Iterator[tuple[str, str]]:
    """What was linked to and is not there yet: file and address, in the order of finding."""
    yield from ((file, target) for file, target in list(found.items()) if file not in written)
