"""Entries that are the rows of a table, and entries that are link cards."""

from .blocks import Block, Runs, text_of
from .compose import compose
from .context import Context, Link, width
from .entry import Entry, titled
from .lines import EDGE, first_sentence, split_line, squeeze, without_number
from .regions import Region, until_rule


def rows(region: Region, number: int, context: Context) -> list[Entry]:
    entries: list[Entry] = []
    for block in region.blocks:
        if block.kind != "row":
            continue
        links = [link for cell in block.cells for link in context.links(cell)]
        if not links:
            continue
        entries.append(_row(block, links, number, context))
    return entries


def _row(block: Block, links: list[Link], number: int, context: Context) -> Entry:
    """One row: named by the bold words that open its widest cell, or by a telling link, described by the rest."""
    widest = max(block.cells, key=lambda cell: width(text_of(cell)))
    telling = [link for link in links if not link.bare and not context.generic(link.label) and width(link.label) > 8]
    main = telling[0] if telling and not context.links(widest) else links[0]
    entry = Entry("row", region=number)
    entry.take(main, "title")
    entry.hold(links)
    entry.image = block.images[0] if block.images else None
    bold = _opening_bold(widest)
    text = squeeze(without_number(text_of(widest)))
    if bold:
        title = squeeze(without_number(bold)).strip(EDGE)
        rest = text.partition(title)[2]
    elif apart := _set_apart(widest):
        title, rest = apart
    elif telling:
        title, rest = (
            squeeze(main.label),
            text.replace(squeeze(main.label), "", 1) if text.startswith(main.label) else text,
        )
    else:
        title, mark, rest = text.partition(" - ")
        if not mark or width(title) > 200:
            line, after = split_line(widest)
            title, rest = (squeeze(text_of(line)), text_of(after)) if after else (squeeze(first_sentence(text)), text)
    entry.title = without_number(title).strip(EDGE) or text
    entry.summary = squeeze(rest).strip(EDGE) or None
    return entry


def _opening_bold(cell: Runs) -> str:
    """The bold words at the start of a cell, after its number; empty where it starts otherwise."""
    before = ""
    for run in cell:
        if run.strong and run.text.strip():
            return run.text if not without_number(before).strip() else ""
        before += run.text
    return ""


def _set_apart(cell: Runs) -> tuple[str, str] | None:
    """A name and what is said of it, where only a line break stands between them."""
    line, after = split_line(cell)
    name, rest = squeeze(without_number(text_of(line))), squeeze(text_of(after))
    if not name or width(name) > 160 or width(rest) <= width(name) or name.endswith((".", "。")):
        return None
    return name, rest


def cards(region: Region, number: int, context: Context) -> list[Entry]:
    """Several cards in one region: each starts an entry, described by the text after it."""
    blocks = region.blocks
    at = [index for index, block in enumerate(blocks) if block.kind == "card" and context.links(block.runs)]
    if len(at) < 2:
        return []
    keys = {context.links(blocks[index].runs)[0].key for index in at}
    if len(keys) < 2 or leads_into_card(region, context):
        return []
    if (
        at[0]
        and any(b.kind == "paragraph" and width(text_of(b.runs)) > 60 for b in blocks[: at[0]])
        and at[-1] - at[0] == len(at) - 1
    ):
        return []
    entries: list[Entry] = []
    for position, index in enumerate(at):
        stop = at[position + 1] if position + 1 < len(at) else len(blocks)
        card = blocks[index]
        entry = titled("card", card.runs, context.links(card.runs), number)
        entry.image = card.images[0] if card.images else None
        compose(entry, until_rule(blocks[index + 1 : stop]), context)
        entry.own = "card"
        entry.note = None
        if entry.summary is None and card.detail:
            entry.text = card.detail
        entries.append(entry)
    return entries


def leads_into_card(region: Region, context: Context) -> bool:
    """Whether the text of a heading comes first and its card after it."""
    if region.heading is None:
        return False
    for block in region.blocks:
        if block.kind == "card" and context.links(block.runs):
            return False
        if block.kind == "paragraph" and width(text_of(block.runs)) > 40:
            return True
    return False
