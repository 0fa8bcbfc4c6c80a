"""The security headers of every answer.

The policy lets a page load from this host alone: no inline script or style, nobody may frame it, and no address leaks
to the sites it links to. Where the host chose to show the newsletter's own pictures, pictures from
other hosts are let in, and nothing else.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{pictures}; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def headers(*, pictures: bool) -> dict[str, str]:
    """The headers of every answer; `pictures` lets in pictures from other hosts."""
    return {
        "Content-Security-Policy": _POLICY.format(pictures=" https: http:" if pictures else ""),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


class SecurityHeaders:
    """Adds what the browser needs to know to every HTTP answer; keeps what a route has set itself."""

    def __init__(self, app: ASGIApp, *, pictures: bool) -> None:
        self.app = app
        self.headers = headers(pictures=pictures)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    sent.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
