"""What an ingest tells: progress, the kept report, names, the shape of `parse`; and files of many issues."""

import datetime as dt
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from index.archive import Archive
from index.types import Document, Item
from ingest.load import Failure, Options, as_json, ingest, parse_sources
from ingest.naming import newsletter_name
from ingest.progress import Counting, Quiet, TerminalBar, on_terminal
from ingest.report import History
from ingest.sources.split import issues_in
from ingest.sources.trees import natural
from tests.test_load import issue_text, numbers, statuses, week, write_issues


def test_copies_under_other_names_are_one_issue(archive: Archive, tmp_path: Path) -> None:
    ingest(archive, [str(write_issues(tmp_path / "issues", range(1, 4)))])
    copies = tmp_path / "copies"
    copies.mkdir()
    for number in range(1, 4):
        (copies / f"copy-{number}.md").write_text(issue_text(number))
    report = ingest(archive, [str(copies)])
    assert statuses(report) == ["duplicate"] * 3
    assert numbers(archive) == [1, 2, 3]
    assert (report.issues, report.items) == (3, 9)
    again = ingest(archive, [str(copies), str(tmp_path / "issues")])
    assert statuses(again) == ["held"] * 6
    assert (again.issues, again.items) == (3, 9), "copies are not counted twice"


def test_the_newsletter_can_be_named(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 3))
    ingest(archive, [str(folder)], Options(newsletter="Whistle Weekly"))
    assert {issue.newsletter for issue in archive.issues()} == {"Whistle Weekly"}


def test_a_later_issue_gets_the_name_of_those_before(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 5))
    ingest(archive, [str(folder)])
    (folder / "issue-5.md").write_text(issue_text(5).replace("# The Tin Whistle — Issue #5", "# Special: Issue #5"))
    report = ingest(archive, [str(folder)])
    assert report.count("new") == 1
    assert {issue.newsletter for issue in archive.issues()} == {"The Tin Whistle"}


def test_a_page_with_all_weeks_is_many_issues(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# Tin Finds\n\nThe best of every week.\n\n" + "\n".join(week(number) for number in (15, 8, 1)))
    report = ingest(archive, [str(path)])
    assert [(row.title, row.items) for row in report.rows] == [
        (f"Top finds of the week (May {number} - May {number + 6}) - 2022", 3) for number in (15, 8, 1)
    ]
    assert {issue.newsletter for issue in archive.issues()} == {"Tin Finds"}
    path.write_text("# Tin Finds\n\nThe best of every week.\n\n" + "\n".join(week(number) for number in (22, 15, 8, 1)))
    again = ingest(archive, [str(path)])
    assert (again.count("new"), again.count("held")) == (1, 3)


def test_weeks_without_a_year_take_it_from_their_neighbours() -> None:
    def part(heading: str) -> str:
        return f"## {heading}\n\n- [one](https://a.example/1)\n- [two](https://a.example/2)\n\n"

    headings = [
        "Finds of the week (January 6 - January 12) - 2025",
        "Finds of the week (December 30 - January 5) - 2025",
    ]
    headings += ["Finds of the week (December 23 - 29) - 2024", "Finds of the week (January 1 - January 7) - 2024"]
    headings += ["Finds of the week (December 25 - December 31)", "Finds of the week (December 18 - 24)"]
    contents = "".join(f"- [{heading}](#{heading[:4]})\n" for heading in headings)
    text = f"# All finds\n\n## 2025\n{contents}\n## 2024\n{contents}\n" + "".join(part(heading) for heading in headings)
    found = issues_in(text)
    assert found is not None
    assert [part.title for part in found[1]] == headings
    assert [str(part.date) for part in found[1]] == [
        "2025-01-06",
        "2024-12-30",
        "2024-12-23",
        "2024-01-01",
        "2023-12-25",
        "2023-12-18",
    ]
    assert issues_in("---\ntitle: All finds\n---\n" + text) is None, "what has its own metadata is one issue"


def test_one_issue_is_never_split(corpus: Path) -> None:
    sample = Path(__file__).parent.parent / "ingest" / "sample"
    for path in [*sorted(corpus.glob("*.md")), *sorted(sample.glob("*.md"))]:
        assert issues_in(path.read_text()) is None, path.name
    code = "# A list\n\n```\n## Issue #1\n## Issue #2\n## Issue #3\n```\nhttps://a.example https://b.example\n"
    assert issues_in(code) is None


def test_progress_counts_what_happens(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 5))
    progress = Counting()
    ingest(archive, [str(folder)], progress=progress)
    assert progress.counts == {"found": 4, "fetched": 0, "parsed": 4, "items": 12}
    assert progress.finished


def test_progress_is_quiet_without_a_terminal_and_a_line_on_one() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(on_terminal(StringIO()), Quiet)
    stream = Terminal()
    bar = on_terminal(stream)
    assert isinstance(bar, TerminalBar)
    bar.found(4)
    bar.parsed("a")
    bar.items(7)
    bar.done()
    bar.parsed("b")
    assert "1 of 4 documents" in stream.getvalue()
    assert "7 items" in stream.getvalue()


def test_the_report_is_kept_with_a_short_history(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues: 2021", range(1, 4))  # no address, for all its colon
    (folder / "note.md").write_text("Nothing here.")
    for _ in range(25):
        report = ingest(archive, [str(folder)])
    history = History.load(archive)
    assert history.last == json.loads(json.dumps(report.as_json()))
    assert len(history.runs) == 20
    assert history.runs[0]["statuses"] == {"held": 3, "skipped": 1}
    row = history.row(str(folder / "issue-2.md"))
    assert row is not None
    assert (row.status, row.items, row.number) == ("new", 3, 2)
    (folder / "issue-2.md").unlink()
    assert ingest(archive, [str(folder)]).gone == (str(folder / "issue-2.md"),)
    assert ingest(archive, [str(folder)]).gone == ()
    archive.put_state("ingest-report", b"{broken")
    assert History.load(archive).last is None
    assert statuses(ingest(archive, [str(folder)]))[0] == "held"


def test_the_report_as_a_table(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 3))
    (folder / "note.md").write_text("Nothing here.")
    report = ingest(archive, [str(folder)])
    console = Console(width=160, record=True, file=StringIO())
    console.print(report.table())
    text = console.export_text()
    assert "The Tin Whistle — Issue #2" in text
    assert "This is no issue: nothing in it looks like an item." in text
    assert "2 issues, 6 items, 2 new, 1 skipped." in text
    assert [row["title"] for row in report.as_json()["rows"] if row["items"]] == [
        "The Tin Whistle — Issue #1",
        "The Tin Whistle — Issue #2",
    ]
    orjson.dumps(report.as_json())


def test_the_table_keeps_dates_and_titles_whole_on_a_narrow_terminal(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 3))
    copies = write_issues(tmp_path / "copies", range(1, 2))
    monkeypatch.chdir(tmp_path)
    report = ingest(archive, [str(folder), str(copies)])
    console = Console(width=46, record=True, file=StringIO())
    console.print(report.table())
    text = console.export_text()
    words = " ".join(text.split())
    assert "…" not in text
    assert "remark" not in text
    assert "in no item" not in text
    for row in report.rows:
        assert row.date is None or row.date in text
    assert "duplicate: copies/issue-1.md: another copy of the issue at issues/issue-1.md" in words
    assert report.rows[-1].source == str(copies / "issue-1.md")


def test_links_in_no_item_are_reported(archive: Archive, tmp_path: Path) -> None:
    text = issue_text(1, extra="\n\n---\n\nAll of this was typed on [an old machine](https://machines.example/old).\n")
    (tmp_path / "one.md").write_text(text)
    report = ingest(archive, [str(tmp_path / "one.md")])
    assert report.rows[0].unassigned == ("https://machines.example/old",)
    assert archive.unassigned(report.rows[0].issue_id or 0) == ["https://machines.example/old"]


def test_parse_sources_needs_no_archive_and_gives_the_documented_shape(tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 3))
    found = list(parse_sources([str(folder), str(tmp_path / "no")]))
    assert [type(one) for one in found] == [Document, Document, Failure]
    document = found[0]
    assert isinstance(document, Document)
    shape = as_json(document)
    assert list(shape) == ["issue", "items", "unassigned"]
    assert list(shape["issue"]) == ["title", "number", "date", "year", "week", "url", "language"]
    fields = ["position", "section", "title", "subtitle", "summary", "note", "url", "key", "kind", "image"]
    fields.append("further_links")
    assert [list(item) for item in shape["items"]] == [fields] * 3
    assert (shape["issue"]["number"], shape["issue"]["date"]) == (1, "2021-03-01")
    assert [item["key"] for item in shape["items"]] == ["arxiv:2101.00001", "arxiv:2102.00001", "arxiv:2103.00001"]


def test_what_parse_prints_can_be_ingested(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 4))
    documents = [one for one in parse_sources([str(folder)]) if isinstance(one, Document)]
    lines = tmp_path / "parsed.jsonl"
    lines.write_bytes(b"\n".join(orjson.dumps(as_json(document)) for document in documents))
    report = ingest(archive, [str(lines)])
    assert statuses(report) == ["new"] * 3
    for row, document in zip(report.rows, documents, strict=True):
        kept = [replace(item, id=0, issue_id=0) for item in archive.issue_items(row.issue_id or 0)]
        assert [without_language(item) for item in kept] == [without_language(item) for item in document.items]
    assert archive.issue(report.rows[0].issue_id or 0).date == dt.date(2021, 3, 1)
    assert ingest(archive, [str(folder)]).count("new") == 0, "the issues themselves are no others"


def without_language(item: Item) -> Item:
    return replace(item, language=None)


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (["The Lamp: Week 37, 2020", "The Lamp: Week 38, 2020", "The Lamp — Issue #9"], "The Lamp"),
        (["This Week in Tin 371", "This Week in Tin 372"], "This Week in Tin"),
        (["机器学习周刊第 12 期", "机器学习周刊第 13 期", "年终总结"], "机器学习周刊"),
        (["機械学習ニュース #3", "機械学習ニュース #4"], "機械学習ニュース"),
        (["Tin Digest for May 3", "Tin Digest for May 10", "Tin Digest for June 7"], "Tin Digest"),
        (["Why birds sing", "A day at sea", "Tea, and how to pour it"], ""),
        (["Issue 1", "Issue 2", "Issue 3"], ""),
        (["The Lamp #1"], ""),
        ([], ""),
    ],
)
def test_the_name_of_a_newsletter_is_what_its_titles_share(titles: list[str], name: str) -> None:
    assert newsletter_name(titles) == name


@pytest.mark.timeout(60)
def test_hostile_texts_are_read_in_their_length() -> None:
    """Each of these takes minutes where something grows with the square of the text."""
    assert issues_in("```\n" * 50_000) is None
    assert issues_in("# a\n" + "## Issue #1\n" * 100_000) is None
    assert issues_in("# x\n# " + "[" * 200_000 + "\n# b\n# c\n") is None
    found = issues_in("# a\n" + "".join(f"## Issue #{n}\nhttps://a.b https://c.d\n" for n in range(1, 5001)))
    assert found is not None
    assert len(found[1]) == 5000
    assert newsletter_name([f"{'word ' * 20_000}{n}" for n in range(100)]).startswith("word word")
    assert natural("issue-" + "9" * 20_000) > natural("issue-10") > natural("issue-9")
