"""The author's page: a draft issue against everything the archive covered already."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from index.errors import NotFound
from search.related import check

from .common import settled
from .render import render, view

router = APIRouter(include_in_schema=False)
LONGEST = 400_000
"""Characters of a draft; the longest issues known have a tenth of that."""


@router.get("/check")
def form(request: Request) -> Response:
    if view(request).settings.parse_draft is None:
        raise NotFound("This site does not check drafts.")
    return render(request, "check", {"coverages": None, "draft": "", "canonical": "/check", "unlisted": True})


@router.post("/check")
@settled
def checked(request: Request, draft: Annotated[str, Form(max_length=LONGEST)] = "") -> Response:
    """The draft is read, compared and forgotten; nothing of it is kept."""
    here = view(request)
    if here.settings.parse_draft is None:
        raise NotFound("This site does not check drafts.")
    try:
        items = here.settings.parse_draft(draft)
    except ValueError:  # no draft at all: the page says that it found no item
        items = ()
    coverages = check(here.archive, items) if items else []
    return render(request, "check", {"coverages": coverages, "draft": draft, "unlisted": True})
