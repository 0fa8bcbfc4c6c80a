"""From blocks to entries: finds the repeating unit under each heading and cuts there.

A region is a heading with what follows it up to the next one. What repeats in it decides: table rows, title lines,
numbered paragraphs, list items with links, cards; where nothing repeats, the heading itself names one entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .blocks import Block, Run, Runs, text_of
from .compose import Entry, compose, prose, titled
from .context import Context, Link, width
from .lines import (
    EDGE,
    Title,
    ends_like_sentence,
    first_sentence,
    has_id,
    numbered,
    past_number,
    split_line,
    squeeze,
    title_line,
    title_text,
    unbracketed,
    without_number,
)

Role = Literal["empty", "section", "split", "item", "prose"]


@dataclass(slots=True)
class Region:
    """A heading and the blocks under it. `role` says what the heading turned out to be."""

    heading: Block | None
    blocks: list[Block]
    role: Role = "empty"
    entries: list[Entry] = field(default_factory=list)
    after: list[Entry] = field(default_factory=list)
    """Entries that follow the one the heading names, on the same footing."""
    all_blocks: list[Block] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.all_blocks = self.blocks

    @property
    def level(self) -> int:
        return self.heading.level if self.heading else 0

    @property
    def name(self) -> str:
        return section_name(text_of(self.heading.runs)) if self.heading else ""


@dataclass(slots=True)
class Start:
    """Where an entry starts within a region."""

    index: int
    title: Title | None
    runs: Runs
    rest: Runs = ()
    whole: bool = False
    """The block that starts it belongs to its body; there is no title line."""


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
    return regions


def segment(region: Region, number: int, context: Context, *, alone: bool = True) -> None:
    """Finds the entries of one region and what role its heading plays; `alone` if the document has no other."""
    blocks = region.blocks
    if _leads_titles(region, number, context):
        return
    for finder in (_rows, _titles, _lists, _cards):
        entries = finder(region, number, context)
        if entries:
            region.entries, region.role = entries, "section"
            return
    if not any(block.kind in ("paragraph", "card", "code", "row") for block in blocks) and not (
        region.heading and context.links(region.heading.runs) and not any(block.kind == "item" for block in blocks)
    ):
        region.role = "empty" if not any(block.kind == "item" for block in blocks) else "prose"
        return
    split = _paragraphs(region, number, context) if region.heading is not None or alone else []
    if split:
        region.entries, region.role = split, "split"
        return
    region.role = "item" if region.heading else "prose"


def _leads_titles(region: Region, number: int, context: Context) -> bool:
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
    region.after = _titles(rest, number, context)
    region.blocks = region.blocks[:first]
    region.role = "item"
    return True


# ---- table rows


def _rows(region: Region, number: int, context: Context) -> list[Entry]:
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
    """One row: named by the bold words of its widest cell, or by a telling link, described by the rest."""
    widest = max(block.cells, key=lambda cell: width(text_of(cell)))
    telling = [link for link in links if not link.bare and not context.generic(link.label) and width(link.label) > 8]
    main = telling[0] if telling and not context.links(widest) else links[0]
    entry = Entry("row", region=number, inside={link.key for link in links})
    entry.take(main, "title")
    entry.image = block.images[0] if block.images else None
    bold = [run for run in widest if run.strong and run.text.strip()]
    text = squeeze(without_number(text_of(widest)))
    if bold:
        title = squeeze(without_number("".join(run.text for run in bold[:1]))).strip(EDGE)
        rest = text.partition(title)[2]
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


# ---- title lines and numbered paragraphs


def _titles(region: Region, number: int, context: Context) -> list[Entry]:
    starts = _numbered(region, context) or _starts(region, context)
    if not starts:
        return []
    entries: list[Entry] = []
    blocks = region.blocks
    head = blocks[: starts[0].index]
    lead_image = _image_leads(blocks, starts)
    entries.extend(_list_entries(head, number, context))
    for position, start in enumerate(starts):
        stop = starts[position + 1].index if position + 1 < len(starts) else len(blocks)
        body = until_rule(blocks[start.index + (not start.whole) : stop])
        image = None
        if lead_image:
            image = next((b.images[0] for b in reversed(blocks[: start.index]) if b.images), None)
            while body and body[-1].kind == "image" and position + 1 < len(starts):
                body = body[:-1]
        entries.append(_unit(start, (blocks[start.index], body, image), number, context))
    return [entry for entry in entries if entry.url or entry.said]


def _unit(start: Start, place: tuple[Block, Sequence[Block], str | None], number: int, context: Context) -> Entry:
    block, body, image = place
    links = start.title.links if start.title else ()
    entry = titled("title", past_number(start.runs), links, number)
    if start.title is not None:
        entry.title = start.title.text
    if start.whole:
        return compose(Entry("title", region=number), body, context)
    entry.image = (block.images[0] if block.images else None) or image
    rest = start.title.rest if start.title else start.rest
    if rest:
        body = [Block("paragraph", rest), *body]
    compose(entry, body, context)
    if entry.url is None and start.title is None:
        keys = {link.key: link for part in body for link in context.links(part.runs)}
        if len(keys) == 1:
            entry.take(next(iter(keys.values())), "text")
        if not entry.title.strip():
            entry.title = _attribution(body, context)
    return entry


def _attribution(body: Sequence[Block], context: Context) -> str:
    """The name of an entry that has none: the label of its last link, else its first sentence."""
    links = [link for block in body for link in context.links(block.runs) if link.label.strip()]
    if links:
        return squeeze(links[-1].label).strip(EDGE)
    return squeeze(first_sentence(prose(body[0].runs))) if body and body[0].runs else ""


def _numbered(region: Region, context: Context) -> list[Start]:
    """Paragraphs that count 1, 2, 3…: each starts an entry."""
    starts: list[Start] = []
    for index, block in enumerate(region.blocks):
        if block.kind != "paragraph" or block.level:
            continue
        value = numbered(block.runs)
        if value is None or value != len(starts) + 1:
            continue
        line, rest = split_line(block.runs)
        if width(text_of(line)) > 160:
            continue
        starts.append(Start(index, title_line(block.runs, context), line, rest))
    linked = sum(start.title is not None for start in starts)
    return (
        starts
        if len(starts) >= 2 and (linked * 2 >= len(starts) or _apart(region, starts))
        else starts[:1]
        if linked == len(starts) == 1
        else []
    )


def _apart(region: Region, starts: Sequence[Start]) -> bool:
    """Whether numbered paragraphs are short lines with text between them, as quotes and notes are."""
    gaps = [later.index - start.index for start, later in zip(starts, starts[1:], strict=False)]
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
        if title is None or (title.links[0].key in known and not title.rest):
            continue
        if index and blocks[index - 1].quoted and not block.quoted and text_of(block.runs).lstrip()[:1] in "-–—―~":
            continue
        if index and blocks[index - 1].kind == "image" and all(run.em or not run.text.strip() for run in block.runs):
            continue
        starts.append(Start(index, title, block.runs))
        identified = False
        known.add(title.links[0].key)
    starts = [start for start in starts if not _heads_list(region, start)]
    if len(starts) == 1 and region.heading is not None and _is_trailer(region, starts[0], context):
        return []
    return starts


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
    if region.heading is not None and context.links(region.heading.runs):
        return True
    if start.title and start.title.rest:
        return False
    return bool(before) and not after


def _image_leads(blocks: Sequence[Block], starts: Sequence[Start]) -> bool:
    """Whether pictures stand before the titles they belong to rather than after them."""
    before = sum(start.index > 0 and blocks[start.index - 1].kind == "image" for start in starts)
    after = sum(start.index + 1 < len(blocks) and blocks[start.index + 1].kind == "image" for start in starts)
    return before == len(starts) and after < before


def until_rule(body: Sequence[Block]) -> list[Block]:
    out: list[Block] = []
    for block in body:
        if block.kind == "rule":
            if any(part.kind in ("paragraph", "item") for part in out):
                break
            continue
        out.append(block)
    return out


# ---- lists


def _lists(region: Region, number: int, context: Context) -> list[Entry]:
    blocks = region.blocks
    items = [block for block in blocks if block.kind == "item"]
    linked = [block for block in items if context.links(block.runs)]
    if not linked:
        return []
    first = next(index for index, block in enumerate(blocks) if block.kind == "item")
    before = [block for block in blocks[:first] if block.kind == "paragraph"]
    prose_links = [link for block in before for link in context.links(block.runs)]
    said = sum(width(text_of(block.runs)) for block in before)
    listed = sum(width(text_of(block.runs)) for block in items)
    own = region.heading is not None and bool(context.links(region.heading.runs))
    led = sum(_is_led(block, context) for block in linked)
    described = bool(prose_links) or (own and bool(before))
    if described and (len(linked) * 2 < len(items) or (said > listed and led < 3)):
        return []
    cards = [block for block in blocks if block.kind == "card"]
    if cards and len(linked) < 2:
        return []
    return _list_entries(blocks, number, context)


def _is_led(block: Block, context: Context) -> bool:
    links = context.links(block.runs)
    return bool(links) and width(text_of(block.runs)[: links[0].start].strip(EDGE)) <= 6


def _list_entries(blocks: Sequence[Block], number: int, context: Context) -> list[Entry]:
    """An entry of every list item with a link; an item that only groups others under it makes none."""
    entries: list[Entry] = []
    index = 0
    while index < len(blocks):
        block = blocks[index]
        index += 1
        if block.kind != "item":
            continue
        body: list[Block] = []
        while index < len(blocks) and blocks[index].level and blocks[index].kind not in ("item", "heading", "rule"):
            body.append(blocks[index])
            index += 1
        below = _below(blocks, index, block.level)
        entry = _bullet(block, (body, below), number, context)
        if entry is not None:
            entries.append(entry)
    return entries


def _below(blocks: Sequence[Block], index: int, level: int) -> list[Block]:
    """The list items nested directly under one."""
    nested: list[Block] = []
    while index < len(blocks) and blocks[index].level > level and blocks[index].kind != "heading":
        if blocks[index].kind == "item":
            nested.append(blocks[index])
        index += 1
    return nested


def _bullet(block: Block, place: tuple[list[Block], list[Block]], number: int, context: Context) -> Entry | None:
    body, below = place
    links = context.links(block.runs)
    if not links:
        inner = [link for part in body for link in context.links(part.runs)]
        if not inner:
            return None
        entry = Entry("list", title=title_text(block.runs, ()), region=number)
        compose(entry, body, context, lenient=True)
        entry.text = squeeze(" ".join([text_of(block.runs), entry.summary or ""]))
        return entry
    text = text_of(block.runs)
    before = text[: links[0].start].strip(EDGE)
    linked_below = [part for part in below if context.links(part.runs)]
    if linked_below and width(before) > 6:
        return None
    entry = _split_bullet(block, links, number, context)
    if body:
        summary = entry.summary
        compose(entry, body, context)
        entry.summary = "\n".join(part for part in (summary, entry.summary) if part) or None
    if block.images and entry.image is None:
        entry.image = block.images[0]
    return entry


def _split_bullet(block: Block, links: list[Link], number: int, context: Context) -> Entry:
    """A list item's title and description around its main link."""
    text = text_of(block.runs)
    main = next((link for link in links if not context.generic(link.label) and link.label.strip()), links[0])
    entry = Entry("list", region=number, inside={link.key for link in links}, text=squeeze(text))
    entry.take(main, "title")
    before, after = text[: main.start], text[main.end :]
    prefix = before.strip(EDGE + "()（）[]【】")
    label = unbracketed(squeeze(main.label).strip(EDGE))
    said = squeeze(after).strip(EDGE + "。．.)）] ")
    sentence = first_sentence(text)
    bold = next((run for run in block.runs if run.strong and run.text.strip()), None)
    if context.generic(main.label) or label.lstrip("#").isdigit() or not label:
        entry.title = squeeze(first_sentence(prefix or after)).strip(EDGE + "()（）[]")
        entry.summary = squeeze(text) if width(prefix) > width(entry.title) + 4 else said or None
    elif width(prefix) <= 6 or _is_tag(before) or width(before.strip()) <= 30 and before.rstrip()[-1:] in ":：|–—-":
        entry.title = label
        entry.summary = squeeze(text) if after.lstrip()[:1].isalnum() else _description(after)
    elif bold and not bold.href and text.startswith(bold.text):
        entry.title = squeeze(bold.text).strip(EDGE)
        entry.summary = _description(text[len(bold.text) :])
    elif width(said) <= 4 and width(label) < width(prefix) and not main.strong:
        entry.title, entry.summary = squeeze(text).strip(EDGE), None
        entry.weak = main.start >= len(sentence)
    else:
        entry.title, entry.summary = label, squeeze(text)
        whole = all(run.em or not run.text.strip() for run in block.runs)
        entry.weak = main.start >= len(sentence) or whole
    return entry


def _description(after: str) -> str | None:
    """What follows a title in its line, if it says something."""
    said = squeeze(after).lstrip(EDGE + "。．.)）]")
    return said if any(char.isalnum() for char in said) else None


def _is_tag(before: str) -> bool:
    """Whether a list item starts with a bracketed tag or a date before its link."""
    text = before.strip()
    return text.endswith(("]", "】", ")", "）", "|")) and width(text) <= 60 and not ends_like_sentence(text)


# ---- cards


def _cards(region: Region, number: int, context: Context) -> list[Entry]:
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


# ---- running text


@dataclass(slots=True)
class _Presented:
    """A paragraph that presents one thing: its name, its description, its link; `pointed` if the link only closes it."""

    name: str
    runs: Runs
    link: Link
    pointed: bool = False


def _paragraphs(region: Region, number: int, context: Context) -> list[Entry]:
    """Paragraphs that each present something of their own: led by bold words or a link, or closed by a link."""
    if any(block.kind == "card" for block in region.blocks):
        return []
    if region.heading is not None and context.links(region.heading.runs):
        return []
    texts = [b for b in region.blocks if b.kind == "paragraph" and not b.level and not b.caption and not b.quoted]
    starts = {id(block): start for block in texts if (start := _presents(block, context)) is not None}
    long = [block for block in texts if id(block) in starts or width(text_of(block.runs)) > 60]
    alone = (region.heading is None and len(long) <= 3) or any(start.pointed for start in starts.values())
    if len(starts) < (1 if alone else 2) or len(starts) * 5 < len(long) * 3:
        return []
    entries: list[Entry] = []
    for index, block in enumerate(region.blocks):
        start = starts.get(id(block))
        if start is None:
            continue
        body: list[Block] = []
        for later in region.blocks[index + 1 :]:
            if id(later) in starts or later.kind == "rule":
                break
            body.append(later)
        entry = Entry("paragraph", title=start.name, region=number)
        entry.take(start.link, "title")
        entry.inside.update(link.key for link in context.links(block.runs))
        compose(entry, [replace(block, runs=start.runs), *body], context)
        entry.image = entry.image or (block.images[0] if block.images else None)
        entries.append(entry)
    return entries


def _presents(block: Block, context: Context) -> _Presented | None:
    """What a paragraph presents, or None if it is only part of a longer text."""
    links = context.links(block.runs)
    text = text_of(block.runs)
    if not links or width(text) <= 16:
        return None
    first = block.runs[0]
    if first.strong and not first.em and not first.href and width(first.text) <= 160:
        return _Presented(squeeze(first.text).strip(EDGE + "。."), block.runs[1:], links[0])
    last = links[-1]
    closes = context.generic(last.label) and not last.bare and last.end >= len(text.rstrip(" .。)）")) - 1
    before = text[: last.start].rstrip()
    if closes and before and before[-1] in "-–—―:：|→>":
        name = squeeze(first_sentence(before)).strip(EDGE)
        return _Presented(name, _before(block.runs, last), last, pointed=True)
    main = next((link for link in links if not link.bare and not context.generic(link.label)), None)
    if main is None and len({link.key for link in links}) > 1:
        return None
    main = main or links[0]
    if width(text) > 60 and width(text[: main.start]) <= 40 and len(links) <= 6:
        led = width(text[: main.start].strip(EDGE)) <= 6 and width(main.label) >= 16
        return _Presented(squeeze(main.label).strip(EDGE), _after(block.runs, main) if led else block.runs, main)
    return None


def _before(runs: Runs, link: Link) -> Runs:
    """The runs before a link, without what joins them to it."""
    position = 0
    out: list[Run] = []
    for run in runs:
        if position >= link.start:
            break
        out.append(run)
        position += len(run.text)
    if out:
        out[-1] = replace(out[-1], text=out[-1].text.rstrip(EDGE + "(（["))
    return tuple(out)


def _after(runs: Runs, link: Link) -> Runs:
    """The runs after a link, without what joins them to it."""
    position = 0
    out: list[Run] = []
    for run in runs:
        if position >= link.end:
            out.append(run if out else replace(run, text=run.text.lstrip(EDGE)))
        position += len(run.text)
    return tuple(out)
