"""The sentences of items, embedded once, after ingest, and kept in a byte a dimension.

Two questions need more than an item's one vector, and must not wait for the model: which sentence carried an answer
(`carrying`), and how much two items say alike (`likeness`). Titles count as sentences. Only so many are kept, those of
the newest items; what has none does without.
"""

import io
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.products import inner_products
from index.space import Space
from index.types import FloatArray, IdArray, Item

from .highlight import sentences
from .kept import Kept

STATE = "sentences"
VERSION = 2
MOST = 20_000
"""Sentences kept: a few seconds of work for an archive of some hundred items."""
PORTION = 512
SCALE = 127 / 0.35
"""Bytes for a unit vector's components, which in hundreds of dimensions are hardly ever larger than 0.35."""
FITTED_ON = 2000
"""Sentences, spread over all, from which their space is fitted."""

Bytes = npt.NDArray[np.int8]


def parts(item: Item) -> list[str]:
    """What is embedded of an item: its title, its subtitle, and the sentences of its summary."""
    return [text for text in (item.title, item.subtitle) if text] + sentences(item.summary)


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """Of item `ids[i]` (ascending), whose text had `digests[i]`: the rows from `starts[i]` to `starts[i + 1]`."""

    ids: npt.NDArray[np.int64]
    digests: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    vectors: Bytes

    @classmethod
    def none(cls) -> "Sentences":
        no = np.empty(0, dtype=np.int64)
        return cls(no, no.astype(np.uint64), np.zeros(1, dtype=np.int64), np.empty((0, 0), dtype=np.int8))

    def of(self, item: Item) -> Bytes | None:
        """The encoder's vectors of an item's parts, times `SCALE`; None if they are of another text."""
        place = int(np.searchsorted(self.ids, item.id))
        if place == len(self.ids) or self.ids[place] != item.id or self.digests[place] != _digest(item):
            return None
        return self.vectors[self.starts[place] : self.starts[place + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class Comparable:
    """The same sentences in a space of their own, in which those that say the same are near each other.

    In the items' space the sentences of different items differ less than titles and sentences of one do.
    """

    ids: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    vectors: Bytes
    space: Space | None

    def of(self, ids: IdArray) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        """The unit vectors of the items' sentences, one item after the other, and how many each item has."""
        if not len(self.ids):
            return np.empty((0, 0), dtype=np.float32), np.zeros(len(ids), dtype=np.int64)
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        first = self.starts[places]
        counts = np.where(self.ids[places] == ids, self.starts[places + 1] - first, 0)
        before = np.cumsum(counts) - counts
        rows = np.arange(int(counts.sum())) + np.repeat(first - before, counts)
        found = _floats(self.vectors[rows])
        lengths = np.sqrt(np.einsum("ij,ij->i", found, found))[:, None]
        return found / np.maximum(lengths, np.float32(1e-6)), counts

    def embedded(self, vectors: FloatArray) -> FloatArray:
        """The encoder's vectors of other sentences (n, d) in this space."""
        return vectors if self.space is None else self.space.items(vectors)

    def best(self, question: FloatArray, ids: IdArray) -> FloatArray:
        """How near the nearest sentence of each item is to a question's encoder vector (1, d); NaN without any."""
        found = np.full(len(ids), np.nan, dtype=np.float32)
        vectors, counts = self.of(ids)
        if self.space is not None and len(vectors):
            held = counts > 0
            near = inner_products(self.space.queries(question), vectors)[0]
            found[held] = np.maximum.reduceat(near, (np.cumsum(counts) - counts)[held])
        return found


def refresh_sentences(archive: Archive) -> None:
    """Embeds the sentences that are not kept yet, and keeps them."""
    before = kept.of(archive)
    chosen: list[tuple[Item, list[str]]] = []
    total = 0
    for item in reversed(archive.items(archive.item_ids()[-MOST:].tolist())):
        texts = parts(item)
        total += len(texts)
        if total > MOST:
            break
        if texts:
            chosen.append((item, texts))
    chosen.reverse()
    held = {item.id: before.of(item) for item, _ in chosen}
    fresh = [text for item, texts in chosen if held[item.id] is None for text in texts]
    made = iter(_embedded(archive, fresh))
    blocks = []
    for item, texts in chosen:
        block = held[item.id]
        blocks.append(np.stack([next(made) for _ in texts]) if block is None else block)
    starts = np.cumsum([0, *(len(block) for block in blocks)], dtype=np.int64)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        version=np.int64(VERSION),
        model=np.array(archive.encoder.fingerprint),
        ids=np.array([item.id for item, _ in chosen], dtype=np.int64),
        digests=np.array([_digest(item) for item, _ in chosen], dtype=np.uint64),
        starts=starts,
        vectors=np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.int8),
    )
    kept.put(archive, buffer.getvalue())


def _embedded(archive: Archive, texts: Sequence[str]) -> list[Bytes]:
    rows: list[Bytes] = []
    for start in range(0, len(texts), PORTION):
        rows.extend(_bytes(archive.embed_items(texts[start : start + PORTION])))
    return rows


def _bytes(vectors: FloatArray) -> Bytes:
    return np.asarray(np.clip(np.rint(vectors * SCALE), -127, 127), dtype=np.int8)


def _floats(vectors: Bytes) -> FloatArray:
    return vectors.astype(np.float32) / np.float32(SCALE)


def _load(archive: Archive, payload: bytes | None) -> Sentences:
    if payload is None:
        return Sentences.none()
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as found:
            if found["model"].item() != archive.build.model or found["version"].item() != VERSION:
                return Sentences.none()
            return Sentences(found["ids"], found["digests"], found["starts"], found["vectors"])
    except (ValueError, KeyError, OSError):
        return Sentences.none()


kept = Kept(STATE, _load)
_made: weakref.WeakKeyDictionary[Archive, tuple[tuple[int | None, str], Comparable]] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def comparable(archive: Archive) -> Comparable:
    """The kept sentences, to be compared with each other. Made anew only when they were kept anew."""
    state = archive.state_generation(STATE), archive.build.model
    with _making:
        made = _made.get(archive)
        if made is None or made[0] != state:
            made = _made[archive] = state, _compared(archive, kept.of(archive))
        return made[1]


def _compared(archive: Archive, found: Sentences) -> Comparable:
    if not len(found.ids):
        return Comparable(found.ids, found.starts, found.vectors, None)
    step = -(-len(found.vectors) // FITTED_ON)
    space = Space.fit(_floats(found.vectors[::step]), archive.neutral_vectors())
    mean = archive.question_mean()
    space = space if mean is None else replace(space, query_mean=mean)
    vectors = np.empty_like(found.vectors)
    for start in range(0, len(vectors), PORTION):
        part = slice(start, start + PORTION)
        vectors[part] = _bytes(space.items(_floats(found.vectors[part])))
    return Comparable(found.ids, found.starts, vectors, space)


def _digest(item: Item) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b("\n".join(parts(item)).encode(), digest_size=8).digest()))
