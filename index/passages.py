"""Which text an item's vector is made of."""

from .types import Item, Paper

RECIPE = 1
"""Part of what an archive records about its vectors: a changed recipe embeds everything anew."""
ABSTRACT_LIMIT = 1200
"""Characters of a paper's abstract that are used: the model reads 512 tokens, and the newsletter's words come first."""


def passage(item: Item, paper: Paper | None = None) -> str:
    """The text of an item as one passage: its heading first, then what it is about, then what was said of it."""
    parts = [item.title, item.subtitle, item.summary, item.note]
    if paper is not None:
        if paper.title != item.subtitle:
            parts.append(paper.title)
        parts.append(paper.abstract[:ABSTRACT_LIMIT])
    kept: list[str] = []
    for part in parts:
        text = " ".join((part or "").split())
        if text and text not in kept:
            kept.append(text)
    return ". ".join(text.rstrip(".。") for text in kept)
