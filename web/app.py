"""The application: rooms for pages, the API and feeds over one archive."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from index.archive import Archive

from . import about, api, checking, pages, reading, security, wander, wellknown
from .assets import Assets
from .problems import TITLES, Problem
from .render import compile_templates, render, view
from .settings import Settings


def create_app(archive: Archive, settings: Settings) -> FastAPI:
    """The site and API over `archive`, which stays the caller's to close."""
    app = FastAPI(title="Back Issues", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.archive = archive
    app.state.settings = settings
    for module in (pages, reading, wander, about, checking, wellknown):
        app.include_router(module.router)
    app.mount("/static", Assets(), name="static")
    api.install(app, archive, settings, page=error_page)
    app.add_middleware(security.SecurityHeaders, pictures=settings.pictures)
    compile_templates()
    return app


def _told(problem: Problem) -> str:
    """The problem's own words. What is said to scripts in general is of no use to a reader, and what broke (with the
    host's own paths in it) is the host's to read, in the log."""
    return "" if problem.status >= 500 or problem.detail == TITLES[problem.code][2] else problem.detail


def error_page(request: Request, problem: Problem) -> Response:
    """What a reader sees instead of a page that cannot be shown."""
    _ = view(request).language.text
    headings = {
        400: _("This question cannot be read"),
        404: _("Nothing stands at this address"),
        405: _("This address takes no such request"),
        413: _("That is too much at once"),
        422: _("Something in this address cannot be read"),
        429: _("Too many questions at once"),
        503: _("The archive cannot answer right now"),
    }
    heading = headings.get(problem.status, _("Something broke on our side"))
    values = {"status": problem.status, "heading": heading, "detail": _told(problem), "unlisted": True}
    response = render(request, "error", values, status=problem.status)
    # What breaks in a layer around the application is answered outside the layer that adds these.
    response.headers.update(security.headers(pictures=request.app.state.settings.pictures))
    return response
