"""Small documents in many layouts, each with exactly the items it should give."""

import json
from pathlib import Path
from typing import Any

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from ingest.links import canonical_key
from ingest.parse.document import parse

ISSUES = Path(__file__).parent / "issues"
SAMPLE = Path(__file__).parents[1] / "ingest" / "sample"
DOCUMENTS = sorted(path for path in ISSUES.iterdir() if path.suffix in (".md", ".html", ".txt"))


def labels(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return content


def test_there_are_enough_layouts() -> None:
    assert len(DOCUMENTS) >= 12


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_items(path: Path) -> None:
    document, expected = parse(path.read_bytes(), str(path)), labels(path)
    names = ("position", "section", "title", "subtitle", "url", "key", "kind", "image")
    found = [{name: getattr(item, name) for name in names} for item in document.items]
    assert found == [{name: item[name] for name in names} for item in expected["items"]]
    assert list(document.unassigned) == expected["unassigned"]
    for item, label in zip(document.items, expected["items"], strict=True):
        assert (item.note is not None) == label["note"], item.title
        if label["summary_start"] is None:
            assert item.summary is None
        else:
            assert item.summary is not None
            assert item.summary.startswith(label["summary_start"]), item.title
            assert item.summary.endswith(label["summary_end"]), item.title
        assert item.key == (canonical_key(item.url) if item.url else None)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_issue(path: Path) -> None:
    issue, expected = parse(path.read_bytes(), str(path)).issue, labels(path)["issue"]
    assert issue.title == expected["title"]
    assert (issue.number, issue.year, issue.week) == (expected["number"], expected["year"], expected["week"])
    assert (issue.date.isoformat() if issue.date else None) == expected["date"]
    assert (issue.language, issue.url) == (expected["language"], expected["url"])


LOOSE = ("blog-source", "wide-headings", "tight-headings", "under-tags", "opening-words")
"""What CommonMark reads otherwise than other programs do, and a line break that a page does not keep."""
RENDERED = [
    path
    for path in (*DOCUMENTS, *sorted(SAMPLE.glob("*.md")))
    if path.suffix == ".md" and not path.stem.startswith(LOOSE)
]


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.name)
def test_html_made_from_markdown_gives_the_same_items(path: Path) -> None:
    text = path.read_text("utf-8")
    body = text.partition(f"\n{text[:3]}\n")[2] if text.startswith(("---\n", "+++\n")) else text
    rendered = cmarkgfm.markdown_to_html_with_extensions(
        body, options=Options.CMARK_OPT_UNSAFE, extensions=["table", "strikethrough"]
    )
    document = parse(path.read_bytes(), str(path))
    head = f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{document.issue.title}</title></head>'
    page = parse(f"{head}<body>\n{rendered}</body></html>".encode(), f"{path.stem}.html")
    names = ("title", "key", "section", "subtitle", "summary")
    items = [[getattr(item, name) for name in names] for item in document.items]
    assert [[getattr(item, name) for name in names] for item in page.items] == items
