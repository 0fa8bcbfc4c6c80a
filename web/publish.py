"""The archive as a static site: all its pages, feeds and data as plain files, with search in the browser.

The site itself is asked for every page, as a reader would ask, so that a published page is the page. Nothing of the
result needs a server, a database or a model.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import httpx

from index.archive import Archive
from index.errors import NotWritable
from search.topics import topic_map

from . import keywords
from .assets import STATIC, digest
from .places import SENTINEL, Fitter, missing
from .render import host
from .settings import Settings
from .urls import quote_key

MARK = ".published"
"""Stands in every published folder: only such a one is replaced by the next."""

SCRIPT = '<script type="module" src="static/{digest}/published/search.js"></script>\n</head>'
NOTES = (
    '\n<p class="aside note">This copy of the archive is plain files; it is searched by words, not by meaning.</p>'
    '\n<noscript><p class="aside">Searching here needs JavaScript. Everything can be read without it: '
    '<a href="issues/index.html">Issues</a>, <a href="topics/index.html">Topics</a>.</p></noscript>\n'
)


def publish(archive: Archive, settings: Settings, out: Path) -> int:
    """Write the site into the folder `out` and return the number of files.

    The folder is complete or untouched: it is made beside its place and then moved there. Errors: NotWritable for a
    folder that holds something else, and for one that cannot be written.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise NotWritable(f"{out} holds something else; name an empty folder or one that was published before.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
            made = Path(scratch) / "site"
            count = anyio.run(_write, archive, settings, made)
            if out.exists():
                out.rename(Path(scratch) / "before")
            made.rename(out)
            return count
    except OSError as error:
        raise NotWritable(f"{out} cannot be written: {error}") from error


async def _write(archive: Archive, settings: Settings, out: Path) -> int:
    fitter = Fitter(settings.base_url)
    written: set[str] = set()
    shutil.copytree(STATIC, out / "static" / digest(), ignore=shutil.ignore_patterns("htmx*"))
    (out / MARK).write_text(f"{archive.build.id}\n")
    async with _site(archive, settings) as site:
        for target in seeds(archive):
            fitter.place(target)
        while waiting := list(missing(fitter.found, written)):
            for file, target in waiting:
                written.add(file)
                if not file.startswith("static/"):
                    await _page(site, fitter, out, file, target)
        if settings.base_url is not None:
            await _lost(site, fitter, out)
    searching = out / "search.html"
    searching.write_text(_searchable(searching.read_text("utf-8")), "utf-8")
    keywords.write(archive, out / "search", host)
    return sum(path.is_file() for path in out.rglob("*"))


@asynccontextmanager
async def _site(archive: Archive, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    from .app import create_app

    plain = replace(settings, base_url=SENTINEL, rate_limit=None, parse_draft=None, trusted_proxies=())
    transport = httpx.ASGITransport(app=create_app(archive, plain))
    headers = {"Accept": "text/html", "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(transport=transport, base_url=SENTINEL, headers=headers) as client:
        yield client


def seeds(archive: Archive) -> Iterator[str]:
    """Every address that is published whether or not a page links to it."""
    yield from ("/", "/issues", "/topics", "/about", "/search", "/topics/titles.json")
    yield from ("/api/v1/items.jsonl", "/api/v1/items.csv", "/api/v1/status", "/api/v1/topics")
    yield from ("/feed.xml", "/sitemap.xml", "/robots.txt")
    for topic in topic_map(archive).topics:
        yield from (f"/topics/{topic.id}", f"/feed.xml?topic={topic.id}")
    for issue in archive.issues():
        yield from (f"/issues/{issue.id}", f"/api/v1/issues/{issue.id}")
    for item in archive.all_items():
        yield from (f"/items/{item.id}", f"/api/v1/items/{item.id}", f"/api/v1/items/{item.id}/related")
        if item.key is not None:
            yield from (f"/works/{quote_key(item.key)}", f"/api/v1/works/{quote_key(item.key)}")


async def _page(site: httpx.AsyncClient, fitter: Fitter, out: Path, file: str, target: str) -> None:
    response = await site.get(target)
    response.raise_for_status()
    path = out / file
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.endswith(".html"):
        text = fitter.page(response.text, file)
    else:
        text = fitter.titles(response.text) if file == "topics/titles.json" else fitter.text(response.text, file)
    path.write_text(text, "utf-8", newline="")


async def _lost(site: httpx.AsyncClient, fitter: Fitter, out: Path) -> None:
    """The page for what is not there, which many hosts show by this name. It may be shown at any depth, so that its
    links are whole addresses."""
    response = await site.get("/404")
    html = Fitter(fitter.base).page(response.text, "404.html")
    head = f'<head>\n<base href="{fitter.base}/">'
    (out / "404.html").write_text(html.replace("<head>", head, 1), "utf-8")


def _searchable(html: str) -> str:
    """The search page with its script, and a way on for those without."""
    html = html.replace("</head>", SCRIPT.format(digest=digest()), 1)
    start = html.index(">", html.index("<main")) + 1
    return html[:start] + NOTES + html[start:]
