"""The archive as plain files: everything is there, every link leads somewhere, and the search works in a browser."""

import json
import posixpath
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import feedparser
import httpx
import pytest

from index.archive import Archive
from index.errors import NotWritable
from tests.browsing import chromium
from tests.served import NAMES, SHARED, document, documents, fill
from web.places import SENTINEL, Fitter, place, slug
from web.publish import MARK, publish
from web.records import ItemOut
from web.settings import Settings

BASE = "https://files.example/back"


class Links(HTMLParser):
    """The addresses that a page has, and the places in it that can be led to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.names: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.names += [name for name, _ in attrs]
        found = dict(attrs)
        self.ids |= {value for name, value in attrs if name == "id" and value}
        self.addresses += [found[name] or "" for name in ("href", "src", "action", "data-titles") if name in found]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """A plain file host that has `folder` below a path of its own."""
    root = folder.parent
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{folder.name}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("publish")) as filled:
        yield filled


@pytest.fixture(scope="module")
def plain(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published without a word about where it will be."""
    out = tmp_path_factory.mktemp("plain") / "somewhere"
    assert publish(archive, Settings(), out) == len(files(out))
    return out


@pytest.fixture(scope="module")
def based(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("based") / "back"
    publish(archive, Settings(base_url=BASE, title="My notes"), out)
    return out


def files(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def walked(address: str) -> dict[str, Links]:
    """Every page that can be reached from the first one over HTTP; fails at the first link that leads nowhere."""
    found: dict[str, Links] = {}
    checked: set[str] = set()
    waiting = [address + "index.html"]
    with httpx.Client() as client:
        while waiting:
            page = waiting.pop()
            if page in found:
                continue
            found[page] = Links(client.get(page).raise_for_status().text)
            for link in found[page].addresses:
                target = urljoin(page, link)
                bare = target.partition("#")[0].partition("?")[0]
                if not target.startswith("http://127.0.0.1"):
                    continue
                assert target.startswith(address), f"{link!r} on {page} leads out of the folder"
                if bare not in checked:
                    checked.add(bare)
                    assert client.head(bare).status_code == 200, f"{link!r} on {page} leads nowhere"
                if bare.endswith(".html"):
                    waiting.append(bare)
    for page, links in found.items():
        for link in links.addresses:
            target, _, fragment = urljoin(page, link).partition("#")
            if fragment and target in found:
                assert unquote(fragment) in found[target].ids, f"{link!r} on {page} leads to no place on it"
    return found


def test_no_link_is_dead_and_no_page_is_lost(plain: Path) -> None:
    with hosted(plain) as address:
        found = walked(address)
    pages = {page.removeprefix(address) for page in found}
    assert pages == {file for file in files(plain) if file.endswith(".html")}
    assert {f"items/{n}.html" for n in range(1, 34)} <= pages
    assert {f"issues/{n}.html" for n in range(1, 7)} <= pages
    assert {f"works/{slug(SHARED)}.html", "index.html", "about.html", "search.html", "topics/index.html"} <= pages


def test_nothing_of_the_server_is_left(plain: Path, based: Path) -> None:
    for out in (plain, based):
        for file in files(out):
            text = (out / file).read_text("utf-8")
            assert SENTINEL not in text, file
            if file.endswith(".html"):
                links = Links(text)
                assert not [link for link in links.addresses if link.startswith("/")], file
                assert not [name for name in links.names if name.startswith("hx-")], file
                assert "htmx" not in text, file
                assert "/preferences" not in text, file


def test_pages_are_those_of_the_site(plain: Path) -> None:
    page = (plain / "items" / "11.html").read_text("utf-8")
    assert "<h1" in page
    assert "A general segmenter" in page
    links = Links(page).addresses
    assert {"../issues/2.html", "22.html", "33.html", f"../works/{slug(SHARED)}.html"} <= set(links)
    related = (plain / "items" / "13.html").read_text("utf-8")
    assert f"{NAMES[1]} 2" in related
    assert f"{NAMES[1]} 4" in related


def test_the_data_is_there(plain: Path, based: Path) -> None:
    for number in range(1, 34):
        item = json.loads((plain / f"api/v1/items/{number}.json").read_text("utf-8"))
        ItemOut.model_validate(item)
        assert item["id"] == number
        for link in filter(None, item["links"].values()):
            assert (plain / "api/v1/items" / link).is_file(), link
    item = json.loads((based / "api/v1/items/11.json").read_text("utf-8"))
    for link in item["links"].values():
        assert (based / link.removeprefix(f"{BASE}/")).is_file(), link
    lines = (plain / "api/v1/items.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(range(1, 34))
    work = json.loads((plain / f"api/v1/works/{slug(SHARED)}.json").read_text("utf-8"))
    assert [mention["id"] for mention in work["mentions"]] == [11, 22, 33]


def test_feeds_and_sitemap_lead_to_what_is_there(based: Path) -> None:
    found = sorted(file for file in files(based) if file.startswith("feed"))
    assert "feed.xml" in found
    assert len(found) > 2
    for file in found:
        feed = feedparser.parse((based / file).read_bytes())
        assert not feed.bozo
        assert feed.entries
        links = [entry.link for entry in feed.entries] + [link.href for link in feed.feed.links]
        for link in links:
            assert link.startswith(f"{BASE}/")
            path = based / link.removeprefix(f"{BASE}/")
            assert path.is_file() or (path / "index.html").is_file(), link
    sitemap = (based / "sitemap.xml").read_text("utf-8")
    assert f"<loc>{BASE}/items/11.html</loc>" in sitemap
    assert f"Sitemap: {BASE}/sitemap.xml" in (based / "robots.txt").read_text("utf-8")


def test_pages_say_where_they_are_when_that_is_known(plain: Path, based: Path) -> None:
    assert f'<link rel="canonical" href="{BASE}/items/11.html">' in (based / "items/11.html").read_text("utf-8")
    assert f'href="{BASE}/"' in (based / "index.html").read_text("utf-8")
    assert "canonical" not in (plain / "items/11.html").read_text("utf-8")
    assert not [file for file in files(plain) if file.endswith(".xml")]


def test_the_page_for_what_is_lost_works_at_any_depth(based: Path) -> None:
    page = (based / "404.html").read_text("utf-8")
    assert f'<base href="{BASE}/">' in page
    for link in Links(page).addresses:
        path = urlsplit(urljoin(f"{BASE}/", link)).path.removeprefix("/back/")
        assert (based / path).exists(), link


def test_searching_in_a_browser(plain: Path) -> None:
    with hosted(plain) as address, chromium() as browser:
        page = browser.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{address}items/11.html")
        page.fill("#q", "engines of databases")
        page.press("#q", "Enter")
        page.wait_for_selector("ol.hits .open")
        assert urlsplit(page.url).path == f"/{plain.name}/search.html"
        titles = page.locator("ol.hits .open").all_inner_texts()
        assert titles[0].startswith(NAMES[4])
        page.fill("#q", "microscope tissue")
        page.wait_for_function("document.querySelector('ol.hits .open')?.textContent.startsWith('Counting')")
        assert "q=microscope+tissue" in page.url
        assert page.title().startswith("microscope tissue · ")
        assert {mark.lower() for mark in page.locator(".hit mark").all_inner_texts()} == {"microscope", "tissue"}
        assert page.locator(".hit .where").first.inner_text().startswith("№ ")
        assert page.locator(".hit time").first.inner_text().endswith(" 2021")
        page.fill("#q", "qwzx")
        page.wait_for_function("document.querySelector('h1').textContent === 'Nothing found'")
        assert "hold a word of the question" in page.inner_text("main")
        page.goto(f"{address}search.html?section=Tools&issue=2")
        page.wait_for_selector("ol.hits .open")
        assert page.locator("ol.hits .open").all_inner_texts() == [f"{NAMES[3]} 2", f"{NAMES[4]} 2"]
        page.locator("ol.hits .open").first.click()
        page.wait_for_selector("article.item")
        assert troubles == []


def test_a_copy_without_a_model_promises_no_meaning(plain: Path) -> None:
    for file in ("index.html", "search.html", "about.html", "issues/index.html"):
        text = (plain / file).read_text("utf-8")
        assert "by meaning" not in text.replace("not by meaning", ""), file
        assert "paste a link" not in text, file
        assert "not remember" not in text, file
    about = (plain / "about.html").read_text("utf-8")
    assert "author:" not in about
    assert "all of these words" in about


def test_reading_without_javascript(plain: Path) -> None:
    with hosted(plain) as address, chromium() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{address}search.html?q=database")
        assert "needs JavaScript" in page.inner_text("main")
        page.click("main noscript a >> nth=0")
        assert urlsplit(page.url).path.endswith("/issues/index.html")


def test_publishing_again_replaces_what_was(tmp_path: Path) -> None:
    out = tmp_path / "site"
    with fill(tmp_path / "archive", documents(3)) as archive:
        publish(archive, Settings(), out)
        before = files(out)
        list(archive.put([document(4)]))
        publish(archive, Settings(), out)
    assert "issues/4.html" in files(out) - before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_folder_of_something_else_is_left_alone(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(NotWritable, match="something else"):
        publish(archive, Settings(), tmp_path)
    assert files(tmp_path) == {"thesis.tex"}


def test_a_failure_leaves_what_was_there(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "site"
    publish(archive, Settings(), out)
    before = files(out)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("web.keywords.write", full)
    with pytest.raises(NotWritable, match="No space left"):
        publish(archive, Settings(), out)
    assert files(out) == before
    assert (out / MARK).exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_empty_archive_can_be_published(tmp_path: Path) -> None:
    with fill(tmp_path / "archive", [], papers=False) as archive:
        publish(archive, Settings(), tmp_path / "site")
    with hosted(tmp_path / "site") as address:
        assert f"{address}index.html" in walked(address)


def test_keys_become_names_that_every_system_takes() -> None:
    keys = [
        "a.example/x",
        "a.example/X",
        "a.example/x/",
        "a.example/x?y=1",
        "画像.example",
        "c" * 300,
        "..",
        "con/../x",
    ]
    names = [slug(key) for key in keys]
    assert len({name.lower() for name in names}) == len(keys)
    for name in names:
        assert name.isascii()
        assert len(name) < 100
        assert not name.startswith(".")
        assert posixpath.basename(name) == name


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("/", "index.html"),
        ("/items/42", "items/42.html"),
        ("/items/42#top", "items/42.html"),
        ("/api/v1/items/42/related", "api/v1/items/42/related.json"),
        ("/issues?year=2021", "issues/year-2021.html"),
        ("/topics/3?page=2", "topics/3-page-2.html"),
        ("/feed.xml?topic=3", "feeds/topic-3.xml"),
        ("/search?q=a%26b", "search.html"),
        ("/works/a%2Fb", f"works/{slug('a/b')}.html"),
        ("/docs", None),
        ("/feed.xml?q=a", None),
        ("/api/v1/search?q=a", None),
        ("/items/42/related", None),
        ("/issues?year=../../x", None),
    ],
)
def test_addresses_have_their_files(target: str, file: str | None) -> None:
    assert place(target) == file


def test_text_that_looks_like_markup_is_left_alone() -> None:
    html = '<p>&lt;a href=&#34;/items/1&#34;&gt; hx-get=&#34;/x&#34; and "/items/1"</p>'
    assert Fitter(None).page(html, "items/1.html") == html
