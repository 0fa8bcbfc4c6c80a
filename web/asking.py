"""The search page's address: read into an `Ask`, and written again with something added, removed or changed.

Readers edit addresses by hand and old links carry old names, so what cannot be understood is left out here; the API
refuses it instead.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, get_args
from urllib.parse import urlencode

from index.types import Filters
from search.results import Ask, Mode, Sort

LISTS: Final = {
    "section": "sections",
    "kind": "kinds",
    "host": "hosts",
    "language": "languages",
    "year": "years",
    "issue": "issues",
    "newsletter": "newsletters",
}
"""Parameters that may be given several times, and the condition of `Filters` each one sets."""
PAGE: Final = 20
_NUMBERS = ("year", "issue")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of `/search` that mean something, in their order; `conditions` are (name, value) pairs."""

    query: str = ""
    mode: Mode = "hybrid"
    sort: Sort = "relevance"
    conditions: tuple[tuple[str, str], ...] = ()
    cursor: str | None = None

    @classmethod
    def read(cls, parameters: Iterable[tuple[str, str]]) -> "Asked":
        """From the pairs of a query string."""
        pairs = [(name, value.strip()) for name, value in parameters if value.strip()]
        single = dict(pairs)
        conditions = dict.fromkeys(pair for pair in pairs if _understood(*pair))
        mode, sort = single.get("mode", ""), single.get("sort", "")
        return cls(
            query=single.get("q", ""),
            mode=next((m for m in get_args(Mode) if m == mode), "hybrid"),
            sort=next((s for s in get_args(Sort) if s == sort), "relevance"),
            conditions=tuple(conditions),
            cursor=single.get("cursor"),
        )

    @property
    def blank(self) -> bool:
        return not self.query and not self.conditions

    def ask(self, limit: int = PAGE) -> Ask:
        lists: dict[str, tuple[str | int, ...]] = {}
        for name, field in LISTS.items():
            values = [value for given, value in self.conditions if given == name]
            lists[field] = tuple(int(value) if name in _NUMBERS else value for value in values)
        dates = {name: dt.date.fromisoformat(value) for name, value in self.conditions if name in ("from", "to")}
        before = dates.get("to")
        filters = Filters(
            **lists,  # type: ignore[arg-type] # the values of `year` and `issue` alone are numbers
            after=dates.get("from"),
            before=before + dt.timedelta(days=1) if before else None,
        )
        return Ask(self.query, self.mode, self.sort, limit, self.cursor, filters)

    def pairs(self) -> Iterator[tuple[str, str]]:
        if self.query:
            yield "q", self.query
        yield from self.kept()

    def kept(self) -> Iterator[tuple[str, str]]:
        """Everything but the question and the place in the list: what stays when another question is typed."""
        if self.mode != "hybrid":
            yield "mode", self.mode
        if self.sort != "relevance":
            yield "sort", self.sort
        yield from self.conditions

    @property
    def href(self) -> str:
        pairs = [*self.pairs(), *([("cursor", self.cursor)] if self.cursor else [])]
        return "/search" + (f"?{urlencode(pairs)}" if pairs else "")

    @property
    def feed(self) -> str:
        """The parameters as a feed or the API takes them."""
        return urlencode([pair for pair in self.pairs() if pair[0] != "sort"])

    def widened(self, words: str) -> str | None:
        """The search for these words alone, without any condition; None without words."""
        return replace(self, query=words, conditions=(), cursor=None).href if words else None

    def toggled(self, name: str, value: str) -> "Asked":
        """With the condition if it was not there, without it if it was; from the first page on."""
        pair = (name, value)
        rest = tuple(p for p in self.conditions if p != pair)
        return replace(self, conditions=rest if pair in self.conditions else (*rest, pair), cursor=None)

    def sorted(self, sort: Sort) -> "Asked":
        return replace(self, sort=sort, cursor=None)


def _understood(name: str, value: str) -> bool:
    if name in _NUMBERS:
        return _reads(int, value) and len(value) < 10
    if name in ("from", "to"):
        # The last day of the calendar has no day after it, which `to` would need.
        return _reads(dt.date.fromisoformat, value) and value < "9999-12-31"
    return name in LISTS


def _reads(reader: Callable[[str], object], value: str) -> bool:
    try:
        reader(value)
    except ValueError:
        return False
    return True
