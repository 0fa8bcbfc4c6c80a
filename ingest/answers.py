"""Reading the answers of web servers: unpacking within limits, when to come back, and refusals in words."""

import datetime as dt
import re
import zlib
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import httpx

RETRIED = (408, 425, 429, 500, 502, 503, 504)
REDIRECTS = (301, 302, 303, 307, 308)
KEPT = (200, 203, 301, 302, 303, 307, 308, 404, 410)
"""Answers worth keeping; the others say something of today only."""
_KEPT_HEADERS = ("content-type", "etag", "last-modified", "location", "link", "retry-after")


class FetchError(Exception):
    """A page that could not be had; the text is the whole message to the user."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def unpacker(encoding: str, url: str) -> Callable[[bytes, int], Iterator[bytes]]:
    """A decompressor that gives out at most `limit` bytes a call, so that a bomb never unpacks in memory."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return lambda chunk, _: iter((chunk,))
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FetchError(f"{url} answers in the encoding {encoding!r}, which was not asked for.")
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS if encoding == "deflate" else 31)

    def decode(chunk: bytes, limit: int) -> Iterator[bytes]:
        nonlocal unpack
        try:
            yield unpack.decompress(chunk, max(limit, 1))
        except zlib.error as error:
            if encoding != "deflate":
                raise FetchError(f"{url} answers with damaged compressed data.") from error
            unpack = zlib.decompressobj(wbits=-zlib.MAX_WBITS)  # some servers mean raw deflate
            yield unpack.decompress(chunk, max(limit, 1))

    return decode


def kept_headers(answer: httpx.Response) -> dict[str, str]:
    """The headers that say something later on, lower case."""
    return {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}


def retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a number or a date; None where there is none."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=dt.UTC)
    return max(0.0, (then - dt.datetime.now(dt.UTC)).total_seconds())


def refusal(url: str, status: int) -> str:
    """What an unwelcome status means."""
    known = {
        401: "asks for a login",
        402: "is for paying readers",
        403: "refuses to be fetched",
        404: "does not exist",
        410: "is gone",
        429: "answers too busy, also after several tries",
    }
    said = known.get(status) or ("fails, also after several tries" if status >= 500 else "cannot be read")
    return f"{url} {said} (HTTP {status})."


def broken(error: httpx.TransportError, timeout: float) -> str:
    """Why a connection gave no answer."""
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {timeout:.0f} seconds"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the answer broke off"
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
