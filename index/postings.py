"""An inverted index over the words of many items, as a few arrays that a file can hold.

The full text in SQLite decides what an item's words are; this makes ranking fast, which needs every item that has a
word together with how often: FTS5 gives them one row at a time, here they are slices.
"""

import itertools
import json
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .fulltext import PHRASE_FIELDS, WEIGHTS
from .text import stem
from .types import PostingList

EXACT = "="
"""Before a word as it stands in the item's own text, not stemmed; the weights beside it mean nothing."""
AUTHOR = "@"
"""Before a word of an author's name."""
_MAGIC = b"backissues words 1\n"
_DTYPES = {"keys": "<u8", "starts": "<i8", "lengths": "<i4", "ids": "<i4", "halves": "<u1"}
_MOST_HALVES = 255
_WEIGHT_BITS = 8
_ROW_BITS = 24
"""Of the numbers that occurrences are sorted as; the word has the rest."""

Row = Sequence[object]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The words of some items. Keys are hashes of words; the items of key i are the `lengths[i]` ids from `starts[i]`
    on, ascending, with their weights, doubled, in `halves`."""

    keys: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    halves: npt.NDArray[np.uint8]

    def lookup(self, keys: npt.NDArray[np.uint64]) -> Iterator[tuple[int, PostingList]]:
        """The items of some words by their `key_of`: the place in `keys` of each that occurs, and where it does."""
        if not len(self.keys):
            return
        places = np.minimum(self.keys.searchsorted(keys), len(self.keys) - 1)
        for asked in np.flatnonzero(self.keys[places] == keys).tolist():
            start = int(self.starts[places[asked]])
            part = slice(start, start + int(self.lengths[places[asked]]))
            yield asked, (self.ids[part], self.halves[part])


class _Codes(dict[str, int]):
    """Words to the codes of their keys, in one vocabulary that several of these share."""

    def __init__(self, vocabulary: dict[str, int], prefix: str = "", *, stemmed: bool = False) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._prefix = prefix
        self._stemmed = stemmed

    def __missing__(self, word: str) -> int:
        key = self._prefix + (stem(word) if self._stemmed else word)
        code = self[word] = self._vocabulary.setdefault(key, len(self._vocabulary))
        return code


def build(rows: Iterable[Row]) -> Segment:
    """The words of items, given as (id, *fields in the order of WEIGHTS), ascending by id."""
    vocabulary: dict[str, int] = {}
    stems, exact = _Codes(vocabulary, stemmed=True), _Codes(vocabulary, EXACT)
    plain, names = _Codes(vocabulary), _Codes(vocabulary, AUTHOR)
    plan = [(_streams(field, stems, exact, plain, names), int(2 * weight)) for field, weight in WEIGHTS.items()]
    codes, counts, places, halves, ids = array("i"), array("i"), array("i"), array("B"), array("i")
    for place, (id_, *fields) in enumerate(rows):
        ids.append(id_)  # type: ignore[arg-type]  # the first column is the rowid
        for (streams, half), field in zip(plan, fields, strict=True):
            if field:
                words = str(field).split()
                for stream in streams:
                    codes.extend(map(stream.__getitem__, words))
                    counts.append(len(words))
                    places.append(place)
                    halves.append(half)
    return _arranged(
        vocabulary, [np.frombuffer(values, dtype=values.typecode) for values in (codes, counts, places, halves, ids)]
    )


def _streams(field: str, stems: _Codes, exact: _Codes, plain: _Codes, names: _Codes) -> tuple[_Codes, ...]:
    if field == "authors":
        return (names,)
    if field == "wholes":
        return (plain,)
    return (stems, exact) if field in PHRASE_FIELDS else (stems,)


def _arranged(vocabulary: dict[str, int], columns: list[npt.NDArray[np.int32]]) -> Segment:
    codes, counts, places, halves, row_ids = columns
    # One number an occurrence, in whose order words, items and weights lie as they are wanted: word, row, weight.
    packed = np.repeat(places.astype(np.int64) << _WEIGHT_BITS | halves, counts)
    packed |= codes.astype(np.int64) << (_ROW_BITS + _WEIGHT_BITS)
    packed.sort()
    pairs = packed >> _WEIGHT_BITS
    first = np.flatnonzero(np.diff(pairs, prepend=-1))
    sums = np.add.reduceat(packed & ((1 << _WEIGHT_BITS) - 1), first) if len(first) else first
    pairs = pairs[first]
    code = pairs >> _ROW_BITS
    ids = row_ids[pairs & ((1 << _ROW_BITS) - 1)]
    lengths = np.bincount(code, minlength=len(vocabulary))
    # A word whose stem has no more items than itself has the same ones: they are kept once.
    same = np.arange(len(vocabulary))
    for key, own in vocabulary.items():
        if key.startswith(EXACT):
            stemmed = vocabulary[stem(key[1:])]
            if lengths[stemmed] == lengths[own]:
                same[own] = stemmed
    kept = same[code] == code
    stored = np.where(same == np.arange(len(vocabulary)), lengths, 0)
    starts = np.concatenate([[0], np.cumsum(stored)[:-1]]).astype(np.int64) if len(stored) else stored
    keys = np.fromiter(map(_key, vocabulary), dtype=np.uint64, count=len(vocabulary))
    by_key = np.argsort(keys)
    return Segment(
        keys=keys[by_key],
        starts=starts[same][by_key].astype(np.int64),
        lengths=lengths[by_key].astype(np.int32),
        ids=ids[kept],
        halves=np.minimum(sums[kept], _MOST_HALVES).astype(np.uint8),
    )


def key_of(word: str) -> np.uint64:
    """What a word (EXACT or AUTHOR may stand before it) is looked up by."""
    return np.uint64(_key(word))


def _key(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def save(segment: Segment, file: Path, stamp: dict[str, object]) -> None:
    """Write a segment so that the file is either whole or not there. Errors: OSError."""
    arrays = {name: np.ascontiguousarray(getattr(segment, name), dtype=kind) for name, kind in _DTYPES.items()}
    header = json.dumps({**stamp, "sizes": {name: len(values) for name, values in arrays.items()}}).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with half.open("wb") as out:
            out.write(_MAGIC + header + b"\n")
            for values in arrays.values():
                out.write(b"\0" * (-out.tell() % 8))
                out.write(values.data)
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)


def load(file: Path) -> tuple[Segment, dict[str, object]] | None:
    """A saved segment, mapped into memory, with its stamp; None for anything that is not one, whole."""
    try:
        with file.open("rb") as lines:
            if lines.readline() != _MAGIC:
                return None
            stamp: dict[str, object] = json.loads(lines.readline())
            end = lines.tell()
        memory = np.memmap(file, dtype=np.uint8, mode="r")
        arrays: dict[str, Any] = dict(_mapped(memory, end, stamp.pop("sizes")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Segment(**arrays), stamp


def _mapped(memory: npt.NDArray[np.uint8], end: int, sizes: object) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    assert isinstance(sizes, dict)
    for name, kind in _DTYPES.items():
        start = end + -end % 8
        end = start + int(sizes[name]) * np.dtype(kind).itemsize
        if end > len(memory):
            raise ValueError("the file is cut off")
        yield name, np.asarray(memory[start:end]).view(kind)


def following(lists: Iterable[PostingList]) -> list[PostingList]:
    """The lists, each ascending, so that they follow each other: united where they do not.

    The weights of what stands in more than one are summed.
    """
    found = [(ids, halves) for ids, halves in lists if len(ids)]
    if all(before[-1] < after[0] for (before, _), (after, _) in itertools.pairwise(found)):
        return found
    ids = np.concatenate([ids for ids, _ in found])
    values = np.concatenate([halves for _, halves in found])
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    first = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
    sums = np.add.reduceat(values[order], first, dtype=np.int32)
    return [(ids[first], np.minimum(sums, _MOST_HALVES).astype(np.uint8))]
