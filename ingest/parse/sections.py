"""Which section each entry belongs to."""

from collections import Counter
from collections.abc import Sequence

from .blocks import text_of
from .context import width
from .lines import numbered
from .regions import Region


def give_sections(regions: Sequence[Region]) -> None:
    """Gives every entry the nearest heading that is a section."""
    stack: list[tuple[int, str, bool]] = []
    levels = {region.level for region in regions if region.role == "section"}
    named = _naming(regions)
    counted = _counted(regions)
    for entry in (entry for region in regions if region.heading is None for entry in region.entries):
        entry.section = entry.group
    for number, region in enumerate(regions):
        if region.heading is None:
            continue
        following = regions[number + 1].level if number + 1 < len(regions) else 0
        if region.entries and (region.role == "item" or (region.role == "split" and region.level in named)):
            if not (region.level in counted and stack and stack[0][0] >= region.level):
                while stack and stack[-1][0] >= region.level:
                    if stack[-1][0] == region.level and stack[-1][2] and not region.whole:
                        break
                    stack.pop()
            name = stack[-1][1] if stack else None
            for entry in region.entries:
                own = name is None and levels and entry.own != "title" and not region.whole
                entry.section = region.name if own else name
            continue
        while stack and stack[-1][0] >= region.level:
            stack.pop()
        adopts = not region.entries and following == region.level and _says_little(region)
        stack.append((region.level, region.name, adopts))
        for entry in region.entries:
            entry.section = region.name


def _says_little(region: Region) -> bool:
    """Whether there is nothing under a heading, or a line or two on what follows it."""
    told = sum(width(text_of(block.runs)) for block in region.blocks)
    return told <= 240 and all(block.kind in ("paragraph", "image", "rule") for block in region.blocks)


def _naming(regions: Sequence[Region]) -> set[int]:
    """Levels most of whose headings name an entry: one with several entries under it divides an entry there."""
    named = Counter(region.level for region in regions if region.role == "item" and region.entries)
    split = Counter(region.level for region in regions if region.role == "split")
    return {level for level, count in named.items() if count > split[level]}


def _counted(regions: Sequence[Region]) -> set[int]:
    """Levels whose section headings carry numbers: one without is no section, whatever its level says."""
    numbers: dict[int, list[bool]] = {}
    for region in regions:
        if region.heading is not None and region.role != "item":
            numbers.setdefault(region.level, []).append(numbered(region.heading.runs) is not None)
    return {level for level, found in numbers.items() if sum(found) >= 2}
