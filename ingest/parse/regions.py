"""A document cut at its headings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .blocks import Block, text_of
from .entry import Entry
from .lines import squeeze, without_number

Role = Literal["empty", "section", "split", "item", "prose"]


@dataclass(slots=True, eq=False)
class Region:
    """A heading and the blocks under it. `role` says what the heading turned out to be."""

    heading: Block | None
    blocks: list[Block]
    role: Role = "empty"
    entries: list[Entry] = field(default_factory=list)
    after: list[Entry] = field(default_factory=list)
    """Entries that follow the one the heading names, on the same footing."""
    all_blocks: list[Block] = field(default_factory=list)
    number: int = 0
    """Its place in the document."""
    fielded: bool = False
    """Whether the list under it has the fields of one entry ("When: …", "Where: …")."""
    whole: bool = False
    """Whether everything under it is known to be one entry."""

    def __post_init__(self) -> None:
        self.all_blocks = self.blocks

    @property
    def level(self) -> int:
        return self.heading.level if self.heading else 0

    @property
    def name(self) -> str:
        return section_name(text_of(self.heading.runs)) if self.heading else ""


def section_name(text: str) -> str:
    """A heading as a section's name: without its number and the marks around it."""
    name = squeeze(without_number(squeeze(text).strip("#*_ "))).strip("—–-―*_#:：。 ")
    return squeeze(without_number(name)).strip("—–-―*_ ") or squeeze(text)


def regions_of(blocks: Sequence[Block]) -> list[Region]:
    """Cuts a document at its headings; what stands before the first one is a region without heading."""
    regions = [Region(None, [])]
    for block in blocks:
        if block.kind == "heading":
            regions.append(Region(block, []))
        else:
            regions[-1].blocks.append(block)
    for number, region in enumerate(regions):
        region.number = number
    return regions


def until_rule(body: Sequence[Block]) -> list[Block]:
    out: list[Block] = []
    for block in body:
        if block.kind == "rule":
            if any(part.kind in ("paragraph", "item") for part in out):
                break
            continue
        out.append(block)
    return out
