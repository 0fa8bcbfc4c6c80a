"""The vector space: what is taken out of it, and that it is sound for any archive."""

import numpy as np
import numpy.typing as npt
import pytest

from index.passages import address_words, passage
from index.space import PRIOR, Space, neutral_queries
from index.types import FloatArray, Item, Paper

from .conftest import ROOT, WordEncoder


def unit(vectors: npt.NDArray[np.floating]) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


@pytest.fixture
def neutral() -> FloatArray:
    return WordEncoder().queries(neutral_queries())


@pytest.fixture
def items() -> FloatArray:
    rng = np.random.default_rng(7)
    return unit(rng.normal(0.5, 1.0, (300, 256)).astype(np.float32))  # a strong common direction


def test_what_all_items_share_is_taken_out(items: FloatArray, neutral: FloatArray) -> None:
    space = Space.fit(items, neutral)
    raw = float((items @ items.T).mean())
    inside = space.items(items)
    assert raw > 0.15
    assert abs(float((inside @ inside.T).mean())) < 0.05
    np.testing.assert_allclose(np.linalg.norm(inside, axis=1), 1, atol=1e-5)


def test_a_question_finds_what_it_asks_for_in_any_language() -> None:
    """Meanings and languages are directions here, the language the stronger one: raw cosine finds its own language."""
    rng = np.random.default_rng(5)
    lines = (ROOT / "index" / "neutral_queries.txt").read_text(encoding="utf-8").splitlines()
    codes = [line.partition("\t")[0] for line in lines if line and not line.startswith("#")]
    spoken = {code: place for place, code in enumerate(dict.fromkeys(codes))}
    language = 1.5 * np.linalg.qr(rng.normal(size=(512, 512)))[0][: len(spoken)]
    neutral = unit(rng.normal(0, 0.04, (len(codes), 512)) + language[[spoken[code] for code in codes]])
    meaning = rng.normal(0, 0.04, (60, 512))
    items = unit(np.concatenate([meaning + language[spoken["en"]], rng.permutation(meaning) + language[spoken["zh"]]]))
    asked = unit(items[60:] + language[spoken["en"]] - language[spoken["zh"]])  # the Chinese items' meaning, in English
    wanted = np.arange(60, 120)
    space = Space.fit(items, neutral)

    def share_found(scores: FloatArray) -> float:
        twins = np.argsort(-scores, axis=1)[:, :2]  # each meaning is there in both languages
        return float((twins == wanted[:, None]).any(axis=1).mean())

    assert share_found(asked @ items.T) < 0.5
    assert share_found(space.queries(asked) @ space.items(items).T) > 0.95


def test_titles_move_the_mean_question_half_way(items: FloatArray, neutral: FloatArray) -> None:
    titles = items[:50]
    plain, moved = Space.fit(items, neutral), Space.fit(items, neutral, titles)
    share = 0.5 * len(items) / (len(items) + PRIOR)
    expected = plain.query_mean + share * (titles.mean(axis=0) - plain.query_mean)
    np.testing.assert_allclose(moved.query_mean, expected, atol=1e-6)
    np.testing.assert_array_equal(moved.item_mean, plain.item_mean)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_tiny_archive_has_a_sound_space(count: int, items: FloatArray, neutral: FloatArray) -> None:
    space = Space.fit(items[:count], neutral)
    inside = space.items(items[:count])
    assert np.isfinite(inside).all()
    np.testing.assert_allclose(np.linalg.norm(inside, axis=1), 1, atol=1e-5)
    nearest = space.queries(items[:count]) @ inside.T
    assert (nearest.argmax(axis=1) == np.arange(count)).all()


def test_an_empty_archive_changes_nothing(neutral: FloatArray) -> None:
    space = Space.fit(np.empty((0, 256), dtype=np.float32), neutral)
    np.testing.assert_allclose(space.queries(neutral), neutral, atol=1e-6)
    assert space.fitted_on == 0


def test_one_mean_does_in_place_of_the_questions(items: FloatArray, neutral: FloatArray) -> None:
    space = Space.fit(items, neutral.mean(axis=0))
    assert np.isfinite(space.items(items)).all()


def test_a_space_survives_being_kept(items: FloatArray, neutral: FloatArray) -> None:
    space = Space.fit(items, neutral)
    again = Space.from_bytes(space.to_bytes())
    np.testing.assert_array_equal(again.items(items), space.items(items))
    np.testing.assert_array_equal(again.queries(items), space.queries(items))
    assert again.fitted_on == 300
    with pytest.raises((ValueError, KeyError, OSError)):
        Space.from_bytes(b"no space")


def test_a_space_is_outgrown_by_a_quarter(items: FloatArray, neutral: FloatArray) -> None:
    space = Space.fit(items, neutral)
    assert [space.outgrown(count) for count in (200, 250, 300, 375, 376)] == [True, False, False, False, True]


def test_neutral_questions_are_many_and_distinct() -> None:
    questions = neutral_queries()
    assert len(questions) == len(set(questions)) >= 200


def test_no_neutral_question_is_judged(gold: object) -> None:
    from pathlib import Path

    assert isinstance(gold, Path)
    judged = (gold / "queries.jsonl").read_text(encoding="utf-8")
    assert not [question for question in neutral_queries() if len(question) > 6 and f'"{question}"' in judged]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("github:owner/some-name", "owner some name"),
        ("example.org/2021/03/why-cats-purr-8f3a2b1c", "why cats purr"),
        ("example.org/story/why_cats%20purr.html", "why cats purr"),
        ("example.org/forum?id=1Fqg133qRaI", ""),
        ("example.org/p/5fcd4be1", ""),
        ("example.org", ""),
        ("arxiv:2104.06601", ""),
        ("doi:10.1145/3292500", ""),
        (None, ""),
    ],
)
def test_addresses_hold_words(key: str | None, words: str) -> None:
    assert address_words(key) == words


def test_a_passage_says_each_thing_once() -> None:
    item = Item(1, "Title", subtitle="Paper", summary="What it is.", note="Title", key="github:a/tool")
    assert passage(item) == "Title. Paper. What it is. a tool"
    paper = Paper("arxiv:1", "Paper", abstract="Long " * 1000)
    with_paper = passage(item, paper)
    assert with_paper.startswith("Title. Paper. What it is. Long Long")
    assert len(with_paper) < 1300
    assert passage(Item(1, "标题。", summary="内容。")) == "标题. 内容"
