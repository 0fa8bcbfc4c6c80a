"""The web site of an invented newsletter: its pages, lists, feeds and maps."""

import datetime as dt

from index.archive import Archive
from ingest.load import Fetching, Options, Report
from tests.webserver import Answer, LocalServer, page

FETCHING = Fetching(delay=0.0, backoff=0.01, timeout=5.0, allow_private=True)
OPTIONS = Options(fetching=FETCHING)


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


def sitemap(urls: list[str], lastmod: str | None = None) -> Answer:
    changed = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    rows = "".join(f"<url><loc>{url}</loc>{changed}</url>" for url in urls)
    text = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
    return page(text, "application/xml")
