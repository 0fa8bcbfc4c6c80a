"""Segments of vectors as files: a cache beside the archive, put in place whole and read by memory mapping.

Deleting the folder loses nothing. A folder that is damaged, cut short or of another stamp is passed over; every byte is
covered by a checksum (2.7 GB a second), because FAISS believes what it reads.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .checkpoint import new_folder, read_stamp, write_stamp
from .segment import Clusters, Segment, over

FORMAT = 1
CHUNK = 1 << 24


@dataclass(frozen=True, slots=True)
class Saved:
    """What a folder holds. `stamp` is the caller's, `generation` the archive's when it was written."""

    segments: tuple[Segment, ...]
    dimensions: int
    generation: int


def write(folder: Path, segments: Sequence[Segment], stamp: str, generation: int) -> None:
    """Put the segments into `folder`, in place of what it held. Raises OSError."""
    import faiss

    with new_folder(folder) as making:
        for number, segment in enumerate(segments):
            parts: dict[str, Any] = {"ids": segment.ids}
            if segment.alive is not None:
                parts["alive"] = segment.alive
            if segment.clusters is not None:
                parts |= {"centroids": segment.clusters.centroids, "bounds": segment.clusters.bounds}
            np.savez(making / f"{number}.npz", **parts)
            try:
                faiss.write_index(segment.flat, str(making / f"{number}.faiss"))
            except RuntimeError as error:  # what FAISS makes of a full disk
                raise OSError(str(error)) from error
        sums = {path.name: _checksum(path) for path in sorted(making.iterdir())}
        content = {"format": FORMAT, "stamp": stamp, "generation": generation, "segments": len(segments), "sums": sums}
        write_stamp(making, content)


def read(folder: Path, stamp: str) -> Saved | None:
    """The segments in `folder`, memory-mapped; None when there are none, or damaged ones, or of another stamp."""
    found = read_stamp(folder)
    if found is None or found.get("format") != FORMAT or found.get("stamp") != stamp:
        return None
    try:
        if any(_checksum(folder / name) != value for name, value in found["sums"].items()):
            return None
        segments = tuple(_read(folder, number) for number in range(found["segments"]))
        return Saved(segments, int(segments[0].codes.shape[1]), int(found["generation"]))
    except (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError, AttributeError):
        return None  # whatever a damaged file makes numpy, zipfile, json and FAISS say


def _read(folder: Path, number: int) -> Segment:
    import faiss

    with np.load(folder / f"{number}.npz", allow_pickle=False) as parts:
        held = {name: parts[name] for name in parts.files}
    flat = faiss.read_index(str(folder / f"{number}.faiss"), faiss.IO_FLAG_MMAP_IFC)
    if flat.ntotal != len(held["ids"]):
        raise ValueError("ids and vectors differ in number")
    clusters = Clusters(held["centroids"], held["bounds"]) if "bounds" in held else None
    return over(held["ids"], flat, held.get("alive"), clusters)


def generation_of(folder: Path, stamp: str) -> int | None:
    """The generation of a folder with that stamp, without reading the rest."""
    try:
        found = json.loads((folder / "stamp.json").read_text(encoding="utf-8"))
        return int(found["generation"]) if found["stamp"] == stamp and found["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            value = zlib.crc32(chunk, value)
    return value
