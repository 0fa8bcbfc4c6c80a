"""The endpoints of the archive as a whole: its issues, topics, state and downloads."""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from index.archive import Archive
from index.errors import NotFound
from search.topics import topic_map

from . import params, schemas
from .common import archive_of, known_parameters, problems, reply, settings_of, settled, urls_of
from .downloads import Download, answer
from .export import item_lines, item_rows, unchanged
from .listing import page_of_issues, whole_issue
from .naming import archive_name
from .params import Cursor
from .problems import TITLES, ProblemKindOut
from .records import BuildOut, IssuesOut, WholeIssueOut
from .urls import API

router = APIRouter(prefix=API, dependencies=[Depends(known_parameters)])

IssueId = Annotated[int, Path(ge=1, le=params.MAX_ID, description="The issue's id (not its number).", examples=[12])]


@router.get(
    "/issues",
    tags=["Issues"],
    operation_id="list_issues",
    summary="All past issues, newest first",
    response_model=IssuesOut,
    responses=problems("invalid", "bad-cursor", "stale-cursor"),
)
@settled
def list_issues(request: Request, limit: params.Limit = 50, cursor: Cursor = None) -> Response:
    """Each issue with the number of its items. Read on with `next_url`."""
    out = page_of_issues(archive_of(request), limit, cursor, urls_of(request))
    return reply(out, {"Link": f'<{out.next_url}>; rel="next"'} if out.next_url else None)


@router.get(
    "/issues/{id}",
    tags=["Issues"],
    operation_id="get_issue",
    summary="One issue with its items",
    response_model=WholeIssueOut,
    responses=problems("invalid", "not-found"),
)
@settled
def get_issue(request: Request, id: IssueId) -> Response:  # noqa: A002
    """The issue as it was: its items in order, the links that belong to none of them, its neighbours in time."""
    return reply(whole_issue(archive_of(request), id, urls_of(request)))


@router.get(
    "/topics",
    tags=["Issues"],
    operation_id="list_topics",
    summary="The archive by topics",
    response_model=schemas.TopicsOut,
    responses=problems(),
)
@settled
def list_topics(request: Request) -> Response:
    """Topics found in the items, with their items and how many there were in each month."""
    return reply(schemas.TopicsOut.of(topic_map(archive_of(request)), urls_of(request)))


@router.get(
    "/status",
    tags=["Archive"],
    operation_id="get_status",
    summary="What the archive holds and allows",
    response_model=schemas.StatusOut,
    responses=problems(),
)
@settled
def get_status(request: Request) -> Response:
    """Counts, span of time, model, build, and the limits that are enforced."""
    archive, settings = archive_of(request), settings_of(request)
    issues = archive.issues()
    names = tuple(dict.fromkeys(issue.newsletter for issue in issues if issue.newsletter))
    dates = [issue.date for issue in issues if issue.date is not None]
    limits = schemas.LimitsOut.model_construct(
        query_characters=params.MAX_QUERY,
        text_characters=params.MAX_TEXT,
        draft_characters=params.MAX_DRAFT,
        batch_queries=params.MAX_BATCH,
        page_size=params.MAX_LIMIT,
        rate=settings.rate_limit,
    )
    out = schemas.StatusOut.model_construct(
        title=settings.title or archive_name(archive),
        version=version("backissues"),
        newsletters=names,
        first=min(dates, default=None),
        last=max(dates, default=None),
        build=BuildOut.of(archive.build),
        limits=limits,
    )
    return reply(out)


@router.get(
    "/problems/{code}",
    tags=["Archive"],
    operation_id="get_problem",
    summary="What an error means",
    response_model=ProblemKindOut,
    responses=problems("invalid", "not-found"),
)
def get_problem(
    code: Annotated[str, Path(max_length=100, description="The `code` of an error.", examples=["bad-cursor"])],
) -> Response:
    """The description that the `type` of an error leads to."""
    if code not in TITLES:
        raise NotFound(f"There is no problem called {code!r}.")
    status, title, remedy = TITLES[code]
    return reply(ProblemKindOut.model_construct(code=code, title=title, status=status, remedy=remedy))


def _file(description: str, media_type: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string"}}}
    return {
        200: {"description": description, "content": content},
        206: {"description": "The rest of a broken download.", "content": content},
        **problems("range"),
    }


def _download(request: Request, name: str, media_type: str, make: Callable[[Archive], Iterator[bytes]]) -> Response:
    archive = archive_of(request)
    build = archive.build
    state = f"{build.id} {build.updated} {urls_of(request).base}"
    download = Download(name, media_type, state, lambda: unchanged(archive, make(archive), build.generation))
    return answer(request, download, request.app.state.download_sizes)


@router.get(
    "/items.jsonl",
    tags=["Archive"],
    operation_id="download_jsonl",
    summary="All items as JSON Lines",
    response_class=Response,
    responses=_file("One object a line, in the shape of `GET /items/{id}`, by id.", "application/jsonl"),
)
@settled
def items_jsonl(request: Request) -> Response:
    """The whole archive, streamed and compressed. The ETag is a strong one: go on with a broken download by `Range`
    and `If-Range`."""
    urls = urls_of(request)
    return _download(request, "items.jsonl", "application/jsonl", lambda archive: item_lines(archive, urls))


@router.get(
    "/items.csv",
    tags=["Archive"],
    operation_id="download_csv",
    summary="All items as CSV",
    response_class=Response,
    responses=_file("One row an item after a row of names, UTF-8, by id.", "text/csv"),
)
@settled
def items_csv(request: Request) -> Response:
    """The whole archive for spreadsheets. Text that a spreadsheet would run as a formula has an apostrophe before it;
    the JSON Lines are exact."""
    return _download(request, "items.csv", "text/csv; charset=utf-8", item_rows)
