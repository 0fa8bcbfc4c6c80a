"""Related lists: what belongs in them, on which side, and why."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.errors import NotFound
from index.types import Encoder, Item, Paper
from search.reasons import names
from search.refresh import refresh
from search.related import check, related, related_to

from .documents import document, item, opened, paper_item

BEES = "bees swarm hive honey queen nectar"
WORDS = [
    *("amber", "basil", "cedar", "dune", "ember", "fjord", "grove", "heron"),
    *("inlet", "jetty", "kelp", "lagoon", "marsh", "quartz", "orchard", "pebble"),
]


def about(position: int, title: str, text: str) -> Item:
    return item(position, title, summary=text)


@pytest.fixture
def archive(tmp_path: Path, encoder: Encoder) -> Iterator[Archive]:
    """Bees in issues 1, 3, 4 (the anchor, printed in 2 as well), 6, and other things all over."""
    rng = np.random.default_rng(1)
    special = {
        1: [about(1, "First bees", f"{BEES} garden")],
        2: [paper_item(1, "Bees, early", "2101.00009", summary=f"{BEES} microphone")],
        3: [about(1, "Swarm again", f"{BEES} window"), about(2, "Swarm again, retold", f"{BEES} window")],
        4: [
            paper_item(1, "Bees", "2101.00009", summary=f"{BEES} microphone"),
            about(2, "Next door", f"{BEES} door"),
        ],
        6: [
            about(1, "Later bees", f"{BEES} winter"),
            paper_item(2, "HoneyNet", "2102.00001", summary=f"{BEES} HoneyNet"),
        ],
    }
    documents = []
    for number in range(1, 9):
        items = special.get(number, [])
        others = [
            about(len(items) + place, " ".join(rng.choice(WORDS, 2)), " ".join(rng.choice(WORDS, 6)))
            for place in range(1, 7)
        ]
        documents.append(document(number, [*items, *others]))
    with opened(tmp_path / "archive", encoder, *documents) as held:
        refresh(held)
        yield held


def anchor(archive: Archive) -> int:
    return archive.works(["arxiv:2101.00009"])["arxiv:2101.00009"][-1].id


def test_related_is_split_in_time_without_the_work_itself(archive: Archive) -> None:
    answer = related(archive, anchor(archive))
    earlier = [hit.item.title for hit in answer.earlier]
    later = [hit.item.title for hit in answer.later]
    assert {"First bees", "Next door"} <= set(earlier)  # of the same issue is not after
    assert set(later) >= {"Later bees", "HoneyNet"}
    assert not {"Bees", "Bees, early"} & {*earlier, *later}
    assert answer.item is not None
    assert answer.item.title == "Bees"


def test_one_story_is_told_once(archive: Archive) -> None:
    found = [hit.item.title for hit in related(archive, anchor(archive)).earlier]
    assert len({"Swarm again", "Swarm again, retold"} & set(found)) == 1


def test_nothing_is_embedded_for_an_item(archive: Archive, encoder: Encoder) -> None:
    before = encoder.encoded  # type: ignore[attr-defined]
    related(archive, anchor(archive))
    assert encoder.encoded == before  # type: ignore[attr-defined]


def test_the_best_come_first_and_the_limit_holds(archive: Archive) -> None:
    answer = related(archive, anchor(archive), limit=3)
    assert len(answer.earlier) + len(answer.later) == 3
    for hits in (answer.earlier, answer.later):
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)


def test_an_unknown_item_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFound):
        related(archive, 10_000)


def test_links_ids_and_texts_have_related_items(archive: Archive) -> None:
    by_item = related(archive, anchor(archive))
    for given in ("https://arxiv.org/abs/2101.00009v2", "2101.00009"):
        assert related_to(archive, url=given) == by_item
    assert related_to(archive, arxiv="2101.00009") == by_item
    text = related_to(archive, text=f"{BEES} balcony")
    assert text.item is None
    assert "bees" in text.earlier[0].item.title.lower() or "swarm" in text.earlier[0].item.title.lower()
    for nothing in ("", "https://arxiv.org/abs/2001.99999", "https://example.org/"):
        empty = related_to(archive, url=nothing) if nothing else related_to(archive, text="  ")
        assert (empty.earlier, empty.later) == ((), ())


def test_an_unrelated_text_has_nothing_related(archive: Archive) -> None:
    answer = related_to(archive, text="zebra yacht xylophone walrus violin umbrella")
    assert answer.earlier == ()


def test_reasons_are_given_where_there_are_some(archive: Archive) -> None:
    archive.put_papers(
        [
            Paper("arxiv:2101.00009", "Bees", authors=("Ada Bee", "Carl Fly")),
            Paper("arxiv:2102.00001", "HoneyNet", authors=("Ada Bee",)),
        ]
    )
    hits = {hit.item.title: hit for hit in (*related(archive, anchor(archive)).later,)}
    assert hits["HoneyNet"].reason == "By the same author: Ada Bee"
    assert hits["Later bees"].reason is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("使用 StyleGAN2 和GPT-3进行", {"StyleGAN2", "GPT-3"}),
        ("RandLA-Net beats PointNet", {"RandLA-Net", "PointNet"}),
        ("We trained many GANs on the images of a City", set()),
    ],
)
def test_names_are_recognised(text: str, found: set[str]) -> None:
    assert names(item(1, text)) == found


def test_a_draft_is_checked_against_the_archive(archive: Archive) -> None:
    draft = [
        paper_item(1, "Quite another heading", "2101.00009", summary=f"{BEES} microphone"),
        about(2, "Swarms on balconies", f"{BEES} balcony"),
        about(3, "Unheard of", "zebra yacht xylophone walrus violin umbrella"),
        about(4, "later BEES", "zebra " + BEES + " winter"),
    ]
    first, second, third, fourth = check(archive, draft)
    assert [mention.issue.number for mention in first.covered] == [2, 4]
    assert "arxiv:2101.00009" not in {hit.item.key for hit in first.similar}
    assert first.similar
    assert second.covered == ()
    assert len(second.similar) == 3
    assert (third.covered, third.similar) == ((), ())
    assert [mention.issue.number for mention in fourth.covered] == [6]  # by its title: it has no link
    assert {hit.match for one in (first, second, third, fourth) for hit in one.similar} <= {"strong", "good"}
    assert check(archive, []) == []


def test_a_draft_is_not_led_to_what_is_weakly_like_it(archive: Archive) -> None:
    draft = about(1, "A hive", f"{BEES.split(maxsplit=1)[0]} zebra yacht xylophone walrus violin umbrella")
    around = related_to(archive, text=f"{draft.title} {draft.summary}", limit=3)
    (coverage,) = check(archive, [draft])
    assert "weak" in {hit.match for hit in around.earlier}
    assert coverage.similar == ()


def test_a_small_archive_has_related_items(tmp_path: Path, encoder: Encoder) -> None:
    documents = [document(1, [about(1, "Bees", BEES)]), document(2, [about(1, "Other bees", BEES + " winter")])]
    with opened(tmp_path / "small", encoder, *documents) as held:
        found = related(held, 1)
        assert found.earlier == ()
        assert [hit.item.title for hit in found.later] == ["Other bees"]
    with opened(tmp_path / "single", encoder, document(1, [about(1, "Bees", BEES)])) as held:
        assert (related(held, 1).earlier, related(held, 1).later) == ((), ())
