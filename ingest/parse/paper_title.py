"""The paper's own title, where a description starts with it."""

from collections.abc import Sequence
from dataclasses import replace

from .blocks import Run, Runs, text_of
from .context import width
from .lines import ends_like_sentence, has_id, split_line, squeeze, strip_id


def paper_title(runs: Runs) -> tuple[str | None, Runs]:
    """The paper's own title at the start of a description, and the description without it.

    It is told by the arXiv number before it, or by being set in italics at the very start.
    """
    text = text_of(runs)
    slanted = _slanted(runs)
    line, rest = split_line(runs)
    if has_id(text):
        if slanted and slanted < len(runs):
            return _named(runs[:slanted]), runs[slanted:]
        if rest:
            return _named(line), rest
        if width(text) < 200 and not ends_like_sentence(text[:-1] + text[-1:].replace("?", "")):
            return _named(runs), ()
        return None, _without_id(runs)
    if rest and _is_bracketed(text_of(line)):
        return (_named(line) or "").strip("【】[]［］ ") or None, rest
    if slanted and slanted < len(runs):
        title = text_of(runs[:slanted]).strip()
        after = text_of(runs[slanted:])
        if (
            8 <= width(title) <= 240
            and (after[:1] in "\n " or title[-1:] not in ",，")
            and width(after.strip()) > width(title)
        ) and width(title) > 16:
            return _named(runs[:slanted]), runs[slanted:]
    elif slanted == len(runs) and 8 <= width(text) <= 240 and not ends_like_sentence(text):
        return _named(runs), ()
    return None, runs


def _is_bracketed(line: str) -> bool:
    """Whether a line stands as a whole in square brackets."""
    line = line.strip()
    return (
        6 <= len(line) <= 200
        and line[0] in "【[［"
        and line[-1] in "】]］"
        and not any(c in line[1:-1] for c in "【[［】]］")
    )


def _named(runs: Sequence[Run]) -> str | None:
    return squeeze(strip_id(text_of(runs)).replace("\n", " ")).strip(" *_") or None


def _without_id(runs: Runs) -> Runs:
    return (replace(runs[0], text=strip_id(runs[0].text)), *runs[1:]) if has_id(runs[0].text) else runs


def _slanted(runs: Runs) -> int:
    """How many runs at the start are in italics."""
    count = 0
    while count < len(runs) and (runs[count].em or (count and not runs[count].text.strip())):
        count += 1
    while count and not runs[count - 1].em:
        count -= 1
    return count
