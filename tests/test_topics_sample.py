"""Topics of real issues with the real model: the bundled sample and, where they are, the real issues."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.types import Document, Item
from ingest.parse.document import parse
from search.results import Topic
from search.topics import refresh_topics, topic_map

SAMPLE = Path(__file__).resolve().parents[1] / "ingest" / "sample"
WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

pytestmark = pytest.mark.slow


def documents(folder: Path) -> list[Document]:
    return [parse(path.read_bytes(), path.name) for path in sorted(folder.glob("*.md"))]


def filled(path: Path, issues: Sequence[Document]) -> Archive:
    archive = Archive(path, create=True)
    list(archive.put(issues))
    refresh_topics(archive)
    return archive


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with filled(tmp_path_factory.mktemp("sample"), documents(SAMPLE)) as archive:
        yield archive


@pytest.fixture(scope="module")
def real(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with filled(tmp_path_factory.mktemp("real"), documents(corpus)) as archive:
        yield archive


@pytest.fixture(params=["sample", "real"])
def archive(request: pytest.FixtureRequest) -> Archive:
    found: Archive = request.getfixturevalue(request.param)
    return found


def proper(archive: Archive) -> list[Topic]:
    """The topics without the rest."""
    return [topic for topic in topic_map(archive).topics if not topic.rest]


def parts(topic: Topic) -> list[str]:
    return topic.name.split(" · ")


def text(item: Item) -> str:
    return " ".join(filter(None, (item.title, item.subtitle, item.summary, item.note)))


def holding(part: str, items: Sequence[Item]) -> float:
    """The share of the items that have a name's part in them, in any inflection of its last word."""
    return float(np.mean([part.casefold()[:-1] in text(item).casefold() for item in items]))


def test_every_item_is_in_one_topic_and_the_largest_come_first(archive: Archive) -> None:
    everything = topic_map(archive).topics
    ids = [item_id for topic in everything for item_id in topic.item_ids.tolist()]
    assert sorted(ids) == archive.item_ids().tolist()
    assert sum(topic.size for topic in everything if topic.rest) <= 0.25 * len(ids)
    assert not any(topic.rest for topic in everything[:-1])
    topics = proper(archive)
    assert [topic.size for topic in topics] == sorted((len(topic.item_ids) for topic in topics), reverse=True)
    assert 8 <= len(topics) <= 20
    for topic in topics:
        assert len(topic.central) == 3
        assert set(topic.central) <= set(topic.item_ids.tolist())


def test_names_say_what_sets_a_topic_apart(archive: Archive) -> None:
    everything = list(archive.all_items())
    for topic in proper(archive):
        items = archive.items(topic.item_ids.tolist())
        assert 1 <= len(parts(topic)) <= 3
        for part in parts(topic):
            here, everywhere = holding(part, items), holding(part, everything)
            assert here >= 0.06, (topic.name, part)
            assert here > 1.2 * everywhere, (topic.name, part)


def test_no_name_is_like_another_one(archive: Archive) -> None:
    topics = proper(archive)
    assert len({parts(topic)[0].casefold() for topic in topics}) == len(topics)
    for topic in topics:
        words = [word for part in parts(topic) for word in re.split(r"[\s-]+", part.casefold())]
        assert len(set(words)) == len(words), topic.name
        for part in parts(topic):
            assert not any(part != other and part in other for other in parts(topic)), topic.name


def test_names_are_in_the_archives_language(sample: Archive) -> None:
    """A fifth of the sample is Japanese or Chinese; its names are English all the same."""
    assert any(WIDE.search(item.title) for item in sample.all_items())
    assert not any(WIDE.search(topic.name) for topic in topic_map(sample).topics)


@pytest.mark.parametrize("subject", ["GAN", "GPT-3", "detection", "physics"])
def test_what_much_is_about_names_a_topic(sample: Archive, subject: str) -> None:
    """The topic that holds the largest share of a subject's items bears it among its words."""
    items = {item.id: subject.casefold() in text(item).casefold() for item in sample.all_items()}
    best = max(proper(sample), key=lambda topic: float(np.mean([items[i] for i in topic.item_ids.tolist()])))
    assert subject in best.words, (best.name, best.words)


def test_topics_go_on_when_the_archive_has_grown(tmp_path: Path) -> None:
    issues = documents(SAMPLE)
    with filled(tmp_path / "growing", issues[:9]) as archive:
        before = topic_map(archive).points
        list(archive.put(issues[9:]))
        assert archive.item_count > 1.25 * len(before)
        refresh_topics(archive)
        points = topic_map(archive).points
    assert len(points) == len(set(points.item_ids.tolist())) > len(before)
    after = points.topics[np.isin(points.item_ids, before.item_ids)]
    assert (after == before.topics).mean() > 0.6, "most items stay in the topic they were in, under its id"
