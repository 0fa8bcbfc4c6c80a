"""The fields of the query language: their names, and how a value of each becomes a condition."""

import datetime as dt
import re
from collections.abc import Callable

from index.identity import canonical_key
from index.types import Filters

FIELDS = {
    "issue": "issue",
    "section": "section",
    "site": "site",
    "host": "site",
    "link": "link",
    "kind": "kind",
    "type": "kind",
    "language": "language",
    "lang": "language",
    "newsletter": "newsletter",
    "author": "author",
    "year": "year",
    "before": "before",
    "until": "before",
    "after": "after",
    "since": "after",
}
"""Every spelling of a field, and the name it goes by in chips and in `without`."""
MAX_RANGE = 500
_RANGE = re.compile(r"(\d+)(?:(?:-|\.\.)(\d+))?")
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")


class BadValue(ValueError):
    """A field's value that means nothing; the message is a plain sentence for the person who typed it."""


def read_value(field: str, value: str) -> Filters:
    """The condition that `value` stands for. `field` is one of the values of `FIELDS`, "phrase" or "not"; with a minus
    before it, the opposite."""
    if field.startswith("-"):
        if not any(c.isalnum() for c in value):  # no condition, of which there is no opposite
            raise BadValue(f"“{field}:{value}” has no word in it.")
        return Filters(excluding=(_READERS[field[1:]](value),))
    return _READERS[field](value)


def _numbers(field: str, value: str) -> tuple[int, ...]:
    match = _RANGE.fullmatch(value.removeprefix("#"))
    if not match:
        raise BadValue(f"“{field}:{value}” needs a number such as {field}:{2021 if field == 'year' else 21}.")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last <= first + MAX_RANGE or last >= 2**63:
        raise BadValue(f"“{field}:{value}” is no range of at most {MAX_RANGE}.")
    return tuple(range(first, last + 1))


def _date(field: str, value: str) -> dt.date:
    match = _DATE.fullmatch(value)
    try:
        if match:
            return dt.date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        pass
    raise BadValue(f"“{field}:{value}” needs a date such as {field}:2021, {field}:2021-07 or {field}:2021-07-15.")


def _host(value: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", value.lower()).split("/")[0]


def _link(value: str) -> str:
    """The key of a page or work, where the value names one; else the host."""
    if re.match(r"(?:arxiv|doi|github):", value, re.IGNORECASE):
        scheme, _, name = value.partition(":")
        address = {"arxiv": "arxiv.org/abs/", "doi": "doi.org/", "github": "github.com/"}[scheme.lower()] + name
    else:
        address = re.sub(r"^https?://", "", value)
    path = address.partition("/")[2]
    return (canonical_key(f"https://{address}") if path else None) or _host(value)


_READERS: dict[str, Callable[[str], Filters]] = {
    "issue": lambda value: Filters(issues=_numbers("issue", value)),
    "year": lambda value: Filters(years=_numbers("year", value)),
    "section": lambda value: Filters(sections=(value,)),
    "site": lambda value: Filters(hosts=(_host(value),)),
    "link": lambda value: Filters(links=(_link(value),)),
    "kind": lambda value: Filters(kinds=(value.lower(),)),
    "language": lambda value: Filters(languages=(value.lower(),)),
    "newsletter": lambda value: Filters(newsletters=(value,)),
    "author": lambda value: Filters(authors=(value,)),
    "before": lambda value: Filters(before=_date("before", value)),
    "after": lambda value: Filters(after=_date("after", value)),
    "phrase": lambda value: Filters(phrases=(value,)),
    "not": lambda value: Filters(excluded=(value,)),
}
