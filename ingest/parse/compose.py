"""From a title and the blocks under it to one entry: its link, its paper title, its description, its picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..links import arxiv_id, is_plumbing
from .blocks import Block, Run, text_of
from .context import Context, Link, similar, width
from .dates import is_date
from .entry import Entry
from .lines import (
    EDGE,
    carrier,
    ends_like_sentence,
    first_sentence,
    has_id,
    split_line,
    squeeze,
    strip_id,
    title_text,
)
from .paper_title import paper_title
from .spoken import in_brackets, is_whose, telling_first


@dataclass(slots=True)
class _Body:
    """What the blocks of one entry hold, in order."""

    paragraphs: list[str] = field(default_factory=list)
    inline: list[tuple[Link, bool]] = field(default_factory=list)
    """Links in running text, and whether each stands in the first or last sentence of the text."""
    opening: list[Link] = field(default_factory=list)
    """The links of the first paragraph that has any, without those to people."""
    asides: set[str] = field(default_factory=set)
    """Keys of links that lead to somebody's own place, or stand in brackets."""
    cards: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    calls: list[Link] = field(default_factory=list)
    """Links on lines of their own after a text that has links itself ("Send us yours!")."""
    sources: list[Link] = field(default_factory=list)
    """Links under pictures."""
    after_image: bool = False
    opened: bool = False
    """Whether the entry's own words, not those it quotes, open with a link: addresses in later words are in passing."""
    closing: bool = False
    """Whether the last text is a short one with a link ("You can learn more from their announcement.")."""
    paper: str | None = None
    """The arXiv number printed before the paper's title."""


def compose(entry: Entry, body: Iterable[Block], context: Context, *, lenient: bool = False) -> Entry:
    """Fills an entry from the blocks under its title; `lenient` lets a link in running text be its own."""
    found = _Body()
    for block in body:
        _read(entry, block, found, context)
    for link in found.links:
        entry.take(link, "line")
    for card in found.cards:
        for link in context.links(card.runs):
            entry.take(link, "card")
        entry.hold(context.links(card.runs))
        if card.images and entry.image is None:
            entry.image = card.images[0]
    if entry.url is None and found.paper:
        printed = Link("", f"https://arxiv.org/abs/{found.paper}", f"arxiv:{found.paper}", 0)
        entry.take(printed, "line")
        entry.hold([printed])
    named = [link for link, _ in found.inline if _says_title(link.label, entry.title)]
    if entry.url is None and found.inline and lenient:
        links = [link for link, _ in found.inline]
        made = [link for link in links if link.key not in found.asides]
        sourced = [] if any(link in made for link in found.opening) else found.opening
        entry.take(telling_first(named or sourced or made or links), "text")
    elif entry.url is None:
        near = named or [link for link, first in found.inline if first and not link.bare]
        keys = {link.key for link, _ in found.inline}
        if near and (len(keys) <= 3 or named):
            entry.take(near[0], "text")
        elif len(keys) == 1 and found.closing and not found.inline[0][0].bare:
            entry.take(found.inline[0][0], "text")
    for link in found.calls:
        entry.take(link, "line")
    if not entry.inside.keys() - {link.key for link in found.sources}:
        for link in found.sources:
            entry.take(link, "text")
    paragraphs = [text for text in found.paragraphs if text]
    if paragraphs and entry.title and similar(split_first(paragraphs[0])[0].strip("【】[] "), entry.title):
        paragraphs[0] = split_first(paragraphs[0])[1] or paragraphs[0]
    entry.summary = "\n".join(text for text in paragraphs if text.strip()) or None
    _name(entry, found)
    return entry


def _says_title(label: str, title: str) -> bool:
    """Whether a link's words are a title's, all of it or more than half."""
    label, title = squeeze(label).casefold(), squeeze(title).casefold()
    if min(width(label), width(title)) < 12:
        return False
    return similar(label, title) or title in label or (label in title and 2 * width(label) > width(title))


def split_first(text: str) -> tuple[str, str]:
    line, _, rest = text.partition("\n")
    return line, rest


def _name(entry: Entry, found: _Body) -> None:
    """Gives an entry whose title was lost the next best name it has."""
    if entry.title:
        return
    card = squeeze(text_of(found.cards[0].runs)) if found.cards else ""
    name = card or entry.subtitle or squeeze(first_sentence(entry.summary or "")) or (entry.key or "")
    entry.title = name if len(name) <= 200 else name[:199].rstrip() + "…"


def _read(entry: Entry, block: Block, found: _Body, context: Context) -> None:
    if block.images and entry.image is None:
        entry.image = block.images[0]
    if block.kind == "image":
        found.after_image = True
        return
    after_image, found.after_image = found.after_image, False
    if block.kind == "card":
        found.cards.append(block)
        return
    if block.kind in ("rule", "code") or block.caption:
        return
    if block.kind == "row":
        found.paragraphs.append(squeeze(" ".join(text_of(cell) for cell in block.cells)))
        return
    if any(run.href and is_plumbing(run.href) for run in block.runs):
        return
    links = context.links(block.runs)
    entry.hold(links)
    if block.kind == "item":
        found.closing = False
        found.inline.extend((link, False) for link in links)
        found.paragraphs.append("- " + squeeze(text_of(block.runs)))
        return
    _paragraph(entry, block, links, (found, after_image), context)


def _paragraph(entry: Entry, block: Block, links: list[Link], place: tuple[_Body, bool], context: Context) -> None:
    found = place[0]
    if not links and text_of(block.runs).strip() in context.repeated:
        return
    line, rest = split_line(block.runs)
    if rest and links and not title_text(line, links) and (carried := context.links(line)):
        found.links.extend(carried)  # a first line that is only the address, the description under it
        _paragraph(entry, replace(block, runs=rest), context.links(rest), place, context)
        return
    if not _set_aside(entry, block, links, place, context):
        _told(entry, block, len(links), found, context)


def _set_aside(entry: Entry, block: Block, links: list[Link], place: tuple[_Body, bool], context: Context) -> bool:
    """Reads a paragraph that only carries links: where a picture is from, an address, further places to go."""
    found, after_image = place
    after_image = after_image or bool(block.images)
    if after_image and links and not links[0].bare and all(run.em or not run.text.strip() for run in block.runs):
        found.sources.extend(links)  # where the picture is from
        return True
    said = carrier(block.runs, links, context) if links else None
    passing = found.opened and bool(said or block.quoted)
    if said is not None and not passing and (not said or width(said) <= 220):
        further = entry.url is not None and entry.key not in {link.key for link in links}
        if said and further and not after_image and not has_id(text_of(block.runs)):
            found.paragraphs.append(prose(block.runs))  # a second address, and what it is for
        else:
            _carried(entry, said, (found, links), after_image)
        return True
    if links and not passing and _only_links(block, links):
        telling = any(early for _, early in found.inline) and not context.generic(links[0].label)
        for link in links:
            if link.key not in {known.key for known in found.links}:
                (found.calls if telling else found.links).append(link)
        return True
    if after_image and _is_caption(block, text_of(block.runs).strip(), context):
        found.sources.extend(links)
        return True
    return False


def _told(entry: Entry, block: Block, linked: int, found: _Body, context: Context) -> None:
    """Reads a paragraph of the description, which may start with the paper's own title."""
    text = text_of(block.runs).strip()
    runs = block.runs
    if entry.subtitle is None and (not any(found.paragraphs) or has_id(text)):
        subtitle, rest = paper_title(runs)
        found.paper = arxiv_id(text[:40]) if has_id(text) else found.paper
        if subtitle:
            entry.subtitle = subtitle
            found.paragraphs.clear()
            runs = rest
    text = prose(runs)
    if not any(found.paragraphs):
        text = _undated(text)
    if not text:
        return
    before, _, last = text.rpartition("\n")
    alone = bool(before) and any(squeeze(link.label) == last.strip(EDGE) for link in context.links(runs))
    found.closing = linked == 1 and (alone or (bool(found.paragraphs) and width(text) <= 160))
    first = first_sentence(text)
    last_start = len(text.rstrip("。.!！?？ ")) and _last_sentence_start(text)
    printed = text_of(runs)
    if not found.opening:
        found.opening = [link for link in context.links(runs) if not is_whose(link)]
    for link in context.links(runs):
        if link.key.partition("/")[0] in context.hosts:
            continue
        at = text.find(squeeze(link.label)) if link.label.strip() else 0
        generic = context.generic(link.label)
        bracketed = in_brackets(printed[: link.start]) or link.label.startswith("#")  # or a word that tags the text
        if (bracketed and not generic) or is_whose(link):
            found.asides.add(link.key)
        opens = 0 <= at < len(first) and not found.paragraphs and not bracketed
        found.opened = found.opened or (opens and not block.quoted)
        found.inline.append((link, opens or (at >= last_start and generic)))
    found.paragraphs.append(text)


def _undated(text: str) -> str:
    """A description without the date of the work on a line of its own above it."""
    while text and is_date(split_first(text)[0]):
        text = split_first(text)[1].strip()
    return text


def _last_sentence_start(text: str) -> int:
    stripped = text.rstrip("。.!！?？… \n")
    return max(stripped.rfind(mark) for mark in ("。", ". ", "！", "？", "! ", "? "))


def _carried(entry: Entry, said: str, place: tuple[_Body, list[Link]], after_image: bool) -> None:
    """A line that carries the address: what else it says is the paper's own title."""
    found, links = place
    said = strip_id(said).strip()
    if after_image and entry.url is not None and links[0].key != entry.key:
        return
    found.links.extend(links)
    if said and entry.subtitle is None and not found.paragraphs:
        entry.subtitle = squeeze(said)
    elif said and width(said) > 20:
        found.paragraphs.append(squeeze(said))


def _only_links(block: Block, links: Sequence[Link]) -> bool:
    """Whether a paragraph is only links and what separates them ("Paper | Code")."""
    labels = sum(len(link.label.strip()) for link in links)
    words = sum(char.isalnum() for char in text_of(block.runs))
    inside = sum(char.isalnum() for link in links for char in link.label)
    return labels > 0 and words - inside <= 3


def _is_caption(block: Block, text: str, context: Context) -> bool:
    """Whether a short paragraph right under a picture is its caption rather than the description."""
    if width(text) <= 400 and is_slanted(block.runs) and not has_id(text):
        return True
    return width(text) <= 60 and any(_shares(text, other) for other in context.repeated)


def is_slanted(runs: Sequence[Run]) -> bool:
    """Whether some text is in italics, but for a few characters."""
    slanted = sum(width(run.text) for run in runs if run.em)
    return slanted * 10 >= width(text_of(runs)) * 9


def _shares(text: str, other: str) -> bool:
    """Whether two short texts share a stretch of four characters (eight Latin letters)."""
    size = 4 if any(char >= "\u2e80" for char in other) else 8
    return any(other[n : n + size] in text for n in range(len(other) - size + 1))


def prose(runs: Sequence[Run]) -> str:
    """Running text for reading: line breaks inside a sentence become blanks, others stay."""
    lines = [squeeze(line) for line in text_of(runs).split("\n")]
    out = ""
    for line in lines:
        if not line:
            continue
        if not out:
            out = line
        elif ends_like_sentence(out) or not out.isascii() or width(out) < 60:
            out += "\n" + line
        else:
            out += " " + line
    return out.strip()
