"""Cursors: where the next page begins, bound to the question and to the build it was answered from.

A cursor is opaque to whoever holds it, but no secret: tampering with it only leads to another page or to an error.
"""

import base64
import hashlib
import json

from index.types import Build

from .errors import BadCursor
from .results import Ask


def token(ask: Ask, build: Build, fit: str, start: int) -> str:
    """The cursor of the page that begins at `start`. `fit` names the calibration in use."""
    payload = json.dumps([start, _digest(ask), f"{build.id}/{fit}"], separators=(",", ":"))
    return base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")


def offset(ask: Ask, build: Build, fit: str) -> int:
    """Where the page of `ask.cursor` begins, 0 without one. Errors: BadCursor."""
    if ask.cursor is None:
        return 0
    try:
        padded = ask.cursor + "=" * (-len(ask.cursor) % 4)
        start, digest, made_for = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, TypeError):  # broken base64, text or JSON are all ValueErrors
        raise BadCursor("The cursor is damaged; begin again without one.", stale=False) from None
    if type(start) is not int or start < 0 or digest != _digest(ask):
        raise BadCursor("The cursor belongs to another query; begin again without one.", stale=False)
    if made_for != f"{build.id}/{fit}":
        raise BadCursor(
            "The archive has changed since this cursor was handed out; begin again without one.", stale=True
        )
    return start


def _digest(ask: Ask) -> str:
    """Of everything that shapes the order of the answer; the page size may change on the way."""
    return hashlib.blake2b(repr((ask.query, ask.mode, ask.sort, ask.filters)).encode(), digest_size=6).hexdigest()
