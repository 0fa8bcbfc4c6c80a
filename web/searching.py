"""Searching over the JSON API: searches, items, what is related, works, drafts.

Handlers are `def`: SQLite and the model block. They answer bytes made once from the records (see `records`), while the
models are declared for the documentation.
"""

import time
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from index.types import Item
from search.related import check, names_paper, related, related_to
from search.results import Related
from search.retrieve import search, search_many

from . import params, schemas
from .common import archive_of, known_parameters, problems, reply, settings_of, settled, urls_of
from .entries import entries
from .params import BatchIn, DraftIn, SearchQuery
from .problems import Problem
from .quick import QuickRoute
from .records import BuildOut, ItemOut, WorkOut
from .urls import API
from .works import Work

router = APIRouter(prefix=API, dependencies=[Depends(known_parameters)])
quick = APIRouter(prefix=API, dependencies=[Depends(known_parameters)], route_class=QuickRoute)
"""What is asked with every letter typed."""
drafts = APIRouter(prefix=API, dependencies=[Depends(known_parameters)])
"""Only where drafts can be read."""

ItemId = Annotated[int, Path(ge=1, le=params.MAX_ID, description="The item's id.", examples=[42])]


@quick.get(
    "/search",
    tags=["Search"],
    operation_id="search",
    summary="Search by meaning and words",
    response_model=schemas.SearchOut,
    responses=problems("invalid", "bad-query", "bad-cursor", "stale-cursor"),
)
@settled
def search_items(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Works that answer a question, best first, with calibrated relevance and exact counts.

    A work is shown once, through its best item. `close: false` says that nothing in the archive is close to the
    question. Read on with `next_url`.
    """
    began = time.perf_counter()
    found = search(archive_of(request), query.ask())
    urls = urls_of(request)
    next_url = None
    if found.next is not None:
        given = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        next_url = f"{urls.api('/search')}?{urlencode([*given, ('cursor', found.next)])}"
    took = (time.perf_counter() - began) * 1000
    out = schemas.SearchOut.of(found, urls=urls, next_url=next_url, took_ms=took)
    return reply(out, {"Link": f'<{next_url}>; rel="next"'} if next_url else None)


@router.post(
    "/search",
    tags=["Search"],
    operation_id="search_batch",
    summary="Several searches at once",
    response_model=schemas.BatchOut,
    responses=problems("invalid", "bad-query", "bad-cursor", "stale-cursor", "too-large"),
)
@settled
def search_batch(request: Request, batch: BatchIn) -> Response:
    """Up to 50 searches, embedded together; the answers stand in the order of the queries."""
    began = time.perf_counter()
    archive, urls = archive_of(request), urls_of(request)
    found = search_many(archive, [query.ask() for query in batch.queries])
    took = (time.perf_counter() - began) * 1000
    answers = []
    for query, one in zip(batch.queries, found, strict=True):
        given = query.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"cursor"})
        next_url = None if one.next is None else urls.api("/search", {**given, "cursor": one.next})
        answers.append(schemas.SearchOut.of(one, urls=urls, next_url=next_url, took_ms=took))
    build = BuildOut.of(found[0].build)
    return reply(schemas.BatchOut.model_construct(answers=tuple(answers), build=build, took_ms=round(took, 3)))


@router.get(
    "/items/{id}",
    tags=["Items"],
    operation_id="get_item",
    summary="One item",
    response_model=ItemOut,
    responses=problems("invalid", "not-found"),
)
@settled
def get_item(request: Request, id: ItemId) -> Response:  # noqa: A002
    """Everything known of one item, with the issue it was printed in and the other mentions of its work."""
    archive = archive_of(request)
    (entry,) = entries(archive, [archive.item(id)])
    return reply(ItemOut.of(entry, urls_of(request), archive.build))


@router.get(
    "/items/{id}/related",
    tags=["Items"],
    operation_id="related_items",
    summary="What surrounds an item in time",
    response_model=schemas.RelatedOut,
    responses=problems("invalid", "not-found"),
)
@settled
def related_items(request: Request, id: ItemId, limit: params.Limit = 10) -> Response:  # noqa: A002
    """Earlier items that it builds on and later ones that follow, closest first; up to `limit` of each."""
    archive = archive_of(request)
    return _related(request, related(archive, id, limit=limit))


@router.get(
    "/related",
    tags=["Items"],
    operation_id="related_to",
    summary="What is related to a link, an arXiv id or a text",
    response_model=schemas.RelatedOut,
    responses=problems("invalid", "bad-query", "not-found"),
)
@settled
def related_to_something(
    request: Request,
    url: Annotated[str | None, Query(max_length=2_000, description="A link that the newsletter may have had.")] = None,
    text: Annotated[
        str | None, Query(max_length=params.MAX_TEXT, description="Free text, such as an abstract.")
    ] = None,
    arxiv: Annotated[str | None, Query(max_length=100, description="An arXiv id.", examples=["2104.06601"])] = None,
    limit: params.Limit = 10,
) -> Response:
    """Exactly one of `url`, `text` and `arxiv` says what to compare with.

    For a link or id that the archive never printed, the words of its address are compared; where it has none, nothing
    is found: its text can be given instead.
    """
    given = {name: value for name, value in (("url", url), ("text", text), ("arxiv", arxiv)) if value is not None}
    if len(given) != 1:
        raise Problem(
            "bad-query", "Give exactly one of url, text and arxiv.", tuple((n, "One of three") for n in given)
        )
    ((name, value),) = given.items()
    if not value.strip():
        raise Problem("bad-query", f"There is nothing to compare: {name} is empty.", ((name, "Empty"),))
    if name == "arxiv" and not names_paper(value):
        raise Problem("bad-query", f"“{value}” is no arXiv id, such as 2104.06601.", ((name, "An arXiv id"),))
    return _related(request, related_to(archive_of(request), limit=limit, **given))


def _related(request: Request, found: Related) -> Response:
    urls = urls_of(request)
    item = None
    if found.item is not None and found.item.id:
        item = ItemOut.of(entries(archive_of(request), [found.item])[0], urls)
    return reply(schemas.RelatedOut.of(found, item, urls))


@router.get(
    "/works/{key:path}",
    tags=["Items"],
    operation_id="get_work",
    summary="A work's life in the newsletter",
    response_model=WorkOut,
    responses=problems("invalid", "not-found"),
)
@settled
def get_work(
    request: Request,
    key: Annotated[str, Path(max_length=2_000, description="A work's key.", examples=["arxiv:2104.06601"])],
) -> Response:
    """Every mention of what a link points to, oldest first, with what was said each time, and a citation.

    Items that have the link beside their own are in `linked_by`.
    """
    archive = archive_of(request)
    return reply(WorkOut.of(Work.find(archive, key), archive.build, urls_of(request)))


@drafts.post(
    "/check",
    tags=["Search"],
    operation_id="check_draft",
    summary="A draft beside the archive",
    response_model=schemas.CheckOut,
    responses=problems("invalid", "too-large"),
)
@settled
def check_draft(request: Request, draft: DraftIn) -> Response:
    """What of a draft issue was covered already, and which past items are worth a link. Nothing is kept."""
    archive, parse = archive_of(request), settings_of(request).parse_draft
    items: Sequence[Item] = ()
    hint = "No items are recognised in it."
    try:
        items = parse(draft.text) if parse is not None else ()
    except ValueError as error:
        hint = str(error)
    out = schemas.CheckOut.of(check(archive, items), archive.build, urls_of(request), None if items else hint)
    return reply(out)
