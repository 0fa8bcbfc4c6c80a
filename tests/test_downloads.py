"""Whole-archive downloads: complete, in order, the same bytes every time, resumable."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.archive import Archive
from tests.served import client, document, documents, fill
from web import export
from web.downloads import compressed
from web.export import ArchiveChangedError, item_lines, item_rows, pieces, unchanged
from web.records import ItemOut
from web.urls import Urls

JSONL, CSV = "/api/v1/items.jsonl", "/api/v1/items.csv"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("downloads")) as filled:
        yield filled


@pytest.fixture
def api(archive: Archive) -> Iterator[TestClient]:
    with client(archive) as ready:
        yield ready


def raw(api: TestClient, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers, and the bytes as they were sent."""
    with api.stream("GET", path, headers={"Accept-Encoding": "identity", **headers}) as response:
        return response.status_code, dict(response.headers), b"".join(response.iter_raw())


def test_json_lines_hold_every_item_as_the_api_shows_it(api: TestClient, archive: Archive) -> None:
    lines = [json.loads(line) for line in api.get(JSONL).text.splitlines()]
    assert [line["id"] for line in lines] == archive.item_ids().tolist()
    for line in lines[:12]:
        assert {**api.get(f"/api/v1/items/{line['id']}").json(), "build": None} == line
        ItemOut.model_validate(line)


def test_rows_hold_every_item(api: TestClient, archive: Archive) -> None:
    rows = list(csv.DictReader(io.StringIO(api.get(CSV).text, newline="")))
    assert [int(row["id"]) for row in rows] == archive.item_ids().tolist()
    item, issue = archive.item(11), archive.issue(2)
    assert rows[10] == {
        "id": "11",
        "issue_id": "2",
        "newsletter": issue.newsletter,
        "issue_number": "2",
        "issue_title": issue.title,
        "issue_date": "2021-01-10",
        "issue_url": issue.url,
        "position": "6",
        "section": item.section,
        "title": item.title,
        "subtitle": item.subtitle,
        "summary": item.summary,
        "note": "",
        "url": item.url,
        "key": item.key,
        "kind": "paper",
        "image": "",
        "language": "en",
        "further_links": "https://github.com/mask/every_thing https://masks.example/gallery",
    }


def test_a_spreadsheet_runs_nothing_of_it(tmp_path: Path) -> None:
    from dataclasses import replace

    hostile = document(1)
    items = (replace(hostile.items[0], title='=HYPERLINK("https://evil.example")', summary="-1+1|cmd"),)
    with fill(tmp_path, [replace(hostile, items=items)]) as archive:
        row = next(csv.DictReader(io.StringIO(b"".join(item_rows(archive)).decode(), newline="")))
        assert (row["title"], row["summary"]) == ('\'=HYPERLINK("https://evil.example")', "'-1+1|cmd")
        assert json.loads(b"".join(item_lines(archive, Urls())))["title"] == '=HYPERLINK("https://evil.example")'


@pytest.mark.parametrize("path", [JSONL, CSV])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_broken_download_goes_on_where_it_stopped(api: TestClient, path: str, encoding: str) -> None:
    status, headers, whole = raw(api, path, **{"Accept-Encoding": encoding})
    assert (status, headers["accept-ranges"]) == (200, "bytes")
    assert headers.get("content-encoding") == (encoding if encoding == "gzip" else None)
    assert not headers["etag"].startswith("W/")
    for start in (0, 1, 700, len(whole) - 1):
        asked = {"Accept-Encoding": encoding, "Range": f"bytes={start}-", "If-Range": headers["etag"]}
        status, part, rest = raw(api, path, **asked)
        assert (status, rest) == (206, whole[start:])
        assert part["content-range"] == f"bytes {start}-{len(whole) - 1}/{len(whole)}"
        assert part["etag"] == headers["etag"]
    _, part, middle = raw(api, path, **{"Accept-Encoding": encoding, "Range": "bytes=10-19"})
    assert (middle, part["content-length"]) == (whole[10:20], "10")


def test_the_length_is_told_once_it_is_known(api: TestClient) -> None:
    assert "content-length" not in raw(api, CSV)[1]
    _, headers, whole = raw(api, CSV)
    assert int(headers["content-length"]) == len(whole)


def test_compressed_is_the_same_text(api: TestClient) -> None:
    plain, packed = raw(api, JSONL), raw(api, JSONL, **{"Accept-Encoding": "gzip, zstd"})
    assert gzip.decompress(packed[2]) == plain[2]
    assert packed[1]["etag"] != plain[1]["etag"]
    assert len(packed[2]) < len(plain[2]) / 4
    assert raw(api, JSONL, **{"Accept-Encoding": "gzip;q=0"})[2] == plain[2]


def test_ranges_that_are_not_there(api: TestClient) -> None:
    size = len(raw(api, CSV)[2])
    status, headers, _ = raw(api, CSV, Range=f"bytes={size}-")
    assert (status, headers["content-range"]) == (416, f"bytes */{size}")
    assert raw(api, CSV, Range="bytes=20-10")[0] == 416
    for unknown in ("bytes=-5", "bytes=0-1,3-4", "lines=1-2", "bytes=x-"):
        assert raw(api, CSV, Range=unknown)[0] == 200


def test_what_is_held_already_is_not_made_again(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = raw(api, CSV)[1]["etag"]

    def never(*_: object) -> Iterator[bytes]:
        raise AssertionError("the file was made again")

    monkeypatch.setattr("web.catalogue.item_rows", never)
    status, headers, body = raw(api, CSV, **{"If-None-Match": tag})
    assert (status, headers["etag"], body) == (304, tag, b"")


def test_after_a_change_a_broken_download_starts_over(tmp_path: Path) -> None:
    with fill(tmp_path) as archive, client(archive) as api:
        tag = raw(api, CSV)[1]["etag"]
        list(archive.put([document(7)]))
        status, headers, body = raw(api, CSV, Range="bytes=100-", **{"If-Range": tag})
        assert (status, headers["etag"] == tag) == (200, False)
        assert body.startswith(b"id,issue_id")


def test_nothing_of_two_states_is_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "WINDOW", 4)
    with fill(tmp_path) as archive:
        rows = unchanged(archive, item_rows(archive), archive.generation)
        next(rows)
        list(archive.put([document(8)]))
        with pytest.raises(ArchiveChangedError, match="again"):
            next(rows)


@pytest.mark.parametrize("form", export.FORMATS)
def test_the_same_archive_gives_the_same_bytes(archive: Archive, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    once = b"".join(pieces(archive, form))  # type: ignore[arg-type]
    monkeypatch.setattr(export, "WINDOW", 7)
    assert b"".join(pieces(archive, form)) == once  # type: ignore[arg-type]
    assert b"".join(compressed(iter([once]))) == b"".join(compressed(iter([once])))
    assert len(once) > 1_000


def test_an_empty_archive_downloads_as_nothing(tmp_path: Path) -> None:
    with fill(tmp_path, [], papers=False) as archive, client(archive) as api:
        assert api.get(JSONL).text == ""
        assert len(api.get(CSV).text.splitlines()) == 1


def test_the_fixture_is_longer_than_a_window(monkeypatch: pytest.MonkeyPatch, archive: Archive) -> None:
    """Guards the tests above: with the small window several pieces are made."""
    monkeypatch.setattr(export, "WINDOW", 7)
    assert len(list(item_rows(archive))) == 1 + -(-sum(len(one.items) for one in documents()) // 7)
