"""Which line breaks of a source say something, and which only keep its lines short.

A newsletter may give the title, the name of the paper and the text a line each; the HTML made from it still has these
lines. Other sources are filled to some column by an editor: there a line ends because the next word did not fit.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from lxml import html

from .context import width

LINE = "\ue000"
"""Marks a line break that counts, in the text of an element."""

_LONGEST = 160
"""No editor fills lines as long as this."""
_COLUMNS = range(60, 101)
_BREAK = re.compile(r"\n(?=\S|\Z)")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_APART = re.compile(r"\s*(?:#|[-*+•](?:\s|$)|\d+[.)]\s|>|\||```|~~~|<|={3,}|-{3,}|\[[^\]]+\]:|:::|\{)")
_FENCE = re.compile(r"\s*(```|~~~)")
_WHOLE = re.compile(r"(?:\*\*?|__?)[^*_].*(?:\*\*?|__?)|!?\[.*[)\]]")
"""A line that is nothing but slanted, bold or linked, as titles are."""
_INLINE = frozenset(("a", "em", "i", "strong", "b", "cite", "span"))


def mark_lines(root: html.HtmlElement) -> bool:
    """Marks the line breaks that count in the paragraphs of a page made from Markdown; whether there are any."""
    whole = [block for block in root.iter("p", "li") if block.find("p") is None and _has_lines(block)]
    if not whole:
        return False
    inner = [block for block in root.iter("p") if block.text]
    if sum(block.text[0].isspace() for block in inner) * 5 > len(inner):
        return False  # laid out by hand or by a program, as the source of a page
    filled = _is_filled(["".join(block.itertext()).strip() for block in root.iter("p", "li")])
    marked = False
    for block in whole:
        if filled:
            first = next(iter(block), None)
            if not block.text and first is not None and first.tag in _INLINE and (first.tail or "").startswith("\n"):
                first.tail = _marked(first.tail, 1)
                marked = True
            continue
        for piece in block.iter():
            if piece.text and "\n" in piece.text:
                piece.text = _marked(piece.text)
            if piece is not block and piece.tail and "\n" in piece.tail:
                piece.tail = _marked(piece.tail)
        marked = True
    return marked


def _marked(text: str, count: int = 0) -> str:
    """Text with its line breaks marked, without the control characters that a tree gives but does not take."""
    return _CONTROLS.sub("", _BREAK.sub(LINE, text, count=count))


def _is_filled(texts: Sequence[str]) -> bool:
    """Whether paragraphs were broken to keep their lines short: hardly any line is long, though the texts are; or, in
    a page of short texts, the lines that go on are not short."""
    long = [text for text in texts if width(text) > _LONGEST]
    if long:
        return sum(max(map(width, text.split("\n"))) > _LONGEST for text in long) * 5 <= len(long)
    lines = [line for text in texts for line in text.split("\n")[:-1]]
    further = [line for text in texts for line in text.split("\n")[1:]]
    if sum(map(_goes_on, further)) * 2 >= max(len(further), 1):
        return True
    return sum(width(line) >= _COLUMNS.start - 10 for line in lines) * 5 >= 4 * len(lines)


def _has_lines(block: html.HtmlElement) -> bool:
    text = "".join(block.itertext()).strip()
    return "\n" in text and "\n " not in text and "\n\t" not in text


def unwrapped(text: str) -> str:
    """Markdown without the line breaks of an editor that filled its lines to one column, if one did."""
    lines = text.split("\n")
    pairs = list(_pairs(lines))
    column = _column(lines, pairs)
    if column is not None:
        joined = {number for number in pairs if _fills(lines, number, column) or _runs_on(lines, number)}
    elif _is_loose(lines, pairs):
        joined = {number for number in pairs if not _WHOLE.fullmatch(lines[number].strip())}
    else:
        return text
    out: list[str] = []
    for number, line in enumerate(lines):
        if number - 1 in joined:
            out[-1] = f"{out[-1].rstrip()} {line.lstrip()}"
        else:
            out.append(line)
    return "\n".join(out)


def _pairs(lines: Sequence[str]) -> Iterator[int]:
    """The lines that the next one continues, within one paragraph or list item."""
    fenced = False
    for number in range(len(lines) - 1):
        line, after = lines[number], lines[number + 1]
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or not line.strip() or not after.strip():
            continue
        if (
            len(line.split(None, 2)) < 3
            or line.endswith(("  ", "\\"))
            or _APART.match(after)
            or line.lstrip()[:1] in ("#", ">", "|", "<")
        ):
            continue
        yield number


def _column(lines: Sequence[str], pairs: Sequence[int]) -> int | None:
    """The column that nearly all the continued lines are filled to; None if there is none."""
    fits: Counter[int] = Counter()
    pairs = [number for number in pairs if "://" not in lines[number + 1].split(None, 1)[0]]
    for number in pairs:
        size, more = width(lines[number].rstrip()), width(lines[number + 1].split(None, 1)[0])
        for column in range(max(size, _COLUMNS.start), min(size + more + 1, _COLUMNS.stop)):
            if _fills(lines, number, column):
                fits[column] += 1
    if len(pairs) < 4 or not fits:
        return None
    column, count = max(fits.items(), key=lambda pair: (pair[1], pair[0]))
    return column if count * 5 >= len(pairs) * 4 else None


def _is_loose(lines: Sequence[str], pairs: Sequence[int]) -> bool:
    """Whether the lines were broken by hand wherever it suited: none is long, and most go on in the next one."""
    if len(pairs) < 8 or sum(_goes_on(lines[number + 1]) for number in pairs) * 2 < len(pairs):
        return False
    plain = [line for line in lines if len(line.split(None, 6)) > 5 and "://" not in line]
    return sum(width(line) > _COLUMNS.stop for line in plain) * 20 <= len(plain)


def _goes_on(line: str) -> bool:
    """Whether a line starts in the middle of a sentence."""
    return line.lstrip(" \t*_[(\"'“‘`")[:1].islower()


def _runs_on(lines: Sequence[str], number: int) -> bool:
    """Whether a line that is no title goes on in the middle of a sentence."""
    line = lines[number].strip()
    return _goes_on(lines[number + 1]) and width(line) > _COLUMNS.start and not _WHOLE.fullmatch(line)


def _fills(lines: Sequence[str], number: int, column: int) -> bool:
    """Whether the next line's first word would not have fitted on a line."""
    line = lines[number].rstrip()
    word = lines[number + 1].split(None, 1)[0]
    size = width(line)
    if not column // 2 < size <= column or size + 1 + width(word) <= column:
        return False
    return size < 1.2 * len(line) and (width(word) <= 24 or "://" in word)
