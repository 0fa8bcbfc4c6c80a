"""What search answers: records that site, API, command line and assistants render, each in its own way."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from index.types import Build, Filters, FloatArray, IdArray, Issue, Item, Paper

Mode = Literal["hybrid", "semantic", "keyword"]
Sort = Literal["relevance", "newest", "oldest"]
Band = Literal["strong", "good", "weak"]


@dataclass(frozen=True, slots=True)
class Highlight:
    """A stretch of one of the item's fields, with the parts that matched as (start, end) offsets into `text`.

    `spans` is empty for a sentence that matched by meaning alone.
    """

    field: str
    text: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """Another place where the same work was printed."""

    item_id: int
    issue: Issue


@dataclass(frozen=True, slots=True)
class LinkMention:
    """A place where the link `key` was printed, as a further link there or here."""

    key: str
    item_id: int
    issue: Issue


@dataclass(frozen=True, slots=True)
class Hit:
    """One work that answers a query, shown through its best item. `score` is a calibrated relevance in 0..1."""

    item: Item
    issue: Issue
    score: float
    match: Band
    highlights: tuple[Highlight, ...] = ()
    also_in: tuple[Mention, ...] = ()
    reason: str | None = None
    """Why it is related, where there is a reason beyond likeness (same authors, same repository, …)."""
    paper: Paper | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """One understood part of the query: `field` ("issue", "phrase", "not", "site", …), its `value` as a person reads
    it, and `without`, the query text with just this part removed."""

    field: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Understood:
    """How a query text was read."""

    text: str
    """The query as typed, control characters removed."""
    words: str
    """What is left for meaning and words once operators are taken out; may be empty."""
    filters: Filters
    chips: tuple[Chip, ...] = ()
    target: str | None = None
    """The key of a pasted link, arXiv id or DOI."""
    hints: tuple[str, ...] = ()
    """Plain sentences about what was not understood (an unknown field, an unclosed quote)."""
    passage: bool = False
    """A long pasted text, read as a passage: compared with the items as an item would be, and without operators."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    label: str
    count: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A field's values over the query's whole candidate set, most frequent first."""

    field: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A query with everything that shapes its answer."""

    query: str = ""
    mode: Mode = "hybrid"
    sort: Sort = "relevance"
    limit: int = 20
    cursor: str | None = None
    filters: Filters = Filters()
    """Conditions given beside the query text (the API's `section=`, `kind=`, …); joined with the query's own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`hits` is one page of `total`. `close` is false when nothing in the archive is close: `hits` then holds only
    the nearest few, all weak. `mode` is the one that was used: without a model, hybrid becomes keyword."""

    query: Understood
    hits: tuple[Hit, ...]
    total: int
    close: bool
    facets: tuple[Facet, ...]
    next: str | None
    build: Build
    mode: Mode = "hybrid"
    issue_counts: tuple[tuple[int, int], ...] = ()
    """How many of the works each issue printed, as (issue id, works); weak ones behind better ones are left out."""
    weaker: int = 0
    """How many of `total` are weak matches behind better ones; 0 when nothing is close."""


@dataclass(frozen=True, slots=True)
class Related:
    """What surrounds an item in time: what it builds on, and what followed. `item` is None for free text."""

    item: Item | None
    earlier: tuple[Hit, ...]
    later: tuple[Hit, ...]
    build: Build
    further_link: str | None = None
    """The key that was asked for, where the item has it as a further link and no item has it as its own."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a draft's item has to do with the archive: the same work printed before, and past items worth a link."""

    item: Item
    covered: tuple[Mention, ...]
    similar: tuple[Hit, ...]
    linked: tuple[LinkMention, ...] = ()
    """Past items of other works that have its link among their further ones, or one of its further links as theirs."""


@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """Items that belong together. `item_ids` ascend; `central` are the few that are most like the whole topic."""

    id: int
    name: str
    words: tuple[str, ...]
    size: int
    item_ids: IdArray
    counts: tuple[tuple[dt.date, int], ...]
    """Its items per month, as (first day of the month, items); without those of which no month is known."""
    central: tuple[int, ...] = ()
    rest: bool = False
    """Whether it is no topic, but what belongs to none."""


@dataclass(frozen=True, slots=True, eq=False)
class TopicPoints:
    """Where items lie, as parallel arrays: `places` (n, 2) in 0..1, `topics` the id of each item's topic."""

    item_ids: IdArray
    places: FloatArray
    topics: IdArray

    def __len__(self) -> int:
        return len(self.item_ids)


@dataclass(frozen=True, slots=True, eq=False)
class TopicMap:
    """The archive by topics, largest first, the rest last. Arrays, for an archive may have a million items."""

    topics: tuple[Topic, ...]
    points: TopicPoints
    build: Build
