"""The zip that Medium hands out: `posts/*.html`, one page a post, drafts and responses among them."""

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

from ..links import clean_url
from .found import Context, Facts, Failure, Found, SourceError, Yield
from .pages import soup_of
from .tables import date_of
from .trees import Tree
from .trees import read as contents

_POST = re.compile(r"(?:\d{4}-\d\d-\d\d|draft)_.*?([0-9a-f]{6,})", re.IGNORECASE)
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)_")


def matches(tree: Tree, names: list[str]) -> bool:  # noqa: ARG001 (one shape for all formats)
    return any(_post_name(name) for name in names)


def read(tree: Tree, context: Context) -> Yield:
    """Published posts; drafts, responses to other people's posts and account data are left aside."""
    names = tree.names()
    posts = [name for name in names if _post_name(name)]
    context.progress.found(len(posts))
    for name in posts:
        try:
            yield _post(tree, name)
        except SourceError as error:
            yield Failure(tree.source(name), str(error))
    others = [name for name in names if name.lower().endswith(".html") and name not in set(posts)]
    if others:
        reason = f"{len(others)} pages of account data (profile, reading lists, sessions and so on) left aside"
        yield Failure(tree.label, reason, skipped=True)


def _post(tree: Tree, name: str) -> Found | Failure:
    source = tree.source(name)
    match = _post_name(name)
    if match is None or match[0].lower().startswith("draft_"):
        return Failure(source, "a draft, never published", skipped=True)
    soup = soup_of(contents(tree, name))
    if _is_response(soup):
        return Failure(source, "a response to somebody's post, not a post", skipped=True)
    for copy in soup.select("section[data-field=body] .graf--title"):
        copy.decompose()  # the header has the title already
    canonical = _href(soup.select_one("footer a.p-canonical"))
    permalink = _href(soup.select_one('footer a[href*="/p/"]'))
    time = soup.select_one("footer time.dt-published")
    stamp = time.get("datetime") if time is not None else None
    dated = _DATED.match(match[0])
    title = soup.select_one("header .p-name") or soup.title
    facts = Facts(
        title=" ".join(title.get_text().split()) or None if title is not None else None,
        date=date_of(stamp) or date_of(dated[1] if dated else None),
        url=canonical if canonical and urlsplit(canonical).path.strip("/") else permalink,
        aliases=(f"medium:{match[1].lower()}",),
    )
    return Found(source, b'<meta charset="utf-8">' + soup.encode("utf-8"), "text/html", facts)


def _post_name(name: str) -> re.Match[str] | None:
    """The name of a post's file, its id as first group. Ids have twelve digits as a rule; shorter ones count only in
    the folder that is there for posts."""
    path = PurePosixPath(name)
    match = _POST.fullmatch(path.stem) if path.suffix.lower() == ".html" else None
    if match is None or path.parent.name.lower() == "posts":
        return match
    return match if path.parent == PurePosixPath() and len(match[1]) >= 10 else None


def _is_response(soup: BeautifulSoup) -> bool:
    """Responses are exported like posts; they are a paragraph or two of bare text, without heading, list or picture."""
    body = soup.select_one("section[data-field=body]")
    if body is None:
        return False
    if body.select_one("img, figure, li, h4, blockquote, pre, .graf--mixtapeEmbed, h3:not(.graf--title), a[href]"):
        return False
    return len(body.select("p")) <= 1


def _href(link: Tag | None) -> str | None:
    value = link.get("href") if link is not None else None
    return clean_url(value) if isinstance(value, str) else None
