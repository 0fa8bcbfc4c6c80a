"""The encoder compiled with OpenVINO: the same vectors several times faster, without torch.

The sentence-transformers model, pooling and all, is converted once by a process of its own (`index.conversion`) and
cached beside the unpacked model. From then on a query needs `openvino`, `tokenizers`, numpy, and `marisa-trie` for the
kind of tokenizer that `index.pieces` knows. Where the CPU has bfloat16 arithmetic it is used; a conversion whose
vectors differ from the reference is refused.
"""

import hashlib
import importlib.metadata
import os
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .blobs import open_compiled
from .checkpoint import Checkpoint, cache_folder, new_folder, read_stamp
from .pieces import load_tokenizer
from .types import FloatArray

LAYOUT = 4
IDS, MASK, EMBEDDED = "input_ids", "attention_mask", "embedded"
"""What a compiled model takes: a model whose vocabulary lies in TABLE takes EMBEDDED, mostly in place of IDS."""
TABLE = "vocabulary.npy"
BATCH_TOKENS = 1024
"""Padded tokens a batch; measured on real descriptions, 512 to 1024 gave the most passages a second."""
ROUND = 16
"""Batches are padded to a multiple of this many tokens, because every new shape costs a compilation of some 10 ms."""
WIDTHS = (16, 32)
"""Short texts, one by one, are padded to one of these: a model of one fixed shape answers in two thirds of the time."""
FEW = 8
"""Up to so many texts go one by one through the requests for queries instead of waiting for a batch."""

_CONVERT = "import sys; from index.conversion import main; main(sys.argv[1], sys.argv[2], sys.argv[3])"


class CannotCompile(Exception):
    """The model stays with sentence-transformers; the text says why."""


def clean(text: str) -> str:
    """The text without lone surrogates, which no tokenizer accepts."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def openvino() -> Any:
    """The library, without its telemetry: that would report conversions to its makers."""
    blocked = "openvino_telemetry" not in sys.modules
    if blocked:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        import openvino as library
    except ImportError as error:
        raise CannotCompile(f"openvino cannot be imported: {error}") from error
    finally:
        if blocked:
            del sys.modules["openvino_telemetry"]
    return library


def compiled_folder(checkpoint: Checkpoint) -> Path:
    """Where the converted model lies: another model, OpenVINO or layout means another folder."""
    parts = f"{checkpoint.fingerprint} {importlib.metadata.version('openvino')} {LAYOUT}"
    name = checkpoint.fingerprint.rpartition("@")[0].rpartition("/")[2] or "model"
    return cache_folder() / f"{name}-compiled-{hashlib.sha256(parts.encode()).hexdigest()[:12]}"


class CompiledEncoder:
    """A converted model. Any number of threads may encode at once."""

    @classmethod
    def open(cls, checkpoint: Checkpoint) -> "CompiledEncoder":
        """The compiled form of `checkpoint`, converted first where that has not happened yet.

        Raises `CannotCompile`; a model that could not be converted is not tried again.
        """
        folder = compiled_folder(checkpoint)
        stamp = read_stamp(folder)
        if stamp is None:
            stamp = _convert(checkpoint, folder)
        if stamp.get("failure"):
            raise CannotCompile(str(stamp["failure"]))
        return cls(folder, stamp)

    def __init__(self, folder: Path, stamp: dict[str, Any]) -> None:
        self._library = openvino()
        self._folder = folder
        self._fingerprint: str = stamp["fingerprint"]
        self._dimensions: int = stamp["dimensions"]
        self._query_prompt, self._passage_prompt = stamp["prompts"]
        # Not as np.memmap, whose every part is wrapped anew: that would double the time of looking up a text's rows.
        self._table = np.asarray(np.load(folder / TABLE, mmap_mode="r")) if (folder / TABLE).exists() else None
        self._batching = threading.Lock()
        self._compiling = threading.Lock()
        self._parts: dict[str, Any] = {"core": self._library.Core()}
        # Compiled models own threads; left to the interpreter's last moments, they would now and then abort it.
        weakref.finalize(self, self._parts.clear)
        self._tokenize = load_tokenizer(folder, stamp["tokens"])
        self._requests(WIDTHS[0])  # the other widths when they are needed

    def _requests(self, width: int | None) -> "queue.SimpleQueue[Any]":
        """Where a request for one text of `width` tokens (None: of any number) is taken from and put back."""
        name = f"requests {width}"
        with self._compiling:
            if name not in self._parts:
                cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
                # Two threads answer one question almost twice as fast as one; more hardly help with so short a text.
                streams = max(1, cores // 2)
                settings = {"NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": str(cores)}
                compiled = self._compile(settings, width)
                requests = self._parts[name] = queue.SimpleQueue()
                for _ in range(streams):
                    requests.put(compiled.create_infer_request())
            found: queue.SimpleQueue[Any] = self._parts[name]
            return found

    def _compile(self, settings: dict[str, str], width: int | None = None) -> Any:
        core = self._parts["core"]
        capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        precision = {"INFERENCE_PRECISION_HINT": "bf16" if capable else "f32"}
        try:
            compiled = open_compiled(core, self._folder, {**settings, **precision}, width)
        except RuntimeError as error:
            raise CannotCompile(_last_line(str(error))) from error
        self._inputs = [name for one in compiled.inputs for name in (IDS, MASK, EMBEDDED) if name in one.names]
        return compiled

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def queries(self, texts: Sequence[str]) -> FloatArray:
        return self._encode(texts, self._query_prompt)

    def passages(self, texts: Sequence[str]) -> FloatArray:
        return self._encode(texts, self._passage_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> FloatArray:
        encoded = self._tokenize([prompt + clean(text) for text in texts])
        vectors = np.zeros((len(texts), self._dimensions), np.float32)
        if len(texts) <= FEW:
            for row, ids in enumerate(encoded):
                vectors[row] = self._single(ids)
        else:
            self._batches(encoded, vectors)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)

    def _single(self, ids: list[int]) -> FloatArray:
        width = next((width for width in WIDTHS if len(ids) <= width), None)
        requests = self._requests(width)
        request = requests.get()
        try:
            request.infer(self._feed([ids], width or len(ids)))
            return np.array(request.get_output_tensor(0).data[0], np.float32)
        finally:
            requests.put(request)

    def _feed(self, encoded: list[list[int]], width: int) -> dict[str, npt.NDArray[Any]]:
        """What a model takes for texts as token ids: mask and ids (texts, width), vectors (texts, width, d). Padding
        carries any id, since the mask hides it."""
        ids = np.zeros((len(encoded), width), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        found: dict[str, npt.NDArray[Any]] = {IDS: ids, MASK: mask}
        if self._table is not None:
            found[EMBEDDED] = self._table.take(ids, axis=0).astype(np.float32)
        return {name: found[name] for name in self._inputs}

    def _batches(self, encoded: list[list[int]], vectors: FloatArray) -> None:
        def keep(request: Any, rows: list[int]) -> None:
            vectors[rows] = request.get_output_tensor(0).data

        with self._batching:
            if "batches" not in self._parts:
                self._parts["batches"] = self._compile({"PERFORMANCE_HINT": "THROUGHPUT"})
            requests = self._library.AsyncInferQueue(self._parts["batches"], 2)
            requests.set_callback(keep)
            for rows in _length_sorted(encoded):
                texts = [encoded[row] for row in rows]
                requests.start_async(self._feed(texts, max(map(_width, texts))), rows)
            requests.wait_all()


def _length_sorted(encoded: list[list[int]]) -> Iterator[list[int]]:
    """Rows in batches of like length, each of about `BATCH_TOKENS` padded tokens; the longest first."""
    batch: list[int] = []
    width = 0
    for row in sorted(range(len(encoded)), key=lambda row: -len(encoded[row])):
        if not batch:
            width = _width(encoded[row])
        batch.append(row)
        if width * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
    if batch:
        yield batch


def _width(ids: list[int]) -> int:
    return -(-len(ids) // ROUND) * ROUND


def _convert(checkpoint: Checkpoint, folder: Path) -> dict[str, Any]:
    """Convert in a process of its own: torch's memory, warnings and progress bars stay there."""
    print(f"Compiling the model into {folder} (once)", file=sys.stderr)
    root = str(Path(__file__).parent.parent)
    paths = [root, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "HF_HUB_OFFLINE": "1"}
    try:
        with new_folder(folder) as making:
            command = [sys.executable, "-c", _CONVERT, str(checkpoint.path), checkpoint.fingerprint, str(making)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                raise CannotCompile(_last_line(done.stderr) or f"the conversion ended with {done.returncode}")
    except OSError as error:
        raise CannotCompile(f"{folder} cannot be written: {error}") from error
    stamp = read_stamp(folder)
    if stamp is None:
        raise CannotCompile(f"{folder} is damaged; delete it and try again")
    return stamp


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
