"""What programs ask a site for: the OpenSearch description, the sitemap, robots.txt."""

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from index.errors import NotFound

from .common import settled
from .render import environment, view

router = APIRouter(include_in_schema=False)
SITEMAP_LINKS = 50_000
"""The protocol's limit for one file."""


@router.get("/opensearch.xml")
def opensearch(request: Request) -> Response:
    """Lets a browser add the archive to its search engines."""
    here = view(request)
    body = environment().get_template("opensearch.xml").render(view=here, _=here.language.text)
    return Response(body, media_type="application/opensearchdescription+xml")


@router.get("/sitemap.xml")
@settled
def sitemap(request: Request) -> Response:
    """All pages in one file, or an index of files when they are more than the protocol allows."""
    here = view(request)
    items = here.archive.item_ids()
    fixed = ["/", "/issues", "/topics", "/about"] + [f"/issues/{issue.id}" for issue in here.archive.issues()]
    if len(items) + len(fixed) <= SITEMAP_LINKS:
        return _links(request, [*fixed, *(f"/items/{item_id}" for item_id in items)])
    parts = -(-len(items) // SITEMAP_LINKS)
    body = environment().get_template("sitemaps.xml").render(base=here.base, parts=range(parts + 1))
    return Response(body, media_type="application/xml")


@router.get("/sitemap-{part}.xml")
@settled
def sitemap_part(request: Request, part: int) -> Response:
    """Part 0 holds the fixed pages and the issues, each further part up to 50,000 items."""
    here = view(request)
    if part == 0:
        issues = [f"/issues/{issue.id}" for issue in here.archive.issues()]
        return _links(request, ["/", "/issues", "/topics", "/about", *issues])
    items = here.archive.item_ids()[(part - 1) * SITEMAP_LINKS : part * SITEMAP_LINKS]
    if part < 0 or not len(items):
        raise NotFound(f"The sitemap has no part {part}.")
    return _links(request, [f"/items/{item_id}" for item_id in items])


@router.get("/robots.txt")
def robots(request: Request) -> Response:
    """Everything may be read; the API says the same as the pages, and later pages of a search lead nowhere new."""
    here = view(request)
    return PlainTextResponse(
        f"User-agent: *\nDisallow: /api/\nDisallow: /*cursor=\n\nSitemap: {here.base}/sitemap.xml\n"
    )


def _links(request: Request, paths: list[str]) -> Response:
    body = environment().get_template("sitemap.xml").render(base=view(request).base, paths=paths)
    return Response(body, media_type="application/xml")
