"""From the blocks of a document to its items.

Headings are told apart into sections and entries, entries get their section, digests become notes of what they
announce, and what only frames the issue (earlier issues, the author's links, bare cards at the end) goes.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from index.types import Item

from ..links import is_profile, kind_of
from .blocks import Block, Run, text_of
from .compose import Entry, compose, titled
from .context import Context, outward, similar, width
from .lines import ends_like_sentence, split_line, squeeze
from .segment import Region, regions_of, section_name, segment

# Headings of the frame, in whole; weak evidence, used only where nothing is described under them.
_FRAME = re.compile(
    r"(?:about(?: (?:me|us|the authors?|this newsletter|[\w ]{0,20}))?|subscribe.*|unsubscribe.*|sponsors?|support us|"
    r"contact|follow (?:me|us).*|past issues|previous issues|archives?|read more|share|feedback|contributing|credits|"
    r"关于(?:我|我们|作者|本刊)?|订阅|欢迎订阅|联系(?:我们|方式)?|往期.{0,6}|过去的.{0,6}|历史上的.{0,4}|往年回顾|投稿|赞助.{0,4}|"
    r"購読.{0,6}|過去の.{0,8}|バックナンバー|自己紹介|著者.{0,8}|.{0,8}について|お問い合わせ|プロフィール|登録.{0,6})[\s:：!！。.🌟]*",
    re.I,
)


def find_items(blocks: Sequence[Block], context: Context) -> tuple[list[Item], list[str]]:
    """The items of a document in order, and the outward links that went to none of them."""
    regions = regions_of(_promote(blocks, context))
    for number, region in enumerate(regions):
        segment(region, number, context)
    _headings(regions, context)
    _sections(regions)
    entries = [entry for region in regions for entry in region.entries]
    entries = _frame(entries, regions)
    entries = _digests(entries, regions)
    entries = _distinct(entries)
    items = [_item(position, entry, context) for position, entry in enumerate(entries, start=1)]
    return items, _unassigned(blocks, entries, context)


# ---- headings


def _promote(blocks: Sequence[Block], context: Context) -> list[Block]:
    """Makes short paragraphs that are bold throughout headings of the lowest level."""
    bold = [block for block in blocks if block.kind == "paragraph" and _all_bold(block.runs)]
    plain = sum(block.kind == "paragraph" for block in blocks)
    if sum(width(text_of(block.runs)) > 160 for block in bold) * 5 > plain:
        return list(blocks)  # bold is the document's ordinary look
    out: list[Block] = []
    for index, block in enumerate(blocks):
        if block.kind != "paragraph" or block.level or block.quoted or block.caption:
            out.append(block)
            continue
        line, rest = split_line(block.runs)
        if _is_bold_title(line, context) and (rest or index + 1 < len(blocks)):
            out.append(Block("heading", line, level=7))
            if rest:
                out.append(replace(block, runs=rest))
        else:
            out.append(block)
    return out


def _all_bold(runs: Sequence[Run]) -> bool:
    return bool(runs) and all(run.strong or not run.text.strip() for run in runs)


def _is_bold_title(line: Sequence[Run], context: Context) -> bool:
    text = text_of(line).strip()
    return (
        _all_bold(line)
        and 2 <= width(text) <= 120
        and not context.all_links(line)
        and text not in context.repeated
        and not ends_like_sentence(text.rstrip("?？!！…"))
        and any(char.isalpha() for char in text)
    )


def _headings(regions: Sequence[Region], context: Context) -> None:
    """Makes entries of the headings that name one, once it is known how the whole document is built."""
    candidates = [region for region in regions if region.role == "item" and region.heading is not None]
    drafts: list[tuple[Region, Entry]] = []
    for region in candidates:
        drafts.append((region, _heading_entry(region, regions.index(region), context, lenient=False)))
    own = sum(entry.own in ("title", "line", "card") for _, entry in drafts)
    inline = sum(entry.own in ("", "text") and bool(entry.inside) for _, entry in drafts)
    if inline > own:
        drafts = [
            (region, _heading_entry(region, regions.index(region), context, lenient=True)) for region, _ in drafts
        ]
    linked = sum(entry.url is not None for _, entry in drafts)
    levels = {region.level for region, entry in drafts if entry.url}
    sections = {region.level for region in regions if region.role == "section"}
    for region, entry in drafts:
        alone = entry.url is None
        listed = any(block.kind == "item" for block in region.blocks)
        peers = region.level in levels and linked >= 2
        if alone and (entry.said < 40 or (listed and not peers) or (not peers and entry.said < 200)):
            region.role = "prose"
            continue
        if alone and not peers and region.level not in sections:
            region.role = "prose"
            continue
        region.entries = [entry]


def _heading_entry(region: Region, number: int, context: Context, *, lenient: bool) -> Entry:
    assert region.heading is not None
    entry = titled("heading", region.heading.runs, context.links(region.heading.runs), number)
    entry.title = section_name(entry.title) if entry.title else ""
    entry.image = region.heading.images[0] if region.heading.images else None
    body: list[Block] = []
    for block in region.blocks:
        if block.kind == "rule":
            if any(part.kind == "paragraph" for part in body):
                break
            continue
        body.append(block)
    return compose(entry, body, context, lenient=lenient)


def _sections(regions: Sequence[Region]) -> None:
    """Gives every entry the nearest heading that is a section."""
    stack: list[tuple[int, str, bool]] = []
    levels = {region.level for region in regions if region.role == "section"}
    for number, region in enumerate(regions):
        if region.heading is None:
            continue
        following = regions[number + 1].level if number + 1 < len(regions) else 0
        if region.role == "item" and region.entries:
            while stack and (stack[-1][0] > region.level or (stack[-1][0] == region.level and not stack[-1][2])):
                stack.pop()
            name = stack[-1][1] if stack else None
            if name is None and region.level in levels:
                name = region.name
            for entry in region.entries:
                entry.section = name
            continue
        while stack and stack[-1][0] >= region.level:
            stack.pop()
        adopts = not region.entries and following == region.level
        stack.append((region.level, region.name, adopts))
        for entry in region.entries:
            entry.section = region.name


# ---- what is no item


def _frame(entries: list[Entry], regions: Sequence[Region]) -> list[Entry]:
    """Leaves out what only frames the issue."""
    kept = [entry for entry in entries if not _in_frame(entry, regions)]
    told = sum(entry.said > 0 for entry in kept if entry.origin != "list")
    bodies = sum(entry.origin != "list" for entry in kept)
    if bodies and told * 5 >= bodies * 3:
        kept = [entry for entry in kept if entry.said or entry.origin in ("list", "row") or not _bare(entry)]
        while kept and not kept[-1].said and kept[-1].origin != "list" and kept[-1].origin != "row":
            kept.pop()
    return kept


def _bare(entry: Entry) -> bool:
    """Whether an entry is only a card, without a word of the newsletter's own."""
    return entry.origin == "card" or entry.own == "card"


def _in_frame(entry: Entry, regions: Sequence[Region]) -> bool:
    region = regions[entry.region]
    if is_profile(entry.key) and entry.origin == "heading":
        return True
    names = [region.name, entry.section or ""] if entry.origin == "heading" else [entry.section or ""]
    return any(name and width(name) <= 40 and _FRAME.fullmatch(name) for name in names)


def _digests(entries: list[Entry], regions: Sequence[Region]) -> list[Entry]:
    """Turns lists that announce what comes below into notes of it; leaves mentions in passing out."""
    told: dict[str, Entry] = {}
    for entry in entries:
        if entry.key and entry.origin != "list":
            told.setdefault(entry.key, entry)
    digest = {
        entry.region
        for entry in entries
        if entry.origin == "list" and any(key in told and told[key].region > entry.region for key in entry.inside)
    }
    kept: list[Entry] = []
    for entry in entries:
        if entry.origin != "list":
            kept.append(entry)
            continue
        matched = [told[key] for key in sorted(entry.inside) if key in told] if entry.region in digest else []
        for other in matched:
            other.note = entry.text or entry.title if other.note is None else other.note
        if not matched and not entry.weak:
            kept.append(entry)
    return kept


def _distinct(entries: list[Entry]) -> list[Entry]:
    """One entry for each key: the one that says most."""
    best: dict[str, Entry] = {}
    for entry in entries:
        if entry.key and (entry.key not in best or entry.said > best[entry.key].said):
            best[entry.key] = entry
    kept: list[Entry] = []
    for entry in entries:
        if entry.key is None or best[entry.key] is entry:
            kept.append(entry)
        elif entry.said and best[entry.key].note is None:
            best[entry.key].note = entry.summary
    return kept


# ---- results


def _item(position: int, entry: Entry, context: Context) -> Item:
    subtitle = entry.subtitle
    image = context.resolve_image(entry.image) if entry.image else None
    title = squeeze(entry.title) or subtitle or squeeze(entry.summary or "")[:120] or entry.key or ""
    return Item(
        position=position,
        title=title,
        section=entry.section,
        subtitle=subtitle,
        summary=entry.summary,
        note=entry.note,
        url=entry.url,
        key=entry.key,
        kind=kind_of(entry.url, entry.key),
        image=image,
    )


def _unassigned(blocks: Sequence[Block], entries: Sequence[Entry], context: Context) -> list[str]:
    taken = {key for entry in entries for key in entry.inside} | {entry.key for entry in entries}
    left: dict[str, str] = {}
    for link in outward(blocks, context):
        if link.key not in taken and not is_profile(link.key):
            left.setdefault(link.key, link.url)
    return list(left.values())


__all__ = ["find_items", "similar"]
