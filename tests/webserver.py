"""A web server on the loopback address that behaves like the real ones: real sockets, real threads, real bytes.

Routes are given their answers one after the other (the last one repeats), or a function that makes them. What was
asked is recorded in order, so tests can assert the whole conversation.
"""

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request: path with query as sent, lower-case headers."""

    path: str
    headers: dict[str, str]
    connection: int
    """Port of the client: equal for requests over one connection."""

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}


@dataclass(frozen=True)
class Answer:
    """What the server says. `cut` closes the connection after so many bytes although more were promised; `drip` sends
    that many bytes at a time with a pause of 10 ms; `packed` compresses for clients that accept it."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: int | None = None
    packed: bool = False
    etag: bool = False
    silent: float = 0.0
    """Seconds until the first byte."""


Route = Callable[[Asked], Answer]


class LocalServer:
    """Answers on 127.0.0.1; anything without a route is a 404."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._routes: dict[str, list[Answer] | Route] = {}
        self._lock = threading.Lock()
        self.released = threading.Event()
        """Set when the test is over, so that silent answers do not hold the server up."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, robots.txt left out."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]

    def route(self, path: str, *answers: Answer | str | bytes | Route) -> None:
        """Answers for a path; a path without a query also answers with any."""
        if len(answers) == 1 and callable(answers[0]):
            self._routes[path] = answers[0]
            return
        plain = [answer if isinstance(answer, Answer) else page(answer) for answer in answers if not callable(answer)]
        self._routes[path] = plain

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(handler.path, headers, handler.client_address[1])
        with self._lock:
            self.asked.append(asked)
            answer = self._choose(asked)
        self._send(handler, asked, answer)

    def _choose(self, asked: Asked) -> Answer:
        route = self._routes.get(asked.path) or self._routes.get(urlsplit(asked.path).path)
        if route is None:
            return Answer("There is nothing here.", 404)
        if callable(route):
            return route(asked)
        return route.pop(0) if len(route) > 1 else route[0]

    def _send(self, handler: BaseHTTPRequestHandler, asked: Asked, answer: Answer) -> None:
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        headers = dict(answer.headers)
        status = answer.status
        if answer.etag:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
            if asked.headers.get("if-none-match") == headers["ETag"]:
                status, body = 304, b""
        if answer.packed and "gzip" in asked.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        if answer.silent:
            self.released.wait(answer.silent)
        try:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            if answer.drip:
                for start in range(0, len(body), answer.drip):
                    handler.wfile.write(body[start : start + answer.drip])
                    if self.released.wait(0.01):
                        break
            else:
                handler.wfile.write(body if answer.cut is None else body[: answer.cut])
            if answer.cut is not None:
                handler.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True


def page(body: bytes | str, media_type: str = "text/html; charset=utf-8") -> Answer:
    """An ordinary page."""
    return Answer(body, headers={"Content-Type": media_type})


@contextmanager
def serving() -> Iterator[LocalServer]:
    server = LocalServer()
    try:
        yield server
    finally:
        server.close()
