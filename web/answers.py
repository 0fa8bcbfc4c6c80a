"""Whole answers in memory: a question that was answered a moment ago needs no second search.

They are kept under their ETag, which is made of everything that an answer depends on, so that none outlives a change of
the archive: what is asked for afterwards has another tag.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Scope, Send

MOST = 16 << 20
"""Bytes kept by a process."""
LONGEST = 256 << 10
"""Longer answers, downloads above all, are not kept."""
OVERHEAD = 2_000
"""Bytes that an answer takes beside its body, about."""


@dataclass(slots=True)
class Kept:
    """An answer as it was sent, without what the layers around add."""

    headers: list[tuple[bytes, bytes]]
    route: Any
    """The route that made it, by which requests are counted."""
    body: bytes = b""

    async def send(self, scope: Scope, send: Send) -> None:
        scope["route"] = self.route
        await send({"type": "http.response.start", "status": 200, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@dataclass(slots=True)
class Answers:
    """At most `most` bytes of answers; the least recently used leave first. For one thread, as an event loop is one,
    or for many."""

    most: int = MOST
    kept: OrderedDict[str, Kept] = field(default_factory=OrderedDict)
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, tag: str) -> Kept | None:
        with self.lock:
            found = self.kept.get(tag)
            if found is not None:
                self.kept.move_to_end(tag)
            return found

    def put(self, tag: str, answer: Kept) -> None:
        with self.lock:
            self.size -= _weight(self.kept.pop(tag, None))
            self.kept[tag] = answer
            self.size += _weight(answer)
            while self.size > self.most:
                self.size -= _weight(self.kept.popitem(last=False)[1])


def _weight(answer: Kept | None) -> int:
    return 0 if answer is None else len(answer.body) + OVERHEAD


class Recorder:
    """Takes down an answer while it is sent, and keeps it once it is complete."""

    def __init__(self, answers: Answers, tag: str, scope: Scope) -> None:
        self.answers = answers
        self.tag = tag
        self.scope = scope
        self.taken: Kept | None = None

    def take(self, message: Message) -> None:
        """Called with every message of an answer of status 200 under this tag."""
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            if headers.get("etag") == self.tag and "set-cookie" not in headers:
                self.taken = Kept(list(message["headers"]), self.scope.get("route"))
        elif self.taken is not None and message["type"] == "http.response.body":
            self.taken.body += message.get("body", b"")
            if len(self.taken.body) > LONGEST:
                self.taken = None
            elif not message.get("more_body", False):
                self.answers.put(self.tag, self.taken)
                self.taken = None
