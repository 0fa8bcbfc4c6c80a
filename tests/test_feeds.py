"""Atom feeds, read by a real feed reader."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import feedparser
import pytest
from starlette.testclient import TestClient

from index.archive import Archive
from tests.served import NAMES, client, document, fill
from web.settings import Settings


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("feeds")) as filled:
        yield filled


@pytest.fixture(scope="module")
def site(archive: Archive) -> Iterator[TestClient]:
    with client(archive) as ready:
        yield ready


def read(site: TestClient, query: str = "") -> Any:
    response = site.get(f"/feed.xml{query}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/atom+xml")
    found = feedparser.parse(response.content)
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    assert len({entry.id for entry in found.entries}) == len(found.entries)
    for entry in found.entries:
        assert site.get(entry.link).status_code == 200
    return found


def test_the_feed_tells_of_issues_newest_first(site: TestClient) -> None:
    feed = read(site)
    assert [entry.title for entry in feed.entries] == [f"Field notes {n}" for n in range(6, 0, -1)]
    assert [entry.updated for entry in feed.entries][:2] == ["2021-02-07T00:00:00Z", "2021-01-31T00:00:00Z"]
    assert feed.feed.updated == "2021-02-07T00:00:00Z"
    assert feed.entries[0].link == "http://archive.example/issues/6"
    contents = feed.entries[0].content[0].value
    assert contents.count("<li>") == 6
    assert all(f"{name} 6" in contents for name in NAMES)


def test_a_search_becomes_a_feed_of_what_matches_newest_first(site: TestClient) -> None:
    feed = read(site, "?q=database+engine")
    titles = [entry.title for entry in feed.entries]
    assert titles
    assert {title.rpartition(" ")[0] for title in titles} == {NAMES[4]}
    numbers = [int(title.rpartition(" ")[2]) for title in titles]
    assert numbers == sorted(numbers, reverse=True)
    assert feed.feed.title == "Field notes: database engine"
    links = {link.rel: link.href for link in feed.feed.links}
    assert links["alternate"] == "http://archive.example/search?q=database+engine"
    assert site.get(links["self"]).status_code == 200


def test_only_new_matches_are_new_to_a_reader(tmp_path: Path) -> None:
    with fill(tmp_path) as archive, client(archive) as site:
        query = "?q=storage+engine+join+transaction+shard+replica&year=2021"
        before = [(entry.id, entry.updated) for entry in read(site, query).entries]
        list(archive.put([document(8)]))
        after = [(entry.id, entry.updated) for entry in read(site, query).entries]
        assert before
        assert after[-len(before) :] == before
        assert [updated for _, updated in after[: -len(before)]] == ["2021-02-21T00:00:00Z"]


def test_a_search_with_conditions(site: TestClient) -> None:
    feed = read(site, "?section=Tools&issue=3")
    assert sorted(entry.title for entry in feed.entries) == [f"{NAMES[3]} 3", f"{NAMES[4]} 3"]
    assert feed.feed.title == "Field notes: 3, Tools"


def test_nothing_close_is_an_empty_feed(site: TestClient) -> None:
    assert read(site, "?q=qwzx+vbnmk").entries == []


def test_a_topic_becomes_a_feed(site: TestClient) -> None:
    topic = site.get("/api/v1/topics").json()["topics"][0]
    feed = read(site, f"?topic={topic['id']}")
    assert {int(entry.id.rpartition("/")[2]) for entry in feed.entries} == set(topic["item_ids"])
    dates = [entry.updated for entry in feed.entries]
    assert dates == sorted(dates, reverse=True)
    assert topic["name"] in feed.feed.title


def test_what_a_feed_refuses(site: TestClient) -> None:
    assert site.get("/feed.xml?topic=9999").json()["code"] == "not-found"
    assert site.get("/feed.xml?topic=1&q=a").json()["code"] == "bad-query"
    assert site.get("/feed.xml?limit=5").json()["code"] == "unknown-parameter"


def test_markup_and_control_characters_of_an_issue_stay_text(tmp_path: Path) -> None:
    wild = replace(document(1).items[0], title="<b>&amp;\x00\x0b</b>", summary="<script>alert(1)</script>\ud7ff")
    with fill(tmp_path, [replace(document(1), items=(wild,))]) as archive, client(archive) as site:
        entry = read(site, "?issue=1").entries[0]
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in site.get("/feed.xml?issue=1").text.replace("&amp;", "&")
        assert entry.title == "<b>&amp;</b>"


def test_an_issue_without_a_date_is_not_new_every_day(tmp_path: Path) -> None:
    plain = document(1)
    undated = replace(plain, issue=replace(plain.issue, date=None))
    lost = replace(document(2), issue=replace(document(2).issue, date=None, year=None))
    with fill(tmp_path, [undated, lost]) as archive, client(archive) as site:
        assert {entry.updated for entry in read(site).entries} == {"2021-01-01T00:00:00Z", "1970-01-01T00:00:00Z"}


def test_addresses_and_name_follow_the_settings(archive: Archive) -> None:
    settings = Settings(base_url="https://issues.example.org", title="My notes")
    with client(archive, settings) as site:
        feed = feedparser.parse(site.get("/feed.xml").content)
        assert feed.feed.title == "My notes"
        assert feed.entries[0].id == "https://issues.example.org/issues/6"


def test_an_empty_archive_has_an_empty_feed(tmp_path: Path) -> None:
    with fill(tmp_path, [], papers=False) as archive, client(archive) as site:
        assert read(site).entries == []
