"""The title of an issue: what the document declares, or the heading or line that it opens with."""

from collections.abc import Sequence

from .blocks import Block, text_of
from .context import similar, width
from .dates import names_an_issue
from .frame import is_greeting
from .lines import ends_like_sentence, squeeze


def title_of(blocks: list[Block], declared: str | None, named: bool) -> tuple[str, list[Block]]:
    """The issue's title and the blocks without it: what the document declares, else its first top heading.
    `named` says whether the file has a name to fall back to."""
    heading = next((block for block in blocks if block.kind == "heading"), None)
    first = next((block for block in blocks if block.kind in ("heading", "paragraph", "item")), None)
    printed = squeeze(text_of(heading.runs)) if heading else ""
    if declared:
        title = squeeze(declared)
        if heading is not None and (printed in title or title in printed or similar(printed, title)):
            alike = sum(block.kind == "heading" and block.level == heading.level for block in blocks)
            if printed == title or heading.level == 1 or alike == 1 or names_an_issue(printed):
                blocks = [block for block in blocks if block is not heading]
        elif heading is not None and _heads_all(heading, blocks, titled=names_an_issue(title)):
            blocks = [block for block in blocks if block is not heading]
            if not (names_an_issue(title) or is_greeting(printed)):
                title = printed  # a page may only bear the name of its site
        return title, blocks
    levels = [block.level for block in blocks if block.kind == "heading"]
    if heading is not None and not any(run.href for run in heading.runs):
        top = heading.level == 1 and not _heads_part(heading, blocks)
        above = heading is first and (top or names_an_issue(printed))
        if above or (len(levels) > 1 and heading.level < min(level for level in levels[1:])):
            return printed, [block for block in blocks if block is not heading]
    if first is not None and first.kind == "paragraph":
        opening = squeeze(text_of(first.runs))
        if names_an_issue(opening[:120]) or (2 <= width(opening) <= 80 and not ends_like_sentence(opening)):
            return opening[:200], [block for block in blocks if block is not first]
    return "" if named else printed, blocks


def _heads_part(heading: Block, blocks: Sequence[Block]) -> bool:
    """Whether a first heading only opens a part: links are listed under it, as under others like it."""
    parts = [number for number, block in enumerate(blocks) if block.kind == "heading" and block.level == heading.level]
    ends = [*parts[1:], len(blocks)]
    listing = [
        any(block.kind == "item" and any(run.href for run in block.runs) for block in blocks[start:end])
        and not any(block.kind == "heading" for block in blocks[start + 1 : end])
        for start, end in zip(parts, ends, strict=True)
    ]
    return len(parts) > 1 and blocks[parts[0]] is heading and listing[0] and sum(listing) >= 2


def _heads_all(heading: Block, blocks: Sequence[Block], *, titled: bool) -> bool:
    """Whether a heading is that of the whole issue: it says so, if nothing else did, or it is the only one of its
    height, above others."""
    if any(run.href for run in heading.runs):
        return False
    levels = [block.level for block in blocks if block.kind == "heading"]
    lone = heading.level == 1 and levels.count(1) == 1 and len(levels) >= 3
    return lone or (not titled and names_an_issue(squeeze(text_of(heading.runs))))
