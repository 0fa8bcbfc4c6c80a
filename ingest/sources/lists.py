"""Which links of a web page are its issues, and where the list goes on.

Nothing here knows a platform: the issues of a list are the links whose addresses have one shape, and the most of them
(`/issues/12`, `/2021/05/03/some-title`, `/p/some-title`), navigation left out.
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit, urlunsplit

from bs4 import BeautifulSoup, Tag

from .pages import absolute

LIST_NAMES = frozenset(
    (
        "all",
        "archive",
        "archives",
        "back-issues",
        "blog",
        "digest",
        "editions",
        "index",
        "index.html",
        "issues",
        "latest",
        "newsletter",
        "newsletters",
        "past",
        "past-issues",
        "past-newsletters",
        "posts",
        "weekly",
    )
)
_NOT_ISSUES = frozenset(
    (
        "about",
        "account",
        "advertise",
        "advertising",
        "assets",
        "author",
        "authors",
        "cart",
        "categories",
        "category",
        "cdn-cgi",
        "comment",
        "comments",
        "contact",
        "cookies",
        "donate",
        "faq",
        "feed",
        "feeds",
        "followers",
        "following",
        "images",
        "img",
        "imprint",
        "jobs",
        "legal",
        "login",
        "membership",
        "page",
        "press",
        "privacy",
        "recommendations",
        "rss",
        "search",
        "share",
        "shop",
        "sign-in",
        "signin",
        "signup",
        "sponsor",
        "sponsors",
        "sponsorship",
        "static",
        "subscribe",
        "support",
        "tag",
        "tags",
        "team",
        "terms",
        "unsubscribe",
        "wp-admin",
        "wp-content",
        "wp-json",
    )
)
_FILES = re.compile(
    r"\.(?:png|jpe?g|gif|webp|svg|ico|css|js|pdf|zip|mp3|mp4|xml|json|rss|atom|txt|woff2?)$", re.IGNORECASE
)
_OLDER = frozenset(
    (
        "",
        ">",
        "load more",
        "more",
        "more posts",
        "next",
        "next page",
        "next »",
        "next →",
        "older",
        "older entries",
        "older issues",
        "older posts",
        "older →",
        "previous issues",
        "previous posts",
        "»",
        "›",
        "→",
        "下一頁",
        "下一页",
        "次のページ",
        "次へ",
        "過去の記事",
    )
)
_PAGE_PATH = re.compile(r"^(.*?/?)page/(\d+)/?$")


def issue_like(url: str) -> bool:
    """Whether an address may be an issue's at all: no file, no tag or author page, no front page."""
    parts = urlsplit(url)
    steps = [step.lower() for step in parts.path.split("/") if step]
    if not steps or _FILES.search(parts.path):
        return False
    return not any(step in _NOT_ISSUES for step in steps) and steps[-1] not in LIST_NAMES


def shape(url: str) -> str:
    """The form of an address: `/2021/05/title` -> `/#/#/*`; the last step always counts as free."""
    parts = urlsplit(url)
    steps = [step for step in parts.path.split("/") if step]
    fixed = ["#" if step.isdigit() else step.lower() for step in steps[:-1]]
    return "/".join([parts.netloc.lower().removeprefix("www."), *fixed, "*"])


def links_of(page: str, soup: BeautifulSoup) -> list[str]:
    """The issue-like links of a page to its own host, in order, those of the navigation left out."""
    host = urlsplit(page).netloc.lower().removeprefix("www.")
    base = soup.find("base", href=True)
    root = (absolute(page, str(base["href"])) if isinstance(base, Tag) else None) or page
    found: dict[str, None] = {}
    for link in soup.find_all("a", href=True):
        url = absolute(root, str(link["href"]))
        if url is None or urlsplit(url).netloc.lower().removeprefix("www.") != host:
            continue
        url = urlunsplit(urlsplit(url)._replace(fragment=""))
        if issue_like(url) and _bare(url) != _bare(page) and link.find_parent(("nav", "footer", "aside")) is None:
            found.setdefault(url)
    return list(found)


def main_shape(urls: Iterable[str]) -> tuple[str, int] | None:
    """The shape that most of the addresses have (the first on a tie), and how many have it."""
    counts: dict[str, int] = {}
    for url in urls:
        counts[shape(url)] = counts.get(shape(url), 0) + 1
    return max(counts.items(), key=lambda entry: entry[1], default=None)


def is_list(url: str, soup: BeautifulSoup) -> bool:
    """Whether a page lists issues rather than being one."""
    steps = [step.lower() for step in urlsplit(url).path.split("/") if step]
    if not steps or steps[-1] in LIST_NAMES or _PAGE_PATH.match(urlsplit(url).path):
        return True
    best = main_shape(links_of(url, soup))
    return best is not None and best[1] >= 5 and best[0] == f"{shape(url).rpartition('/')[0]}/{steps[-1]}/*"


def older_page(url: str, soup: BeautifulSoup) -> str | None:
    """Where a list goes on: what the page says itself, or the link to the page number after this one."""
    stated = soup.select_one('link[rel~="next"][href], a[rel~="next"][href]')
    if stated is not None:
        return absolute(url, str(stated["href"]))
    here = page_number(url)
    named: str | None = None
    for link in soup.find_all("a", href=True):
        target = (absolute(url, str(link["href"])) or "").partition("#")[0]
        if urlsplit(target).netloc != urlsplit(url).netloc or target == url:
            continue
        if page_number(target) == here + 1:
            return target
        label = " ".join((link.get_text(" ") or "").split()).lower() or str(link.get("aria-label", "")).lower()
        if named is None and label in _OLDER and not issue_like(target.partition("?")[0]):
            named = target
    return named


def page_number(url: str) -> int:
    """Which page of a list an address is; 1 where it does not say."""
    parts = urlsplit(url)
    match = _PAGE_PATH.match(parts.path)
    if match:
        return int(match[2])
    for name in ("page", "p", "paged"):
        value = parse_qs(parts.query).get(name, [""])[0]
        if value.isdigit():
            return int(value)
    return 1


def _bare(url: str) -> str:
    return url.partition("#")[0].partition("://")[2].rstrip("/")
