"""The vector store against brute force in numpy; FAISS is real."""

import threading

import numpy as np
import numpy.typing as npt
import pytest

from index.types import FloatArray, IdArray
from index.vectors import VectorStore

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
