"""The blocks that every document is read into, in reading order, and the runs of text they are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "item", "row", "image", "rule", "card", "code"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text with one look. A line break stands as a newline in the text."""

    text: str
    href: str | None = None
    strong: bool = False
    em: bool = False

    def saying(self, text: str) -> "Run":
        """Other text with the same look (`dataclasses.replace` is three times as slow, and this is called a lot)."""
        return Run(text, self.href, self.strong, self.em)


Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a document, in reading order.

    `level` is 1 to 6 for headings (7 for a bold line that acts as one) and the nesting depth for list items; a
    paragraph inside a list item has that item's depth. `list_id` tells lists apart, `number` is what an ordered list
    prints. A card has `title` (its runs) and `detail`; a row has `cells`.
    """

    kind: Kind
    runs: Runs = ()
    level: int = 0
    number: int | None = None
    list_id: int = 0
    quoted: bool = False
    caption: bool = False
    images: tuple[str, ...] = ()
    cells: tuple[Runs, ...] = ()
    detail: str = ""
    anchor: str | None = None


def text_of(runs: Sequence[Run]) -> str:
    """The text of some runs, as printed."""
    return runs[0].text if len(runs) == 1 else "".join([run.text for run in runs])


def tidy(runs: list[Run]) -> Runs:
    """Joins neighbours of one look and trims the ends; a link without text stays, it may be all that is left of one."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last.href == run.href and last.strong == run.strong and last.em == run.em:
            joined[-1] = Run(last.text + run.text, last.href, last.strong, last.em)
        elif run.text or run.href:
            joined.append(run)
    while joined and not joined[0].href and not joined[0].text.strip():
        del joined[0]
    while joined and not joined[-1].href and not joined[-1].text.strip():
        del joined[-1]
    return tuple(trimmed(joined))


def trimmed(runs: list[Run]) -> list[Run]:
    """Runs without blanks at their ends."""
    if runs:
        first = runs[0].text.lstrip()
        if first != runs[0].text:
            runs[0] = runs[0].saying(first)
        last = runs[-1].text.rstrip()
        if last != runs[-1].text:
            runs[-1] = runs[-1].saying(last)
    return runs
