"""Which text an item's vector is made of, and the words that a link's address holds."""

import re
from urllib.parse import unquote

from .types import Item, Paper

RECIPE = 2
"""Part of what an archive records about its vectors: a changed recipe embeds everything anew."""
ABSTRACT_LIMIT = 1200
"""Characters of a paper's abstract that are used: the model reads 512 tokens, and the newsletter's words come first."""

_WORD = re.compile(r"[^\W_]+")
_HEXADECIMAL = re.compile(r"[0-9a-f]{8,}")
_FILE = re.compile(r"\.(?:html?|php|aspx?|pdf|md)$", re.IGNORECASE)


def passage(item: Item, paper: Paper | None = None) -> str:
    """The text of an item as one passage: its heading first, then what it is about, what was said of it, and last the
    words of its link, which often hold the name or the original title of what it points to."""
    parts = [item.title, item.subtitle, item.summary, item.note]
    if paper is not None:
        if paper.title != item.subtitle:
            parts.append(paper.title)
        parts.append(paper.abstract[:ABSTRACT_LIMIT])
    parts.append(address_words(item.key))
    kept: list[str] = []
    for part in parts:
        text = " ".join((part or "").split())
        if text and text not in kept:
            kept.append(text)
    return ". ".join(text.rstrip(".。") for text in kept)


def address_words(key: str | None) -> str:
    """The words of a canonical key: `example.org/2021/why-cats-purr-8f3a2b1c` gives `why cats purr`, `github:a/b-c`
    gives `a b c`. Empty for arXiv ids, DOIs and addresses of numbers and codes."""
    if not key or key.startswith(("arxiv:", "doi:")):
        return ""
    if key.startswith("github:"):
        return " ".join(_WORD.findall(key.removeprefix("github:")))
    segments = unquote(key).partition("?")[0].rstrip("/").split("/")[1:]
    if not segments:
        return ""
    found = [word for word in _WORD.findall(_FILE.sub("", max(segments, key=len))) if not _is_code(word)]
    return " ".join(found) if len(found) > 1 else ""  # a single word is a section or an id


def _is_code(word: str) -> bool:
    """Whether it is an id rather than a word: a number, hexadecimal, or long with digits inside."""
    return word.isdigit() or bool(_HEXADECIMAL.fullmatch(word)) or (len(word) > 5 and any(c.isdigit() for c in word))
