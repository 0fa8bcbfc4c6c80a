"""What running text presents: which of its links is the one it is about, and what to call it."""

import re
from collections.abc import Sequence

from ..links import is_profile
from .context import Context, Link, width
from .lines import EDGE, first_sentence, last_break, squeeze

# Articles and question words, in the languages most newsletters use: what they open is a name or topic of its own.
_NAMING = """
a an the this these how why what when where who un une le la les des ce cette comment pourquoi ein eine einen der die
das wie warum was el los las uno una cómo qué o os as um uma como il lo gli i perché een het de hoe waarom
"""
_OPENS_NAME = frozenset(_NAMING.split())
_FRONT = re.compile(r"(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:(?:index|home|about)[\w.-]*(?:/.*)?)?", re.IGNORECASE)
_WORD = re.compile(r"\w")
_QUOTES = ("“", "„", "«", '"', "「", "『", "《")


def main_link(links: Sequence[Link], text: str, context: Context) -> Link | None:
    """The link that running text presents: its first telling one, unless that is an aside.

    An aside stands in brackets, leads to somebody's own place rather than to something they made, or is a word or two
    ("a term") in the sentence of a link that says much more. None if no label tells anything.
    """
    telling = [link for link in links if not context.generic(link.label) and link.label.strip()]
    if not telling:
        return None
    first = telling[0]
    leads = width(text[: first.start].strip(EDGE)) <= 6
    described = text[first.end :].lstrip()[:1] in ("-", "–", "—", ":", "：")
    if (leads and not (is_whose(first) or (_is_front(first) and not described))) or (
        first.strong and not is_profile(first.key)
    ):
        return first
    end = first.start + len(first_sentence(text[first.start :]))
    near = [link for link in telling if link.start < end]
    outside = [link for link in near if not in_brackets(text[: link.start])]
    made = [link for link in outside if not (is_whose(link) or _is_front(link))]
    if leads:
        named = made and (is_profile(first.key) or _says_more(made[0], first) or made[0].label[:1] in _QUOTES)
        return made[0] if named else first
    outside = made or outside
    if not outside:
        return first
    return next((link for link in outside[1:] if _says_more(link, outside[0])), outside[0])


def _says_more(link: Link, other: Link) -> bool:
    return width(link.label.strip()) >= max(20, 2 * width(other.label.strip()))


def is_whose(link: Link) -> bool:
    """Whether a link leads to a person, or to a page about somebody: a profile, an encyclopedia."""
    return is_profile(link.key) or link.key.partition("/")[0].endswith("wikipedia.org")


def telling_first(links: Sequence[Link]) -> Link:
    """The first link, or, if that only leads to the front page of a house, the first that says much more."""
    if not _is_front(links[0]):
        return links[0]
    return next((link for link in links[1:] if _says_more(link, links[0])), links[0])


def _is_front(link: Link) -> bool:
    host, _, path = link.key.partition("/")
    return ":" not in host and _FRONT.fullmatch(path) is not None


def in_brackets(before: str) -> bool:
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
