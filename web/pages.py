"""The pages that ask: home, search, topics, about, the reference of the API, and the reader's preferences."""

from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from index.archive import Archive
from search.errors import BadCursor
from search.results import Answer, Facet, Hit
from search.retrieve import search

from . import front, i18n
from .asking import LISTS, Asked
from .common import settled
from .completing import complete
from .render import SCHEMES, View, render, view, wants_fragment
from .shelf import Spine, spines
from .texts import bands, chip_names, facet_names, facet_value, sort_names
from .topography import topics

router = APIRouter(include_in_schema=False)
_YEAR = 365 * 24 * 3600
FEW = 4
"""With fewer strong and good matches than this, the weaker ones are shown unfolded."""


@router.get("/")
@settled
def home(request: Request) -> Response:
    here = view(request)
    return render(request, "home", {"front": front.front(here), "query": "", **_canonical("/")})


@router.get("/search")
@settled
def search_page(request: Request) -> Response:
    here = view(request)
    asked = Asked.read(request.query_params.multi_items())
    if asked.blank:
        values = {"query": "", "asked": asked, "begun": None, "blank": True, "examples": front.examples(here)}
        return render(request, "search", {**values, **_canonical("/search")})
    typed, begun = asked.query, None
    more = bool(asked.cursor) and request.query_params.get("band") is not None
    try:
        answer = search(here.archive, asked.ask())
    except BadCursor:  # the archive has changed since the page before, or the address was damaged on its way
        again = replace(asked, cursor=None).href
        if more and wants_fragment(request):
            return render(request, "search", {"again": again}, fragment="again")
        return RedirectResponse(again, 303)
    if not answer.close and request.headers.get("HX-Typing") == "true":
        completed = complete(here.archive, asked.query)
        found = completed and search(here.archive, replace(asked, query=completed[0]).ask())
        if completed and found and found.close:
            answer, asked, begun = found, replace(asked, query=completed[0]), completed[1]
    values = {
        "query": typed,
        "begun": begun,
        "asked": asked,
        "answer": answer,
        "blank": False,
        **_hits(request, here, asked, answer),
    }
    if more:
        return render(request, "search", values, fragment="more")
    values |= {
        "chips": _chips(here, asked, answer),
        # A link that was pasted is the question, no condition on one.
        "conditions": bool(asked.conditions)
        or any((chip.field, chip.value) != ("link", answer.query.target) for chip in answer.query.chips),
        "widened": asked.widened(answer.query.words),
        "topical": not answer.close and bool(topics(here.archive).topics),
        "sorts": _sorts(here, asked),
        "facets": _facets(here, asked, answer),
        "bins": _shelf(here, answer),
        **_canonical(asked.href),
        # A plain question may be found from outside; its countless narrowed and sorted forms need not be.
        "unlisted": asked != Asked(asked.query),
    }
    return render(request, "search", values)


@router.post("/preferences")
def preferences(
    next_page: Annotated[str, Form(alias="next", max_length=2000)] = "/",
    lang: Annotated[str | None, Form()] = None,
    scheme: Annotated[str | None, Form()] = None,
) -> Response:
    """Remembers a language or colour scheme in a cookie of this reader's browser, and goes back to the page."""
    target = urlsplit(next_page)
    local = next_page.startswith("/") and not next_page.startswith(("//", "/\\")) and not target.netloc
    pairs = [pair for pair in target.query.split("&") if pair and not pair.startswith("lang=")]
    back = (target.path + (f"?{'&'.join(pairs)}" if pairs else "")) if local else "/"
    response = RedirectResponse(back, 303)
    if lang in i18n.LANGUAGES:
        response.set_cookie("lang", lang, max_age=_YEAR, httponly=True, samesite="lax")
    if scheme in SCHEMES:
        response.set_cookie("scheme", scheme, max_age=_YEAR, httponly=True, samesite="lax")
    elif scheme == "system":
        response.delete_cookie("scheme", httponly=True, samesite="lax")
    return response


@dataclass(frozen=True, slots=True)
class Group:
    """A run of hits: under a heading, without one, or folded away because they are weak."""

    heading: str | None
    folded: bool
    hits: tuple[Hit, ...]
    open: bool = False
    """Whether what is folded shows all the same, because there is little else."""


@dataclass(frozen=True, slots=True)
class More:
    """The next page: as a page of its own, and as the fragment that is put in the link's place."""

    href: str
    fetch: str


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    href: str
    selected: bool
    count: int = 0


def _canonical(path: str) -> dict[str, Any]:
    return {"canonical": path, "unlisted": False}


def _hits(request: Request, here: View, asked: Asked, answer: Answer) -> dict[str, Any]:
    """Groups under the names of the bands; in order of time only weak matches, which stand last, are kept apart."""
    _ = here.language.text
    before = request.query_params.get("band")
    groups: list[Group] = []
    if answer.close and (answer.query.words or answer.query.target):
        for heading, hits in _parts(here, asked, answer):
            folded = hits[0].match == "weak"
            few = len(answer.hits) - len(hits) < FEW
            groups.append(Group(None if hits[0].match == before else heading, folded and before != "weak", hits, few))
    elif answer.hits:
        nearest = None if answer.close else _("The nearest there is, probably about something else")
        groups = [Group(nearest, False, answer.hits)]
    more = None
    if answer.next:
        following = replace(asked, cursor=answer.next).href
        more = More(following, f"{following}&{urlencode({'band': answer.hits[-1].match})}")
    return {"groups": groups, "more": more}


def _parts(here: View, asked: Asked, answer: Answer) -> list[tuple[str | None, tuple[Hit, ...]]]:
    """Runs of hits under their headings, those without any left out: bands; around a pasted link what has that link,
    and what is like it; in order of time only the weak ones apart."""
    _ = here.language.text
    names = bands(here.language)
    target = answer.query.target if not answer.query.words else None
    if asked.sort != "relevance":
        strong: list[tuple[str | None, list[Hit]]] = [(None, [hit for hit in answer.hits if hit.match != "weak"])]
    elif target:
        own = [hit for hit in answer.hits if target in (hit.item.key, *(link.key for link in hit.item.links))]
        like = [hit for hit in answer.hits[len(own) :] if hit.match != "weak"]  # its own stand first
        strong = [(None, own), (None if asked.cursor else _("What is like it"), like)]
    else:
        strong = [(names[band], [hit for hit in answer.hits if hit.match == band]) for band in ("strong", "good")]
    weak = [hit for hit in answer.hits if hit.match == "weak"]
    return [(heading, tuple(hits)) for heading, hits in (*strong, (names["weak"], weak)) if hits]


def _chips(here: View, asked: Asked, answer: Answer) -> list[Choice]:
    """What the query language took out of the question, and the conditions that stand beside it."""
    names = chip_names(here.language)
    chips = []
    for chip in answer.query.chips:
        field = chip.field.removeprefix("-")
        label = names.get(field, field)
        turned = f"{names['not']} · {label}" if field != chip.field else label
        href = replace(asked, query=chip.without, cursor=None).href
        chips.append(Choice(facet_value(here.language, field, chip.value), turned, href, True))
    for name, value in asked.conditions:
        label = names.get(name, name)
        chips.append(Choice(facet_value(here.language, name, value), label, asked.toggled(name, value).href, True))
    return chips


def _sorts(here: View, asked: Asked) -> list[Choice]:
    return [
        Choice(value, label, asked.sorted(value).href, value == asked.sort)
        for value, label in sort_names(here.language).items()
    ]


_FACETS = ("newsletter", "section", "kind", "year", "host", "language")
_FACET_VALUES, _YEARS = 8, 12
_WRITTEN = {"site": "host"}
"""Fields that a question names otherwise."""


@dataclass(frozen=True, slots=True)
class FacetView:
    field: str
    label: str
    values: tuple[Choice, ...]


def _facets(here: View, asked: Asked, answer: Answer) -> list[FacetView]:
    """The facets that can still narrow something, each value a link that adds it or takes it away, from the question
    itself where it was written there."""
    names = facet_names(here.language)
    by_field = {facet.field: facet for facet in answer.facets}
    written = {(_WRITTEN.get(c.field, c.field), c.value.casefold()): c.without for c in answer.query.chips}
    views = []
    for field in _FACETS:
        facet = by_field.get(field)
        if facet is None or not _narrows(facet):
            continue
        values = []
        for value in facet.values[: _YEARS if field == "year" else _FACET_VALUES]:
            rest = written.get((field, value.value.casefold()))
            turned = asked.toggled(field, value.value) if rest is None else replace(asked, query=rest, cursor=None)
            chosen = rest is not None or (field, value.value) in asked.conditions
            label = facet_value(here.language, field, value.label)
            values.append(Choice(value.value, label, turned.href, chosen, value.count))
        views.append(FacetView(field, names[field], tuple(values)))
    return views


def _narrows(facet: Facet) -> bool:
    return facet.field in LISTS and (len(facet.values) > 1 or any(value.selected for value in facet.values))


def _shelf(here: View, answer: Answer) -> list[Spine]:
    """The shelf with the spines lit whose issues printed a match; none for fewer than three issues."""
    archive: Archive = here.archive
    issues = archive.issues()
    if len(issues) < 3:
        return []
    return spines(issues, archive.issue_counts(), here.language, dict(answer.issue_counts))
