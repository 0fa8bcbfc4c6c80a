"""Where an issue ends, and each of its entries: what stands after the last of their words."""

from collections.abc import Sequence

from ..links import canonical_key, is_profile
from .blocks import Block, text_of
from .context import width
from .entry import Entry
from .frame import is_frame_name
from .lines import ends_like_sentence, has_id


def without_sign_off(blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks without the lines in italics that close an issue ("Suggestions? Reply to this mail.")."""
    end = len(blocks)
    for number in range(max(len(blocks) - 6, 1), len(blocks)):
        if blocks[number].kind == "paragraph" and _is_end_mark(text_of(blocks[number].runs).strip()):
            end = number
            break
    for number in range(end - 1, max(end - 5, -1), -1):
        block, last = blocks[number], number == end - 1
        signed = _is_sign_off(block) and (last or _names_people(block))
        if signed or (last and block.kind == "rule"):
            end = number
    return blocks[:end]


def _is_end_mark(text: str) -> bool:
    """Whether a line between dashes says that the issue ends here ("-- The End --")."""
    said = text.strip("-–—=~*_·•（）() ")
    return said != text and (
        is_frame_name(said) or said.casefold() in ("end", "eof", "fin", "ende", "完", "以上", "終わり")
    )


def _is_sign_off(block: Block) -> bool:
    text = text_of(block.runs)
    slanted = all(run.em or not any(map(str.isalnum, run.text)) for run in block.runs)
    return block.kind == "paragraph" and slanted and width(text) > 40 and not has_id(text)


def _names_people(block: Block) -> bool:
    """Whether every link of a block leads to somebody's profile or a mailbox."""
    hrefs = [run.href for run in block.runs if run.href]
    return bool(hrefs) and all(href.startswith("mailto:") or is_profile(canonical_key(href)) for href in hrefs)


def without_sources(entries: Sequence[Entry]) -> None:
    """Takes the name of the source off the ends of descriptions, where nearly all end with a line that is no sentence
    ("The Daily Kite")."""
    told = [entry for entry in entries if entry.summary and entry.origin != "list"]
    signed = [entry for entry in told if _is_source((entry.summary or "").rpartition("\n"))]
    if len(signed) < 4 or len(signed) * 5 < len(told) * 4:
        return
    for entry in signed:
        entry.summary = (entry.summary or "").rpartition("\n")[0]


def _is_source(parts: tuple[str, str, str]) -> bool:
    """Whether a description ends with a few words on a line of their own, after a sentence."""
    before, _, last = parts
    return ends_like_sentence(before) and 2 <= width(last) <= 32 and not (ends_like_sentence(last) or last[:1] in "-+#")
