"""Ghost's JSON export: one file with the blog's tables."""

from typing import Any

from .found import Context, Facts, Failure, Found, SourceError, Yield
from .ghost_text import html_of
from .pages import as_html
from .tables import date_of, json_member, text_of
from .trees import Tree


def matches(tree: Tree, names: list[str]) -> bool:
    return _table(tree, names) is not None


def read(tree: Tree, context: Context) -> Yield:
    """Published posts without pages and drafts; where `html` is null the editor's own format is rendered."""
    name = _table(tree, tree.names())
    if name is None:
        return
    data = _data(json_member(tree, name)) or {}
    settings = {row.get("key"): row.get("value") for row in _rows(data, "settings")}
    site = (context.options.site or text_of(settings.get("url")) or "").rstrip("/")
    canonical = {row.get("post_id"): row.get("canonical_url") for row in _rows(data, "posts_meta")}
    posts = _rows(data, "posts")
    context.progress.found(len(posts))
    for post in posts:
        slug = text_of(post.get("slug")) or str(post.get("id"))
        source = f"{tree.source(name)}#{slug}"
        if post.get("type") == "page" or post.get("page"):
            yield Failure(source, "a page of the site, not an issue", skipped=True)
        elif post.get("status") not in ("published", "sent"):
            yield Failure(source, f"not published ({post.get('status')})", skipped=True)
        elif not (body := html_of(post)):
            yield Failure(source, "the export holds no text of it", skipped=True)
        else:
            url = text_of(post.get("canonical_url")) or text_of(canonical.get(post.get("id")))
            identity = text_of(post.get("uuid")) or text_of(post.get("id"))
            facts = Facts(
                title=text_of(post.get("title")),
                date=date_of(post.get("published_at")),
                url=(url or (f"{site}/{slug}/" if site else "")).replace("__GHOST_URL__", site) or None,
                newsletter=text_of(settings.get("title")),
                aliases=(f"ghost:{identity}",) if identity else (),
            )
            yield Found(source, as_html(facts, body.replace("__GHOST_URL__", site)), "text/html", facts)


def _table(tree: Tree, names: list[str]) -> str | None:
    for name in names:
        if name.lower().endswith(".json") and name.count("/") <= 2:
            try:
                if (data := _data(json_member(tree, name))) and _rows(data, "posts"):
                    return name
            except SourceError:
                continue
    return None


def _data(export: Any) -> dict[str, Any] | None:
    """The tables, with the `db` wrapper or without it."""
    if isinstance(export, dict) and isinstance(export.get("db"), list) and export["db"]:
        export = export["db"][0]
    data = export.get("data") if isinstance(export, dict) else None
    return data if isinstance(data, dict) else None


def _rows(data: dict[str, Any], table: str) -> list[dict[str, Any]]:
    rows = data.get(table)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
