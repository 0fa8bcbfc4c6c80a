"""What a linked page says of itself: its OpenGraph title and description."""

from bs4 import BeautifulSoup

from index.types import Paper

from .fetch import Fetched
from .parse.document import decode

_TITLES = ("og:title", "twitter:title", "citation_title", "dc.title")
_TEXTS = ("og:description", "twitter:description", "description", "dc.description", "citation_abstract")
_LONGEST = 2000


def description_of(page: Fetched, key: str) -> Paper | None:
    """Title and description of a page as the archive keeps them, under the link's key; None where it says nothing."""
    if page.media_type not in (None, "text/html", "application/xhtml+xml"):
        return None
    soup = BeautifulSoup(decode(page.text), "lxml")
    meta: dict[str, str] = {}
    for tag in soup.find_all("meta", content=True):
        name = str(tag.get("property") or tag.get("name") or "").lower()
        meta.setdefault(name, " ".join(str(tag["content"]).split()))
    title = next((meta[name] for name in _TITLES if meta.get(name)), "")
    if not title and soup.title is not None:
        title = " ".join(soup.title.get_text().split())
    text = next((meta[name] for name in _TEXTS if meta.get(name)), "")
    if not title and not text:
        return None
    return Paper(key, title[:300], text[:_LONGEST])
