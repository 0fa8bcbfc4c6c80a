"""The archive for assistants: an MCP server over stdio, and over streamable HTTP at /mcp.

Answers are short, because assistants read every word of them: a hit is a title, where it was printed and the sentence
that matched; `get_item` gives the rest. Nothing here writes.
"""

import datetime as dt
import functools
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

from pydantic import BaseModel, Field

from index.archive import Archive
from index.errors import ArchiveError
from index.types import Filters, Issue, Item
from search.related import check, related, related_to
from search.results import Ask, Hit, Mode
from search.retrieve import search

from .entries import entries
from .params import MAX_DRAFT, MAX_LIMIT, MAX_QUERY
from .records import ItemOut
from .settings import Settings
from .shortening import shorten
from .steady import steady
from .urls import Urls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp.server.mcpserver import MCPServer
    from starlette.types import ASGIApp, Receive, Scope, Send

P = ParamSpec("P")
R = TypeVar("R")

SNIPPET = 280
FURTHER = 4
"""Further links of an item in a list."""

INSTRUCTIONS = """\
A searchable archive of every past issue of a newsletter, split into items (a paper, an article, a tool), each with
its link and what the newsletter said of it. Search with a question or a description in any language; the texts may be
in another language than the question. Cite items by title, issue and link. When `close` is false, nothing in the
archive is close to the question: say so rather than presenting the nearest as answers."""


class Brief(BaseModel):
    """An item in a line or two."""

    id: Annotated[int, Field(description="For get_item and related_items.")]
    title: str
    printed: Annotated[str, Field(description="The issue and its date.")]
    url: str | None = None
    further_links: Annotated[list[str], Field(description="Its other links: code, video, what it refers to.")] = []
    section: str | None = None
    match: Annotated[str | None, Field(description="strong, good or weak")] = None
    text: Annotated[str | None, Field(description="The sentence that matched, or the beginning of the summary.")] = None
    also_in: Annotated[list[str], Field(description="Other issues that had the same work.")] = []
    reason: str | None = None


class Found(BaseModel):
    """Hits, best first."""

    total: int
    close: Annotated[bool, Field(description="False: nothing in the archive is close to the question.")]
    hits: list[Brief]
    hints: Annotated[list[str], Field(description="Parts of the query that were not understood.")] = []


class Around(BaseModel):
    """What was printed before and after, closest first."""

    earlier: list[Brief]
    later: list[Brief]


class IssueLine(BaseModel):
    """An issue in a line."""

    id: int
    number: int | None
    title: str
    date: dt.date | None
    items: int


class IssueList(BaseModel):
    total: int
    issues: list[IssueLine]


class IssueText(BaseModel):
    """An issue with its items in order."""

    issue: IssueLine
    url: str | None
    items: list[Brief]


class Checked(BaseModel):
    """One item of a draft beside the archive."""

    title: str
    url: str | None
    covered_in: Annotated[list[str], Field(description="Issues that printed the same work already.")]
    linked_in: Annotated[list[str], Field(description="Issues that share a link with it without having the same work.")]
    similar: list[Brief]


class Draft(BaseModel):
    items: list[Checked]


def make_server(archive: Archive, settings: Settings) -> "MCPServer[Any]":
    """A server with all tools; `check_draft` only where drafts can be read."""
    from mcp.server.mcpserver import MCPServer
    from mcp_types import ToolAnnotations

    tools = Tools(archive, settings)
    server: MCPServer[Any] = MCPServer(
        "backissues", title="Back Issues", instructions=INSTRUCTIONS, version=version("backissues"), log_level="WARNING"
    )
    reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    offered: list[Callable[..., Any]] = [
        tools.search_archive,
        tools.get_item,
        tools.related_items,
        tools.get_issue,
        tools.list_issues,
    ]
    if settings.parse_draft is not None:
        offered.append(tools.check_draft)
    for tool in offered:
        server.add_tool(_offered(tool, archive), annotations=reads)
    return server


class Tools:
    """What assistants may ask. The docstrings are what they are told."""

    def __init__(self, archive: Archive, settings: Settings) -> None:
        self.archive = archive
        self.settings = settings
        self.urls = Urls(settings.base_url or "")

    def search_archive(
        self,
        query: Annotated[
            str,
            Field(
                max_length=MAX_QUERY,
                description="A question, a description, a title or a link, in any language. Operators: "
                '"exact words", -without, issue:41, site:arxiv.org (its own link), link:github.com (any of its links), '
                "section:Papers, after:2021-01, before:2022.",
            ),
        ],
        limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 8,
        mode: Annotated[Mode, Field(description="hybrid unless asked for otherwise")] = "hybrid",
        after: Annotated[dt.date | None, Field(description="Printed on this day or later.")] = None,
        before: Annotated[dt.date | None, Field(description="Printed before this day.")] = None,
    ) -> Found:
        """Search the newsletter's past issues by meaning and words.

        Use it to find what the newsletter wrote about a subject, or an item half remembered. Returns items with the
        issue they were printed in; get_item has the full text, related_items what came before and after.
        """
        answer = search(self.archive, Ask(query, mode, limit=limit, filters=Filters(after=after, before=before)))
        return Found(
            total=answer.total,
            close=answer.close,
            hits=[_brief(hit) for hit in answer.hits],
            hints=list(answer.query.hints),
        )

    def get_item(self, id: int) -> dict[str, Any]:  # noqa: A002
        """Everything known of one item: full summary, link, issue, other mentions of the same work, paper metadata."""
        (entry,) = entries(self.archive, [self.archive.item(id)])
        return ItemOut.of(entry, self.urls).model_dump(mode="json", exclude_none=True)

    def related_items(
        self,
        id: Annotated[int | None, Field(description="An item's id.")] = None,  # noqa: A002
        url: Annotated[str | None, Field(description="A link that the newsletter had.")] = None,
        text: Annotated[str | None, Field(max_length=MAX_QUERY, description="Any text, such as an abstract.")] = None,
        limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 6,
    ) -> Around:
        """What an item builds on (earlier) and what followed it (later). Give exactly one of id, url and text."""
        if sum(given is not None for given in (id, url, text)) != 1:
            raise ValueError("Give exactly one of id, url and text.")
        if id is not None:
            found = related(self.archive, id, limit=limit)
        elif url is not None:
            found = related_to(self.archive, url=url, limit=limit)
        else:
            found = related_to(self.archive, text=text, limit=limit)
        return Around(earlier=[_brief(hit) for hit in found.earlier], later=[_brief(hit) for hit in found.later])

    def get_issue(
        self,
        number: Annotated[int | None, Field(description="The number as printed.")] = None,
        id: Annotated[int | None, Field(description="The id, from list_issues.")] = None,  # noqa: A002
    ) -> IssueText:
        """One issue with its items in order. Give its id, or its number as printed."""
        if (number is None) == (id is None):
            raise ValueError("Give either number or id.")
        if id is None:
            id = next((issue.id for issue in self.archive.issues() if issue.number == number), None)  # noqa: A001
            if id is None:
                raise ValueError(f"No issue has the number {number}; list_issues names all.")
        issue, items = self.archive.issue(id), self.archive.issue_items(id)
        briefs = [
            Brief(
                id=item.id,
                title=item.title,
                printed=printed(issue),
                url=item.url,
                further_links=_further(item),
                section=item.section,
                text=_short(item.summary or item.note),
            )
            for item in items
        ]
        return IssueText(issue=_line(issue, len(items)), url=issue.url, items=briefs)

    def list_issues(
        self,
        year: Annotated[int | None, Field(description="Only those of a year.")] = None,
        limit: Annotated[int, Field(ge=1, le=500)] = 50,
        offset: Annotated[int, Field(ge=0)] = 0,
    ) -> IssueList:
        """Past issues, newest first, with the number of their items."""
        issues = [one for one in self.archive.issues() if year is None or _year(one) == year]
        counts = self.archive.issue_counts()
        shown = issues[offset : offset + limit]
        return IssueList(total=len(issues), issues=[_line(issue, counts.get(issue.id, 0)) for issue in shown])

    def check_draft(
        self, text: Annotated[str, Field(min_length=1, max_length=MAX_DRAFT, description="Markdown or HTML.")]
    ) -> Draft:
        """Check a draft of the next issue: what of it was covered already, and which past items are worth a link."""
        if self.settings.parse_draft is None:
            raise ValueError("This archive does not check drafts.")
        coverage = check(self.archive, self.settings.parse_draft(text))
        return Draft(
            items=[
                Checked(
                    title=one.item.title,
                    url=one.item.url,
                    covered_in=[f"{printed(mention.issue)}, item {mention.item_id}" for mention in one.covered],
                    linked_in=[f"{printed(m.issue)}, item {m.item_id}, {m.key}" for m in one.linked],
                    similar=[_brief(hit) for hit in one.similar],
                )
                for one in coverage
            ]
        )


class HttpEndpoint:
    """The server at /mcp. Stateless, so that any worker process can take any request."""

    def __init__(self, archive: Archive, settings: Settings) -> None:
        self.archive = archive
        self.settings = settings
        self.app: ASGIApp | None = None

    @asynccontextmanager
    async def running(self) -> "AsyncIterator[None]":
        from mcp.server.transport_security import TransportSecuritySettings

        server = make_server(self.archive, self.settings)
        # What is served is public, and the API allows every origin: there is no private address to protect.
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self.app = server.streamable_http_app(
            stateless_http=True,
            json_response=True,
            transport_security=security,
            max_request_body_size=self.settings.max_body,
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(server.session_manager.run())
            try:
                yield
            finally:
                self.app = None

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if self.app is None:
            from .problems import Problem

            raise Problem("unavailable", "The server is starting or stopping.")
        # As if called directly: a mounted application would take the path to be below its own.
        await self.app({**scope, "path": "/mcp", "root_path": ""}, receive, send)


def run_stdio(archive: Archive, settings: Settings) -> None:
    """Serve on stdin and stdout until they close."""
    make_server(archive, settings).run("stdio")


def _offered(tool: Callable[P, R], archive: Archive) -> Callable[P, R]:
    """The tool over one state of the archive; errors that an assistant can act on as text, all others hidden."""
    from mcp.server.mcpserver.exceptions import ToolError

    @functools.wraps(tool)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return steady(archive, lambda: tool(*args, **kwargs))
        except (ArchiveError, ValueError) as error:
            raise ToolError(str(error)) from error

    return wrapped


def printed(issue: Issue) -> str:
    """Where something was printed, as a person would say it."""
    name = f"issue {issue.number}" if issue.number is not None else issue.title
    return f"{name}, {issue.date}" if issue.date else name


def _brief(hit: Hit) -> Brief:
    matched = next((h.text for h in hit.highlights if h.field not in {"title", "subtitle"}), None)
    return Brief(
        id=hit.item.id,
        title=f"{hit.item.title} ({hit.item.subtitle})" if hit.item.subtitle else hit.item.title,
        printed=printed(hit.issue),
        url=hit.item.url,
        further_links=_further(hit.item),
        section=hit.item.section,
        match=hit.match,
        text=_short(matched or hit.item.summary or hit.item.note),
        also_in=[printed(mention.issue) for mention in hit.also_in],
        reason=hit.reason,
    )


def _further(item: Item) -> list[str]:
    """The first further links; get_item has all of them."""
    return [link.url for link in item.links[:FURTHER]]


def _short(text: str | None) -> str | None:
    return None if text is None else shorten(text, SNIPPET, " …")


def _line(issue: Issue, items: int) -> IssueLine:
    return IssueLine(id=issue.id, number=issue.number, title=issue.title, date=issue.date, items=items)


def _year(issue: Issue) -> int | None:
    return issue.date.year if issue.date else issue.year
