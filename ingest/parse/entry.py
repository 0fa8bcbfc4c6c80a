"""An item in the making."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index.types import FurtherLink

from ..links import is_profile, kind_named, kind_of
from .blocks import Runs
from .context import SEPARATORS, Link, merely_points, width
from .lines import EDGE, squeeze, title_text, unbracketed

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
    inside: dict[str, Link] = field(default_factory=dict)
    """Every link within the entry by its key, as it first appears."""
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

    def hold(self, links: Iterable[Link]) -> None:
        """Takes in links that stand within the entry; one around a picture gives way to one with words."""
        for link in links:
            known = self.inside.get(link.key)
            if known is None or not known.label.strip():
                self.inside[link.key] = link


def titled(origin: Origin, runs: Runs, links: Sequence[Link], region: int) -> Entry:
    """A new entry named by some runs, with the first of the links as its own."""
    entry = Entry(origin, title=title_text(runs, links), region=region)
    for link in links:
        entry.take(link, "title")
    entry.hold(links)
    return entry


LONGEST_TEXT = 200
"""Characters of a link's words that are kept."""


def further(entry: Entry) -> tuple[FurtherLink, ...]:
    """The links of an entry beside its own, as printed, without those that only say whose it is: to somebody's profile,
    to the front page of its own site."""
    known = (entry.key, (entry.key or "").partition("/")[0])
    return tuple(_further(link) for key, link in entry.inside.items() if key not in known and not is_profile(key))


def _further(link: Link) -> FurtherLink:
    """A link with what it leads to: as its address tells, else as its label does ("Code", "视频")."""
    kind, named = kind_of(link.url, link.key), kind_named(link.label.strip(SEPARATORS))
    if kind == "article" and named:
        kind = named
    mute = named is not None or link.bare or merely_points(link.label)
    text = None if mute else unbracketed(squeeze(link.label).strip(EDGE))[:LONGEST_TEXT].rstrip()
    return FurtherLink(link.url, link.key, kind, text or None)
