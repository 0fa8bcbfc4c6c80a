"""One past issue: from its bytes to a `Document`. Pure: no disk, no network, no model."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from charset_normalizer import from_bytes
from dateutil import parser as dates_parser
from lxml import html

from index.types import Document, Issue, Item

from ..links import canonical_key, clean_url, is_profile
from .blocks import Block, text_of
from .context import is_address, survey, width
from .dates import Printed, date_in, is_date, number_in, printed_in
from .dialects import plain_markdown
from .front_matter import front_matter
from .issue_title import title_of
from .items import find_items
from .language import language_of
from .lines import squeeze
from .page import issue_part
from .repair import mend
from .walker import from_html, from_markdown, parse_html

_TAG = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|div|article|section|p|h[1-6])\b", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_MEDIUM_ID = re.compile(r"(?:-|/p/)([0-9a-f]{9,12})(?:[?#].*)?$")
_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_NAME_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})[-.]?(\d{2})[-.]?(\d{2})(?!\d)")
_WEEK = re.compile(r"((?:19|20)\d{2})[-/ ]?[wW]?(\d{1,2})")
_DATES = ("date", "published", "publish_date", "publishdate", "published_at", "pubdate", "sent_at", "created_at")
_NUMBERS = ("number", "issue", "issue_number", "episode")
_MOST = 64 * 1024 * 1024


class NotAnIssue(ValueError):
    """A document that holds no issue; the text says why."""


@dataclass(slots=True)
class _Meta:
    """What a document says of itself outside its text."""

    fields: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    url: str | None = None
    date: dt.date | None = None
    newsletter: str | None = None
    language: str | None = None
    name: str = ""
    """The words of the file's name or of the address's last step."""


def parse(raw: bytes, source: str, *, media_type: str | None = None) -> Document:
    """The issue in some bytes of Markdown or HTML.

    `source` is where they were read (a path or address); its ending and `media_type` help to tell the two formats
    apart. Raises `NotAnIssue`, and nothing else, when there is no issue in them.
    """
    if len(raw) > _MOST:
        raise NotAnIssue("it is larger than 64 MB")
    if not raw.strip():
        raise NotAnIssue("it is empty")
    if b"\0" in raw[:4096] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotAnIssue("it is no text")
    text = decode(raw)
    digest = hashlib.sha256(raw).hexdigest()
    if _is_html(raw, source, media_type):
        blocks, meta = _read_html(text)
    else:
        blocks, meta = _read_markdown(text)
    if source.startswith(("http://", "https://")) and meta.url is None:
        meta.url = clean_url(source)
    meta.name = _stem(source)
    issue, items, unassigned = _read(blocks, meta)
    if not items:
        raise NotAnIssue("nothing in it looks like an item" if blocks else "there is no text in it")
    return Document(issue, tuple(items), tuple(unassigned), _aliases(issue, meta), source, digest)


def decode(raw: bytes) -> str:
    """Bytes as text: by their mark, as UTF-8, by what an HTML page declares, else by what fits best."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = error
    declared = _CHARSET.search(raw[:4096])
    if declared:
        try:
            return raw.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass
    if broken.end == len(raw) or raw.decode("utf-8", "replace").count("\ufffd") * 200 < len(raw):
        return raw.decode("utf-8", "replace")  # a few broken characters in a text that is UTF-8 otherwise
    best = from_bytes(raw[:200_000]).best()
    return raw.decode(best.encoding if best else "utf-8", "replace")


def _is_html(raw: bytes, source: str, media_type: str | None) -> bool:
    if media_type:
        if "html" in media_type:
            return True
        if "markdown" in media_type or media_type == "text/plain":
            return False
    name = source.lower().partition("?")[0]
    if name.endswith((".md", ".markdown", ".mdx", ".txt")):
        return False
    if name.endswith((".html", ".htm", ".xhtml")):
        return True
    head = raw[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and _TAG.search(head) is not None


# ---- Markdown


def _read_markdown(text: str) -> tuple[list[Block], _Meta]:
    fields, body = front_matter(text.replace("\r\n", "\n").replace("\r", "\n"))
    meta = _Meta(fields)
    meta.title = fields.get("title") or fields.get("subject")
    meta.url = _first_url(fields, ("canonical_url", "canonical", "url", "link", "permalink", "source", "original"))
    meta.date = _date(next((fields[name] for name in _DATES if fields.get(name)), None))
    meta.newsletter = fields.get("newsletter") or fields.get("publication")
    meta.language = fields.get("lang") or fields.get("language")
    return mend(from_markdown(plain_markdown(body))), meta


def _first_url(fields: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((url for name in names if (url := clean_url(fields.get(name, "")))), None)


def _date(text: str | None) -> dt.date | None:
    if not text:
        return None
    try:
        return dates_parser.parse(text[:60]).date()
    except (ValueError, OverflowError, TypeError):
        return None


# ---- HTML


def _read_html(text: str) -> tuple[list[Block], _Meta]:
    root = parse_html(text)
    if root is None:
        return [], _Meta()
    meta = _head(root)
    return mend(from_html(issue_part(root))), meta


def _head(root: html.HtmlElement) -> _Meta:
    def content(*names: str) -> str | None:
        for name in names:
            for attribute in ("property", "name", "itemprop"):
                found = root.xpath(f"//meta[@{attribute}=$name]/@content", name=name)
                if found and str(found[0]).strip():
                    return str(found[0]).strip()
        return None

    def first(path: str) -> str | None:
        found = root.xpath(path)
        return squeeze(str(found[0])) or None if found else None

    meta = _Meta()
    heading = first("//article//h1[contains(@class,'p-name')]//text()")
    meta.title = heading or content("og:title", "twitter:title") or first("//title/text()")
    address = first("//link[@rel='canonical']/@href") or first("//a[contains(@class,'p-canonical')]/@href")
    meta.url = clean_url(address or content("og:url") or "")
    stamp = content("article:published_time", "date", "datePublished", "publish-date", "pubdate")
    declared = _PUBLISHED.search(" ".join(root.xpath("//script[contains(@type,'ld+json')]/text()")))
    meta.date = _date(stamp or (declared and declared[1]) or first("//time/@datetime"))
    meta.newsletter = content("og:site_name")
    meta.language = first("//html/@lang")
    return meta


# ---- both


def _read(blocks: list[Block], meta: _Meta) -> tuple[Issue, list[Item], list[str]]:
    title, blocks = title_of(blocks, meta.title, bool(meta.name))
    origin, blocks = _origin(blocks)
    url = meta.url or origin
    context = survey(blocks, url, title, meta.name)
    items, unassigned = find_items(blocks, context)
    printed = _printed(title, blocks, meta, url)
    language = (meta.language or "").partition("-")[0].lower() or language_of(_sample(title, items))
    issue = Issue(
        title=title or meta.name or "Untitled",
        newsletter=meta.newsletter or "",
        number=printed.number,
        date=printed.date,
        year=printed.year,
        week=printed.week,
        url=url,
        language=language,
    )
    return issue, [item if item.language else replace(item, language=language) for item in items], unassigned


def _origin(blocks: list[Block]) -> tuple[str | None, list[Block]]:
    """The issue's own address, where the document opens with a line that is hardly more than one."""
    for number, block in enumerate(blocks[:3]):
        if block.kind != "paragraph":
            continue
        hrefs = [run.href for run in block.runs if run.href]
        said = "".join(run.text for run in block.runs if not run.href).strip()
        if len(hrefs) == 1 and width(said) <= 24 and (block.quoted or said.endswith((":", "："))):
            url = clean_url(hrefs[0])
            if url and not is_profile(canonical_key(url)):
                return url, [*blocks[:number], *blocks[number + 1 :]]
    return None, blocks


def _printed(title: str, blocks: Sequence[Block], meta: _Meta, url: str | None) -> Printed:
    opening = [
        "".join(run.text for run in block.runs if not (run.href and is_address(run.text)))[:400]
        for block in blocks[:6]
        if block.kind in ("paragraph", "heading") and not block.quoted
    ]
    for block in blocks[:3]:  # Markdown reads "12. März 2021" as a list of one item, the twelfth
        if block.kind == "item" and is_date(day := f"{block.number}. {text_of(block.runs)}"):
            opening.insert(0, day)
    printed = printed_in(title, opening, url)
    number = next((value for name in _NUMBERS if (value := meta.fields.get(name))), "")
    if number.strip("# ").isdigit() and len(number) < 8:
        printed = replace(printed, number=int(number.strip("# ")))
    week = _WEEK.fullmatch(meta.fields.get("week", "").strip())
    if week and printed.week is None and 1 <= int(week[2]) <= 53:
        printed = replace(printed, year=int(week[1]), week=int(week[2]))
    if printed.number is None and printed.week is None:
        printed = replace(printed, number=number_in(meta.name))
    date = meta.date or printed.date or _iso_date(meta.name) or _iso_date(urlsplit(url or "").path.replace("/", "-"))
    if date is not None and date != printed.date:
        printed = replace(printed, date=date, year=date.year)
    return printed


def _iso_date(name: str) -> dt.date | None:
    """The full date in a file's name, with or without what separates its parts."""
    found = _NAME_DATE.search(name.replace(" ", "-"))
    return date_in("-".join(found.groups())) if found else None


def _stem(source: str) -> str:
    """The words of a file's name ("2021-05-12-on-bread.md" -> "2021 05 12 on bread")."""
    name = unquote(source.replace("\\", "/").rstrip("/").rpartition("/")[2].partition("?")[0])
    stem = name.rpartition(".")[0] or name
    return squeeze(re.sub(r"[-_+]+", " ", stem))[:120]


def _sample(title: str, items: Sequence[Item]) -> str:
    return " ".join([title, *(f"{item.title} {item.summary or ''}" for item in items[:30])])[:8000]


def _aliases(issue: Issue, meta: _Meta) -> tuple[str, ...]:
    """Ways to know the issue again: its canonical address, its id at Medium, ids that the document declares."""
    aliases: dict[str, None] = {}
    if issue.url:
        key = canonical_key(issue.url)
        if key:
            aliases[key] = None
        found = _MEDIUM_ID.search(issue.url)
        if found:
            aliases[f"medium:{found[1]}"] = None
    for name in ("guid", "id", "post_id", "message-id"):
        if meta.fields.get(name):
            aliases[f"{name}:{meta.fields[name]}"] = None
    return tuple(aliases)
