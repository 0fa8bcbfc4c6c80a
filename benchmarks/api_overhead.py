"""What the HTTP API adds to a search: `python -m benchmarks.api_overhead [--items 10000]`.

Over an archive of made-up items with a tiny encoder, so that embedding costs nothing: the times are those of ranking,
of writing JSON, and of HTTP through a real server on this machine.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx

from index.types import Document
from search.results import Ask
from search.retrieve import search
from tests.served import WORDS, document, fill, item, running
from web.schemas import SearchOut

PER_ISSUE = 20


def documents(items: int) -> Iterator[Document]:
    draw = random.Random(1)
    vocabulary = [word for words in WORDS for word in words.split()] + [f"word{i}" for i in range(3000)]
    for number in range(1, items // PER_ISSUE + 1):
        made = tuple(
            replace(
                item(number, 1),
                position=at,
                title=" ".join(draw.sample(vocabulary, 4)),
                summary=" ".join(draw.choices(vocabulary, k=40)),
                key=f"n.example/{number}/{at}",
                url=f"https://n.example/{number}/{at}",
            )
            for at in range(1, PER_ISSUE + 1)
        )
        yield replace(document(number), items=made)


def report(name: str, work: Callable[[str], object], queries: Iterable[str]) -> None:
    times = []
    for query in queries:
        began = time.perf_counter()
        work(query)
        times.append((time.perf_counter() - began) * 1000)
    print(f"{name:24} median {statistics.median(times):6.2f} ms   least {min(times):6.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    items = parser.parse_args().items
    words = [words.split() for words in WORDS]
    queries = [f"{words[i % 5][i % 12]} {words[(i + 1) % 5][i % 7]} word{i}" for i in range(200)]
    with tempfile.TemporaryDirectory() as folder, fill(Path(folder), list(documents(items)), papers=False) as archive:
        answers = {query: search(archive, Ask(query)) for query in queries}
        print(f"{archive.item_count} items, {len(queries)} searches of 20 hits each")
        report("search()", lambda query: search(archive, Ask(query)), queries)
        report("the answer as JSON", lambda query: SearchOut.of(answers[query]).json_bytes(), queries)
        with running(archive) as address, httpx.Client(base_url=address) as client:
            tag = client.get("/api/v1/search?q=x").headers["etag"]
            report("GET /healthz", lambda _: client.get("/healthz"), queries)
            report("GET /search", lambda query: client.get("/api/v1/search", params={"q": query}), queries)
            held = {"If-None-Match": tag}
            report("GET /search, held (304)", lambda _: client.get("/api/v1/search?q=x", headers=held), queries)


if __name__ == "__main__":
    main()
