"""Reference-style links: numbers in the text, their addresses in a list at the end."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .blocks import Block, Run, Runs, text_of

_MARK = re.compile(r"\[(\d{1,3})\]|［(\d{1,3})］")
_REFERENCE = re.compile(r"^\s*(?:[\[［(]\s*)?(\d{1,3})(?:\s*[\]］)])?\s*[.:：、]?\s*")


def resolve(blocks: Sequence[Block]) -> list[Block]:
    """The same document with its numbered references turned into links where the numbers stand in the text."""
    references, rest = _references(blocks)
    if len(references) < 2:
        return list(blocks)
    marks = {mark for block in rest for mark in _marks(block.runs)}
    if len(marks & references.keys()) * 2 < len(references):
        return list(blocks)
    return [replace(block, runs=tuple(_linked(block.runs, references))) for block in rest]


def lines_of(runs: Runs) -> Iterator[Runs]:
    """The printed lines of some runs."""
    line: list[Run] = []
    for run in runs:
        parts = run.text.split("\n") if not run.href else [run.text]
        for number, part in enumerate(parts):
            if number:
                yield tuple(line)
                line = []
            if part or run.href:
                line.append(run.saying(part))
    yield tuple(line)


def _references(blocks: Sequence[Block]) -> tuple[dict[str, str], list[Block]]:
    """Addresses by number from the blocks at the end that are nothing but references, and the other blocks."""
    found: dict[str, str] = {}
    keep = len(blocks)
    loose: list[Block] = []
    for index in range(len(blocks) - 1, -1, -1):
        block = blocks[index]
        if block.kind in ("rule", "heading", "image") or not block.runs:
            loose.append(block)
            continue
        here = _read(block)
        if here is None:
            if found or len(loose) > 8:
                break
            loose.append(block)
            continue
        found.update({number: href for number, href in here.items() if number not in found})
        keep = index
    after = [block for block in blocks[keep:] if _read(block) is None]
    return found, [*blocks[:keep], *after]


def _read(block: Block) -> dict[str, str] | None:
    """The references of one block, None if it holds anything else."""
    if block.kind not in ("paragraph", "item") or not block.runs:
        return None
    here: dict[str, str] = {}
    for line in lines_of(block.runs):
        text = text_of(line)
        href = next((run.href for run in line if run.href and not run.href.startswith("#")), None)
        number = _REFERENCE.match(text)
        if block.kind == "item" and block.number is not None and href:
            here[str(block.number)] = href
        elif number and href and (number[0].strip() != number[1] or text[number.end() :].startswith("http")):
            here[number[1]] = href
        elif text.strip():
            return None
        if len(text) > 400:
            return None
    return here or None


def _marks(runs: Runs) -> Iterator[str]:
    for run in runs:
        label = run.text.strip("[]［］^ ")
        if run.href and run.href.startswith("#") and label.isdigit():
            yield label
        elif not run.href:
            for found in _MARK.finditer(run.text):
                yield found[1] or found[2]


def _linked(runs: Runs, references: dict[str, str]) -> Iterator[Run]:
    for run in runs:
        label = run.text.strip("[]［］^ ")
        if run.href:
            local = run.href.startswith("#") and label in references
            yield replace(run, href=references[label]) if local else run
            continue
        position = 0
        for found in _MARK.finditer(run.text):
            number = found[1] or found[2]
            if number not in references:
                continue
            if found.start() > position:
                yield run.saying(run.text[position : found.start()])
            yield replace(run, text=found[0], href=references[number])
            position = found.end()
        if position < len(run.text):
            yield run.saying(run.text[position:])
