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
SCAN = 50_000
"""At least so many rows of the nearest clusters are scanned: 2 ms, recall@10 0.999 among a million."""
SCAN_SELECTED = 8_000
"""Under a condition at least so many rows that meet it, and as many clusters as without it; a row by itself takes up to
ten times as long as one among others."""
SCAN_PER_RESULT = 16
MOSTLY = 0.4
"""Where more of the rows meet a condition, some more are found among all and the others left out: asking about each row
takes longer than scoring it."""
SPARE_RESULTS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """A few rows by number."""

    rows: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Many rows by a bit for each of all, and how many they are, in all and in each cluster."""

    bits: npt.NDArray[np.uint8]
    count: int
    sizes: npt.NDArray[np.int64] | None

    def has(self, rows: IdArray) -> Mask:
        return np.asarray((self.bits[rows >> 3] >> (rows & 7).astype(np.uint8)) & 1, dtype=np.bool_)

    def selector(self) -> Any:
        """For FAISS, for as long as this is there."""
        import faiss

        return faiss.IDSelectorBitmap(8 * len(self.bits), faiss.swig_ptr(self.bits))


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Cluster c holds the rows `bounds[c]` to `bounds[c + 1]`; none is empty."""

    centroids: FloatArray
    """Shape (clusters, d)."""
    bounds: npt.NDArray[np.int64]
    """Shape (clusters + 1,)."""
    rows: IdArray = field(init=False, repr=False)
    """The number of each row, as FAISS wants to be told them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", np.arange(int(self.bounds[-1])))

    def sizes(self, wanted: Mask) -> npt.NDArray[np.int64]:
        """How many wanted rows each cluster has."""
        return np.asarray(np.add.reduceat(wanted, self.bounds[:-1], dtype=np.int64))

    def nearest(self, vector: FloatArray, chosen: Marked | None, enough: int) -> list[slice]:
        """The rows of the clusters nearest to `vector` (d,) that hold `enough` of the chosen rows together."""
        sizes = np.diff(self.bounds) if chosen is None or chosen.sizes is None else chosen.sizes
        order = np.argsort(-inner_products(self.centroids, vector[None])[:, 0], kind="stable")
        count = int(np.searchsorted(np.cumsum(sizes[order]), enough)) + 1
        near = np.sort(order[:count])
        near = near[sizes[near] > 0]
        return [slice(*span) for span in zip(self.bounds[near].tolist(), self.bounds[near + 1].tolist(), strict=True)]


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
        sizes = None if self.clusters is None else self.clusters.sizes(mask)
        return Marked(np.packbits(mask, bitorder="little"), int(np.count_nonzero(mask)), sizes)

    def search(self, vectors: FloatArray, k: int, within: IdArray | None) -> tuple[IdArray, FloatArray]:
        """The k best, shape (len(vectors), k), in no promised order; -1 and -inf where there are fewer."""
        chosen = self.select(within)
        if isinstance(chosen, Picked):
            return self._score(vectors, k, chosen.rows)
        if self.clusters is None:
            scores, rows = scan(self.flat, vectors, k, chosen)
        else:
            share = 1.0 if chosen is None else chosen.count / len(self.ids)
            enough = max(round(SCAN * share), SCAN_SELECTED, SCAN_PER_RESULT * k)
            scores, rows = np.empty((len(vectors), k), np.float32), np.empty((len(vectors), k), np.int64)
            for place, vector in enumerate(vectors):
                parts = self.clusters.nearest(vector, chosen, enough)
                scores[place], rows[place] = self._among(vector, k, parts, chosen)
        return np.where(rows >= 0, self.ids[rows], -1).astype(np.int64), scores

    def _among(
        self, vector: FloatArray, k: int, parts: Sequence[slice], chosen: Marked | None
    ) -> tuple[FloatArray, IdArray]:
        """As `_scan`, by the faster of two ways to the same rows."""
        if chosen is not None and chosen.count > MOSTLY * len(self.ids):
            more = SPARE_RESULTS + round(1.2 * k * len(self.ids) / chosen.count)
            scores, rows = self._scan(vector, more, parts, None)
            kept = np.flatnonzero((rows >= 0) & chosen.has(rows))
            if len(kept) >= k:
                best = kept[np.argpartition(-scores[kept], k - 1)[:k]]
                return scores[best], rows[best]
        return self._scan(vector, k, parts, chosen)

    def _scan(
        self, vector: FloatArray, k: int, parts: Sequence[slice], chosen: Marked | None
    ) -> tuple[FloatArray, IdArray]:
        """As `scan` for one vector (d,), in no order, among the rows of `parts` only.

        A selector that leaves out the other rows would be asked about each of them, half of a search's time among a
        million; so FAISS' scanner of inverted lists goes over each part, and its heap through all of them.
        """
        import faiss

        assert self.clusters is not None
        scores, rows = np.full(k, -np.inf, np.float32), np.full(k, -1, np.int64)
        heap = faiss.swig_ptr(scores), faiss.swig_ptr(rows), k
        codes, numbers = self.codes.view(np.uint8), self.clusters.rows
        selector = None if chosen is None else chosen.selector()
        scanner = self.flat.sq.select_InvertedListScanner(self.flat.metric_type, None, False, selector, False)
        try:
            scanner.set_query(faiss.swig_ptr(vector))
            for part in parts:
                held = faiss.swig_ptr(codes[part]), faiss.swig_ptr(numbers[part])
                scanner.scan_codes(part.stop - part.start, *held, *heap)
        finally:
            type(scanner).__swig_destroy__(scanner)  # its wrapper does not own it
        return scores, rows

    def _score(self, vectors: FloatArray, k: int, rows: Rows) -> tuple[IdArray, FloatArray]:
        """As `search`, among the given rows only."""
        scores = inner_products(vectors, self.codes[rows].astype(np.float32))
        if len(rows) > k:
            best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            return self.ids[rows[best]], np.take_along_axis(scores, best, axis=1)
        missing = ((0, 0), (0, k - len(rows)))
        ids = np.pad(np.broadcast_to(self.ids[rows], scores.shape), missing, constant_values=-1)
        return ids, np.pad(scores, missing, constant_values=-np.inf)


def scan(flat: Any, vectors: FloatArray, k: int, chosen: Marked | None) -> tuple[FloatArray, IdArray]:
    """FAISS' exact search among the chosen rows: scores and row numbers; -inf and -1 where there are fewer than k.

    FAISS uses the calling thread alone, so that users who ask at once share the cores instead of fighting for them. The
    setting belongs to that thread, and FAISS has an OpenMP runtime of its own, so nobody else's is touched.
    """
    import faiss

    faiss.omp_set_num_threads(1)
    if chosen is None:
        scores, rows = flat.search(vectors, k)
    else:
        parameters: Any = faiss.SearchParameters  # its hints do not know what it takes
        scores, rows = flat.search(vectors, k, params=parameters(sel=chosen.selector()))
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
