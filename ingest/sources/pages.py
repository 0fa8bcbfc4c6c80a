"""Bodies without a page around them (feed entries, export fragments) made into whole documents for the parser."""

import html
import re
from urllib.parse import urljoin

import yaml
from bs4 import BeautifulSoup

from ..links import clean_url
from ..parse.document import decode
from .found import Facts

_TAG = re.compile(rb"<(?:p|div|h[1-6]|ul|ol|li|table|a|br|section|article|html|body|blockquote)\b[^>]*>", re.IGNORECASE)


def as_html(facts: Facts, body: str) -> bytes:
    """An HTML page with the facts where pages carry them (title, canonical link, publishing date)."""
    head = ['<meta charset="utf-8">']
    if facts.title:
        head.append(f"<title>{html.escape(facts.title)}</title>")
    if facts.url:
        head.append(f'<link rel="canonical" href="{html.escape(facts.url)}">')
    if facts.date:
        head.append(f'<meta property="article:published_time" content="{facts.date.isoformat()}">')
    heading = f"<h1>{html.escape(facts.title)}</h1>\n" if facts.title else ""
    start = f"<!DOCTYPE html>\n<html><head>{''.join(head)}</head>\n<body><article>\n{heading}"
    return f"{start}{body}\n</article></body></html>".encode()


def as_markdown(facts: Facts, body: str) -> bytes:
    """Markdown under YAML front matter with the facts."""
    front = {"title": facts.title, "date": facts.date, "url": facts.url}
    known = {name: value for name, value in front.items() if value}
    return f"---\n{yaml.safe_dump(known, allow_unicode=True, sort_keys=False)}---\n\n{body}".encode()


def soup_of(body: bytes | str, features: str = "lxml") -> BeautifulSoup:
    """A page as a tree; bytes are decoded as the parser decodes them, whatever nonsense they declare."""
    return BeautifulSoup(decode(body) if isinstance(body, bytes) else body, features)


def absolute(base: str, link: str) -> str | None:
    """The clean web address that a link on a page means; None where it means none."""
    try:
        return clean_url(urljoin(base, link))
    except ValueError:  # brackets that are no IPv6 address, and such
        return None


def is_html(body: bytes) -> bool:
    """Whether a body without a media type is HTML: more than a stray tag, as Markdown may hold."""
    head = body[:20_000]
    start = head.lstrip()[:200].lower()
    return start.startswith((b"<!doctype", b"<html", b"<p", b"<div", b"<h", b"<table")) or len(_TAG.findall(head)) > 8


def without(fragment: str, *selectors: str) -> str:
    """The HTML fragment without the elements that any CSS selector matches (buttons, subscription boxes)."""
    soup = BeautifulSoup(fragment, "lxml")
    for element in soup.select(", ".join(selectors)):
        element.decompose()
    body = soup.body
    return body.decode_contents() if body is not None else ""


def plain(fragment: str | None) -> str | None:
    """The text of a short HTML fragment, spaces squeezed; None where there is none."""
    if not fragment:
        return None
    text = BeautifulSoup(fragment, "lxml").get_text(" ") if "<" in fragment else html.unescape(fragment)
    return " ".join(text.split()) or None
