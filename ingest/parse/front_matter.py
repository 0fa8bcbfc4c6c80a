"""The fields that a Markdown file declares of itself at its top."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

_FIELD = re.compile(r"([A-Za-z][\w -]{0,30}?)\s*[:=]\s*(.*)")
_TAG_MARK = re.compile(r"^!\w*\s+")
_HOLDERS = frozenset(("data:", "meta:", "metadata:", "params:", "extra:", "frontmatter:", "[params]", "[extra]"))
_MOST = 2000


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """The fields at the top of a Markdown file (YAML between dashes, TOML between pluses, or plain `Key: value` lines)
    and the rest."""
    lines = text.lstrip("\n").split("\n", _MOST)
    fence = lines[0].strip()
    if fence in ("---", "+++"):
        closing = (fence, "...") if fence == "---" else (fence,)
        end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() in closing), None)
        if end is not None:
            return _fields(lines[1:end]), "\n".join(lines[end + 1 :])
    head = []
    for line in lines:
        if not _FIELD.fullmatch(line.strip()):
            break
        head.append(line)
    fields = _fields(head)
    ended = len(head) < len(lines) and not lines[len(head)].strip()
    if len(head) >= 2 and ended and {"title", "date", "subject"} & fields.keys():
        return fields, "\n".join(lines[len(head) :])
    return {}, text


def _fields(lines: Sequence[str]) -> dict[str, str]:
    """The plain fields of a head; a value that is folded over the lines under it is put together."""
    fields: dict[str, str] = {}
    for number, line in enumerate(lines):
        found = _FIELD.fullmatch(line.strip())
        if found and not line.startswith((" ", "\t")):
            value = found[2].strip()
            if value[:1] in "|>" and len(value) <= 2:
                folded = takewhile(lambda under: under.startswith((" ", "\t")), lines[number + 1 :])
                value = " ".join(under.strip() for under in folded)
            fields.setdefault(found[1].strip().lower(), _TAG_MARK.sub("", value).strip().strip("'\""))
    for name, value in _inner(lines):
        fields.setdefault(name, value)
    return fields


def _inner(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The plain fields that a field for all of them holds (`data:`, and they under it, set in)."""
    within = False
    for line in lines:
        if not line.startswith((" ", "\t")):
            within = line.strip().lower() in _HOLDERS
        elif within and (found := _FIELD.fullmatch(line.strip())) and found[2].strip():
            yield found[1].strip().lower(), found[2].strip().strip("'\"")
