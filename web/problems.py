"""Errors as RFC 9457 `application/problem+json`: one table of what can go wrong, one place that answers it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException

from index.errors import ArchiveError, NotFound
from search.errors import BadCursor, BadQuery

from .records import Out
from .urls import Urls

MEDIA_TYPE = "application/problem+json"

TITLES: Mapping[str, tuple[int, str, str]] = {
    "unknown-parameter": (400, "Unknown parameter", "Leave the named parameter out, or correct its spelling."),
    "repeated-parameter": (400, "Parameter given twice", "Give the named parameter once."),
    "bad-query": (400, "The query cannot be read", "The detail says what is wrong with it."),
    "bad-cursor": (400, "Not a cursor", "Use `next` of an earlier answer to the same query, unchanged."),
    "not-found": (404, "Not found", "The archive has no such thing; ids and keys come from its answers."),
    "not-allowed": (405, "Method not allowed", "The Allow header names the methods that are."),
    "stale-cursor": (410, "The archive changed", "Start over with the first page; the answer may have changed."),
    "too-large": (413, "Request too large", "Send less at once; GET /api/v1/status names the limits."),
    "range": (416, "Nothing at that range", "The file is shorter; it may have changed since."),
    "invalid": (422, "Value not accepted", "`errors` names each value with what is wanted."),
    "rate-limited": (429, "Too many requests", "Wait for as many seconds as Retry-After says."),
    "internal": (500, "Something went wrong here", "It was logged; please tell whoever hosts the archive."),
    "unavailable": (503, "The archive cannot answer now", "The detail says why; it is for its host to mend."),
}
"""By code: status, title, and what to do about it. The codes are part of the contract."""

_BY_STATUS = {status: code for code, (status, _, _) in reversed(list(TITLES.items()))} | {400: "bad-query"}


@dataclass(eq=False)
class Problem(Exception):
    """Anything that keeps a request from its answer; raise it, and the handlers installed here answer it.

    `errors` lists the offending parts as (where, what): the name of a parameter, or a JSON pointer into the body.
    """

    code: str
    detail: str
    errors: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    title: str = ""

    def __post_init__(self) -> None:
        status, title, _ = TITLES[self.code]
        self.status = self.status or status
        self.title = self.title or title


class ErrorOut(Out):
    """One offending part of the request."""

    at: Annotated[str, Field(description="A parameter's name, or a JSON pointer into the body.", examples=["limit"])]
    detail: Annotated[str, Field(examples=["Input should be less than or equal to 100"])]


class ProblemOut(Out):
    """What went wrong (RFC 9457)."""

    type: Annotated[str, Field(description="Names the kind of problem, and leads to its description.")]
    title: Annotated[str, Field(description="The kind of problem, in words.", examples=["Unknown parameter"])]
    status: Annotated[int, Field(description="The HTTP status.", examples=[400])]
    detail: Annotated[str, Field(description="What went wrong this time.")]
    instance: Annotated[str, Field(description="What was asked for.", examples=["/api/v1/search"])]
    code: Annotated[str, Field(description="The kind of problem, for programs.", examples=["unknown-parameter"])]
    errors: Annotated[tuple[ErrorOut, ...], Field(description="The offending parts, where there are such.")]


class ProblemKindOut(Out):
    """What a kind of problem means, and what to do about it."""

    code: str
    title: str
    status: int
    remedy: str


Page = Callable[[Request, Problem], Response]


def install(app: FastAPI, urls: Callable[[Request], Urls], page: Page | None = None) -> Page:
    """Answer every error of `app`: as a problem, or through `page` where a person asked for a page of the site.

    Returns what answers, for the layers around the application, which cannot raise.
    """

    def answer(request: Request, problem: Problem) -> Response:
        if page is not None and for_people(request):
            return page(request, problem)
        return problem_response(request.url.path, problem, urls(request))

    def on_problem(request: Request, error: Exception) -> Response:
        problem = as_problem(error)
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            problem.headers = _allowed(request) or problem.headers
        return answer(request, problem)

    for kind in (Problem, RequestValidationError, HTTPException, ArchiveError, Exception):
        app.add_exception_handler(kind, on_problem)
    return answer


def _allowed(request: Request) -> dict[str, str]:
    """All methods of the address: the router names those of the first route that has it, not of all."""
    path = getattr(request.scope.get("route"), "path_format", "")
    methods = {method.upper() for method in request.app.openapi()["paths"].get(path, ())}
    if not methods:
        return {}
    return {"Allow": ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))}


def problem_response(path: str, problem: Problem, urls: Urls) -> Response:
    out = ProblemOut.model_construct(
        type=urls.api(f"/problems/{problem.code}"),
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        instance=path,
        code=problem.code,
        errors=tuple(ErrorOut.model_construct(at=at, detail=detail) for at, detail in problem.errors),
    )
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(out.json_bytes(), problem.status, headers, MEDIA_TYPE)


def for_people(request: Request) -> bool:
    """Whether a page is wanted: an address of the site, asked for by something that shows HTML."""
    path = request.scope["path"]
    if path.startswith(("/api/", "/mcp")) or path.endswith((".xml", ".json", ".jsonl", ".csv")):
        return False
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def as_problem(error: Exception) -> Problem:
    """The problem that an exception stands for; an unforeseen one tells nothing of its inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error.errors())
    if isinstance(error, HTTPException):
        code = _BY_STATUS.get(error.status_code, "bad-query" if error.status_code < 500 else "internal")
        _, _, remedy = TITLES[code]
        title = "" if error.status_code == TITLES[code][0] else HTTPStatus(error.status_code).phrase
        detail = remedy if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
        return Problem(code, detail, (), error.headers or {}, error.status_code, title)
    if isinstance(error, BadCursor):
        return Problem("stale-cursor" if error.stale else "bad-cursor", str(error), (("cursor", str(error)),))
    if isinstance(error, BadQuery):
        return Problem("bad-query", str(error))
    if isinstance(error, NotFound):
        return Problem("not-found", str(error))
    if isinstance(error, ArchiveError):
        return Problem("unavailable", str(error))
    return Problem("internal", "An error that was not foreseen; the log of the server has it.")


def _invalid(errors: Sequence[Any]) -> Problem:
    found = tuple(_offending(error) for error in errors)
    unknown = [at for (at, _), error in zip(found, errors, strict=True) if error["type"] == "extra_forbidden"]
    if unknown:
        return Problem("unknown-parameter", f"Unknown: {', '.join(unknown)}.", found)
    return Problem("invalid", "; ".join(f"{at}: {detail}" for at, detail in found), found)


def _offending(error: Any) -> tuple[str, str]:
    """Where one error is, and what it is: in a script's terms where pydantic speaks of its own inside."""
    if error["type"] == "json_invalid":  # its place is a character's, not a value's
        return "/", f"This is no JSON: {error['ctx']['error']} at character {error['loc'][-1]}."
    if error["type"] == "model_attributes_type" and tuple(error["loc"]) == ("body",):
        return "/", "A JSON object is wanted, sent with the header Content-Type: application/json."
    return _where(error["loc"]), str(error["msg"]).removeprefix("Value error, ")


def _where(location: Sequence[str | int]) -> str:
    """A parameter's name, or for the body a JSON pointer (RFC 6901)."""
    place, *rest = location
    if place == "body":
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest) or "/"
    return str(rest[0]) if rest else str(place)
