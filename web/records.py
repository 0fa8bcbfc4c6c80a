"""The pieces that answers are made of: builds, issues, items, works, papers.

They are built with `model_construct`: the archive's records are typed already, and checking them a second time costs
more than a search. That real answers do validate against these models is what the tests assert.
"""

import datetime as dt
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from index.types import Build, FurtherLink, Issue, Item, Paper
from search.results import Mention

from .entries import Entry
from .urls import Urls
from .works import Work

HERE = Urls()

Id = Annotated[int, Field(description="Stays the same for as long as the archive lives.", examples=[42])]


class Out(BaseModel):
    """What answers have in common: they are written once and never changed."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """As pydantic's, of all fields at once: without looking for defaults, aliases and extras, which takes as long
        as a search where twenty answers of several parts each are made."""
        made = cls.__new__(cls)
        object.__setattr__(made, "__dict__", values)
        object.__setattr__(made, "__pydantic_fields_set__", set(values) if _fields_set is None else _fields_set)
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made

    def json_bytes(self) -> bytes:
        """The answer as JSON in UTF-8."""
        return self.__pydantic_serializer__.to_json(self)


class BuildOut(Out):
    """The state of the archive that an answer came from. Equal builds give equal answers."""

    id: Annotated[str, Field(description="Changes whenever the archive does.", examples=["34-5f0c1a2b"])]
    generation: Annotated[int, Field(description="Counts the changes of the archive.", examples=[34])]
    model: Annotated[str, Field(description="The embedding model and a hash of its weights.")]
    issues: Annotated[int, Field(examples=[34])]
    items: Annotated[int, Field(examples=[812])]
    works: Annotated[int, Field(description="Different things that items point to.", examples=[790])]
    updated: Annotated[dt.datetime | None, Field(description="When the archive last changed.")]

    @classmethod
    def of(cls, build: Build) -> "BuildOut":
        return cls.model_construct(
            id=build.id,
            generation=build.generation,
            model=build.model,
            issues=build.issues,
            items=build.items,
            works=build.works,
            updated=build.updated,
        )


class IssueRef(Out):
    """The issue that something was printed in."""

    id: Id
    number: Annotated[int | None, Field(description="As printed.", examples=[41])]
    title: Annotated[str, Field(examples=["Weekly notes 41"])]
    date: Annotated[dt.date | None, Field(examples=["2021-05-02"])]
    url: Annotated[str | None, Field(description="Where it was published.")]
    newsletter: Annotated[str, Field(description="The newsletter's name; may be empty.")]

    @classmethod
    def of(cls, issue: Issue) -> "IssueRef":
        return cls.model_construct(
            id=issue.id,
            number=issue.number,
            title=issue.title,
            date=issue.date,
            url=issue.url,
            newsletter=issue.newsletter,
        )


class MentionOut(Out):
    """Another place where the same work was printed."""

    item_id: Id
    issue: IssueRef

    @classmethod
    def of(cls, mention: Mention) -> "MentionOut":
        return cls.model_construct(item_id=mention.item_id, issue=IssueRef.of(mention.issue))


class PaperOut(Out):
    """What is known of a paper beyond the newsletter (metadata by courtesy of arXiv)."""

    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: Annotated[tuple[str, ...], Field(examples=[["cs.CV", "cs.LG"]])]
    published: dt.date | None
    updated: dt.date | None
    doi: str | None
    journal: str | None
    comment: str | None

    @classmethod
    def of(cls, paper: Paper) -> "PaperOut":
        return cls.model_construct(
            title=paper.title,
            abstract=paper.abstract,
            authors=paper.authors,
            categories=paper.categories,
            published=paper.published,
            updated=paper.updated,
            doi=paper.doi,
            journal=paper.journal,
            comment=paper.comment,
        )


class FurtherLinkOut(Out):
    """A link that an item has beside its own: a paper's code, a video, what its description refers to."""

    url: Annotated[str, Field(examples=["https://github.com/owner/name"])]
    key: Annotated[str, Field(description="Identity of what `url` points to.", examples=["github:owner/name"])]
    kind: Annotated[str, Field(examples=["code"])]
    text: Annotated[str | None, Field(description="What the link's words say; null where they only point.")]

    @classmethod
    def of(cls, link: FurtherLink) -> "FurtherLinkOut":
        return cls.model_construct(url=link.url, key=link.key, kind=link.kind, text=link.text)


class ItemLinks(Out):
    """Where to go from an item."""

    page: Annotated[str, Field(description="The item's page, for people.", examples=["/items/42"])]
    api: Annotated[str, Field(description="The item as JSON.", examples=["/api/v1/items/42"])]
    related: Annotated[str, Field(examples=["/api/v1/items/42/related"])]
    issue: Annotated[str, Field(examples=["/api/v1/issues/12"])]
    work: Annotated[str | None, Field(examples=["/api/v1/works/arxiv:2104.06601"])]

    @classmethod
    def of(cls, item: Item, urls: Urls) -> "ItemLinks":
        base = urls.api("")
        here = f"{base}/items/{item.id}"
        return cls.model_construct(
            page=urls.item(item.id),
            api=here,
            related=f"{here}/related",
            issue=f"{base}/issues/{item.issue_id}",
            work=None if item.key is None else base + HERE.work(item.key),
        )


class EntryOut(Out):
    """One thing that an issue presents: a paper, an article, a tool, with what was said of it."""

    id: Id
    position: Annotated[int, Field(description="Place within the issue, from 1.", examples=[3])]
    title: Annotated[str, Field(description="The newsletter's own heading.", examples=["Segmenting the unseen"])]
    subtitle: Annotated[str | None, Field(description="For example the paper's own title.")]
    summary: Annotated[str | None, Field(description="What the newsletter says of it.")]
    note: Annotated[str | None, Field(description="What the editor said of it in the opening digest.")]
    url: Annotated[str | None, Field(examples=["https://arxiv.org/abs/2104.06601"])]
    key: Annotated[str | None, Field(description="Identity of what `url` points to.", examples=["arxiv:2104.06601"])]
    kind: Annotated[str, Field(examples=["paper"])]
    section: Annotated[str | None, Field(examples=["Papers"])]
    image: Annotated[str | None, Field(description="Address of a picture.")]
    language: Annotated[str | None, Field(description="ISO 639-1.", examples=["zh"])]
    further_links: Annotated[
        tuple[FurtherLinkOut, ...], Field(description="Links beside `url`, as printed: other ways to find the item.")
    ]
    links: ItemLinks

    @classmethod
    def bare(cls, item: Item, urls: Urls = HERE) -> "EntryOut":
        return cls.model_construct(**item_fields(item, urls))


class ItemOut(EntryOut):
    """An item with where it was printed."""

    issue: IssueRef
    also_in: Annotated[tuple[MentionOut, ...], Field(description="Other mentions of the same work, oldest first.")]
    paper: Annotated[PaperOut | None, Field(description="Metadata, where it was looked up.")]
    build: Annotated[BuildOut | None, Field(description="Null inside longer answers, which carry it once.")]

    @classmethod
    def of(cls, entry: Entry, urls: Urls = HERE, build: Build | None = None) -> "ItemOut":
        return cls.model_construct(
            **item_fields(entry.item, urls),
            issue=IssueRef.of(entry.issue),
            also_in=tuple(map(MentionOut.of, entry.also_in)),
            paper=None if entry.paper is None else PaperOut.of(entry.paper),
            build=None if build is None else BuildOut.of(build),
        )


def item_fields(item: Item, urls: Urls) -> dict[str, Any]:
    """What hits, items and the entries of an issue all show."""
    return {
        "id": item.id,
        "position": item.position,
        "title": item.title,
        "subtitle": item.subtitle,
        "summary": item.summary,
        "note": item.note,
        "url": item.url,
        "key": item.key,
        "kind": item.kind,
        "section": item.section,
        "image": item.image,
        "language": item.language,
        "further_links": tuple(map(FurtherLinkOut.of, item.links)),
        "links": ItemLinks.of(item, urls),
    }


class WorkOut(Out):
    """A work's life in the newsletter: every mention, oldest first, with what was said each time."""

    key: Annotated[str, Field(examples=["arxiv:2104.06601"])]
    title: Annotated[str, Field(description="The paper's title where known, else the newsletter's latest heading.")]
    url: str | None
    kind: str
    paper: PaperOut | None
    mentions: Annotated[
        tuple[ItemOut, ...],
        Field(description="Items whose `url` it is; none where the archive has it only among their further links."),
    ]
    linked_by: Annotated[
        tuple[ItemOut, ...], Field(description="Items that have it among their further links, oldest first.")
    ]
    bibtex: Annotated[str, Field(description="A citation whose note names the issues.")]
    page: Annotated[str, Field(description="Its page, for people.", examples=["/works/arxiv:2104.06601"])]
    build: BuildOut

    @classmethod
    def of(cls, work: Work, build: Build, urls: Urls = HERE) -> "WorkOut":
        return cls.model_construct(
            key=work.key,
            title=work.title,
            url=work.item.url,
            kind=work.item.kind,
            paper=None if work.paper is None else PaperOut.of(work.paper),
            mentions=tuple(ItemOut.of(entry, urls) for entry in work.mentions),
            linked_by=tuple(ItemOut.of(entry, urls) for entry in work.linked_by),
            bibtex=work.bibtex,
            page=urls.work(work.key),
            build=BuildOut.of(build),
        )


class IssueOut(IssueRef):
    """One past issue."""

    year: int | None
    week: int | None
    language: Annotated[str | None, Field(description="ISO 639-1.", examples=["ja"])]
    items: Annotated[int, Field(description="How many items it has.", examples=[24])]
    page: Annotated[str, Field(description="Its page, for people.", examples=["/issues/12"])]
    api: Annotated[str, Field(description="The issue as JSON.", examples=["/api/v1/issues/12"])]

    @classmethod
    def counted(cls, issue: Issue, items: int, urls: Urls = HERE) -> "IssueOut":
        return cls.model_construct(**issue_fields(issue, urls), items=items)


def issue_fields(issue: Issue, urls: Urls) -> dict[str, Any]:
    return {
        "id": issue.id,
        "number": issue.number,
        "title": issue.title,
        "date": issue.date,
        "url": issue.url,
        "newsletter": issue.newsletter,
        "year": issue.year,
        "week": issue.week,
        "language": issue.language,
        "page": urls.issue(issue.id),
        "api": urls.api(f"/issues/{issue.id}"),
    }


class IssuesOut(Out):
    """A page of the list of issues, newest first."""

    total: Annotated[int, Field(description="Over all pages.", examples=[34])]
    issues: tuple[IssueOut, ...]
    next: Annotated[str | None, Field(description="Cursor of the next page; null on the last.")]
    next_url: str | None
    build: BuildOut


class WholeIssueOut(Out):
    """An issue as it was: its items in order."""

    issue: IssueOut
    items: tuple[EntryOut, ...]
    unassigned: Annotated[tuple[str, ...], Field(description="Links of the issue that belong to none of its items.")]
    newer: Annotated[IssueRef | None, Field(description="The issue after this one.")]
    older: Annotated[IssueRef | None, Field(description="The issue before this one.")]
    build: BuildOut
