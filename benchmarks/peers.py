"""The same texts and questions given to other ways of doing it, in one run on one machine.

    python -m benchmarks.peers [ITEMS] [--python PYTHON]

- a plain script: sentence-transformers, IndexFlatIP, FastAPI (`peer_script`), over HTTP;
- txtai: hybrid, content kept (`peer_txtai`), inside its process, without HTTP. It runs in an environment of its own,
  made for the run with the versions of constraints.txt, or with the given PYTHON that has it;
- SQLite's FTS5 alone: words only, no model, without HTTP.

All but the last use the packaged model. Twenty results each.
"""

import http.client
import json
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import Figure, machine, milliseconds, report
from benchmarks.speed_http import running, server, target
from benchmarks.synthetic import documents, questions
from index.archive import Archive
from index.encoder import open_encoder
from index.packaged_model import packaged_checkpoint
from index.passages import passage
from index.types import Document
from search.refresh import refresh

ROOT = Path(__file__).parent.parent
QUESTIONS = 60


def figures(items: int = 1000, python: str | None = None) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = list(documents(items))
        texts = folder / "texts.json"
        texts.write_text(
            json.dumps([{"id": item.url or "", "text": passage(item)} for doc in made for item in doc.items])
        )
        yield from ours(made, folder / "archive")
        yield from script(texts, folder)
        yield from fts5(texts)
        yield from txtai(texts, folder, python)


def ours(made: list[Document], path: Path) -> Iterator[Figure]:
    encoder = open_encoder()
    encoder.passages([str(n) for n in range(20)])
    start = time.perf_counter()
    with Archive(path, encoder, create=True) as archive:
        for _ in archive.put(made):
            pass
        archive.settle()
        refresh(archive)
    yield Figure("Back Issues: index, everything derived for searching included", time.perf_counter() - start, "s")
    with server(path) as served:
        yield Figure("Back Issues: server ready", served.ready, "s")
        yield Figure("Back Issues: a new question over HTTP", _over_http(served.port, target), "ms")


def script(texts: Path, folder: Path) -> Iterator[Figure]:
    command = [sys.executable, "-m", "benchmarks.peer_script", str(texts), str(packaged_checkpoint().path), str(folder)]
    with running(command) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        connection.request("GET", "/healthz")
        taken = json.loads(connection.getresponse().read())["index_seconds"]
        yield Figure("plain script: index", taken, "s")
    with running(command) as served:
        yield Figure("plain script: server ready, from its saved index", served.ready, "s")
        yield Figure("plain script: a new question over HTTP", _over_http(served.port, _script_target), "ms")


def _script_target(question: str) -> str:
    return f"/search?q={urllib.parse.quote(question)}"


def _over_http(port: int, address: Callable[[str], str]) -> float:
    """Median milliseconds of questions that were not asked before."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    asked = questions(QUESTIONS + 2)

    def get(n: int) -> bytes:
        connection.request("GET", address(asked[n]))
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{asked[n]} answered {answer.status}")
        return answer.read()

    for n in range(QUESTIONS, QUESTIONS + 2):
        get(n)
    taken = []
    for n in range(QUESTIONS):
        start = time.perf_counter()
        get(n)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def fts5(texts: Path) -> Iterator[Figure]:
    items = json.loads(texts.read_text())
    connection = sqlite3.connect(":memory:")
    start = time.perf_counter()
    connection.execute("create virtual table item using fts5(text, tokenize = 'porter unicode61')")
    connection.executemany("insert into item (text) values (?)", [(item["text"],) for item in items])
    connection.commit()
    yield Figure("SQLite FTS5: index", time.perf_counter() - start, "s")
    statement = "select rowid, text, bm25(item) from item where item match ? order by rank limit 20"
    asked = [" OR ".join(f'"{word}"' for word in re.findall(r"\w+", text)) for text in questions(QUESTIONS)]
    taken = milliseconds(lambda n: connection.execute(statement, (asked[n],)).fetchall(), QUESTIONS)
    yield Figure("SQLite FTS5: a question, words only", taken, "ms")


def txtai(texts: Path, folder: Path, python: str | None) -> Iterator[Figure]:
    if python is None:
        environment = folder / "environment"
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        python = str(environment / "bin" / "python")
        torch = re.search(r"torch==[^\s+]+", _pip(sys.executable, "freeze"))
        constraints = ["-c", str(ROOT / "constraints.txt")]
        _pip(python, "install", "-q", *constraints, torch[0] if torch else "torch")  # first, so that it is kept
        _pip(python, "install", "-q", *constraints, "txtai")
    asked = folder / "questions.json"
    asked.write_text(json.dumps(questions(QUESTIONS)))
    work = [str(ROOT / "benchmarks" / "peer_txtai.py"), str(texts), str(packaged_checkpoint().path)]
    arguments = [*work, str(folder / "txtai"), str(asked)]
    found = subprocess.run([python, *arguments], check=True, capture_output=True, text=True)
    measured = json.loads(found.stdout.splitlines()[-1])
    yield Figure("txtai, hybrid: index", measured["index"], "s")
    yield Figure("txtai, hybrid: a new question inside its process", measured["search"], "ms")


def _pip(python: str, *arguments: str) -> str:
    done = subprocess.run([python, "-m", "pip", *arguments], check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    print(machine())
    given = sys.argv[1:]
    size = int(given[0]) if given and given[0].isdigit() else 1000
    report(figures(size, given[given.index("--python") + 1] if "--python" in given else None))
