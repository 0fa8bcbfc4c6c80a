"""The ingest loop over files: what gets in, what is skipped, what is reported, and that it never stops."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from index.archive import Archive
from index.types import Document, FloatArray
from ingest.load import Options, ingest
from ingest.progress import Quiet
from ingest.report import Report
from tests.conftest import ROOT, WordEncoder

SUBJECTS = ("camera", "harbour", "violin", "glacier", "lantern", "orchard", "compass", "meadow", "anchor", "pepper")


def issue_text(number: int, items: int = 3, extra: str = "") -> str:
    """An issue of an invented weekly: a heading and `items` linked entries with a sentence each."""
    lines = [f"# The Tin Whistle — Issue #{number}", "", f"2021-03-{number:02d}", "", "## Papers", ""]
    for index in range(items):
        subject = SUBJECTS[(number + index) % len(SUBJECTS)]
        link = f"https://arxiv.org/abs/21{index + 1:02d}.{number:05d}"
        lines += [f"### A {subject} that learns, part {number}", "", link, ""]
        lines += [f"How a {subject} was taught to see in issue {number}, with fewer labels than before.", ""]
    return "\n".join(lines) + extra


def write_issues(folder: Path, numbers: range, items: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"issue-{number}.md").write_text(issue_text(number, items))
    return folder


def statuses(report: Report) -> list[str]:
    return [row.status for row in report.rows]


def reasons(report: Report) -> list[str | None]:
    return [row.reason for row in report.rows]


def numbers(archive: Archive) -> list[int | None]:
    return sorted((issue.number for issue in archive.issues()), key=lambda number: number or 0)


def test_a_folder_goes_in_once_in_natural_order(archive: Archive, tmp_path: Path, encoder: WordEncoder) -> None:
    folder = write_issues(tmp_path / "issues", range(8, 13))
    report = ingest(archive, [str(folder)])
    assert [row.number for row in report.rows] == [8, 9, 10, 11, 12]
    assert statuses(report) == ["new"] * 5
    assert (report.issues, report.items, report.failed) == (5, 15, False)
    assert [item.title for item in archive.issue_items(report.rows[0].issue_id or 0)] == [
        "A anchor that learns, part 8",
        "A pepper that learns, part 8",
        "A camera that learns, part 8",
    ]
    assert {issue.newsletter for issue in archive.issues()} == {"The Tin Whistle"}
    generation, encoded = archive.generation, encoder.encoded
    again = ingest(archive, [str(folder)])
    assert statuses(again) == ["held"] * 5
    assert (again.issues, again.items) == (5, 15)
    assert (archive.generation, encoder.encoded) == (generation, encoded)
    assert archive.verify() == []


def test_held_documents_are_not_parsed(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 4))
    ingest(archive, [str(folder)])

    def never(*_: object, **__: object) -> Document:
        raise AssertionError("parsed again")

    monkeypatch.setattr("ingest.sources.finish.parse", never)
    assert statuses(ingest(archive, [str(folder)])) == ["held"] * 3
    assert statuses(ingest(archive, [str(folder)], Options(refresh=True))) == ["failed"] * 3


def test_an_edited_issue_says_what_came_and_went(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 3))
    before = ingest(archive, [str(folder)]).rows[0]
    kept = [item.id for item in archive.issue_items(before.issue_id or 0)]
    text = issue_text(1).replace("A harbour that learns, part 1", "A lighthouse that learns, part 1")
    (folder / "issue-1.md").write_text(text.replace("2101.00001", "2109.00042"))
    report = ingest(archive, [str(folder)])
    assert statuses(report) == ["changed", "held"] or statuses(report) == ["held", "changed"]
    changed = next(row for row in report.rows if row.status == "changed")
    assert (changed.added, changed.removed) == (
        ("A lighthouse that learns, part 1",),
        ("A harbour that learns, part 1",),
    )
    assert changed.issue_id == before.issue_id
    assert [item.id for item in archive.issue_items(before.issue_id or 0)][1:] == kept[1:]


def test_refresh_without_a_change_leaves_everything_as_it_is(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 4))
    ingest(archive, [str(folder)])
    generation = archive.generation
    assert statuses(ingest(archive, [str(folder)], Options(refresh=True))) == ["unchanged"] * 3
    assert archive.generation == generation


def test_bad_documents_never_stop_the_rest(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 3))
    (folder / "a-note.md").write_text("Remember the milk.\n")
    (folder / "empty.html").write_bytes(b"")
    (folder / "noise.md").write_bytes(bytes(range(256)) * 40)
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n")
    (folder / "deep.html").write_text("<div>" * 50_000)
    report = ingest(archive, [str(folder), str(tmp_path / "nowhere"), str(folder / "a-note.md")])
    assert numbers(archive) == [1, 2]
    said = {Path(row.source).name: (row.status, row.reason) for row in report.rows}
    assert said["noise.md"] == ("skipped", "This is no issue: it is no text.")
    assert said["empty.html"] == ("skipped", "This is no issue: it is empty.")
    assert said["deep.html"][0] == "skipped"
    assert said["issues"] == ("skipped", "1 files of other kinds left aside (.png 1)")
    assert said["nowhere"] == ("failed", "There is no such file or folder.")
    assert said["a-note.md"] == ("failed", "This is no issue: nothing in it looks like an item.")
    assert report.failed


def test_a_parser_that_breaks_is_one_failed_row(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.parse import document

    folder = write_issues(tmp_path / "issues", range(1, 4))
    real = document.parse

    def brittle(raw: bytes, source: str, *, media_type: str | None = None) -> Document:
        if source.endswith("issue-2.md"):
            raise RuntimeError("surprise")
        return real(raw, source, media_type=media_type)

    monkeypatch.setattr("ingest.sources.finish.parse", brittle)
    report = ingest(archive, [str(folder)])
    assert numbers(archive) == [1, 3]
    failed = next(row for row in report.rows if row.status == "failed")
    assert failed.reason == "This document could not be parsed (RuntimeError: surprise)."


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.mkdir(), "The folder {path} is empty."),
        (lambda path: path.write_bytes(b"PK\x03\x04 and nothing more"), "{path} is no readable zip"),
        (lambda path: path.write_bytes(b""), "This is no issue: it is empty."),
        (lambda path: zip_of(path, {"photo.png": b"x", "notes/list.csv": b"a,b\n1,2\n"}), "Inside: notes/list.csv"),
    ],
)
def test_sources_that_are_nothing_say_so(archive: Archive, tmp_path: Path, make: object, said: str) -> None:
    path = tmp_path / "thing.zip"
    make(path)  # type: ignore[operator]
    report = ingest(archive, [str(path)])
    assert report.failed
    assert said.format(path=path) in (report.rows[-1].reason or "")


def zip_of(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            file.writestr(name, body)
    return path


def test_a_folder_without_any_issue_fails(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.md").write_text("Buy bread.")
    report = ingest(archive, [str(tmp_path / "notes")])
    assert statuses(report) == ["skipped", "failed"]
    assert reasons(report)[1] == "There is no issue in it."


def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 3))
    (folder / "issue-1.md").chmod(0)
    # The superuser may read everything, unless the process gives that power up.
    plain = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"] if os.geteuid() == 0 else []
    if plain and shutil.which("setpriv") is None:
        pytest.skip("run as root, without a way to give up root's powers: read permissions were NOT tested")
    code = "import sys; from ingest.load import parse_sources; print(*parse_sources(sys.argv[1:]), sep='\\n')"
    command = [*plain, sys.executable, "-c", code, str(folder)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()
    assert len(said) == 2
    assert "issue-1.md may not be read (permission denied)." in said[0]
    assert "number=2" in said[1]


def test_encodings_and_endings(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "issues"
    folder.mkdir()
    (folder / "one.md").write_bytes(b"\xef\xbb\xbf" + issue_text(1).encode())
    (folder / "two.md").write_bytes(issue_text(2).encode("utf-16"))
    (folder / "three.md").write_bytes(issue_text(3).replace("learns", "naïvely learns").encode("cp1252", "replace"))
    (folder / "four.md").write_bytes(issue_text(4).replace("\n", "\r\n").encode())
    (folder / "five.MD").write_bytes(issue_text(5).encode() + b"\xff\xfe broken at the end\n")
    report = ingest(archive, [str(folder)])
    assert statuses(report) == ["new"] * 5
    assert [row.items for row in report.rows] == [3] * 5
    assert numbers(archive) == [1, 2, 3, 4, 5]
    names = [item.title for issue in archive.issues() for item in archive.issue_items(issue.id)]
    assert sum("vely learns" in name for name in names) == 3


def test_globs_zips_and_hidden_files(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 13))
    (folder / ".git").mkdir()
    (folder / ".git" / "issue-99.md").write_text(issue_text(29))
    members = {f"back/issue-{n}.md": issue_text(n) for n in range(13, 16)}
    zip_of(folder / "older.zip", {**members, "__MACOSX/issue-13.md": "junk", "back/.hidden.md": "junk"})
    assert [row.number for row in ingest(archive, [str(folder / "issue-1*.md")]).rows] == [1, 10, 11, 12]
    assert numbers(archive) == [1, 10, 11, 12]
    report = ingest(archive, [str(folder)])
    assert numbers(archive) == list(range(1, 16))
    assert not report.failed
    assert {issue.newsletter for issue in archive.issues()} == {"The Tin Whistle"}
    assert "Nothing matches" in (ingest(archive, [str(folder / "*.rst")]).rows[0].reason or "")


def test_zip_bombs_are_left_out(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.trees.MAX_MEMBER", 1_000_000)
    path = zip_of(tmp_path / "x.zip", {"bomb.md": b"a" * 1_000_001, "issue-1.md": issue_text(1)})
    report = ingest(archive, [str(path)])
    assert numbers(archive) == [1]
    assert "larger than the 1 MB allowed" in (reasons(report)[0] or "")


def test_the_sample_has_its_name_and_no_path_of_the_machine(archive: Archive) -> None:
    report = ingest(archive, ["sample"])
    assert report.issues >= 10
    assert {issue.newsletter for issue in archive.issues()} == {"The Reading Lamp"}
    assert all(row.source.startswith("sample/") for row in report.rows)


def test_the_real_issues(archive: Archive, corpus: Path) -> None:
    report = ingest(archive, [str(corpus)])
    assert statuses(report) == ["new"] * 34
    assert report.items > 420
    assert len({issue.newsletter for issue in archive.issues()} - {""}) == 1
    assert archive.verify() == []
    assert statuses(ingest(archive, [str(corpus)])) == ["held"] * 34


def test_interrupting_keeps_what_was_given_and_the_next_run_completes_it(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "issues", range(1, 9))

    class Impatient(Quiet):
        seen = 0

        def parsed(self, source: str) -> None:  # noqa: ARG002
            self.seen += 1
            if self.seen == 5:
                raise KeyboardInterrupt

    options = Options(newsletter="The Tin Whistle")
    report = ingest(archive, [str(folder)], options, Impatient())
    assert report.interrupted
    assert numbers(archive) == [1, 2, 3, 4, 5]
    assert "interrupted" in report.sentence()
    whole = ingest(archive, [str(folder)], options)
    assert not whole.interrupted
    assert (whole.count("held"), whole.count("new")) == (5, 3)


def test_interrupting_the_model_keeps_what_was_committed(tmp_path: Path) -> None:
    class Tired(WordEncoder):
        tired = True

        def passages(self, texts: Sequence[str]) -> FloatArray:
            if self.tired and any("issue 9" in text for text in texts):
                raise KeyboardInterrupt
            return super().passages(texts)

    encoder = Tired()
    with Archive(tmp_path / "archive", encoder, create=True) as archive:
        first = write_issues(tmp_path / "first", range(1, 4))
        second = write_issues(tmp_path / "second", range(9, 11))
        ingest(archive, [str(first)])
        report = ingest(archive, [str(first), str(second)])
        assert report.interrupted
        assert numbers(archive) == [1, 2, 3]
        assert archive.verify() == []
        encoder.tired = False
        assert ingest(archive, [str(first), str(second)]).count("new") == 2
        assert numbers(archive) == [1, 2, 3, 9, 10]


def test_a_git_checkout_is_read_without_what_describes_it(archive: Archive, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "checkout" / "docs", range(1, 6))
    links = "".join(
        f"- [Issue {number}](docs/issue-{number}.md), the best of all weeks so far\n" for number in range(1, 6)
    )
    (tmp_path / "checkout" / "README.md").write_text(f"# The Tin Whistle\n\n## All issues\n\n{links}")
    (tmp_path / "checkout" / "CONTRIBUTING.md").write_text(f"# How to help\n\n{links}")
    report = ingest(archive, [str(tmp_path / "checkout")])
    assert numbers(archive) == [1, 2, 3, 4, 5]
    assert {Path(row.source).name for row in report.rows if row.status == "skipped"} == {"README.md", "CONTRIBUTING.md"}
    assert not report.failed
    assert folder.is_dir()


def week(number: int) -> str:
    lines = [f"## Top finds of the week (May {number} - May {number + 6}) - 2022", "", "| Find | Links |", "|---|---|"]
    for index in range(1, 4):
        link = f"[Paper](https://arxiv.org/abs/22{index:02d}.{number:05d})"
        lines.append(f"| {index}) **Whistle {number} part {index}** How it carries over a field. | {link} |")
    return "\n".join([*lines, "", "---", ""])


def test_names_that_are_no_text(archive: Archive, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/issue-\xff.md"
    with open(path, "wb") as file:  # noqa: PTH123 (a path of bytes)
        file.write(issue_text(1).encode())
    report = ingest(archive, [str(tmp_path)])
    assert report.count("new") == 1
    assert any(row.source.endswith("issue-\ufffd.md") for row in report.rows)
