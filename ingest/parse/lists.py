"""Entries that are list items, nested or not."""

import re
from collections.abc import Sequence
from dataclasses import replace

from .blocks import Block, text_of
from .compose import compose
from .context import Context, Link, field_label, is_address, width
from .entry import Entry
from .lines import EDGE, ends_like_sentence, first_sentence, split_line, squeeze, title_text, unbracketed
from .regions import Region
from .spoken import main_link, spoken_title

_ADDRESS = re.compile(r"https?://\S+")
_SIGNS = re.compile(r"[\s:：;,，、·•|→⇒➡>~–—-]*[\U0001F000-\U0001FAFF\u2190-\u27BF\uFE0F]*\s*$")
"""What stands between a name and the address after it: a colon, a dash, an arrow, the picture of a link."""


def lists(region: Region, number: int, context: Context) -> list[Entry]:
    blocks = region.blocks
    items = [block for block in blocks if block.kind == "item"]
    linked = [block for block in items if context.links(block.runs)]
    if not linked:
        return []
    if region.heading is not None and _are_fields(items, linked, context):
        region.fielded = True
        return []
    first = next(index for index, block in enumerate(blocks) if block.kind == "item")
    before = [block for block in blocks[:first] if block.kind == "paragraph"]
    prose_links = [link for block in before for link in context.links(block.runs)]
    said = sum(width(text_of(block.runs)) for block in before)
    listed = sum(width(text_of(block.runs)) for block in items)
    own = region.heading is not None and bool(context.links(region.heading.runs))
    led = sum(_is_led(block, context) for block in linked)
    described = bool(prose_links) or (own and bool(before))
    if region.heading is not None and before and _prints_address(before[0], context):
        return []  # the address belongs to the heading, the list to what it names
    if described and (len(linked) * 2 < len(items) + own or (said > listed and led < 3 and not context.listed)):
        return []
    if region.heading is not None and (before or own) and not led and len(linked) * 2 < len(items) + own:
        return []  # the points of one text, some of which link a word
    cards = [block for block in blocks if block.kind == "card"]
    if cards and len(linked) < 2:
        return []
    return list_entries(blocks, number, context)


def _are_fields(items: Sequence[Block], linked: Sequence[Block], context: Context) -> bool:
    """Whether list items are the fields of one entry: most open with a label that other lists have too, few link."""
    labels = [block for block in items if field_label(block.runs) in context.fields]
    return len(labels) >= 2 and len(labels) * 3 >= len(items) * 2 and len(linked) * 2 <= len(items)


def _prints_address(block: Block, context: Context) -> bool:
    """Whether a paragraph is, or starts with a line that is, nothing but an address."""
    line, _ = split_line(block.runs)
    links = context.links(line)
    return len(links) == 1 and links[0].bare and text_of(line).strip(EDGE) == links[0].label.strip(EDGE)


def _is_led(block: Block, context: Context) -> bool:
    links = context.links(block.runs)
    return bool(links) and width(text_of(block.runs)[: links[0].start].strip(EDGE)) <= 6


def list_entries(blocks: Sequence[Block], number: int, context: Context) -> list[Entry]:
    """An entry of every list item with a link; an item that only groups others under it makes none."""
    entries: list[Entry] = []
    index = 0
    group: tuple[int, str] | None = None
    while index < len(blocks):
        block = blocks[index]
        index += 1
        if block.kind != "item":
            continue
        if group is not None and block.level <= group[0]:
            group = None
        body: list[Block] = []
        while index < len(blocks) and blocks[index].level and blocks[index].kind not in ("item", "heading", "rule"):
            body.append(blocks[index])
            index += 1
        below = _below(blocks, index, block.level)
        entry = _bullet(block, (body, below), number, context)
        if entry is not None and entry.url and _remarked(block, below, context):
            while index < len(blocks) and blocks[index].level > block.level and blocks[index].kind != "heading":
                index += 1
        if entry is not None:
            entry.group = group[1] if group else None
            entries.append(entry)
        elif below and group is None:
            name = _group_name(block)
            group = (block.level, name) if name else None
    return entries


def _group_name(block: Block) -> str:
    """What a list item says that only groups others under it; empty where it says too much for a name."""
    line, _ = split_line(block.runs)
    name = squeeze(first_sentence(text_of(line)).partition(" (")[0]).strip(EDGE)
    return name if 2 <= width(name) <= 60 else ""


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
    notes = _notes(below) if not linked_below or _remarked(block, below, context) else []
    if body or notes:
        summary = entry.summary
        compose(entry, [*body, *notes], context)
        entry.summary = "\n".join(part for part in (summary, entry.summary) if part) or None
    if block.images and entry.image is None:
        entry.image = block.images[0]
    return entry


def _remarked(block: Block, below: Sequence[Block], context: Context) -> bool:
    """Whether the list items under one led by a link only speak of it, with links in the middle of what they say."""
    return _is_led(block, context) and bool(below) and all(_speaks(part, context) for part in below)


def _speaks(block: Block, context: Context) -> bool:
    text, links = text_of(block.runs), context.links(block.runs)
    before, after = (text[: links[0].start], text[links[-1].end :]) if links else (text, text)
    return not links or (width(before.strip(EDGE)) > 12 and width(after.strip(EDGE)) > 6 and ends_like_sentence(after))


def _notes(below: Sequence[Block]) -> list[Block]:
    """What list items under one with a link say of it; a single one is a remark, several are points."""
    return [replace(block, kind="paragraph", level=0) for block in below] if len(below) == 1 else list(below)


def _split_bullet(block: Block, links: list[Link], number: int, context: Context) -> Entry:
    """A list item's title and description around its main link."""
    text = text_of(block.runs)
    main = main_link(links, text, context) or links[0]
    entry = Entry("list", region=number, text=squeeze(text))
    entry.take(main, "title")
    entry.hold(links)
    before, after = text[: main.start], text[main.end :]
    prefix = unbracketed(before.strip(EDGE).rstrip("(（[【").strip(EDGE))
    label = unbracketed(squeeze(main.label).strip(EDGE))
    said = squeeze(after).strip(EDGE + "。．.)）] ")
    late = main.start >= len(first_sentence(text)) and width(prefix) > 12
    bold = next((run for run in block.runs if run.strong and run.text.strip()), None)
    named = is_address(label) and not prefix and "/" not in label and (main.strong or label != label.lower())
    if (context.generic(main.label) and not named) or label.lstrip("#").isdigit() or not label:
        name = _SIGNS.sub("", _ADDRESS.sub("", text[: links[0].start])) if links[0].bare else prefix
        entry.title = unbracketed(squeeze(first_sentence(name or prefix or after)).strip(EDGE)) or label
        told = squeeze(after).lstrip(EDGE + "。．.)）] ").rstrip(EDGE) if said else None
        entry.summary = squeeze(text) if width(name or prefix) > width(entry.title) + 4 else told
    elif width(prefix) <= 6 or _is_tag(before) or (width(before.strip()) <= 30 and before.rstrip()[-1:] in ":：|–—-"):
        entry.title = spoken_title(label, main, text)
        goes_on = after.lstrip()[:1].isalnum()  # the sentence that the link opens
        entry.summary = squeeze(text) if goes_on else _description(after, links)
    elif width(prefix) > 6 and before.rstrip()[-1:] in "(（[":
        entry.title = squeeze(first_sentence(prefix)).strip(EDGE + "()（）[]")
        entry.summary = _description(after, links)
    elif (
        bold
        and not bold.href
        and not (main.strong and width(text[len(bold.text) : main.start]) <= 1)
        and text.startswith(bold.text)
    ):
        entry.title = squeeze(bold.text).strip(EDGE)
        entry.summary = _description(text[len(bold.text) :], links)
    elif width(said) <= 4 and width(label) < width(prefix) and not main.strong:
        entry.title, entry.summary = squeeze(text).strip(EDGE).rstrip("。."), None
        entry.weak = late
    else:
        entry.title, entry.summary = spoken_title(label, main, text), squeeze(text)
        whole = all(run.em or not run.text.strip() for run in block.runs)
        entry.weak = late or whole
    return entry


def _description(after: str, links: list[Link]) -> str | None:
    """What follows a title in its line, if it says something besides the labels of further links."""
    said = squeeze(after).lstrip(EDGE + "。．.)）]")
    words = said
    for link in links:
        words = words.replace(squeeze(link.label), "") if width(link.label) <= 24 else words
    return said if any(char.isalnum() for char in words) else None


def _is_tag(before: str) -> bool:
    """Whether a list item starts with a bracketed tag or a date before its link."""
    text = before.strip()
    return text.endswith(("]", "】", ")", "）", "|")) and width(text) <= 60 and not ends_like_sentence(text)
