"""A topic's items, page by page."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from index.archive import Archive
from index.types import IdArray
from search.topics import topic_map
from tests.served import client, fill


def shown(site: TestClient, path: str) -> list[int]:
    """The items of a topic's page and of the pages that it leads on to."""
    found: list[int] = []
    while path:
        html = site.get(path).text
        listed = html[html.index("<main") : html.index("</main>")]
        found += dict.fromkeys(int(number) for number in re.findall(r'<h2><a class="open" href="/items/(\d+)"', listed))
        more = re.search(r'href="(/topics/\d+\?page=\d+)"', listed)
        path = more[1] if more else ""
    return found


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("topics")) as filled:
        yield filled


@pytest.mark.parametrize("size", [1, 2, 3, 5, 40])
def test_pages_show_every_item_once_newest_issue_first(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("web.wander.PAGE", size)
    with client(archive) as site:
        topics = topic_map(archive).topics
        assert max(len(topic.item_ids) for topic in topics) > 5
        for topic in topics:
            path = f"/topics/{topic.id}"
            assert shown(site, path) == newest_first(archive, topic.item_ids)
            rest = 1 + (len(topic.item_ids) - 1) % size
            assert shown(site, f"{path}?page=99") == newest_first(archive, topic.item_ids)[-rest:]


def newest_first(archive: Archive, ids: IdArray) -> list[int]:
    ranks = {issue.id: rank for rank, issue in enumerate(archive.issues())}
    items = sorted(archive.items(ids.tolist()), key=lambda item: (ranks[item.issue_id], item.position))
    return [item.id for item in items]
