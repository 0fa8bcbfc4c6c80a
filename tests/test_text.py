"""The analyser: which words a text consists of, and where they stand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text import phrase, split, stem, streams, tokens, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Learning to segment images", ["learn", "to", "segment", "imag"]),
        ("GPT-3", ["gpt3", "gpt", "3"]),
        ("GPT3", ["gpt3", "gpt", "3"]),
        ("gpt 3", ["gpt", "3"]),
        ("U-Net", ["unet", "u", "net"]),
        ("R-Drop", ["rdrop", "r", "drop"]),
        ("COVID-19", ["covid19", "covid", "19"]),
        ("StyleGAN2", ["stylegan2", "stylegan", "2"]),
        ("3D点云", ["3d", "3", "d", "点云"]),
        ("zero‐shot", ["zeroshot", "zero", "shot"]),  # U+2010
        ("GPT-3.5-turbo", ["gpt3.5turbo", "gpt", "3.5", "turbo"]),
        ("1,000 or 0.25", ["1000", "or", "0.25"]),
        ("2019-20", ["2019-20", "2019", "20"]),
        ("AT&T", ["at&t", "at", "t"]),
        ("C++ and F#, not C", ["c++", "and", "f#", "not", "c"]),
        ("Google's and OpenAI’s", ["googl", "and", "openai"]),
        ("don't", ["dont", "don", "t"]),
        ("node.js. Then", ["node.js", "node", "js", "then"]),
        ("A sentence.Another", ["a", "sentenc", "anoth"]),
        ("snake_case", ["snakecase", "snake", "case"]),
        ("ＧＰＴ－３", ["gpt3", "gpt", "3"]),  # full width
        ("café Müller naïve", ["cafe", "muller", "naiv"]),
        ("cafe\u0301", ["cafe"]),  # the accent as a character of its own
        ("straße STRASSE", ["strass", "strass"]),
        ("Ёлка й", ["ёлка", "й"]),  # not an accent but another letter
        ("ﬁnal ①", ["final", "1"]),
        ("深度学习", ["深度", "度学", "学习"]),
        ("図", ["図"]),
        ("ﾊﾞｯﾁ", ["バッ", "ッチ"]),  # half width
        ("がく", ["がく"]),
        ("機械学習・モデル", ["機械", "械学", "学習", "モデ", "デル"]),
        ("한국어", ["한국", "국어"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("a3f8e1c9d2", ["a3f8e1c9d2"]),  # a code, not words
        ("", []),
        (" \t…—!", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_words_are_consecutive_and_not_stemmed() -> None:
    assert words("Learning with GPT-3 の学習 works") == ["learning", "with", "gpt", "3", "の学", "学習", "習", "works"]
    assert streams("Learning with GPT-3 and U-Nets")[1] == ["gpt3", "unets"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zero-shot learning", (["zero", "shot", "learning"], False)),
        ("深度学习", (["深度", "度学", "学习"], False)),
        ("学", (["学"], True)),
        ("model 学", (["model", "学"], True)),
        ("学习 model", (["学习", "习", "model"], False)),
        ("3D点云", (["3", "d", "点云"], False)),
        ("", ([], False)),
        ("—", ([], False)),
    ],
)
def test_phrases(text: str, expected: tuple[list[str], bool]) -> None:
    assert phrase(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See GPT-3!", ["See", "GPT-3", "GPT", "3"]),
        ("Ｓｅｅ ＧＰＴ", ["Ｓｅｅ", "ＧＰＴ"]),
        ("ﾊﾞｯﾁ", ["ﾊﾞｯ", "ｯﾁ"]),
        ("¼ done", ["¼", "¼", "done"]),
        ("Google's 学习法", ["Google", "学习", "习法"]),
        ("cafe\u0301s", ["cafe\u0301s"]),
        ("1,000", ["1,000"]),
    ],
)
def test_places_are_offsets_into_the_text_as_given(text: str, expected: list[str]) -> None:
    assert [text[token.start : token.end] for token in split(text)] == expected


def test_endings_of_english_words_go() -> None:
    assert {stem(word) for word in ("segment", "segments", "segmented", "segmenting")} == {"segment"}
    assert stem("été") == "été"
    assert stem("ai") == "ai"


@given(st.text())
def test_any_text_has_places_in_order(text: str) -> None:
    found = split(text)
    assert all(0 <= token.start < token.end <= len(text) for token in found)
    assert all(before.start <= after.start for before, after in itertools.pairwise(found))
    assert all(token.text and not token.text.isspace() for token in found)
    assert all(" " not in word for word in words(text))


@given(st.text())
def test_ranking_and_indexing_see_the_same_text(text: str) -> None:
    linear, names = streams(text)
    assert {stem(word) for word in linear if len(word) > 1} | set(names) >= {
        token for token in tokens(text) if len(token) > 1
    }


@given(st.text(st.sampled_from("aB3-_.,'& 深度学のカ゛é")), st.text(st.sampled_from("aB 深学の")))
def test_a_phrase_cut_from_a_text_is_found_in_it(before: str, after: str) -> None:
    """The words of a piece stand one after the other in the words of the whole, when it is cut between words."""
    piece = "zero-shot 学習する"
    looked_for, beginning = phrase(piece)
    held = words(f"{before} {piece}{after}")
    matches = [
        start for start in range(len(held) - len(looked_for) + 1) if held[start : start + len(looked_for)] == looked_for
    ]
    assert matches
    assert not beginning


@given(st.text())
def test_the_words_of_a_text_do_not_depend_on_case_or_width(text: str) -> None:
    joined = " ".join(words(text))
    assert words(joined) == words(joined.upper()) or joined.upper().casefold() != joined


def test_long_texts_come_apart_whole() -> None:
    assert words("a-" * 50_000) == ["a"] * 50_000
    assert len(words("学" * 100_000)) == 100_000
    assert words("1," * 50_000) == ["1"] * 50_000
