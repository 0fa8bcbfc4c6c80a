"""What users wait for: the commands, the API over HTTP, an ingest, at ten thousand items and at any other size.

    python -m benchmarks.speed_archive [--quick] [ITEMS]

The archive is synthetic (`benchmarks.synthetic`); the model that encodes the questions is the real one. Load comes from
this process, the server is another.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, machine, milliseconds, report
from benchmarks.speed_http import COMMAND, concurrent, serving
from benchmarks.synthetic import MixedEncoder, fill, questions, sample_files
from index.archive import Archive
from index.encoder import open_encoder
from index.types import Encoder, FloatArray
from ingest.load import ingest
from ingest.parse.document import parse
from search.refresh import refresh


class Timed:
    """Another encoder, and the seconds spent in it."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.fingerprint = encoder.fingerprint
        self.dimensions = encoder.dimensions
        self.seconds = 0.0
        self.texts = 0

    def queries(self, texts: Sequence[str]) -> FloatArray:
        return self._encoder.queries(texts)

    def passages(self, texts: Sequence[str]) -> FloatArray:
        start = time.perf_counter()
        try:
            return self._encoder.passages(texts)
        finally:
            self.seconds += time.perf_counter() - start
            self.texts += len(texts)


def figures(quick: bool = False, items: int = 10_000) -> Iterator[Figure]:
    encoder = open_encoder()
    with tempfile.TemporaryDirectory() as folder:
        yield from ingesting(encoder, Path(folder) / "ingested")
        path = Path(folder) / "archive"
        start = time.perf_counter()
        with Archive(path, MixedEncoder(encoder), create=True) as archive:
            fill(archive, items)
            archive.settle()
            yield Figure(f"{items:,} items: put in without embedding", time.perf_counter() - start, "s")
            yield from adding(archive, items)
            archive.settle()
            refresh(archive)
        yield from commands(path, items, 2 if quick else 5)
        yield from serving(path, items, encoder, 30 if quick else 150)
        yield from concurrent(path, 96 if quick else 400)


def ingesting(encoder: Encoder, path: Path) -> Iterator[Figure]:
    """The bundled sample, with the real model."""
    files = [(file.read_bytes(), str(file)) for file in sample_files()]
    taken = milliseconds(lambda n: parse(*files[n % len(files)]), 3 * len(files), time.thread_time)
    yield Figure("parse", 1000 / taken, "issues/s CPU", "at least", 200)
    encoder.passages([str(n) for n in range(20)])
    timed = Timed(encoder)
    with Archive(path, timed, create=True) as archive:
        start = time.perf_counter()
        ingest(archive, ["sample"])
        whole = time.perf_counter() - start
        start = time.perf_counter()
        ingest(archive, ["sample"])
        again = time.perf_counter() - start
    yield Figure("ingest of the sample / embedding its texts", whole / timed.seconds, "", "at most", 1.15)
    yield Figure("embedding / a second ingest of the same", timed.seconds / again, "", "at least", 20)


def adding(archive: Archive, items: int) -> Iterator[Figure]:
    """One issue of 20 items more, and the first search after it."""
    vector = archive.encoder.queries(["a question"])
    archive.nearest(vector, 10)
    start = time.perf_counter()
    fill(archive, 20, 10_000_000)
    archive.nearest(vector, 10)
    yield Figure(f"{items:,} items: one issue more, searchable", (time.perf_counter() - start) * 1000, "ms")


def commands(path: Path, items: int, times: int) -> Iterator[Figure]:
    def run(*arguments: str) -> float:
        start = time.perf_counter()
        subprocess.run([*COMMAND, *arguments], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    run("search", "a question", "--archive", str(path))
    yield Figure("backissues --help", min(run("--help") for _ in range(times)), "s", "at most", 0.2)
    search = min(run("search", question, "--archive", str(path)) for question in questions(times))
    yield Figure(f"{items:,} items: backissues search, cold", search, "s", "at most", 1.5)


if __name__ == "__main__":
    print(machine())
    size = next((int(text) for text in sys.argv[1:] if text.isdigit()), 10_000)
    report(figures("--quick" in sys.argv, size))
