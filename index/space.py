"""The vector space that search works in: the model's own, with what all texts share taken out.

Sentence encoders put every text into a narrow cone: a large common direction, on top of it one for "this is a question"
and a whole subspace for the language. Cosine then measures how alike two texts are in *kind* before it measures what
they say. So questions and items are centred on their own means ("all-but-the-top", Mu and Viswanath 2018), the span of
the languages' means is projected out of both ("language components", Yang and others 2021), and a mild whitening by the
items' covariance evens out the directions in which one archive's items all differ alike. What the mean question is
comes from neutral questions of our own, moved half-way to what this archive's titles are like as questions: people ask
an archive for what it is about. `benchmarks/quality.md` has what each step gave.
"""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .types import FloatArray

VERSION = 2
"""Part of the name under which an archive keeps its space: how a space is fitted has changed this often."""
EXPONENT = 0.1
"""How far to whiten: 0 leaves the covariance as it is, 0.5 would make every direction vary alike."""
PRIOR = 50
"""How many items the neutral questions count for in an archive's statistics: what steadies a small archive."""
REFIT = 1.25
"""A space is fitted again once the archive has grown by this factor, so that adding one issue stays cheap."""
TITLES = 200
"""How many titles, spread over the archive, say what it is about."""
TOWARDS_TITLES = 0.5
"""How far the mean question moves from the neutral questions' to the titles'."""
MOST_LANGUAGES = 1 / 16
"""The share of the dimensions that languages may take away at most."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """A fitted space. `fitted_on` is how many items it was fitted from; 0 means that it changes nothing."""

    query_mean: FloatArray
    """Shape (d,)."""
    item_mean: FloatArray
    """Shape (d,)."""
    transform: FloatArray
    """Shape (d, d), applied from the right: the languages' span taken out, then whitened."""
    fitted_on: int = 0

    @classmethod
    def identity(cls, dimensions: int) -> "Space":
        """The model's own space, for an archive without items."""
        zero = np.zeros(dimensions, dtype=np.float32)
        return cls(zero, zero, np.eye(dimensions, dtype=np.float32))

    @classmethod
    def fit(cls, item_vectors: FloatArray, neutral: FloatArray, titles: FloatArray | None = None) -> "Space":
        """The space of an archive's items.

        All are unit vectors as the encoder made them: `item_vectors` (n, d) of items as passages, `neutral` (m, d) of
        `neutral_queries()` as questions, `titles` (t, d) of some of the items' titles as questions. With few items the
        statistics are drawn towards those of the questions, so that an archive of one item still has a sound space.
        One mean vector (d,) will do for `neutral`; the languages are then not known and stay. Deterministic.
        """
        neutral = np.atleast_2d(np.asarray(neutral, dtype=np.float64))
        items = np.asarray(item_vectors, dtype=np.float64).reshape(-1, neutral.shape[1])
        n, dimensions = items.shape
        if n == 0:
            return cls.identity(dimensions)
        mean = neutral.mean(axis=0)
        query_mean = mean
        if titles is not None and len(titles):
            query_mean = mean + TOWARDS_TITLES * n / (n + PRIOR) * (titles.mean(axis=0, dtype=np.float64) - mean)
        item_mean = (items.sum(axis=0) + PRIOR * mean) / (n + PRIOR)
        keep = np.eye(dimensions) - _languages(neutral)
        centred, spread = (items - items.mean(axis=0)) @ keep, (neutral - mean) @ keep
        covariance = (centred.T @ centred + PRIOR / len(neutral) * (spread.T @ spread)) / (n + PRIOR)
        values, directions = np.linalg.eigh(covariance)
        # Directions that n items cannot tell from noise get a share of the mean variance rather than a near-zero one.
        floor = max(float(values.mean()) * max(0.05, PRIOR / (PRIOR + n)), _TINY)
        scale = np.power(np.maximum(values, floor), -EXPONENT)
        transform = keep @ (directions * (scale / scale.mean())) @ directions.T
        return cls(
            query_mean.astype(np.float32), item_mean.astype(np.float32), transform.astype(np.float32), fitted_on=n
        )

    def queries(self, vectors: FloatArray) -> FloatArray:
        """Encoder vectors of questions (n, d) as unit vectors of this space."""
        return _unit(_product(np.asarray(vectors, dtype=np.float32) - self.query_mean, self.transform))

    def items(self, vectors: FloatArray) -> FloatArray:
        """Encoder vectors of items (n, d) as unit vectors of this space."""
        return _unit(_product(np.asarray(vectors, dtype=np.float32) - self.item_mean, self.transform))

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


def _product(vectors: FloatArray, transform: FloatArray) -> FloatArray:
    """The matrix product; a small one on the calling thread, where BLAS would wait for threads that others need."""
    return np.einsum("id,de->ie", vectors, transform) if len(vectors) <= 32 else vectors @ transform


def _unit(vectors: npt.NDArray[np.floating]) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, _TINY), dtype=np.float32)


def _languages(neutral: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The projection (d, d) onto the span in which the languages' mean questions differ."""
    dimensions = neutral.shape[1]
    codes = np.array([language for language, _ in _neutral()])
    if len(neutral) != len(codes):
        return np.zeros((dimensions, dimensions))
    means = np.stack([neutral[codes == language].mean(axis=0) for language in dict.fromkeys(codes.tolist())])
    count = min(len(means) - 1, int(dimensions * MOST_LANGUAGES))
    span = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2][:count]
    return np.asarray(span.T @ span)


def neutral_queries() -> tuple[str, ...]:
    """Questions in many languages that belong to no archive, in a fixed order."""
    return tuple(text for _, text in _neutral())


@cache
def _neutral() -> tuple[tuple[str, str], ...]:
    """The neutral questions with their language codes."""
    lines = (Path(__file__).parent / "neutral_queries.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("\t") for line in lines if line and not line.startswith("#"))
    return tuple((language, text) for language, _, text in pairs)
