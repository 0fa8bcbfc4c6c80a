"""Encoders: the compiled one gives the reference's vectors without torch; other models come in by the same door."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index.checkpoint import named_checkpoint
from index.compiled import FEW, TABLE, WIDTHS, CompiledEncoder, clean, compiled_folder
from index.conversion import AGREEMENT
from index.encoder import CachedEncoder, SentenceTransformerEncoder, open_encoder
from index.errors import ModelUnavailable
from index.packaged_model import packaged_checkpoint, write_checkpoint
from index.pieces import PieceTokenizer
from index.types import Encoder, FloatArray
from tests.conftest import WordEncoder
from tests.tiny_model import package, packed

ROOT = Path(__file__).parent.parent

SAMPLE = [
    "zero-shot segmentation",
    "店員のいない店で買い物をする",
    "一个会走路的机器人",
    "How to train a translation model without any translated text",
    "",
    "🎉",
    "Ein Datensatz mit handgezeichneten Karten",
    "The network reads a scanned page, finds its tables and answers questions about them. " * 5,
    "動画の続きを予測するモデルが、物理の法則をどこまで学べるかを調べた。" * 4,
    "这篇文章比较了十种压缩大型语言模型的方法，并讨论了它们在手机上的速度。",
    "Pourquoi les réseaux profonds oublient-ils ce qu'ils ont appris ?",
    "a",
]


@pytest.fixture(scope="module")
def compiled() -> Encoder:
    encoder = open_encoder()
    assert isinstance(encoder, CompiledEncoder), "OpenVINO is a dependency, so it must have been used"
    assert isinstance(encoder._tokenize, PieceTokenizer), "its tokenizer is of that kind"
    return encoder


@pytest.fixture(scope="module")
def reference() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(packaged_checkpoint())


@pytest.mark.slow
def test_compiled_vectors_are_the_reference_s(compiled: Encoder, reference: SentenceTransformerEncoder) -> None:
    assert compiled.fingerprint == reference.fingerprint
    assert compiled.dimensions == reference.dimensions == 384
    assert len(SAMPLE) > FEW, "a batch and single texts must both be tried"
    for texts in (SAMPLE, SAMPLE[:3]):
        for ours, theirs in (
            (compiled.queries(texts), reference.queries(texts)),
            (compiled.passages(texts), reference.passages(texts)),
        ):
            assert ours.shape == (len(texts), 384)
            assert ours.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
            assert float(np.sum(ours * theirs, axis=1).min()) >= AGREEMENT
    questions, passages = compiled.queries(SAMPLE[:2]), compiled.passages(SAMPLE[:2])
    assert float(np.sum(questions * passages, axis=1).max()) < 0.99, "questions and passages have prompts of their own"


def test_questions_of_every_length_agree_with_a_batch(compiled: Encoder) -> None:
    """Short ones go through models of a fixed width each, long ones and batches through others."""
    texts = ["colour " * length for length in range(1, max(WIDTHS) + 8)]
    together, alone = compiled.queries(texts), np.concatenate([compiled.queries([text]) for text in texts])
    assert float(np.sum(together * alone, axis=1).min()) >= AGREEMENT
    assert len(np.unique(np.argmax(alone @ together.T, axis=1))) > len(texts) // 2, "they do differ"


def test_batches_keep_the_order_of_the_texts(compiled: Encoder) -> None:
    """Texts are sorted by length on the way; each must get the vector that it gets alone."""
    texts = [f"{n} {'word ' * (37 * n % 61)}" for n in range(60)]
    together = compiled.passages(texts)
    for n in (0, 7, 31, 59):
        assert int(np.argmax(together @ compiled.passages([texts[n]])[0])) == n
        assert float(together[n] @ compiled.passages([texts[n]])[0]) >= AGREEMENT


def test_nothing_gives_nothing(compiled: Encoder, reference: SentenceTransformerEncoder) -> None:
    for encoder in (compiled, reference, CachedEncoder(compiled)):
        assert encoder.queries([]).shape == (0, 384)
        assert encoder.passages([]).shape == (0, 384)


def test_odd_texts_are_no_error(compiled: Encoder, reference: SentenceTransformerEncoder) -> None:
    odd = ["\ud800 lone", "nul \x00 byte", "x" * 100_000, "\u202e right to left", "\n" * 1000]
    assert clean("\ud800 lone") == "? lone"
    assert np.isfinite(compiled.queries(odd)).all()
    assert float(np.sum(compiled.queries(odd) * reference.queries(odd), axis=1).min()) >= AGREEMENT


def test_many_threads_get_what_one_gets(compiled: Encoder) -> None:
    expected = np.concatenate([compiled.queries([text]) for text in SAMPLE])
    wrong: list[int] = []

    def ask(first: int) -> None:
        for n in range(len(SAMPLE)):
            place = (n + first) % len(SAMPLE)
            if float(compiled.queries([SAMPLE[place]])[0] @ expected[place]) < 0.9999:
                wrong.append(place)

    def embed() -> None:
        vectors = compiled.passages(SAMPLE)
        if float(np.sum(vectors * passages, axis=1).min()) < 0.9999:
            wrong.append(-1)

    passages = compiled.passages(SAMPLE)
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    threads += [threading.Thread(target=embed) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---- in processes of their own


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [environment.pop("path", ""), str(ROOT)]))
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.usefixtures("compiled")  # so that it is compiled by now
def test_a_question_loads_neither_torch_nor_transformers() -> None:
    heavy = "torch transformers sentence_transformers huggingface_hub openvino_telemetry sklearn scipy"
    done = run(
        "import sys\nfrom index.encoder import CachedEncoder, open_encoder\n"
        "encoder = CachedEncoder(open_encoder())\nassert encoder.queries(['a question']).shape == (1, 384)\n"
        f"print([name for name in '{heavy}'.split() if sys.modules.get(name)])"
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


@pytest.mark.usefixtures("compiled")
def test_a_process_that_embedded_ends_cleanly() -> None:
    """Compiled models own threads, which must not outlive the interpreter's own parts."""
    code = "from index.encoder import open_encoder\ne = open_encoder()\ne.passages([f'text {n}' for n in range(200)])"
    assert (run(code).returncode, run(code).returncode) == (0, 0)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "weights").write_bytes(packed())
    folder = tmp_path / "tiny-model"
    folder.mkdir()
    write_checkpoint(tmp_path / "weights", folder)
    return folder


TEXTS = "['ab', 'query abc', '', 'hello world', 'x y z', 'k', 'lm', 'no', 'pq', 'rs tuv']"
OPEN = (
    "import sys\nfrom index.encoder import open_encoder\nencoder = open_encoder({model!r})\n"
    f"vectors = encoder.queries({TEXTS}), encoder.passages({TEXTS})\n"
    "print(type(encoder).__name__, encoder.fingerprint, [v.shape for v in vectors])"
)


@pytest.mark.slow
def test_a_model_in_a_folder(tiny: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    done = run(OPEN.format(model=str(tiny)), BACKISSUES_CACHE=cache)
    name, fingerprint, shapes = done.stdout.strip().split(" ", 2)
    assert (name, shapes) == ("CompiledEncoder", "[(10, 64), (10, 64)]"), done.stderr
    assert fingerprint.startswith("tiny-model@")
    assert done.stderr.count("once") == 1
    again = run(OPEN.format(model=str(tiny)), BACKISSUES_CACHE=cache)
    assert (again.stdout, again.stderr) == (done.stdout, ""), "compiled once"


@pytest.mark.slow
def test_a_model_that_counts_places_by_token_ids(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """XLM-RoBERTa derives positions from the ids, so that its compiled form takes them beside the vectors."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaModel

    monkeypatch.setenv("BACKISSUES_CACHE", str(tmp_path / "cache"))
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=40,
        pad_token_id=tokenizer.pad_token_id,
    )
    bare = tmp_path / "bare"
    XLMRobertaModel(config).save_pretrained(bare)
    tokenizer.save_pretrained(bare)
    steps = Transformer(str(bare), max_seq_length=32)
    SentenceTransformer(modules=[steps, Pooling(steps.get_embedding_dimension())]).save(str(tmp_path / "other"))
    checkpoint = named_checkpoint(str(tmp_path / "other"))
    compiled = CompiledEncoder.open(checkpoint)
    assert (compiled_folder(checkpoint) / TABLE).exists()
    ours, theirs = compiled.passages(SAMPLE), SentenceTransformerEncoder(checkpoint).passages(SAMPLE)
    assert float(np.sum(ours * theirs, axis=1).min()) >= AGREEMENT


def test_changed_weights_or_prompts_are_another_model(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKISSUES_CACHE", str(tmp_path / "cache"))
    first = named_checkpoint(str(tiny)).fingerprint
    assert named_checkpoint(str(tiny)).fingerprint == first
    settings = tiny / "config_sentence_transformers.json"
    whole = settings.read_text()
    settings.write_text(whole.replace("query: ", "question: "))
    prompted = named_checkpoint(str(tiny)).fingerprint
    settings.write_text(whole)
    (tmp_path / "other").write_bytes(packed(1))
    other = tmp_path / "tiny-model-2"
    other.mkdir()
    write_checkpoint(tmp_path / "other", other)
    assert len({first, prompted, named_checkpoint(str(other)).fingerprint.replace("tiny-model-2", "tiny-model")}) == 3
    assert named_checkpoint(str(tiny)).fingerprint == first


@pytest.mark.slow
def test_without_openvino_it_falls_back_and_says_so_once(tmp_path: Path) -> None:
    path = package(tmp_path / "package", packed())
    code = "import sys\nsys.modules['openvino'] = None\n" + OPEN.format(model=None) + "\nopen_encoder()"
    done = run(code, path=str(path), BACKISSUES_CACHE=str(tmp_path / "cache"))
    assert done.stdout.startswith("SentenceTransformerEncoder multilingual-e5-small@"), done.stderr
    assert done.stderr.count("OpenVINO is not installed") == 1
    assert len(done.stderr.splitlines()) == 2, "the unpacking and the notice, nothing else"


@pytest.mark.slow
def test_what_cannot_be_compiled_falls_back_and_is_not_tried_again(tiny: Path, tmp_path: Path) -> None:
    """A model of word vectors alone takes no mask and no batch of token ids."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tiny / "tokenizer.json"))
    words = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=64)], device="cpu")
    words.save(str(tmp_path / "words"))
    cache = str(tmp_path / "cache")
    done = run(OPEN.format(model=str(tmp_path / "words")), BACKISSUES_CACHE=cache)
    assert done.stdout.startswith("SentenceTransformerEncoder words@"), done.stderr
    assert done.stderr.count("cannot be compiled") == 1
    again = run(OPEN.format(model=str(tmp_path / "words")), BACKISSUES_CACHE=cache)
    assert again.stdout == done.stdout
    assert "(once)" not in again.stderr, "the conversion was tried again"
    assert again.stderr.count("cannot be compiled") == 1


def test_unknown_models_are_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKISSUES_CACHE", str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailable, match="holds no weights"):
        open_encoder(str(tmp_path / "empty"))
    for name in ("somebody/no-such-model", "not a name at all", ""):
        with pytest.raises(ModelUnavailable):
            open_encoder(name)


# ---- the cache of query vectors


class Counting(WordEncoder):
    """Remembers which questions reached it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def queries(self, texts: Sequence[str]) -> FloatArray:
        self.asked.extend(texts)
        return super().queries(texts)


def test_repeated_questions_are_encoded_once() -> None:
    inner = Counting()
    cached = CachedEncoder(inner)
    first = cached.queries(["red house", "blue", "red house"])
    np.testing.assert_array_equal(first, WordEncoder().queries(["red house", "blue", "red house"]))
    np.testing.assert_array_equal(cached.queries(["blue", "green"]), WordEncoder().queries(["blue", "green"]))
    assert inner.asked == ["red house", "blue", "green"]
    assert (cached.fingerprint, cached.dimensions) == (inner.fingerprint, inner.dimensions)


def test_what_callers_do_to_their_vectors_stays_with_them() -> None:
    cached = CachedEncoder(Counting())
    for _ in range(2):
        vectors = cached.queries(["blue"])
        np.testing.assert_array_equal(vectors, WordEncoder().queries(["blue"]))
        vectors[:] = 0


def test_the_cache_is_bounded_and_forgets_the_least_recently_used() -> None:
    inner = Counting()
    cached = CachedEncoder(inner, size=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        cached.queries([text])
    assert inner.asked == ["a", "b", "c", "b"]
    assert len(cached._vectors) == 2
    many = [str(n) for n in range(10)]
    np.testing.assert_array_equal(cached.queries(many), WordEncoder().queries(many))
    assert len(cached._vectors) == 2


def test_the_cache_serves_many_threads() -> None:
    cached = CachedEncoder(Counting(), size=5)
    expected = {str(n): WordEncoder().queries([str(n)])[0] for n in range(12)}
    wrong: list[str] = []

    def ask() -> None:
        for n in range(300):
            text = str(n * 7 % 12)
            if not np.array_equal(cached.queries([text])[0], expected[text]):
                wrong.append(text)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(cached._vectors) == 5
