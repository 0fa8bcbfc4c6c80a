"""From the blocks of a document to its items.

Headings are told apart into sections and entries, entries get their section, digests become notes of what they
announce, and what only frames the issue (earlier issues, the author's links, bare cards at the end) goes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.types import Item

from ..links import kind_of
from .blocks import Block, Run, text_of
from .compose import compose
from .context import Context, width
from .ending import without_sign_off, without_sources
from .entry import Entry, further, titled
from .facets import joined, without_facets
from .frame import distinct, frame_regions, is_frame_name, merge_digests, only_opens, unassigned, within_frame
from .language import language_of
from .lines import ends_like_sentence, has_id, numbered, split_line, squeeze, without_site
from .regions import Region, regions_of, section_name, until_rule
from .sections import give_sections
from .segment import segment
from .stacked import unstacked
from .tables import leads_into_card


def find_items(blocks: Sequence[Block], context: Context) -> tuple[list[Item], list[str]]:
    """The items of a document in order, and the outward links that went to none of them."""
    blocks = unstacked(without_sign_off(blocks), context)
    regions = joined(without_facets(regions_of(_promote(blocks, context)), context), context)
    _lead_images(regions)
    for region in regions:
        segment(region, region.number, context, alone=len(regions) == 1)
    _undo_splits(regions, context)
    _headings(regions, context)
    give_sections(regions)
    entries = within_frame(regions)
    around = frame_regions(regions, entries)
    entries = distinct(merge_digests(entries))
    without_sources(entries)
    items = [_item(position, entry, context) for position, entry in enumerate(entries, start=1)]
    return items, unassigned(regions, around, entries, context)


def _undo_splits(regions: Sequence[Region], context: Context) -> None:
    """Leaves a heading with what is under it as one entry where most headings of its level name one: with running text,
    with two or three paragraphs, or, if such headings are linked titles, with whatever paragraphs and lists."""
    roles = {level: Counter(r.role for r in regions if r.level == level) for level in {r.level for r in regions}}
    for region in regions:
        counts = roles[region.level]
        if region.heading is None or region.role not in ("split", "section"):
            continue
        divided = counts["split"] + counts["section"]
        if counts["item"] >= max(2, 2 * divided) and _heads_alone(region, regions, context):
            region.entries, region.role = [], "item"
            continue
        if region.role != "split" or counts["item"] < 2 * counts["split"]:
            continue
        told = all(entry.weak for entry in region.entries)  # no paragraph opens with what it presents
        if told or (len(region.entries) <= 3 and _opens_entry(region)):
            region.entries, region.role = [], "item"


def _heads_alone(region: Region, regions: Sequence[Region], context: Context) -> bool:
    """Whether a heading is a linked title, as nearly all of its level are."""
    if region.heading is None or not context.links(region.heading.runs):
        return False
    linked = [
        bool(context.links(other.heading.runs)) for other in regions if other.heading and other.level == region.level
    ]
    return sum(linked) * 5 >= len(linked) * 4


def _opens_entry(region: Region) -> bool:
    """Whether the first paragraph under a heading belongs to the heading: it presents nothing, or the same."""
    first = next((text_of(block.runs) for block in region.blocks if block.kind == "paragraph"), "")
    title = region.entries[0].title
    return title[:40] not in first or (width(title) >= 4 and title.casefold() in region.name.casefold())


# ---- headings


def _promote(blocks: Sequence[Block], context: Context) -> list[Block]:
    """Makes short paragraphs that are bold throughout headings of the lowest level."""
    bold = [block for block in blocks if block.kind == "paragraph" and _all_bold(block.runs)]
    plain = sum(block.kind == "paragraph" for block in blocks)
    ordinary = sum(width(text_of(block.runs)) > 160 for block in bold) * 5 > plain  # bold is the document's usual look
    ruled = _after_rules(blocks, context)
    second = _second_lines(blocks)
    out: list[Block] = []
    counts = False
    for index, block in enumerate(blocks):
        if index in ruled:
            out.append(Block("heading", block.runs, level=7))
            continue
        line, rest = split_line(block.runs)
        fits = block.kind == "paragraph" and not (block.level or block.quoted or block.caption or index in second)
        if block.kind == "heading":
            counts = False
        elif fits and not counts:  # within numbered entries a bold line divides the entry, it does not end it
            counts = numbered(block.runs) == 1
        fits = fits and not counts
        shouted = fits and not rest and index + 1 < len(blocks) and _is_shouted(line)
        slanted = all(run.em or not run.text.strip() for run in line)
        lowest = 8 if slanted else 7
        if shouted:
            out.append(Block("heading", line, level=7))
        elif not fits or ordinary or not _is_bold_title(line, context) or (rest and _all_bold(rest)):
            out.append(block)
        elif rest or index + 1 < len(blocks):
            out.append(Block("heading", line, level=lowest))
            if rest:
                out.append(replace(block, runs=rest))
        else:
            out.append(block)
    return out


def _second_lines(blocks: Sequence[Block]) -> set[int]:
    """The bold and slanted lines right under headings, where a document has no others: each goes on with a title."""
    slanted = [
        index
        for index, block in enumerate(blocks)
        if block.kind == "paragraph"
        and _all_bold(line := split_line(block.runs)[0])
        and all(run.em or not run.text.strip() for run in line)
    ]
    return set(slanted) if all(index and blocks[index - 1].kind == "heading" for index in slanted) else set()


def _after_rules(blocks: Sequence[Block], context: Context) -> set[int]:
    """Short plain lines that follow a rule and open a part, where most rules of a document are followed by one."""
    rules = [index for index, block in enumerate(blocks[:-2]) if block.kind == "rule"]
    found: set[int] = set()
    for index in rules:
        block, after = blocks[index + 1], blocks[index + 2]
        text = text_of(block.runs).strip()
        if (
            block.kind == "paragraph"
            and after.kind in ("paragraph", "item", "card", "image", "row")
            and 2 <= width(text) <= 32
            and "\n" not in text
            and not (block.level or block.quoted or block.caption or ends_like_sentence(text))
            and text not in context.repeated
            and not any(run.href or run.em for run in block.runs)
            and numbered(block.runs) is None
            and any(char.isalpha() for char in text)
        ):
            found.add(index + 1)
    return found if len(found) >= 2 and len(found) * 5 >= len(rules) * 3 else set()


def _is_shouted(line: Sequence[Run]) -> bool:
    """Whether a line is set in capitals, as headings of plain text mail are."""
    if any(run.href for run in line):
        return False
    text = text_of(line).strip()
    if len(text) > 60 or ends_like_sentence(text):
        return False
    letters = [char for char in text if char.isalpha()]
    return len(letters) >= 3 and all(map(str.isupper, letters))


def _lead_images(regions: Sequence[Region]) -> None:
    """Moves pictures that stand above their heading, as layout tables put them, below it."""
    pairs = [
        (one, two) for one, two in pairwise(regions) if one.blocks and one.blocks[-1].kind == "image" and two.heading
    ]
    opening = sum(all(block.kind in ("image", "rule") for block in one.blocks) for one, _ in pairs)
    after = sum(bool(region.blocks) and region.blocks[0].kind == "image" for region in regions[1:])
    if not opening or after > opening:
        return
    for one, two in pairs:
        image = one.blocks.pop()
        two.blocks.insert(0, image)


def _all_bold(runs: Sequence[Run]) -> bool:
    return bool(runs) and all(run.strong or not run.text.strip() for run in runs)


def _is_bold_title(line: Sequence[Run], context: Context) -> bool:
    text = text_of(line).strip()
    return (
        _all_bold(line)
        and 2 <= width(text) <= 120
        and not context.all_links(line)
        and text not in context.repeated
        and not has_id(text)
        and not ends_like_sentence(text.rstrip("?？!！…"))
        and any(char.isalpha() for char in text)
    )


@dataclass(frozen=True, slots=True)
class _Build:
    """How the headings of a document are used: levels that name entries with links, levels that name sections, and
    how many headings of each level name a part, or may name an entry."""

    linked: frozenset[int]
    sections: frozenset[int]
    parts: Counter[int]
    drafts: Counter[int]


def _headings(regions: Sequence[Region], context: Context) -> None:
    """Makes entries of the headings that name one, once it is known how the whole document is built."""
    candidates = [region for region in regions if region.role == "item" and region.heading is not None]
    drafts = [(region, _heading_entry(region, context, lenient=False)) for region in candidates]
    own = sum(entry.own in ("title", "line", "card") for _, entry in drafts)
    inline = sum(entry.own in ("", "text") and bool(entry.inside) for _, entry in drafts)
    if inline > own:
        drafts = [(region, _heading_entry(region, context, lenient=True)) for region in candidates]
    opening = {region.number for region, entry in drafts if _only_opens(region, entry, regions)}
    own_links = [region for region, entry in drafts if entry.url and region.number not in opening]
    linked = [region.level for region in own_links if not is_frame_name(region.name)]
    build = _Build(
        frozenset(linked if len(linked) >= 2 else ()),
        frozenset(region.level for region in regions if region.role == "section"),
        Counter(region.level for region in regions if region.role in ("section", "empty")),
        Counter(region.level for region, _ in drafts),
    )
    whole = {region.level for region in candidates if region.whole}
    for region, entry in drafts:
        told = region.whole or bool(entry.url) or region.level not in whole
        if told and _names_entry(region, entry, build) and region.number not in opening:
            region.entries = [entry, *region.after]
        else:
            region.role = "prose"


def _names_entry(region: Region, entry: Entry, build: _Build) -> bool:
    """Whether a heading with the text under it is an entry rather than the opening of a part."""
    listed = any(block.kind == "item" for block in region.blocks) and not region.fielded
    if listed and build.parts[region.level] > build.drafts[region.level]:
        return False
    if entry.url is not None or region.fielded:
        return True
    if only_opens(region.name):
        return False
    if not any(block.kind == "paragraph" for block in until_rule(region.blocks)) or entry.said < 40:
        return False
    if region.level in build.linked:
        return True
    return region.level in build.sections and not listed and entry.said >= 200


def _only_opens(region: Region, entry: Entry, regions: Sequence[Region]) -> bool:
    """Whether a heading only opens a part of the document: little is said under it, deeper headings with entries
    follow it."""
    if entry.own not in ("text", "") or entry.said >= 400:
        return False
    for following in regions[region.number + 1 : region.number + 40]:
        if following.level <= region.level:
            return False
        if following.role in ("section", "split", "item"):
            return True
    return False


def _heading_entry(region: Region, context: Context, *, lenient: bool) -> Entry:
    assert region.heading is not None
    entry = titled("heading", region.heading.runs, context.links(region.heading.runs), region.number)
    entry.title = section_name(entry.title) if entry.title else ""
    entry.image = region.heading.images[0] if region.heading.images else None
    body: list[Block] = []
    ends = leads_into_card(region, context)
    cards = sum(block.kind == "card" for block in region.blocks)
    for block in region.blocks:
        if block.kind == "rule":
            if any(part.kind in ("paragraph", "item") for part in body):
                break
            continue
        body.append(block)
        if ends and block.kind == "card" and cards > 1:
            break
    return compose(entry, body, context, lenient=lenient)


# ---- results


def _item(position: int, entry: Entry, context: Context) -> Item:
    subtitle = without_site(entry.subtitle, entry.key) if entry.subtitle else None
    image = context.resolve_image(entry.image) if entry.image else None
    title = (
        without_site(squeeze(entry.title), entry.key)
        or subtitle
        or squeeze(entry.summary or "")[:120]
        or entry.key
        or ""
    )
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
        language=language_of(f"{title} {entry.summary or ''}"),
        links=further(entry),
    )
