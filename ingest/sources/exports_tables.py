"""Exports that are a table of posts with the bodies beside or in it: Substack, Buttondown, beehiiv."""

import html
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from .found import Context, Facts, Failure, Found, SourceError, Yield
from .pages import as_html, as_markdown, is_html, without
from .tables import csv_header, csv_rows, date_of, flag_of, json_member, number_of, text_of
from .trees import Tree, read

_SUBSTACK_WIDGETS = (
    "p.button-wrapper",
    ".subscription-widget-wrap",
    ".subscription-widget-wrap-editor",
    "div.poll-embed",
    "div.native-video-embed",
)


def matches_substack(tree: Tree, names: list[str]) -> bool:
    table = _member(names, "posts.csv")
    return table is not None and "post_id" in csv_header(tree, table)


def read_substack(tree: Tree, context: Context) -> Yield:
    """`posts.csv` with `posts/<post_id>.html`. The newest posts are often in the table only; the report names them."""
    names = tree.names()
    table = _member(names, "posts.csv") or ""
    root = str(PurePosixPath(table).parent / "posts").removeprefix("./")
    bodies = {PurePosixPath(name).stem: name for name in names if name.startswith(f"{root}/") and _is_page(name)}
    rows = csv_rows(tree, table)
    context.progress.found(len(rows))
    for row in rows:
        post = row.get("post_id", "")
        source = tree.source(f"{root}/{post}.html")
        slug = post.partition(".")[2]
        title = text_of(html.unescape(row.get("title", "")))
        if not flag_of(row.get("is_published", "")):
            yield Failure(source, "a draft, never published", skipped=True)
        elif row.get("type", "").lower() in ("thread", "page"):
            yield Failure(source, f"a {row['type'].lower()}, not an issue", skipped=True)
        elif post not in bodies:
            yield Failure(source, f"the export lists {title or post!r} but holds no text of it", skipped=True)
        else:
            url = f"{context.options.site.rstrip('/')}/p/{slug}" if context.options.site and slug else None
            aliases = (f"substack:{post.partition('.')[0]}",)
            facts = Facts(title=title, date=date_of(row.get("post_date")), url=url, aliases=aliases)
            yield _body(tree, bodies[post], facts, _SUBSTACK_WIDGETS)


def matches_buttondown(tree: Tree, names: list[str]) -> bool:
    table = _member(names, "emails.json")
    if table is not None:
        try:
            rows = _buttondown_rows(tree, table)
        except SourceError:
            return False
        return bool(rows) and "subject" in rows[0] and ("slug" in rows[0] or "body" in rows[0])
    table = _member(names, "emails.csv")
    return table is not None and {"subject", "slug"} <= set(csv_header(tree, table))


def read_buttondown(tree: Tree, context: Context) -> Yield:
    """`emails.json` or `emails.csv` with `emails/<slug>.md`, whose text is Markdown or HTML."""
    names = tree.names()
    table = _member(names, "emails.json") or _member(names, "emails.csv") or ""
    root = str(PurePosixPath(table).parent / "emails").removeprefix("./")
    rows = _buttondown_rows(tree, table)
    bodies = {PurePosixPath(name).stem: name for name in names if name.startswith(f"{root}/")}
    context.progress.found(len(rows))
    for row in rows:
        slug = text_of(row.get("slug")) or text_of(row.get("id")) or "untitled"
        source = tree.source(f"{root}/{slug}.md")
        status = str(row.get("status") or "sent").lower()
        if status not in ("sent", "imported", "about_to_send", "in_flight") or not row.get("publish_date"):
            yield Failure(
                source, f"not published ({status if status != 'sent' else 'no publishing date'})", skipped=True
            )
            continue
        subject = text_of(row.get("subject"))
        numbered = any(char.isdigit() for char in subject or "")
        site = context.options.site
        facts = Facts(
            title=subject,
            number=None if numbered else number_of(row.get("secondary_id")),
            date=date_of(row.get("publish_date")),
            url=text_of(row.get("absolute_url")) or (f"{site.rstrip('/')}/archive/{slug}/" if site else None),
            aliases=(f"buttondown:{row['id']}",) if row.get("id") else (),
        )
        inline = text_of(row.get("body"))
        if inline is not None:
            yield _text(source, inline, facts)
        elif slug in bodies:
            yield _body(tree, bodies[slug], facts)
        else:
            yield Failure(source, f"the export lists {subject or slug!r} but holds no text of it", skipped=True)


def matches_beehiiv(tree: Tree, names: list[str]) -> bool:
    return _beehiiv_table(tree, names) is not None


def read_beehiiv(tree: Tree, context: Context) -> Yield:
    """One CSV with the posts' HTML in its cells."""
    table = _beehiiv_table(tree, tree.names()) or ""
    rows = csv_rows(tree, table)
    context.progress.found(len(rows))
    for row in rows:
        source = f"{tree.source(table)}#{row.get('id', '')}"
        status = row.get("status", "").lower()
        title = text_of(html.unescape(row.get("web_title", ""))) or text_of(row.get("email_subject_line", ""))
        body = row.get("content_html", "").strip()
        if status in ("draft", "scheduled", "archived"):
            yield Failure(source, f"not published ({status})", skipped=True)
        elif not body:
            yield Failure(source, f"the export lists {title or row.get('id')!r} but holds no text of it", skipped=True)
        else:
            date = date_of(row.get("displayed_date") or row.get("created_at"))
            aliases = (f"beehiiv:{row['id']}",) if row.get("id") else ()
            facts = Facts(title=title, date=date, url=text_of(row.get("url", "")), aliases=aliases)
            yield _text(source, body, facts)


def _beehiiv_table(tree: Tree, names: list[str]) -> str | None:
    tables = (name for name in names if name.lower().endswith(".csv"))
    return next((name for name in tables if {"web_title", "content_html"} <= set(csv_header(tree, name))), None)


def _buttondown_rows(tree: Tree, table: str) -> list[dict[str, Any]]:
    if table.endswith(".csv"):
        return [dict(row) for row in csv_rows(tree, table)]
    data = json_member(tree, table)
    rows = data.get("results") if isinstance(data, dict) else data
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _body(tree: Tree, name: str, facts: Facts, drop: tuple[str, ...] = ()) -> Found | Failure:
    try:
        text = read(tree, name).decode("utf-8", "replace")
    except SourceError as error:
        return Failure(tree.source(name), str(error))
    return _text(tree.source(name), text, facts, drop)


def _text(source: str, text: str, facts: Facts, drop: tuple[str, ...] = ()) -> Found:
    """A body that is HTML or Markdown, under the facts that the table had."""
    if text.startswith("<!-- buttondown-editor-mode"):
        text = text.partition("-->")[2].lstrip()
    if drop or is_html(text.encode()):
        return Found(source, as_html(facts, without(text, *drop) if drop else text), "text/html", facts)
    return Found(source, as_markdown(facts, text), "text/markdown", facts)


def _member(names: list[str], wanted: str) -> str | None:
    """A file of that name at the root or one folder deep."""
    near = [name for name in names if PurePosixPath(name).name.lower() == wanted and name.count("/") <= 1]
    return min(near, key=lambda name: name.count("/"), default=None)


def _is_page(name: str) -> bool:
    return urlsplit(name).path.lower().endswith((".html", ".htm"))
