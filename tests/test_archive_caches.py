"""Files beside the archive save time and never change an answer."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index import postings
from index.archive import Archive
from index.column_store import FILE as COLUMNS
from index.database import FILE
from index.recent import LONGEST, MOST
from index.retrieval import FOLDER as VECTORS
from index.types import Filters
from index.vectors import VectorStore
from index.words import FOLDER as WORDS
from tests.conftest import WordEncoder
from tests.documents import document, item, opened, put

ISSUES = 54
EACH = 100


def entry(place: int) -> str:
    return f"Entry {place} about {['whales', 'bees', 'graphs'][place % 3]} {'学习' * (place % 2)}"


def answers(archive: Archive, encoder: WordEncoder) -> dict[str, object]:
    """Something of everything that is derived."""
    ids = archive.item_ids()
    columns = archive.facet_columns(ids)
    found = archive.postings(["whale", "entri", "学习", "absent", "7"])
    return {
        "ids": ids.tolist(),
        "build": archive.build,
        "sections": [columns.section.labels[code] for code in columns.section.codes.tolist()],
        "hosts": [columns.host.labels[code] if code >= 0 else None for code in columns.host.codes.tolist()],
        "days": columns.day.tolist(),
        "works": archive.work_of(ids).tolist(),
        "lengths": archive.text_lengths(ids).tolist(),
        "postings": [(one.token, one.ids.tolist(), one.frequencies.tolist()) for one in found],
        "phrases": [
            np.asarray(archive.select(Filters(phrases=(phrase,)))).tolist()
            for phrase in ("about bees", "whales", "学", "entry 7", "entry absent")
        ],
        "site": np.asarray(archive.select(Filters(hosts=("example",), sections=("odd",)))).tolist(),
        "nearest": archive.nearest_arrays(encoder.queries(["entry 7 about bees"]), 20)[0].tolist(),
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "archive"
    documents = [
        document(
            number,
            [
                item(
                    place,
                    entry(place),
                    section=("odd", "even")[place % 2],
                    summary=f"number {number}",
                    url=f"https://host{place % 7}.example/{number}",
                    key=f"host{place % 7}.example/{number}",
                )
                for place in range(EACH)
            ],
        )
        for number in range(1, ISSUES + 1)
    ]
    opened(folder, WordEncoder(), *documents).close()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """An archive with no files beside it."""
    (tmp_path / "archive").mkdir()
    shutil.copy(made / FILE, tmp_path / "archive" / FILE)
    return tmp_path / "archive"


def without_caches(folder: Path, place: Path) -> Archive:
    """The same archive with nothing but its one file."""
    place.mkdir()
    with sqlite3.connect(folder / FILE) as source, sqlite3.connect(place / FILE) as target:
        source.backup(target)
    source.close()
    target.close()
    return Archive(place, WordEncoder())


def change(archive: Archive) -> None:
    put(archive, document(3, [item(1, "Entry 1 about bees", section="odd"), item(2, "new whales", section="odd")]))
    put(archive, document(99, [item(1, "Entry 7 about bees", section="Odd", url="https://example")]))


def test_a_second_process_answers_the_same_from_files(folder: Path, tmp_path: Path, encoder: WordEncoder) -> None:
    with Archive(folder, encoder) as archive:
        first = answers(archive, encoder)
        assert (folder / COLUMNS).exists()
        assert (folder / WORDS / "0.words").exists()
    with Archive(folder, encoder) as archive:
        assert answers(archive, encoder) == first
        change(archive)
        changed = answers(archive, encoder)
        assert changed != first
    with Archive(folder, encoder) as archive:  # the files are now older than the archive
        assert answers(archive, encoder) == changed
    with without_caches(folder, tmp_path / "bare") as bare:
        expected = answers(bare, encoder)
    # ranks of equal scores may depend on how vectors were rounded on the way, so only the best is compared
    assert {**changed, "nearest": 0} == {**expected, "nearest": 0}


def test_many_changes_write_the_files_again(folder: Path, encoder: WordEncoder) -> None:
    with Archive(folder, encoder) as archive:
        answers(archive, encoder)
        before = {file: file.read_bytes() for file in (folder / COLUMNS, folder / WORDS / "0.words")}
        fewer = [item(place, f"whales again {place}", section="odd") for place in range(1, 61)]
        put(archive, *[document(number, fewer) for number in range(1, 41)])
        put(archive, *[document(number, fewer) for number in range(101, 151)])
        expected = answers(archive, encoder)
        assert all(file.read_bytes() != content for file, content in before.items())
    with Archive(folder, encoder) as archive:
        assert answers(archive, encoder) == expected
        assert archive.build.items == (ISSUES - 40) * EACH + 90 * 60


def store_of(archive: Archive) -> VectorStore:
    view = archive._retrieval._current()
    assert view is not None
    return view.store


def test_settling_leaves_nothing_to_do_for_the_next_process(
    folder: Path, encoder: WordEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.vectors.CLUSTER_FROM", ISSUES * EACH // 2)
    told: list[tuple[int, int]] = []
    with Archive(folder, encoder) as archive:
        archive.settle(lambda done, steps: told.append((done, steps)))
        settled = derived(folder)
        assert set(settled) > {COLUMNS, f"{WORDS}/0.words"}
        assert any(name.startswith(VECTORS) for name in settled)
        expected = answers(archive, encoder)
        (segment,) = store_of(archive)._segments
        assert segment.clusters is not None
        assert store_of(archive)._work is None, "put into clusters at once, not from a first form in memory"
        archive.settle()
    with Archive(folder, encoder) as archive:
        assert answers(archive, encoder) == expected
        ids = store_of(archive).ids
    with without_caches(folder, tmp_path / "bare") as bare:  # answers at once, clusters come afterwards
        assert {**answers(bare, encoder), "nearest": 0} == {**expected, "nearest": 0}
        store_of(bare).wait()
        assert store_of(bare)._segments[0].clusters is not None
        np.testing.assert_array_equal(store_of(bare).ids, ids)
        np.testing.assert_allclose(store_of(bare).rows(ids), segment.codes[np.argsort(segment.ids)], atol=1e-3)
    assert derived(folder) == settled
    assert told == [(done, 3) for done in (1, 2, 3)]
    fewer = [item(place, f"whales again {place}", section="odd") for place in range(60)]
    with Archive(folder, encoder) as archive:
        answers(archive, encoder)
        put(archive, *[document(number, fewer) for number in range(1, 11)])
        expected = answers(archive, encoder)  # still from the old segments and what changed since
        assert derived(folder)[f"{WORDS}/0.words"] == settled[f"{WORDS}/0.words"]
        archive.settle()
        settled_again = derived(folder)
        assert settled_again[f"{WORDS}/0.words"] != settled[f"{WORDS}/0.words"]
    with Archive(folder, encoder) as archive:
        assert {**answers(archive, encoder), "nearest": 0} == {**expected, "nearest": 0}
    assert derived(folder) == settled_again


def derived(folder: Path) -> dict[str, bytes]:
    """The files beside the archive that save time."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(FILE)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "gone"])
def test_damaged_files_are_not_used(folder: Path, encoder: WordEncoder, damage: str) -> None:
    with Archive(folder, encoder) as archive:
        expected = answers(archive, encoder)
    for file in (folder / COLUMNS, folder / WORDS / "0.words"):
        content = file.read_bytes()
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes({"cut": content[: len(content) // 2], "noise": b"\x00noise" * 99, "empty": b""}[damage])
    with Archive(folder, encoder) as archive:
        assert answers(archive, encoder) == expected


def test_a_restored_copy_does_not_use_files_of_another_history(
    folder: Path, tmp_path: Path, encoder: WordEncoder
) -> None:
    with Archive(folder, encoder) as archive:
        answers(archive, encoder)
    shutil.copy(folder / FILE, tmp_path / "backup")
    with Archive(folder, encoder) as archive:
        put(archive, *[document(number, [item(1, "whales again", section="odd")]) for number in range(1, 31)])
        answers(archive, encoder)
    shutil.copy(tmp_path / "backup", folder / FILE)
    with Archive(folder, encoder) as archive:
        put(archive, *[document(number, [item(1, "bees", section="odd")]) for number in range(1, 41)])
        restored = answers(archive, encoder)
    with without_caches(folder, tmp_path / "bare") as bare:
        assert {**answers(bare, encoder), "nearest": 0} == {**restored, "nearest": 0}


def test_segments_keep_what_was_built(tmp_path: Path) -> None:
    rows = [
        (5, "model models gpt", "", "3", "", "", "", "ada lovelace | alan", "my models", "gpt3"),
        (9, "modelling", "", "", "", "", "models " * 300, "", "", ""),
    ]
    segment = postings.build(rows)
    postings.save(segment, tmp_path / "file", {"token": "x"})
    loaded = postings.load(tmp_path / "file")
    assert loaded is not None
    assert loaded[1] == {"token": "x"}
    for one in (segment, loaded[0]):
        for word, (ids, halves) in LOOKED_UP.items():
            found = _looked_up(one, word)
            assert found[0] == ids
            assert word.startswith("=") or found[1] == halves
        keys = np.array([postings.key_of(word) for word in LOOKED_UP], dtype=np.uint64)
        assert [place for place, _ in one.lookup(keys)] == [
            place for place, (ids, _) in enumerate(LOOKED_UP.values()) if ids
        ]


LOOKED_UP: dict[str, tuple[list[int], list[int]]] = {
    "model": ([5, 9], [10, 255]),
    "=models": ([5, 9], []),
    "=model": ([5], []),
    "=modelling": ([9], []),
    "models": ([], []),
    "gpt3": ([5], [2]),
    "=gpt3": ([], []),
    "@ada": ([5], [2]),
    "ada": ([], []),
    "3": ([5], [2]),
    "my": ([5], [2]),
    "=my": ([], []),
}


def test_no_words_at_all() -> None:
    assert _looked_up(postings.build([]), "x") == ([], [])
    assert _looked_up(postings.build([(1, *[""] * 9)]), "x") == ([], [])


def _looked_up(segment: postings.Segment, word: str) -> tuple[list[int], list[int]]:
    """The items of a word and its weights there, doubled."""
    found = [held for _, held in segment.lookup(np.array([postings.key_of(word)], dtype=np.uint64))]
    return (found[0][0].tolist(), found[0][1].tolist()) if found else ([], [])


def test_items_read_lately_follow_the_archive(tmp_path: Path) -> None:
    """Also when another process changes it; ids in any order, repeated, unknown, come as they always did."""
    two = [document(n, [item(place, f"Entry {n} {place}") for place in (1, 2)]) for n in (1, 2)]
    with opened(tmp_path, WordEncoder(), *two) as archive, Archive(tmp_path, WordEncoder()) as other:
        ids = archive.item_ids().tolist()
        first = archive.items([ids[2], ids[0], 999, ids[2]])
        assert [one.title for one in first] == ["Entry 2 1", "Entry 1 1", "Entry 2 1"]
        assert archive.items(ids)[0] is first[1], "read once"
        put(other, document(1, [item(1, "Entry 1 1", note="new"), item(2, "Entry 1 2")], content="2"))
        assert [(one.id, one.note) for one in archive.items(ids)] == list(
            zip(ids, ["new", None, None, None], strict=True)
        )


def test_items_read_lately_are_bounded(tmp_path: Path) -> None:
    items = [item(1, "Long", summary="word " * LONGEST), item(2, "Short")]
    with opened(tmp_path, WordEncoder(), document(1, items)) as archive:
        ids = archive.item_ids().tolist()
        for _ in range(2):
            assert [one.title for one in archive.items(ids)] == ["Long", "Short"]
        recent = archive._recent
        assert list(recent._held) == ids[1:]
        recent._keep(archive.generation, [replace(items[1], id=n) for n in range(1000, 1000 + MOST)])
        assert list(recent._held) == list(range(1000, 1000 + MOST))


def test_what_meets_a_condition_is_found_once_a_generation(tmp_path: Path) -> None:
    first, second = (document(n, [item(1, f"Entry {n} about {what}")]) for n, what in ((1, "whales"), (2, "bees")))
    with opened(tmp_path, WordEncoder(), first) as archive, Archive(tmp_path, WordEncoder()) as other:
        whales, not_whales = Filters(phrases=("whales",)), Filters(excluding=(Filters(phrases=("whales",)),))
        chosen = archive.select(whales)
        assert chosen is not None
        assert chosen.tolist() == [1]
        assert archive.select(Filters(phrases=("whales",))) is chosen
        for number in range(20):
            assert archive.select(Filters(issues=(number + 5,))) is not chosen
        assert archive.select(whales) is not chosen, "only a few are kept"
        with pytest.raises(ValueError, match="read-only"):
            chosen[0] = 5
        put(other, second)
        found = archive.select(whales), archive.select(not_whales)
        assert [None if ids is None else ids.tolist() for ids in found] == [[1], [2]]
        put(other, document(2, [item(1, "Entry 2 about whales")], content="2"))
        found = archive.select(whales), archive.select(not_whales)
        assert [None if ids is None else ids.tolist() for ids in found] == [[1, 2], []]
