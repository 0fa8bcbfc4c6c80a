"""An item in the making."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .blocks import Runs
from .context import Link, width
from .lines import title_text

Origin = Literal["heading", "title", "list", "row", "card", "paragraph"]


@dataclass(slots=True)
class Entry:
    """An item in the making. `own` tells where its link stood: with the title, on a line of its own, in a card, in
    the running text; `said` is how wide its description is."""

    origin: Origin
    title: str = ""
    section: str | None = None
    group: str | None = None
    """The list item that groups it with others, where it stands in a nested list."""
    subtitle: str | None = None
    summary: str | None = None
    note: str | None = None
    url: str | None = None
    key: str | None = None
    image: str | None = None
    own: Literal["title", "line", "card", "text", ""] = ""
    region: int = 0
    inside: set[str] = field(default_factory=set)
    """Keys of every link within the entry."""
    weak: bool = False
    text: str = ""
    """All the words of a list entry, for use as a note."""

    @property
    def said(self) -> int:
        return width(self.summary or "")

    def take(self, link: Link, where: Literal["title", "line", "card", "text"]) -> None:
        """Makes a link the entry's own, if it has none yet."""
        if self.url is None:
            self.url, self.key, self.own = link.url, link.key, where


def titled(origin: Origin, runs: Runs, links: Sequence[Link], region: int) -> Entry:
    """A new entry named by some runs, with the first of the links as its own."""
    entry = Entry(origin, title=title_text(runs, links), region=region)
    for link in links:
        entry.take(link, "title")
        entry.inside.add(link.key)
    return entry
