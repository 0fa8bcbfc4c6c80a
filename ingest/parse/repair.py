"""Mends what converters and machine translation do to a document, before anything is read out of it.

Link cards whose text spans blocks come together again, addresses that lost their link get it back, stray markup
goes. All of it works on blocks and runs and knows no newsletter.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .blocks import Block, Run, Runs, text_of, trimmed
from .footnotes import lines_of, resolve

_OPEN = re.compile(r"\[\s*(#{1,6}\s+)(.*)$|\[\s*()([^\[\]]*)$", re.DOTALL)
_CLOSE = re.compile(r"^([^\[\]]{0,300}?)\]\(\s*<?([^\s)>]+)>?(?:\s+\"[^\"]*\")?\s*\)", re.DOTALL)
_BARE = re.compile(r"(?:https?://|www\.(?=[a-z0-9-]+\.))[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", re.IGNORECASE)
_BRACKETED = re.compile(r"[【［\[]([^【】［］\[\]\n]{1,200})[】］\]]\s*[(（]\s*(https?://[^\s()（）]+)\s*[)）]")
_SPACED = re.compile(r"^\s*(https?\s*:\s*/\s*/[\x21-\x7e\s]*\s[._/-]\s[\x21-\x7e\s]*)$", re.IGNORECASE)
_STARS = re.compile(r"\*{2,}|(?<!\w)_{2,}(?!\w)|(?<=\S)\*(?=\s|$)|(?<!\S)\*(?=\S)")
_ARTEFACT = re.compile(r"(?:(?<=[】\]])|^|(?<=\n))T\d{1,3}(?=\n|$)")
_BULLET = re.compile(r"\s*[•·▪◦‣►▸→➜➡●○■□-]\s+")
_DASHES = re.compile(r"[\sー＝＊☆★◆◇■\-–—―─━_=*~·•.⁂]+")


def mend(blocks: Iterable[Block]) -> list[Block]:
    """The same document with its damage repaired."""
    cleaned = (block for block in map(_clean, _join_cards(list(blocks))) if block is not None)
    return resolve([part for block in cleaned for part in _bulleted(block)])


# ---- lists that were typed


def _bulleted(block: Block) -> Iterable[Block]:
    """A paragraph whose lines all start with a bullet, as mail without lists has it, as the list items it shows."""
    if block.kind != "paragraph" or block.level or "\n" not in text_of(block.runs):
        return (block,)
    lines = [line for line in lines_of(block.runs) if text_of(line).strip()]
    if len(lines) < 2 or not all(_BULLET.match(text_of(line)) for line in lines):
        return (block,)
    return [
        Block("item", tuple(_trim(_without_bullet(line))), level=1, list_id=-1, quoted=block.quoted) for line in lines
    ]


def _without_bullet(line: Runs) -> list[Run]:
    found = _BULLET.match(text_of(line))
    drop = found.end() if found else 0
    out: list[Run] = []
    for run in line:
        cut = min(drop, len(run.text))
        drop -= cut
        out.append(run.saying(run.text[cut:]))
    return [run for run in out if run.text or run.href]


# ---- cards


def _join_cards(blocks: Sequence[Block]) -> list[Block]:
    """Brings `[## title`, a heading or paragraph, and `host](address)` together as one card each."""
    out: list[Block] = []
    queue = list(reversed(blocks))
    while queue:
        block = queue.pop()
        opened = _opening(block)
        if opened is None:
            out.append(block)
            continue
        before, title, marked = opened
        inside: list[str] = []
        ahead: list[Block] = []
        closed: tuple[str, Block | None] | None = None
        for _ in range(4):
            if not queue or queue[-1].kind not in ("heading", "paragraph"):
                break
            ahead.append(queue.pop())
            closed = _closing(ahead[-1])
            if closed is not None:
                break
            if _opening(ahead[-1]) is not None:
                break
            inside.append(text_of(ahead[-1].runs))
        if closed is None or not (marked or title):
            out.append(block)
            queue.extend(reversed(ahead))
            continue
        address, rest = closed
        if before is not None:
            out.append(before)
        detail = " ".join(inside).strip()
        out.append(Block("card", (Run(title, address),), detail=detail))
        if rest is not None:
            queue.append(rest)
    return out


def _opening(block: Block) -> tuple[Block | None, str, bool] | None:
    """What stands before a card's bracket, the card's title, and whether it was marked as a heading."""
    if block.kind not in ("paragraph", "item") or not block.runs:
        return None
    start = len(block.runs)
    while start and not block.runs[start - 1].href:
        start -= 1
    tail = text_of(block.runs[start:])
    found = _OPEN.search(tail) if "[" in tail else None
    if found is None or "](" in found[0]:
        return None
    head = [*block.runs[:start], Run(tail[: found.start()])]
    kept = tuple(run for run in head if run.text.strip(" *\n_"))
    before = replace(block, runs=kept) if kept else None
    return before, (found[2] or found[4] or "").strip(), bool(found[1])


def _closing(block: Block) -> tuple[str, Block | None] | None:
    """The address that closes a card at the start of a block, and what follows it there."""
    plain = []
    for run in block.runs:
        if run.href:
            break
        plain.append(run)
    text = text_of(plain)
    found = _CLOSE.match(text) if "](" in text else None
    if found is None:
        return None
    rest = (Run(text[found.end() :]), *block.runs[len(plain) :])
    kept = tuple(run for run in rest if run.text.strip(" *\n_") or run.href)
    return found[2], replace(block, kind="paragraph", runs=kept) if kept else None


# ---- runs


def _clean(block: Block) -> Block | None:
    if block.kind in ("rule", "image", "code"):
        return block
    if block.kind == "row":
        cells = tuple(_clean_runs(cell) for cell in block.cells)
        return replace(block, cells=cells) if any(cells) else None
    runs = _clean_runs(block.runs)
    text = text_of(runs)
    if block.kind != "card" and not any(run.href for run in runs) and len(text) < 200 and _DASHES.fullmatch(text):
        return Block("rule")
    if not runs:
        return Block("image", level=block.level, images=block.images) if block.images else None
    return block if runs == block.runs else replace(block, runs=runs)


def _clean_runs(runs: Runs) -> Runs:
    out: list[Run] = []
    for run in runs:
        text = run.text
        if "*" in text or "_" in text:
            text = _STARS.sub("", text)
        if "T" in text and _ARTEFACT.search(text):
            text = _ARTEFACT.sub("", text)
        if run.href:
            text = text.replace("\n", " ")
            out.extend(_label(run if text == run.text else run.saying(text)))
        elif "://" in text or "www." in text or ": /" in text:
            out.extend(_linked(run.saying(text)))
        elif text:
            out.append(run if text is run.text else run.saying(text))
    return tuple(_trim(out))


def _label(run: Run) -> Iterable[Run]:
    """A link's label; an address that slid into it stands apart again."""
    found = _BARE.search(run.text) if "://" in run.text else None
    if found is None or not run.text[: found.start()].strip():
        return [run]
    before = replace(run, text=run.text[: found.start()].rstrip(), href=None)
    return [before, run.saying(found[0]), replace(run, text=run.text[found.end() :], href=None)]


def _linked(run: Run) -> Iterable[Run]:
    """Text with its bare addresses made links, also those that spaces or full-width brackets broke."""
    lines = run.text.split("\n")
    for number, line in enumerate(lines):
        if number:
            yield run.saying("\n")
        if _SPACED.match(line):
            address = re.sub(r"\s+", "", line)
            yield replace(run, text=address, href=address)
        else:
            yield from _line_links(run.saying(line))


def _line_links(run: Run) -> Iterable[Run]:
    text = run.text
    spans = [(m.start(), m.end(), m[1], m[2]) for m in _BRACKETED.finditer(text)] if "(" in text or "（" in text else []
    taken = [(start, end) for start, end, _, _ in spans]
    for found in _BARE.finditer(text):
        if any(start <= found.start() < end for start, end in taken):
            continue
        address = _trimmed(found[0])
        if len(address) > 10:
            href = address if "://" in address else f"https://{address}"
            spans.append((found.start(), found.start() + len(address), address, href))
    position = 0
    for start, end, label, href in sorted(spans):
        if start > position:
            yield run.saying(text[position:start])
        yield replace(run, text=label, href=href)
        position = end
    if position < len(text):
        yield run.saying(text[position:])


def _trimmed(address: str) -> str:
    """An address without the punctuation of the sentence around it."""
    while address:
        last = address[-1]
        if last in ".,;:!?'*_" or (last in ")]" and address.count(last) > address.count("([")):
            pairs = {")": "(", "]": "["}
            if last in pairs and address.count(last) <= address.count(pairs[last]):
                break
            address = address[:-1]
        else:
            break
    return address


def _trim(runs: list[Run]) -> list[Run]:
    while runs and not runs[0].href and not runs[0].text.strip():
        del runs[0]
    while runs and not runs[-1].href and not runs[-1].text.strip():
        del runs[-1]
    return trimmed(runs)
