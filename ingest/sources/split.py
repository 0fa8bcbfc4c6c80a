"""One Markdown file with many issues in it, as some newsletters keep all their weeks on one page."""

import re
from dataclasses import dataclass, replace
from urllib.parse import quote

from ..parse.dates import names_an_issue
from .found import Context, Found, Yield

_HEADING = re.compile(r"^(#{1,4})[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(https?://|https?://|\]\[")
_MARKUP = re.compile(r"[*_`]|!?\[([^\]]*)\]\([^)]*\)")
_FEWEST = 3
_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Part:
    """One issue of a file: its heading as plain text, and its text with that heading as the title."""

    title: str
    text: str


def split(found: Found, context: Context) -> Yield:
    """A document as the issue that it is, or as the issues that it holds."""
    parts = issues_in(found.body.decode("utf-8", "replace")) if found.media_type == "text/markdown" else None
    if parts is None:
        yield found
        return
    context.progress.found(len(parts[1]) - 1)
    online = found.source.startswith(("http://", "https://"))
    for part in parts[1]:
        url = f"{found.source}#{quote(part.title)}" if online else None
        facts = replace(found.facts, newsletter=parts[0] or None, url=url)
        yield replace(found, source=f"{found.source}#{part.title}", body=part.text.encode(), facts=facts)


def issues_in(text: str) -> tuple[str, list[Part]] | None:
    """The file's own title and its issues, None for a file that is one issue.

    It has many when its title names no issue ("#21", "week 37, 2020", "June 23 - 29, 2025") and most headings of one
    level do, each with links below it.
    """
    text = text.replace("\r\n", "\n")
    blanked = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    headings = [(match.start(), match.end(), len(match[1]), _plain(match[2])) for match in _HEADING.finditer(blanked)]
    if len(headings) < _FEWEST:
        return None
    first = headings[0]
    own = first[3] if first[2] == 1 else ""
    rest = headings[1:] if own else headings
    if own and names_an_issue(own):
        return None
    for level in (1, 2, 3):
        same = [heading for heading in rest if heading[2] == level]
        naming = [heading for heading in same if names_an_issue(heading[3])]
        if len(naming) < _FEWEST or len(naming) < _SHARE * len(same) or len({h[3] for h in naming}) < len(naming):
            continue
        parts = []
        for start, end, _, title in naming:
            stop = next((h[0] for h in headings if h[0] > start and h[2] <= level), len(blanked))
            parts.append(Part(title, f"# {title}\n{text[end:stop]}"))
        if sum(len(_LINK.findall(part.text)) >= 2 for part in parts) >= 0.8 * len(parts):
            return own, parts
    return None


def _plain(heading: str) -> str:
    return " ".join(_MARKUP.sub(lambda match: match[1] or "", heading).split())
