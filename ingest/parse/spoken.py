"""What running text presents: which of its links is the one it is about, and what to call it."""

import re
from collections.abc import Sequence

from .context import Context, Link, width
from .lines import EDGE, first_sentence, last_break, squeeze

# Articles and question words, in the languages most newsletters use: what they open is a name or topic of its own.
_NAMING = """
a an the this these how why what when where who un une le la les des ce cette comment pourquoi ein eine einen der die
das wie warum was el los las uno una cómo qué o os as um uma como il lo gli i perché een het de hoe waarom
"""
_OPENS_NAME = frozenset(_NAMING.split())
_WORD = re.compile(r"\w")


def main_link(links: Sequence[Link], text: str, context: Context) -> Link | None:
    """The link that running text presents: its first telling one, unless that is an aside.

    An aside stands in brackets, or is a word or two ("the maker", "a term") in the sentence of a link that says much
    more. None if no label tells anything.
    """
    telling = [link for link in links if not context.generic(link.label) and link.label.strip()]
    if not telling:
        return None
    first = telling[0]
    if width(text[: first.start].strip(EDGE)) <= 6 or first.strong:
        return first
    end = first.start + len(first_sentence(text[first.start :]))
    near = [link for link in telling if link.start < end]
    outside = [link for link in near if not _in_brackets(text[: link.start])]
    if not outside:
        return first
    said = width(outside[0].label.strip())
    return next((link for link in outside[1:] if width(link.label.strip()) >= max(20, 2 * said)), outside[0])


def _in_brackets(before: str) -> bool:
    return any(before.count(opening) > before.count(closing) for opening, closing in ("()", "（）", "[]"))


def spoken_title(label: str, link: Link, text: str) -> str:
    """A title for running text that links some of its words: the words, or, if they are only a piece of a sentence
    ("added support"), the sentence."""
    before = text[: link.start]
    if not label[:1].islower() or not _WORD.search(before):
        return label
    if width(label) >= 16 and label.partition(" ")[0] in _OPENS_NAME:
        return label
    start = last_break(before)
    sentence = squeeze(first_sentence(text[start:])) if link.end <= start + len(first_sentence(text[start:])) else ""
    sentence = sentence.strip(EDGE).rstrip("。.")
    if not sentence or width(sentence) <= width(label):
        return label
    return sentence if width(sentence) <= 160 else clipped(sentence, 160)


def clipped(text: str, size: int) -> str:
    """Text cut between words to about some width, with the mark of an omission."""
    if width(text) <= size:
        return text
    cut = text[:size]
    while width(cut) > size:
        cut = cut[: len(cut) * 9 // 10]
    return (cut.rpartition(" ")[0] or cut).rstrip(EDGE) + "…"
