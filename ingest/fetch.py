"""The polite client: what every source uses to read the web.

One connection a host with a pause between requests, robots.txt, an honest name, retries that double their pause and
heed Retry-After, conditional requests, limits on size, time and redirects. Every answer is kept as it comes (in the
archive, when there is one), so an interrupted crawl goes on from there and a better parser needs no network.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import Message
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import httpx
import tenacity
from protego import Protego

from index.pages import Page

from .addresses import AddressError, GuardedTransport, check_url
from .answers import KEPT, REDIRECTS, RETRIED, FetchError, broken, kept_headers, refusal, retry_after, unpacker
from .options import Fetching
from .progress import Progress, Quiet

__all__ = ["Ask", "FetchError", "Fetched", "Fetcher", "MemoryPages"]


class Pages(Protocol):
    """Where answers are kept (`index.pages.PageStore`, or `MemoryPages` where there is no archive)."""

    def get(self, url: str) -> Page | None: ...
    def put(self, page: Page) -> None: ...


class MemoryPages:
    """Keeps answers for the length of one run."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}

    def get(self, url: str) -> Page | None:
        return self._pages.get(url)

    def put(self, page: Page) -> None:
        self._pages[page.url] = page


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page that was had: `url` is where it was found in the end, `body` is decompressed."""

    url: str
    body: bytes
    headers: dict[str, str]
    fetched_at: dt.datetime

    @property
    def media_type(self) -> str | None:
        """The type that the server names, lower case and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() or None

    @property
    def text(self) -> bytes:
        """The body in UTF-8 where the server names another encoding, which the page itself may not."""
        charset = Message()
        charset["content-type"] = self.headers.get("content-type", "")
        encoding = charset.get_param("charset")
        if not isinstance(encoding, str) or encoding.lower() in ("utf-8", "utf8"):
            return self.body
        try:
            self.body.decode("utf-8")
        except UnicodeDecodeError:
            try:
                return self.body.decode(encoding, "replace").encode("utf-8")
            except LookupError:  # no encoding that there is
                return self.body
        return self.body


@dataclass(frozen=True, slots=True)
class Ask:
    """How one page is wanted.

    `fresh` asks the server again (conditionally) although the page is kept, as lists of issues need it;
    `changed_at` does so where the page is known to have changed since it was kept. `robots` is False only for the
    documented interfaces that services offer to programs.
    """

    fresh: bool = False
    changed_at: dt.datetime | None = None
    robots: bool = True
    accept: str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Fetcher:
    """Reads pages by the rules of `Fetching`. Not for several threads; `sleep` and `clock` are for tests."""

    def __init__(
        self,
        fetching: Fetching | None = None,
        pages: Pages | None = None,
        *,
        refresh: bool = False,
        progress: Progress | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.fetching = fetching or Fetching()
        self._pages = pages if pages is not None else MemoryPages()
        self._refresh = refresh
        self._progress = progress or Quiet()
        self._sleep = sleep
        self._clients: dict[str, httpx.Client] = {}
        self._last: dict[str, float] = {}
        self._robots: dict[str, Protego | FetchError] = {}
        self._asked: set[str] = set()

    def get(self, url: str, ask: Ask | None = None) -> Fetched:
        """The page at `url`, from what is kept or from its server; `FetchError` says in words why there is none."""
        ask = ask or Ask()
        url = url.partition("#")[0]
        for _ in range(self.fetching.max_redirects + 1):
            try:
                check_url(url)
            except AddressError as error:
                raise FetchError(str(error)) from error
            page = self._page(url, ask)
            if page.status in REDIRECTS and page.headers.get("location"):
                url = _target(url, page.headers["location"])
                continue
            if page.status not in (200, 203):
                raise FetchError(refusal(url, page.status), page.status)
            return Fetched(url, page.body, page.headers, page.fetched_at)
        raise FetchError(f"{url} is the end of more than {self.fetching.max_redirects} redirects; given up.")

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _page(self, url: str, ask: Ask) -> Page:
        """One hop: the kept answer where it will do, else the server's, which is kept in turn."""
        kept = self._pages.get(url)
        stale = kept is not None and ask.changed_at is not None and kept.fetched_at < ask.changed_at
        again = (ask.fresh or self._refresh or stale) and url not in self._asked
        if kept is not None and (not again or self.fetching.offline):
            return kept
        if self.fetching.offline:
            raise FetchError(f"{url} was never fetched, and --offline forbids to fetch it now.")
        if ask.robots:
            self._heed_robots(url)
        page = self._fetch(url, ask, kept)
        self._asked.add(url)
        if page.status == 304 and kept is not None:
            page = replace(kept, fetched_at=page.fetched_at, headers={**kept.headers, **page.headers})
        if page.status in KEPT:
            self._pages.put(page)
        self._progress.fetched(url)
        return page

    def _fetch(self, url: str, ask: Ask, kept: Page | None) -> Page:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.fetching.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type((httpx.TransportError, _Busy)),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, url, ask, kept)
        except _Busy as error:
            raise FetchError(refusal(url, error.page.status), error.page.status) from error
        except AddressError as error:
            raise FetchError(str(error)) from error
        except httpx.TransportError as error:
            reason = broken(error, self.fetching.timeout)
            raise FetchError(f"{urlsplit(url).netloc} could not be reached: {reason} ({url}).") from error
        except (httpx.InvalidURL, httpx.HTTPError, UnicodeError, ValueError) as error:
            raise FetchError(f"{url} could not be fetched: {error}.") from error

    def _once(self, url: str, ask: Ask, kept: Page | None) -> Page:
        headers = {"User-Agent": self.fetching.user_agent, "Accept": ask.accept, "Accept-Encoding": "gzip, deflate"}
        if kept is not None and kept.status == 200:
            conditions = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
            headers |= {name: kept.headers[key] for name, key in conditions.items() if kept.headers.get(key)}
        self._pause(url)
        started = time.monotonic()
        try:
            with self._client(url).stream("GET", url, headers=headers) as answer:
                if answer.status_code in RETRIED:
                    answer_headers = kept_headers(answer)
                    raise _Busy(Page(url, answer.status_code, answer_headers, b"", _now()))
                body = b"" if answer.status_code in REDIRECTS else self._body(answer, url, started)
                return Page(url, answer.status_code, kept_headers(answer), body, _now())
        finally:
            self._last[_origin(url)] = time.monotonic()

    def _body(self, answer: httpx.Response, url: str, started: float) -> bytes:
        """The decompressed body within the limits; no more than them is ever held, whatever it would unpack to."""
        limit = self.fetching.max_bytes
        declared = answer.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            raise FetchError(_too_large(url, limit))
        decode = unpacker(answer.headers.get("content-encoding", ""), url)
        parts: list[bytes] = []
        size = 0
        for chunk in answer.iter_raw():
            for part in decode(chunk, limit + 1 - size):
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise FetchError(_too_large(url, limit))
            if time.monotonic() - started > self.fetching.deadline:
                raise FetchError(f"{url} took longer than {self.fetching.deadline:.0f} seconds to answer; given up.")
        return b"".join(parts)

    def _pause(self, url: str) -> None:
        """At most one request a host in `delay` seconds, or in what its robots.txt asks for (up to a minute)."""
        origin = _origin(url)
        delay = self.fetching.delay
        rules = self._robots.get(origin)
        if isinstance(rules, Protego):
            delay = max(delay, min(float(rules.crawl_delay(self.fetching.user_agent) or 0), 60.0))
        if origin in self._last:
            rest = self._last[origin] + delay - time.monotonic()
            if rest > 0:
                self._sleep(rest)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """What Retry-After asks for, else a pause that doubles."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Busy) and (asked := retry_after(error.page.headers.get("retry-after"))) is not None:
            if asked > self.fetching.max_wait:
                where = urlsplit(error.page.url).netloc
                raise FetchError(f"{where} asks to come back in {asked:.0f} seconds; run this again then.", 429)
            return asked
        return float(self.fetching.backoff * 2 ** (state.attempt_number - 1))

    def _heed_robots(self, url: str) -> None:
        origin = _origin(url)
        if origin not in self._robots:
            self._robots[origin] = self._rules(origin)
        rules = self._robots[origin]
        if isinstance(rules, FetchError):
            if rules.status is None:  # the page itself could not be had for the same reason
                raise rules
            raise FetchError(f"The robots.txt of {origin} could not be read, so nothing is fetched there: {rules}")
        if not rules.can_fetch(url, self.fetching.user_agent):
            raise FetchError(f"The robots.txt of {origin} does not allow {url} to be fetched.")

    def _rules(self, origin: str) -> Protego | FetchError:
        """RFC 9309: no robots.txt (any 4xx) allows everything, a server that fails forbids everything."""
        ask = Ask(fresh=True, robots=False, accept="text/plain,*/*;q=0.5")
        try:
            text = self.get(f"{origin}/robots.txt", ask).body[:512_000].decode("utf-8", "replace")
        except FetchError as error:
            if error.status is None or error.status >= 500 or error.status == 429:
                return error
            text = ""
        return Protego.parse(text)

    def _client(self, url: str) -> httpx.Client:
        origin = _origin(url)
        if origin not in self._clients:
            transport = GuardedTransport(url, self.fetching.allow_private)
            timeout = httpx.Timeout(self.fetching.timeout)
            self._clients[origin] = httpx.Client(transport=transport, timeout=timeout, follow_redirects=False)
        return self._clients[origin]


class _Busy(Exception):
    """An answer that asks to try again."""

    def __init__(self, page: Page) -> None:
        super().__init__(str(page.status))
        self.page = page


def _target(url: str, location: str) -> str:
    try:
        return urljoin(url, location).partition("#")[0]
    except ValueError as error:
        raise FetchError(f"{url} redirects to {location!r}, which is no address.") from error


def _too_large(url: str, limit: int) -> str:
    return f"{url} is larger than the {limit / 1e6:.0f} MB allowed."


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
