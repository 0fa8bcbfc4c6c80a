"""Ghost's editor formats to HTML: `lexical` (a JSON tree) and `mobiledoc` (its older one), links and headings kept."""

from html import escape
from typing import Any

import orjson
from markdown_it import MarkdownIt

_BLOCKS = {"paragraph": "p", "quote": "blockquote", "aside": "blockquote", "listitem": "li"}
_FORMATS = ((1, "strong"), (2, "em"), (16, "code"))
"""Bits of a lexical text node's format."""


def html_of(post: dict[str, Any]) -> str:
    """The HTML of a post from the first of its formats that holds any; "" where none does."""
    html = post.get("html")
    if isinstance(html, str) and html.strip():
        return html
    for name, render in (("lexical", _lexical), ("mobiledoc", _mobiledoc)):
        value = post.get(name)
        if isinstance(value, str) and value.strip():
            try:
                rendered = render(orjson.loads(value))
            except (orjson.JSONDecodeError, AttributeError, TypeError, IndexError, KeyError):
                continue
            if rendered.strip():
                return rendered
    plaintext = post.get("plaintext")
    return "".join(f"<p>{escape(part)}</p>" for part in plaintext.split("\n\n")) if isinstance(plaintext, str) else ""


def _lexical(document: dict[str, Any]) -> str:
    return _children(document["root"])


def _children(node: dict[str, Any]) -> str:
    return "".join(_node(child) for child in node.get("children") or ())


def _node(node: dict[str, Any]) -> str:
    kind = node.get("type")
    if kind in ("text", "extended-text"):
        text = escape(str(node.get("text", "")))
        for bit, tag in _FORMATS:
            if isinstance(node.get("format"), int) and node["format"] & bit:
                text = f"<{tag}>{text}</{tag}>"
        return text
    if kind == "linebreak":
        return "<br>"
    if kind == "link":
        return f'<a href="{escape(str(node.get("url", "")))}">{_children(node)}</a>'
    if kind in ("heading", "extended-heading"):
        level = node["tag"] if node.get("tag") in ("h1", "h2", "h3", "h4", "h5", "h6") else "h2"
        return f"<{level}>{_children(node)}</{level}>"
    if kind == "list":
        tag = "ol" if node.get("listType") == "number" else "ul"
        return f"<{tag}>{_children(node)}</{tag}>"
    if kind == "horizontalrule":
        return "<hr>"
    tag = _BLOCKS.get(str(kind).removeprefix("extended-"), "")
    if tag:
        return f"<{tag}>{_children(node)}</{tag}>"
    return _card(str(kind), node) or _children(node)


def _card(kind: str, payload: dict[str, Any]) -> str:
    """The cards of both editors: what a reader of the e-mail would see of them."""
    if kind == "html":
        return str(payload.get("html") or "")
    if kind == "markdown":
        return str(MarkdownIt().render(str(payload.get("markdown") or "")))
    if kind == "image":
        caption = f"<figcaption>{payload.get('caption')}</figcaption>" if payload.get("caption") else ""
        return f'<figure><img src="{escape(str(payload.get("src", "")))}">{caption}</figure>'
    if kind in ("bookmark", "embed"):
        meta = payload.get("metadata") or {}
        title, text = str(meta.get("title") or payload.get("url", "")), str(meta.get("description") or "")
        return f'<p><a href="{escape(str(payload.get("url", "")))}">{escape(title)}</a> {escape(text)}</p>'
    if kind in ("callout", "toggle", "header"):
        text = payload.get("calloutText") or payload.get("content") or payload.get("header") or ""
        heading = f"<h3>{payload['heading']}</h3>" if payload.get("heading") else ""
        return f"{heading}<div>{text}</div>"
    return ""


def _mobiledoc(document: dict[str, Any]) -> str:
    markups = [_markup(entry) for entry in document.get("markups") or ()]
    return "".join(_section(section, document, markups) for section in document.get("sections") or ())


def _markup(entry: list[Any]) -> tuple[str, str]:
    """Opening and closing tag; attributes come as a flat list of names and values."""
    tag = str(entry[0])
    pairs = list(entry[1]) if len(entry) > 1 and entry[1] else []
    attributes = dict(zip(pairs[::2], pairs[1::2], strict=False))
    href = f' href="{escape(str(attributes["href"]))}"' if "href" in attributes else ""
    return f"<{tag}{href}>", f"</{tag}>"


def _section(section: list[Any], document: dict[str, Any], markups: list[tuple[str, str]]) -> str:
    """1: a block of text, 2: an image, 3: a list, 10: a card."""
    if section[0] == 1:
        return f"<{section[1]}>{_markers(section[2], document, markups)}</{section[1]}>"
    if section[0] == 2:
        return f'<img src="{escape(str(section[1]))}">'
    if section[0] == 3:
        entries = "".join(f"<li>{_markers(entry, document, markups)}</li>" for entry in section[2])
        return f"<{section[1]}>{entries}</{section[1]}>"
    if section[0] == 10:
        card = document["cards"][section[1]]
        return _card("markdown" if card[0] == "card-markdown" else str(card[0]), card[1] or {})
    return ""


def _markers(markers: list[Any], document: dict[str, Any], markups: list[tuple[str, str]]) -> str:
    parts: list[str] = []
    opened: list[int] = []
    for kind, opening, closing, value in markers:
        for markup in opening:
            parts.append(markups[markup][0])
            opened.append(markup)
        parts.append(escape(str(value)) if kind == 0 else "<br>" if document.get("atoms") else "")
        parts += [markups[opened.pop()][1] for _ in range(min(closing, len(opened)))]
    return "".join(parts)
