"""Templates to answers: one URL, two renderings.

A page template extends `layout.html` and includes its fragment `_name.html`. For an htmx request (that is no history
restore, which needs the whole page) the fragment alone is sent, so both renderings come from the same file.
"""

import datetime as dt
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from unicodedata import bidirectional
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from index.archive import Archive
from index.labels import host_of
from index.types import FurtherLink, Issue, Item
from search.results import Highlight

from . import assets, i18n
from .naming import UNNAMED, archive_name, newsletters
from .places import SENTINEL
from .settings import Settings
from .shortening import shorten
from .texts import kinds
from .urls import quote_key
from .wording import say

_TEMPLATES = Path(__file__).parent / "templates"
SCHEMES = ("light", "dark")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """What every template knows besides its page's own values: the request's language, scheme and address."""

    request: Request
    language: i18n.Language
    settings: Settings
    archive: Archive

    @cached_property
    def scheme(self) -> str | None:
        """The colour scheme the reader chose, or None for the system's own."""
        chosen = self.request.cookies.get("scheme")
        return chosen if chosen in SCHEMES else None

    @property
    def here(self) -> str:
        """This page's address, root-relative."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    @property
    def base(self) -> str:
        """Scheme and host that the archive is reached by, without a slash at the end."""
        return (self.settings.base_url or str(self.request.base_url)).rstrip("/")

    @property
    def published(self) -> bool:
        """Whether this page goes into a copy of plain files, which knows words but no meaning."""
        return self.settings.base_url == SENTINEL

    @property
    def named(self) -> bool:
        """Whether the archive has a name other than this software's own."""
        return self.title != UNNAMED

    @cached_property
    def newsletters(self) -> tuple[tuple[str, int], ...]:
        """The newsletters with their issues, most first, where there are several: then each has to be named."""
        return newsletters(self.archive, self.archive.generation)

    @cached_property
    def title(self) -> str:
        """The archive's name: the host's choice, or the newsletter's own, or ours."""
        try:
            return self.settings.title or archive_name(self.archive)
        except Exception:  # the page that says the archive is broken must not break over it too
            _LOG.warning("the archive cannot be asked for its name")
            return self.settings.title or UNNAMED


def mark(highlight: Highlight) -> Markup:
    """The highlight's text with its matched parts in `<mark>`."""
    parts: list[str] = []
    at = 0
    for start, end in highlight.spans:
        parts += [escape(highlight.text[at:start]), "<mark>", escape(highlight.text[start:end]), "</mark>"]
        at = end
    parts.append(escape(highlight.text[at:]))
    return Markup("".join(parts))  # noqa: S704 (every part of the text is escaped)


def by_field(highlights: tuple[Highlight, ...]) -> dict[str, Highlight | None]:
    """The first highlight of each field."""
    found: dict[str, Highlight | None] = dict.fromkeys(("title", "subtitle", "summary", "note"))
    for highlight in highlights:
        found[highlight.field] = found.get(highlight.field) or highlight
    return found


def excerpt(highlight: Highlight, item: Item) -> Markup:
    """The highlight with an ellipsis at each end where the field's text goes on."""
    whole, part = (getattr(item, highlight.field, None) or "").strip(), highlight.text.strip()
    before = "" if whole.startswith(part.rstrip(" …")) or part.startswith("…") else "…\N{NO-BREAK SPACE}"
    after = "" if whole.endswith(part.lstrip(" …")) or part.endswith("…") else "\N{NO-BREAK SPACE}…"
    return before + mark(highlight) + after


def without(title: str, newsletter_name: str) -> str:
    """An issue's title without its newsletter's name, if something is left."""
    rest = title.removeprefix(newsletter_name).strip(" \t-–—:：,·|")
    return rest or title


def prose(text: str | None) -> list[Markup]:
    """A docstring's text as paragraphs, parted by empty lines, with its `code` set as such."""
    parts = [part for part in re.split(r"\n\s*\n", (text or "").strip()) if part]
    return [Markup(_CODE.sub(r"<code>\1</code>", str(escape(" ".join(part.split()))))) for part in parts]  # noqa: S704


_CODE = re.compile(r"`([^`]+)`")


def tongue(text: str, code: str | None) -> str | None:
    """The language of one text of an item: Latin letters alone in an item of another script are English titles and
    names, and are to be set and read aloud as such."""
    return "en" if code in _OTHER_SCRIPTS and text.isascii() else code


def script(text: str) -> str | None:
    """The language that a text without a known one is to be set and read in: Japanese with kana, else Chinese with
    Chinese characters; None for anything else."""
    return "ja" if _KANA.search(text) else "zh" if _HAN.search(text) else None


_KANA = re.compile(r"[\u3041-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_OTHER_SCRIPTS = ("ja", "zh", "ko", "ru", "uk", "el", "ar", "he", "fa", "hi", "th")


def direction(text: str) -> Markup:
    """The attribute ` dir="rtl"` for a text whose first letter is written from right to left; nothing for others."""
    letter = _LETTER.search(text)
    return _RTL if letter is not None and bidirectional(letter[0]) in ("R", "AL") else _NOTHING


_LETTER = re.compile(r"[^\W\d_]")
_RTL, _NOTHING = Markup(' dir="rtl"'), Markup()


@lru_cache(256)
def language_of(code: str | None) -> Markup:
    """The attribute ` lang="…"`; nothing where the language is not known."""
    return Markup(' lang="{}"').format(code) if code else _NOTHING


@lru_cache(4096)
def day(date: dt.date | None, language: i18n.Language) -> Markup:
    """A date as the language writes it, in `<time>`; nothing where there is none."""
    return Markup('<time datetime="{}">{}</time>').format(date, language.date(date)) if date else _NOTHING


def when(issue: Issue, language: i18n.Language) -> Markup:
    """The day of an issue, or its year; nothing where neither is known."""
    if issue.date is None and issue.year:
        return Markup(f"<span>{issue.year}</span>")  # noqa: S704 (a number)
    return day(issue.date, language)


def kind(value: str, language: i18n.Language) -> str:
    """What an item is, in the language."""
    return kinds(language).get(value, value)


def tied(name: str) -> str:
    """A name of several parts whose dots do not begin a line."""
    return name.replace(" · ", "\N{NO-BREAK SPACE}· ")


def series(words: Sequence[str]) -> str:
    """Words one after the other, as their own script lists them."""
    return ("、" if script("".join(words)) else ", ").join(words)


def host(url: str) -> str:
    """The host of an address as a person reads it."""
    return host_of(url) or url


def outward(url: str | None) -> str | None:
    """The address if it is safe to link to (http or https, well formed), else None."""
    try:
        return url if url and urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None


def telling(links: Sequence[FurtherLink], most: int) -> list[FurtherLink]:
    """The first `most` further links that are more than a page referred to, safe to link to."""
    return [link for link in links if link.kind != "article" and outward(link.url)][:most]


def data_block(value: object) -> Markup:
    """JSON for a `<script type="application/ld+json">` block, which no `</script>` in a text can end."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def paragraphs(text: str | None) -> list[str]:
    """A text's lines as paragraphs, empty ones left out."""
    return [line for line in map(str.strip, (text or "").splitlines()) if line]


@lru_cache(1)
def environment() -> Environment:
    """The templates, with the filters and names that all of them may use."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        mark=mark, host=host, outward=outward, data_block=data_block, paragraphs=paragraphs, work_path=quote_key
    )
    made.filters.update(
        shorten=shorten,
        script=script,
        series=series,
        tied=tied,
        prose=prose,
        tongue=tongue,
        say=say,
        by_field=by_field,
        excerpt=excerpt,
        dir=direction,
        lang=language_of,
        day=day,
        when=when,
        kind=kind,
        without=without,
        telling=telling,
    )
    made.globals.update(static=assets.address, languages=i18n.LANGUAGES)
    return made


def view(request: Request) -> View:
    """The view of a request; needs `app.state.archive` and `app.state.settings`."""
    language = i18n.choose(
        request.query_params.get("lang"), request.cookies.get("lang"), request.headers.get("Accept-Language")
    )
    return View(request, language, request.app.state.settings, request.app.state.archive)


def wants_fragment(request: Request) -> bool:
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def render(
    request: Request,
    page: str,
    values: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    fragment: str | None = None,
) -> HTMLResponse:
    """The page `<page>.html`, or its `_<page>.html` when htmx asks for the fragment; `fragment` names another one."""
    here = view(request)
    partial = wants_fragment(request)
    name = f"_{fragment or page}.html" if partial else f"{page}.html"
    template = environment().get_template(name)
    texts = here.language
    shown = {"canonical": None, "unlisted": False, "query": "", **(values or {})}
    body = template.render(**shown, view=here, partial=partial, _=texts.text, ngettext=texts.plural, l10n=texts)
    headers = {
        "Vary": "HX-Request, HX-History-Restore-Request, HX-Typing, Accept-Language, Cookie",
        "Content-Language": texts.code,
    }
    return HTMLResponse(body, status, headers)


def compile_templates() -> None:
    """Compile every template now, so that the first reader does not wait for it."""
    for name in environment().list_templates(extensions=["html", "xml"]):
        environment().get_template(name)
