"""The server as its users meet it: one question after the other, and several users at once.

    python -m benchmarks.speed_http [--quick] [ITEMS]

The load comes from this process, the server is another (or several, with workers). Both share the machine's cores.
"""

import asyncio
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, in_turns, machine, milliseconds, report
from benchmarks.synthetic import MixedEncoder, fill, questions
from index.archive import Archive
from index.encoder import open_encoder
from index.types import Encoder
from search.refresh import refresh

COMMAND = [sys.executable, str(Path(__file__).parent.parent / "backissues.py")]
CLIENTS = (1, 2, 4, 8)
WORKERS = (1, 2)


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    port: int
    ready: float
    """Seconds until it answered."""
    pid: int

    def cpu(self) -> float:
        """Seconds of processor time that it used, with its workers; 0 where the system does not tell."""
        return sum(map(_cpu, _tree(self.pid)))


def target(question: str, more: str = "") -> str:
    return f"/api/v1/search?q={urllib.parse.quote(question)}{more}"


def serving(path: Path, items: int, encoder: Encoder, count: int) -> Iterator[Figure]:
    """One user, one question after the other."""
    with server(path) as served:
        yield Figure(f"{items:,} items: server ready", served.ready, "s", "at most", 3)
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)

        def get(address: str, **headers: str) -> bytes:
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{address} answered {answer.status}")
            return body

        asked, others = questions(count), questions(count, seed=1)
        times = in_turns(
            {"encode": lambda n: encoder.queries([asked[n]]), "search": lambda n: get(target(asked[n]))}, len(asked)
        )
        above = times["search"] - times["encode"]
        yield Figure(f"{items:,} items: /api/v1/search over HTTP, new questions", times["search"], "ms")
        yield Figure(f"{items:,} items: the same above encoding alone", above, "ms", "at most", 2)
        used = served.cpu()
        for text in others:
            get(target(text))
        used = served.cpu() - used
        own = time.process_time()
        for text in others:
            encoder.queries([text])
        extra = (used - (time.process_time() - own)) / len(others) * 1000
        yield Figure(f"{items:,} items: the same above encoding alone, CPU", extra, "ms CPU", "at most", 2)
        # Another way of saying the same: the vector is at hand, the answer is not.
        known = milliseconds(lambda n: get(target(asked[n], "&mode=hybrid")), count)
        yield Figure(f"{items:,} items: questions seen before, answered anew", known, "ms", "at most", 3)
        seen = milliseconds(lambda n: get(target(asked[n % 5], f"&limit={5 + n % 2}")), count)
        yield Figure(f"{items:,} items: questions seen before", seen, "ms", "at most", 3)
        used = served.cpu()
        for n in range(count):
            get(target(asked[n % 5], f"&limit={5 + n % 2}"))
        used = (served.cpu() - used) / count * 1000
        yield Figure(f"{items:,} items: questions seen before, CPU of the server", used, "ms CPU", "at most", 3)
        section = json.loads(get(target(asked[0])))["items"][0]["section"]
        filtered = f"&section={urllib.parse.quote(section or '')}"
        taken = milliseconds(lambda n: get(target(asked[n], filtered)), count)
        yield Figure(f"{items:,} items: the same with a filter", taken, "ms", "at most", 10)
        pages = [f"/search?q={urllib.parse.quote(text)}" for text in others]
        for page in pages[:20]:
            get(page, **{"HX-Request": "true"})
        taken = milliseconds(lambda n: get(pages[n] + "&sort=relevance", **{"HX-Request": "true"}), 20)
        yield Figure(f"{items:,} items: result fragment, question seen before", taken, "ms")
        taken = milliseconds(lambda n: get(f"/api/v1/items/{1 + 37 * n}/related"), 40)
        yield Figure(f"{items:,} items: related", taken, "ms", "at most", 50)


def concurrent(path: Path, count: int) -> Iterator[Figure]:
    """`count` requests shared by several users, who each ask again as soon as they are answered."""
    for workers in WORKERS:
        with server(path, "--workers", str(workers)) as served:
            port = served.port
            asyncio.run(_load(port, [target(text) for text in questions(8)] * 4, 8))  # every worker wakes up
            for clients in CLIENTS:
                fresh = questions(count, seed=100 * workers + clients)
                for name, texts in (("new questions", fresh), ("seen before", fresh[:8] * (count // 8))):
                    start, used = time.perf_counter(), served.cpu()
                    taken = asyncio.run(_load(port, [target(text) for text in texts], clients))
                    rate = len(texts) / (time.perf_counter() - start)
                    used = (served.cpu() - used) / len(texts) * 1000
                    who = f"{workers} workers, {clients} users, {name}"
                    yield Figure(who, rate, "requests/s")
                    yield Figure(f"{who}: median", statistics.median(taken) * 1000, "ms")
                    yield Figure(f"{who}: CPU of the server", used, "ms CPU")


async def _load(port: int, addresses: Sequence[str], clients: int) -> list[float]:
    """The seconds that every request took."""
    waiting = iter(addresses)
    taken: list[float] = []

    async def user() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for address in waiting:
            start = time.perf_counter()
            writer.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(f"{address} answered {head[:40]!r}")
            await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
            taken.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(user() for _ in range(clients)))
    return taken


@contextmanager
def server(path: Path, *more: str) -> Iterator[Served]:
    """A server of its own process."""
    with running([*COMMAND, "serve", "--archive", str(path), *more, "--port"]) as found:
        yield found


@contextmanager
def running(command: Sequence[str]) -> Iterator[Served]:
    """A command that serves at the port put after it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, str(port)], stdout=quiet, stderr=quiet, env=environment)
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - start > 600:
                raise RuntimeError("the server did not start")
            time.sleep(0.02)
        yield Served(port, time.perf_counter() - start, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _tree(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for process in found:
        with suppress(OSError):
            for tasks in Path(f"/proc/{process}/task").iterdir():
                found.extend(map(int, (tasks / "children").read_text().split()))
    return found


def _cpu(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def figures(quick: bool = False, items: int = 10_000) -> Iterator[Figure]:
    encoder = open_encoder()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive"
        with Archive(path, MixedEncoder(encoder), create=True) as archive:
            fill(archive, items)
            archive.settle()
            refresh(archive)
        yield from serving(path, items, encoder, 30 if quick else 150)
        yield from concurrent(path, 96 if quick else 400)


if __name__ == "__main__":
    print(machine())
    size = next((int(text) for text in sys.argv[1:] if text.isdigit()), 10_000)
    report(figures("--quick" in sys.argv, size))
