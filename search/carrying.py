"""The sentence that carried an answer which no word explains.

An English question that finds a Chinese item has no word to mark in it; the sentence nearest to the question says best
why it was found. Sentences are embedded once, after ingest, and kept in a byte a dimension: at question time the model
must not run again for every hit. Only so many are kept; what has none simply shows nothing.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.types import FloatArray, Item

from .highlight import sentences
from .kept import Kept
from .results import Highlight

STATE = "sentences"
MOST = 20_000
"""Sentences kept, those of the newest items: a few seconds of work for an archive of some hundred items."""
PORTION = 512
SCALE = 127 / 0.35
"""Bytes for a unit vector's components, which in hundreds of dimensions are hardly ever larger than 0.35."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sentences:
    """Of item `ids[i]` (ascending), whose text had `digests[i]`: the rows from `starts[i]` to `starts[i + 1]`."""

    ids: npt.NDArray[np.int64]
    digests: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.int8]

    @classmethod
    def none(cls) -> "_Sentences":
        no = np.empty(0, dtype=np.int64)
        return cls(no, no.astype(np.uint64), np.zeros(1, dtype=np.int64), np.empty((0, 0), dtype=np.int8))

    def of(self, item: Item) -> npt.NDArray[np.int8] | None:
        """The vectors of an item's sentences, None if they are of another text."""
        place = int(np.searchsorted(self.ids, item.id))
        if place == len(self.ids) or self.ids[place] != item.id or self.digests[place] != _digest(item):
            return None
        return self.vectors[self.starts[place] : self.starts[place + 1]]


def carrying(archive: Archive, question: FloatArray, items: Sequence[Item]) -> dict[int, Highlight]:
    """By item id, the sentence of its summary that is nearest to the question's encoder vector (1, d)."""
    if not items:
        return {}
    kept = _kept.of(archive)
    found = {}
    for item in items:
        texts = sentences(item.summary)
        vectors = kept.of(item) if len(texts) > 1 else None
        if len(texts) == 1:
            found[item.id] = Highlight("summary", texts[0])
        elif vectors is not None and len(vectors) == len(texts):
            found[item.id] = Highlight("summary", texts[int(np.argmax(vectors @ question[0]))])
    return found


def refresh_sentences(archive: Archive) -> None:
    """Embeds the sentences that are not kept yet, and keeps them."""
    before = _kept.of(archive)
    chosen: list[tuple[Item, list[str]]] = []
    total = 0
    for item in reversed(archive.items(archive.item_ids()[-MOST:].tolist())):
        texts = sentences(item.summary)
        total += len(texts)
        if total > MOST:
            break
        if len(texts) > 1:
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
        model=np.array(archive.encoder.fingerprint),
        ids=np.array([item.id for item, _ in chosen], dtype=np.int64),
        digests=np.array([_digest(item) for item, _ in chosen], dtype=np.uint64),
        starts=starts,
        vectors=np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.int8),
    )
    _kept.put(archive, buffer.getvalue())


def _embedded(archive: Archive, texts: Sequence[str]) -> list[npt.NDArray[np.int8]]:
    rows: list[npt.NDArray[np.int8]] = []
    for start in range(0, len(texts), PORTION):
        vectors = archive.embed_items(texts[start : start + PORTION])
        rows.extend(np.clip(np.rint(vectors * SCALE), -127, 127).astype(np.int8))
    return rows


def _load(archive: Archive, payload: bytes | None) -> _Sentences:
    if payload is None:
        return _Sentences.none()
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as parts:
            if parts["model"].item() != archive.build.model:
                return _Sentences.none()
            return _Sentences(parts["ids"], parts["digests"], parts["starts"], parts["vectors"])
    except (ValueError, KeyError, OSError):
        return _Sentences.none()


_kept = Kept(STATE, _load)


def _digest(item: Item) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b((item.summary or "").encode(), digest_size=8).digest()))
