"""Shared fixtures: a tiny encoder that means something, and the places of the corpus and the sample."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from index.archive import Archive
from index.types import FloatArray
from tests.webserver import LocalServer, serving

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "akira"
GOLD = ROOT.parent / "shared" / "gold"


class WordEncoder:
    """Words and CJK characters hashed to 256 dimensions: texts that share words are close, others are not.

    A real encoder with a meaning small enough to compute by hand (the idea of llm's EmbedDemo), so that ordering can be
    asserted without loading a model.
    """

    fingerprint = "words@0001"
    dimensions = 256

    def __init__(self) -> None:
        self.encoded = 0
        """How many texts went through, so that tests can count work."""

    def queries(self, texts: Sequence[str]) -> FloatArray:
        return self.passages(texts)

    def passages(self, texts: Sequence[str]) -> FloatArray:
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in _words(text):
                vectors[row, crc32(word.encode()) % self.dimensions] += 1.0
            vectors[row, 0] += 1e-3  # an empty text still has a direction
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _words(text: str) -> list[str]:
    spaced = "".join(c if c.isascii() and c.isalnum() else f" {c} " if c.isalnum() else " " for c in text.lower())
    return spaced.split()


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture
def archive(tmp_path: Path, encoder: WordEncoder) -> Iterator[Archive]:
    """An empty archive with the tiny encoder."""
    with Archive(tmp_path / "archive", encoder, create=True) as made:
        yield made


@pytest.fixture
def web() -> Iterator[LocalServer]:
    """A web server on the loopback address, without any route yet."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The real issues; they are other people's text and lie outside the project."""
    if not CORPUS.is_dir():
        pytest.skip(f"the real issues are not here: {CORPUS} is missing, so nothing is measured on them")
    return CORPUS


@pytest.fixture(scope="session")
def gold() -> Path:
    if not GOLD.is_dir():
        pytest.skip(f"the hand-made labels are not here: {GOLD} is missing, so nothing is measured on them")
    return GOLD
