"""Answers of one state of the archive."""

from pathlib import Path

import pytest

from index.archive import Archive
from tests.served import document, fill
from web.steady import ATTEMPTS, steady


def grow(archive: Archive, number: int) -> None:
    list(archive.put([document(number)]))


def test_work_is_done_again_when_the_archive_changed_underneath(tmp_path: Path) -> None:
    with fill(tmp_path) as archive:

        def work() -> tuple[int, int]:
            listed = len(archive.issues())
            if listed == 6:
                grow(archive, 7)
            return listed, len(archive.issue_counts())

        assert steady(archive, work) == (7, 7)


def test_what_failed_because_of_the_change_is_tried_again(tmp_path: Path) -> None:
    with fill(tmp_path) as archive:

        def work() -> int:
            if len(archive.issues()) == 6:
                grow(archive, 7)
                raise KeyError(6)
            return len(archive.issues())

        assert steady(archive, work) == 7


def test_what_fails_by_itself_fails_at_once(tmp_path: Path) -> None:
    tried = 0

    def work() -> None:
        nonlocal tried
        tried += 1
        raise KeyError("x")

    with fill(tmp_path) as archive, pytest.raises(KeyError):
        steady(archive, work)
    assert tried == 1


def test_an_archive_that_never_rests_is_answered_from_all_the_same(tmp_path: Path) -> None:
    with fill(tmp_path) as archive:

        def work() -> int:
            grow(archive, len(archive.issues()) + 1)
            return len(archive.issues())

        assert steady(archive, work) == 6 + ATTEMPTS + 1
