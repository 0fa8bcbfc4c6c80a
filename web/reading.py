"""The pages that read: items, works, issues, and all issues."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from index.archive import Archive
from index.types import Issue, Item
from search.related import related

from . import structured
from .common import settled
from .entries import entries
from .render import outward, render, view
from .shelf import spines
from .urls import quote_key
from .works import Work

router = APIRouter(include_in_schema=False)
WHOLE_LIST = 120
"""Up to so many issues stand on one page; longer runs are shown year by year."""


@router.get("/items/{item_id}")
@settled
def item_page(request: Request, item_id: int) -> Response:
    here = view(request)
    archive = here.archive
    entry = entries(archive, [archive.item(item_id)])[0]
    item, issue = entry.item, entry.issue
    around = related(archive, item_id, 8)
    printed = archive.issue_items(issue.id)
    at = next(n for n, other in enumerate(printed) if other.id == item.id)
    lit: dict[int, int] = {}
    for hit in (*around.earlier, *around.later):
        lit[hit.issue.id] = lit.get(hit.issue.id, 0) + 1
    shelf = archive.issues()
    values = {
        "entry": entry,
        "item": item,
        "linked": [link for link in item.links if outward(link.url)],
        "works": archive.works([link.key for link in item.links]) if item.links else {},
        "issue": issue,
        "earlier": around.earlier,
        "later": around.later,
        "before": printed[at - 1] if at else None,
        "after": printed[at + 1] if at + 1 < len(printed) else None,
        "neighbours": printed[max(0, at - 3) : at + 4],
        "bins": spines(shelf, archive.issue_counts(), here.language, lit, issue.id) if len(shelf) > 2 else [],
        "similar": _similar(item),
        "structured": structured.item(here, entry),
        "canonical": f"/items/{item.id}",
        "query": "",
    }
    return render(request, "item", values)


@router.get("/works/{key:path}")
@settled
def work_page(request: Request, key: str) -> Response:
    here = view(request)
    archive = here.archive
    work = Work.find(archive, key)
    issues = [entry.issue for entry in work.mentions or work.linked_by]
    lit = {issue.id: issues.count(issue) for issue in issues}
    shelf = archive.issues()
    values = {
        "key": key,
        "work": work,
        "mentions": work.mentions,
        "latest": work.item,
        "paper": work.paper,
        "work_title": work.title,
        "bibtex": work.bibtex,
        "bins": spines(shelf, archive.issue_counts(), here.language, lit) if len(shelf) > 2 else [],
        "structured": structured.work(here, work),
        "canonical": f"/works/{quote_key(key)}",
        "query": "",
    }
    return render(request, "work", values)


@router.get("/issues/{issue_id}")
@settled
def issue_page(request: Request, issue_id: int) -> Response:
    here = view(request)
    archive = here.archive
    issue = archive.issue(issue_id)
    shelf = archive.issues()
    run = [other for other in shelf if other.newsletter == issue.newsletter or not here.newsletters]
    at = next(n for n, other in enumerate(run) if other.id == issue.id)
    items = archive.issue_items(issue.id)
    sections = [(name, list(group)) for name, group in groupby(items, lambda item: item.section)]
    values = {
        "issue": issue,
        "items": items,
        "sections": sections,
        "noted": [item for item in items if item.note],
        "newer": run[at - 1] if at else None,
        "older": run[at + 1] if at + 1 < len(run) else None,
        "bins": spines(shelf, archive.issue_counts(), here.language, None, issue.id) if len(shelf) > 2 else [],
        "structured": structured.issue(here, issue, items),
        "canonical": f"/issues/{issue.id}",
        "query": "",
    }
    return render(request, "issue", values)


@router.get("/issues")
@settled
def issues_page(request: Request) -> Response:
    here = view(request)
    archive = here.archive
    wanted = request.query_params.get("newsletter", "")
    paper = wanted if wanted in dict(here.newsletters) else ""
    issues = [issue for issue in archive.issues() if not paper or issue.newsletter == paper]
    printed = _years(issues)
    years = sorted({at for at in printed.values() if at}, reverse=True)
    asked = request.query_params.get("year", "")
    shown: Sequence[Issue] = issues
    chosen = int(asked) if asked.isascii() and asked.isdigit() and int(asked) in years else None
    if chosen is None and len(issues) > WHOLE_LIST and years:
        chosen = years[0]
    if chosen is not None:
        shown = [issue for issue in issues if printed[issue.id] == chosen]
    kept = {"newsletter": paper} if paper else {}
    if chosen is not None and asked:
        kept["year"] = str(chosen)
    values = {
        "groups": [(at, list(group)) for at, group in groupby(shown, lambda issue: printed[issue.id])],
        "years": years,
        "paper": paper,
        "chosen": chosen,
        "total": len(issues),
        "counts": archive.issue_counts(),
        "contents": _contents(archive, archive.generation, tuple(issue.id for issue in shown)),
        "canonical": "/issues" + (f"?{urlencode(kept)}" if kept else ""),
        "query": "",
    }
    return render(request, "issues", values)


def _years(issues: Sequence[Issue]) -> dict[int, int]:
    """The year of each issue by id; one that does not say takes that of the issue before it, else of the one after.

    `issues` are newest first, as the archive orders them. 0 where no issue says.
    """
    years = [issue.date.year if issue.date else issue.year or 0 for issue in issues]
    for order in (range(len(years) - 2, -1, -1), range(1, len(years))):
        step = -order.step
        for at in order:
            years[at] = years[at] or years[at + step]
    return {issue.id: year for issue, year in zip(issues, years, strict=True)}


@lru_cache(32)
def _contents(archive: Archive, generation: int, ids: tuple[int, ...]) -> dict[int, tuple[Item, ...]]:  # noqa: ARG001
    """The items that stand for each issue in one line: those the editor put forward, else the first ones."""
    contents: dict[int, tuple[Item, ...]] = {}
    for issue_id in ids:
        items = archive.issue_items(issue_id)
        contents[issue_id] = tuple(([item for item in items if item.note] or items)[:4])
    return contents


def _similar(item: Item) -> str:
    """A search for more of what the item's own text says."""
    text = " ".join(part for part in (item.title, item.subtitle, item.summary) if part)
    return "/search?" + urlencode({"q": " ".join(text.split())[:400]})
