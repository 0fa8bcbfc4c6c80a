"""From blocks to entries: finds the repeating unit under each heading and cuts there.

What repeats in a region decides: table rows, title lines, numbered paragraphs, list items with links, cards; where
nothing repeats, the heading itself names one entry.
"""

from .context import Context
from .lists import lists
from .paragraphs import paragraphs
from .regions import Region
from .tables import cards, rows
from .titles import leads_titles, titles


def segment(region: Region, number: int, context: Context, *, alone: bool = True) -> None:
    """Finds the entries of one region and what role its heading plays; `alone` if the document has no other."""
    blocks = region.blocks
    if region.whole:
        region.role = "item"
        return
    if leads_titles(region, number, context):
        return
    for finder in (rows, titles, lists, cards):
        entries = finder(region, number, context)
        if entries:
            region.entries, region.role = entries, "section"
            return
    linked = region.heading is not None and bool(context.links(region.heading.runs))
    if not (region.fielded or linked or any(block.kind in ("paragraph", "card", "code", "row") for block in blocks)):
        region.role = "empty" if not any(block.kind == "item" for block in blocks) else "prose"
        return
    split = paragraphs(region, number, context) if region.heading is not None or alone else []
    if split:
        region.entries, region.role = split, "split"
        return
    region.role = "item" if region.heading else "prose"
