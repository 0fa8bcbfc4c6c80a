"""Answers: what is found, in which order, counted and paged how."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.errors import ModelUnavailable
from index.types import Document, Encoder, Filters, FloatArray, Issue, Item
from search.errors import BadCursor
from search.refresh import fitted, refresh
from search.relevance import BORDER, Calibration, Null, band
from search.results import Answer, Ask
from search.retrieve import NO_MODEL, search, search_many

from .conftest import WordEncoder
from .documents import document, item, opened, paper_item, put

WORDS = [
    *("amber", "basil", "cedar", "dune", "ember", "fjord", "grove", "heron"),
    *("inlet", "jetty", "kelp", "lagoon", "marsh", "nectar", "orchard", "pebble"),
]


class NoEncoder(WordEncoder):
    """A model that cannot be loaded, and says so when it is asked to do anything."""

    def queries(self, texts: object) -> FloatArray:
        del texts
        raise ModelUnavailable("There is no model here.")

    passages = queries


def filler(position: int, seed: int) -> Item:
    """An item that shares its words with a few others."""
    picked = [WORDS[(seed * step) % len(WORDS)] for step in (1, 3, 5, 7)]
    return item(position, f"About {picked[0]} {picked[1]}", summary=f"On {picked[2]} by the {picked[3]}.")


@pytest.fixture
def archive(tmp_path: Path, encoder: Encoder) -> Iterator[Archive]:
    """Eight issues; a paper on bee hives is in issues 2 and 5, other bees in 3 and 7."""
    special: dict[int, Item] = {
        2: paper_item(1, "Listening to hives", "2101.00001", section="Papers", summary="Microphones hear bees swarm."),
        3: item(1, "Bees count flowers", section="News", kind="article", url="https://bees.example/count"),
        5: paper_item(1, "Hives, heard again", "2101.00001", section="News", summary="The bees and microphones again."),
        7: item(
            1, "Sugar for bees", section="Papers", summary="Bees swarm to the sugar.", url="https://sugar.example/a"
        ),
    }
    documents = [
        document(number, [*([special[number]] if number in special else []), filler(2, number), filler(3, number + 9)])
        for number in range(1, 9)
    ]
    with opened(tmp_path / "archive", encoder, *documents) as held:
        refresh(held)
        yield held


def titles(answer: Answer) -> list[str]:
    return [hit.item.title for hit in answer.hits]


def test_words_and_meaning_find_and_order(archive: Archive) -> None:
    answer = search(archive, Ask("bees swarm microphones"))
    assert titles(answer)[:2] == ["Listening to hives", "Sugar for bees"]
    assert answer.close
    assert answer.hits[0].match in ("strong", "good")
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_work_shows_once_and_tells_where_else(archive: Archive) -> None:
    answer = search(archive, Ask("bees microphones"))
    assert [hit.item.key for hit in answer.hits].count("arxiv:2101.00001") == 1
    hit = next(hit for hit in answer.hits if hit.item.key == "arxiv:2101.00001")
    (other,) = hit.also_in
    assert {hit.issue.number, other.issue.number} == {2, 5}


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_filters_are_exact_in_every_mode(archive: Archive, mode: str) -> None:
    ask = Ask("bees kind:paper", mode=mode)  # type: ignore[arg-type]
    assert {hit.item.key for hit in search(archive, ask).hits} == {"arxiv:2101.00001"}
    beside = Ask("bees", mode=mode, filters=Filters(hosts=("sugar.example",)))  # type: ignore[arg-type]
    assert titles(search(archive, beside)) == ["Sugar for bees"]
    none = search(archive, Ask("bees issue:99", mode=mode))  # type: ignore[arg-type]
    assert (none.hits, none.total, none.close) == ((), 0, False)


def test_phrases_and_exclusions_hold(archive: Archive) -> None:
    assert set(titles(search(archive, Ask('"bees swarm"')))) == {"Sugar for bees", "Listening to hives"}
    assert titles(search(archive, Ask('"bees and microphones"'))) == ["Hives, heard again"]
    left = titles(search(archive, Ask("bees -microphones -flowers")))
    assert "Sugar for bees" in left
    assert not {"Listening to hives", "Hives, heard again", "Bees count flowers"} & set(left)


def test_conditions_alone_list_newest_first(archive: Archive) -> None:
    answer = search(archive, Ask("kind:paper"))
    assert [(hit.issue.number, hit.match) for hit in answer.hits] == [(5, "strong")]  # the work's newest mention
    everything = search(archive, Ask("year:2021", limit=100))
    numbers = [hit.issue.number or 0 for hit in everything.hits]
    assert numbers == sorted(numbers, reverse=True)
    assert everything.total == len(everything.hits) == archive.build.works
    oldest = search(archive, Ask("year:2021", sort="oldest", limit=100))
    numbers = [hit.issue.number or 0 for hit in oldest.hits]
    assert numbers == sorted(numbers)
    assert next(hit for hit in oldest.hits if hit.item.kind == "paper").issue.number == 2


def test_sorting_by_date_keeps_weak_ones_behind(archive: Archive) -> None:
    answer = search(archive, Ask("bees swarm", sort="newest", limit=100))
    bands = ["weak" if hit.match == "weak" else "answer" for hit in answer.hits]
    assert bands == sorted(bands)
    front = [hit.issue.number or 0 for hit in answer.hits if hit.match != "weak"]
    assert len(front) > 1
    assert front == sorted(front, reverse=True)


def test_empty_questions_do_not_touch_the_model(tmp_path: Path) -> None:
    with opened(tmp_path / "archive", WordEncoder(), document(1, [item(1, "Bees")])):
        pass
    with Archive(tmp_path / "archive", NoEncoder()) as held:
        for text in ("", "  ", "?!"):
            answer = search(held, Ask(text))
            assert (answer.hits, answer.total, answer.facets) == ((), 0, ())
        assert titles(search(held, Ask("issue:1"))) == ["Bees"]
        assert titles(search(held, Ask("bees", mode="keyword"))) == ["Bees"]


def test_without_a_model_words_answer_and_say_so(tmp_path: Path) -> None:
    with opened(tmp_path / "archive", WordEncoder(), document(1, [item(1, "Bees"), item(2, "Wasps")])):
        pass
    with Archive(tmp_path / "archive", NoEncoder()) as held:
        answer = search(held, Ask("bees"))
        assert (titles(answer), answer.mode, answer.query.hints) == (["Bees"], "keyword", (NO_MODEL,))
        with pytest.raises(ModelUnavailable):
            search(held, Ask("bees", mode="semantic"))


def test_an_empty_archive_answers(tmp_path: Path, encoder: Encoder) -> None:
    with Archive(tmp_path / "archive", encoder, create=True) as held:
        answer = search(held, Ask("bees"))
        assert (answer.hits, answer.total, answer.close) == ((), 0, False)


def test_a_pasted_link_finds_its_work_then_its_neighbours(archive: Archive) -> None:
    for text in ("2101.00001", "https://arxiv.org/pdf/2101.00001v3"):
        answer = search(archive, Ask(text))
        assert answer.hits[0].item.key == "arxiv:2101.00001"
        assert answer.hits[0].issue.number == 5  # its newest mention
        assert answer.close
        assert len({hit.item.key or hit.item.id for hit in answer.hits}) == len(answer.hits)


def test_conditions_can_be_turned_round(archive: Archive) -> None:
    every = search(archive, Ask("year:2021", limit=100))
    papers = search(archive, Ask("kind:paper", limit=100))
    others = search(archive, Ask("-kind:paper", limit=100))
    assert 0 < others.total == every.total - papers.total
    assert {hit.item.kind for hit in others.hits} == {hit.item.kind for hit in every.hits} - {"paper"}
    assert all(hit.item.kind != "paper" for hit in search(archive, Ask("bees -kind:paper")).hits)
    assert search(archive, Ask("kind:paper -kind:paper")).total == 0


def test_an_unknown_link_without_words_finds_nothing_under_conditions_either(archive: Archive) -> None:
    """The conditions alone would be met by all that has nothing to do with the link."""
    year = next(issue.year or (issue.date and issue.date.year) for issue in archive.issues())
    assert search(archive, Ask(f"year:{year}")).total > 0
    for question in ("https://arxiv.org/abs/2110", f"https://arxiv.org/abs/2110 year:{year}"):
        answer = search(archive, Ask(question))
        assert (answer.total, answer.hits, answer.close) == (0, (), False)
        assert answer.query.hints == ("The archive has nothing under “arxiv.org/abs/2110”.",)


def test_an_unknown_link_is_searched_by_its_words(archive: Archive) -> None:
    answer = search(archive, Ask("https://elsewhere.example/2020/01/sugar-for-bees-1a2b3c4d"))
    assert answer.query.words == "sugar for bees"
    assert titles(answer)[0] == "Sugar for bees"
    assert "nothing under" in answer.query.hints[0]
    assert search(archive, Ask("arXiv:2001.99999")).total == 0
    assert search(archive, Ask("node.js/express")).query.words == "node.js/express"


def test_facets_count_works_and_agree_with_filtering(archive: Archive) -> None:
    for query in ("bees swarm microphones", "year:2021", "amber basil"):
        answer = search(archive, Ask(query, limit=100))
        for facet in answer.facets:
            if facet.field not in ("kind", "section", "issue"):
                continue
            for value in facet.values:
                field: Callable[[str], Filters] = {
                    "kind": lambda text: Filters(kinds=(text,)),
                    "section": lambda text: Filters(sections=(text,)),
                    "issue": lambda text: Filters(issues=(int(text),)),
                }[facet.field]
                if not answer.query.words:
                    left = search(archive, Ask(query, limit=100, filters=field(value.value)))
                    assert left.total == value.count, (query, facet.field, value)
                assert value.count <= answer.total
        assert sum(count for _, count in answer.issue_counts) >= answer.total - answer.weaker
        shown = {hit.issue.id for hit in answer.hits if hit.match != "weak" or not answer.close}
        assert shown <= {issue for issue, _ in answer.issue_counts}


def test_pages_follow_on_and_agree_on_everything(archive: Archive) -> None:
    whole = search(archive, Ask("year:2021", limit=100))
    pages, cursor = [], None
    while True:
        page = search(archive, Ask("year:2021", limit=4, cursor=cursor))
        pages.append(page)
        cursor = page.next
        if cursor is None:
            break
    assert [hit.item.id for page in pages for hit in page.hits] == [hit.item.id for hit in whole.hits]
    assert len(pages) > 2
    assert {page.total for page in pages} == {whole.total}
    assert {page.facets for page in pages} == {whole.facets}


def test_cursors_are_bound_to_question_and_build(archive: Archive) -> None:
    cursor = search(archive, Ask("year:2021", limit=4)).next
    assert cursor is not None
    for bad in ("", "x", "é", "AAAA", cursor[:-2], "W10", "bnVsbA"):
        with pytest.raises(BadCursor) as broken:
            search(archive, Ask("year:2021", cursor=bad))
        assert not broken.value.stale
    with pytest.raises(BadCursor) as other:
        search(archive, Ask("year:2020", cursor=cursor))
    assert not other.value.stale
    put(archive, document(20, [item(1, "Something new")]))
    with pytest.raises(BadCursor) as stale:
        search(archive, Ask("year:2021", cursor=cursor))
    assert stale.value.stale


def test_many_questions_go_through_the_model_together(archive: Archive, encoder: WordEncoder) -> None:
    asks = [Ask("bees swarm"), Ask("kind:paper"), Ask("sugar"), Ask("")]
    together = search_many(archive, asks)
    assert [answer.hits for answer in together] == [search(archive, ask).hits for ask in asks]
    assert encoder.encoded > 0


def test_highlights_mark_what_matched(archive: Archive) -> None:
    hit = search(archive, Ask("swarming sugar")).hits[0]
    marked = {(light.field, light.text[start:end]) for light in hit.highlights for start, end in light.spans}
    assert marked == {("title", "Sugar"), ("summary", "swarm"), ("summary", "sugar")}


def test_a_calibration_is_kept_and_only_loaded(archive: Archive, encoder: WordEncoder) -> None:
    kept = fitted(archive)
    assert kept.calibration.items == archive.item_count
    names = {f"{kind}{part}" for kind in ("hybrid", "semantic", "passage") for part in ("", " ten", " both")}
    assert set(kept.calibration.nulls) == {*names, "item", "sentences", "words", "mixed"}
    before = encoder.encoded
    search(archive, Ask("bees"))
    assert encoder.encoded == before + 1


def test_few_items_must_stand_out_further_to_be_answers() -> None:
    found = np.array([0.5, 0.4, 0.2], dtype=np.float32)
    nulls = {"semantic": Null(0.3, 0.1), "item": Null(0.3, 0.1)}
    few, many = (Calibration(nulls, {}, items) for items in (7, 10_000))
    far = 2 - BORDER  # spreads that the best stands above the border
    assert many.relevance(found, "semantic")[0] == pytest.approx(0.5 + 0.5 * far / (far + 2 / 3))
    assert few.relevance(found, "semantic")[0] < 0.5
    assert few.relevance(found, "item").tolist() == many.relevance(found, "item").tolist()
    borders = [Calibration(items=items).border for items in (0, 10, 100, 1000)]
    assert borders == sorted(borders, reverse=True)


def test_strong_is_measured_by_the_best() -> None:
    fit = Calibration({"semantic": Null(0.0, 0.1), "item": Null(0.0, 0.1)}, {}, 10_000)
    found = np.array([2.15, 1.2, 0.9, 0.85, 0.4, 0.2], dtype=np.float32)  # the border is at 0.135
    scores = fit.relevance(found, "semantic")
    assert [band(score) for score in scores] == ["strong", "strong", "good", "good", "good", "weak"]
    assert np.all(np.diff(scores) < 0)
    assert [band(score) for score in fit.relevance(found, "item")] == ["strong"] * 5 + ["good"]
    assert [band(score) for score in fit.relevance(found[4:], "semantic")] == ["strong", "good"]  # nothing is better
    alone = np.array([9, 0.4, 0.3], dtype=np.float32)
    assert [band(score) for score in fit.relevance(alone, "semantic")] == ["strong", "good", "good"]


def test_searching_writes_nothing(tmp_path: Path, encoder: Encoder) -> None:
    with opened(tmp_path / "archive", encoder, document(1, [item(1, "Bees"), item(2, "Wasps")])) as held:
        generation = held.generation
        assert held.state("calibration") is None
        assert titles(search(held, Ask("bees")))[0] == "Bees"
        assert held.state("calibration") is None
        assert held.generation == generation


def test_undated_issues_are_sorted_and_counted(tmp_path: Path, encoder: Encoder) -> None:
    documents = [
        Document(Issue(title="Dated", date=dt.date(2021, 5, 1)), (item(1, "Bees one"),), source="a", content_hash="a"),
        Document(Issue(title="Undated"), (item(1, "Bees two"),), source="b", content_hash="b"),
    ]
    with opened(tmp_path / "archive", encoder, *documents) as held:
        for sort in ("newest", "oldest"):
            found = search(held, Ask("kind:article", sort=sort))
            assert titles(found) == ["Bees one", "Bees two"]  # what has no date comes last either way


def test_a_long_sentence_ends_with_a_whole_word() -> None:
    from search.highlight import LONGEST, sentences

    text = "Wanderers " + "between the hives, " * 30 + "go home."
    (short,) = sentences(text)
    assert LONGEST - 30 < len(short) <= LONGEST
    assert text[len(short)] == " "
    assert sentences("蜂" * 400) == ["蜂" * LONGEST]
    assert sentences("A bee hums here.") == ["A bee hums here."]


def test_long_texts_are_cut_at_words_around_what_matched() -> None:
    from search.highlight import LONGEST, highlights

    text = (
        "Nothing to see in these words here. " * 20
        + "Then the bees arrive at the hive, "
        + "and more of it follows. " * 20
    )
    (light,) = highlights(item(1, "A title", summary=text), ["bee", "hive"])
    assert [light.text[start:end] for start, end in light.spans] == ["bees", "hive"]
    assert light.text.startswith("… ")
    assert light.text.endswith(" …")
    inside = light.text.removeprefix("… ").removesuffix(" …")
    assert inside in text
    assert len(inside) <= LONGEST
    place = text.index(inside)
    assert text[place - 1] == " " or text[place] == " "
    assert text[place + len(inside)] == " "


def test_relevance_is_monotone_and_never_full() -> None:
    import numpy as np

    from search.relevance import GOOD, STRONG, Calibration, Null, band

    raw = np.linspace(0.9, -0.5, 200, dtype=np.float32)
    fitted_ones = Calibration({"semantic": Null(0.2, 0.04)})
    scores = fitted_ones.relevance(raw, "semantic")
    assert (np.diff(scores) <= 0).all()
    assert scores[0] < 1
    assert scores[-1] < 0.01
    assert [band(score) for score in (STRONG, GOOD, GOOD - 0.01)] == ["strong", "good", "weak"]
    again = Calibration.from_bytes(fitted_ones.to_bytes())
    assert again == fitted_ones
    assert Calibration.from_bytes(b"{}") is None
    assert Calibration.from_bytes(b'{"version": 1, "nulls": 3}') is None


class Translating(WordEncoder):
    """A model that knows two words of another language."""

    def queries(self, texts: Sequence[str]) -> FloatArray:
        return super().queries([text.replace("Bienen", "bees").replace("Honig", "honey") for text in texts])


def test_an_answer_by_meaning_shows_the_sentence_that_carried_it(tmp_path: Path) -> None:
    summary = "The garden lies by the sea. In it the bees make honey all summer. Nobody goes there in winter."
    encoder = Translating()
    with opened(
        tmp_path / "archive", encoder, document(1, [item(1, "A garden", summary=summary), item(2, "A road")])
    ) as held:
        refresh(held)
        (hit,) = [hit for hit in search(held, Ask("Bienen Honig")).hits if hit.item.title == "A garden"]
        (light,) = hit.highlights
        assert (light.text, light.spans) == ("In it the bees make honey all summer.", ())
        marked = search(held, Ask("bees honey")).hits[0].highlights
        assert [light.spans for light in marked] != [()]
        before = encoder.encoded
        refresh(held)
        assert encoder.encoded == before  # sentences are embedded once


def test_a_missing_reranker_is_said_and_leaves_the_answer_alone(archive: Archive, tmp_path: Path) -> None:
    from search.rerank import rerank

    empty = search(archive, Ask(""))
    assert rerank(archive, empty, "none") is empty
    with pytest.raises(ModelUnavailable, match="leave --reranker out"):
        rerank(archive, search(archive, Ask("bees")), str(tmp_path / "no-model"))
