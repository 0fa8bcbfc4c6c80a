"""The vector store from a thousand to a million vectors: time, recall, memory, opening.

    python -m benchmarks.speed_vectors [--quick] [SIZE]...

Each size is measured in a process of its own, so that memory means that size. Queries and vectors are real ones of the
sample, mixed and perturbed, in the archive's own space. A search is one thread's work, so its CPU time is given.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, machine, milliseconds, report
from benchmarks.synthetic import mixed, questions, sample_passages
from index.encoder import open_encoder
from index.space import Space, neutral_queries
from index.types import FloatArray, IdArray
from index.vectors import VectorStore

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PORTION = 20_000
SHARES = (0.0005, 0.02, 0.1, 0.5)
ASKED = 200
TESTED = 50


def real_vectors() -> tuple[FloatArray, FloatArray]:
    """Questions and the sample's items in the archive's space."""
    encoder = open_encoder()
    items = encoder.passages(sample_passages())
    space = Space.fit(items, encoder.queries(neutral_queries()))
    return space.queries(encoder.queries(questions(ASKED))), space.items(items)


def figures(quick: bool = False, sizes: tuple[int, ...] = SIZES) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        asked, items = real_vectors()
        np.savez(Path(folder) / "real.npz", asked=asked, items=items)
        for size in sizes[:3] if quick else sizes:
            for part in ("build", "search"):
                command = [sys.executable, "-m", "benchmarks.speed_vectors", "--part", part, str(size), folder]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                for line in output.splitlines():
                    name, value, unit, bound, target = line.split("\t")
                    limit = float(target) if target else None
                    yield Figure(name, float(value), unit, "at least" if bound == "at least" else "at most", limit)


def build(size: int, folder: Path) -> Iterator[Figure]:
    items = np.load(folder / "real.npz")["items"]
    store = VectorStore(np.zeros(0, np.int64), np.zeros((0, items.shape[1]), np.float32))
    adding = 0.0
    for first in range(0, size, PORTION):
        vectors = mixed(items, min(PORTION, size - first), first)
        start = time.perf_counter()
        store.add(np.arange(first + 1, first + len(vectors) + 1, dtype=np.int64), vectors)
        adding += time.perf_counter() - start
    yield Figure(f"{size:,} vectors: put in", adding, "s")
    start = time.perf_counter()
    for n in range(50):
        store.add(np.array([size + 1 + n], np.int64), mixed(items, 1, size + n))
    yield Figure(f"{size:,} vectors: one more", (time.perf_counter() - start) / 50 * 1000, "ms")
    store.remove(np.arange(size + 1, size + 51, dtype=np.int64))
    start = time.perf_counter()
    store.improve(folder / f"{size}", "benchmark", 1)
    store.wait()
    yield Figure(f"{size:,} vectors: clusters made, in the background", time.perf_counter() - start, "s")
    store.save(folder / f"{size}", "benchmark", 1)


def search(size: int, folder: Path) -> Iterator[Figure]:
    asked, items = (np.load(folder / "real.npz")[name] for name in ("asked", "items"))
    start = time.perf_counter()
    store = VectorStore.load(folder / f"{size}", "benchmark")
    if store is None:  # too few to be kept in files
        store = VectorStore(np.arange(1, size + 1, dtype=np.int64), mixed(items, size, 0))
    yield Figure(f"{size:,} vectors: open", time.perf_counter() - start, "s", "at most", 5)
    for k in (10, 200):
        taken = milliseconds(lambda n, k=k: store.search_arrays(asked[n : n + 1], k), ASKED, time.thread_time)  # type: ignore[misc]
        yield Figure(f"{size:,} vectors: top {k}", taken, "ms of CPU", "at most", 10)
    rng = np.random.default_rng(0)
    conditions = {f" of {share:.2%}": np.flatnonzero(rng.random(size) < share) + 1 for share in SHARES}
    for name, within in conditions.items():
        taken = milliseconds(lambda n, w=within: store.search_arrays(asked[n : n + 1], 10, w), ASKED, time.thread_time)  # type: ignore[misc]
        yield Figure(f"{size:,} vectors: top 10{name}", taken, "ms of CPU", "at most", 10)
    yield Figure(f"{size:,} vectors: memory of the process", _memory(), "MB", "at most", 2000)
    every: dict[str, IdArray | None] = {"": None, **conditions}
    for name, right in _exact(asked[:TESTED], every, (items, size)).items():
        found, _ = store.search_arrays(asked[:TESTED], 10, every[name])
        shares = [len(set(ours.tolist()) & best) / max(1, len(best)) for ours, best in zip(found, right, strict=True)]
        yield Figure(f"{size:,} vectors: recall@10{name}", float(np.mean(shares)), "", "at least", 0.98)


def _exact(
    asked: FloatArray, conditions: dict[str, IdArray | None], made: tuple[FloatArray, int]
) -> dict[str, list[set[int]]]:
    """The ten nearest under each condition: brute force in float32 over the vectors as they were made."""
    items, size = made
    best = {name: [(np.zeros(0, np.float32), np.zeros(0, np.int64))] * len(asked) for name in conditions}
    for first in range(0, size, PORTION):
        scores = asked @ mixed(items, min(PORTION, size - first), first).T
        ids = np.arange(first + 1, first + scores.shape[1] + 1, dtype=np.int64)
        for name, within in conditions.items():
            kept = np.ones(len(ids), bool) if within is None else np.isin(ids, within, assume_unique=True)
            for n, (known, whose) in enumerate(best[name]):
                joined, both = np.concatenate([known, scores[n, kept]]), np.concatenate([whose, ids[kept]])
                top = np.argsort(-joined, kind="stable")[:10]
                best[name][n] = joined[top], both[top]
    return {name: [set(whose.tolist()) for _, whose in rows] for name, rows in best.items()}


def _memory() -> float:
    """Resident megabytes now, mapped files included."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main(arguments: list[str]) -> None:
    if "--part" in arguments:
        part, size, folder = arguments[arguments.index("--part") + 1 :]
        for figure in {"build": build, "search": search}[part](int(size), Path(folder)):
            limit = "" if figure.target is None else figure.target
            print(figure.name, figure.value, figure.unit, figure.bound, limit, sep="\t")
        return
    sizes = tuple(int(text) for text in arguments if text.isdigit()) or SIZES
    print(machine())
    report(figures("--quick" in arguments, sizes))


if __name__ == "__main__":
    main(sys.argv[1:])
