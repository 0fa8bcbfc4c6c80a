"""Filters, phrases, postings, facets and neighbours, against plain Python over the same items."""

import datetime as dt
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.archive import Archive
from index.text import tokens
from index.types import Document, Filters, Issue, Item, Paper
from tests.conftest import WordEncoder
from tests.documents import ROBOTS, SEGMENTATION, STORE, TOOL, document, item, opened, paper_item, put, titles

WORDS = [
    "model",
    "models",
    "gpt",
    "GPT-3",
    "3",
    "zero-shot",
    "深度学习",
    "学习",
    "学",
    "の",
    "3D点云",
    "café",
    "R-Drop",
    ",",
]


def found(archive: Archive, **conditions: object) -> list[str]:
    ids = archive.select(Filters(**conditions))  # type: ignore[arg-type]
    assert ids is not None
    assert ids.dtype == np.int64
    assert ids.tolist() == sorted(set(ids.tolist()))
    return titles(archive.items(ids.tolist()))


def test_no_condition_is_no_selection(archive: Archive) -> None:
    assert archive.select(Filters()) is None
    assert archive.select(Filters(phrases=("—",))) is not None


def test_conditions_on_fields(archive: Archive) -> None:
    first = document(1, [SEGMENTATION, ROBOTS, STORE, TOOL])
    other = Document(
        Issue("Another", "The Other", 7, dt.date(2022, 3, 1), 2022, language="ja"),
        (
            replace(STORE, title="Deep link", position=1, url="https://blog.shop.example/x", section="NEWS"),
            item(2, "In Chinese", language="zh-Hans", kind="video", url="https://notshop.example"),
            item(3, "No link"),
        ),
    )
    put(archive, first, other)
    papers = [SEGMENTATION.title, ROBOTS.title]
    assert found(archive, sections=("papers",)) == papers
    assert found(archive, sections=("news",)) == [STORE.title, "Deep link"]
    assert found(archive, sections=("paper",)) == []
    assert found(archive, kinds=("CODE", "video")) == [TOOL.title, "In Chinese"]
    assert found(archive, hosts=("shop.example",)) == [STORE.title, "Deep link"]
    assert found(archive, hosts=("WWW.Shop.example", "github.com")) == [STORE.title, TOOL.title, "Deep link"]
    assert found(archive, hosts=("blog.shop.example",)) == ["Deep link"]
    assert found(archive, languages=("zh",)) == ["In Chinese"]
    assert found(archive, languages=("JA",)) == ["Deep link", "No link"]
    assert found(archive, newsletters=("the other",), kinds=("article",)) == ["Deep link", "No link"]
    assert found(archive, issues=(7, 99)) == ["Deep link", "In Chinese", "No link"]
    assert found(archive, issues=(-1,)) == []
    assert found(archive, years=(2021,), kinds=("paper",)) == papers
    assert found(archive, years=(0,)) == []
    assert found(archive, sections=("news",), excluded=("cameras",)) == []
    kinds, papers_of_2021 = Filters(kinds=("code", "video")), Filters(kinds=("paper",), years=(2021,))
    assert found(archive, excluding=(kinds, papers_of_2021)) == [STORE.title, "Deep link", "No link"]
    assert found(archive, sections=("news",), excluding=(Filters(languages=("ja",)),)) == [STORE.title]
    assert found(archive, excluding=(Filters(after=dt.date(2022, 1, 1)),)) == [*papers, STORE.title, TOOL.title]
    assert len(found(archive, excluding=(Filters(),))) == 7  # no condition, of which there is no opposite


def test_dates_include_the_first_and_exclude_the_last(archive: Archive) -> None:
    day = dt.date(2021, 1, 11)
    put(archive, document(1, [item(1, "dated")]))
    put(archive, Document(Issue("week", year=2021, week=2), (item(1, "in week 2"),), source="w"))
    put(archive, Document(Issue("year", year=2021), (item(1, "in 2021"),), source="y"))
    put(archive, Document(Issue("none"), (item(1, "some day"),), source="n"))
    assert archive.issue(1).date == day
    assert found(archive, after=day) == ["dated", "in week 2"]
    assert found(archive, after=day + dt.timedelta(days=1)) == []
    assert found(archive, before=day) == []
    assert found(archive, before=day + dt.timedelta(days=1)) == ["dated"]
    assert found(archive, before=dt.date(2021, 1, 18)) == ["dated", "in week 2"]
    assert found(archive, before=dt.date(2022, 1, 1)) == ["dated", "in week 2", "in 2021"]
    assert found(archive, after=dt.date(2021, 1, 1), before=dt.date(2022, 1, 1)) == ["dated", "in week 2", "in 2021"]


def test_phrases_in_chinese_and_japanese_are_exact(archive: Archive) -> None:
    texts = ["深度学习模型", "学习深度", "强化学习", "学校", "大学", "3D点云分割", "点云 3D", "モデルの学習", "学"]
    put(archive, document(1, [item(place, text) for place, text in enumerate(texts, 1)]))
    assert found(archive, phrases=("深度学习",)) == ["深度学习模型"]
    assert found(archive, phrases=("学习",)) == ["深度学习模型", "学习深度", "强化学习"]
    assert found(archive, phrases=("学",)) == [text for text in texts if "学" in text]
    assert found(archive, excluded=("学",)) == ["3D点云分割", "点云 3D"]
    assert found(archive, phrases=("3D点云",)) == ["3D点云分割"]
    assert found(archive, phrases=("点云", "3D")) == ["3D点云分割", "点云 3D"]
    assert found(archive, phrases=("デルの学",)) == ["モデルの学習"]
    assert found(archive, phrases=("习",)) == ["深度学习模型", "学习深度", "强化学习"]


def test_phrases_in_english_are_whole_words_next_to_each_other(archive: Archive) -> None:
    texts = ["Zero-shot segmentation", "Segmentation, zero shot", "zero shots", "GPT-3 and GPT3", "gpt 3", "GPT-2 of 3"]
    put(archive, document(1, [item(place, text) for place, text in enumerate(texts, 1)]))
    assert found(archive, phrases=("ZERO SHOT",)) == texts[:2]
    assert found(archive, phrases=("shot segmentation",)) == texts[:1]
    assert found(archive, phrases=("segment",)) == []
    assert found(archive, phrases=("gpt-3",)) == texts[3:5]
    assert found(archive, phrases=("gpt",), excluded=("2",)) == texts[3:5]


def test_a_phrase_does_not_span_two_fields(archive: Archive) -> None:
    put(archive, document(1, [item(1, "ends with deep", summary="learning begins", section="Deep learning")]))
    assert found(archive, phrases=("deep learning",)) == []
    assert found(archive, phrases=("deep", "learning")) == ["ends with deep"]


def test_query_syntax_in_a_phrase_is_only_text(archive: Archive) -> None:
    put(archive, document(1, [item(1, 'say "hello" AND bye*'), item(2, "title : NEAR(hello)")]))
    assert found(archive, phrases=('"hello" AND bye*',)) == ['say "hello" AND bye*']
    assert found(archive, phrases=("title : NEAR",)) == ["title : NEAR(hello)"]
    assert found(archive, phrases=("' OR 1=1 --", "hello")) == []


def test_authors_are_found_by_the_words_of_one_name(archive: Archive) -> None:
    put(archive, document(1, [SEGMENTATION, ROBOTS]))
    archive.put_papers(
        [
            Paper("arxiv:2104.06601", "A", authors=("Grace Hopper", "Émile Borel")),
            Paper("arxiv:2105.00001", "B", authors=("Alan Turing", "Grace Kelly")),
        ]
    )
    assert found(archive, authors=("grace",)) == [SEGMENTATION.title, ROBOTS.title]
    assert found(archive, authors=("Grace Hopper", "turing")) == [SEGMENTATION.title, ROBOTS.title]
    assert found(archive, authors=("borel",)) == [SEGMENTATION.title]
    assert found(archive, authors=("emile BOREL",)) == [SEGMENTATION.title]
    assert found(archive, authors=("hopper emile",)) == []
    assert found(archive, phrases=("hopper",)) == []


ITEMS = st.builds(
    lambda parts, section, kind, host: Item(
        0,
        " ".join(parts[:3]) or "untitled",
        section=section,
        summary=" ".join(parts[3:]) or None,
        kind=kind,
        url=host and f"https://{host}/x",
    ),
    st.lists(st.sampled_from(WORDS), max_size=6),
    st.sampled_from([None, "News", "NEWS", "Papers"]),
    st.sampled_from(["paper", "code"]),
    st.sampled_from([None, "a.example", "www.a.example", "b.a.example"]),
)
EXCLUDING = st.builds(
    Filters,
    kinds=st.sampled_from([("paper",), ("code", "paper")]),
    sections=st.sampled_from([(), ("news",)]),
    excluded=st.lists(st.sampled_from(WORDS), max_size=1).map(tuple),
)
FILTERS = st.builds(
    Filters,
    sections=st.sampled_from([(), ("news",), ("Papers", "none")]),
    kinds=st.sampled_from([(), ("paper",)]),
    hosts=st.sampled_from([(), ("a.example",), ("b.a.example",)]),
    issues=st.sampled_from([(), (1,), (1, 2)]),
    phrases=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join), max_size=2).map(tuple),
    excluded=st.lists(st.sampled_from(WORDS), max_size=2).map(tuple),
    excluding=st.lists(EXCLUDING, max_size=2).map(tuple),
)


def units(text: str) -> list[str]:
    """Words as a reader sees them: runs of letters, runs of digits, single characters of unspaced scripts."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"[a-z]+|[0-9]+|[\u3040-\u9fff]", re.sub("[\u0300-\u036f]", "", plain))


def reference(one: Item, number: int, filters: Filters) -> bool:
    """What a condition means, spelled out over one item."""

    def has(phrase: str) -> bool:
        wanted = units(phrase)
        held = [units(field) for field in (one.title, one.summary or "")]
        return any(field[at : at + len(wanted)] == wanted for field in held for at in range(len(field)))

    host = (one.url or "").removeprefix("https://").removesuffix("/x").removeprefix("www.")
    return (
        (not filters.sections or (one.section or "").lower() in {section.lower() for section in filters.sections})
        and (not filters.kinds or one.kind in filters.kinds)
        and (not filters.hosts or any(host == name or host.endswith("." + name) for name in filters.hosts))
        and (not filters.issues or number in filters.issues)
        and all(has(phrase) for phrase in filters.phrases if units(phrase))
        and not any(has(phrase) for phrase in filters.excluded if units(phrase))
        and not any(reference(one, number, left_out) for left_out in filters.excluding)
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.lists(ITEMS, max_size=5), min_size=1, max_size=3), st.lists(FILTERS, min_size=3, max_size=3))
def test_selections_are_exact(
    tmp_path_factory: pytest.TempPathFactory, issues: list[list[Item]], asked: list[Filters]
) -> None:
    documents = [
        document(number, [replace(one, position=place) for place, one in enumerate(items, 1)])
        for number, items in enumerate(issues, 1)
    ]
    with opened(tmp_path_factory.mktemp("some"), WordEncoder(), *documents) as archive:
        numbers = {issue.id: issue.number or 0 for issue in archive.issues()}
        everything = list(archive.all_items())
        for filters in asked:
            expected = [one.id for one in everything if reference(one, numbers[one.issue_id], filters)]
            selected = archive.select(filters)
            assert (archive.item_ids() if selected is None else selected).tolist() == expected


def test_postings_count_every_inflection_with_the_weight_of_its_field(archive: Archive) -> None:
    put(
        archive,
        document(1, [item(1, "Models", summary="A model models."), item(2, "x", note="modelling"), item(3, "none")]),
    )
    (found_model,) = archive.postings(["model"])
    assert found_model.ids.tolist() == [1, 2]
    assert found_model.frequencies.tolist() == [4.0, 1.0]
    assert archive.postings(["models"])[0].ids.tolist() == []  # no token: tokens are stems
    assert [posting.ids.tolist() for posting in archive.postings(["none", "absent", "x"])] == [[3], [], [2]]


def test_postings_of_names_and_unspaced_text(archive: Archive) -> None:
    texts = ["GPT-3", "gpt 3", "深度学习", "学", "大学"]
    put(archive, document(1, [item(place, text) for place, text in enumerate(texts, 1)]))
    expected = {"gpt3": [1], "gpt": [1, 2], "3": [1, 2], "学习": [3], "学": [3, 4, 5], "度学": [3]}
    assert {posting.token: posting.ids.tolist() for posting in archive.postings(list(expected))} == expected


def test_every_token_of_an_item_finds_it(archive: Archive) -> None:
    text = "Ｓｅｅ GPT-3.5's état-of-the-art 学習モデル, U-Net (C++) 1,000 1号 and 한국어"
    put(archive, document(1, [item(1, text)]))
    assert [posting.ids.tolist() for posting in archive.postings(tokens(text))] == [[1]] * len(tokens(text))


def test_the_words_of_an_address_are_found_but_are_no_text(archive: Archive) -> None:
    put(
        archive,
        document(1, [item(1, "A physics engine", url="https://github.com/google/brax", key="github:google/brax")]),
    )
    assert [posting.ids.tolist() for posting in archive.postings(["brax", "googl", "github"])] == [[1], [1], []]
    assert found(archive, phrases=("brax",)) == []


def test_text_lengths_of_any_items_in_any_order(archive: Archive) -> None:
    put(archive, document(1, [item(1, "one two", summary="three"), item(2, "one"), item(3, "one two")]))
    assert archive.text_lengths(np.array([3, 1, 2, 9])).tolist() == [2.0, 3.0, 1.0, 0.0]
    assert archive.mean_text_length == 2.0
    put(archive, document(1, [item(1, "one two", summary="three"), item(3, "one two")], content="2"))
    assert archive.text_lengths(np.array([3, 1, 2])).tolist() == [2.0, 3.0, 0.0], "one was removed"
    assert archive.mean_text_length == 2.5


def test_facet_columns_are_parallel_to_the_ids_asked_for(archive: Archive) -> None:
    put(archive, document(1, [SEGMENTATION, STORE]), document(2, [replace(ROBOTS, section="PAPERS"), item(5, "bare")]))
    columns = archive.facet_columns(np.array([2, 3, 4]))
    labels = [columns.section.labels[code] if code >= 0 else None for code in columns.section.codes.tolist()]
    assert labels == ["News", "Papers", None]
    assert [columns.host.labels[code] if code >= 0 else None for code in columns.host.codes.tolist()] == [
        "shop.example",
        "arxiv.org",
        None,
    ]
    assert [columns.kind.labels[code] for code in columns.kind.codes.tolist()] == ["article", "paper", "article"]
    assert [columns.language.labels[code] for code in columns.language.codes.tolist()] == ["en", "en", "en"]
    assert columns.year.tolist() == [2021, 2021, 2021]
    assert columns.numbers.tolist() == [1, 2, 2]
    assert columns.issue_ids.tolist() == [1, 2, 2]
    assert [dt.date.fromordinal(day).isoformat() for day in columns.day.tolist()] == ["2021-01-11"] + ["2021-01-18"] * 2
    assert len(archive.facet_columns(np.empty(0, dtype=np.int64)).ids) == 0


def test_ids_that_vanished_meanwhile_are_unknown_not_wrong(archive: Archive) -> None:
    put(archive, document(1, [SEGMENTATION, ROBOTS, STORE]))
    put(archive, document(1, [SEGMENTATION, STORE]))
    columns = archive.facet_columns(np.array([1, 2, 3, 4]))
    assert [columns.kind.labels[code] if code >= 0 else None for code in columns.kind.codes.tolist()] == [
        "paper",
        None,
        "article",
        None,
    ]
    assert columns.year.tolist() == [2021, 0, 2021, 0]
    assert archive.work_of(np.array([1, 2, 3, 4])).tolist()[1::2] == [-2, -4]


def test_the_nearest_come_first(archive: Archive, encoder: WordEncoder) -> None:
    put(archive, document(1, [SEGMENTATION, ROBOTS, STORE, TOOL]))
    question = encoder.queries(["robots that fold towels", "graphs"])
    first, second = archive.nearest(question, 2)
    assert first[0].id == 2
    assert second[0].id == 4
    assert first[0].score > first[1].score
    (only,) = archive.nearest(question[:1], 5, within=np.array([1, 3]))
    assert sorted(one.id for one in only) == [1, 3]
    ids, scores = archive.nearest_arrays(question[:1], 5, within=np.array([3]))
    assert ids.tolist() == [[3, -1, -1, -1, -1]]
    assert scores[0, 1:].tolist() == [-np.inf] * 4
    assert archive.nearest(question[:1], 3, within=np.empty(0, dtype=np.int64)) == [[]]


def test_neighbours_start_with_the_item_itself(archive: Archive) -> None:
    similar = paper_item(5, "Robots that fold towels", "2106.00001", summary="Two arms fold laundry with a camera.")
    put(archive, document(1, [SEGMENTATION, ROBOTS, STORE, TOOL, similar]))
    (around,) = archive.neighbours([2], 3)
    assert [one.id for one in around][:2] == [2, 5]
    assert around[0].score == pytest.approx(1.0, abs=1e-3)
    assert archive.neighbours([], 3) == []
    by_text = archive.nearest_items(archive.embed_items(["fold laundry, robots with two arms"]), 1)
    assert by_text[0][0].id in {2, 5}
    with pytest.raises(KeyError):
        archive.neighbours([99], 3)


def test_vectors_come_as_the_encoder_made_them(archive: Archive, encoder: WordEncoder) -> None:
    put(archive, document(1, [item(1, "one two"), item(2, "three")]))
    expected = encoder.passages(["three", "one two"])
    assert np.allclose(archive.vectors([2, 1]), expected, atol=1e-3)
    assert np.allclose(np.linalg.norm(archive.space_vectors([2, 1]), axis=1), 1.0, atol=1e-5)
    assert archive.vectors([]).shape == archive.space_vectors([]).shape == (0, 256)


def test_neutral_questions_are_embedded_once(archive: Archive, encoder: WordEncoder, tmp_path: Path) -> None:
    put(archive, document(1, [ROBOTS]))
    first = archive.neutral_vectors()
    encoded = encoder.encoded
    archive.nearest(encoder.queries(["x"]), 1)
    assert np.array_equal(archive.neutral_vectors(), first)
    with Archive(tmp_path / "archive", encoder) as again:
        assert np.array_equal(again.neutral_vectors(), first)
    assert encoder.encoded == encoded + 2  # the question and, to fit the space, the one title


def test_derived_arrays_follow_every_change(archive: Archive, encoder: WordEncoder) -> None:
    put(archive, document(1, [SEGMENTATION, ROBOTS]))
    question = encoder.queries(["two arms fold towels"])
    assert archive.nearest(question, 1)[0][0].id == 2
    put(archive, document(1, [SEGMENTATION]), document(2, [STORE]))
    assert archive.item_ids().tolist() == [1, 3]
    assert [one.id for one in archive.nearest(question, 5)[0]] in ([1, 3], [3, 1])
    put(archive, document(3, [replace(ROBOTS, title="Folding robots")]))
    assert archive.nearest(question, 1)[0][0].id == 4
    put(archive, document(3, [replace(ROBOTS, title="Whales", subtitle=None, summary="They sing.", section="Sea")]))
    assert archive.nearest(encoder.queries(["whales sing"]), 1)[0][0].id == 4
    assert found(archive, sections=("sea",)) == ["Whales"]
    assert found(archive, phrases=("towels",)) == []
    moved = document(3, [replace(ROBOTS, title="Whales", subtitle=None, summary="They sing.", section="Sea")])
    put(archive, replace(moved, issue=replace(moved.issue, date=dt.date(2021, 1, 31), year=2021)))
    assert found(archive, after=dt.date(2021, 1, 31)) == ["Whales"]
    assert archive.verify() == []
