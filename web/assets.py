"""Static files under `/static/<digest>/…`: the digest of the whole folder is part of the path.

One digest for all of them, rather than one a file, so that JavaScript modules and the stylesheet name each other by
plain relative addresses. A changed file changes every address, and answers may be kept for a year.
"""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"


@cache
def digest() -> str:
    """Twelve hexadecimal digits over the names and bytes of all static files."""
    state = blake2b(digest_size=6)
    for path in sorted(p for p in STATIC.rglob("*") if p.is_file()):
        state.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


def address(path: str) -> str:
    """The address of a static file, root-relative."""
    return f"/static/{digest()}/{path}"


class Assets(StaticFiles):
    """The files of `web/static`. An address of an older digest still answers, but is not to be kept: a page that was
    open during an upgrade keeps working."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        named, _, rest = path.partition("/")
        response = await super().get_response(rest, scope)
        response.headers["Cache-Control"] = _FOREVER if named == digest() else "no-cache"
        return response
