"""Issues as they were mailed: single messages (`.eml`) and mailboxes (`.mbox`)."""

import html
import re
import tempfile
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parseaddr
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from .found import Context, Facts, Failure, Found, Yield
from .pages import as_html
from .tables import date_of
from .trees import Tree

_HEADER = re.compile(
    rb"^(?:Return-Path|Received|Delivered-To|From|Date|Message-ID|MIME-Version|Subject): ", re.IGNORECASE | re.MULTILINE
)
_ONLINE = re.compile(
    r"view (?:this |it |the )*(?:e-?mail |message |issue |post |newsletter )*(?:in|on|online)", re.IGNORECASE
)
_PERSONAL = re.compile(r"^(?:re|fwd?|aw|wg)\s*:", re.IGNORECASE)


def looks_like_mail(head: bytes) -> bool:
    """Whether the first bytes of a file are the headers of a message."""
    start = head.split(b"\n\n", 1)[0].split(b"\r\n\r\n", 1)[0]
    return len(_HEADER.findall(start)) >= 3


def read_eml(tree: Tree, name: str, context: Context) -> Yield:  # noqa: ARG001 (one shape for all readers)
    """One message in a file."""
    yield _message(tree.source(name), tree.read(name), named=True)


def read_mbox(tree: Tree, name: str, context: Context) -> Yield:
    """Every message of a mailbox; replies, forwards and messages without a text are left aside."""
    source = tree.source(name)
    count = 0
    for raw in _split(tree.read(name)):
        count += 1
        if count > 1:
            context.progress.found()
        yield _message(source, raw, ordinal=count)
    if not count:
        yield Failure(source, "The mailbox holds no message.")


def _split(raw: bytes) -> Iterator[bytes]:
    """The messages of an mbox, through the standard library's reader (it wants a file on disk)."""
    import mailbox

    with tempfile.NamedTemporaryFile(suffix=".mbox") as file:
        file.write(raw)
        file.flush()
        box = mailbox.mbox(file.name, create=False)
        try:
            for key in box.keys():  # noqa: SIM118 (a mailbox is no dict)
                yield box.get_bytes(key)
        finally:
            box.close()


def _message(source: str, raw: bytes, *, named: bool = False, ordinal: int | None = None) -> Found | Failure:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    identity = _header(message, "Message-ID").strip("<> ")
    if ordinal is not None:
        source = f"{source}#{identity or ordinal}"
    subject = _header(message, "Subject")
    if _PERSONAL.match(subject):
        return Failure(source, f"a reply or forwarded message ({subject})", skipped=True)
    page = _body(message, subject)
    if page is None:
        return Failure(source, "The message has no readable text.", skipped=not named)
    list_name = _header(message, "List-Id").partition("<")[0].strip().strip('"')
    facts = Facts(
        title=subject or None,
        date=date_of(_header(message, "Date")),
        url=_online(page),
        newsletter=list_name or parseaddr(_header(message, "From"))[0] or None,
        aliases=(f"mail:{identity}",) if identity else (),
    )
    return Found(source, _without_pixels(page), "text/html", facts, named=named)


def _body(message: EmailMessage | Message, subject: str) -> str | None:
    """The message as HTML; a plain text becomes paragraphs with its addresses as links."""
    part = message.get_body(("html", "plain")) if isinstance(message, EmailMessage) else None
    if part is None:
        return None
    try:
        content = part.get_content()
    except (LookupError, UnicodeError, ValueError):  # an unknown or wrong charset
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if not isinstance(content, str) or not content.strip():
        return None
    if part.get_content_subtype() == "html":
        return content
    return as_html(Facts(title=subject), _linked(content)).decode()


def _linked(text: str) -> str:
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        escaped = html.escape(paragraph.strip(), quote=False)
        linked = re.sub(r"&lt;(https?://[^\s&]+)&gt;|(https?://[^\s<>]+?)(?=[.,;)]*(?:\s|$))", _anchor, escaped)
        paragraphs.append(f"<p>{linked}</p>")
    return "\n".join(paragraphs)


def _anchor(match: re.Match[str]) -> str:
    url = match[1] or match[2]
    return f'<a href="{html.escape(html.unescape(url))}">{url}</a>'


def _without_pixels(page: str) -> bytes:
    """The page without counting pixels (images of one pixel, or hidden)."""
    soup = BeautifulSoup(page, "lxml")
    for image in soup.find_all("img"):
        size = {str(image.get(name, "")).removesuffix("px") for name in ("width", "height")}
        if size <= {"0", "1"}:
            image.decompose()
    for meta in soup.find_all("meta"):
        meta.decompose()  # a charset named here was true of the mail's bytes, not of this text
    return b'<meta charset="utf-8">' + soup.encode("utf-8")


def _online(page: str) -> str | None:
    """The address of the issue on the web, where the mail has a "view in browser" link."""
    for link in BeautifulSoup(page, "lxml").find_all("a", href=True):
        if _ONLINE.search(" ".join(link.get_text(" ").split())):
            url = str(link["href"])
            return url if urlsplit(url).scheme in ("http", "https") else None
    return None


def _header(message: EmailMessage | Message, name: str) -> str:
    try:
        return " ".join(str(message.get(name) or "").split())
    except (ValueError, AttributeError, IndexError):  # malformed headers trip the strict parser
        return ""
