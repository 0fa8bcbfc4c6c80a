"""Entries that are paragraphs of running text, each presenting something of its own."""

from dataclasses import dataclass, replace
from itertools import pairwise

from .blocks import Block, Run, Runs, text_of
from .compose import compose, is_slanted
from .context import Context, Link, width
from .dates import is_date
from .entry import Entry
from .lines import EDGE, after_link, first_sentence, squeeze
from .regions import Region
from .spoken import main_link, spoken_title


@dataclass(slots=True)
class _Presented:
    """A paragraph that presents one thing; `pointed` if its link only closes it ("… - Link")."""

    name: str
    runs: Runs
    link: Link
    pointed: bool = False
    led: bool = False
    """Whether the paragraph opens with what it presents."""


def paragraphs(region: Region, number: int, context: Context) -> list[Entry]:
    """Paragraphs that each present something of their own: led by bold words or a link, or closed by a link."""
    if any(block.kind == "card" for block in region.blocks):
        return []
    if region.heading is not None and context.links(region.heading.runs):
        return []
    texts = [
        block
        for above, block in pairwise([None, *region.blocks])
        if block is not None
        and block.kind == "paragraph"
        and not (block.level or block.caption or block.quoted)
        and not (above is not None and above.kind == "image" and is_slanted(block.runs))
    ]
    starts = {id(block): start for block in texts if (start := _presents(block, context)) is not None}
    if len(starts) >= 2:  # what most paragraphs do, the others may do later in their first sentence
        for block in texts:
            if id(block) not in starts and (start := _presents(block, context, late=True)) is not None:
                starts[id(block)] = start
    long = [block for block in texts if id(block) in starts or width(text_of(block.runs)) > 60]
    dated = any(block.runs[0].strong and is_date(block.runs[0].text) for block in texts if id(block) in starts)
    alone = (region.heading is None and len(long) <= 3) or dated or any(start.pointed for start in starts.values())
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
        entry = Entry("paragraph", title=start.name, region=number, weak=not (start.led or start.pointed))
        entry.take(start.link, "title")
        entry.hold(context.links(block.runs))
        compose(entry, [replace(block, runs=start.runs), *body], context)
        entry.image = entry.image or (block.images[0] if block.images else None)
        entries.append(entry)
    return entries


def _presents(block: Block, context: Context, *, late: bool = False) -> _Presented | None:
    """What a paragraph presents, or None if it is only part of a longer text; `late` allows its link to stand anywhere
    in the first sentence."""
    links = context.links(block.runs)
    text = text_of(block.runs)
    if not links or width(text) <= 16:
        return None
    first = block.runs[0]
    if first.strong and not first.href and is_date(first.text):
        return _dated(block.runs[1:], context)
    if first.strong and not first.em and not first.href and width(first.text) <= 160:
        own = main_link(links, text, context) or links[0]
        return _Presented(squeeze(first.text).strip(EDGE + "。."), block.runs[1:], own, led=True)
    last = links[-1]
    closes = context.generic(last.label) and not last.bare and last.end >= len(text.rstrip(" .。)）")) - 1
    before = text[: last.start].rstrip()
    if closes and before and before[-1] in "-–—―:：|→>":
        name = squeeze(first_sentence(before)).strip(EDGE)
        return _Presented(name, _before(block.runs, last), last, pointed=True)
    main = main_link([link for link in links if not link.bare], text, context)
    if main is None and late and not links[0].bare:  # "It is out. Read about it here."
        return _Presented(squeeze(first_sentence(text)).strip(EDGE + "。."), block.runs, links[0])
    if main is None and len({link.key for link in links}) > 1:
        return None
    main = main or links[0]
    early = width(text[: main.start]) <= 40 or (late and main.start < len(first_sentence(text)))
    if width(text) > 60 and early and len(links) <= 6:
        leads = width(text[: main.start].strip(EDGE)) <= 6
        apart = leads and width(main.label) >= 16
        name = spoken_title(squeeze(main.label).strip(EDGE), main, text)
        opens = not any(char.isalpha() for char in text[: main.start])
        return _Presented(name, after_link(block.runs, main) if apart else block.runs, main, led=opens)
    return None


def _dated(runs: Runs, context: Context) -> _Presented | None:
    """What follows the date that opens a paragraph ("**12 May** The title")."""
    links, text = context.links(runs), text_of(runs)
    if not links:
        return None
    main = main_link(links, text, context) or links[0]
    if width(squeeze(text)) <= 120:
        return _Presented(squeeze(text).strip(EDGE), (), main)
    return _Presented(spoken_title(squeeze(main.label).strip(EDGE), main, text), runs, main)


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
