"""Headings that divide an entry: those that repeat under every one ("What happened", "Why it matters", "Sources"), and
those under a linked title."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .blocks import Block, text_of
from .context import Context, width
from .lines import squeeze
from .regions import Region


def without_facets(regions: Sequence[Region], context: Context) -> list[Region]:
    """The regions, with every entry whose parts are told under the same headings as in other entries made one."""
    below = {number: _below(regions, number) for number, region in enumerate(regions) if region.heading is not None}
    heard = Counter(text for parts in below.values() for text in {_text(part) for part in parts})
    divided = {number: parts for number, parts in below.items() if any(heard[_text(part)] >= 3 for part in parts)}
    if not _is_so(divided, regions, context):
        return list(regions)
    gone = {part.number for parts in divided.values() for part in parts}
    for number, parts in divided.items():
        region = regions[number]
        for part in parts:
            if heard[_text(part)] == 1:
                region.blocks.append(_line(part, under_title=not region.blocks))
            region.blocks.extend(part.blocks)
        region.blocks[:] = [source for block in region.blocks if (source := _source(block, context)) is not None]
        region.whole = True
    return [region for region in regions if region.number not in gone]


def _is_so(divided: Mapping[int, Sequence[Region]], regions: Sequence[Region], context: Context) -> bool:
    """Whether a document has entries divided so: at least three, of different names, and what stands under their
    headings is mostly text that links nothing."""
    titles = {_text(regions[number]) for number in divided}
    facets = [part for parts in divided.values() for part in parts]
    plain = sum(not any(context.links(block.runs) for block in part.blocks) for part in facets)
    return len(titles) == len(divided) >= 3 and plain * 2 > len(facets)


def _below(regions: Sequence[Region], number: int) -> list[Region]:
    """What stands under the headings right below one; nothing where these have deeper ones below them."""
    parts: list[Region] = []
    for region in regions[number + 1 :]:
        if region.level <= regions[number].level:
            break
        if parts and region.level > parts[-1].level:
            return []
        parts.append(region)
    return parts


def _text(region: Region) -> str:
    return squeeze(text_of(region.heading.runs)).casefold() if region.heading else ""


def _line(part: Region, *, under_title: bool) -> Block:
    """A heading that only one entry has, as a line of its text; right under the title it says by whom or when."""
    assert part.heading is not None
    runs = tuple(replace(run, em=True) for run in part.heading.runs) if under_title else part.heading.runs
    return Block("paragraph", runs)


def _source(block: Block, context: Context) -> Block | None:
    """The link of a list item or paragraph that says nothing else but what it is ("Source: …"), as a line; None for one
    that only announces links."""
    text = squeeze(text_of(block.runs))
    if block.kind not in ("item", "paragraph") or not text:
        return block
    links = context.links(block.runs)
    title = squeeze(links[0].label) if links else ""
    label = text[: text.find(title)] if title else text
    if len(links) > 1 or (label and not (label.rstrip().endswith((":", "：")) and width(label) <= 16)):
        return block
    if not links:
        return None
    if title != text.removeprefix(label):
        return block
    return replace(block, kind="paragraph", level=0, runs=tuple(run for run in block.runs if run.href))


# ---- headings that only divide one entry


def joined(regions: list[Region], context: Context) -> list[Region]:
    """The regions, with those that only divide an entry joined to it: where the headings of a level are linked titles,
    a deeper heading without a link of its own, over a text with few links, is a part of the entry above it. One right
    under the title is its second line, as bylines are."""
    levels = Counter(region.level for region in regions)
    linked = Counter(region.level for region in regions if region.heading and context.links(region.heading.runs))
    titles = {level for level, count in linked.items() if count >= 2 and count * 5 >= levels[level] * 3}
    out: list[Region] = []
    for region in regions:
        above = out[-1] if out else None
        if (
            above is not None
            and region.heading is not None
            and above.level in titles
            and region.level > above.level
            and _divides(region.heading, above, context)
            and _says_more(region, context, second := all(block.kind == "image" for block in above.blocks))
        ):
            runs = tuple(replace(run, em=True) for run in region.heading.runs) if second else region.heading.runs
            above.blocks.extend((replace(region.heading, kind="paragraph", level=0, runs=runs), *region.blocks))
            continue
        region.number = len(out)
        out.append(region)
    return out


def _divides(heading: Block, above: Region, context: Context) -> bool:
    """Whether a heading leads nowhere, or only to a place within what the one above it leads to."""
    titled = context.links(above.heading.runs) if above.heading is not None else []
    return not context.links(heading.runs) or bool(
        titled and all(link.url.startswith(titled[0].url) for link in context.links(heading.runs))
    )


def _says_more(region: Region, context: Context, second: bool) -> bool:
    """Whether what stands under a heading is text, with few links; right under a title, whatever lists no links."""
    linked = [block for block in region.blocks if context.links(block.runs)]
    if second:
        return sum(block.kind != "paragraph" for block in linked) < 2
    return 2 * len(linked) <= len(region.blocks)
