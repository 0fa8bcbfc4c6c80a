"""The query language: what a typed text is read as."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Filters
from search.errors import BadQuery
from search.query import MAX_CHARACTERS, merge, understand


@pytest.mark.parametrize(
    "text",
    [
        "zero-shot segmentation",
        "3D point clouds",
        "GPT-4 and self-supervised learning",
        "state-of-the-art",
        "a - b",
        "10:30 in the morning",
        "C++",
        "what is 注意力?",
    ],
)
def test_ordinary_text_stays_words(text: str) -> None:
    read = understand(text)
    assert (read.words, read.filters, read.chips, read.target) == (text, Filters(), (), None)


@pytest.mark.parametrize(
    ("text", "words", "filters"),
    [
        ('good "dog house" walk', "good dog house walk", Filters(phrases=("dog house",))),
        ("“smart quotes” here", "smart quotes here", Filters(phrases=("smart quotes",))),
        ('关于"注意力"的论文', "关于 注意力 的论文", Filters(phrases=("注意力",))),
        ("transformer -video", "transformer", Filters(excluded=("video",))),
        ('-"image synthesis" gan', "gan", Filters(excluded=("image synthesis",))),
        ("－视频 注意力", "注意力", Filters(excluded=("视频",))),
        ("issue:21 bees", "bees", Filters(issues=(21,))),
        ("issue：21,23 bees", "bees", Filters(issues=(21, 23))),
        ("issue:21-24", "", Filters(issues=(21, 22, 23, 24))),
        ("issue 41", "", Filters(issues=(41,))),
        ("第41期", "", Filters(issues=(41,))),
        ("#41", "", Filters(issues=(41,))),
        ('section:"Use cases",papers x', "x", Filters(sections=("Use cases", "papers"))),
        ("site:https://www.arXiv.org/abs bees", "bees", Filters(hosts=("arxiv.org",))),
        ("kind:Paper,code", "", Filters(kinds=("paper", "code"))),
        ("year:2020-2021", "", Filters(years=(2020, 2021))),
        ("after:2021-03 before:2021-07-15", "", Filters(after=dt.date(2021, 3, 1), before=dt.date(2021, 7, 15))),
        ("author:Hinton lang:JA", "", Filters(authors=("Hinton",), languages=("ja",))),
        ("-kind:Paper bees", "bees", Filters(excluding=(Filters(kinds=("paper",)),))),
        (
            '-section:"Use cases",papers －year：2020-2021',
            "",
            Filters(
                excluding=(
                    Filters(sections=("Use cases",)),
                    Filters(sections=("papers",)),
                    Filters(years=(2020, 2021)),
                )
            ),
        ),
    ],
)
def test_operators(text: str, words: str, filters: Filters) -> None:
    read = understand(text)
    assert (read.words, read.filters, read.hints) == (words, filters, ())


def test_chips_can_be_taken_out_one_by_one() -> None:
    read = understand('bees kind:paper,code -video "deep sea"')
    assert [(chip.field, chip.value, chip.without) for chip in read.chips] == [
        ("kind", "paper", 'bees kind:code -video "deep sea"'),
        ("kind", "code", 'bees kind:paper -video "deep sea"'),
        ("not", "video", 'bees kind:paper,code "deep sea"'),
        ("phrase", "deep sea", "bees kind:paper,code -video"),
    ]
    assert [(chip.field, chip.value, chip.without) for chip in understand("bees -kind:paper,code").chips] == [
        ("-kind", "paper", "bees -kind:code"),
        ("-kind", "code", "bees -kind:paper"),
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("colour:red", "There is no field “colour”; it is searched as a word."),
        ('an "open end', "A quotation mark is not closed; the words after it are searched as words."),
        (
            "before:yesterday",
            "“before:yesterday” needs a date such as before:2021, before:2021-07 or before:2021-07-15.",
        ),
        ("before:2021-13", "“before:2021-13” needs a date such as before:2021, before:2021-07 or before:2021-07-15."),
        ("issue:abc", "“issue:abc” needs a number such as issue:21."),
        ("issue:9-1", "“issue:9-1” is no range of at most 500."),
        ("-issue:abc", "“issue:abc” needs a number such as issue:21."),
        ("-author:?", "“-author:?” has no word in it."),
    ],
)
def test_what_is_not_understood_is_said(text: str, hint: str) -> None:
    read = understand(text)
    assert read.hints == (hint,)
    assert read.filters == Filters()
    assert read.words  # and searched as words


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        ("2104.06601", "arxiv:2104.06601", ""),
        ("arXiv:2104.06601v2", "arxiv:2104.06601", ""),
        ("https://arxiv.org/pdf/2104.06601v1.pdf", "arxiv:2104.06601", ""),
        ("hep-th/9901001", "arxiv:hep-th/9901001", ""),
        ("10.1145/3292500.3330701", "doi:10.1145/3292500.3330701", ""),
        ("https://www.example.org/a-story/?utm_source=x", "example.org/a-story", ""),
        ("www.example.org/a-story", "example.org/a-story", ""),
        ("https://github.com/owner/name and more", "github:owner/name", "and more"),
        ("arxiv.org/abs/2104.06601", "arxiv:2104.06601", ""),
        ("GitHub.com/owner/name", "github:owner/name", ""),
        ("math.GT/0309136", "arxiv:math/0309136", ""),
        ("news.example.co.uk/2021/a-story?id=3", "news.example.co.uk/2021/a-story?id=3", ""),
    ],
)
def test_a_pasted_link_or_id_is_a_target(text: str, target: str, words: str) -> None:
    read = understand(text)
    assert (read.target, read.words) == (target, words)
    assert read.chips[0].field == "link"


@pytest.mark.parametrize("text", ["2021.99999", "9999.1", "12.5/3", "and/or", "example.org", "see example.org/a b"])
def test_a_number_is_no_paper(text: str) -> None:
    assert understand(text).target is None


def test_a_long_text_is_a_passage() -> None:
    abstract = "We present a method that learns to see. " * 12
    read = understand(abstract)
    assert read.passage
    assert read.words == abstract.strip()
    assert not understand("a question with conditions kind:paper " + "and words " * 40).passage
    assert understand("我们提出了一种新的方法用来识别图像中的物体" * 6).passage  # 120 characters, as much as 40 words


def test_control_characters_go_and_length_is_limited() -> None:
    assert understand("be\x00es\u200b \x1b[31mred\ud800").words == "bees [31mred"
    assert understand("x" * MAX_CHARACTERS).words
    with pytest.raises(BadQuery, match="10,001 characters"):
        understand("x" * (MAX_CHARACTERS + 1))


@pytest.mark.parametrize("text", ["", "   ", "\n", "???", '""', "-", '"', "—"])
def test_nothing_asked(text: str) -> None:
    read = understand(text)
    assert (read.words, read.filters) == ("", Filters())


def test_conditions_from_both_sides_join() -> None:
    query = Filters(kinds=("paper",), after=dt.date(2021, 1, 1), excluded=("a",))
    beside = Filters(kinds=("code", "paper"), after=dt.date(2021, 2, 1), before=dt.date(2022, 1, 1))
    assert merge(query, beside) == Filters(
        kinds=("paper", "code"), after=dt.date(2021, 2, 1), before=dt.date(2022, 1, 1), excluded=("a",)
    )


@given(st.text(max_size=200))
def test_any_text_is_understood_and_chips_shrink_it(text: str) -> None:
    read = understand(text)
    for chip in read.chips:
        assert len(chip.without) <= len(read.text) + 2  # quotation marks may be put around a value
        assert len(understand(chip.without).chips) <= len(read.chips)


@given(st.lists(st.sampled_from(['"', "-", "issue:", "kind:a", "2104.06601", "https://a.bc/d", "：", " ", "词", "x"])))
def test_operators_in_any_order_are_understood(parts: list[str]) -> None:
    read = understand("".join(parts))
    assert all(chip.value for chip in read.chips)
