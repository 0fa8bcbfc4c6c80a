"""Single pages and feeds, from a server on the loopback address."""

import datetime as dt
import json
from dataclasses import replace

import pytest

from index.archive import Archive
from ingest.load import ingest
from tests import exporters
from tests.kitesite import (
    FETCHING,
    OPTIONS,
    body,
    issue_page,
    numbers,
    rss,
    rss_entry,
    statuses,
    title,
)
from tests.test_load import week
from tests.webserver import Answer, Asked, LocalServer, page

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


def test_an_encoding_that_only_the_server_names(web: LocalServer, archive: Archive) -> None:
    text = issue_page(4).replace('<meta charset="utf-8">', "").replace("Kite 4", "凧と風の話 4")
    for number, encoding in enumerate(("euc_jp", "shift_jis"), 1):
        web.route(f"/issues/{number}", page(text.encode(encoding), f"text/html; charset={encoding.upper()}"))
    ingest(archive, [f"{web.url}/issues/1", f"{web.url}/issues/2"], OPTIONS)
    assert archive.issues()
    for issue in archive.issues():
        assert archive.issue_items(issue.id)[0].title == "凧と風の話 4 of kind 1"


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
