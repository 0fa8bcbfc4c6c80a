"""Whole searches of an archive of any size, above encoding, by condition: `python -m benchmarks.speed_search FOLDER`.

The archive is one that is there already; `python -m benchmarks.archive_reads FOLDER --items 1000000` makes a large one.
Every question is new; it is encoded and then searched for, so that both work as in use: the model has pushed all else
out of the processor's cache. What is printed is the search alone.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, machine, report
from benchmarks.synthetic import questions
from index.archive import Archive
from index.types import Filters
from search.refresh import is_current, refresh
from search.related import related
from search.results import Ask
from search.retrieve import search

COUNT = 100
WARM = 60
"""Questions that do not count: a process meets the first pages of every file once."""


def conditions(archive: Archive) -> dict[str, Filters]:
    """None, one that few items meet, and one that most do."""
    columns = archive.facet_columns(archive.item_ids())
    years, counts = np.unique(columns.year[columns.year > 0], return_counts=True)
    kinds = np.bincount(columns.kind.codes[columns.kind.codes >= 0])
    total, chosen = len(columns.ids), {"no condition": Filters()}
    if len(years):
        named = f"a year, {counts.min() / total:.0%} of the items"
        chosen[named] = Filters(years=(int(years[counts.argmin()]),))
    if len(kinds):
        named = f"a kind, {kinds.max() / total:.0%} of the items"
        chosen[named] = Filters(kinds=(columns.kind.labels[int(kinds.argmax())],))
    return chosen


def searching(archive: Archive) -> Iterator[Figure]:
    asked = iter(questions(WARM + 10 * COUNT, seed=41))
    for _ in range(WARM):
        search(archive, Ask(next(asked)))
    size = f"{archive.item_count:,} items"
    again: list[str] = []
    for name, filters in conditions(archive).items():
        taken, used = [], []
        for _ in range(COUNT):
            question = next(asked)
            archive.encoder.queries([question])  # kept, so that the search finds it encoded
            began, worked = time.perf_counter(), time.thread_time()
            search(archive, Ask(question, filters=filters))
            taken.append(time.perf_counter() - began)
            used.append(time.thread_time() - worked)
            again.append(question)
        median = statistics.median(taken) * 1000
        yield Figure(f"{size}: search above encoding, {name}", median, "ms", "at most", 10)
        yield Figure(f"{size}: the same, CPU", statistics.median(used) * 1000, "ms CPU", "at most", 10)
    taken = []
    for question in again[-COUNT:]:
        began = time.perf_counter()
        search(archive, Ask(question, limit=19))
        taken.append(time.perf_counter() - began)
    yield Figure(f"{size}: a question once more, its texts at hand", statistics.median(taken) * 1000, "ms")
    taken = []
    for id_ in archive.item_ids()[:: max(1, archive.item_count // COUNT)].tolist():
        began = time.perf_counter()
        related(archive, id_)
        taken.append(time.perf_counter() - began)
    yield Figure(f"{size}: related", statistics.median(taken) * 1000, "ms", "at most", 50)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    options = arguments.parse_args()
    print(machine())
    with Archive(options.folder) as archive:
        if not is_current(archive):
            print("fitting what searches need", flush=True)
            refresh(archive)
        report(searching(archive))


if __name__ == "__main__":
    main()
