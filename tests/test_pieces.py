"""The tokenizer with its pieces on disk gives the ids of `tokenizers`, whatever the text and the vocabulary."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from index.encoder import load_reference
from index.packaged_model import packaged_checkpoint
from index.pieces import SETTINGS, TRIE, UNCUT, WHOLE, PieceTokenizer, load_tokenizer, load_whole, write_pieces

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
TOKENS = 512


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged model's tokenizer, written both ways."""
    made = tmp_path_factory.mktemp("packaged")
    (made / WHOLE).write_bytes((packaged_checkpoint().path / WHOLE).read_bytes())
    assert write_pieces(made, ["a sample"])
    return made


@pytest.fixture(scope="module")
def whole(folder: Path) -> Tokenizer:
    loaded = Tokenizer.from_file(str(folder / WHOLE))
    loaded.no_padding()
    loaded.enable_truncation(TOKENS)
    return loaded


@pytest.fixture(scope="module")
def pieces(folder: Path) -> PieceTokenizer:
    loaded = load_tokenizer(folder, TOKENS)
    assert isinstance(loaded, PieceTokenizer)
    return loaded


def differing(pieces: PieceTokenizer, whole: Tokenizer, texts: Sequence[str]) -> list[str]:
    """The texts that get other ids, compared a thousand at a time."""
    found: list[str] = []
    for first in range(0, len(texts), 1000):
        some = texts[first : first + 1000]
        expected = [encoding.ids for encoding in whole.encode_batch(list(some))]
        found += [text for text, ours, theirs in zip(some, pieces(some), expected, strict=True) if ours != theirs]
    return found


ODD = {
    "empty": "",
    "blank": " \t\n　 ",
    "many blanks": " " * 1000,
    "lines": "\n" * 1000,
    "controls": "a\x00b\x01c\x7fd\x85e\r\nf",
    "noncharacters": "\ufdd0 a\ufdd1b \ufffe\uffff",
    "invisible": "zero\u200bwidth\u200d and\u00a0no\ufeff break\u2060",
    "right to left": "\u202eabc\u202c العربية ﷺ مُحَمَّد עִבְרִית",
    "joined emoji": "👨‍👩‍👧 🏳️‍🌈 👍🏽 🇯🇵 1️⃣",
    "jamo": "\u1112\u1161\u11ab\u1100\u1173\u11af 한글 ㅋㅋ ﾡ",
    "half width": "ｶﾞｽ ﾊﾟﾝ ﾌﾟ",
    "full width": "ＡＢＣ　１２３～（テスト）！？",
    "thai": "ภาษาไทยไม่มีช่องว่างระหว่างคำ น้ำ",
    "combining": "e\u0301 a\u0323\u0302 q\u0307\u0323 \u0301 Z̸̡̢̛͎͔a̷l̵g̶o",
    "ligatures": "ﬁne ﬀ ½ ①②Ⅳ㍿ H₂O x² ™ ℌ 𝔘𝔫𝔦 ǅ ß ẞ İ",
    "spaced by the model's own sign": "▁a ▁ ▁▁b",
    "special": "<s>a</s> <pad><unk> <mask> < s> <s",
    "address": "https://example.org/a/b?c=d&e=%20f#g",
    "code": "def f(x):\n\treturn {'a': [x**2 for _ in range(10)]}",
    "devanagari": "क्षत्रिय ज़ फ़ ड़ श्री",
    "unassigned": "\u0378 \U000e01ef \U0010ffff \ue000",
    "long": "The camera follows the hand, 画像を領域に分ける手法。" * 300,
    "long without a space": "摄像头会记住你拿了什么，离开时自动结账。" * 400,
    "one long word": "x" * 30_000,
    "unknown throughout": "\U0001f9ff\U0001fae8\u2c5f" * 400,
    "accents throughout": "\u0301" * 2000,
}


@pytest.mark.parametrize("prompt", ["", "query: ", "passage: "])
def test_odd_texts(pieces: PieceTokenizer, whole: Tokenizer, prompt: str) -> None:
    texts = [prompt + text for text in ODD.values()]
    expected = dict(zip(ODD, (encoding.ids for encoding in whole.encode_batch(texts)), strict=True))
    assert dict(zip(ODD, pieces(texts), strict=True)) == expected
    assert len(expected["long"]) == len(expected["one long word"]) == TOKENS, "these are to be cut"
    assert 3 in expected["unassigned"], "unknown characters are to be met"


def test_texts_about_as_long_as_the_model_reads(pieces: PieceTokenizer, whole: Tokenizer) -> None:
    texts = [unit * times for unit in ("word ", "猫", "𝔘q \u2c5f", "<s>") for times in range(TOKENS - 8, TOKENS + 8)]
    assert differing(pieces, whole, texts) == []


@pytest.mark.slow
def test_every_character(pieces: PieceTokenizer, whole: Tokenizer) -> None:
    """All of the first two planes and some of each other, alone and between letters."""
    points = [*range(0xD800), *range(0xE000, 0x20000), *range(0x20000, 0x110000, 397)]
    assert differing(pieces, whole, [chr(point) for point in points]) == []
    assert differing(pieces, whole, [f"a{chr(point)}b {chr(point)}{chr(point)} c" for point in points]) == []


SCRIPTS = [
    *[(0x20, 0x7F), (0xA0, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xA00), (0xE00, 0xE80), (0x1100, 0x1200)],
    *[(0x1E00, 0x2100), (0x3000, 0x3100), (0x4E00, 0x9FFF), (0xAC00, 0xD7A4), (0xFB00, 0xFFF0), (0x1F300, 0x1FB00)],
    *[(0x300, 0x370), (0x0, 0x20), (0x2000, 0x2070)],
]
"""From and before which code points: letters, symbols and pictures, and once more what combines or is not seen."""


@pytest.mark.slow
def test_mixtures_of_scripts(pieces: PieceTokenizer, whole: Tokenizer) -> None:
    rng = random.Random(7)

    def characters() -> Iterator[str]:
        for _ in range(rng.randint(1, 30)):
            low, high = rng.choice(SCRIPTS)
            yield from (chr(rng.randrange(low, high)) for _ in range(rng.randint(1, 6)))

    texts = ["".join(characters()) for _ in range(20_000)]
    assert differing(pieces, whole, texts) == []


def test_the_sample_and_the_neutral_questions(pieces: PieceTokenizer, whole: Tokenizer) -> None:
    files = [*(ROOT / "ingest" / "sample").glob("*.md"), ROOT / "index" / "neutral_queries.txt", ROOT / "README.md"]
    texts = [path.read_text(encoding="utf-8") for path in files]
    lines = [f"passage: {line}" for text in texts for line in text.splitlines()]
    assert len(lines) > 1000
    assert differing(pieces, whole, [*texts, *lines]) == []


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real issues is not here")
def test_real_issues(pieces: PieceTokenizer, whole: Tokenizer) -> None:
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in CORPUS.rglob("*.md")]
    assert texts
    assert differing(pieces, whole, [*texts, *(line for text in texts for line in text.splitlines())]) == []


@pytest.mark.slow
def test_what_sentence_transformers_feeds_the_model(pieces: PieceTokenizer) -> None:
    """Through the reference's own door, prompts and cut included."""
    model = load_reference(packaged_checkpoint())
    for prompt in ("query: ", "passage: "):
        for name, text in ODD.items():
            fed = model.preprocess([text], prompt=prompt)
            assert pieces([prompt + text]) == [fed["input_ids"][0].tolist()], name


# ---- any vocabulary

ALPHABET = "abcé猫▁"
PIECES = st.dictionaries(
    st.text(ALPHABET, min_size=1, max_size=4), st.sampled_from([-1.0, -2.0, -2.5, -3.0, -7.0]), min_size=1, max_size=30
)


def unigram(vocabulary: dict[str, float], unknown: str = "<unk>") -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram([(unknown, 0.0), *vocabulary.items()], unk_id=0, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return tokenizer


def both(tokenizer: Tokenizer, folder: Path, texts: list[str], tokens: int = UNCUT) -> tuple[object, object]:
    """The ids from disk and from memory."""
    tokenizer.save(str(folder / WHOLE))
    assert write_pieces(folder, [])
    loaded = load_tokenizer(folder, tokens)
    assert isinstance(loaded, PieceTokenizer)
    if tokens != UNCUT:
        tokenizer.enable_truncation(tokens)
    return loaded(texts), [encoding.ids for encoding in tokenizer.encode_batch(texts)]


@settings(max_examples=300, deadline=None)
@given(vocabulary=PIECES, texts=st.lists(st.text(ALPHABET + "xy ", max_size=30), min_size=1, max_size=20))
def test_any_vocabulary(
    tmp_path_factory: pytest.TempPathFactory, vocabulary: dict[str, float], texts: list[str]
) -> None:
    """Few scores make many ways equally likely, so that the order in which they are tried shows."""
    ours, theirs = both(unigram(vocabulary | {"é": -2.0}), tmp_path_factory.mktemp("any"), texts)
    assert ours == theirs


def test_unknown_characters_in_a_row_are_one_token(tmp_path: Path) -> None:
    ours, theirs = both(unigram({"▁": -1.0, "a": -1.0}), tmp_path, ["axya", "xxx yy", "x"])
    assert ours == theirs == [[1, 2, 0, 2], [1, 0, 1, 0], [1, 0]]


@pytest.mark.parametrize(("least", "expected"), [(-11.9, [1, 2, 3]), (-12.1, [1, 4, 5, 0])])
def test_how_much_an_unknown_character_costs(tmp_path: Path, least: float, expected: list[int]) -> None:
    """Ten less than the least likely piece: two of those, or two likely ones and an unknown character."""
    vocabulary = {"▁": -1.0, "ab": least, "cd": least, "a": -1.0, "bc": -1.0}
    ours, theirs = both(unigram(vocabulary), tmp_path, ["abcd"])
    assert ours == theirs == [expected]


def test_unknown_characters_that_are_a_piece_together(tmp_path: Path) -> None:
    """With such scores the search prefers two unknown characters to a piece, and what it leaves over is that piece."""
    scores = [("<unk>", 40.0), ("▁", 40.0), ("xy", 30.0)]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=0, byte_fallback=False))
    ours, theirs = both(tokenizer, tmp_path, ["xy", "xyxy"])
    assert ours == theirs == [[2], [0]]


@pytest.mark.parametrize("normalized", [False, True])
def test_added_tokens_wherever_they_stand(tmp_path: Path, normalized: bool) -> None:
    tokenizer = unigram({"▁": -1.0, "a": -1.0, "b": -1.5, "[x]": -3.0})
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.add_special_tokens([AddedToken("<unk>"), AddedToken("[S]", normalized=normalized)])
    tokenizer.add_tokens([AddedToken("[X]", lstrip=True, normalized=normalized), AddedToken("ab", single_word=True)])
    texts = ["[S]a[X]b", "a [X] b", "[s] [x] ab aba", "<unk>", "a<unk>b", "AB ab", ""]
    ours, theirs = both(tokenizer, tmp_path, texts)
    assert ours == theirs


def test_special_tokens_around_and_the_cut(tmp_path: Path) -> None:
    tokenizer = unigram({"▁": -1.0, "a": -1.0, "<s>": 0.0, "</s>": 0.0})
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> <s> $A </s>", pair=None, special_tokens=[("<s>", 3), ("</s>", 4)]
    )
    tokenizer.enable_padding(length=20)  # a setting of the file, which the encoder does not want
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.save(str(tmp_path / WHOLE))
    assert write_pieces(tmp_path, ["a a"])
    texts = ["a a a a", "", "a"]
    expected = [[3, 3, 1, 2, 1, 4], [3, 3, 4], [3, 3, 1, 2, 4]]
    assert load_tokenizer(tmp_path, 6)(texts) == load_whole(tmp_path, 6)(texts) == expected


# ---- what is of another kind stays as it was


def other(kind: str) -> Tokenizer:
    if kind == "words":
        return Tokenizer(models.WordLevel({"a": 0, "<unk>": 1}, unk_token="<unk>"))
    if kind == "bytes":
        every = [(f"<0x{byte:02X}>", -9.0) for byte in range(256)]
        return Tokenizer(models.Unigram([("<unk>", 0.0), *every], unk_id=0, byte_fallback=True))
    return Tokenizer(models.Unigram([("a", -1.0), ("<unk>", 0.0)], unk_id=None, byte_fallback=False))


@pytest.mark.parametrize("kind", ["words", "bytes", "no unknown piece"])
def test_another_kind_of_tokenizer_is_used_whole(tmp_path: Path, kind: str) -> None:
    tokenizer = other(kind)
    tokenizer.save(str(tmp_path / WHOLE))
    assert not write_pieces(tmp_path, ["a"])
    assert [path.name for path in tmp_path.iterdir()] == [WHOLE]
    loaded = load_tokenizer(tmp_path, TOKENS)
    assert not isinstance(loaded, PieceTokenizer)
    assert loaded(["a", "a"]) == [tokenizer.encode("a").ids] * 2


def test_what_comes_after_a_text_must_be_the_same_for_all(tmp_path: Path) -> None:
    tokenizer = unigram({"▁": -1.0, "a": -1.0, "b": -1.0, "</s>": 0.0})
    twice = processors.TemplateProcessing(single="$A </s> $A", pair=None, special_tokens=[("</s>", 4)])
    tokenizer.post_processor = twice
    tokenizer.save(str(tmp_path / WHOLE))
    assert not write_pieces(tmp_path, [])
    assert load_tokenizer(tmp_path, TOKENS)(["b"]) == [[1, 3, 4, 1, 3]]


def test_one_whose_ids_would_differ_is_used_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if `tokenizers` thought otherwise of unknown characters than is known here."""
    unigram({"▁": -1.0, "ab": -1.0}).save(str(tmp_path / WHOLE))
    monkeypatch.setattr("index.pieces.UNKNOWN_PENALTY", -100.0)
    assert not write_pieces(tmp_path, ["abab"])
    assert not isinstance(load_tokenizer(tmp_path, TOKENS), PieceTokenizer)
    monkeypatch.undo()
    assert write_pieces(tmp_path, ["abab"])


RUN = """
import sys
{before}
from pathlib import Path
from index.pieces import load_tokenizer
import tokenizers
def pages():
    return int(Path("/proc/self/statm").read_text().split()[1])
start = pages()
tokenize = load_tokenizer(Path({folder!r}), 512)
ids = tokenize(["query: a shop without a cashier"])
print(type(tokenize).__name__, ids, (pages() - start) // 256)
"""


def run(folder: Path, before: str = "") -> tuple[str, str, int]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN.format(folder=str(folder), before=before)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    kind, rest = done.stdout.strip().split(" ", 1)
    ids, _, megabytes = rest.rpartition(" ")
    return kind, ids, int(megabytes)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells memory this way")
def test_it_takes_little_memory_and_without_the_trie_the_whole_one_is_used(folder: Path) -> None:
    kind, ids, megabytes = run(folder)
    whole_kind, whole_ids, whole_megabytes = run(folder, "sys.modules['marisa_trie'] = None")
    assert (kind, whole_kind) == ("PieceTokenizer", "function")
    assert ids == whole_ids
    assert megabytes < 20
    assert whole_megabytes > 100, "the other one should show in this measure"


def test_a_trie_that_cannot_be_read_is_done_without(tmp_path: Path) -> None:
    tokenizer = unigram({"▁": -1.0, "a": -1.0})
    tokenizer.save(str(tmp_path / WHOLE))
    assert write_pieces(tmp_path, ["a"])
    (tmp_path / TRIE).write_bytes(b"another format" * 100)
    loaded = load_tokenizer(tmp_path, TOKENS)
    assert not isinstance(loaded, PieceTokenizer)
    assert loaded(["a b"]) == [tokenizer.encode("a b").ids]


def test_threads_may_share_one(pieces: PieceTokenizer, whole: Tokenizer) -> None:
    """The trie, the cache of frequent words and the tokenizer in front are all shared."""
    texts = [f"{text} {n}" for n in range(30) for text in ODD.values() if len(text) < 1000]
    expected = [encoding.ids for encoding in whole.encode_batch(texts)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(pieces, [texts] * 8)) == [expected] * 8


def test_without_the_trie_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unigram({"▁": -1.0, "a": -1.0}).save(str(tmp_path / WHOLE))
    monkeypatch.setitem(sys.modules, "marisa_trie", None)
    assert not write_pieces(tmp_path, ["a"])
    assert not (tmp_path / SETTINGS).exists()
