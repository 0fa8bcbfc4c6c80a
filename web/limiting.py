"""Limits on what one client may ask: requests by address, and the size of a request's body."""

import ipaddress
import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import address
from .problems import Page, Problem
from .settings import Settings

EXEMPT = ("/static/", "/healthz", "/readyz", "/metrics", "/favicon", "/robots.txt")
"""What costs nearly nothing, or is asked by whoever watches over the server."""


RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy")


class RateLimit:
    """Counts requests by address (an IPv6 network of 64 bits counts as one) and refuses the excess with 429."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Page) -> None:
        """`refuse` makes the answer of a problem."""
        self.app = app
        self.refuse = refuse
        self.limits: list[RateLimitItem] = parse_many(settings.rate_limit or "")
        storage = storage_from_string(settings.rate_limit_storage)
        self.strategy = SlidingWindowCounterRateLimiter(storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "OPTIONS" or scope["path"].startswith(EXEMPT):
            return await self.app(scope, receive, send)
        client = client_key(address(scope))
        within = [self.strategy.hit(limit, client) for limit in self.limits]
        headers, wait = self._headers(client)
        if not all(within):
            detail = f"At most {', '.join(map(str, self.limits))} for one address."
            problem = Problem("rate-limited", detail, headers={**headers, "Retry-After": str(max(1, wait))})
            return await self.refuse(Request(scope), problem)(scope, receive, send)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        return await self.app(scope, receive, with_headers)

    def _headers(self, client: str) -> tuple[dict[str, str], int]:
        """The state of the tightest limit, and the seconds until it frees."""
        states = [(limit, self.strategy.get_window_stats(limit, client)) for limit in self.limits]
        limit, stats = min(states, key=lambda state: (state[1].remaining, -state[1].reset_time))
        wait = max(0, math.ceil(stats.reset_time - time.time()))
        policies = ", ".join(f'"{i}";q={limit.amount};w={limit.get_expiry()}' for i, limit in enumerate(self.limits))
        headers = {
            "X-RateLimit-Limit": str(limit.amount),
            "X-RateLimit-Remaining": str(stats.remaining),
            "X-RateLimit-Reset": str(math.ceil(stats.reset_time)),
            "RateLimit-Policy": policies,
            "RateLimit": f'"{self.limits.index(limit)}";r={stats.remaining};t={wait}',
        }
        return headers, wait


def client_key(text: str) -> str:
    """One name for one client: whoever holds an IPv6 address holds its whole /64."""
    try:
        client = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(client, ipaddress.IPv6Address):
        if client.ipv4_mapped is not None:
            return str(client.ipv4_mapped)
        return str(ipaddress.ip_network((client, 64), strict=False))
    return str(client)


class BodyLimit:
    """Refuses bodies over `limit` bytes with 413, declared or not, before they fill the memory."""

    def __init__(self, app: ASGIApp, limit: int, refuse: Page) -> None:
        self.app = app
        self.limit = limit
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        problem = Problem("too-large", f"A body may have {self.limit:,} bytes at most.")
        if not declared.isdigit() or int(declared) > self.limit:
            return await self.refuse(Request(scope), problem)(scope, receive, send)
        body, complete = b"", scope["method"] in {"GET", "HEAD", "OPTIONS"} and declared == b"0"
        message: Message = {"type": "http.request", "body": b"", "more_body": False}
        while not complete:
            message = await receive()
            if message["type"] != "http.request":
                break
            body += message.get("body", b"")
            if len(body) > self.limit:
                return await self.refuse(Request(scope), problem)(scope, receive, send)
            complete = not message.get("more_body", False)
        first: list[Message] = [{"type": "http.request", "body": body, "more_body": False} if complete else message]

        async def replay() -> Message:
            return first.pop() if first else await receive()

        return await self.app(scope, replay, send)
