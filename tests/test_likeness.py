"""How much two items are alike: each of the three ways, and the order that they make together."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.types import IdArray, Item
from search.likeness import nearest, of_texts, of_work
from search.refresh import fitted, refresh
from search.sentences import comparable, kept, parts

from .conftest import WordEncoder
from .documents import document, item, opened, put

WORDS = [
    *("amber", "basil", "cedar", "dune", "ember", "fjord", "grove", "heron"),
    *("inlet", "jetty", "kelp", "lagoon", "marsh", "quartz", "orchard", "pebble"),
]
ANCHOR = item(1, "The anchor", summary="Zither players wander amber. Kelp grows under a jetty.")
SPECIAL = [
    ANCHOR,
    item(2, "Rare", summary="Zither makers rest near cedar. Fjord and grove."),
    item(3, "Common", summary="Amber makers rest near cedar. Fjord and grove."),
    item(4, "Turned round", summary="Kelp grows under a jetty. Zither players wander amber."),
    item(5, "Nothing alike", summary="Quartz and pebble. Marsh."),
]


@pytest.fixture
def archive(tmp_path: Path, encoder: WordEncoder) -> Iterator[Archive]:
    rng = np.random.default_rng(2)
    others = [
        document(number, [item(n, " ".join(rng.choice(WORDS, 2)), summary=told(rng)) for n in range(1, 8)])
        for number in range(2, 9)
    ]
    with opened(tmp_path / "archive", encoder, document(1, SPECIAL), *others) as held:
        refresh(held)
        yield held


def told(rng: np.random.Generator) -> str:
    return ". ".join(" ".join(rng.choice(WORDS, 5)) for _ in range(2)) + "."


def titles(archive: Archive, ids: IdArray) -> list[str]:
    return [one.title for one in archive.items(ids.tolist())]


def anchor(archive: Archive) -> Item:
    return archive.item(1)


def own(archive: Archive) -> frozenset[int]:
    return frozenset(archive.work_of(np.array([1], dtype=np.int64)).tolist())


def test_all_that_is_kept_of_an_item_is_compared(archive: Archive) -> None:
    assert parts(anchor(archive)) == [
        "The anchor",
        "Zither players wander amber.",
        "Kelp grows under a jetty.",
    ]
    found, counts = comparable(archive).of(np.array([1, 9_999, 4], dtype=np.int64))
    assert counts.tolist() == [3, 0, 3]
    # the same sentences in another order
    assert np.diag(found[1:3] @ found[[5, 4]].T) == pytest.approx([1, 1], abs=0.05)


def test_the_order_is_made_of_vectors_sentences_and_words(archive: Archive) -> None:
    fit = fitted(archive).calibration
    ranked = nearest(archive, of_work(archive, [anchor(archive)]), fit.nulls, own(archive))
    order = titles(archive, ranked.ids)
    assert order[0] == "Turned round"
    assert order.index("Rare") < order.index("Common")  # one word in common each, but a rare one
    assert np.all(np.diff(ranked.scores) <= 0)
    assert "Nothing alike" not in order[:5]


def test_a_text_is_compared_like_an_item(archive: Archive, encoder: WordEncoder) -> None:
    before = encoder.encoded
    (text,) = of_texts(archive, [ANCHOR])
    assert encoder.encoded == before + 1 + len(parts(ANCHOR))
    held = of_work(archive, [anchor(archive)])
    assert text.words == held.words
    assert np.diag(text.sentences @ held.sentences.T) == pytest.approx([1, 1, 1], abs=0.15)  # a byte a dimension


def test_items_without_kept_sentences_are_ranked_by_the_rest(archive: Archive) -> None:
    fit = fitted(archive).calibration
    subject = of_work(archive, [anchor(archive)])
    put(archive, document(9, [item(1, "Late", summary="Zither players wander amber. Kelp grows under a jetty.")]))
    (late,) = (one.id for one in archive.all_items() if one.title == "Late")
    assert comparable(archive).of(np.array([late], dtype=np.int64))[1].tolist() == [0]
    ranked = nearest(archive, subject, fit.nulls, own(archive))
    assert set(titles(archive, ranked.ids)[:2]) == {"Turned round", "Late"}
    archive.put_state("sentences", b"of another version")
    assert kept.of(archive).of(anchor(archive)) is None
    ranked = nearest(archive, of_work(archive, [anchor(archive)]), fit.nulls, own(archive))
    assert set(titles(archive, ranked.ids)[:2]) == {"Turned round", "Late"}


def test_conditions_hold_and_own_works_stay_out(archive: Archive) -> None:
    fit = fitted(archive).calibration
    within = np.array([1, 3, 4, 5], dtype=np.int64)
    ranked = nearest(archive, of_work(archive, [anchor(archive)]), fit.nulls, own(archive), within)
    assert sorted(ranked.ids.tolist()) == [3, 4, 5]
