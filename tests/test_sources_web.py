"""Issues on the web, from a server on the loopback address that behaves like the platforms do."""

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from index.archive import Archive
from ingest.load import Failure, Fetching, Options, Report, Services, ingest, parse_sources
from ingest.progress import Counting
from ingest.sources.lists import is_list, main_shape, older_page, page_number, shape
from tests import exporters
from tests.conftest import WordEncoder
from tests.test_load import week
from tests.webserver import Answer, Asked, LocalServer, page, serving

FETCHING = Fetching(delay=0.0, backoff=0.01, timeout=5.0, allow_private=True)
OPTIONS = Options(fetching=FETCHING)


@pytest.fixture
def web() -> Iterator[LocalServer]:
    with serving() as server:
        yield server


@pytest.fixture
def archive(tmp_path: Path, encoder: WordEncoder) -> Iterator[Archive]:
    with Archive(tmp_path / "archive", encoder, create=True) as made:
        yield made


def issue_page(number: int, head: str = "") -> str:
    """An issue as a site shows it, between navigation and footer."""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title(number)}</title>{head}</head><body>'
        f'<nav><a href="/">Home</a> <a href="/about">About</a></nav><main><article><h1>{title(number)}</h1>'
        f'<time datetime="{day(number)}">{day(number)}</time>{body(number)}</article></main>'
        '<footer><a href="/privacy">Privacy</a> <a href="/issues/1">The first issue</a></footer></body></html>'
    )


def title(number: int) -> str:
    return f"The Paper Kite #{number}"


def day(number: int) -> str:
    return (dt.date(2021, 1, 4) + dt.timedelta(weeks=number)).isoformat()


def body(number: int) -> str:
    entries = (
        f'<h3><a href="https://arxiv.org/abs/21{index:02d}.{number:05d}">Kite {number} of kind {index}</a></h3>'
        f"<p>How kite number {number} of kind {index} holds its line in the wind of that week.</p>"
        for index in (1, 2, 3)
    )
    return "<h2>Found this week</h2>" + "".join(entries)


def numbers(archive: Archive) -> list[int]:
    return sorted(issue.number or 0 for issue in archive.issues())


def statuses(report: Report) -> dict[str, int]:
    return report.summary()["statuses"]  # type: ignore[no-any-return]


def list_page(web: LocalServer, links: list[int], more: str = "") -> str:
    anchors = "".join(f'<li><a href="{web.url}/issues/{number}">{title(number)}</a></li>' for number in links)
    navigation = '<nav><a href="/issues/1">Start here</a><a href="/tag/wind">Wind</a></nav>'
    return f"<html><head><title>Archive</title></head><body>{navigation}<ul>{anchors}</ul>{more}</body></html>"


def rss(entries: list[str], more: str = "") -> Answer:
    """A feed of ready made entries."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>The Paper Kite</title>'
        f"<link>https://kite.example/</link>{more}{''.join(entries)}</channel></rss>"
    )
    return page(text, "application/rss+xml")


def rss_entry(web: LocalServer, number: int, text: str = "") -> str:
    content = f"<content:encoded><![CDATA[{text}]]></content:encoded>" if text else ""
    return (
        f"<item><title>{title(number)}</title><link>{web.url}/issues/{number}?utm_source=rss</link>"
        f'<guid isPermaLink="false">kite-{number}</guid><pubDate>Mon, {number + 10} Jan 2021 09:00:00 GMT</pubDate>'
        f"<description>Kites again.</description>{content}</item>"
    )


# ---- one page


def test_one_issue_by_its_address(web: LocalServer, archive: Archive) -> None:
    web.route("/issues/7", issue_page(7))
    report = ingest(archive, [f"{web.url}/issues/7"], OPTIONS)
    assert statuses(report) == {"new": 1}
    (issue,) = archive.issues()
    assert (issue.title, issue.number, issue.url) == (title(7), 7, f"{web.url}/issues/7")
    assert [item.title for item in archive.issue_items(issue.id)] == [f"Kite 7 of kind {index}" for index in (1, 2, 3)]
    assert statuses(ingest(archive, [f"{web.url}/issues/7"], OPTIONS)) == {"held": 1}


def test_a_redirected_address_is_the_issue_where_it_ends(web: LocalServer, archive: Archive) -> None:
    web.route("/old", Answer(status=301, headers={"Location": "/issues/7"}))
    web.route("/issues/7", issue_page(7))
    ingest(archive, [f"{web.url}/old"], OPTIONS)
    assert [issue.url for issue in archive.issues()] == [f"{web.url}/issues/7"]
    assert ingest(archive, [f"{web.url}/issues/7"], OPTIONS).count("new") == 0


def test_markdown_and_compressed_pages(web: LocalServer, archive: Archive) -> None:
    text = f"# {title(3)}\n\n" + exporters.markdown(3)
    web.route("/notes/3.md", page(text, "text/plain; charset=utf-8"))
    web.route("/issues/4", Answer(issue_page(4), packed=True, headers={"Content-Type": "text/html"}))
    ingest(archive, [f"{web.url}/notes/3.md", f"{web.url}/issues/4"], OPTIONS)
    assert numbers(archive) == [3, 4]


def test_a_page_with_all_weeks_on_the_web(web: LocalServer, archive: Archive) -> None:
    text = "# Tin Finds\n\n" + "\n".join(week(number) for number in (15, 8, 1))
    web.route("/README.md", page(text, "text/plain; charset=utf-8"))
    ingest(archive, [f"{web.url}/README.md"], OPTIONS)
    assert sorted(archive.issue_counts().values()) == [3, 3, 3]
    assert len({issue.url for issue in archive.issues()}) == 3
    assert statuses(ingest(archive, [f"{web.url}/README.md"], OPTIONS)) == {"held": 3}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=404), "does not exist (HTTP 404)"),
        (Answer(status=503), "fails, also after several tries (HTTP 503)"),
        (page("PNG", "image/png"), "answers with image/png, which is no page, feed or sitemap"),
        (page(b"PK\x03\x04rest", "application/zip"), "is a zip. Save it and give the path of the file instead."),
        (page("<p>Nothing but a sentence here.</p>"), "This is no issue"),
        (Answer("x" * 400, cut=10), "the answer broke off"),
    ],
)
def test_what_can_go_wrong_with_a_page_is_said(web: LocalServer, archive: Archive, answer: Answer, said: str) -> None:
    web.route("/issues/1", answer)
    report = ingest(archive, [f"{web.url}/issues/1"], OPTIONS)
    assert report.failed
    assert said in (report.rows[0].reason or "")


def test_what_may_not_be_fetched_is_said(web: LocalServer, archive: Archive) -> None:
    private = replace(OPTIONS, fetching=replace(FETCHING, allow_private=False))
    report = ingest(archive, [f"{web.url}/issues/1", "ftp://kite.example/issues"], private)
    assert "private or local address" in (report.rows[0].reason or "")
    assert "only http:// and https:// addresses can be fetched" in (report.rows[1].reason or "")
    web.route("/robots.txt", "User-agent: *\nDisallow: /issues/\n")
    report = ingest(archive, [f"{web.url}/issues/1"], OPTIONS)
    assert "robots.txt" in (report.rows[0].reason or "")
    assert web.paths == []


# ---- feeds


def test_a_feed_with_full_text_needs_no_page(web: LocalServer, archive: Archive) -> None:
    long = body(1) + "<p>" + "The wind was good to us all week long. " * 50 + "</p>"
    web.route("/feed", rss([rss_entry(web, 1, long)]))
    report = ingest(archive, [f"{web.url}/feed"], OPTIONS)
    assert statuses(report) == {"new": 1}
    (issue,) = archive.issues()
    assert (issue.newsletter, issue.number, issue.date) == ("The Paper Kite", 1, dt.date(2021, 1, 11))
    assert issue.url == f"{web.url}/issues/1"
    assert set(web.paths) == {"/feed"}


def test_a_feed_of_excerpts_follows_its_links(web: LocalServer, archive: Archive) -> None:
    web.route("/feed", rss([rss_entry(web, number) for number in (3, 2, 1)]))
    for number in (1, 2, 3):
        web.route(f"/issues/{number}", issue_page(number))
    web.route("/issues/2", Answer(status=404))
    report = ingest(archive, [f"{web.url}/feed"], OPTIONS)
    assert numbers(archive) == [1, 3]
    assert [row.reason for row in report.rows if row.status == "failed"] == [
        f"{web.url}/issues/2 does not exist (HTTP 404)."
    ]


def test_a_feed_goes_on_to_its_older_pages(web: LocalServer, archive: Archive) -> None:
    def feed(asked: Asked) -> Answer:
        number = int(asked.query.get("part", "1"))
        older = f'<atom:link rel="next" href="{web.url}/feed?part={number + 1}"/>' if number < 3 else ""
        return rss([rss_entry(web, number)], older)

    web.route("/feed", feed)
    for number in (1, 2, 3):
        web.route(f"/issues/{number}", issue_page(number))
    ingest(archive, [f"{web.url}/feed"], OPTIONS)
    assert numbers(archive) == [1, 2, 3]


def test_wordpress_feeds_are_paged_until_they_end(web: LocalServer, archive: Archive) -> None:
    def feed(asked: Asked) -> Answer:
        number = int(asked.query.get("paged", "1"))
        generator = "<generator>https://wordpress.org/?v=6.4</generator>"
        return rss([rss_entry(web, number)], generator) if number < 4 else Answer(status=404)

    web.route("/feed", feed)
    for number in (1, 2, 3):
        web.route(f"/issues/{number}", issue_page(number))
    ingest(archive, [f"{web.url}/feed"], OPTIONS)
    assert numbers(archive) == [1, 2, 3]


def test_atom_and_json_feeds(web: LocalServer, archive: Archive) -> None:
    atom = (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>The Paper Kite</title><id>x</id>'
        f'<entry><title>{title(1)}</title><id>tag:kite,1</id><link href="/issues/1"/>'
        "<updated>2021-01-11T09:00:00Z</updated></entry></feed>"
    )
    items = [{"id": "2", "url": f"{web.url}/issues/2", "title": title(2), "date_published": "2021-01-18T09:00:00Z"}]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "The Paper Kite", "items": items}
    web.route("/atom", page(atom, "application/atom+xml"))
    web.route("/feed.json", page(json.dumps(feed), "application/feed+json"))
    for number in (1, 2):
        web.route(f"/issues/{number}", issue_page(number))
    ingest(archive, [f"{web.url}/atom", f"{web.url}/feed.json"], OPTIONS)
    assert numbers(archive) == [1, 2]
    assert {issue.newsletter for issue in archive.issues()} == {"The Paper Kite"}


def test_feeds_that_are_none(web: LocalServer, archive: Archive) -> None:
    web.route("/feed", page("<html><p>No feed</p></html>"))
    web.route("/empty", rss([]))
    report = ingest(archive, [f"{web.url}/feed"], replace(OPTIONS, kind="feed"))
    assert report.failed
    report = ingest(archive, [f"{web.url}/empty"], OPTIONS)
    assert "has no entries" in (report.rows[0].reason or "")


# ---- sitemaps and lists


def sitemap(urls: list[str], lastmod: str | None = None) -> Answer:
    changed = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    rows = "".join(f"<url><loc>{url}</loc>{changed}</url>" for url in urls)
    text = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
    return page(text, "application/xml")


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


# ---- closed sites


class Wayback:
    """The index of captures in portions, with resume keys, and the captures."""

    def __init__(self, web: LocalServer, site: str) -> None:
        self.web = web
        self.site = site
        self.rows: list[list[str]] = []
        web.route("/cdx/search/cdx", self._index)

    def capture(self, stamp: str, path: str, answer: Answer, digest: str) -> None:
        original = f"https://{self.site}{path}"
        self.rows.append([stamp, original, digest])
        self.web.route(f"/web/{stamp}id_/{original}", answer)

    def _index(self, asked: Asked) -> Answer:
        assert asked.query["matchType"] == "prefix"
        assert asked.query["url"].startswith(self.site)
        start, size = int(asked.query.get("resumeKey", "0")), 2
        rows: list[list[str]] = [["timestamp", "original", "digest"], *self.rows[start : start + size]]
        if start + size < len(self.rows):
            rows += [[], [str(start + size)]]
        return page(json.dumps(rows), "application/json")


def closed(options: Options, web: LocalServer) -> Options:
    return replace(options, services=Services(wayback=web.url))


def test_a_closed_site_through_the_wayback_machine(web: LocalServer, archive: Archive) -> None:
    wayback = Wayback(web, "getrevue.co/profile/kite")
    notice = page("<html><body><p>This newsletter is closed.</p></body></html>")
    wayback.capture("20210101000000", "/", page("<p>front</p>"), "front")
    wayback.capture("20210201000000", "/issues/the-paper-kite-issue-1-1001", page(issue_page(1)), "one")
    wayback.capture("20210301000000", "/issues/the-paper-kite-issue-1-1001", page(issue_page(1)), "one-b")
    wayback.capture("20230201000000", "/issues/the-paper-kite-issue-1-1001?via=twitter", notice, "closed")
    for number in (2, 3, 4):
        path = f"/issues/the-paper-kite-issue-{number}-100{number}"
        wayback.capture("20210401000000", path, page(issue_page(number)), f"n{number}")
        wayback.capture("20230201000000", path, notice, "closed")
    wayback.capture("20210501000000", "/issues/the-paper-kite-issue-5-1005", Answer(status=404), "n5")
    wayback.capture("20210401000000", "/issues/the-paper-kite-issue-5-1005", page(issue_page(5)), "n5-old")
    wayback.capture("20210401000000", "/about-the-author", page("<p>Somebody.</p>"), "about")
    report = ingest(archive, ["wayback:getrevue.co/profile/kite"], closed(OPTIONS, web))
    assert numbers(archive) == [1, 2, 3, 4, 5]
    assert not report.failed
    assert sum(path.startswith("/cdx") for path in web.paths) == 7
    assert f"/web/20210301000000id_/https://{wayback.site}/issues/the-paper-kite-issue-1-1001" in web.paths
    assert not any("20210201000000id_" in path for path in web.paths), "the newest good capture is enough"
    urls = {issue.url for issue in archive.issues()}
    assert f"https://{wayback.site}/issues/the-paper-kite-issue-1-1001" in urls


def test_wayback_errors(web: LocalServer, archive: Archive) -> None:
    Wayback(web, "kite.example")
    report = ingest(archive, ["wayback:kite.example", "wayback:nonsense"], closed(OPTIONS, web))
    assert [row.reason for row in report.rows] == [
        "The Wayback Machine has no issue below kite.example.",
        "wayback:nonsense names no site; write for example wayback:example.com/archive.",
    ]
    web.route("/cdx/search/cdx", Answer(status=503))
    report = ingest(archive, ["wayback:kite.example"], closed(OPTIONS, web))
    assert "The index of the Wayback Machine cannot be read" in (report.rows[0].reason or "")
    web.route("/cdx/search/cdx", page("<html>blocked</html>"))
    report = ingest(archive, ["wayback:kite2.example"], closed(OPTIONS, web))
    assert "what is no JSON" in (report.rows[0].reason or "")


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

    report = ingest(archive, [f"{web.url}/archive"], replace(OPTIONS, newsletter="Kite"), Impatient())
    assert report.interrupted
    before = list(web.paths)
    whole = ingest(archive, [f"{web.url}/archive"], replace(OPTIONS, newsletter="Kite"))
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
