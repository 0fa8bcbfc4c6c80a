"""The shapes of answers, over HTTP as well as on the command line with `--json`; see `records` for their pieces.

Unknown values are null and present. Keys may be added, never renamed or removed.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from index.types import Build, Filters, Item
from search.results import (
    Answer,
    Band,
    Coverage,
    Facet,
    Highlight,
    Hit,
    LinkMention,
    Mode,
    Related,
    TopicMap,
    Understood,
)

from .records import (
    HERE,
    BuildOut,
    EntryOut,
    FurtherLinkOut,
    IssueOut,
    IssueRef,
    IssuesOut,
    ItemOut,
    MentionOut,
    Out,
    PaperOut,
    WholeIssueOut,
    WorkOut,
    item_fields,
)
from .urls import Urls

__all__ = [
    "BatchOut",
    "BuildOut",
    "CheckOut",
    "EntryOut",
    "HitOut",
    "IssueOut",
    "IssuesOut",
    "ItemOut",
    "RelatedOut",
    "SearchOut",
    "StatusOut",
    "TopicsOut",
    "WholeIssueOut",
    "WorkOut",
]

Milliseconds = Annotated[float, Field(description="Time that making the answer took, in milliseconds.", examples=[6.2])]


class HighlightOut(Out):
    """A stretch of one field with the parts that matched."""

    field: Annotated[str, Field(description="The field it was taken from.", examples=["summary"])]
    text: str
    spans: Annotated[
        tuple[tuple[int, int], ...],
        Field(
            description="Start and end of each match, in code points of `text`. Empty for a sentence that matched by "
            "meaning alone.",
            examples=[[[4, 11]]],
        ),
    ]

    @classmethod
    def of(cls, highlight: Highlight) -> "HighlightOut":
        return cls.model_construct(field=highlight.field, text=highlight.text, spans=highlight.spans)


class HitOut(EntryOut):
    """A work that answers, shown through its best item."""

    issue: IssueRef
    score: Annotated[float, Field(ge=0, le=1, description="Calibrated relevance.", examples=[0.83])]
    match: Annotated[Band, Field(description="The score as a word.")]
    highlights: tuple[HighlightOut, ...]
    also_in: Annotated[tuple[MentionOut, ...], Field(description="Other places where the same work was printed.")]
    reason: Annotated[str | None, Field(description="Why it is related, where there is more to say than likeness.")]
    paper: PaperOut | None

    @classmethod
    def of(cls, hit: Hit, urls: Urls = HERE) -> "HitOut":
        return cls.model_construct(
            **item_fields(hit.item, urls),
            issue=IssueRef.of(hit.issue),
            score=min(1.0, max(0.0, round(float(hit.score), 4))),
            match=hit.match,
            highlights=tuple(map(HighlightOut.of, hit.highlights)),
            also_in=tuple(map(MentionOut.of, hit.also_in)),
            reason=hit.reason,
            paper=None if hit.paper is None else PaperOut.of(hit.paper),
        )


class ConditionsOut(Out):
    """Conditions; several values of one field mean any of them, several fields all of them."""

    newsletters: tuple[str, ...]
    issues: Annotated[tuple[int, ...], Field(description="Issue numbers as printed.")]
    sections: tuple[str, ...]
    kinds: tuple[str, ...]
    hosts: Annotated[tuple[str, ...], Field(description="Of the item's own link.")]
    links: Annotated[tuple[str, ...], Field(description="Hosts and keys that any link of the item leads to.")]
    languages: tuple[str, ...]
    years: tuple[int, ...]
    authors: tuple[str, ...]
    after: Annotated[dt.date | None, Field(description="Inclusive.")]
    before: Annotated[dt.date | None, Field(description="Exclusive.")]
    phrases: Annotated[tuple[str, ...], Field(description="Must all occur.")]
    excluded: Annotated[tuple[str, ...], Field(description="Must not occur.")]

    @classmethod
    def fields(cls, filters: Filters) -> dict[str, Any]:
        return {name: getattr(filters, name) for name in ConditionsOut.model_fields}


class FiltersOut(ConditionsOut):
    """What is asked for, and what is left out."""

    excluding: Annotated[
        tuple[ConditionsOut, ...], Field(description="What meets the conditions of any one of these is left out.")
    ]

    @classmethod
    def of(cls, filters: Filters) -> "FiltersOut":
        excluding = tuple(ConditionsOut.model_construct(**cls.fields(one)) for one in filters.excluding)
        return cls.model_construct(**cls.fields(filters), excluding=excluding)


class ChipOut(Out):
    """One understood part of the query, and the query without it."""

    field: Annotated[str, Field(examples=["issue"])]
    value: Annotated[str, Field(examples=["41"])]
    without: str


class QueryOut(Out):
    """How the query was understood."""

    text: Annotated[str, Field(description="As typed.", examples=["segmentation issue:41"])]
    words: Annotated[str, Field(description="What is left once operators are taken out.", examples=["segmentation"])]
    filters: FiltersOut
    chips: tuple[ChipOut, ...]
    target: Annotated[str | None, Field(description="Key of a pasted link, arXiv id or DOI.")]
    hints: Annotated[tuple[str, ...], Field(description="What was not understood, in plain sentences.")]

    @classmethod
    def of(cls, query: Understood) -> "QueryOut":
        return cls.model_construct(
            text=query.text,
            words=query.words,
            filters=FiltersOut.of(query.filters),
            chips=tuple(ChipOut.model_construct(field=c.field, value=c.value, without=c.without) for c in query.chips),
            target=query.target,
            hints=query.hints,
        )


class FacetValueOut(Out):
    """One value of a field, and how many of the answer's works have it."""

    value: Annotated[str, Field(description="What to give as the parameter.", examples=["Papers"])]
    label: Annotated[str, Field(description="What to show.", examples=["Papers"])]
    count: Annotated[int, Field(description="Over all pages of the answer.", examples=[17])]
    selected: bool


def facets_out(facets: Sequence[Facet]) -> dict[str, tuple[FacetValueOut, ...]]:
    return {
        facet.field: tuple(
            FacetValueOut.model_construct(value=v.value, label=v.label, count=v.count, selected=v.selected)
            for v in facet.values
        )
        for facet in facets
    }


class SearchOut(Out):
    """One page of the works that answer a query."""

    query: QueryOut
    mode: Annotated[Mode, Field(description="The one that was used: without a model, hybrid becomes keyword.")]
    total: Annotated[int, Field(description="Over all pages; the same on each.", examples=[17])]
    close: Annotated[
        bool,
        Field(description="False when nothing in the archive is close: then only the nearest few are shown, all weak."),
    ]
    items: tuple[HitOut, ...]
    facets: Annotated[dict[str, tuple[FacetValueOut, ...]], Field(description="Counts by field over the whole answer.")]
    next: Annotated[str | None, Field(description="Cursor of the next page, opaque; null on the last.")]
    next_url: Annotated[str | None, Field(description="Address of the next page.")]
    build: BuildOut
    took_ms: Milliseconds

    @classmethod
    def of(cls, answer: Answer, *, urls: Urls = HERE, next_url: str | None = None, took_ms: float = 0.0) -> "SearchOut":
        return cls.model_construct(
            query=QueryOut.of(answer.query),
            mode=answer.mode,
            total=answer.total,
            close=answer.close,
            items=tuple(HitOut.of(hit, urls) for hit in answer.hits),
            facets=facets_out(answer.facets),
            next=answer.next,
            next_url=next_url,
            build=BuildOut.of(answer.build),
            took_ms=round(took_ms, 3),
        )


class BatchOut(Out):
    """The answers to a batch, in the order of its queries."""

    answers: tuple[SearchOut, ...]
    build: BuildOut
    took_ms: Milliseconds


class RelatedOut(Out):
    """What surrounds an item in time: what it builds on, and what followed."""

    item: Annotated[ItemOut | None, Field(description="What was asked for; null for free text and unknown links.")]
    earlier: Annotated[tuple[HitOut, ...], Field(description="Printed before it, closest first.")]
    later: Annotated[tuple[HitOut, ...], Field(description="Printed after it, closest first.")]
    further_link: Annotated[
        str | None,
        Field(description="Key of the link that was asked for, where `item` has it among its further links."),
    ]
    build: BuildOut

    @classmethod
    def of(cls, related: Related, item: ItemOut | None = None, urls: Urls = HERE) -> "RelatedOut":
        """`item` is `related.item` made ready by the caller, who can ask the archive for its issue."""
        return cls.model_construct(
            item=item,
            earlier=tuple(HitOut.of(hit, urls) for hit in related.earlier),
            later=tuple(HitOut.of(hit, urls) for hit in related.later),
            further_link=related.further_link,
            build=BuildOut.of(related.build),
        )


class DraftItemOut(Out):
    """An item of the draft; it has no id, for it is in no archive yet."""

    position: int
    title: str
    subtitle: str | None
    url: str | None
    key: str | None
    kind: str
    section: str | None
    further_links: tuple[FurtherLinkOut, ...]

    @classmethod
    def of(cls, item: Item) -> "DraftItemOut":
        return cls.model_construct(
            position=item.position,
            title=item.title,
            subtitle=item.subtitle,
            url=item.url,
            key=item.key,
            kind=item.kind,
            section=item.section,
            further_links=tuple(map(FurtherLinkOut.of, item.links)),
        )


class LinkMentionOut(MentionOut):
    """A past item that shares a link with the draft's, where it is a further link of either."""

    key: Annotated[str, Field(description="The link.", examples=["github:owner/name"])]

    @classmethod
    def linked(cls, mention: LinkMention) -> "LinkMentionOut":
        return cls.model_construct(item_id=mention.item_id, issue=IssueRef.of(mention.issue), key=mention.key)


class CoverageOut(Out):
    """What one item of a draft has to do with the archive."""

    item: DraftItemOut
    covered: Annotated[tuple[MentionOut, ...], Field(description="Where the same work was printed already.")]
    linked: Annotated[
        tuple[LinkMentionOut, ...],
        Field(description="Past items of other works that have its link among their further ones, or the reverse."),
    ]
    similar: Annotated[tuple[HitOut, ...], Field(description="Past items worth a link.")]


class CheckOut(Out):
    """A draft beside the archive."""

    items: tuple[CoverageOut, ...]
    hint: Annotated[str | None, Field(description="Why there are no items, where there are none.")]
    build: BuildOut

    @classmethod
    def of(cls, coverage: Sequence[Coverage], build: Build, urls: Urls = HERE, hint: str | None = None) -> "CheckOut":
        return cls.model_construct(
            items=tuple(
                CoverageOut.model_construct(
                    item=DraftItemOut.of(one.item),
                    covered=tuple(map(MentionOut.of, one.covered)),
                    linked=tuple(map(LinkMentionOut.linked, one.linked)),
                    similar=tuple(HitOut.of(hit, urls) for hit in one.similar),
                )
                for one in coverage
            ),
            hint=hint,
            build=BuildOut.of(build),
        )


class TopicOut(Out):
    """Items that belong together."""

    id: Annotated[int, Field(examples=[3])]
    name: str
    words: tuple[str, ...]
    rest: Annotated[bool, Field(description="It holds what belongs to no topic; at most one does, and stands last.")]
    size: Annotated[int, Field(description="How many items.", examples=[24])]
    item_ids: tuple[int, ...]
    counts: Annotated[
        tuple[tuple[dt.date, int], ...],
        Field(description="First day of a month, items of that month; items whose month is not known are left out."),
    ]
    page: Annotated[str, Field(description="Its page, for people.", examples=["/topics/3"])]
    feed: Annotated[str, Field(description="What is new in it, as Atom.", examples=["/feed.xml?topic=3"])]


class TopicsOut(Out):
    """The archive by topics, largest first, what belongs to none last. Topic ids hold for one build only."""

    topics: tuple[TopicOut, ...]
    build: BuildOut

    @classmethod
    def of(cls, topics: TopicMap, urls: Urls = HERE) -> "TopicsOut":
        return cls.model_construct(
            topics=tuple(
                TopicOut.model_construct(
                    id=t.id,
                    name=t.name,
                    words=t.words,
                    rest=t.rest,
                    size=t.size,
                    item_ids=tuple(t.item_ids.tolist()),
                    counts=t.counts,
                    page=urls.topic(t.id),
                    feed=urls.feed(topic=t.id),
                )
                for t in topics.topics
            ),
            build=BuildOut.of(topics.build),
        )


class LimitsOut(Out):
    """What is refused when exceeded."""

    query_characters: int
    text_characters: int
    draft_characters: int
    batch_queries: int
    page_size: int
    rate: Annotated[str | None, Field(description="Requests allowed to one address.", examples=["60/minute"])]


class StatusOut(Out):
    """What this archive holds and what it allows."""

    title: str
    version: Annotated[str, Field(description="Of the software.", examples=["0.1.0"])]
    newsletters: tuple[str, ...]
    first: Annotated[dt.date | None, Field(description="Date of the oldest issue.")]
    last: Annotated[dt.date | None, Field(description="Date of the newest issue.")]
    build: BuildOut
    limits: LimitsOut
