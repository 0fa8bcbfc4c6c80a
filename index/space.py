"""The vector space that search works in: the model's own, with what all texts share taken out.

Sentence encoders put every text into a narrow cone: a large common direction, and on top of it one for "this is a
question" and one for the language. Cosine then mostly measures how alike two texts are in *kind*. Subtracting the mean
question from questions and the mean item from items removes that (the idea of "all-but-the-top", Mu and Viswanath 2018,
and of removing language components, Yang and others 2021); a mild whitening by the items' covariance evens out the
directions in which one archive's items all differ alike. `benchmarks/quality.md` has what each step gave.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .types import FloatArray

EXPONENT = 0.15
"""How far to whiten: 0 leaves the covariance as it is, 0.5 would make every direction vary alike."""
PRIOR = 50
"""How many items the neutral questions count for in an archive's statistics: what steadies a small archive."""
REFIT = 1.25
"""A space is fitted again once the archive has grown by this factor, so that adding one issue stays cheap."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """A fitted space. `fitted_on` is how many items it was fitted from; 0 means that it changes nothing."""

    query_mean: FloatArray
    """Shape (d,)."""
    item_mean: FloatArray
    """Shape (d,)."""
    transform: FloatArray
    """Shape (d, d), symmetric."""
    fitted_on: int = 0

    @classmethod
    def identity(cls, dimensions: int) -> "Space":
        """The model's own space, for an archive without items."""
        zero = np.zeros(dimensions, dtype=np.float32)
        return cls(zero, zero, np.eye(dimensions, dtype=np.float32))

    @classmethod
    def fit(cls, item_vectors: FloatArray, neutral: FloatArray) -> "Space":
        """The space of an archive's items.

        `item_vectors` (n, d) and `neutral` (m, d), the neutral questions, are unit vectors as the encoder made them;
        one mean vector (d,) will do for the questions too. With few items their statistics are drawn towards those of
        the questions, so that an archive of one item still has a sound space. Deterministic.
        """
        neutral = np.atleast_2d(np.asarray(neutral, dtype=np.float64))
        items = np.asarray(item_vectors, dtype=np.float64).reshape(-1, neutral.shape[1])
        n, dimensions = items.shape
        if n == 0:
            return cls.identity(dimensions)
        query_mean = neutral.mean(axis=0)
        item_mean = (items.sum(axis=0) + PRIOR * query_mean) / (n + PRIOR)
        centred, spread = items - items.mean(axis=0), neutral - query_mean
        covariance = (centred.T @ centred + PRIOR / len(neutral) * (spread.T @ spread)) / (n + PRIOR)
        values, directions = np.linalg.eigh(covariance)
        # Directions that n items cannot tell from noise get the average variance rather than a near-zero one.
        floor = max(float(values.mean()) * dimensions / (dimensions + n), _TINY)
        scale = np.power(np.maximum(values, floor), -EXPONENT)
        transform = (directions * (scale / scale.mean())) @ directions.T
        return cls(
            query_mean.astype(np.float32), item_mean.astype(np.float32), transform.astype(np.float32), fitted_on=n
        )

    def queries(self, vectors: FloatArray) -> FloatArray:
        """Encoder vectors of questions (n, d) as unit vectors of this space."""
        return _unit((np.asarray(vectors, dtype=np.float32) - self.query_mean) @ self.transform)

    def items(self, vectors: FloatArray) -> FloatArray:
        """Encoder vectors of items (n, d) as unit vectors of this space."""
        return _unit((np.asarray(vectors, dtype=np.float32) - self.item_mean) @ self.transform)

    def outgrown(self, items: int) -> bool:
        """Whether an archive of `items` items should be fitted anew."""
        return items > REFIT * self.fitted_on or items * REFIT < self.fitted_on

    def to_bytes(self) -> bytes:
        buffer = io.BytesIO()
        np.savez(
            buffer,
            query_mean=self.query_mean,
            item_mean=self.item_mean,
            transform=self.transform,
            fitted_on=np.int64(self.fitted_on),
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Space":
        """The space that `to_bytes` wrote. Errors: ValueError, KeyError or OSError for anything else."""
        with np.load(io.BytesIO(payload), allow_pickle=False) as parts:
            return cls(parts["query_mean"], parts["item_mean"], parts["transform"], int(parts["fitted_on"]))


def _unit(vectors: npt.NDArray[np.floating]) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, _TINY), dtype=np.float32)


@cache
def neutral_queries() -> tuple[str, ...]:
    """Questions in many languages that belong to no archive, in a fixed order."""
    return tuple(text for _, text in _neutral())


def _neutral() -> Iterator[tuple[str, str]]:
    lines = (Path(__file__).parent / "neutral_queries.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            language, _, text = line.partition("\t")
            yield language, text
