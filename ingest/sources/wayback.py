"""Sites that are closed, from the Wayback Machine: the newest good capture of every issue.

The index of captures (CDX) is asked in portions with resume keys; the captures themselves are fetched as they were
archived (`id_`), one at a time and at most once, for they are kept in the archive.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

import orjson

from ..answers import FetchError
from ..fetch import Ask
from ..links import canonical_key
from ..parse.document import NotAnIssue, parse
from .found import Context, Facts, Failure, Found, SourceError, Yield
from .lists import issue_like

_PORTION = 5000
_TRIES = 3
"""How many captures of one page are tried, newest first."""
_STUB = 3
"""A capture whose very bytes were also archived for so many other addresses is a notice, not an issue."""
_ISSUE_FOLDERS = ("issues", "issue", "p", "archive", "posts", "newsletter", "newsletters")
_REVUE_NUMBER = re.compile(r"-issue-(\d+)-\d+$")


@dataclass(frozen=True, slots=True)
class Capture:
    """One row of the index; `timestamp` is yyyyMMddhhmmss, `digest` that of the archived bytes."""

    timestamp: str
    original: str
    digest: str


def open_wayback(site: str, context: Context) -> Yield:
    """The issues below an address (`getrevue.co/profile/NAME`) that were ever archived."""
    site = site.strip().removeprefix("https://").removeprefix("http://").strip("/")
    if "." not in site.partition("/")[0]:
        raise SourceError(f"wayback:{site} names no site; write for example wayback:example.com/archive.")
    pages = _issues(list(_captures(site, context)), site)
    if not pages:
        raise SourceError(f"The Wayback Machine has no issue below {site}.")
    context.progress.found(len(pages))
    for captures in pages:
        yield _newest_good(captures, context)


def _captures(site: str, context: Context) -> Iterator[Capture]:
    """All captures of pages below the site that answered 200."""
    base = [
        ("url", f"{site}/"),
        ("matchType", "prefix"),
        ("filter", "statuscode:200"),
        ("filter", "mimetype:text/html"),
    ]
    base += [
        ("output", "json"),
        ("fl", "timestamp,original,digest"),
        ("limit", str(_PORTION)),
        ("showResumeKey", "true"),
    ]
    resume: str | None = None
    seen: set[str] = set()
    while True:
        query = urlencode([*base, *([("resumeKey", resume)] if resume else [])])
        address = f"{context.options.services.wayback.rstrip('/')}/cdx/search/cdx?{query}"
        try:
            answer = context.fetcher.get(address, Ask(fresh=True, robots=False, accept="application/json"))
            rows = orjson.loads(answer.body or b"[]")
        except FetchError as error:
            raise SourceError(f"The index of the Wayback Machine cannot be read: {error}") from error
        except orjson.JSONDecodeError as error:
            raise SourceError(f"The index of the Wayback Machine answers what is no JSON: {error}.") from error
        resume = None
        if len(rows) >= 2 and rows[-2] == [] and len(rows[-1]) == 1:
            resume = str(rows[-1][0])
            rows = rows[:-2]
        yield from (Capture(*(str(cell) for cell in row[:3])) for row in rows[1:] if len(row) >= 3)
        if resume is None or resume in seen:
            return
        seen.add(resume)


def _issues(captures: list[Capture], site: str) -> list[list[Capture]]:
    """The captures of every issue, newest first, notices last; issues in the order of their addresses."""
    copies: dict[str, set[str]] = {}
    pages: dict[str, list[Capture]] = {}
    root = canonical_key(f"https://{site}")
    for capture in captures:
        url = capture.original.partition("?")[0]
        key = canonical_key(url)
        if key is None or key == root or not issue_like(url):
            continue
        pages.setdefault(key, []).append(capture)
        copies.setdefault(capture.digest, set()).add(key)
    depth = len([step for step in urlsplit(f"https://{site}").path.split("/") if step])
    folders = {_folder(captures[0].original, depth) for captures in pages.values()}
    wanted = folders & set(_ISSUE_FOLDERS)
    chosen = []
    for captures_of_page in pages.values():
        if wanted and _folder(captures_of_page[0].original, depth) not in wanted:
            continue
        good = [capture for capture in captures_of_page if len(copies[capture.digest]) <= _STUB]
        if good:
            chosen.append(sorted(good, key=lambda capture: capture.timestamp, reverse=True))
    return chosen


def _folder(url: str, depth: int) -> str:
    """The first step of an address below the site, "" where it is the last one."""
    steps = [step.lower() for step in urlsplit(url).path.split("/") if step][depth:]
    return steps[0] if len(steps) > 1 else ""


def _newest_good(captures: list[Capture], context: Context) -> Found | Failure:
    """The newest capture that can be had and is an issue."""
    url = captures[0].original
    reason = ""
    distinct = list({capture.digest: capture for capture in reversed(captures)}.values())[::-1]
    for capture in distinct[:_TRIES]:
        safe = quote(capture.original, safe=":/?&=%#~@!$'()*+,;")
        address = f"{context.options.services.wayback.rstrip('/')}/web/{capture.timestamp}id_/{safe}"
        try:
            page = context.fetcher.get(address)
            parse(page.body, url, media_type="text/html")
        except (FetchError, NotAnIssue) as error:
            reason = reason or str(error)
            continue
        number = _REVUE_NUMBER.search(urlsplit(url).path)
        facts = Facts(url=url.partition("?")[0], number=int(number[1]) if number else None)
        return Found(url, page.body, "text/html", facts)
    return Failure(url, f"No capture of it can be used: {reason}")
