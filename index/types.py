"""What the rooms exchange: frozen records, never rows, dicts or parallel arrays.

Ingest makes a `Document` of every past issue; the archive keeps it and hands out `Item`s and `Issue`s with ids;
search asks for ids under `Filters` and gets `Scored` ones back.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IdArray = npt.NDArray[np.int64]
"""Item ids, ascending and without duplicates."""

Change = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One past issue of a newsletter. `id` is 0 until the archive has given it one."""

    title: str
    newsletter: str = ""
    number: int | None = None
    date: dt.date | None = None
    year: int | None = None
    week: int | None = None
    url: str | None = None
    language: str | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class FurtherLink:
    """A link of an item beside its own: the code of a paper, a video, what a description refers to.

    `text` is what the link's words say, None where they only point ("code", "here") or print the address.
    """

    url: str
    key: str
    kind: str = "article"
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that an issue presents: a paper, an article, a tool, with what was said of it.

    `title` is the newsletter's own heading for it, `subtitle` for example the paper's own title, `summary` the
    description, `note` what the editor said of it in the opening digest. `key` is the identity of what `url`
    points to (see `index.identity`); items with one key are one *work*. `position` counts from 1 within the issue.
    `links` are its further links as printed, none twice and none with the key of its own: they are another way to find
    the item, and no part of what it is.
    """

    position: int
    title: str
    section: str | None = None
    subtitle: str | None = None
    summary: str | None = None
    note: str | None = None
    url: str | None = None
    key: str | None = None
    kind: str = "article"
    image: str | None = None
    language: str | None = None
    id: int = 0
    issue_id: int = 0
    links: tuple[FurtherLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed issue, ready to be put into an archive.

    `aliases` are the ways to recognise the same issue when it arrives from another source (canonical URL, platform
    id, newsletter and number): an archive holding an issue with any of them updates that one. `unassigned` are the
    links that went to no item. `source` is where it was read, `content_hash` that of the bytes it was read from.
    """

    issue: Issue
    items: tuple[Item, ...]
    unassigned: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    source: str = ""
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one `Document` in `Archive.put`."""

    issue: Issue
    change: Change
    items: int
    embedded: int
    """How many texts had to be embedded: 0 for an unchanged issue."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is known of a paper beyond the newsletter (arXiv metadata)."""

    key: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published: dt.date | None = None
    updated: dt.date | None = None
    doi: str | None = None
    journal: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on items; several values of one field mean "any of", several fields mean "all of".

    `phrases` must all occur (as consecutive words) in the item's text, `excluded` must not; a single word is a
    phrase of one. `after` is inclusive, `before` exclusive. What meets any one of `excluding` is left out. Everything
    empty means no condition at all.
    """

    newsletters: tuple[str, ...] = ()
    issues: tuple[int, ...] = ()
    """Issue numbers as printed, not ids."""
    sections: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Of the item's own link."""
    links: tuple[str, ...] = ()
    """Hosts, or keys of single pages and works, that any link of the item leads to."""
    languages: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    authors: tuple[str, ...] = ()
    after: dt.date | None = None
    before: dt.date | None = None
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    excluding: tuple["Filters", ...] = ()

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class Scored:
    """An item id with a score; higher is better."""

    id: int
    score: float


PostingList = tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]
"""Items, ascending, and beside them what the token counts in each, doubled."""


@dataclass(frozen=True, eq=False)
class Postings:
    """Where one indexed token occurs, in lists that follow each other.

    A frequent token's lists are long and mostly passed over or looked into at a few places, so they stay as they lie in
    their files until they are wanted whole.
    """

    token: str
    lists: Sequence[PostingList]

    @cached_property
    def _count(self) -> int:
        return sum(len(numbers) for numbers, _ in self.lists)

    def __len__(self) -> int:
        return self._count

    @cached_property
    def whole(self) -> PostingList:
        if not self.lists:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint8)
        numbers, halves = zip(*self.lists, strict=True)
        return self.lists[0] if len(self.lists) == 1 else (np.concatenate(numbers), np.concatenate(halves))

    @property
    def ids(self) -> IdArray:
        """The items, ascending."""
        return self.whole[0].astype(np.int64)

    @property
    def frequencies(self) -> FloatArray:
        """How often each of them has the token, field weights applied."""
        return self.whole[1].astype(np.float32) * np.float32(0.5)

    def at(self, ids: IdArray) -> FloatArray:
        """The frequencies in any items, 0 where the token is not."""
        numbers, halves = self.whole
        found = np.zeros(len(ids), dtype=np.float32)
        if len(numbers):
            wanted = ids.astype(np.int32)
            places = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
            held = numbers[places] == wanted
            found[held] = halves[places[held]] * np.float32(0.5)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class FacetColumn:
    """One field of many items: `labels[codes[i]]` is item i's value, code -1 means that it has none.

    `codes` is int32, parallel to `FacetColumns.ids`. Labels that differ only in case are one label. The table may hold
    labels that no item has any more.
    """

    codes: npt.NDArray[np.int32]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FacetColumns:
    """What facets are counted from, as parallel arrays in the order of `ids`."""

    ids: IdArray
    section: FacetColumn
    kind: FacetColumn
    host: FacetColumn
    """Of the item's link, without `www.`."""
    language: FacetColumn
    """The item's own, else its issue's."""
    newsletter: FacetColumn
    year: npt.NDArray[np.int32]
    """Of the issue; 0 where unknown."""
    day: npt.NDArray[np.int32]
    """The issue's day as `date.toordinal()`, estimated where it bears none (see `index.chronology`); 0 unknown."""
    issue_ids: IdArray
    numbers: npt.NDArray[np.int32]
    """The issue's printed number; -1 where it has none."""


@dataclass(frozen=True, slots=True)
class Build:
    """Which state of the archive an answer came from: equal builds give equal answers."""

    generation: int
    model: str
    issues: int
    items: int
    works: int
    updated: dt.datetime | None

    @property
    def id(self) -> str:
        """A short text for ETags, cursors and people."""
        return f"{self.generation}-{self.model.rpartition('@')[2][:8]}"


class Encoder(Protocol):
    """Text to unit vectors. `fingerprint` names the model and its weights, as `name@hash`."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def queries(self, texts: Sequence[str]) -> FloatArray:
        """Questions as float32 unit vectors, shape (len(texts), dimensions)."""
        ...

    def passages(self, texts: Sequence[str]) -> FloatArray:
        """Item texts as float32 unit vectors, shape (len(texts), dimensions)."""
        ...
