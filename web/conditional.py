"""Answers that need not be sent again: an ETag made of the build and the question, and 304 where it is known.

The same question to the same build has the same answer, so the tag is known before the work: a revalidation costs no
search, nor does a question that was answered before (see `answers`). The tags are weak, because an answer also tells
how long it took; downloads make strong ones of their own.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.archive import Archive
from index.errors import ArchiveError
from search.refresh import STATE

from .answers import Answers, Recorder

VARYING = (
    "host",
    "x-forwarded-proto",
    "accept",
    "accept-language",
    "cookie",
    "hx-request",
    "hx-history-restore-request",
    "hx-target",
    "hx-typing",
)
"""Request headers that an answer may depend on."""

UNTAGGED = ("/static/", "/mcp", "/healthz", "/readyz", "/metrics")
CACHING = (("/api/", "public, max-age=60"), ("/feed.xml", "public, max-age=900"), ("/", "no-cache"))
"""How long an answer may be used without asking again, by the beginning of its path."""
PAGES_VARY = "HX-Request, HX-History-Restore-Request, HX-Typing, Accept-Language, Cookie"


class Conditional:
    """Adds ETag and Cache-Control to answers of GET and HEAD, and answers before the work where the tag is known."""

    def __init__(self, app: ASGIApp, archive: Archive, build: Callable[[], str]) -> None:
        """`build` names the state of everything that answers are made from; it is called once for each such state."""
        self.app = app
        self.archive = archive
        self.build = build
        self.code = code_fingerprint()
        self.known: tuple[tuple[int, int | None], str] = ((-1, None), "")
        self.answers = Answers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or scope["path"].startswith(UNTAGGED):
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        try:
            tag = self.tag(scope, headers, await self.state())
        except ArchiveError:  # whoever answers will say what is wrong
            return await self.app(scope, receive, send)
        known = headers.get("if-none-match", "")
        beginning, caching = next(rule for rule in CACHING if scope["path"].startswith(rule[0]))
        if known and known.strip() != "*" and matches(known, tag):
            same = {"etag": tag, "cache-control": caching} | ({"vary": PAGES_VARY} if beginning == "/" else {})
            return await _send_unchanged(send, MutableHeaders(same).raw)
        kept = self.answers.get(tag)
        if kept is not None and known.strip() == "*":
            return await _send_unchanged(send, _few(kept.headers))
        if kept is not None:
            return await kept.send(scope, send)
        recorder = Recorder(self.answers, tag, scope)
        dropped = False

        async def tagged(message: Message) -> None:
            nonlocal dropped
            if message["type"] == "http.response.start" and message["status"] == 200:
                answer = MutableHeaders(scope=message)
                if "no-store" in answer.get("cache-control", ""):
                    return await send(message)
                answer.setdefault("etag", tag)
                answer.setdefault("cache-control", caching)
                if known and (known.strip() == "*" or matches(known, answer["etag"])):
                    dropped = True
                    return await _send_unchanged(send, _few(answer.raw))
                recorder.take(message)
            elif message["type"] == "http.response.body":
                recorder.take(message)
            return None if dropped else await send(message)

        return await self.app(scope, receive, tagged)

    async def state(self) -> str:
        """What `build` says of the archive as it is now."""
        now = self.archive.generation, self.archive.state_generation(STATE)
        if self.known[0] != now:
            self.known = (now, await run_in_threadpool(self.build))
        return self.known[1]

    def tag(self, scope: Scope, headers: Headers, build: str) -> str:
        parts = [
            self.code,
            build,
            dt.datetime.now(dt.UTC).date().isoformat(),  # queries may say "last month"
            scope["scheme"],
            scope["path"],
            scope.get("query_string", b"").decode("latin-1"),
            *(headers.get(name, "") for name in VARYING),
        ]
        return f'W/"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:24]}"'


class HeadAsGet:
    """Answers HEAD wherever GET is answered, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith("/mcp"):
            return await self.app(scope, receive, send)

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        return await self.app({**scope, "method": "GET"}, receive, bodiless)


def matches(known: str, tag: str) -> bool:
    """Whether `tag` is among the tags of an If-None-Match, by weak comparison (RFC 9110)."""
    return tag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in known.split(",")}


def code_fingerprint() -> str:
    """Names the code and templates that make the answers, so that a new release gives new tags."""
    here = Path(__file__).parent
    files = sorted(path for room in (here, here.parent / "search") for path in room.rglob("*") if path.is_file())
    stamps = [f"{path.relative_to(here.parent)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join([version("backissues"), *stamps]).encode()).hexdigest()[:12]


def _few(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What is told of an answer that is not sent."""
    return [pair for pair in headers if pair[0] in {b"etag", b"cache-control", b"vary"}]


async def _send_unchanged(send: Send, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": 304, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
