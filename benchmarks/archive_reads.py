"""How long the archive's own work takes, without model and ranking: `python -m benchmarks.archive_reads FOLDER`.

Prints what it costs to derive everything from the items (`Archive.settle`), to open the archive after that and to see
an issue that was added, and the median in milliseconds of each thing that a search asks for. `--items N` fills the
folder first (`benchmarks.synthetic`, in a process of its own), so that one can see how each grows.
"""

import argparse
import datetime as dt
import multiprocessing
import random
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.synthetic import MixedEncoder, fill
from index.archive import Archive
from index.encoder import open_encoder
from index.text import tokens
from index.types import Document, Filters, Issue, Item

_TIMES = 50


def median(work: Callable[[], object]) -> float:
    """Milliseconds."""
    spent = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return 1000 * statistics.median(spent)


def told(what: str, began: float) -> None:
    """Print how long something took, and this process's memory at its highest so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{what:44}{1000 * (time.perf_counter() - began):10.1f} ms{peak:10.0f} MB at most", flush=True)


def in_a_process(work: Callable[..., None], *arguments: object) -> None:
    """Run to its end in a new process, so that its memory does not count here."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def filled(folder: Path, items: int) -> None:
    encoder = MixedEncoder(open_encoder())
    began = time.perf_counter()
    with Archive(folder, encoder, create=True) as archive:
        fill(archive, items)
    told(f"putting {items:,} items, without embedding", began)


def settled(folder: Path) -> None:
    began = time.perf_counter()
    with Archive(folder) as archive:

        def step(done: int, steps: int) -> None:
            names = {steps - 2: "words", steps - 1: "and columns", steps: "and vectors"}
            if done in names:
                told(f"settled: {names[done]}", began)

        archive.settle(step)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--items", type=int)
    options = arguments.parse_args()
    if options.items is not None:
        in_a_process(filled, options.folder, options.items)
    in_a_process(settled, options.folder)
    began = time.perf_counter()
    archive = Archive(options.folder)
    count = archive.build.items
    stored = archive.vectors(archive.item_ids()[:1].tolist())
    archive.nearest_items(stored, 10)
    archive.postings(["model"])
    told(f"opened, vectors and words of {count:,} items at hand", began)
    chance = random.Random(2)
    ids = archive.item_ids()
    some = [int(ids[chance.randrange(len(ids))]) for _ in range(20)]
    issues = [item.issue_id for item in archive.items(some)]
    candidates = np.unique(np.array([ids[chance.randrange(len(ids))] for _ in range(1000)]))
    papers = archive.select(Filters(kinds=("paper",)))
    words = tokens("zero-shot segmentation of images with a large model")
    works: dict[str, Callable[[], object]] = {
        "generation": lambda: archive.generation,
        "20 items": lambda: archive.items(some),
        "their issues": lambda: archive.issues(issues),
        "facets of 1,000": lambda: archive.facet_columns(candidates),
        "works of 1,000": lambda: archive.work_of(candidates),
        "select kind:paper": lambda: archive.select(Filters(kinds=("paper",))),
        "select a site": lambda: archive.select(Filters(hosts=("host77.example",))),
        "select one word": lambda: archive.select(Filters(phrases=("segmentation",))),
        "select a phrase": lambda: archive.select(Filters(phrases=("neural network",))),
        "select without a word": lambda: archive.select(Filters(excluded=("the",))),
        f"postings of {len(words)} tokens": lambda: archive.postings(words),
        "nearest 100": lambda: archive.nearest_items(stored, 100),
        "nearest 100 among the papers": lambda: archive.nearest_items(stored, 100, papers),
    }
    for name, work in works.items():
        print(f"{name:44}{median(work):10.3f} ms")
    for _ in range(3):
        number = time.time_ns() % 2**31
        items = tuple(Item(place, f"Entry {place} of issue {number}") for place in range(1, 31))
        issue = Issue(f"Issue {number}", "Added", number, dt.date.fromordinal(1 + number % 700_000))
        list(archive.put([Document(issue, items, source=str(number))]))
        began = time.perf_counter()
        archive.nearest_items(stored, 10)
        archive.postings(["model"])
        archive.build  # noqa: B018
    told("seeing an issue that was added", began)
    archive.close()


if __name__ == "__main__":
    main()
