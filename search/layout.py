"""Places in the plane for vectors: neighbours stay neighbours (t-SNE, van der Maaten and Hinton 2008)."""

import numpy as np

from index.types import FloatArray

from .grouping import Labels

ITERATIONS = 400
ANGLE = 0.8
"""How coarsely far points are taken together: half the time of the usual 0.5, and no neighbour lost that matters."""
AMONG = 3
"""Between how many items that have a place another one is put."""


def laid_out(vectors: FloatArray, start: FloatArray | None = None) -> FloatArray:
    """A place in 0..1 for each vector, (n, 2); from `start` on, where there are places already."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if np.ptp(vectors, axis=0).max() < 1e-4:  # all alike: there is nothing to lay out
        return np.full((len(vectors), 2), 0.5, dtype=np.float32)
    reduced = PCA(min(50, *vectors.shape), random_state=0).fit_transform(vectors.astype(np.float64))
    begin = "pca" if start is None else (1e-4 * (start - start.mean(axis=0)) / max(float(start.std()), 1e-6))
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    tsne = TSNE(2, perplexity=perplexity, init=begin, angle=ANGLE, max_iter=ITERATIONS, random_state=0)
    places = np.asarray(tsne.fit_transform(reduced.astype(np.float32)), dtype=np.float32)
    # Far-off places are drawn to the border.
    low, high = np.quantile(places, (0.005, 0.995), axis=0)
    return np.asarray(np.clip((places - low) / np.maximum(high - low, 1e-9), 0, 1), dtype=np.float32)


def placed(vectors: FloatArray, groups: Labels, known: FloatArray, known_groups: Labels, at: FloatArray) -> FloatArray:
    """A place for each vector amid those of its group that it is most like: `known` vectors, placed `at`."""
    places = np.full((len(vectors), 2), 0.5, dtype=np.float32)
    for group in np.unique(groups).tolist():
        rows, others = np.flatnonzero(groups == group), np.flatnonzero(known_groups == group)
        if not len(others):
            continue
        likeness = vectors[rows] @ known[others].T
        count = min(AMONG, len(others))
        nearest = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        weights = np.maximum(np.take_along_axis(likeness, nearest, axis=1), 1e-3) ** 4
        found = (at[others][nearest] * weights[..., None]).sum(axis=1)
        places[rows] = found / weights.sum(axis=1, keepdims=True)
    return places
