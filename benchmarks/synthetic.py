"""Archives and vectors of any size made from the bundled sample: real descriptions and vectors, mixed and perturbed.

Uniform noise would be no test at all: nothing lies near anything there, and any index looks equally bad.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

from index.archive import Archive
from index.passages import passage
from index.types import Document, Encoder, FloatArray, Issue, Item
from ingest.parse.document import parse

QUESTIONS = [
    "zero-shot segmentation",
    "a shop without a cashier",
    "教師データなしの画像分割",
    "不需要标注的语音识别",
    "robots that learn to walk",
    "how to find mislabelled data",
    "transformers for images",
    "画像から三次元の形を復元する",
    "语言模型的偏见",
    "faster training with less memory",
    "protein folding",
    "is the benchmark measuring what it should",
    "generating music",
    "动作捕捉",
    "強化学習 ゲーム",
    "explain the prediction of a network",
]


@cache
def sample_items() -> tuple[Item, ...]:
    """Every item of the bundled sample."""
    return tuple(item for path in sample_files() for item in parse(path.read_bytes(), str(path)).items)


def sample_files() -> list[Path]:
    return sorted((Path(__file__).parent.parent / "ingest" / "sample").glob("*.md"))


def sample_passages() -> list[str]:
    return [passage(item) for item in sample_items()]


def questions(count: int, seed: int = 0) -> list[str]:
    """Distinct questions: those above, then words of the sample's own titles put together."""
    rng = np.random.default_rng(seed)
    titles = [item.title for item in sample_items()]
    made = dict.fromkeys(QUESTIONS) if not seed else {}
    while len(made) < count:
        first, second = rng.choice(len(titles), 2)
        made[f"{titles[first][:24]} {titles[second][:12]}"] = None
    return list(made)[:count]


def mixed(real: FloatArray, count: int, seed: int = 0) -> FloatArray:
    """`count` unit vectors: a real one, part of another, and a step along the difference of two more."""
    rng = np.random.default_rng(seed)
    one, two, three, four = rng.integers(0, len(real), (4, count))
    share = rng.uniform(0, 0.5, (count, 1)).astype(np.float32)
    step = rng.uniform(0.1, 0.5, (count, 1)).astype(np.float32)
    vectors = (1 - share) * real[one] + share * real[two] + step * (real[three] - real[four])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


class MixedEncoder:
    """Questions by the real model; passages get mixed vectors by the text's hash, so that a million take minutes.

    It bears the model's own fingerprint, so that the archive opens with the model afterwards.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._real = encoder.passages(sample_passages())

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def queries(self, texts: Sequence[str]) -> FloatArray:
        return self._encoder.queries(texts)

    def passages(self, texts: Sequence[str]) -> FloatArray:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        return mixed(self._real, len(texts), crc32("\n".join(texts).encode()))


def documents(count: int, start: int = 0, per_issue: int = 50) -> Iterator[Document]:
    """Issues with `count` items together, from issue number `start` on: sample titles and summaries crossed."""
    items = sample_items()
    first_day = dt.date(2000, 1, 3)
    for number in range(start, start + -(-count // per_issue)):
        made = []
        for position in range(1, per_issue + 1):
            n = number * per_issue + position
            one, two = items[n % len(items)], items[n * 7 // len(items) % len(items)]
            address = f"https://example.org/{n % 97}/a-{n}"
            title = f"{one.title} {n}"
            made.append(
                replace(
                    one,
                    position=position,
                    title=title,
                    summary=two.summary,
                    url=address,
                    key=address.removeprefix("https://"),
                    id=0,
                    issue_id=0,
                )
            )
        day = first_day + dt.timedelta(days=number % 9000)
        issue = Issue(title=f"Issue {number}", newsletter="Synthetic", number=number, date=day, year=day.year)
        yield Document(issue, tuple(made), source=f"synthetic:{number}", content_hash=str(number))


def fill(archive: Archive, count: int, start: int = 0) -> None:
    for _ in archive.put(documents(count, start)):
        pass
