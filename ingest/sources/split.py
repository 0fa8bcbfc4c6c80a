"""One Markdown file with many issues in it, as some newsletters keep all their weeks on one page."""

import datetime as dt
import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import quote

from ..naming import newsletter_name
from ..parse.dates import date_in, names_an_issue, printed_in
from .found import Context, Found, Yield

_HEADING = re.compile(r"^(#{1,4})[ \t]+(\S.{0,300})$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(https?://|https?://|\]\[")
_MARKUP = re.compile(r"[*_`]|!?\[([^\]]*)\]\([^)]*\)")
_METADATA = re.compile(r"\ufeff?(?:---\s*\n|[A-Z][a-z]+: \S)")
_JANUARY = re.compile(r"\bJan|(?<!\d)1\s*月")
_FEWEST = 3
_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Part:
    """One issue of a file: its heading as plain text, and its text with that heading as the title."""

    title: str
    text: str
    date: dt.date | None


class _Heading(NamedTuple):
    start: int
    end: int
    level: int
    title: str


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
        facts = replace(found.facts, newsletter=parts[0] or None, url=url, date=part.date)
        yield replace(found, source=f"{found.source}#{part.title}", body=part.text.encode(), facts=facts)


def issues_in(text: str) -> tuple[str, list[Part]] | None:
    """The file's own title and its issues, None for a file that is one issue.

    It has many when neither its metadata nor its title name an issue ("#21", "week 37, 2020", "June 23 - 29, 2025")
    and most headings of one level do, or begin like those that do, each with links below it.
    """
    text = text.replace("\r\n", "\n")
    blanked = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    headings = [_Heading(m.start(), m.end(), len(m[1]), _plain(m[2])) for m in _HEADING.finditer(blanked)]
    if len(headings) < _FEWEST or _METADATA.match(text):
        return None
    own = headings[0].title if headings[0].level == 1 else ""
    if own and names_an_issue(own):
        return None
    rest = headings[1:] if own else headings
    for level in (1, 2, 3):
        chosen = _issue_headings([heading for heading in rest if heading.level == level])
        parts = []
        bounds = [heading.start for heading in headings if heading.level <= level] + [len(text)]
        for heading, date in zip(chosen, _dates([heading.title for heading in chosen]), strict=True):
            stop = bounds[bisect_right(bounds, heading.start)]
            parts.append(Part(heading.title, f"# {heading.title}\n{text[heading.end : stop]}", date))
        if parts and sum(len(_LINK.findall(part.text)) >= 2 for part in parts) >= 0.8 * len(parts):
            return own, parts
    return None


def _issue_headings(same: list[_Heading]) -> list[_Heading]:
    """Those of the headings of one level that name issues; [] where that is not what the level is for."""
    naming = [heading for heading in same if names_an_issue(heading.title)]
    if len(naming) < _FEWEST:
        return []
    start = newsletter_name(heading.title for heading in naming).casefold()
    known = {heading.start for heading in naming}
    chosen = [h for h in same if h.start in known or (start and h.title.casefold().startswith(start))]
    counted = [heading for heading in same if not heading.title.isdigit()]  # years, say
    distinct = len({heading.title for heading in chosen}) == len(chosen)
    return chosen if distinct and len(chosen) >= _SHARE * len(counted) else []


def _dates(titles: list[str]) -> list[dt.date | None]:
    """The days that headings name. A year left out is the one that brings the day nearest to its neighbour's, for such
    files are in order of time; a week from December to January may print the new year for both."""
    days = [printed_in(title).date for title in titles]
    for order in (range(len(days)), range(len(days) - 1, -1, -1)):
        near: dt.date | None = None
        for index in order:
            found = days[index]
            if near is not None and found is None:
                found = _nearest(titles[index], near)
            elif near is not None and found is not None and found.month == 12 and _JANUARY.search(titles[index]):
                found = found.replace(year=found.year - 1) if (found - near).days > 300 else found
            days[index] = found
            near = found or near
    return days


def _nearest(title: str, near: dt.date) -> dt.date | None:
    days = [date_in(title, year) for year in (near.year - 1, near.year, near.year + 1)]
    return min((day for day in days if day), key=lambda day: abs((day - near).days), default=None)


def _plain(heading: str) -> str:
    return " ".join(_MARKUP.sub(lambda match: match[1] or "", heading.rstrip("# \t")).split())
