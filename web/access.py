"""What is seen of the traffic: one log line a request, with its time, and counts for Prometheus.

Nothing is kept about readers beyond that line; who wants none sets the logger `backissues.access` to WARNING.
"""

import logging
import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("backissues.access")

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def log_to_stderr() -> None:
    """Show the log on stderr, one line a request after its time, unless the host has set up something else."""
    if not LOG.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)
        LOG.propagate = False


class Traffic:
    """Counts and times of requests, by route: an address with an id in it would make a series of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "backissues_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "backissues_request_seconds",
            "Time until the last byte of an answer.",
            ("route",),
            registry=registry,
            buckets=_BUCKETS,
        )

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "(none)"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)


class AccessLog:
    """Logs and counts every request, and tells the client how long it took (`Server-Timing`)."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began = time.perf_counter()
        status, sent = 500, 0

        async def watched(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                spent = (time.perf_counter() - began) * 1000
                message["headers"] = [*message["headers"], (b"server-timing", f"total;dur={spent:.1f}".encode())]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - began
            self.traffic.count(scope, status, seconds)
            LOG.info(
                "%s %s %s %d %dB %.1fms", address(scope), scope["method"], target(scope), status, sent, seconds * 1000
            )


def address(scope: Scope) -> str:
    """The client's address, as told by the proxies that are trusted."""
    client: tuple[str, Any] | None = scope.get("client")
    return client[0] if client else "-"


def target(scope: Scope) -> str:
    """Path and query as they were sent: percent-escaped, hence one line whatever is in them."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("ascii", "backslashreplace")
