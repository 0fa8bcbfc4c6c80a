"""What all endpoints share: how they reach the archive, what they refuse, how they document their errors."""

import functools
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute

from index.archive import Archive

from .problems import TITLES, Problem
from .records import Out
from .settings import Settings
from .steady import steady
from .urls import Urls

P = ParamSpec("P")


def archive_of(request: Request) -> Archive:
    archive: Archive = request.app.state.archive
    return archive


def settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def urls_of(request: Request) -> Urls:
    """Where the archive is reached: as the settings say, else as this request came."""
    return Urls(settings_of(request).base_url or str(request.base_url).rstrip("/"))


def settled(endpoint: Callable[P, Response]) -> Callable[P, Response]:
    """An endpoint whose answer is of one state of the archive (see `steady`)."""

    @functools.wraps(endpoint)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Response:
        archive = archive_of(cast("Request", kwargs["request"]))  # FastAPI calls endpoints by keywords
        return steady(archive, lambda: endpoint(*args, **kwargs))

    return wrapped


def known_parameters(request: Request) -> None:
    """Refuse parameters that the endpoint does not have, and several values where one is meant."""
    route: APIRoute = request.scope["route"]
    known = _parameters(request.app, route.path_format, request.method.lower())
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        allowed = f"It takes {', '.join(known)}." if known else "It takes none."
        raise Problem(
            "unknown-parameter",
            f"Unknown: {', '.join(unknown)}. {allowed}",
            tuple((name, "Unknown parameter") for name in unknown),
        )
    twice = [n for n in request.query_params if not known[n] and len(request.query_params.getlist(n)) > 1]
    if twice:
        raise Problem(
            "repeated-parameter", f"Given twice: {', '.join(twice)}.", tuple((n, "Given twice") for n in twice)
        )


@lru_cache(maxsize=256)
def _parameters(app: Any, path: str, method: str) -> dict[str, bool]:
    """The query parameters that the published OpenAPI document names, and whether each may be repeated."""
    declared = app.openapi()["paths"].get(path, {}).get(method, {}).get("parameters", ())
    return {p["name"]: p["schema"].get("type") == "array" for p in declared if p["in"] == "query"}


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The errors of an endpoint, for its documentation."""
    schema = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
    statuses: dict[int, list[str]] = {}
    for code in (*codes, "unknown-parameter", "rate-limited"):
        statuses.setdefault(TITLES[code][0], []).append(TITLES[code][1])
    return {
        status: {"description": " / ".join(titles), "content": {"application/problem+json": schema}}
        for status, titles in sorted(statuses.items())
    }


def reply(out: Out, headers: dict[str, str] | None = None) -> Response:
    return Response(out.json_bytes(), headers=headers, media_type="application/json")
