"""The shelf: all back issues side by side, oldest on the left, each a spine as high as it has items.

Every page that speaks of time shows the same shelf with other spines lit: where a search's matches were printed, when
a paper returned, what came before an item and what after. Sizes are class names s1…s10 and f1…f10, because the
Content-Security-Policy allows no style attributes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from index.types import Issue

from .i18n import Language

SPINES = 104
"""At most so many; longer runs are put together by quarter or year, so that a spine stays wide enough for a pointer."""
LABELS = 9
"""So many years can be written side by side below a shelf on a narrow screen."""


@dataclass(frozen=True, slots=True)
class Spine:
    """One spine: its link and title, its height in `classes`, and how far it is filled (0 to 10)."""

    href: str
    label: str
    classes: str
    fill: int
    year: int | None
    """Set where a year begins, as far as there is room for its label."""


def spines(
    issues: Sequence[Issue],
    counts: Mapping[int, int],
    language: Language,
    lit: Mapping[int, int] | None = None,
    here: int | None = None,
) -> list[Spine]:
    """`issues` newest first, as the archive lists them; `counts` the items, `lit` the lit ones, by issue id; `here`
    the id of the issue that is being looked at."""
    lit = lit or {}
    groups = _groups(list(reversed(issues)))
    sizes = [sum(counts.get(issue.id, 0) for issue in group) for group in groups]
    lights = [sum(lit.get(issue.id, 0) for issue in group) for group in groups]
    tallest, brightest = max(sizes, default=1) or 1, max(lights, default=1) or 1
    made: list[Spine] = []
    before: int | None = None
    room = math.ceil(len(groups) / LABELS)
    labelled = -room
    for group, size, light in zip(groups, sizes, lights, strict=True):
        first = group[0]
        year = first.date.year if first.date else first.year
        label = name(first, language) if len(group) == 1 else f"{name(first, language)} – {name(group[-1], language)}"
        if light:
            label += " · " + language.plural("%(n)s item", "%(n)s items", light)
        classes = f"s{_step(size, tallest)}" + (" here" if any(issue.id == here for issue in group) else "")
        fill = _step(light, brightest) if light else 0
        last = len(groups) - len(made) < room  # its label has room on its left only
        begins = year is not None and year != before and len(made) - labelled >= room * (1 + last)
        if begins:
            labelled = len(made)
            classes += " last" if last else ""
        made.append(Spine(f"/issues/{group[-1].id}", label, classes, fill, year if begins else None))
        before = year or before
    return made


def name(issue: Issue, language: Language) -> str:
    """An issue as a line of text: its number or title, and its day."""
    text = f"№ {issue.number}" if issue.number is not None else issue.title
    return f"{text} · {language.date(issue.date)}" if issue.date else text


def _step(value: int, most: int) -> int:
    """1 to 10."""
    return max(1, math.ceil(10 * value / most))


def _groups(issues: list[Issue]) -> list[list[Issue]]:
    """Oldest first, as they are or together by quarter, by year, or at last in equal lots."""
    if len(issues) <= SPINES:
        return [[issue] for issue in issues]
    for months in (1, 3, 12):
        groups = [list(group) for _, group in groupby(issues, lambda issue: _period(issue, months))]  # noqa: B023
        if len(groups) <= SPINES:
            return groups
    lot = math.ceil(len(issues) / SPINES)
    return [issues[at : at + lot] for at in range(0, len(issues), lot)]


def _period(issue: Issue, months: int) -> tuple[int, int]:
    if issue.date:
        return issue.date.year, (issue.date.month - 1) // months
    return issue.year or 0, 0
