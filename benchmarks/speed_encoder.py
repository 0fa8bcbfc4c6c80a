"""The compiled encoder against `SentenceTransformer.encode` in float32 with the same weights, in one run.

python -m benchmarks.speed_encoder [--quick]
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, in_turns, machine, report
from benchmarks.synthetic import questions, sample_passages
from index.compiled import compiled_folder
from index.encoder import CachedEncoder, SentenceTransformerEncoder, open_encoder
from index.packaged_model import packaged_checkpoint
from index.types import Encoder

_COLD = """
from pathlib import Path
from index.encoder import open_encoder
open_encoder().queries(["a question"])
status = Path("/proc/self/status")
print(status.read_text().split("VmHWM:")[1].split()[0] if status.exists() else 0)
"""
_TOKENIZER = """
import sys, time
from pathlib import Path
import numpy, tokenizers
from index.pieces import load_tokenizer, load_whole
def pages():
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) if statm.exists() else 0
before, start = pages(), time.process_time()
tokenize = {"pieces": load_tokenizer, "whole": load_whole}[sys.argv[2]](Path(sys.argv[1]), 512)
tokenize(["query: a question"])
print(1000 * (time.process_time() - start), (pages() - before) / 256)
"""


def figures(quick: bool = False) -> Iterator[Figure]:
    compiled = open_encoder()
    yield from _start()  # before torch, whose threads keep the processors busy, is in this process
    reference = SentenceTransformerEncoder(packaged_checkpoint())
    asked = questions(20 if quick else 60)
    texts = sample_passages()[: 64 if quick else None]
    cached = CachedEncoder(compiled)
    times = in_turns(
        {
            "reference": lambda n: reference.queries([asked[n]]),
            "compiled": lambda n: compiled.queries([asked[n]]),
            "cached": lambda n: cached.queries([asked[n % 4]]),
        },
        len(asked),
    )
    yield Figure("query, sentence-transformers float32", times["reference"], "ms")
    yield Figure("query, compiled", times["compiled"], "ms")
    yield Figure("query, compiled / sentence-transformers", times["compiled"] / times["reference"], "", "at most", 0.3)
    yield Figure("query seen before", times["cached"], "ms")
    rounds = in_turns(
        {"reference": lambda _: reference.passages(texts), "compiled": lambda _: compiled.passages(texts)},
        1 if quick else 3,
    )
    speed = {name: len(texts) / taken * 1000 for name, taken in rounds.items()}
    yield Figure("passages, sentence-transformers float32", speed["reference"], "a second")
    yield Figure("passages, compiled", speed["compiled"], "a second")
    gain = speed["compiled"] / speed["reference"]
    yield Figure("passages, compiled / sentence-transformers", gain, "", "at least", 3.5)
    ours = np.concatenate([compiled.queries(asked), compiled.passages(texts)])
    theirs = np.concatenate([reference.queries(asked), reference.passages(texts)])
    yield Figure("least cosine between the two", float(np.sum(ours * theirs, axis=1).min()), "", "at least", 0.999)
    yield from _same_answers(compiled, reference, quick)


def _same_answers(compiled: Encoder, reference: Encoder, quick: bool) -> Iterator[Figure]:
    """The judged questions of the sample put to its items with the vectors of both."""
    lines = (Path(__file__).parent.parent / "tests" / "gold" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line)["query"] for line in lines][: 20 if quick else None]
    texts = sample_passages()
    ours, theirs = (
        np.argsort(-encoder.queries(asked) @ encoder.passages(texts).T, kind="stable")[:, :10]
        for encoder in (compiled, reference)
    )
    shared = [len(np.intersect1d(some, others)) / 10 for some, others in zip(ours, theirs, strict=True)]
    name = f"top 10 of {len(texts)} items shared, {len(asked)} judged questions"
    yield Figure(f"{name}, mean", float(np.mean(shared)), "", "at least", 1)
    yield Figure("the same first item", float(np.mean(ours[:, 0] == theirs[:, 0])), "", "at least", 1)


def _start() -> Iterator[Figure]:
    """What a process costs until its first vector; the memory is told by Linux alone."""
    taken, memory = [], 0.0
    for _ in range(5):
        start = time.perf_counter()
        memory = float(_run(_COLD)[0]) / 1024
        taken.append(time.perf_counter() - start)
    yield Figure("from process start to the first query vector", statistics.median(taken), "s")
    yield Figure("memory of that process, at most", memory, "MB")
    folder = str(compiled_folder(packaged_checkpoint()))
    for kind, name in (("pieces", "tokenizer with its pieces on disk"), ("whole", "the whole tokenizer in memory")):
        loading, size = map(float, _run(_TOKENIZER, folder, kind))
        yield Figure(f"loading {name}", loading, "ms of CPU")
        yield Figure(f"memory of {name}", size, "MB")


def _run(code: str, *arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.split()


if __name__ == "__main__":
    print(machine())
    report(figures("--quick" in sys.argv))
