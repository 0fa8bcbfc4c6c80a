"""Whole-archive downloads: streamed, compressed, and resumable.

The bytes are a function of the build and the encoding, so the ETag is a strong one and a broken download goes on with
`Range` and `If-Range` where it stopped. Nothing is kept on disk: the bytes before the range are made again and
dropped, which for a resumed download is cheaper than keeping every export of every build.
"""

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from threading import Lock

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from .conditional import matches
from .problems import Problem

_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))(?:;|,|$)", re.IGNORECASE)
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


@dataclass(slots=True)
class Sizes:
    """How long each download is, by its ETag; known once it was made to the end."""

    known: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def put(self, tag: str, size: int) -> None:
        with self.lock:
            while len(self.known) >= 64:  # a few builds; the oldest are asked for no more
                self.known.pop(next(iter(self.known)))
            self.known[tag] = size


@dataclass(frozen=True, slots=True)
class Download:
    """One file of the archive. `make` gives its bytes anew, `state` names all that they depend on."""

    name: str
    media_type: str
    state: str
    make: Callable[[], Iterator[bytes]]


def answer(request: Request, download: Download, sizes: Sizes) -> Response:
    """The download or the part of it asked for; 304, 206 and 416 as RFC 9110 has them."""
    gzip = _GZIP.search(request.headers.get("accept-encoding", "")) is not None
    tag = f'"{hashlib.sha256(f"{download.name} {download.state} {gzip}".encode()).hexdigest()[:24]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "public, no-cache",
        "Accept-Ranges": "bytes",
        "Vary": "Accept-Encoding",
        "Content-Disposition": f'attachment; filename="{download.name}"',
        "Content-Type": download.media_type,
    }
    if gzip:
        headers["Content-Encoding"] = "gzip"

    def make() -> Iterator[bytes]:
        return compressed(download.make()) if gzip else download.make()

    known = request.headers.get("if-none-match", "")
    if known and (known.strip() == "*" or matches(known, tag)):
        kept = ("ETag", "Cache-Control", "Vary")
        return Response(None, 304, {name: headers[name] for name in kept})
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if asked and request.headers.get("if-range", tag) == tag:
        if tag not in sizes.known:
            sizes.put(tag, sum(map(len, make())))
        return _part(make, headers, asked, sizes.known[tag])
    if tag in sizes.known:
        headers["Content-Length"] = str(sizes.known[tag])
    if request.scope.get("bodiless"):
        return Response(None, headers=headers)
    return StreamingResponse(_begun(_measured(make(), tag, sizes)), headers=headers)


def _part(make: Callable[[], Iterator[bytes]], headers: dict[str, str], asked: re.Match[str], size: int) -> Response:
    first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
    if first >= size or (asked[2] and int(asked[2]) < first):
        raise Problem("range", f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    headers |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last + 1 - first)}
    return StreamingResponse(_begun(_between(make(), first, last + 1)), 206, headers)


def _begun(parts: Iterator[bytes]) -> Iterator[bytes]:
    """`parts`, the first of them made already: what fails at once can still be answered properly."""
    return chain(list(islice(parts, 1)), parts)


def compressed(parts: Iterator[bytes]) -> Iterator[bytes]:
    """`parts` as one gzip stream without a time stamp: the same bytes every time."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for part in parts:
        if packed := packer.compress(part):
            yield packed
    yield packer.flush()


def _between(parts: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    at = 0
    for part in parts:
        if at + len(part) > start and at < end:
            yield part[max(0, start - at) : end - at]
        at += len(part)
        if at >= end:
            return


def _measured(parts: Iterator[bytes], tag: str, sizes: Sizes) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        yield part
    sizes.put(tag, size)
