"""The typed client against a running server."""

from collections.abc import Iterator

import pytest

from tests.served import NAMES, SHARED, fill, running
from web.client import ApiError, Client


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with fill(tmp_path_factory.mktemp("client")) as held, running(held) as address, Client(f"{address}/") as client:
        yield client


def test_searching(archive: Client) -> None:
    page = archive.search("database storage engine", limit=3, kind="article", from_="2021-01-10")
    assert {hit.title.rpartition(" ")[0] for hit in page.items} == {NAMES[4]}
    assert all(hit.issue.number and hit.issue.number >= 2 for hit in page.items)
    everything = list(archive.hits(year=2021, limit=7, sort="oldest"))
    assert len(everything) == len({hit.id for hit in everything}) == 31
    narrowed = list(archive.hits(section=["Tools"], issue=[2, 3]))
    assert len(narrowed) == 4
    batch = archive.search_many(["spoken audio", "database engine"])
    assert [answer.query.text for answer in batch.answers] == ["spoken audio", "database engine"]


def test_looking_up(archive: Client) -> None:
    assert archive.item(11).key == SHARED
    assert [mention.id for mention in archive.work(SHARED).mentions] == [11, 22, 33]
    key = archive.item(1).key
    assert key is not None
    assert "?" in key
    assert archive.work(key).mentions[0].id == 1
    assert [issue.number for issue in archive.issues()] == [6, 5, 4, 3, 2, 1]
    assert len(archive.issue(2).items) == 6
    assert archive.related(13).earlier[0].title.startswith(NAMES[1])
    assert archive.related_to(arxiv="2104.06601").item is not None
    assert archive.status().build.items == 33
    assert archive.check(f"Masks | {SHARED}").items[0].covered[0].item_id == 11


def test_reading_everything(archive: Client) -> None:
    assert [item.id for item in archive.items()] == list(range(1, 34))
    assert [item.id for item in archive.items(3)] == [1, 2, 3]


def test_errors_say_what_is_wrong(archive: Client) -> None:
    with pytest.raises(ApiError, match="no item 999") as missing:
        archive.item(999)
    assert (missing.value.status, missing.value.code) == (404, "not-found")
    with pytest.raises(ApiError, match="Unknown: colour") as unknown:
        archive.search("a", colour="red")
    assert unknown.value.code == "unknown-parameter"
    with Client(f"{archive._http.base_url}nowhere") as lost, pytest.raises(ApiError) as elsewhere:
        lost.status()
    assert elsewhere.value.status == 404
