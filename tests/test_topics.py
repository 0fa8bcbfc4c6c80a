"""Topics: sensible groups with readable names, the same from run to run."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.types import Document, Encoder, Item
from search.naming import characteristic_words
from search.results import TopicMap
from search.topics import refresh_topics, topic_map
from web.plots import draw

from .documents import document, item, opened, put

SUBJECTS = {
    "bees": "bees hive honey swarm nectar queen pollen",
    "boats": "boats harbour mast sail rudder anchor tide",
    "bread": "bread dough oven yeast flour crust crumb",
}


def issues(first: int, last: int) -> list[Document]:
    rng = np.random.default_rng(3)
    made = []
    for number in range(first, last):
        items = []
        for place, (subject, words) in enumerate(SUBJECTS.items(), 1):
            text = " ".join(rng.permutation(words.split())[:5])
            items.append(item(place, f"The {subject} of week {number}", summary=f"Good news about {text}."))
        made.append(document(number, items))
    return made


def told(found: TopicMap) -> list[object]:
    """All that a map says."""
    topics = [(one.id, one.name, one.words, one.item_ids.tolist(), one.counts, one.central) for one in found.topics]
    return [topics, found.points.places.tolist(), found.points.topics.tolist()]


@pytest.fixture
def archive(tmp_path: Path, encoder: Encoder) -> Iterator[Archive]:
    with opened(tmp_path / "archive", encoder, *issues(1, 13)) as held:
        refresh_topics(held)
        yield held


def test_groups_are_of_one_subject_and_named_by_it(archive: Archive) -> None:
    found = topic_map(archive)
    assert sum(topic.size for topic in found.topics) == archive.item_count
    seen = set()
    for topic in found.topics:
        subjects = {one.title.split()[1] for one in archive.items(topic.item_ids.tolist())}
        assert len(subjects) == 1, topic.name
        (subject,) = subjects
        seen.add(subject)
        assert set(topic.words) & set(SUBJECTS[subject].split()), topic.words
        assert not {"good", "news", "the", "about"} & set(topic.words)
    assert seen == set(SUBJECTS)
    assert [topic.size for topic in found.topics] == sorted((t.size for t in found.topics), reverse=True)


def test_the_map_keeps_neighbours_together(archive: Archive) -> None:
    points = topic_map(archive).points
    assert points.item_ids.tolist() == archive.item_ids().tolist()
    places = points.places
    assert places.shape == (archive.item_count, 2)
    assert 0 <= places.min() <= places.max() <= 1
    subjects = np.array([one.title.split()[1] for one in archive.items(points.item_ids.tolist())])
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (subjects[distances.argmin(axis=1)] == subjects).mean() > 0.8


def test_months_are_counted_without_gaps(archive: Archive) -> None:
    for topic in topic_map(archive).topics:
        months = [month for month, _ in topic.counts]
        assert sum(count for _, count in topic.counts) == topic.size
        assert all(month.day == 1 for month in months)
        assert all((after - before).days in range(28, 32) for before, after in itertools.pairwise(months))
        assert months[0] >= dt.date(2021, 1, 1)


def test_the_same_archive_gives_the_same_topics(archive: Archive, tmp_path: Path, encoder: Encoder) -> None:
    before = told(topic_map(archive))
    refresh_topics(archive)
    assert told(topic_map(archive)) == before
    with opened(tmp_path / "again", encoder, *issues(1, 13)) as again:
        refresh_topics(again)
        assert told(topic_map(again)) == before


def test_topics_keep_their_ids_when_the_archive_grows(archive: Archive) -> None:
    before = {topic.id: set(topic.item_ids.tolist()) for topic in topic_map(archive).topics}
    put(archive, *issues(13, 18))  # enough to fit them anew
    refresh_topics(archive)
    after = {topic.id: set(topic.item_ids.tolist()) for topic in topic_map(archive).topics}
    for topic, items in before.items():
        heirs = {other: len(items & inside) for other, inside in after.items()}
        if topic in after and max(heirs.values()) > len(items) / 2:
            assert heirs[topic] == max(heirs.values())
    assert len(set(before) & set(after)) >= min(len(before), len(after)) - 1


def test_an_issue_more_moves_nothing(archive: Archive) -> None:
    before = topic_map(archive)
    put(archive, *issues(13, 15))
    refresh_topics(archive)
    after = topic_map(archive)
    old = len(before.points)
    assert len(after.points) == old + 6
    assert after.points.topics[:old].tolist() == before.points.topics.tolist()
    assert after.points.places[:old].tolist() == before.points.places.tolist()
    assert {topic.id: topic.name for topic in after.topics} == {topic.id: topic.name for topic in before.topics}
    subject_of = {one.id: one.title.split()[1] for one in archive.items(after.points.item_ids.tolist())}
    for topic in after.topics:  # the new ones have joined what they are about
        assert len({subject_of[item_id] for item_id in topic.item_ids.tolist()}) == 1


def test_what_was_removed_is_in_no_topic(archive: Archive) -> None:
    kept = issues(1, 13)[:-1]
    shorter = issues(12, 13)[0]
    put(archive, replace(shorter, items=shorter.items[:1]))
    assert archive.item_count == 3 * len(kept) + 1
    for _ in range(2):  # by the old fit, and by the one that follows it
        found = topic_map(archive)
        assert found.points.item_ids.tolist() == archive.item_ids().tolist()
        assert sorted(item for topic in found.topics for item in topic.item_ids.tolist()) == archive.item_ids().tolist()
        refresh_topics(archive)


def test_an_edited_archive_is_grouped_anew(archive: Archive) -> None:
    """The items keep their ids, but they are about other things now."""
    others = ("chess gambit rook bishop", "tulip bulb petal stem", "opera aria tenor chorus")
    turned = [
        replace(
            one, items=tuple(replace(item, summary=f"{text}.") for item, text in zip(one.items, others, strict=True))
        )
        for one in issues(1, 13)
    ]
    ids = archive.item_ids().tolist()
    put(archive, *(replace(one, content_hash="2") for one in turned))
    assert archive.item_ids().tolist() == ids
    refresh_topics(archive)
    words = {word for topic in topic_map(archive).topics for word in topic.words}
    assert {"chess", "tulip", "opera"} <= {part for word in words for part in word.split()}
    assert not {"honey", "mast", "yeast"} & words


@pytest.mark.parametrize("payload", [b"", b"PK", b'{"version": 1, "ids": []}', b"half"])
def test_what_cannot_be_read_is_fitted_anew(archive: Archive, payload: bytes) -> None:
    before, kept = told(topic_map(archive)), archive.state("topics")
    assert kept
    archive.put_state("topics", kept[0][: len(kept[0]) // 2] if payload == b"half" else payload)
    refresh_topics(archive)
    assert told(topic_map(archive)) == before


def test_an_edited_item_goes_where_it_belongs_now(archive: Archive) -> None:
    issue = issues(1, 2)[0]
    bees, boats, bread = archive.issue_items(1)
    titles = {one.id: one.title for one in archive.all_items()}

    def fellows(item_id: int) -> set[str]:
        inside = next(topic for topic in topic_map(archive).topics if item_id in topic.item_ids)
        return {titles[one].split()[1] for one in inside.item_ids.tolist() if one != item_id}

    assert fellows(bees.id) == {"bees"}
    edited = replace(issue.items[0], summary=SUBJECTS["bread"])
    put(archive, replace(issue, items=(edited, *issue.items[1:]), content_hash="2"))
    assert [one.id for one in archive.issue_items(1)] == [bees.id, boats.id, bread.id]
    refresh_topics(archive)
    assert fellows(bees.id) == {"bread"}
    assert fellows(boats.id) == {"boats"}


def test_only_known_months_are_counted(tmp_path: Path, encoder: Encoder) -> None:
    """One newsletter's issues bear dates, with a gap of years; one's only years; one's nothing."""
    made = []
    for number, one in enumerate(issues(1, 13)):
        kind = number % 3
        day = dt.date(2001 + 4 * (number > 5), 1 + number, 5)
        issue = replace(
            one.issue,
            newsletter=("Dated", "Yearly", "Never")[kind],
            number=None,
            week=None,
            date=day if kind == 0 else None,
            year=None if kind == 2 else 2003,
        )
        made.append(replace(one, issue=issue))
    with opened(tmp_path / "dates", encoder, *made) as held:
        topics = topic_map(held).topics
    together = Counter[dt.date]()
    for topic in topics:
        months = [month for month, _ in topic.counts]
        assert all(1 <= (after - before).days <= 31 for before, after in itertools.pairwise(months))
        together.update(dict(topic.counts))
    counted = {month: count for month, count in together.items() if count}
    assert counted == {dt.date(2001, 1, 1): 3, dt.date(2001, 4, 1): 3, dt.date(2005, 7, 1): 3, dt.date(2005, 10, 1): 3}


def test_what_is_like_nothing_else_is_called_other(tmp_path: Path, encoder: Encoder) -> None:
    """Thirty-six items of three subjects, and nine that share no word with anything: they are last, and off the map's
    names, and what joins them later is other as well."""
    rng = np.random.default_rng(5)

    def odd(place: int) -> Item:
        return item(place, " ".join("".join(map(chr, rng.integers(97, 123, 7))) for _ in range(6)))

    made = [replace(one, items=(*one.items, odd(4))) if number % 4 else one for number, one in enumerate(issues(1, 13))]
    with opened(tmp_path / "odd", encoder, *made) as held:
        refresh_topics(held)
        found = topic_map(held)
        strange = {one.id for one in held.all_items() if not one.title.startswith("The ")}
        assert [topic.rest for topic in found.topics] == [False] * (len(found.topics) - 1) + [True]
        assert found.topics[-1].name == "Other"
        assert set(found.topics[-1].item_ids.tolist()) == strange
        assert [name.text for name in draw(found).names] == [topic.name for topic in found.topics[:-1]]
        put(held, document(13, [*issues(13, 14)[0].items, odd(4)]))
        refresh_topics(held)
        again = topic_map(held)
        assert again.topics[-1].id == found.topics[-1].id
        assert [one.title.split()[0] == "The" for one in held.items(again.topics[-1].item_ids.tolist())].count(
            True
        ) == 0
        assert again.topics[-1].size == len(strange) + 1


@pytest.mark.parametrize("kinds", [1, 2, 3])
def test_archives_that_repeat_themselves_have_topics(tmp_path: Path, encoder: Encoder, kinds: int) -> None:
    """Every item is one of few, so that there are fewer different ones than topics are looked for."""
    words = list(SUBJECTS.values())[:kinds]
    made = [document(n, [item(place, words[(n + place) % kinds]) for place in range(1, 6)]) for n in range(1, 13)]
    with opened(tmp_path / "same", encoder, *made[:8]) as held:
        refresh_topics(held)
        put(held, *made[8:])
        refresh_topics(held)
        found = topic_map(held)
        assert len(found.points) == 60
        assert np.isfinite(found.points.places).all()
        titles = [{one.title for one in held.items(topic.item_ids.tolist())} for topic in found.topics]
        assert all(len(inside) == 1 for inside in titles)
        assert len(titles) >= kinds


def test_small_archives_have_no_topics_and_unfitted_ones_fit_in_memory(tmp_path: Path, encoder: Encoder) -> None:
    with opened(tmp_path / "small", encoder, *issues(1, 3)) as held:
        assert topic_map(held).topics == ()
    with opened(tmp_path / "unfitted", encoder, *issues(1, 7)) as held:
        assert topic_map(held).topics
        assert held.state("topics") is None


def test_names_of_scripts_without_spaces_are_words() -> None:
    """The words must come out whole, not as pairs of characters, and without grammar at their edges."""
    frames = ["我们的{}很好。", "关于{}的文章", "他说{}是新的", "在{}中使用", "用{}来做实验", "看看{}吧"]
    texts = [frame.format("蒸汽机车") for frame in frames] + [frame.format("海底光缆") for frame in frames]
    groups = np.repeat([0, 1], len(frames))
    words = characteristic_words(texts, groups, 5)
    assert words[0][0] == "蒸汽机车"
    assert words[1][0] == "海底光缆"
    assert not {"气机", "底光", "的蒸"} & {*words[0], *words[1]}


def test_names_keep_their_usual_spelling() -> None:
    texts = ["PyTorch code for GPT-3", "More on PyTorch", "PyTorch again"] * 2 + [
        "Cooking pasta",
        "Pasta sauce",
        "The pasta",
    ] * 2
    words = characteristic_words(texts, np.repeat([0, 1], 6), 5)
    assert words[0][0] == "PyTorch"
    assert words[1][0] == "pasta"
