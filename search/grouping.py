"""Groups of vectors that are alike, steady as vectors are added.

Vectors of texts lie in one diffuse cloud: k-means alone finds other groups whenever one issue is added. So each vector
is first drawn towards its neighbours, which thins the cloud between groups out (as the neighbour graph of UMAP does);
Ward's hierarchical clustering then says where k-means starts, and once there are groups, it starts from those.
"""

import numpy as np
import numpy.typing as npt

from index.types import FloatArray

Labels = npt.NDArray[np.int64]
NEIGHBOURS = 15
ROUNDS = 3
_BLOCK = 512
_MOST_STEPS = 100
_NO_SPREAD = 1e-6


def smoothed(vectors: FloatArray) -> FloatArray:
    """Unit vectors (n, d) drawn towards their nearest neighbours."""
    nearest, weights = _neighbours(vectors)
    moved = vectors
    for _ in range(ROUNDS):
        drawn = np.empty_like(moved)
        for start in range(0, len(moved), _BLOCK):
            rows = slice(start, start + _BLOCK)
            drawn[rows] = moved[rows] + np.einsum("nk,nkd->nd", weights[rows], moved[nearest[rows]])
        moved = unit(drawn)
    return moved


def _neighbours(vectors: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Each vector's nearest others (n, k), and their weights by cosine, together 1."""
    count = min(NEIGHBOURS, max(3, len(vectors) // 12), len(vectors) - 1)
    nearest = np.empty((len(vectors), count), dtype=np.intp)
    weights = np.empty((len(vectors), count), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(vectors)))
        likeness = vectors[rows] @ vectors.T
        likeness[rows - start, rows] = -2
        nearest[rows] = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        found = np.maximum(np.take_along_axis(likeness, nearest[rows], axis=1), 1e-6)
        weights[rows] = found / found.sum(axis=1, keepdims=True)
    return nearest, weights


def grouped(vectors: FloatArray, count: int, start: Labels | None = None) -> Labels:
    """`count` groups, numbered from 0; those of `start` where it has not more, its largest ones split."""
    count = min(count, len(np.unique(vectors.round(3), axis=0)))  # newsletters repeat themselves
    groups = [] if start is None else [np.flatnonzero(start == group) for group in np.unique(start)]
    if not groups or len(groups) > count:
        labels = _ward(vectors, count)
        groups = [np.flatnonzero(labels == group) for group in range(count)]
    while len(groups) < count:
        spread = [float(((vectors[group] - vectors[group].mean(axis=0)) ** 2).sum()) for group in groups]
        if max(spread) < _NO_SPREAD:
            break
        widest = groups.pop(int(np.argmax(spread)))
        halves = _ward(vectors[widest], 2)
        groups += [widest[halves == 0], widest[halves == 1]]
    centres = np.stack([vectors[group].mean(axis=0) for group in groups])
    for _ in range(_MOST_STEPS):  # k-means, by hand: where points are many times the same, the library's warns
        labels = joined(vectors, centres)
        moved = centres_of(vectors, labels, len(centres))
        held = np.bincount(labels, minlength=len(centres)) > 0
        if np.array_equal(moved[held], centres[held]):
            break
        centres[held] = moved[held]
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _ward(vectors: FloatArray, count: int) -> Labels:
    if count == 1:
        return np.zeros(len(vectors), dtype=np.int64)
    from sklearn.cluster import AgglomerativeClustering

    return np.asarray(AgglomerativeClustering(count, linkage="ward").fit_predict(vectors), dtype=np.int64)


def centres_of(vectors: FloatArray, groups: Labels, count: int) -> FloatArray:
    """The mean of each group's vectors (count, d)."""
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, groups, vectors)
    return np.asarray(sums / np.maximum(np.bincount(groups, minlength=count), 1)[:, None], dtype=np.float32)


def joined(vectors: FloatArray, centres: FloatArray) -> Labels:
    """The group of the nearest centre for each vector."""
    return np.asarray(np.argmax(vectors @ centres.T - (centres**2).sum(axis=1) / 2, axis=1), dtype=np.int64)


def unit(vectors: FloatArray) -> FloatArray:
    """The vectors (n, d) at length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)
