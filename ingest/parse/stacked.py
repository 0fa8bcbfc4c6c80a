"""What was typed with line breaks alone: links that stand one under another, a link under the last point of a list."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from ..links import is_profile
from .blocks import Block, Run, Runs, text_of
from .context import Context, width
from .footnotes import lines_of
from .lines import EDGE

_LONG = 60
"""A text as wide as this is told, so links stacked under it are its own ("Paper", "Code", "Slides")."""


def unstacked(blocks: Sequence[Block], context: Context) -> list[Block]:
    """The blocks with such paragraphs as the lists they show, where they stand by themselves.

    Above the first heading they are left alone: there they lead to where else the issue is ("Listen here").
    """
    headings = sum(block.kind == "heading" for block in blocks)
    out: list[Block] = []
    above = Block("rule")
    opened = headings < 2
    for block in _without_last_lines(blocks, context):
        opened = opened or block.kind == "heading"
        lines = _stack(block, context) if opened else []
        if len(lines) >= 4 or (len(lines) >= 2 and not _tells(above)):
            out.extend(Block("item", line, level=1, list_id=-1) for line in lines)
        else:
            out.append(block)
        above = block
    return out


def _tells(block: Block) -> bool:
    return block.kind == "paragraph" and width(text_of(block.runs)) >= _LONG


def _without_last_lines(blocks: Sequence[Block], context: Context) -> Iterator[Block]:
    """The blocks, with a line that holds only a link, under the last of several points without any, as a paragraph: it
    leads to what all of them tell about."""
    points = 0
    for block, after in zip_longest(blocks, blocks[1:]):
        plain = block.kind == "item" and not context.links(block.runs)
        lines = list(lines_of(block.runs)) if block.kind == "item" and points and not plain else []
        ends = after is None or after.kind != "item"
        if ends and len(lines) > 1 and not any(map(context.links, lines[:-1])) and _only_links(lines[-1], context):
            kept = tuple(run for line in lines[:-1] for run in (*line, Run("\n")))[:-1]
            yield replace(block, runs=kept)
            yield Block("paragraph", tuple(lines[-1]), quoted=block.quoted)
        else:
            yield block
        points = points + 1 if plain else 0


def _only_links(line: Runs, context: Context) -> bool:
    return bool(context.links(line)) and not any(char.isalnum() for run in line if not run.href for char in run.text)


def _stack(block: Block, context: Context) -> list[Runs]:
    """The lines of a paragraph, each with something else to go to, most of them led by its name; else nothing."""
    if block.kind != "paragraph" or block.level or block.quoted or "\n" not in text_of(block.runs):
        return []
    lines = [line for line in lines_of(block.runs) if text_of(line).strip()]
    firsts = [next(iter(context.links(line)), None) for line in lines]
    links = [link for link in firsts if link is not None]
    if len(links) < len(lines) or len({link.key for link in links}) < len(links):
        return []
    named = [link for link in links if not (link.bare or context.generic(link.label) or is_profile(link.key))]
    led = [
        link
        for line, link in zip(lines, links, strict=True)
        if link in named and width(text_of(line)[: link.start].strip(EDGE)) <= 6
    ]
    wide = sum(width(link.label) for link in led)
    return lines if len(led) * 4 >= len(lines) * 3 and wide >= 12 * len(led) else []
