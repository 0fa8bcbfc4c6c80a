"""The door to every model: text in, unit vectors out.

sentence-transformers is the reference that everything is checked against; where OpenVINO can compile the model, the
same vectors come several times faster and without importing torch (`index.compiled`).
"""

import importlib.util
import os
import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .checkpoint import Checkpoint, named_checkpoint
from .compiled import CannotCompile, CompiledEncoder, clean
from .errors import ModelUnavailable
from .types import Encoder, FloatArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_noticed: set[str] = set()


def open_encoder(model: str | None = None) -> Encoder:
    """The encoder for `model`: the packaged multilingual-e5-small (None), or the name or folder of any other.

    Compiled where possible; otherwise plain sentence-transformers, with one notice that says why. Raises
    `ModelUnavailable` when there is no such model.
    """
    if model is None:
        from .packaged_model import packaged_checkpoint

        checkpoint = packaged_checkpoint()
    else:
        checkpoint = named_checkpoint(model)
    if importlib.util.find_spec("openvino") is None:
        notice("OpenVINO is not installed, so the model runs several times slower (pip install openvino).")
        return SentenceTransformerEncoder(checkpoint)
    try:
        return CompiledEncoder.open(checkpoint)
    except CannotCompile as error:
        notice(f"The model cannot be compiled, so it runs several times slower: {error}")
        return SentenceTransformerEncoder(checkpoint)


def notice(text: str) -> None:
    """Say something to the user once a process, however many encoders are opened."""
    if text not in _noticed:
        _noticed.add(text)
        print(text, file=sys.stderr)


def prompts_of(model: "SentenceTransformer", name: str) -> tuple[str, str]:
    """What goes before a question and before a passage: the model's own prompts where its settings have them.

    The E5 family was trained with both but its published settings name neither.
    """
    own: dict[str, str] = {key: value or "" for key, value in model.prompts.items()}
    query = own.get("query", "")
    passage = next((own[key] for key in ("passage", "document", "corpus") if own.get(key)), "")
    if not query and not passage and re.search(r"(?:^|[-_/])e5[-_]", name.rpartition("@")[0], re.IGNORECASE):
        return "query: ", "passage: "
    return query, passage


def load_reference(checkpoint: Checkpoint) -> "SentenceTransformer":
    """The checkpoint in sentence-transformers, on the CPU in float32, quietly and without the network."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise ModelUnavailable(f"sentence-transformers cannot be imported: {error}. Run `make setup` again.") from error
    quieten: Any = logging  # without type hints of its own
    quieten.set_verbosity_error()
    quieten.disable_progress_bar()
    try:
        model = SentenceTransformer(
            str(checkpoint.path), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
        )
    except Exception as error:  # whatever is wrong with the files, transformers has an exception of its own for it
        raise ModelUnavailable(f"The model in {checkpoint.path} cannot be loaded: {error}") from error
    return model.eval()


class SentenceTransformerEncoder:
    """The reference: any sentence-transformers model, run by torch in float32."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._model = load_reference(checkpoint)
        self._prompts = prompts_of(self._model, checkpoint.fingerprint)
        self._fingerprint = checkpoint.fingerprint
        self._lock = threading.Lock()  # padding is a setting of the shared tokenizer, changed by every call

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    def queries(self, texts: Sequence[str]) -> FloatArray:
        return self._encode(texts, self._prompts[0])

    def passages(self, texts: Sequence[str]) -> FloatArray:
        return self._encode(texts, self._prompts[1])

    def _encode(self, texts: Sequence[str], prompt: str) -> FloatArray:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        with self._lock:
            vectors = self._model.encode(
                [clean(text) for text in texts], prompt=prompt, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)


class CachedEncoder:
    """Another encoder whose latest query vectors are kept: typing a question repeats most of it.

    At most `size` vectors are held, the least recently used leaves first. Safe for many threads: the cache is locked
    while it is read, never while the model runs.
    """

    def __init__(self, encoder: Encoder, size: int = 4096) -> None:
        self._encoder = encoder
        self._size = size
        self._vectors: OrderedDict[str, FloatArray] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def passages(self, texts: Sequence[str]) -> FloatArray:
        return self._encoder.passages(texts)

    def queries(self, texts: Sequence[str]) -> FloatArray:
        found: dict[str, FloatArray] = {}
        with self._lock:
            for text in texts:
                if text in self._vectors:
                    self._vectors.move_to_end(text)
                    found[text] = self._vectors[text]
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            found.update(zip(missing, self._encoder.queries(missing), strict=True))
            with self._lock:
                for text in missing:
                    self._vectors[text] = found[text].copy()
                while len(self._vectors) > self._size:
                    self._vectors.popitem(last=False)
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        return np.stack([found[text] for text in texts])


if __name__ == "__main__":  # set-up: unpack and compile now rather than with the first question
    print(open_encoder().fingerprint)
