"""arXiv metadata from an API that answers like the real one, from a snapshot on disk, and what pages say themselves."""

import datetime as dt
import gzip
from dataclasses import replace
from html import escape
from pathlib import Path

import orjson
import pytest

from index.archive import Archive
from index.types import Paper
from ingest.load import Fetching, Options, Services
from ingest.papers import read_answer, read_dump, update, valid_id
from ingest.progress import Counting
from tests.documents import document, item, paper_item, put
from tests.webserver import Answer, Asked, LocalServer, page

KNOWN = {
    "2101.00001": "Stones that listen",
    "2101.00002": "Folding maps with\n  learned creases",
    "2101.00003": "Tides in a cup",
    "math/0309136": "Knots, old and new",
}


class Arxiv:
    """The API: answers by id list, in an order of its own, with an error entry for an id that it cannot read."""

    def __init__(self, web: LocalServer) -> None:
        self.web = web
        self.batches: list[list[str]] = []
        self.unreadable: set[str] = set()
        web.route("/api/query", self._answer)

    def _answer(self, asked: Asked) -> Answer:
        ids = asked.query["id_list"].split(",")
        assert int(asked.query["max_results"]) >= len(ids)
        self.batches.append(ids)
        if self.unreadable & set(ids):
            bad = min(self.unreadable & set(ids))
            return page(atom([error_entry(f"incorrect id format for {bad}")]), "application/atom+xml")
        return page(atom([entry(i, KNOWN[i]) for i in sorted(ids, reverse=True) if i in KNOWN]), "application/atom+xml")


def atom(entries: list[str]) -> str:
    spaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"'
    return f'<?xml version="1.0" encoding="UTF-8"?><feed {spaces}><title>ArXiv Query</title>{"".join(entries)}</feed>'


def entry(identifier: str, title: str) -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/{identifier}v3</id><updated>2021-05-02T10:00:00Z</updated>"
        f"<published>2021-01-04T18:00:00Z</published><title>{escape(title)}</title>"
        f"<summary>  We study {escape(title.lower())},\n and find it\n pleasant &amp; &lt;new&gt;.\n</summary>"
        "<author><name>Ada Stone</name><arxiv:affiliation>Quarry</arxiv:affiliation></author>"
        "<author><name>Björn Väg</name></author>"
        '<arxiv:comment xmlns:arxiv="http://arxiv.org/schemas/atom">12 pages</arxiv:comment>'
        '<arxiv:journal_ref xmlns:arxiv="http://arxiv.org/schemas/atom">J. Stones 3 (2021)</arxiv:journal_ref>'
        '<arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1000/stone.3</arxiv:doi>'
        f'<link href="http://arxiv.org/abs/{identifier}v3" rel="alternate" type="text/html"/>'
        '<category term="cs.SD" scheme="http://arxiv.org/schemas/atom"/><category term="cs.LG"/></entry>'
    )


def error_entry(message: str) -> str:
    return (
        "<entry><id>http://arxiv.org/api/errors#incorrect_id_format</id><title>Error</title>"
        f"<summary>{message}</summary><updated>2021-05-02T00:00:00-04:00</updated></entry>"
    )


@pytest.fixture
def arxiv(web: LocalServer) -> Arxiv:
    return Arxiv(web)


@pytest.fixture
def pauses() -> list[float]:
    return []


def options_for(web: LocalServer, batch: int = 100) -> Options:
    services = Services(arxiv=web.url, arxiv_interval=3.0, arxiv_batch=batch)
    return Options(services=services, fetching=Fetching(delay=0.0, backoff=0.5, allow_private=True))


def fill(archive: Archive, *identifiers: str) -> None:
    items = [paper_item(index, f"Entry {index}", identifier) for index, identifier in enumerate(identifiers, 1)]
    put(archive, document(1, items))


def test_papers_are_asked_for_in_batches_three_seconds_apart(
    web: LocalServer, arxiv: Arxiv, archive: Archive, pauses: list[float]
) -> None:
    fill(archive, *KNOWN)
    progress = Counting()
    report = update(archive, options_for(web, batch=2), progress, pauses.append)
    assert sorted(len(batch) for batch in arxiv.batches) == [2, 2]
    assert sorted(identifier for batch in arxiv.batches for identifier in batch) == sorted(KNOWN)
    assert len(pauses) == 1
    assert 2.0 < pauses[0] <= 3.0
    assert (report.asked, report.found, report.missing, report.failed) == (4, 4, 0, False)
    assert progress.counts["parsed"] == 4
    assert [asked.path.partition("?")[0] for asked in web.asked] == ["/api/query"] * 2


def test_what_is_known_of_a_paper(web: LocalServer, arxiv: Arxiv, archive: Archive, pauses: list[float]) -> None:
    fill(archive, *KNOWN)
    update(archive, options_for(web), sleep=pauses.append)
    assert len(arxiv.batches) == 1
    papers = archive.papers([f"arxiv:{identifier}" for identifier in KNOWN])
    assert papers["arxiv:2101.00002"] == Paper(
        key="arxiv:2101.00002",
        title="Folding maps with learned creases",
        abstract="We study folding maps with learned creases, and find it pleasant & <new>.",
        authors=("Ada Stone", "Björn Väg"),
        categories=("cs.SD", "cs.LG"),
        published=dt.date(2021, 1, 4),
        updated=dt.date(2021, 5, 2),
        doi="10.1000/stone.3",
        journal="J. Stones 3 (2021)",
        comment="12 pages",
    )
    assert {key: paper.title.split()[0] for key, paper in papers.items()} == {
        "arxiv:2101.00001": "Stones",
        "arxiv:2101.00002": "Folding",
        "arxiv:2101.00003": "Tides",
        "arxiv:math/0309136": "Knots,",
    }


def test_abstracts_join_what_is_searched(web: LocalServer, arxiv: Arxiv, archive: Archive, pauses: list[float]) -> None:
    fill(archive, "2101.00001", "2101.00003")
    assert len(archive.postings(["tide"])[0].ids) == 0
    update(archive, options_for(web), sleep=pauses.append)
    assert arxiv.batches
    (found,) = archive.postings(["tide"])
    assert [archive.item(int(one)).key for one in found.ids] == ["arxiv:2101.00003"]
    best = archive.nearest(archive.encoder.queries(["tides in a cup"]), 1)[0][0]
    assert archive.item(best.id).key == "arxiv:2101.00003"
    assert archive.verify() == []


def test_papers_are_asked_for_once(web: LocalServer, arxiv: Arxiv, archive: Archive, pauses: list[float]) -> None:
    fill(archive, "2101.00001", "2101.99999")
    first = update(archive, options_for(web), sleep=pauses.append)
    assert (first.found, first.unknown, first.missing) == (1, ["arxiv:2101.99999"], 0)
    generation = archive.generation
    second = update(archive, options_for(web), sleep=pauses.append)
    assert (second.asked, second.unknown) == (0, ["arxiv:2101.99999"])
    assert len(arxiv.batches) == 1
    assert archive.generation == generation
    update(archive, replace(options_for(web), refresh=True), sleep=pauses.append)
    assert arxiv.batches[1:] == [["2101.99999"]]


def test_one_unreadable_id_does_not_spoil_its_batch(
    web: LocalServer, arxiv: Arxiv, archive: Archive, pauses: list[float]
) -> None:
    fill(archive, "2101.00001", "2101.00002", "2101.00003", "2101.66666")
    arxiv.unreadable = {"2101.66666"}
    report = update(archive, options_for(web), sleep=pauses.append)
    assert (report.found, report.unknown, report.errors) == (3, ["arxiv:2101.66666"], [])


def test_ids_that_cannot_be_are_never_sent(
    web: LocalServer, arxiv: Arxiv, archive: Archive, pauses: list[float]
) -> None:
    bad = item(2, "Odd", url="https://arxiv.org/abs/9913.1", key="arxiv:9913.1&x=1")
    put(archive, document(1, [paper_item(1, "Fine", "2101.00001"), bad]))
    report = update(archive, options_for(web), sleep=pauses.append)
    assert arxiv.batches == [["2101.00001"]]
    assert report.unknown == ["arxiv:9913.1&x=1"]


@pytest.mark.parametrize("identifier", ["2104.06601", "0704.0001", "hep-th/9901001", "math.GT/0309136", "cs/0112017"])
def test_ids_that_can_be(identifier: str) -> None:
    assert valid_id(identifier)


@pytest.mark.parametrize(
    "identifier", ["2104.066012", "2113.0001", "x", "", "2104.06601v2", "a b/0309136", "1/0309136"]
)
def test_ids_that_cannot_be(identifier: str) -> None:
    assert not valid_id(identifier)


def test_a_busy_or_dead_api_leaves_the_archive_working(web: LocalServer, archive: Archive, pauses: list[float]) -> None:
    fill(archive, "2101.00001", "2101.00002")
    web.route("/api/query", Answer(status=503))
    report = update(archive, options_for(web, batch=1), sleep=pauses.append)
    assert (report.found, report.missing, report.failed) == (0, 2, True)
    assert "arXiv could not be asked" in report.sentence()
    assert len(report.errors) == 1, "a dead service is not asked for every batch"
    answer = page(atom([entry("2101.00001", "Stones"), entry("2101.00002", "Maps")]), "application/atom+xml")
    web.route("/api/query", Answer(status=503, headers={"Retry-After": "9"}), answer)
    report = update(archive, options_for(web), sleep=pauses.append)
    assert (report.found, report.failed) == (2, False)
    assert 9.0 in pauses


def test_an_interrupted_look_up_goes_on(web: LocalServer, arxiv: Arxiv, archive: Archive, pauses: list[float]) -> None:
    fill(archive, *KNOWN)

    class Impatient(Counting):
        def parsed(self, source: str) -> None:
            super().parsed(source)
            if self.counts["parsed"] == 2:
                raise KeyboardInterrupt

    report = update(archive, options_for(web, batch=2), Impatient(), pauses.append)
    assert report.interrupted
    assert (report.found, report.missing) == (2, 2)
    report = update(archive, options_for(web, batch=2), sleep=pauses.append)
    assert (report.found, report.missing) == (2, 0)
    assert len(arxiv.batches) == 2


def test_an_error_entry_is_an_error() -> None:
    with pytest.raises(ValueError, match="incorrect id format for x"):
        list(read_answer(atom([error_entry("incorrect id format for x")]).encode()))
    assert list(read_answer(b"<html>maintenance</html>")) == []


def snapshot() -> bytes:
    first = {
        "id": "2101.00001",
        "authors": 'Ada Stone, Bj\\"orn V\\"ag and Cy Den',
        "authors_parsed": [["Stone", "Ada", ""], ["Väg", "Björn", ""], ["Den", "Cy", "Jr."]],
        "title": "Stones that\n  listen",
        "abstract": "  We study stones\nthat listen.\n",
        "categories": "cs.SD cs.LG",
        "doi": None,
        "journal-ref": "J. Stones 3",
        "comments": "12 pages",
        "versions": [{"version": "v1", "created": "Mon, 4 Jan 2021 18:00:00 GMT"}, {"version": "v2", "created": "x"}],
        "update_date": "2021-05-02",
    }
    old = {"id": "math.GT/0309136", "title": "Knots", "abstract": "Old.", "authors": "A. One, B. Two and C. Three"}
    other = {"id": "2999.00001", "title": "Not asked for", "abstract": "", "versions": []}
    return b"\n".join([orjson.dumps(other), orjson.dumps(first), b"{broken", b"", orjson.dumps(old), b"[1]"]) + b"\n"


@pytest.mark.parametrize("packed", [False, True])
def test_a_snapshot_on_disk_needs_no_network(
    web: LocalServer, archive: Archive, tmp_path: Path, packed: bool, pauses: list[float]
) -> None:
    fill(archive, "2101.00001", "math/0309136", "2101.00003")
    dump = tmp_path / "arxiv-metadata.json"
    dump.write_bytes(gzip.compress(snapshot()) if packed else snapshot())
    report = update(archive, replace(options_for(web), dump=str(dump)), sleep=pauses.append)
    assert (report.asked, report.found, report.missing) == (3, 2, 1)
    assert web.asked == []
    papers = archive.papers(["arxiv:2101.00001", "arxiv:math/0309136"])
    stones = papers["arxiv:2101.00001"]
    assert (stones.title, stones.abstract) == ("Stones that listen", "We study stones that listen.")
    assert stones.authors == ("Ada Stone", "Björn Väg", "Cy Den Jr.")
    assert (stones.published, stones.updated) == (dt.date(2021, 1, 4), dt.date(2021, 5, 2))
    assert (stones.categories, stones.journal, stones.comment) == (("cs.SD", "cs.LG"), "J. Stones 3", "12 pages")
    assert papers["arxiv:math/0309136"].authors == ("A. One", "B. Two", "C. Three")


def test_a_snapshot_is_read_as_a_stream(tmp_path: Path) -> None:
    dump = tmp_path / "arxiv.json.gz"
    dump.write_bytes(gzip.compress(snapshot()))
    papers = read_dump(dump)
    assert next(papers).title == "Not asked for"
    assert [paper.key for paper in papers] == ["arxiv:2101.00001", "arxiv:math/0309136"]


def test_a_cut_off_or_missing_snapshot_is_said(
    web: LocalServer, archive: Archive, tmp_path: Path, pauses: list[float]
) -> None:
    fill(archive, "2101.00001", "math/0309136")
    dump = tmp_path / "arxiv.json.gz"
    lines = snapshot().splitlines(keepends=True)
    packed = gzip.compress(b"".join(lines[:2]) * 2000 + lines[4])
    dump.write_bytes(packed[: len(packed) // 2])
    report = update(archive, replace(options_for(web), dump=str(dump)), sleep=pauses.append)
    assert "cannot be read to its end" in report.errors[0]
    assert (report.found, report.missing) == (1, 1), "what came before the break is kept"
    assert archive.verify() == []
    report = update(archive, replace(options_for(web), dump=str(tmp_path / "no.json")), sleep=pauses.append)
    assert report.failed


def test_pages_describe_themselves_where_the_issue_said_nothing(
    web: LocalServer, archive: Archive, pauses: list[float]
) -> None:
    meta = '<meta property="og:title" content="The  loom"><meta property="og:description" content="Weaving graphs.">'
    web.route("/loom", page(f"<html><head><title>x</title>{meta}</head></html>"))
    web.route("/bare", page("<html><head><title>Just a name</title></head></html>"))
    web.route("/gone", Answer(status=404))
    web.route("/photo", page("PNG", "image/png"))
    web.route("/told", page("<p>never asked</p>"))
    items = [
        item(index, f"Link {name}", url=f"{web.url}/{name}", key=f"kite.example/{name}", summary=summary)
        for index, (name, summary) in enumerate(
            [("loom", None), ("bare", None), ("gone", None), ("photo", None), ("told", "Said in print.")], 1
        )
    ]
    put(archive, document(1, items))
    off = update(archive, options_for(web), sleep=pauses.append)
    assert (off.described, web.asked) == (0, [])
    report = update(archive, replace(options_for(web), describe=True), sleep=pauses.append)
    assert report.described == 2
    assert report.errors == [f"{web.url}/gone does not exist (HTTP 404)."]
    papers = archive.papers([f"kite.example/{name}" for name in ("loom", "bare", "gone", "photo", "told")])
    assert {key: (paper.title, paper.abstract) for key, paper in papers.items()} == {
        "kite.example/loom": ("The loom", "Weaving graphs."),
        "kite.example/bare": ("Just a name", ""),
    }
    assert "/told" not in web.paths
    count = len(web.asked)
    update(archive, replace(options_for(web), describe=True), sleep=pauses.append)
    assert "/loom" not in [asked.path for asked in web.asked[count:]]
    assert len(archive.postings(["weaving"])[0].ids) + len(archive.postings(["weav"])[0].ids) == 1
