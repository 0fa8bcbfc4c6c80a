"""A run of vectors that never changes: float16 in a flat FAISS index, ids beside it, in clusters where it is long.

Measured with 384 dimensions on one thread (67,000 and 200,000 rows, top 10): float16 takes 0.45 of float32's time and
half its memory. Conditions are applied before the search: as a bitmap of rows, which FAISS skips by, or, for very few
rows, by scoring just those.

A long segment is kept in clusters: rows of one cluster lie together, and a search scans the clusters nearest to the
question only (the inverted lists of Sivic and Zisserman 2003, with a bitmap in place of the lists, so that conditions
join in for free and the file can be memory-mapped). How many clusters is decided by how many rows in them meet the
condition: a selective one therefore reaches as far as it must.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .products import inner_products
from .remembered import Remembered
from .types import FloatArray, IdArray

Half = npt.NDArray[np.float16]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

FEW = 300
"""A row picked out by number costs about so many times a row that a scan skips."""
SCAN = 60_000
"""At least so many rows of the nearest clusters are scanned: 3 ms, recall@10 0.999 among a million."""
SCAN_SELECTED = 8_000
"""Under a condition at least so many rows that meet it, and as many clusters as without it; a row by itself takes up to
ten times as long as one among others."""
SCAN_PER_RESULT = 16


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """A few rows by number."""

    rows: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Many rows by a mark on each of all, and how many they are, in all and in each cluster."""

    mask: Mask
    count: int
    sizes: npt.NDArray[np.int64] | None


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Cluster c holds the rows `bounds[c]` to `bounds[c + 1]`; none is empty."""

    centroids: FloatArray
    """Shape (clusters, d)."""
    bounds: npt.NDArray[np.int64]
    """Shape (clusters + 1,)."""

    def sizes(self, wanted: Mask) -> npt.NDArray[np.int64]:
        """How many wanted rows each cluster has."""
        return np.asarray(np.add.reduceat(wanted, self.bounds[:-1], dtype=np.int64))

    def nearest(self, vector: FloatArray, chosen: Marked | None, enough: int) -> Mask:
        """The rows of the clusters nearest to `vector` (d,) that hold `enough` of the chosen rows together."""
        sizes = np.diff(self.bounds) if chosen is None or chosen.sizes is None else chosen.sizes
        order = np.argsort(-inner_products(self.centroids, vector[None])[:, 0], kind="stable")
        count = int(np.searchsorted(np.cumsum(sizes[order]), enough)) + 1
        mask = np.zeros(int(self.bounds[-1]), bool)
        for cluster in order[:count].tolist():
            if sizes[cluster]:
                rows = slice(int(self.bounds[cluster]), int(self.bounds[cluster + 1]))
                mask[rows] = True if chosen is None else chosen.mask[rows]
        return mask


class Lookup:
    """From ids to rows: a table where the ids lie close together, as an archive's do, else by bisection."""

    __slots__ = ("_order", "_sorted", "_table")

    def __init__(self, ids: IdArray) -> None:
        self._table: npt.NDArray[np.int32] | None = None
        if len(ids) and ids.min() >= 0 and ids.max() < 8 * len(ids) + 1024:
            self._table = np.full(int(ids.max()) + 1, -1, np.int32)
            self._table[ids] = np.arange(len(ids), dtype=np.int32)
        else:
            self._order = np.argsort(ids, kind="stable")
            self._sorted = ids[self._order]

    def rows(self, ids: IdArray) -> Rows:
        """The row of each id, or -1."""
        if self._table is not None:
            inside = (ids >= 0) & (ids < len(self._table))
            if inside.all():
                return self._table[ids].astype(np.intp)
            return np.where(inside, self._table[np.where(inside, ids, 0)], -1).astype(np.intp)
        if not len(self._sorted):
            return np.full(len(ids), -1, np.intp)
        places = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        return np.where(self._sorted[places] == ids, self._order[places], -1).astype(np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """`ids` of the rows; `codes` their vectors, shape (n, d), a view of what the FAISS index `flat` holds.

    `alive` marks the rows that still count (None: all of them).
    """

    ids: IdArray
    flat: Any
    codes: Half
    lookup: Lookup
    alive: Mask | None = None
    clusters: Clusters | None = None
    _last: Remembered[Marked | Picked] = field(default_factory=Remembered, init=False, repr=False)
    """What a condition chose: one filter stays while question after question is typed."""

    def __len__(self) -> int:
        return len(self.ids) if self.alive is None else int(np.count_nonzero(self.alive))

    def held(self) -> IdArray:
        """The ids that still count, in the order of the rows."""
        return self.ids if self.alive is None else self.ids[self.alive]

    def without(self, ids: IdArray) -> "Segment":
        """The same rows with those of `ids` marked as gone; itself when it holds none of them."""
        _, gone = self.find(ids)
        if not len(gone):
            return self
        alive = np.ones(len(self.ids), bool) if self.alive is None else self.alive.copy()
        alive[gone] = False
        return replace(self, alive=alive)

    def find(self, ids: IdArray) -> tuple[Rows, Rows]:
        """Positions in `ids` of those that count here, and their rows."""
        rows = self.lookup.rows(ids)
        found = rows >= 0
        if self.alive is not None:
            found &= self.alive[rows]
        return np.flatnonzero(found), rows[found]

    def select(self, within: IdArray | None) -> Marked | Picked | None:
        """What to search: marks on the rows, or their numbers where they are few, or None for all.

        That is remembered by the array `within` itself, which must not be written to.
        """
        if within is None:
            return None if self.alive is None else self._marked(self.alive)
        # a few are not worth to be remembered: they are candidates that come between question and question
        if len(within) * FEW < len(self.ids):
            return Picked(self.find(within)[1])
        return self._last.of(within, self._chosen)

    def _chosen(self, within: IdArray) -> Marked | Picked:
        _, rows = self.find(within)
        if len(rows) * FEW < len(self.ids):
            return Picked(rows)
        mask = np.zeros(len(self.ids), bool)
        mask[rows] = True
        return self._marked(mask)

    def _marked(self, mask: Mask) -> Marked:
        return Marked(mask, int(np.count_nonzero(mask)), None if self.clusters is None else self.clusters.sizes(mask))

    def search(self, vectors: FloatArray, k: int, within: IdArray | None) -> tuple[IdArray, FloatArray]:
        """The k best, shape (len(vectors), k), in no promised order; -1 and -inf where there are fewer."""
        chosen = self.select(within)
        if isinstance(chosen, Picked):
            return self._score(vectors, k, chosen.rows)
        if self.clusters is None:
            scores, rows = scan(self.flat, vectors, k, None if chosen is None else chosen.mask)
        else:
            share = 1.0 if chosen is None else chosen.count / len(self.ids)
            enough = max(round(SCAN * share), SCAN_SELECTED, SCAN_PER_RESULT * k)
            parts = [
                scan(self.flat, vector[None], k, self.clusters.nearest(vector, chosen, enough)) for vector in vectors
            ]
            scores, rows = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        return np.where(rows >= 0, self.ids[rows], -1).astype(np.int64), scores

    def _score(self, vectors: FloatArray, k: int, rows: Rows) -> tuple[IdArray, FloatArray]:
        """As `search`, among the given rows only."""
        scores = inner_products(vectors, self.codes[rows].astype(np.float32))
        if len(rows) > k:
            best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            return self.ids[rows[best]], np.take_along_axis(scores, best, axis=1)
        missing = ((0, 0), (0, k - len(rows)))
        ids = np.pad(np.broadcast_to(self.ids[rows], scores.shape), missing, constant_values=-1)
        return ids, np.pad(scores, missing, constant_values=-np.inf)


def scan(flat: Any, vectors: FloatArray, k: int, mask: Mask | None) -> tuple[FloatArray, IdArray]:
    """FAISS' exact search among the rows of `mask`: scores and row numbers; -inf and -1 where there are fewer than k.

    FAISS uses the calling thread alone, so that users who ask at once share the cores instead of fighting for them. The
    setting belongs to that thread, and FAISS has an OpenMP runtime of its own, so nobody else's is touched.
    """
    import faiss

    faiss.omp_set_num_threads(1)
    if mask is None:
        scores, rows = flat.search(vectors, k)
    else:
        bits = np.packbits(mask, bitorder="little")  # stays alive for as long as the selector looks at it
        selector = faiss.IDSelectorBitmap(len(mask), faiss.swig_ptr(bits))
        parameters: Any = faiss.SearchParameters  # its hints do not know what it takes
        scores, rows = flat.search(vectors, k, params=parameters(sel=selector))
    scores[rows < 0] = -np.inf
    return scores, rows


def make(ids: IdArray, vectors: FloatArray | Half) -> Segment:
    """A segment of rows given in any order, by ascending id, so that FAISS prefers the lower id among equal scores.

    There must be no duplicates.
    """
    order = np.argsort(ids, kind="stable")
    if np.any(order[1:] < order[:-1]):
        ids, vectors = ids[order], vectors[order]
    codes = np.ascontiguousarray(vectors, np.float16)
    flat = room_for(len(codes), codes.shape[1])
    codes_of(flat)[:] = codes
    return over(np.array(ids, np.int64), flat)


def over(ids: IdArray, flat: Any, alive: Mask | None = None, clusters: Clusters | None = None) -> Segment:
    """A segment over an index that holds the vectors of `ids` already."""
    return Segment(ids, flat, codes_of(flat), Lookup(ids), alive, clusters)


def room_for(count: int, dimensions: int) -> Any:
    """A float16 index with `count` rows whose codes are yet to be written."""
    import faiss

    flat = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    flat.codes.resize(2 * count * dimensions)
    flat.ntotal = count
    return flat


def codes_of(flat: Any) -> Half:
    """A view of the vectors in a float16 index, shape (n, d); it is valid for as long as the index is."""
    import faiss

    if not flat.ntotal:
        return np.zeros((0, flat.d), np.float16)
    raw: Half = faiss.rev_swig_ptr(flat.codes.data(), 2 * flat.ntotal * flat.d).view(np.float16)
    return raw.reshape(flat.ntotal, flat.d)


def merged(segments: Sequence[Segment]) -> Segment:
    """One segment of all rows that still count."""
    ids = np.concatenate([segment.held() for segment in segments])
    codes = np.concatenate([s.codes if s.alive is None else s.codes[s.alive] for s in segments])
    return make(ids, codes)
