"""The figures of `benchmarks/extraction.py` stay above their floors; real issues are read where they are present."""

from pathlib import Path

import pytest

from benchmarks.extraction import SHARED, Tally, pairs, score
from index.types import Document, Issue, Item
from ingest.parse.document import parse

TESTS = Path(__file__).parent
FLOORS = {
    "precision": 0.97,
    "recall": 0.97,
    "title": 0.85,
    "section": 0.95,
    "start": 0.9,
    "end": 0.9,
    "subtitle": 0.9,
    "dates": 1.0,
}


def total(labels: Path, issues: Path) -> Tally:
    tally = Tally()
    for path, expected in pairs([(labels, issues)]):
        tally.add(score(parse(path.read_bytes(), str(path)), expected))
    return tally


@pytest.mark.parametrize(
    ("labels", "issues"),
    [
        (SHARED / "gold/items", SHARED / "corpus/akira"),
        (TESTS / "gold/items", TESTS.parent / "ingest/sample"),
        (TESTS / "issues", TESTS / "issues"),
    ],
    ids=["real", "sample", "layouts"],
)
def test_floors(labels: Path, issues: Path) -> None:
    if not labels.is_dir() or not issues.is_dir():
        pytest.skip(f"NOT CHECKED: {labels} or {issues} is not on this machine")
    tally = total(labels, issues)
    assert tally.labelled >= 80
    below = {name: share for name, share in tally.shares().items() if share < FLOORS[name]}
    assert not below, "\n".join(tally.misses)


def test_every_real_issue_gives_items() -> None:
    folder = SHARED / "corpus/akira"
    if not folder.is_dir():
        pytest.skip(f"NOT CHECKED: {folder} is not on this machine")
    paths = sorted(folder.glob("*.md"))
    assert len(paths) == 34
    for path in paths:
        document = parse(path.read_bytes(), str(path))
        assert 8 <= len(document.items) <= 25, path.name
        assert all(item.section for item in document.items), path.name
        assert document.issue.url, path.name


def test_the_score_notices_what_is_wrong() -> None:
    """The measure itself: a missed item, an extra one, a wrong section and a cut description all show."""
    right = Item(
        1, "One", "News", None, "It begins here and it ends there.", None, "https://a.example/1", "a.example/1"
    )
    wrong = Item(2, "Two", "Tools", None, "begins here and it ends", None, "https://a.example/2", "a.example/2")
    extra = Item(3, "Three", "News", None, None, None, "https://a.example/9", "a.example/9")
    ends = {"section": "News", "summary_start": "It begins here", "summary_end": "ends there."}
    labels = {
        "issue": {"number": 7, "week": None},
        "items": [
            {"title": "One", "url": "https://a.example/1", **ends},
            {"title": "Two", "url": "https://a.example/2", **ends},
            {"title": "A heading without a link", "url": None, "section": "News"},
        ],
    }
    tally = score(Document(Issue("x", number=8), (right, wrong, extra)), labels)
    assert (tally.labelled, tally.returned, tally.found) == (3, 3, 2)
    assert (tally.sections, tally.sectioned, tally.starts, tally.ends, tally.described) == (1, 2, 1, 1, 2)
    assert (tally.dates, tally.dated) == (1, 2)
