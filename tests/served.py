"""A small archive with known contents, served: what the tests of the API, the feeds and the tools share."""

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.archive import Archive
from index.types import Document, FurtherLink, Issue, Item, Paper
from tests.conftest import WordEncoder

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from web.settings import Settings

NAMES = ("Robots walk on sand", "Speech without text", "Painting with words", "Counting cells", "Sorting at scale")
WORDS = (
    "legs gait terrain simulation balance motor torque joint slope walking robot sand",
    "audio units spoken voice phoneme waveform transcript listener accent microphone pitch speech",
    "image diffusion prompt brush colour canvas sketch palette artist style texture painting",
    "microscope biology segmentation tissue stain nucleus slide clinic pathology boundary mask cells",
    "database index column query storage engine join transaction shard replica cache sorting",
)
ASIDES = (
    "harbour lantern",
    "violet orchard",
    "copper kettle",
    "winter ferry",
    "marble stairs",
    "paper lanterns",
    "quiet library",
    "broken compass",
    "yellow bicycle",
    "northern station",
    "silver thread",
    "wooden bridge",
)
"""What makes each item a little unlike the others of its subject."""

SHARED = "arxiv:2104.06601"
CODE = FurtherLink("https://github.com/mask/every_thing", "github:mask/every_thing", "code")
GALLERY = FurtherLink("https://masks.example/gallery", "masks.example/gallery", text="A gallery of <masks>")
"""What the items on SHARED have beside it."""


def documents(issues: int = 6) -> list[Document]:
    """Weekly issues from 3 January 2021 on; each has an item of every name, and the work SHARED in all even ones."""
    return [document(number) for number in range(1, issues + 1)]


def document(number: int) -> Document:
    items = [item(number, position) for position in range(1, len(NAMES) + 1)]
    if number % 2 == 0:
        shared = Item(
            position=len(items) + 1,
            title="A general segmenter",
            subtitle="Segment & count {everything}",
            section="Papers",
            summary=f"The paper of the mask, mentioned in week {number}: segmentation of everything.",
            url="https://arxiv.org/abs/2104.06601v2",
            key=SHARED,
            kind="paper",
            language="en",
            links=(CODE, GALLERY),
        )
        items.append(shared)
    issue = Issue(
        title=f"Field notes {number}",
        newsletter="Field notes",
        number=number,
        date=dt.date(2021, 1, 3) + dt.timedelta(weeks=number - 1),
        year=2021,
        url=f"https://notes.example/{number}",
        language="en",
    )
    return Document(
        issue=issue,
        items=tuple(items),
        unassigned=(f"https://ads.example/{number}",),
        aliases=(f"url:notes.example/{number}", f"number:Field notes {number}"),
        source=f"{number}.md",
        content_hash=f"{number:064x}",
    )


def item(number: int, position: int) -> Item:
    address = f"notes.example/{number}/{position}?a=1&b=2"
    words = WORDS[position - 1].split()
    chosen = " ".join(words[(number * 2 + i) % len(words)] for i in range(6))
    aside = ASIDES[(number * 5 + position * 3) % len(ASIDES)]
    return Item(
        position=position,
        title=f"{NAMES[position - 1]} {number}",
        section="Papers" if position <= 3 else "Tools",
        summary=f"On {chosen}. By way of the {aside}.",
        note="Worth a look." if position == 1 else None,
        url=f"https://{address}",
        key=address,
        kind="paper" if position <= 3 else "article",
        language="en",
    )


PAPER = Paper(
    key=SHARED,
    title="Segment & count {everything}",
    abstract="We segment everything.",
    authors=("Ana Núñez", "B. Okoye"),
    categories=("cs.CV",),
    published=dt.date(2021, 4, 13),
    doi="10.1000/182",
)


def fill(path: Path, what: Sequence[Document] | None = None, *, papers: bool = True) -> Archive:
    """A new archive at `path`, made ready the way the command line does it."""
    from search.refresh import refresh

    archive = Archive(path, WordEncoder(), create=True)
    list(archive.put(documents() if what is None else what))
    if papers:
        archive.put_papers([PAPER])
    refresh(archive)
    return archive


def draft(text: str) -> list[Item]:
    """Every line `title | key` is an item; a text without any is no draft."""
    lines = [line.split(" | ") for line in text.splitlines() if " | " in line]
    if not lines:
        raise ValueError("no items in it")
    blank = Item(position=0, title="")
    return [replace(blank, position=i, title=title, key=key) for i, (title, key) in enumerate(lines, 1)]


@contextmanager
def client(archive: Archive, settings: "Settings | None" = None) -> "Iterator[TestClient]":
    """The whole application, with its lifespan, without a network."""
    from starlette.testclient import TestClient

    from web.app import create_app
    from web.settings import Settings

    app = create_app(archive, settings or Settings(parse_draft=draft))
    with TestClient(app, base_url="http://archive.example") as ready:
        yield ready


@contextmanager
def running(archive: Archive, settings: "Settings | None" = None) -> Iterator[str]:
    """The address of a real server."""
    import uvicorn

    from web.app import create_app
    from web.settings import Settings

    app = create_app(archive, settings or Settings(parse_draft=draft))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
