"""A measured figure beside its target, and the table of many."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

Bound = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `bound` and `target` say what is wanted, or nothing is where `target` is None."""

    name: str
    value: float
    unit: str = ""
    bound: Bound = "at most"
    target: float | None = None

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value <= self.target if self.bound == "at most" else self.value >= self.target

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "bound": self.bound,
            "target": self.target,
            "met": self.met,
        }

    def line(self) -> str:
        wanted = "" if self.target is None else f"{self.bound} {self.target:g}"
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return f"{self.name:<62} {_number(self.value):>10} {self.unit:<12} {wanted:<16} {verdict}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.5f}" if 0.99 < value < 1 else f"{value:.4g}"


def report(figures: Iterable[Figure]) -> list[Figure]:
    """Print each figure as soon as it is there."""
    kept = []
    for figure in figures:
        print(figure.line(), flush=True)
        kept.append(figure)
    return kept


def machine() -> str:
    """The machine in a line; the load says how far absolute times can be believed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{platform.machine()}, {cores} cores, {platform.system()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def milliseconds(work: Callable[[int], object], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Median time of `work(n)` over n = 0 … times - 1; the first two rounds warm up and do not count.

    With `time.thread_time` for a clock it is the calling thread's CPU time: the wall time of an idle machine, for work
    that waits for nothing.
    """
    taken = []
    for n in range(times + 2):
        start = clock()
        work(n % times)
        taken.append(clock() - start)
    return statistics.median(taken[2:]) * 1000


def in_turns(works: dict[str, Callable[[int], object]], times: int, block: int = 10) -> dict[str, float]:
    """Medians of several works measured in turns, so that whatever else the machine does hits all of them alike.

    Each does `block` of its `times` rounds at a stretch, and one before that does not count: done one by one, they
    would push each other's models out of the processor's cache, which in use they do not.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for first in range(0, times, block):
        for name, work in works.items():
            work((first - 1) % times)
            for n in range(first, min(first + block, times)):
                start = time.perf_counter()
                work(n)
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(rounds) * 1000 for name, rounds in taken.items()}
