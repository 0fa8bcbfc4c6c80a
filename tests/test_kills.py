"""SIGKILL at random points of an ingest: what was committed stays, whole and once, and the next run completes it."""

import multiprocessing
import random
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from index.archive import Archive
from tests import killable
from tests.conftest import WordEncoder
from tests.test_load import issue_text, write_issues
from tests.webserver import LocalServer

ISSUES = 16
ITEMS = 3
KILLS = 50


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """New processes that have everything imported already, so that a kill costs milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.killable"])
    return context


class Victim:
    """One ingest process."""

    def __init__(self, processes: ForkServerContext, archive: Path, spec: str) -> None:
        self._ours, theirs = processes.Pipe(duplex=False)
        self._process: BaseProcess = processes.Process(target=killable.run, args=(archive, spec, theirs))
        self._process.start()
        theirs.close()
        self.told: list[bytes] = []

    def kill(self, after: int, pause: float) -> bool:
        """SIGKILL `pause` seconds after the process has said `after` things; False when it was done before that."""
        while len(self.told) < after and self._listen(30.0):
            pass
        while self._listen(pause):  # let time pass, hearing out what it says meanwhile
            pause = max(0.0, pause - 0.002)
        killed = b"done" not in self.told
        self._process.kill()
        self._end()
        return killed

    def finish(self) -> None:
        while self._listen(60.0):
            pass
        self._end()
        assert self.told[-1] == b"done"
        assert self._process.exitcode == 0

    def _listen(self, seconds: float) -> bool:
        try:
            if not self._ours.poll(seconds):
                return False
            self.told.append(self._ours.recv_bytes())
        except (EOFError, OSError):
            return False
        return self.told[-1] != b"done"

    def _end(self) -> None:
        self._process.join(30)
        self._ours.close()


def holdings(path: Path) -> dict[int, list[str]]:
    """What a sound archive holds: item titles by issue number. Fails for an unsound one."""
    with Archive(path, WordEncoder(), create=True) as archive:
        assert archive.verify() == []
        issues = archive.issues()
        numbers = [issue.number or 0 for issue in issues]
        assert len(set(numbers)) == len(numbers), "an issue is there twice"
        return {issue.number or 0: [item.title for item in archive.issue_items(issue.id)] for issue in issues}


def assert_whole(held: dict[int, list[str]], version: Callable[[int, str], str]) -> None:
    for number, titles in held.items():
        lines = version(number, issue_text(number, ITEMS)).splitlines()
        current = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
        before = [
            line.removeprefix("### ") for line in issue_text(number, ITEMS).splitlines() if line.startswith("###")
        ]
        assert titles in (current, before), "an issue is there in part"


@pytest.mark.slow
def test_kills_while_issues_come_from_a_folder(processes: ForkServerContext, tmp_path: Path) -> None:
    chance = random.Random(3)
    kills = rounds = halfway = 0
    while kills < KILLS:
        rounds += 1
        folder = write_issues(tmp_path / f"issues-{rounds}", range(1, ISSUES + 1), ITEMS)
        path = tmp_path / f"archive-{rounds}"

        def edited(number: int, text: str) -> str:
            return text.replace("that learns", "that relearned") if number % 2 else text

        def same(number: int, text: str) -> str:  # noqa: ARG001
            return text

        for version in (same, edited):
            for number in range(1, ISSUES + 1):
                (folder / f"issue-{number}.md").write_text(version(number, issue_text(number, ITEMS)))
            known: set[int] = set(holdings(path)) if path.exists() else set()
            for _ in range(6):
                victim = Victim(processes, path, str(folder))
                kills += victim.kill(chance.randrange(4), chance.random() * chance.choice((0.01, 0.1, 0.4)))
                held = holdings(path)
                assert known <= set(held), "a committed issue is gone"
                assert_whole(held, edited)
                new = sum("relearned" in " ".join(titles) for titles in held.values())
                halfway += 0 < len(held) < ISSUES or 0 < new < ISSUES // 2
                known = set(held)
            Victim(processes, path, str(folder)).finish()
            held = holdings(path)
            assert sorted(held) == list(range(1, ISSUES + 1))
            for number, titles in held.items():
                words = "that relearned" if version is edited and number % 2 else "that learns"
                assert len(titles) == ITEMS
                assert all(words in title for title in titles)
    assert kills >= KILLS
    assert halfway >= KILLS // 5, "enough of them came between two commits"


@pytest.mark.slow
def test_kills_while_issues_come_from_the_web(processes: ForkServerContext, web: LocalServer, tmp_path: Path) -> None:
    chance = random.Random(4)
    links = "".join(f'<li><a href="/issues/{number}">Issue {number}</a></li>' for number in range(1, ISSUES + 1))
    web.route("/archive", f"<html><body><ul>{links}</ul></body></html>")
    for number in range(1, ISSUES + 1):
        entries = "".join(
            f'<h3><a href="https://arxiv.org/abs/21{index:02d}.{number:05d}">Whistle {number} part {index}</a></h3>'
            f"<p>How whistle {number} came to its part {index}, told at some length.</p>"
            for index in range(1, ITEMS + 1)
        )
        web.route(f"/issues/{number}", f"<h1>The Tin Whistle #{number}</h1><h2>Found</h2>{entries}")
    path = tmp_path / "archive"
    for _ in range(12):
        Victim(processes, path, f"{web.url}/archive").kill(chance.randrange(1, 6), chance.random() * 0.02)
        held = holdings(path)
        assert all(len(titles) == ITEMS for titles in held.values())
    Victim(processes, path, f"{web.url}/archive").finish()
    assert sorted(holdings(path)) == list(range(1, ISSUES + 1))
    asked = [web.paths.count(f"/issues/{number}") for number in range(1, ISSUES + 1)]
    assert sum(asked) <= ISSUES + 12, "a kill costs one page at most: the one that was on its way"
