"""Whole archives: sitemaps, lists and platforms, back to the first issue; and crawls that are interrupted."""

import datetime as dt
import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from index.archive import Archive
from ingest.load import Failure, ingest, parse_sources
from ingest.progress import Counting
from ingest.sources.lists import is_list, main_shape, older_page, page_number, shape
from tests import exporters
from tests.kitesite import (
    FETCHING,
    OPTIONS,
    day,
    issue_page,
    list_page,
    numbers,
    rss,
    rss_entry,
    sitemap,
    statuses,
    title,
)
from tests.webserver import Answer, Asked, LocalServer, page


def test_a_sitemap_of_sitemaps(web: LocalServer, archive: Archive) -> None:
    inner = "".join(f"<sitemap><loc>{web.url}/{name}</loc></sitemap>" for name in ("a.xml", "b.xml.gz", "gone.xml"))
    web.route("/sitemap.xml", page(f"<sitemapindex>{inner}</sitemapindex>", "text/xml"))
    web.route("/a.xml", sitemap([f"{web.url}/", f"{web.url}/issues/1", f"{web.url}/tag/wind", f"{web.url}/about"]))
    packed = sitemap([f"{web.url}/issues/2", f"{web.url}/kite.png"])
    assert isinstance(packed.body, str)
    web.route("/b.xml.gz", page(gzip.compress(packed.body.encode()), "application/gzip"))
    for number in (1, 2):
        web.route(f"/issues/{number}", issue_page(number))
    report = ingest(archive, [f"{web.url}/sitemap.xml"], OPTIONS)
    assert numbers(archive) == [1, 2]
    assert not report.failed
    assert "/about" not in web.paths


def test_pages_that_a_sitemap_says_changed_are_asked_for_again(web: LocalServer, archive: Archive) -> None:
    web.route("/issues/1", issue_page(1))
    web.route("/sitemap.xml", sitemap([f"{web.url}/issues/1"], "2021-01-11"))
    ingest(archive, [f"{web.url}/sitemap.xml"], OPTIONS)
    ingest(archive, [f"{web.url}/sitemap.xml"], OPTIONS)
    assert web.paths.count("/issues/1") == 1
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat(timespec="seconds")
    web.route("/sitemap.xml", sitemap([f"{web.url}/issues/1"], tomorrow))
    web.route("/issues/1", issue_page(1).replace("in the wind of that week", "in no wind at all"))
    assert statuses(ingest(archive, [f"{web.url}/sitemap.xml"], OPTIONS)) == {"changed": 1}


@pytest.mark.parametrize("style", ["rel", "query", "path", "label"])
def test_a_list_is_followed_to_the_very_first_issue(web: LocalServer, archive: Archive, style: str) -> None:
    address = {"path": "/archive/page/{}", "query": "/archive?page={}"}.get(style, "/archive?after={}")

    def listed(number: int) -> Answer:
        links = [10 - 3 * number + index for index in (2, 1, 0)]
        target = address.format(number + 1)
        link = {
            "rel": f'<a rel="next" href="{target}">&gt;</a>',
            "label": f'<a href="{target}">Older posts</a>',
        }.get(style, f'<a href="{target}">{number + 1}</a>')
        return page(list_page(web, links, link if number < 3 else '<a href="/archive">1</a>'))

    web.route("/archive", listed(1))
    for number in (2, 3):
        web.route(address.format(number), listed(number))
    for number in range(1, 10):
        web.route(f"/issues/{number}", issue_page(number))
    report = ingest(archive, [f"{web.url}/archive"], OPTIONS)
    assert numbers(archive) == list(range(1, 10))
    assert not report.failed
    assert not any(path.startswith("/tag") for path in web.paths)


def test_a_front_page_falls_back_to_map_and_feed(web: LocalServer, archive: Archive) -> None:
    head = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    web.route("/", page(f"<html><head>{head}</head><body><p>Welcome. The newest:</p></body></html>"))
    web.route("/sitemap.xml", sitemap([f"{web.url}/issues/1", f"{web.url}/issues/2"]))
    web.route("/feed.xml", rss([rss_entry(web, 3), rss_entry(web, 2)]))
    for number in (1, 2, 3):
        web.route(f"/issues/{number}", issue_page(number))
    ingest(archive, [f"{web.url}/"], OPTIONS)
    assert numbers(archive) == [1, 2, 3]
    assert web.paths.count("/issues/2") == 1


def test_a_list_that_goes_on_by_script_is_completed_from_the_map(web: LocalServer, archive: Archive) -> None:
    web.route("/archive", list_page(web, [5, 4, 3], "<button>Load more</button>"))
    others = [f"{web.url}/shop/kites", f"{web.url}/manifesto", f"{web.url}/archive"]
    web.route("/sitemap.xml", sitemap([*others, *(f"{web.url}/issues/{number}" for number in range(1, 6))]))
    for number in range(1, 6):
        web.route(f"/issues/{number}", issue_page(number))
    report = ingest(archive, [f"{web.url}/archive"], OPTIONS)
    assert numbers(archive) == [1, 2, 3, 4, 5]
    assert statuses(report) == {"new": 5}
    assert "/manifesto" not in web.paths


def test_an_archive_that_lists_nothing_says_so(web: LocalServer, archive: Archive) -> None:
    web.route("/archive", page("<html><body><p>Soon.</p></body></html>"))
    report = ingest(archive, [f"{web.url}/archive"], OPTIONS)
    assert "No issue is listed there" in (report.rows[0].reason or "")


def test_shapes_of_addresses() -> None:
    assert shape("https://www.kite.example/2021/05/03/wind") == "kite.example/#/#/#/*"
    assert shape("https://kite.example/issues/12") == "kite.example/issues/*"
    urls = ["https://k.example/issues/1", "https://k.example/news/x", "https://k.example/issues/2"]
    assert main_shape(urls) == ("k.example/issues/*", 2)
    pages = ["https://k.example/a", "https://k.example/a?page=4", "https://k.example/page/7/"]
    assert [page_number(url) for url in pages] == [1, 4, 7]


def test_an_issue_that_links_to_its_neighbours_is_no_list() -> None:
    from bs4 import BeautifulSoup

    links = "".join(f'<a href="/issues/{number}">{number}</a>' for number in range(1, 9))
    soup = BeautifulSoup(f"<body><p>{links}</p></body>", "lxml")
    assert not is_list("https://k.example/issues/9", soup)
    assert is_list("https://k.example/issues", soup)
    assert is_list("https://k.example/", soup)
    assert older_page("https://k.example/issues/9", soup) is None


# ---- platforms


def test_a_substack_archive_back_to_the_first_post(web: LocalServer, archive: Archive) -> None:
    head = '<link rel="preconnect" href="https://substackcdn.com">'
    web.route("/", page(f"<html><head>{head}</head><body></body></html>"))
    posts: list[dict[str, object]] = [
        {
            "title": title(number),
            "slug": f"kite-{number}",
            "canonical_url": f"{web.url}/p/kite-{number}",
            "post_date": f"{day(number)}T09:00:00.000Z",
            "audience": "only_paid" if number == 20 else "everyone",
            "type": "thread" if number == 21 else "newsletter",
        }
        for number in range(30, 0, -1)
    ]

    def api(asked: Asked) -> Answer:
        start = int(asked.query["offset"])
        return page(json.dumps(posts[start : start + int(asked.query["limit"])]), "application/json")

    web.route("/api/v1/archive", api)
    for number in range(1, 31):
        web.route(f"/p/kite-{number}", issue_page(number))
    ingest(archive, [web.url + "/"], OPTIONS)
    assert numbers(archive) == [number for number in range(1, 31) if number not in (20, 21)]
    assert sum(path.startswith("/api/v1/archive") for path in web.paths) == 4


def test_a_ghost_site_by_its_map_of_posts(web: LocalServer, archive: Archive) -> None:
    web.route("/", page('<html><head><meta name="generator" content="Ghost 5.82"></head><body></body></html>'))
    web.route("/sitemap-posts.xml", sitemap([f"{web.url}/kite-{number}/" for number in range(1, 6)]))
    for number in range(1, 6):
        web.route(f"/kite-{number}/", issue_page(number))
    ingest(archive, [web.url + "/"], OPTIONS)
    assert numbers(archive) == [1, 2, 3, 4, 5]


def test_a_medium_publication_by_year_month_and_day(web: LocalServer, archive: Archive) -> None:
    mark = '<meta property="al:android:package" content="com.medium.reader">'
    web.route("/", page(f"<html><head>{mark}</head><body></body></html>"))
    identities = {number: f"{number:02d}47558e835c" for number in range(1, 5)}

    def post(number: int) -> str:
        return f'<a href="/the-paper-kite-{number}-{identities[number]}?source=collection_archive">Read</a>'

    def place(*links: str) -> str:
        return "<html><body>" + "".join(links) + "</body></html>"

    web.route("/archive", place('<a href="/archive/2020">2020</a>', '<a href="/archive/2021">2021</a>', post(4)))
    web.route("/archive/2020", place('<a href="/archive/2020/12">December</a>'))
    web.route("/archive/2020/12", place('<a href="/archive/2020/12/28">28</a>', '<a href="/archive/2020">back</a>'))
    web.route("/archive/2020/12/28", place(post(1)))
    web.route("/archive/2021", place('<a href="/archive/2021/01">January</a>'))
    web.route("/archive/2021/01", place(post(2), post(3), '<a href="https://elsewhere.example/x-0123456789ab">x</a>'))
    web.route(
        "/feed", rss([rss_entry(web, 4).replace("/issues/4?utm_source=rss", f"/the-paper-kite-4-{identities[4]}")])
    )
    for number in range(1, 5):
        web.route(f"/the-paper-kite-{number}-{identities[number]}", issue_page(number))
    ingest(archive, [web.url + "/"], OPTIONS)
    assert numbers(archive) == [1, 2, 3, 4]
    assert archive.find_issue([f"medium:{identities[1]}"]) is not None


def test_feed_and_export_of_one_newsletter_are_one(web: LocalServer, archive: Archive, tmp_path: Path) -> None:
    members = {name: text for name, text in exporters.medium().items() if "/2021-02-0" in name}
    for name, text in members.items():
        (tmp_path / "posts").mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    identity = "d36447d724bc"
    link = f"{web.url}/the-paper-kite-1-{identity}"
    entry = f"<item><title>{title(1)}</title><link>{link}</link><guid>https://medium.com/p/{identity}</guid></item>"
    web.route("/feed", rss([entry]))
    web.route(f"/the-paper-kite-1-{identity}", page(f"<h1>{title(1)}</h1>{exporters.body(1)}"))
    ingest(archive, [str(tmp_path / "posts")], replace(OPTIONS, kind=None))
    report = ingest(archive, [f"{web.url}/feed"], OPTIONS)
    assert report.count("new") == 0
    assert numbers(archive) == [1, 2]


# ---- crawls


def test_an_interrupted_crawl_goes_on_from_what_it_has(web: LocalServer, archive: Archive) -> None:
    web.route("/archive", list_page(web, list(range(1, 9))))
    for number in range(1, 9):
        web.route(f"/issues/{number}", issue_page(number))

    class Impatient(Counting):
        def fetched(self, source: str) -> None:
            super().fetched(source)
            if source.endswith("/issues/5"):
                raise KeyboardInterrupt

    report = ingest(archive, [f"{web.url}/archive"], OPTIONS, Impatient())
    assert report.interrupted
    assert numbers(archive) == [1, 2, 3, 4]
    assert {issue.newsletter for issue in archive.issues()} == {"The Paper Kite"}
    before = list(web.paths)
    whole = ingest(archive, [f"{web.url}/archive"], OPTIONS)
    assert numbers(archive) == list(range(1, 9))
    assert not whole.interrupted
    later = web.paths[len(before) :]
    assert later == ["/archive", "/sitemap.xml", "/issues/6", "/issues/7", "/issues/8"], "issues 1 to 5 were kept"


def test_a_better_parser_needs_no_network(web: LocalServer, archive: Archive) -> None:
    web.route("/archive", list_page(web, [1, 2, 3]))
    for number in (1, 2, 3):
        web.route(f"/issues/{number}", issue_page(number))
    ingest(archive, [f"{web.url}/archive"], OPTIONS)
    asked = len(web.asked)
    offline = replace(OPTIONS, refresh=True, fetching=replace(FETCHING, offline=True))
    assert statuses(ingest(archive, [f"{web.url}/archive"], offline)) == {"unchanged": 3}
    assert len(web.asked) == asked


def test_a_second_crawl_asks_for_lists_only_and_conditionally(web: LocalServer, archive: Archive) -> None:
    web.route("/archive", Answer(list_page(web, [1, 2, 3]), etag=True, headers={"Content-Type": "text/html"}))
    for number in (1, 2, 3):
        web.route(f"/issues/{number}", issue_page(number))
    ingest(archive, [f"{web.url}/archive"], OPTIONS)
    count = len(web.paths)
    progress = Counting()
    report = ingest(archive, [f"{web.url}/archive"], OPTIONS, progress)
    assert statuses(report) == {"held": 3}
    assert web.paths[count:] == ["/archive", "/sitemap.xml"]
    assert [asked.path for asked in web.asked[-3:] if "if-none-match" in asked.headers] == ["/archive"]
    assert progress.counts["found"] == 3


def test_a_limit_ends_a_crawl_early(web: LocalServer, archive: Archive) -> None:
    web.route("/archive", list_page(web, list(range(1, 9))))
    for number in range(1, 9):
        web.route(f"/issues/{number}", issue_page(number))
    ingest(archive, [f"{web.url}/archive"], replace(OPTIONS, limit=2))
    assert numbers(archive) == [1, 2]
    assert web.paths == ["/archive", "/sitemap.xml", "/issues/1", "/issues/2"]


def test_parse_reads_the_web_too(web: LocalServer) -> None:
    web.route("/archive", list_page(web, [1, 2]))
    web.route("/issues/1", issue_page(1))
    web.route("/issues/2", Answer(status=410))
    found = list(parse_sources([f"{web.url}/archive"], OPTIONS))
    kinds = [one.reason if isinstance(one, Failure) else one.issue.number for one in found]
    assert kinds == [1, f"{web.url}/issues/2 is gone (HTTP 410)."]
