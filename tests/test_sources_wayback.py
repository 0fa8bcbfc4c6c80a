"""Closed sites, from an index of captures that answers in portions."""

import json
from dataclasses import replace

from index.archive import Archive
from ingest.load import Options, Services, ingest
from tests.kitesite import OPTIONS, issue_page, numbers
from tests.webserver import Answer, Asked, LocalServer, page

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
