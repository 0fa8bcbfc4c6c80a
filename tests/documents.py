"""Small documents for the archive's tests."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from index.archive import Archive
from index.types import Document, Encoder, Issue, Item, Outcome

FIRST = dt.date(2021, 1, 4)


def item(position: int, title: str, **fields: object) -> Item:
    return Item(position=position, title=title, **fields)  # type: ignore[arg-type]


def paper_item(position: int, title: str, number: str, **fields: object) -> Item:
    """An item on an arXiv paper."""
    link = {"url": f"https://arxiv.org/abs/{number}", "key": f"arxiv:{number}", "kind": "paper"}
    return item(position, title, **{**link, **fields})


def document(number: int, items: Iterable[Item], source: str | None = None, content: str = "1") -> Document:
    """Issue `number` of a weekly newsletter."""
    issue = Issue(
        title=f"The Weekly, issue {number}",
        newsletter="The Weekly",
        number=number,
        date=FIRST + dt.timedelta(weeks=number),
        year=2021,
        week=number + 1,
        url=f"https://weekly.example/{number}",
        language="en",
    )
    origin = source if source is not None else f"issue-{number}.md"
    return Document(issue, tuple(items), source=origin, content_hash=content)


def put(archive: Archive, *documents: Document) -> list[Outcome]:
    return list(archive.put(documents))


def opened(path: Path, encoder: Encoder, *documents: Document) -> Archive:
    """A new archive that holds these documents."""
    archive = Archive(path, encoder, create=True)
    put(archive, *documents)
    return archive


def titles(items: Iterable[Item]) -> list[str]:
    return [one.title for one in items]


SEGMENTATION = paper_item(
    1,
    "Segmenting what was never labelled",
    "2104.06601",
    section="Papers",
    subtitle="Zero-shot segmentation from captions",
    summary="Captions of pictures are enough to find the outlines of things.",
)
ROBOTS = paper_item(
    2, "Robots that fold laundry", "2105.00001", section="Papers", summary="Two arms and a camera fold towels."
)
STORE = item(
    3,
    "A shop without a cashier",
    section="News",
    summary="Cameras watch what leaves the shelf.",
    url="https://www.shop.example/story?id=7",
    key="shop.example/story?id=7",
)
TOOL = item(
    4, "A library for graphs", section="Tools", url="https://github.com/a/graphs", key="github:a/graphs", kind="code"
)
