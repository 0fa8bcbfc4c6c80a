"""Entries that start with a title line: a paragraph led by a link, or one of paragraphs that count 1, 2, 3."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .blocks import Block, Runs, text_of
from .compose import compose, prose
from .context import Context, width
from .entry import Entry, titled
from .lines import (
    EDGE,
    Title,
    after_link,
    carrier,
    first_sentence,
    has_id,
    number_style,
    numbered,
    past_number,
    split_line,
    squeeze,
    title_line,
)
from .lists import list_entries
from .regions import Region, until_rule


@dataclass(slots=True)
class Start:
    """Where an entry starts within a region."""

    index: int
    title: Title | None
    runs: Runs
    rest: Runs = ()
    led: bool = False
    """It is running text that opens with a bold link, the title of an entry like the others."""
    whole: bool = False
    """The block that starts it belongs to its body; there is no title line."""


def leads_titles(region: Region, number: int, context: Context) -> bool:
    """Whether a linked heading is only the first of several titles, the others being paragraphs under it."""
    if region.heading is None or title_line(region.heading.runs, context) is None:
        return False
    starts = _starts(region, context)
    if not starts:
        return False
    first = starts[0].index
    if not any(block.kind in ("paragraph", "card") for block in region.blocks[:first]):
        return False
    region.all_blocks = region.blocks
    rest = Region(None, region.blocks[first:])
    region.after = titles(rest, number, context)
    region.blocks = region.blocks[:first]
    region.role = "item"
    return True


def titles(region: Region, number: int, context: Context) -> list[Entry]:
    starts = _numbered(region, context) or _starts(region, context) or _over_addresses(region, context)
    if not starts:
        return []
    entries: list[Entry] = []
    blocks = region.blocks
    head = blocks[: starts[0].index]
    lead_image = _image_leads(blocks, starts)
    entries.extend(list_entries(head, number, context))
    for position, start in enumerate(starts):
        stop = starts[position + 1].index if position + 1 < len(starts) else len(blocks)
        body = until_rule(blocks[start.index + (not start.whole) : stop])
        image = None
        if lead_image:
            image = next((b.images[0] for b in reversed(blocks[: start.index]) if b.images), None)
            while body and body[-1].kind == "image" and position + 1 < len(starts):
                body = body[:-1]
        counts = numbered(start.runs) is not None
        if start.title is None and not (start.whole or counts) and _only_lists(body, context):
            entries.extend(list_entries(body, number, context))  # "In brief", with its bullets
            continue
        entries.append(_unit(start, (blocks[start.index], body, image), number, context))
    return [entry for entry in entries if entry.url or (entry.said and not entry.weak)]


def _unit(start: Start, place: tuple[Block, Sequence[Block], str | None], number: int, context: Context) -> Entry:
    block, body, image = place
    links = start.title.links if start.title else ()
    entry = titled("title", past_number(start.runs), links, number)
    if start.title is not None:
        entry.title = start.title.text
        entry.hold(context.links(block.runs))
    if start.whole:
        return compose(Entry("title", region=number), body, context)
    entry.image = (block.images[0] if block.images else None) or image
    rest = start.title.rest if start.title else start.rest
    if rest:
        body = [Block("paragraph", rest), *body]
    entry.weak = not entry.title  # a number alone names nothing
    compose(entry, body, context)
    if entry.url is None and start.title is None:
        keys = {link.key: link for part in body for link in context.links(part.runs)}
        if len(keys) == 1:
            entry.take(next(iter(keys.values())), "text")
        if not entry.title.strip():
            entry.title = _attribution(body, context)
    return entry


def _only_lists(body: Sequence[Block], context: Context) -> bool:
    """Whether there is nothing under a title but a list of links."""
    items = [block for block in body if block.kind == "item"]
    linked = sum(bool(context.links(block.runs)) for block in items)
    return linked >= 2 and linked * 2 >= len(items) and all(block.kind in ("item", "image") for block in body)


def _attribution(body: Sequence[Block], context: Context) -> str:
    """The name of an entry that has none: the label of its last link, else its first sentence."""
    links = [link for block in body for link in context.links(block.runs) if link.label.strip()]
    if links:
        return squeeze(links[-1].label).strip(EDGE)
    return squeeze(first_sentence(prose(body[0].runs))) if body and body[0].runs else ""


def _numbered(region: Region, context: Context) -> list[Start]:
    """Paragraphs that count 1, 2, 3…: each starts an entry."""
    starts: list[Start] = []
    first = 1
    for index, block in enumerate(region.blocks):
        if block.kind != "paragraph" or block.level:
            continue
        value = numbered(block.runs)
        title = title_line(block.runs, context) if value is not None else None
        if not starts and value is not None and title is not None:
            first = value  # the count may go on from the part above
        if value != first + len(starts):
            continue
        if starts and number_style(block.runs) != number_style(starts[0].runs):
            continue  # a count within an entry
        line, rest = split_line(block.runs)
        if title is None and width(text_of(line)) > 160:
            continue
        starts.append(Start(index, title, line, rest))
    linked = sum(start.title is not None for start in starts)
    return (
        starts
        if len(starts) >= 2 and (linked * 2 >= len(starts) or _apart(starts))
        else starts[:1]
        if linked == len(starts) == 1
        else []
    )


def _apart(starts: Sequence[Start]) -> bool:
    """Whether numbered paragraphs are short lines with text between them, as quotes and notes are."""
    gaps = [later.index - start.index for start, later in pairwise(starts)]
    return bool(gaps) and min(gaps) >= 2 and all(width(text_of(start.runs)) <= 60 for start in starts)


def _starts(region: Region, context: Context) -> list[Start]:
    """Paragraphs and cards that start an entry with a title line."""
    starts: list[Start] = []
    known: set[str] = set()
    identified = False
    blocks = region.blocks
    for index, block in enumerate(blocks):
        if block.kind != "paragraph" or block.level or block.caption:
            continue
        if has_id(text_of(block.runs)):
            if identified and starts:
                starts.append(Start(_with_image(blocks, index, context), None, (), whole=True))
            identified = True
            continue
        title = title_line(block.runs, context)
        led = None if title else _bold_lead(block.runs, context)
        title = title or led
        if title is None or (title.links[0].key in known and not title.rest):
            continue
        if index and blocks[index - 1].quoted and not block.quoted and text_of(block.runs).lstrip()[:1] in "-–—―~":
            continue
        if index and blocks[index - 1].kind == "image" and all(run.em or not run.text.strip() for run in block.runs):
            continue
        starts.append(Start(index, title, block.runs, led=led is not None))
        identified = False
        known.add(title.links[0].key)
    starts = [start for start in starts if not _heads_list(region, start)]
    if not any(start.title and not start.led for start in starts):
        starts = []  # only running text: see paragraphs.py
    if not starts or region.heading is None:
        return starts
    if any(block.quoted for block in blocks[: starts[0].index]):  # the heading names what is quoted
        return []
    if len(starts) == 1 and _is_trailer(region, starts[0], context):
        return []
    return starts


def _over_addresses(region: Region, context: Context) -> list[Start]:
    """Texts without a link, each over a paragraph that is nothing but an address; where some count, only those."""
    starts: list[Start] = []
    texts = 0
    for index, (block, under) in enumerate(pairwise(region.blocks)):
        if block.kind not in ("paragraph", "item") or block.quoted or context.links(block.runs):
            continue
        if block.level > (block.kind == "item"):
            continue
        texts += 1
        address = context.links(under.runs) if under.kind == "paragraph" else []
        if len(address) != 1 or not address[0].bare or carrier(under.runs, address, context) != "":
            continue
        runs = past_number(block.runs)
        name = first_sentence(text_of(split_line(runs)[0]))
        rest = runs if width(name) < width(text_of(runs)) else ()
        number = numbered(block.runs) if block.number is None else block.number
        title = Title(squeeze(name).strip(EDGE + "。."), tuple(address), number, rest)
        starts.append(Start(index, title, block.runs))
    counted = [start for start in starts if start.title and start.title.number is not None]
    starts = counted if len(counted) >= 3 else starts
    return starts if len(starts) >= 3 and len(starts) * 2 >= texts else []


def _bold_lead(runs: Runs, context: Context) -> Title | None:
    """Running text that opens with a bold link: the link is its title, what follows its description."""
    links = context.links(runs)
    if not links or not links[0].strong or links[0].bare or context.generic(links[0].label):
        return None
    first = links[0]
    if width(text_of(runs)[: first.start].strip(EDGE)) > 2 or width(first.label) < 8:
        return None
    return Title(squeeze(first.label).strip(EDGE), (first,), None, after_link(runs, first))


def _with_image(blocks: Sequence[Block], index: int, context: Context) -> int:
    """Where an entry without a title line starts: at the picture above its first words, if there is one."""
    above = index
    while (
        above and blocks[above - 1].kind == "paragraph" and text_of(blocks[above - 1].runs).strip() in context.repeated
    ):
        above -= 1
    return above - 1 if above and blocks[above - 1].kind == "image" else index


def _heads_list(region: Region, start: Start) -> bool:
    """Whether a title line only introduces a list of links, as "300 changes were merged" does."""
    body = []
    for block in region.blocks[start.index + 1 :]:
        if block.kind not in ("item", "image"):
            break
        body.append(block)
    linked = sum(any(run.href for run in block.runs) for block in body if block.kind == "item")
    return linked >= 2 and not (start.title and start.title.rest)


def _is_trailer(region: Region, start: Start, context: Context) -> bool:
    """Whether a lone title line belongs to the entry that the heading names ("Read the paper" under its text)."""
    before = [b for b in region.blocks[: start.index] if b.kind == "paragraph" and width(text_of(b.runs)) > 20]
    after = [b for b in region.blocks[start.index + 1 :] if b.kind in ("paragraph", "item")]
    headed = {link.key for link in context.links(region.heading.runs)} if region.heading is not None else set()
    if headed:
        # A bold title with a text of its own under it is the next entry, only not set as a heading.
        title = start.title.links[0] if start.title else None
        told = any(width(text_of(block.runs)) > 40 for block in after)
        return title is None or not title.strong or title.key in headed or not told
    if start.title and start.title.rest:
        return False
    linked = any(block.quoted or context.links(block.runs) for block in before)
    return bool(before) and (linked or not after)


def _image_leads(blocks: Sequence[Block], starts: Sequence[Start]) -> bool:
    """Whether pictures stand before the titles they belong to rather than after them."""
    before = sum(start.index > 0 and blocks[start.index - 1].kind == "image" for start in starts)
    after = sum(start.index + 1 < len(blocks) and blocks[start.index + 1].kind == "image" for start in starts)
    return before == len(starts) and after < before
