"""Issues as they were mailed: single messages (`.eml`) and mailboxes (`.mbox`)."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parseaddr

from ..links import clean_url
from .found import Context, Facts, Failure, Found, Yield
from .pages import soup_of
from .tables import date_of
from .trees import MAX_TABLE, Folder, Tree, read

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
    yield _message(tree.source(name), read(tree, name), named=True)


def read_mbox(tree: Tree, name: str, context: Context) -> Yield:
    """Every message of a mailbox; replies, forwards and messages without a text are left aside."""
    source = tree.source(name)
    count = 0
    for raw in _split(tree, name):
        count += 1
        if count > 1:
            context.progress.found()
        yield _message(source, raw, ordinal=count)
    if not count:
        yield Failure(source, "The mailbox holds no message.")


def _split(tree: Tree, name: str) -> Iterator[bytes]:
    """The messages of an mbox, through the standard library's reader; it wants a file on disk, of any size."""
    import mailbox

    with ExitStack() as stack:
        if isinstance(tree, Folder):
            path = str(tree.root / name)
        else:
            file = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".mbox"))
            file.write(read(tree, name, MAX_TABLE))
            file.flush()
            path = file.name
        box = mailbox.mbox(path, create=False)
        stack.callback(box.close)
        for key in box.keys():  # noqa: SIM118 (a mailbox is no dict)
            yield box.get_bytes(key)


def _message(source: str, raw: bytes, *, named: bool = False, ordinal: int | None = None) -> Found | Failure:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    identity = _header(message, "Message-ID").strip("<> ")
    if ordinal is not None:
        source = f"{source}#{identity or ordinal}"
    subject = _header(message, "Subject")
    if _PERSONAL.match(subject):
        return Failure(source, f"a reply or forwarded message ({subject})", skipped=True)
    text = _body(message)
    if text is None:
        return Failure(source, "The message has no readable text.", skipped=not named)
    body, online = _cleaned(text[0]) if text[1] else (text[0].encode(), None)
    list_name = _header(message, "List-Id").partition("<")[0].strip().strip('"')
    facts = Facts(
        title=subject or None,
        date=date_of(_header(message, "Date")),
        url=online,
        newsletter=list_name or parseaddr(_header(message, "From"))[0] or None,
        aliases=(f"mail:{identity}",) if identity else (),
    )
    return Found(source, body, "text/html" if text[1] else "text/markdown", facts, named=named)


def _body(message: EmailMessage | Message) -> tuple[str, bool] | None:
    """The text of a message, and whether it is HTML; HTML is preferred, since it knows where the links are."""
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
    return content, part.get_content_subtype() == "html"


def _cleaned(page: str) -> tuple[bytes, str | None]:
    """The page without what only mail has: counting pixels and the link to its copy on the web, which is returned."""
    soup = soup_of(page)
    for image in soup.find_all("img"):
        size = {str(image.get(name, "")).removesuffix("px") for name in ("width", "height")}
        if size <= {"0", "1"}:
            image.decompose()
    for meta in soup.find_all("meta"):
        meta.decompose()  # a charset named here was true of the mail's bytes, not of this text
    online = None
    for link in soup.find_all("a", href=True):
        if _ONLINE.search(" ".join(link.get_text(" ").split())):
            url = str(link["href"])
            online = online or clean_url(url)
            link.decompose()
    return b'<meta charset="utf-8">' + soup.encode("utf-8"), online


def _header(message: EmailMessage | Message, name: str) -> str:
    try:
        return " ".join(str(message.get(name) or "").split())
    except (ValueError, AttributeError, IndexError):  # malformed headers trip the strict parser
        return ""
