"""Why two items belong together, where there is more to say than that they are alike."""

import re

from index.types import Item, Paper

from .results import Hit

_NAME = re.compile(
    r"(?<![A-Za-z0-9-])(?:[A-Za-z][a-z]*[A-Z][A-Za-z0-9-]*|[A-Za-z]+-?\d[A-Za-z0-9.-]*[A-Za-z0-9]|[A-Za-z]+\d)"
    r"(?![A-Za-z0-9-])"
)
"""Names of things: a capital inside, or letters with a number."""
_PLURAL = re.compile(r"^[A-Z]+s$")


def reason(item: Item, paper: Paper | None, hit: Hit) -> str | None:
    """One short plain sentence, or None."""
    if paper and hit.paper:
        authors = [name for name in paper.authors if name in hit.paper.authors]
        if authors:
            return f"By the same author{'s' if len(authors) > 1 else ''}: {', '.join(authors[:3])}"
    shared = [key for key in _links(item) if key in _links(hit.item)]
    if shared:
        return f"Both link to {shared[0]}"
    mine, theirs = _owner(item.key), _owner(hit.item.key)
    if mine and mine == theirs:
        return f"Code by the same owner: {mine}"
    named = sorted(names(item) & names(hit.item), key=lambda name: (-len(name), name))
    if named:
        return f"Both speak of {', '.join(named[:2])}"
    return None


def names(item: Item) -> set[str]:
    """What an item names: models, methods, data sets."""
    text = " ".join(filter(None, (item.title, item.subtitle, item.summary, item.note)))
    return {name for name in _NAME.findall(text) if len(name) > 2 and not _PLURAL.match(name)}


def _links(item: Item) -> list[str]:
    """The keys of all its links, its own first."""
    return [*([item.key] if item.key else []), *(link.key for link in item.links)]


def _owner(key: str | None) -> str | None:
    return key.removeprefix("github:").split("/")[0] if key and key.startswith("github:") else None
