"""One issue from several sources is one issue, and two issues stay two."""

import datetime as dt
from dataclasses import replace

import pytest

from index.archive import Archive
from index.types import Document, Issue
from tests.documents import ROBOTS, SEGMENTATION, STORE, TOOL, document, item, put, titles

EXPORT = document(1, [SEGMENTATION, ROBOTS, STORE, TOOL], source="export.zip/1.html")


def bare(title: str, **known: object) -> Issue:
    return Issue(title, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("copy", "aliases"),
    [
        (bare("Another title", url="https://weekly.example/1"), ()),
        (bare("Another title", newsletter="the weekly", number=1), ()),
        (bare("The Weekly, issue 1", newsletter="The Weekly", date=dt.date(2021, 1, 12)), ()),
        (bare("Another title"), ("medium:ab12",)),
    ],
    ids=["address", "number", "title and date", "alias"],
)
def test_a_copy_from_another_source_is_the_same_issue(archive: Archive, copy: Issue, aliases: tuple[str, ...]) -> None:
    put(archive, replace(EXPORT, aliases=("medium:ab12",)))
    ids = archive.item_ids().tolist()
    feed = Document(copy, EXPORT.items, aliases=aliases, source="feed.xml#1", content_hash="f")
    put(archive, feed)
    (issue,) = archive.issues()
    assert replace(issue, title="", newsletter="") == replace(
        EXPORT.issue, id=1, title="", newsletter="", date=issue.date
    )
    assert archive.item_ids().tolist() == ids
    assert archive.holds("feed.xml#1", "f")
    assert archive.holds(EXPORT.source, "1")
    assert archive.verify() == []


def test_an_excerpt_only_fills_in_what_is_unknown(archive: Archive) -> None:
    put(archive, replace(EXPORT, issue=replace(EXPORT.issue, url=None, language=None)))
    generation = archive.generation
    teaser = Document(EXPORT.issue, (SEGMENTATION,), source="feed.xml#1", content_hash="f", aliases=("feed:1",))
    (outcome,) = put(archive, teaser)
    assert (outcome.change, outcome.items, outcome.embedded) == ("changed", 4, 0)
    assert archive.issue(1) == replace(EXPORT.issue, id=1)
    assert titles(archive.issue_items(1)) == titles(EXPORT.items)
    assert archive.origin(1) == EXPORT.source
    assert archive.generation == generation + 1
    assert [one.change for one in put(archive, teaser)] == ["unchanged"]
    assert archive.find_issue(["feed:1"]) == 1
    # the full copy still decides when it changes, even to less
    put(archive, document(1, [TOOL], source=EXPORT.source, content="2"))
    assert titles(archive.issue_items(1)) == [TOOL.title]


def test_a_fuller_copy_takes_over_and_keeps_ids(archive: Archive) -> None:
    put(archive, Document(EXPORT.issue, (replace(ROBOTS, position=1),), source="feed.xml#1", content_hash="f"))
    (outcome,) = put(archive, EXPORT)
    assert (outcome.change, outcome.items, outcome.embedded) == ("changed", 4, 3)
    assert {one.title: one.id for one in archive.issue_items(1)}[ROBOTS.title] == 1
    assert archive.origin(1) == EXPORT.source


def test_a_document_that_joins_two_issues_makes_them_one(archive: Archive) -> None:
    by_url = Document(
        bare("Copy", url="https://weekly.example/1"), (SEGMENTATION, ROBOTS), source="a", content_hash="a"
    )
    by_alias = Document(bare("Other"), (replace(ROBOTS, position=1), STORE), ("x",), ("medium:1",), "b", "b")
    put(archive, by_url, by_alias)
    assert len(archive.issues()) == 2
    both = replace(EXPORT, aliases=("medium:1",))
    put(archive, both)
    (issue,) = archive.issues()
    assert issue.id == 1
    assert [(one.id, one.title) for one in archive.issue_items(1)] == [
        (1, SEGMENTATION.title),
        (2, ROBOTS.title),
        (4, STORE.title),
        (5, TOOL.title),
    ]
    assert archive.verify() == []
    assert archive.works(["arxiv:2105.00001"])["arxiv:2105.00001"] == [archive.item(2)]
    assert archive.holds("a", "a")
    assert archive.holds("b", "b")
    assert archive.find_issue(["medium:1"]) == 1
    assert [one.change for one in put(archive, both)] == ["unchanged"]


@pytest.mark.parametrize(
    "other",
    [
        Document(bare("Issue 1", newsletter="The Monthly", number=1), (STORE,)),
        Document(bare("The Weekly, issue 1", newsletter="The Weekly", number=1, language="ja"), (STORE,)),
        Document(bare("The Weekly, issue 1", newsletter="The Weekly", number=1, date=dt.date(2015, 1, 1)), (STORE,)),
        Document(bare("The Weekly, issue 1", newsletter="The Weekly", date=dt.date(2022, 1, 11)), (STORE,)),
        Document(bare("Two", newsletter="The Weekly", number=2, url="https://weekly.example/1"), (STORE,)),
        Document(bare("The Weekly, issue 1"), (STORE,)),
    ],
    ids=["newsletter", "language", "years apart", "a year later", "number", "title alone"],
)
def test_what_contradicts_is_another_issue(archive: Archive, other: Document) -> None:
    put(archive, EXPORT, replace(other, source="other"))
    assert len(archive.issues()) == 2
    assert archive.item_count == 5
    put(archive, EXPORT, replace(other, source="other"))
    assert len(archive.issues()) == 2


def test_newsletters_without_a_name_are_not_mixed_up_by_number(archive: Archive) -> None:
    put(archive, Document(bare("Cooking 5", number=5), (STORE,), source="cooking/5.md"))
    put(archive, Document(bare("Sailing 5", number=5), (TOOL,), source="sailing/5.md"))
    assert [issue.title for issue in archive.issues()] == ["Sailing 5", "Cooking 5"]
    put(archive, Document(bare("Cooking 5", number=5), (STORE, TOOL), source="moved/5.md"))
    assert len(archive.issues()) == 2


def test_one_source_of_many_issues(archive: Archive) -> None:
    mails = [
        Document(bare(f"Letter of {day}", date=dt.date(2021, 1, day)), (item(1, f"About {day}"),), source="all.mbox")
        for day in (1, 8, 15)
    ]
    mails = [replace(mail, content_hash=mail.issue.title) for mail in mails]
    put(archive, *mails)
    assert len(archive.issues()) == 3
    assert all(archive.holds("all.mbox", mail.content_hash) for mail in mails)
    assert [one.change for one in put(archive, *mails)] == ["unchanged"] * 3


def test_a_file_whose_title_was_edited_is_the_same_issue(archive: Archive) -> None:
    put(archive, Document(bare("Tpyo"), (SEGMENTATION, ROBOTS), source="a.md", content_hash="1"))
    put(archive, Document(bare("Typo"), (SEGMENTATION, replace(STORE, position=2)), source="a.md", content_hash="2"))
    assert [issue.title for issue in archive.issues()] == ["Typo", "Tpyo"]  # a third in common is too little
    put(archive, Document(bare("A third title"), (SEGMENTATION, ROBOTS, STORE), source="b.md", content_hash="1"))
    put(archive, Document(bare("A title"), (SEGMENTATION, ROBOTS), source="b.md", content_hash="2"))
    assert [issue.title for issue in archive.issues()] == ["A title", "Typo", "Tpyo"]


def test_holds_knows_the_newest_of_each_source_only(archive: Archive) -> None:
    put(archive, document(1, [STORE], source="feed", content="f1"), document(1, [STORE], source="page", content="p1"))
    put(archive, document(1, [TOOL], source="page", content="p2"))
    held = [archive.holds(*pair) for pair in (("feed", "f1"), ("page", "p1"), ("page", "p2"), ("page", "f1"))]
    assert held == [True, False, True, False]
    put(archive, document(1, [STORE], source="page", content="p1"))
    assert archive.holds("page", "p1")
    assert not archive.holds("page", "p2")
