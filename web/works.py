"""What a key stands for: a work with its mentions, and the items that have it as a further link."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.archive import Archive
from index.errors import NotFound
from index.types import Item, Paper
from search.target import mentions

from .bibtex import bibtex
from .entries import Entry, entries


@dataclass(frozen=True, slots=True)
class Work:
    """`mentions` are the items that are about it, `linked_by` those that have it beside their own link: both oldest
    first, at least one of them not empty. `item` is what is shown of it: its latest mention, or made of a link."""

    key: str
    item: Item
    paper: Paper | None
    mentions: Sequence[Entry]
    linked_by: Sequence[Entry] = ()

    @classmethod
    def find(cls, archive: Archive, key: str) -> "Work":
        """Errors: NotFound when no item has the key among its links."""
        found = mentions(archive, key)
        if not found:
            raise NotFound(f"No item points to {key!r}.")
        made, own = entries(archive, [*found.own, *found.further]), len(found.own)
        item = found.own[-1] if own else _as_item(key, found.further)
        return cls(key, item, archive.papers([key]).get(key), made[:own], made[own:])

    @property
    def title(self) -> str:
        """The paper's title where known, else the newsletter's latest heading, else what the link says."""
        return self.paper.title if self.paper else self.item.subtitle or self.item.title

    @property
    def bibtex(self) -> str:
        """A citation whose note names the issues."""
        issues = [entry.issue for entry in self.mentions or self.linked_by]
        first = self.mentions[0].item if self.mentions else self.item
        return bibtex(first, issues, self.paper, told="Covered" if self.mentions else "Linked")


def _as_item(key: str, linking: Sequence[Item]) -> Item:
    """A further link as if it were an item of its own, called as it names itself or as its latest label does."""
    links = [link for item in linking for link in item.links if link.key == key]
    said = next((link.text for link in reversed(links) if link.text), None)
    title = key.removeprefix("github:") if key.startswith("github:") else said or key
    return Item(0, title, url=links[-1].url, key=key, kind=links[-1].kind, id=linking[0].id)
