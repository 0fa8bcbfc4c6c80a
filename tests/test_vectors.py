"""The vector store against brute force in numpy; FAISS is real."""

import os
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from index.types import FloatArray, IdArray
from index.vectors import CLUSTER_FROM, VectorStore

DIMENSIONS = 48


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def unit(rng: np.random.Generator, count: int) -> FloatArray:
    vectors = rng.standard_normal((count, DIMENSIONS), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def brute(held: dict[int, FloatArray], query: FloatArray, k: int, within: set[int] | None = None) -> list[int]:
    """The k best ids by hand, over the vectors as rounded to float16."""
    scores = {
        n: float(vector.astype(np.float16).astype(np.float32) @ query)
        for n, vector in held.items()
        if within is None or n in within
    }
    return sorted(scores, key=lambda n: (-round(scores[n], 6), n))[:k]


def of_topics(rng: np.random.Generator, count: int, topics: int = 300) -> FloatArray:
    """Vectors that gather around a few hundred directions, as descriptions of things do."""
    around = unit(rng, topics)[rng.integers(0, topics, count)]
    vectors = around + rng.uniform(0.05, 0.25, (count, 1)).astype(np.float32) * rng.standard_normal(
        (count, DIMENSIONS), dtype=np.float32
    )
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def nearest(store: VectorStore, query: FloatArray, k: int, within: IdArray | None = None) -> list[int]:
    return [hit.id for hit in store.search(query[None], k, within)[0]]


def test_finds_what_brute_force_finds(rng: np.random.Generator) -> None:
    ids = np.sort(rng.choice(5000, 800, replace=False)).astype(np.int64)
    vectors = unit(rng, 800)
    store = VectorStore(ids, vectors)
    held = dict(zip(ids.tolist(), vectors, strict=True))
    queries = unit(rng, 5)
    for query, hits in zip(queries, store.search(queries, 12), strict=True):
        assert [hit.id for hit in hits] == brute(held, query, 12)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert hits[0].score == pytest.approx(float(held[hits[0].id] @ query), abs=1e-3)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.5, 1.0])
def test_conditions_come_before_the_search(rng: np.random.Generator, share: float) -> None:
    ids = np.arange(1, 4001, dtype=np.int64)
    vectors = unit(rng, 4000)
    store = VectorStore(ids, vectors)
    held = dict(zip(ids.tolist(), vectors, strict=True))
    within = np.sort(rng.choice(ids, int(4000 * share), replace=False))
    query = unit(rng, 1)[0]
    assert nearest(store, query, 10, within) == brute(held, query, 10, set(within.tolist()))


def test_conditions_may_name_ids_that_are_not_held(rng: np.random.Generator) -> None:
    store = VectorStore(np.array([2, 4, 6], np.int64), unit(rng, 3))
    query = unit(rng, 1)[0]
    assert sorted(nearest(store, query, 10, np.array([0, 2, 3, 6, 7, 900], np.int64))) == [2, 6]
    assert nearest(store, query, 10, np.array([900], np.int64)) == []
    assert nearest(store, query, 10, np.zeros(0, np.int64)) == []


def test_ids_far_apart(rng: np.random.Generator) -> None:
    ids = np.array([3, 10**6, 10**12], np.int64)
    vectors = unit(rng, 3)
    store = VectorStore(ids, vectors)
    assert nearest(store, vectors[2], 1) == [10**12]
    assert nearest(store, vectors[2], 3, ids[:2]) == brute(
        dict(zip(ids.tolist(), vectors, strict=True)), vectors[2], 3, {3, 10**6}
    )


def test_fewer_than_asked_for_are_filled_up_in_arrays(rng: np.random.Generator) -> None:
    store = VectorStore(np.array([5, 9], np.int64), unit(rng, 2))
    ids, scores = store.search_arrays(unit(rng, 3), 4)
    assert ids.shape == scores.shape == (3, 4)
    assert set(ids[0, :2].tolist()) == {5, 9}
    assert ids[:, 2:].tolist() == [[-1, -1]] * 3
    assert np.isneginf(scores[:, 2:]).all()
    assert np.isfinite(scores[:, :2]).all()


def test_equal_scores_are_ordered_by_id(rng: np.random.Generator) -> None:
    one = unit(rng, 1)
    ids = np.arange(40, 0, -1, dtype=np.int64)
    store = VectorStore(ids, np.repeat(one, 40, axis=0))
    assert nearest(store, one[0], 5) == [1, 2, 3, 4, 5]
    store.add(np.array([0], np.int64), one)
    assert nearest(store, one[0], 3) == [0, 1, 2]


def test_empty_stores_answer_nothing(rng: np.random.Generator) -> None:
    store = VectorStore(np.zeros(0, np.int64), np.zeros((0, DIMENSIONS), np.float32))
    assert len(store) == 0
    assert store.search(unit(rng, 2), 3) == [[], []]
    store.add(np.array([4], np.int64), unit(rng, 1))
    assert nearest(store, unit(rng, 1)[0], 3) == [4]
    store.remove(np.array([4], np.int64))
    assert store.search(unit(rng, 1), 3) == [[]]
    assert store.ids.tolist() == []


def test_wrong_shapes_are_refused(rng: np.random.Generator) -> None:
    store = VectorStore(np.array([1], np.int64), unit(rng, 1))
    with pytest.raises(ValueError, match="dimensions"):
        store.search(np.zeros((1, 3), np.float32), 1)
    with pytest.raises(ValueError, match="dimensions"):
        store.add(np.array([2], np.int64), np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match="2 ids"):
        VectorStore(np.array([1, 2], np.int64), unit(rng, 1))


def random_changes(rng: np.random.Generator, store: VectorStore, held: dict[int, FloatArray]) -> None:
    """Add new ones, replace some, remove some; the dict goes along."""
    top = max(held, default=0)
    count = int(rng.integers(1, 60))
    fresh = list(range(top + 1, top + 1 + count))
    known = rng.choice(sorted(held), min(len(held), 7), replace=False).tolist() if held else []
    ids = np.array(fresh + known, np.int64)
    rng.shuffle(ids)
    vectors = unit(rng, len(ids))
    store.add(ids, vectors)
    held.update(zip(ids.tolist(), vectors, strict=True))
    gone = rng.choice(sorted(held), min(len(held), int(rng.integers(0, 12))), replace=False)
    store.remove(np.concatenate([gone, [10**7]]).astype(np.int64))
    for n in gone.tolist():
        del held[n]


def test_changes_one_after_another_give_what_a_fresh_store_gives(rng: np.random.Generator) -> None:
    held: dict[int, FloatArray] = {}
    store = VectorStore(np.zeros(0, np.int64), np.zeros((0, DIMENSIONS), np.float32))
    for _ in range(40):
        random_changes(rng, store, held)
        ids = np.array(sorted(held), np.int64)
        assert store.ids.tolist() == ids.tolist()
        query = unit(rng, 1)[0]
        assert nearest(store, query, 9) == brute(held, query, 9)
        within = ids[rng.random(len(ids)) < 0.3]
        assert nearest(store, query, 9, within) == brute(held, query, 9, set(within.tolist()))
    some = rng.choice(sorted(held), 20)
    expected = np.stack([held[n].astype(np.float16).astype(np.float32) for n in some.tolist()])
    np.testing.assert_array_equal(store.rows(some), expected)


def test_adding_little_copies_little(rng: np.random.Generator) -> None:
    store = VectorStore(np.arange(20_000, dtype=np.int64), unit(rng, 20_000))
    before = store._segments[0]
    for n in range(10):
        store.add(np.arange(20_000 + 30 * n, 20_030 + 30 * n, dtype=np.int64), unit(rng, 30))
    assert store._segments[0] is before, "a large segment must not be copied for a few rows"
    assert len(store._segments) < 6
    assert len(store) == 20_300


def test_rows_of_unknown_ids_are_an_error(rng: np.random.Generator) -> None:
    store = VectorStore(np.array([1, 2], np.int64), unit(rng, 2))
    with pytest.raises(KeyError):
        store.rows([1, 3])


def test_readers_see_whole_states_while_it_changes(rng: np.random.Generator) -> None:
    """Every vector of a round is the same direction, so a reader must see exactly one round's ids."""
    directions = unit(rng, 30)
    ids = np.arange(50, dtype=np.int64)
    store = VectorStore(ids, np.repeat(directions[:1], 50, axis=0))
    wrong: list[npt.NDArray[np.float32]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            _, scores = store.search_arrays(directions, 50)
            spread = scores.max(axis=1) - scores.min(axis=1)
            if not (spread < 1e-5).all():
                wrong.append(spread)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for direction in directions[1:]:
        store.add(ids, np.repeat(direction[None], 50, axis=0))
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong


@pytest.fixture(scope="module")
def large() -> tuple[IdArray, FloatArray]:
    rng = np.random.default_rng(3)
    count = CLUSTER_FROM + 5_000
    ids = np.sort(rng.choice(2 * count, count, replace=False)).astype(np.int64)
    return ids, of_topics(rng, count).astype(np.float16).astype(np.float32)


@pytest.fixture(scope="module")
def files(large: tuple[IdArray, FloatArray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that a large store was put into, in clusters, at generation 7."""
    folder = tmp_path_factory.mktemp("archive") / "vectors"
    store = in_portions(*large)
    before = store.search_arrays(large[1][:3], 5)
    store.improve(folder, "model space", 7)
    np.testing.assert_array_equal(store.search_arrays(large[1][:3], 5)[0], before[0], "searches go on meanwhile")
    store.wait()
    assert len(store._segments) == 1
    assert store._segments[0].clusters is not None
    return folder


def in_portions(ids: IdArray, vectors: FloatArray) -> VectorStore:
    store = VectorStore(np.zeros(0, np.int64), np.zeros((0, DIMENSIONS), np.float32))
    for first in range(0, len(ids), 20_000):
        store.add(ids[first : first + 20_000], vectors[first : first + 20_000])
    return store


def exact(
    ids: IdArray, vectors: FloatArray, queries: FloatArray, k: int, within: IdArray | None = None
) -> list[set[int]]:
    scores = queries @ vectors.T
    if within is not None:
        scores[:, ~np.isin(ids, within)] = -np.inf
    best = np.argpartition(-scores, k, axis=1)[:, :k]
    return [set(ids[row[np.isfinite(line[row])]].tolist()) for row, line in zip(best, scores, strict=True)]


@pytest.mark.parametrize("share", [None, 0.0005, 0.02, 0.3, 0.9])
def test_clusters_find_what_an_exact_search_finds(
    large: tuple[IdArray, FloatArray], files: Path, rng: np.random.Generator, share: float | None
) -> None:
    store = VectorStore.load(files, "model space")
    assert store is not None
    assert len(store) == len(large[0])
    assert store.generation == 7
    within = None if share is None else large[0][rng.random(len(large[0])) < share]
    queries = of_topics(rng, 30)
    found = store.search(queries, 10, within)
    expected = exact(*large, queries, 10, within)
    recall = np.mean([len({hit.id for hit in hits} & best) / 10 for hits, best in zip(found, expected, strict=True)])
    assert recall >= 0.98
    for hits in found:
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert within is None or {hit.id for hit in hits} <= set(within.tolist())


def test_a_condition_far_from_the_question_is_met_all_the_same(large: tuple[IdArray, FloatArray], files: Path) -> None:
    """Ids that lie opposite to the question: no near cluster holds any of them."""
    store = VectorStore.load(files, "model space")
    assert store is not None
    ids, vectors = large
    query = vectors[0]
    within = np.sort(ids[np.argsort(vectors @ query)[:5_000]])
    assert {hit.id for hit in store.search(query[None], 10, within)[0]} == exact(ids, vectors, query[None], 10, within)[
        0
    ]


def test_clusters_scan_a_part_only(large: tuple[IdArray, FloatArray], files: Path) -> None:
    store = VectorStore.load(files, "model space")
    assert store is not None
    clusters = store._segments[0].clusters
    assert clusters is not None
    scanned = sum(part.stop - part.start for part in clusters.nearest(large[1][0], None, 12_000))
    assert 12_000 <= scanned < 20_000


def test_one_condition_after_another(large: tuple[IdArray, FloatArray], files: Path) -> None:
    """What a condition chose is remembered, for that very condition and for these very rows."""
    store = VectorStore.load(files, "model space")
    assert store is not None
    ids, vectors = large
    query = vectors[7][None]
    odd, even = ids[ids % 2 == 1], ids[ids % 2 == 0]
    for within in (odd, odd, even, odd, ids, even):
        found, _ = store.search_arrays(query, 10, within)
        assert set(found[0].tolist()) <= set(within.tolist())
        assert set(found[0].tolist()) == exact(ids, vectors, query, 10, within)[0]
    best = int(store.search_arrays(query, 1, odd)[0][0, 0])
    store.remove(np.array([best], np.int64))
    assert best not in store.search_arrays(query, 10, odd)[0]


def test_changes_on_top_of_clusters(large: tuple[IdArray, FloatArray], files: Path) -> None:
    store = VectorStore.load(files, "model space")
    assert store is not None
    ids, vectors = large
    target = vectors[17]
    first = int(nearest(store, target, 1)[0])
    assert first == int(ids[17])
    store.remove(np.array([first], np.int64))
    assert first not in nearest(store, target, 20)
    new = int(ids[-1]) + 1
    store.add(np.array([new, int(ids[5])], np.int64), np.stack([target, -target]))
    assert nearest(store, target, 1) == [new]
    assert int(ids[5]) not in nearest(store, vectors[5], 5)
    assert nearest(store, -target, 1) == [int(ids[5])]
    assert len(store) == len(ids)
    assert store._segments[0].clusters is not None
    np.testing.assert_array_equal(
        store.rows([new, int(ids[3])]), np.stack([target, vectors[3]]).astype(np.float16).astype(np.float32)
    )


def test_what_changes_while_clusters_are_made_stays_changed(large: tuple[IdArray, FloatArray], tmp_path: Path) -> None:
    ids, vectors = large
    store = in_portions(ids, vectors)
    origin = store._segments
    store.remove(ids[:10])
    store.add(ids[10:11], -vectors[10:11])
    store.add(np.array([int(ids[-1]) + 9], np.int64), vectors[:1])
    store._improve(origin, tmp_path / "vectors", "s", 1)
    assert store._segments[0].clusters is not None
    assert set(ids[:10].tolist()).isdisjoint(store.ids.tolist())
    assert nearest(store, vectors[0], 1) == [int(ids[-1]) + 9]
    assert nearest(store, -vectors[10], 1) == [int(ids[10])]
    assert len(store) == len(ids) - 9


def test_a_second_process_takes_over_what_the_first_has_made(
    large: tuple[IdArray, FloatArray], files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = in_portions(*large)
    monkeypatch.setattr("index.vectors.clustered", lambda *_: pytest.fail("made the same clusters twice"))
    store.improve(files, "model space", 7)
    store.wait()
    assert store._segments[0].clusters is not None


def test_small_stores_stay_exact(rng: np.random.Generator, tmp_path: Path) -> None:
    store = VectorStore(np.arange(6_000, dtype=np.int64), unit(rng, 6_000))
    store.improve(tmp_path / "vectors", "s", 1)
    store.wait()
    assert not (tmp_path / "vectors").exists()


def test_files_are_written_where_that_pays(rng: np.random.Generator, tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    assert not VectorStore(np.arange(100, dtype=np.int64), unit(rng, 100)).save(folder, "s", 1)
    assert not folder.exists()
    vectors = unit(rng, 6_000)
    store = VectorStore(np.arange(6_000, dtype=np.int64), vectors)
    assert store.save(folder, "s", 3)
    assert not store.save(folder, "s", 4), "nothing changed"
    store.add(np.array([9_000], np.int64), unit(rng, 1))
    assert not store.save(folder, "s", 5), "too little changed to write it all again"
    store.remove(np.arange(700, dtype=np.int64))
    assert store.save(folder, "s", 6)
    loaded = VectorStore.load(folder, "s")
    assert loaded is not None
    assert loaded.generation == 6
    assert loaded.ids.tolist() == [*range(700, 6_000), 9_000]
    query = unit(rng, 1)
    assert loaded.search(query, 30) == store.search(query, 30)
    assert not loaded.save(folder, "s", 7), "just read from there"
    assert [path.name for path in tmp_path.iterdir()] == ["vectors"]


def test_files_of_another_stamp_or_none_are_not_taken(rng: np.random.Generator, tmp_path: Path) -> None:
    assert VectorStore.load(tmp_path / "vectors", "s") is None
    VectorStore(np.arange(6_000, dtype=np.int64), unit(rng, 6_000)).save(tmp_path / "vectors", "s", 1)
    assert VectorStore.load(tmp_path / "vectors", "another model") is None
    assert VectorStore.load(tmp_path / "vectors", "s") is not None


def test_damaged_files_are_not_taken(rng: np.random.Generator, tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    store = VectorStore(np.arange(6_000, dtype=np.int64), unit(rng, 6_000))
    assert store.save(folder, "s", 1)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for damaged in (whole[:-1], b"", whole[: len(whole) // 2] + b"\xff\xfe" + whole[len(whole) // 2 + 2 :]):
            if damaged != whole:
                path.write_bytes(damaged)
                assert VectorStore.load(folder, "s") is None, f"{path.name} was taken with {len(damaged)} bytes"
        path.unlink()
        assert VectorStore.load(folder, "s") is None, f"{path.name} is missing"
        path.write_bytes(whole)
    assert VectorStore.load(folder, "s") is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_costs_nothing_but_time(rng: np.random.Generator, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert not VectorStore(np.arange(6_000, dtype=np.int64), unit(rng, 6_000)).save(tmp_path / "vectors", "s", 1)


def test_a_place_that_is_no_folder_costs_nothing_but_time(rng: np.random.Generator, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = VectorStore(np.arange(6_000, dtype=np.int64), unit(rng, 6_000))
    assert not store.save(tmp_path / "file" / "vectors", "s", 1)
    assert nearest(store, unit(rng, 1)[0], 1)
