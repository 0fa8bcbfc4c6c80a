"""The parser on documents nobody would write: it may refuse them, never fail, and never take long."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.types import Document
from ingest.parse.document import NotAnIssue, parse

PIECES = (
    "# ", "## ", "* ", "1. ", "1、", "> ", "---\n", "\n", "\n\n", "    ", "**", "*", "_", "[", "]", "(", ")", "](",
    "![](", "[](https://a.example/x) [## ", "https://arxiv.org/abs/2104.06601", "www.example.org", "【", "】",
    "[2104.06601]", "<table>", "<tr>", "<td>", "</td></tr></table>", "<a href='https://b.example/y'>", "</a>",
    "<div>", "</div>", "<br>", "<!--", "-->", "|a|b|\n|-|-|\n", "|[x](https://c.example)|y|\n", "`", "```\n",
    "&#xD800;", "&nbsp;", "零镜头", "words ", "[1] ", "[1]: https://d.example\n", "T21", "\u200b", "\ufeff", "\x00",
    "---\ntitle: x\n---\n", "#3 ", "2021-13-45 ",
)  # fmt: skip


def survives(raw: bytes, name: str = "issue.md") -> Document | None:
    """The document, or None when refused with a reason; anything else is an error of the test."""
    reason = ""
    try:
        document = parse(raw, name)
    except NotAnIssue as refusal:
        reason = str(refusal)
    if reason:
        return None
    assert document.items
    assert [item.position for item in document.items] == list(range(1, len(document.items) + 1))
    assert all(item.title.strip() for item in document.items)
    keys = [item.key for item in document.items if item.key]
    assert len(keys) == len(set(keys))
    return document


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=600), st.sampled_from(["a.md", "a.html", "a", "https://news.example/1"]))
def test_any_bytes(raw: bytes, name: str) -> None:
    survives(raw, name)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.sampled_from(["a.md", "a.html"]))
def test_any_markup(pieces: list[str], name: str) -> None:
    survives("".join(pieces).encode("utf-8", "replace"), name)


@pytest.mark.parametrize(
    "piece",
    [
        "> ",
        "* ",
        "<div>",
        "<table><tr><td>",
        "[",
        "**a ",
        "<a href=x>",
        "<ul><li>",
        "![[",
        "<b><i>",
        "[](https://a.b/c) [## x\n\n",
    ],
)
@pytest.mark.parametrize("name", ["a.md", "a.html"])
def test_deep_nesting(piece: str, name: str) -> None:
    text = piece * 20_000 + "\n\n# A heading\n\n* [title](https://a.example/b) and what it says\n"
    survives(text.encode(), name)


SHAPES = {
    "list": "* [Title {n}](https://a.example/{n}) with a description that goes on for a while.\n",
    "headings": "## Title {n}\n\nA description of what it is.\n\n[Read more](https://a.example/{n})\n\n",
    "table": "| **Title {n}** - a description | [Paper](https://a.example/{n}) |\n",
    "paragraph": "word {n} [link](https://a.example/{n}) and so on, ",
    "cards": "[](https://a.example/{n}) [## Title {n}\n\n### Text\n\na.example](https://a.example/{n}) \n\n",
    "titles": "[**Title {n}**](https://a.example/{n})\n\nSome words about it.\n\n",
    "bold": "**Title {n}**\n\nSome words [about](https://a.example/{n}) it.\n\n",
    "references": "A paragraph that says something with a number. [{n}]\n\n",
    "addresses": "https://a.example/{n}((( ",
    "stars": "* * ** _ a*b ** ",
}


@pytest.mark.slow
@pytest.mark.timeout(90)  # a step that is quadratic in the document takes minutes here
@pytest.mark.parametrize("shape", list(SHAPES))
def test_a_large_document_of_one_shape_comes_to_an_end(shape: str) -> None:
    unit = SHAPES[shape]
    head = "# News 5\n\n" + ("| a | b |\n|-|-|\n" if shape == "table" else "")
    count = 400_000 // len(unit)
    tail = "".join(f"[{n}] https://a.example/{n}\n" for n in range(1, 100)) if shape == "references" else ""
    document = survives((head + "".join(unit.format(n=n) for n in range(count)) + tail).encode())
    if shape in ("list", "headings", "table", "cards", "titles", "bold"):
        assert document is not None
        assert len(document.items) == count


def test_shuffled_lines_of_the_small_documents() -> None:
    rng = random.Random(7)
    for path in sorted((Path(__file__).parent / "issues").glob("*.md")):
        lines = path.read_text("utf-8").split("\n")
        for _ in range(20):
            rng.shuffle(lines)
            survives("\n".join(lines).encode())
