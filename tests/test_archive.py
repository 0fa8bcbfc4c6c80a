"""What goes in comes out: issues, items, works, papers, pages and state, and ids that stay."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.errors import NotFound
from index.pages import Page
from index.types import Document, Issue, Item, Paper
from tests.conftest import WordEncoder
from tests.documents import ROBOTS, SEGMENTATION, STORE, TOOL, document, item, opened, paper_item, put, titles

FIRST = document(1, [SEGMENTATION, ROBOTS, STORE, TOOL])


def test_an_issue_comes_out_as_it_went_in(archive: Archive) -> None:
    full = replace(
        SEGMENTATION, note="Worth reading.", image="https://weekly.example/1.png", language="ja", section="Papers"
    )
    given = replace(document(1, [full, STORE]), unassigned=("https://one.example", "https://two.example"))
    (outcome,) = put(archive, given)
    assert (outcome.change, outcome.items, outcome.embedded) == ("new", 2, 2)
    stored = archive.issue(outcome.issue.id)
    assert replace(stored, id=0) == given.issue
    items = archive.issue_items(stored.id)
    assert [replace(one, id=0, issue_id=0) for one in items] == list(given.items)
    assert {one.issue_id for one in items} == {stored.id}
    assert archive.unassigned(stored.id) == ["https://one.example", "https://two.example"]
    assert archive.holds("issue-1.md", "1")
    assert not archive.holds("issue-1.md", "2")
    assert not archive.holds("issue-2.md", "1")
    assert archive.origin(stored.id) == "issue-1.md"
    assert archive.verify() == []


def test_a_document_comes_back_whole_and_keeps_its_ids_in_another_archive(
    archive: Archive, tmp_path: Path, encoder: WordEncoder
) -> None:
    put(archive, FIRST, replace(document(2, [SEGMENTATION]), aliases=("medium:ab12",)))
    put(archive, document(1, [TOOL]))
    exported = [archive.document(issue.id) for issue in archive.issues()]
    assert exported[0].aliases == ("medium:ab12", "url:https://weekly.example/2")
    with opened(tmp_path / "copy", encoder, *exported) as copy:
        assert [copy.document(issue.id) for issue in copy.issues()] == exported
        assert titles(copy.all_items()) == titles(archive.all_items())
        assert copy.item_ids().tolist() == archive.item_ids().tolist() == [4, 5]
        # an id that is taken by something else, or that something else once had, is not given again
        third = document(3, [replace(ROBOTS, id=4), replace(STORE, id=20)])
        put(copy, replace(third, issue=replace(third.issue, id=1)))
        assert [(one.id, one.title) for one in copy.issue_items(3)] == [(6, ROBOTS.title), (20, STORE.title)]
        put(copy, document(3, []), document(4, [replace(STORE, id=20)]))
        assert [(one.id, one.title) for one in copy.issue_items(4)] == [(21, STORE.title)]
        assert copy.item(4).title == TOOL.title


def test_putting_the_same_again_changes_nothing_and_embeds_nothing(archive: Archive, encoder: WordEncoder) -> None:
    second = document(2, [paper_item(1, "Graphs that learn", "2101.00001"), SEGMENTATION])
    put(archive, FIRST, second)
    generation, encoded = archive.generation, encoder.encoded
    outcomes = put(archive, FIRST, second)
    assert [(one.change, one.items, one.embedded) for one in outcomes] == [("unchanged", 4, 0), ("unchanged", 2, 0)]
    assert (archive.generation, encoder.encoded) == (generation, encoded)


def test_equal_texts_are_embedded_once(archive: Archive, encoder: WordEncoder) -> None:
    outcomes = put(archive, document(1, [SEGMENTATION, ROBOTS]), document(2, [replace(ROBOTS, position=1)]))
    assert [one.embedded for one in outcomes] == [2, 0]
    assert encoder.encoded == 2
    put(archive, document(3, [replace(SEGMENTATION, section="Again")]))
    assert encoder.encoded == 2


def test_items_keep_their_ids_when_an_issue_is_edited(archive: Archive, encoder: WordEncoder) -> None:
    put(archive, FIRST)
    before = {one.title: one.id for one in archive.issue_items(1)}
    encoded = encoder.encoded
    edited = [
        replace(TOOL, position=1),  # moved
        replace(SEGMENTATION, position=2, title="Outlines without labels"),  # another title, the same link
        item(3, "A new one"),
        # another link and title in a new place, but the same words
        replace(STORE, position=4, url="https://other.example/", key="other.example"),
    ]
    (outcome,) = put(archive, document(1, edited))
    assert (outcome.change, outcome.items, outcome.embedded) == ("changed", 4, 2)
    assert encoder.encoded == encoded + 2
    after = archive.issue_items(1)
    assert titles(after) == [TOOL.title, "Outlines without labels", "A new one", STORE.title]
    expected = [before[TOOL.title], before[SEGMENTATION.title], 5, before[STORE.title]]
    assert [one.id for one in after] == expected
    assert archive.verify() == []
    with pytest.raises(NotFound, match=f"no item {before[ROBOTS.title]}"):
        archive.item(before[ROBOTS.title])


def test_an_id_never_passes_to_something_else(archive: Archive) -> None:
    put(archive, document(1, [item(1, "On whales", summary="They sing."), item(2, "On bees", summary="They dance.")]))
    put(archive, document(1, [item(1, "On rust", summary="Iron and water."), item(2, "On bees", summary="They do.")]))
    assert [(one.id, one.title) for one in archive.issue_items(1)] == [(3, "On rust"), (2, "On bees")]
    put(archive, document(1, []))
    put(archive, document(1, [item(1, "On whales", summary="They sing.")]))
    assert [one.id for one in archive.issue_items(1)] == [4]


def test_an_edited_text_in_the_same_place_is_the_same_item(archive: Archive) -> None:
    old = item(1, "The parser cut this title", summary="and the rest of it stands in the summary")
    new = item(1, "The parser cut this title and the rest of it", summary="stands in the summary")
    put(archive, document(1, [old]))
    put(archive, document(1, [new]))
    assert [(one.id, one.title) for one in archive.issue_items(1)] == [(1, new.title)]


def test_two_mentions_of_one_link_in_an_issue_stay_apart(archive: Archive) -> None:
    twice = [replace(ROBOTS, position=1, title="Teaser"), replace(ROBOTS, position=2, title="In depth")]
    put(archive, document(1, twice))
    put(archive, document(1, [replace(STORE, position=1), *(replace(one, position=one.position + 1) for one in twice)]))
    assert [(one.id, one.title) for one in archive.issue_items(1)] == [
        (3, STORE.title),
        (1, "Teaser"),
        (2, "In depth"),
    ]


def test_items_come_in_the_order_asked_for(archive: Archive) -> None:
    put(archive, FIRST)
    assert titles(archive.items([3, 99, 1, 4])) == [STORE.title, SEGMENTATION.title, TOOL.title]
    assert archive.items([]) == []
    assert titles(archive.items(np.array([2, 1]).tolist())) == [ROBOTS.title, SEGMENTATION.title]
    assert archive.item(2).title == ROBOTS.title
    for missing in (archive.item, archive.issue, archive.document):
        with pytest.raises(NotFound):
            missing(99)


def test_issues_come_newest_first(archive: Archive) -> None:
    undated = Document(Issue("Undated"), (item(1, "x"),), source="undated")
    numbered = Document(Issue("Numbered", number=7), (item(1, "y"), item(2, "z")), source="numbered")
    by_week = Document(Issue("By week", year=2021, week=5), (), source="week")  # begins on the 1st of February
    by_year = Document(Issue("By year", year=2021), (), source="year")
    put(archive, document(2, [ROBOTS]), document(5, [STORE]), undated, numbered, document(1, []), by_year, by_week)
    names = [issue.title for issue in archive.issues()]
    dated = ["The Weekly, issue 5", "By week", "The Weekly, issue 2", "The Weekly, issue 1", "By year"]
    assert names == [*dated, "Numbered", "Undated"]
    assert [issue.id for issue in archive.issues([4, 1, 77])] == [4, 1]
    assert archive.issue_counts() == {1: 1, 2: 1, 3: 1, 4: 2, 5: 0, 6: 0, 7: 0}
    assert titles(archive.newest_items(3)) == [STORE.title, ROBOTS.title, "y"]
    assert titles(archive.newest_items(0)) == []


def test_all_items_stream_by_id(archive: Archive) -> None:
    many = [item(position, f"Item {position}") for position in range(1, 2306)]
    put(archive, document(1, many))
    assert [one.id for one in archive.all_items()] == list(range(1, 2306))
    assert [one.id for one in archive.all_items(after_id=2300)] == [2301, 2302, 2303, 2304, 2305]


def test_a_work_knows_all_its_mentions_oldest_first(archive: Archive) -> None:
    later = replace(SEGMENTATION, title="Again", position=1)
    put(archive, document(9, [later, ROBOTS]), FIRST)
    found = archive.works(["arxiv:2104.06601", "github:a/graphs", "arxiv:9999.99999"])
    assert {key: titles(items) for key, items in found.items()} == {
        "arxiv:2104.06601": [SEGMENTATION.title, "Again"],
        "github:a/graphs": [TOOL.title],
    }
    works = archive.work_of(archive.item_ids())
    by_title = {one.title: works[row] for row, one in enumerate(archive.all_items())}
    assert by_title[SEGMENTATION.title] == by_title["Again"]
    assert len(set(works.tolist())) == 4
    assert archive.build.works == 4
    assert archive.build.items == 6
    assert archive.build.issues == 2


def test_items_without_a_link_are_works_of_their_own(archive: Archive) -> None:
    put(archive, document(1, [item(1, "one"), item(2, "two")]))
    assert len(set(archive.work_of(archive.item_ids()).tolist())) == 2
    assert archive.build.works == 2


def test_papers_join_what_is_embedded_and_searched(archive: Archive, encoder: WordEncoder) -> None:
    put(archive, FIRST)
    assert archive.missing_papers() == ["arxiv:2104.06601", "arxiv:2105.00001"]
    paper = Paper(
        "arxiv:2105.00001",
        "Bimanual manipulation of cloth",
        "We study deformable objects.",
        ("Ada Lovelace", "Alan Turing"),
        ("cs.RO",),
        dt.date(2021, 5, 3),
        dt.date(2021, 6, 3),
        "10.1/x",
        "Journal",
        "8 pages",
    )
    generation, encoded = archive.generation, encoder.encoded
    assert archive.put_papers([paper]) == 1
    assert (archive.generation, encoder.encoded) == (generation + 1, encoded + 1)
    assert archive.papers(["arxiv:2105.00001", "arxiv:2104.06601"]) == {paper.key: paper}
    assert archive.missing_papers() == ["arxiv:2104.06601"]
    assert titles(archive.items(archive.postings(["deform"])[0].ids.tolist())) == [ROBOTS.title]
    # the same again costs nothing, nor does putting the issue again
    assert archive.put_papers([paper]) == 0
    assert [one.embedded for one in put(archive, FIRST)] == [0]
    assert (archive.generation, encoder.encoded) == (generation + 1, encoded + 1)
    assert archive.verify() == []


def test_papers_known_before_their_items(archive: Archive) -> None:
    archive.put_papers([Paper("arxiv:2105.00001", "Cloth", "Deformable.")])
    put(archive, FIRST)
    assert archive.postings(["deform"])[0].ids.tolist() == [2]


def test_reading_errors_lose_no_document_that_was_read(archive: Archive) -> None:
    def documents() -> Iterator[Document]:
        yield FIRST
        yield document(2, [ROBOTS])
        raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        list(archive.put(documents()))
    assert [issue.number for issue in archive.issues()] == [2, 1]


def test_documents_are_read_as_they_are_needed(archive: Archive) -> None:
    read = 0

    def documents() -> Iterator[Document]:
        nonlocal read
        for number in range(1, 41):
            read += 1
            yield document(number, [item(place, f"{number} {place}") for place in range(1, 101)])

    outcomes = archive.put(documents())
    next(outcomes)
    assert read < 10
    assert archive.item_count == 100
    assert len(list(outcomes)) == 39
    assert archive.item_count == 4000


def test_text_that_utf8_cannot_hold_is_repaired(archive: Archive) -> None:
    broken = replace(document(1, [item(1, "a \ud800 b", summary="null \x00 char")]), unassigned=("http://x/\udfff",))
    put(archive, broken)
    assert [(one.title, one.summary) for one in archive.all_items()] == [("a ? b", "null \x00 char")]
    assert put(archive, broken)[0].change == "unchanged"
    assert archive.verify() == []


def test_state_is_stamped_and_changes_no_generation(archive: Archive) -> None:
    put(archive, FIRST)
    assert archive.state("topics") is None
    assert archive.state_generation("topics") is None
    archive.put_state("topics", b"\x00one")
    assert archive.state("topics") == (b"\x00one", 1)
    assert archive.state_generation("topics") == 1
    put(archive, document(2, [ROBOTS]))
    archive.put_state("other", b"")
    archive.put_state("topics", b"two")
    assert archive.state("topics") == (b"two", 2)
    assert archive.state_generation("topics") == 2
    assert archive.generation == 2


def test_pages_are_kept_as_they_came(archive: Archive) -> None:
    fetched = dt.datetime(2021, 5, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    page = Page("https://weekly.example/1", 200, {"etag": '"x"', "content-type": "text/html"}, b"<p>\xff" * 9, fetched)
    assert archive.pages.get(page.url) is None
    archive.pages.put(page)
    assert archive.pages.get(page.url) == page
    archive.pages.put(replace(page, status=404, body=b""))
    assert archive.pages.get(page.url) == replace(page, status=404, body=b"")
    assert archive.pages.count() == 1
    assert archive.generation == 0


def test_a_noted_document_is_held(archive: Archive) -> None:
    put(archive, replace(FIRST, aliases=("medium:1",)))
    assert archive.find_issue(["medium:2", "medium:1"]) == 1
    assert archive.find_issue(["medium:2"]) is None
    archive.note("feed", "abc", 1)
    assert archive.holds("feed", "abc")
    assert archive.generation == 1
    archive.note("feed", "def", 1)
    assert not archive.holds("feed", "abc")


def test_an_empty_archive_answers(archive: Archive, encoder: WordEncoder) -> None:
    assert archive.build.items == 0
    assert archive.item_ids().tolist() == []
    assert archive.nearest(encoder.queries(["x"]), 3) == [[]]
    assert archive.postings(["x"])[0].ids.tolist() == []
    assert list(archive.all_items()) == []
    assert archive.issues() == []
    assert archive.verify() == []


def test_one_statement_fetches_all_hits(archive: Archive) -> None:
    put(archive, FIRST)
    assert archive.build.items == 4  # what is kept in memory is there
    statements: list[str] = []
    with archive._database.reading() as connection:
        connection.set_trace_callback(statements.append)
    archive.items([4, 3, 2, 1])
    archive.issues([1])
    archive.works(["arxiv:2104.06601", "arxiv:2105.00001"])
    assert len([statement for statement in statements if statement != "select generation from meta"]) <= 3


def test_the_items_of_a_record_are_typed(archive: Archive) -> None:
    put(archive, FIRST)
    assert all(isinstance(one, Item) and isinstance(one.id, int) for one in archive.all_items())
