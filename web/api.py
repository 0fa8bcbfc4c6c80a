"""`install`: gives an application everything that is not a page, and the layers around all of it."""

import functools
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import Lifespan
from starlette_compress import CompressMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from index.archive import Archive
from search.refresh import fitted_id

from . import catalogue, feeds, ops, searching
from .access import AccessLog, Traffic
from .common import urls_of
from .conditional import Conditional, HeadAsGet
from .downloads import Sizes
from .limiting import RATE_HEADERS, BodyLimit, RateLimit
from .mcp import HttpEndpoint
from .problems import Page, ProblemOut
from .problems import install as install_problems
from .settings import Settings


def install(app: FastAPI, archive: Archive, settings: Settings, page: Page | None = None) -> None:
    """Give `app` the API, feeds, /mcp and the checks for operators, error handling, and the layers around it all.

    Call it last, with the pages in place. `page` renders errors of the site's own addresses for people.
    """
    registry = ops.make_registry(archive)
    app.state.archive, app.state.settings, app.state.registry = archive, settings, registry
    app.state.download_sizes = Sizes()
    for part in (searching.quick, searching.router, catalogue.router, feeds.router, ops.router):
        app.include_router(part)
    if settings.parse_draft is not None:
        app.include_router(searching.drafts)
    endpoint = HttpEndpoint(archive, settings)
    app.router.routes.append(Route("/mcp", endpoint, include_in_schema=False))
    app.router.lifespan_context = _also(app.router.lifespan_context, endpoint)
    app.openapi = _with_problems(app)  # type: ignore[method-assign]
    refuse = install_problems(app, urls_of, page)

    def build() -> str:
        now = archive.build
        return f"{now.id} {now.updated} {fitted_id(archive)}"

    # The last one added is the outermost.
    app.add_middleware(Conditional, archive=archive, build=build)
    app.add_middleware(CompressMiddleware, zstd_level=3)
    app.add_middleware(HeadAsGet)
    app.add_middleware(BodyLimit, limit=settings.max_body, refuse=refuse)
    if settings.rate_limit is not None:
        app.add_middleware(RateLimit, settings=settings, refuse=refuse)
    if settings.allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allow_origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Content-Type", "If-None-Match", "If-Range", "Range", "Mcp-Protocol-Version"],
            expose_headers=["ETag", "Link", "Retry-After", "Server-Timing", "Content-Range", *RATE_HEADERS],
        )
    app.add_middleware(AccessLog, traffic=Traffic(registry))
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))


def _also(lifespan: Lifespan[FastAPI], endpoint: HttpEndpoint) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def both(app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        async with lifespan(app) as state, endpoint.running():
            yield state or {}

    return both


def _with_problems(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The OpenAPI document with the shape of errors in it, which no endpoint returns as its model."""
    plain = app.openapi
    building = threading.Lock()

    def document() -> dict[str, Any]:
        # The first requests of a fresh server come in several threads, for which FastAPI's own building is not made.
        with building:
            return built()

    @functools.cache
    def built() -> dict[str, Any]:
        found = plain()
        _, defined = models_json_schema([(ProblemOut, "serialization")], ref_template="#/components/schemas/{model}")
        found.setdefault("components", {}).setdefault("schemas", {}).update(defined["$defs"])
        return found

    return document
