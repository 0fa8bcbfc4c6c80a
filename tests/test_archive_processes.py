"""Several threads and processes at one archive, and processes that are killed."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.types import Document, Filters, Item
from tests.conftest import WordEncoder
from tests.documents import document, item, opened, put, titles

ROOT = Path(__file__).parent.parent
ISSUES = 120
WRITER = """
import sys, time
from pathlib import Path
from index.archive import Archive
from tests.conftest import WordEncoder
from tests.test_archive_processes import issues

with Archive(Path(sys.argv[1]), WordEncoder(), create=True) as archive:
    for outcome in archive.put(issues(float(sys.argv[2]))):
        print(outcome.issue.number, outcome.change, outcome.embedded, flush=True)
"""


def entries(number: int) -> list[Item]:
    """Twenty items of issue `number`, in words of its own."""
    return [
        item(place, f"Entry {place} of issue {number}", summary=f"about {number} and {place}") for place in range(20)
    ]


def issues(pause: float = 0.0) -> Iterator[Document]:
    for number in range(1, ISSUES + 1):
        time.sleep(pause)
        yield document(number, entries(number))


def writer(folder: Path, pause: float = 0.0) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WRITER, str(folder), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_issues_and_the_next_run_completes_them(tmp_path: Path) -> None:
    random.seed(7)
    committed = 0
    for _ in range(8):
        process = writer(tmp_path / "archive", pause=0.001)
        assert process.stdout is not None
        said = 0
        for line in process.stdout:
            said += line.split()[1] == "new"
            if said and random.random() < 0.04:
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with Archive(tmp_path / "archive", WordEncoder()) as archive:
            assert archive.verify() == []
            numbers = [issue.number for issue in archive.issues()]
            assert len(set(numbers)) == len(numbers) >= committed + said
            committed = len(numbers)
            for issue in archive.issues():
                kept = archive.issue_items(issue.id)
                assert titles(kept) == [one.title for one in entries(issue.number or 0)]
                assert archive.vectors([one.id for one in kept]).shape == (20, 256)
    out, _ = writer(tmp_path / "archive").communicate()
    lines = [line.split() for line in out.splitlines()]
    assert [int(number) for number, _, _ in lines] == list(range(1, ISSUES + 1))
    assert [change for _, change, _ in lines].count("unchanged") == committed
    assert all((change == "unchanged") == (embedded == "0") for _, change, embedded in lines)
    with Archive(tmp_path / "archive", WordEncoder()) as archive:
        assert archive.item_count == ISSUES * 20
        assert archive.verify() == []


REBUILDER = """
import sys, time
from pathlib import Path
from index import rebuilding
from index.archive import Archive
from tests.test_archive_processes import FewerDimensions

def lingering(transaction, last=rebuilding._rewrite_text):
    last(transaction)
    print("about to commit", flush=True)
    time.sleep(float(sys.argv[2]))

rebuilding._rewrite_text = lingering
rebuilding._PORTION = 40
encoder = FewerDimensions()
with Archive(Path(sys.argv[1]), encoder) as archive:
    archive.reembed(lambda done, everything: print(done, flush=True))
print("embedded", encoder.encoded, flush=True)
"""


class FewerDimensions(WordEncoder):
    """Another model: the same words in other directions."""

    fingerprint = "others@0002"
    dimensions = 128


def rebuilder(folder: Path, lingering: float = 0.0) -> "subprocess.Popen[str]":
    """Embeds anew in portions of 40 items, and lingers so many seconds before all are put in place at once."""
    command = [sys.executable, "-c", REBUILDER, str(folder), str(lingering)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)


@pytest.mark.slow
def test_a_killed_rebuild_leaves_the_old_vectors_in_use_and_the_next_run_completes_it(
    tmp_path: Path, encoder: WordEncoder
) -> None:
    chance = random.Random(11)
    folder = tmp_path / "archive"
    everything = 20 * ISSUES
    with opened(folder, encoder, *issues()) as archive:
        ids = archive.item_ids().tolist()
        before = archive.vectors(ids)
    question = encoder.queries(["Entry 7 of issue 7"])
    for last in ("40", "200", "440", "800", "1240", "2000", str(everything), "about to commit"):
        process = rebuilder(folder, lingering=60.0)
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == last:
                break
        time.sleep(chance.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        with Archive(folder, encoder) as archive:
            assert archive.verify() == []
            assert archive.build.model == "words@0001"
            assert np.array_equal(archive.vectors(ids), before)
            assert archive.item(archive.nearest(question, 1)[0][0].id).title == "Entry 7 of issue 7"
    out, _ = rebuilder(folder).communicate()
    assert out.split()[-2:] == ["embedded", "0"], "what killed runs made was made again"
    other = FewerDimensions()
    with Archive(folder, other) as archive:
        assert archive.build.model == "others@0002"
        assert archive.verify() == []
        assert archive.vectors(ids).shape == (everything, 128)
        assert (
            archive.item(archive.nearest(other.queries(["Entry 7 of issue 7"]), 1)[0][0].id).title
            == "Entry 7 of issue 7"
        )


@pytest.mark.slow
def test_readers_see_whole_issues_while_another_process_writes(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    encoder = WordEncoder()
    failures: list[BaseException] = []
    done = threading.Event()
    with opened(folder, encoder, document(0, entries(0))) as archive:
        process = writer(folder, pause=0.005)

        def read() -> None:
            question = encoder.queries(["Entry 3 of issue 0"])
            seen = 0
            try:
                while not done.is_set():
                    build = archive.build
                    assert build.generation >= seen
                    seen = build.generation
                    assert build.items == 20 * build.issues
                    assert set(archive.issue_counts().values()) == {20}
                    chosen = archive.select(Filters(issues=(0,)))
                    assert chosen is not None
                    assert chosen.tolist() == list(range(1, 21))
                    (nearest,) = archive.nearest(question, 1, within=chosen)
                    assert archive.item(nearest[0].id).title == "Entry 3 of issue 0"
                    ids = archive.item_ids()
                    columns = archive.facet_columns(ids)
                    assert np.bincount(columns.issue_ids)[1:].tolist() == [20] * (len(ids) // 20)
                    (posting,) = archive.postings(["entri"])
                    assert len(posting.ids) % 20 == 0
                    assert len(posting.ids) >= len(ids)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=read) for _ in range(6)]
        for thread in threads:
            thread.start()
        out, _ = process.communicate(timeout=120)
        done.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert process.returncode == 0
        assert len(out.splitlines()) == ISSUES
        assert archive.item_count == 20 * (ISSUES + 1)
        question = encoder.queries([f"Entry 7 of issue {ISSUES}"])
        assert archive.item(archive.nearest(question, 1)[0][0].id).title == f"Entry 7 of issue {ISSUES}"


def test_two_writers_take_turns(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    failures: list[BaseException] = []

    def write(first: int) -> None:
        try:
            with Archive(folder, WordEncoder(), create=True) as archive:
                for number in range(first, 40, 2):
                    put(archive, document(number, entries(number)))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Archive(folder, WordEncoder()) as archive:
        assert sorted(issue.number or 0 for issue in archive.issues()) == list(range(40))
        assert archive.generation == 40
        assert archive.verify() == []


def test_an_archive_may_be_made_by_several_at_once(tmp_path: Path) -> None:
    """Some 1 in 100 of such meetings once met an archive that was half made."""
    for round_ in range(80):
        folder = tmp_path / str(round_)
        failures: list[Exception] = []
        together = threading.Barrier(4)

        def make(
            folder: Path = folder, failures: list[Exception] = failures, start: threading.Barrier = together
        ) -> None:
            start.wait()
            try:
                Archive(folder, WordEncoder(), create=True).close()
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=make) for _ in range(together.parties)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        with Archive(folder, WordEncoder()) as archive:
            assert archive.verify() == []


def test_an_open_archive_sees_what_another_one_writes(tmp_path: Path) -> None:
    encoder = WordEncoder()
    with opened(tmp_path / "archive", encoder, document(1, entries(1))) as reader:
        assert reader.item_count == 20
        with Archive(tmp_path / "archive", encoder) as other:
            put(other, document(2, [*entries(2), item(21, "whales sing")]))
        assert reader.item_count == 41
        assert reader.item(reader.nearest(encoder.queries(["whales sing"]), 1)[0][0].id).title == "whales sing"
        with Archive(tmp_path / "archive", encoder) as other:
            put(other, document(2, entries(2)))
        assert reader.item_count == 40
        assert 41 not in [one.id for one in reader.nearest(encoder.queries(["whales sing"]), 40)[0]]
