"""Counts over a query's whole candidate set, and which item stands for a work.

A work counts once for every value that any of its candidate items has, so that a facet's number is what is left when
one filters by it.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.types import FacetColumn, Filters, IdArray

from .results import Facet, FacetValue

MOST = 20
"""Values listed of one field; the selected ones always are."""
YEARS = 200
"""Years are listed in their own order, in which a gap would mislead."""
_TABLE = 3000
"""Codes up to here are counted by a table of all of them, which is faster for some hundred candidates."""
Codes = npt.NDArray[np.int64]


def count(archive: Archive, ids: IdArray, filters: Filters) -> tuple[Facet, ...]:
    """The facets of the candidates `ids` (any order)."""
    if not len(ids):
        return ()
    ids = np.sort(ids)
    columns, works = archive.facet_columns(ids), _works(archive, ids)

    def labelled(column: FacetColumn, selected: Sequence[str]) -> tuple[FacetValue, ...]:
        folded = {value.casefold() for value in selected}
        return _values(
            _count(works, column.codes.astype(np.int64)),
            lambda code: (column.labels[code],) * 2,
            (lambda code: column.labels[code].casefold() in folded) if folded else None,
        )

    years = _values(
        _count(works, np.where(columns.year > 0, columns.year, -1).astype(np.int64)),
        lambda code: (str(code),) * 2,
        (lambda code: code in filters.years) if filters.years else None,
        YEARS,
    )
    found = {
        "section": labelled(columns.section, filters.sections),
        "kind": labelled(columns.kind, filters.kinds),
        "year": tuple(sorted(years, key=lambda value: value.value, reverse=True)),
        "issue": _values(
            _count(works, columns.numbers.astype(np.int64)),
            lambda code: (str(code), f"#{code}"),
            (lambda code: code in filters.issues) if filters.issues else None,
        ),
        "host": labelled(columns.host, filters.hosts),
        "language": labelled(columns.language, filters.languages),
        "newsletter": labelled(columns.newsletter, filters.newsletters),
    }
    return tuple(Facet(field, values) for field, values in found.items() if values)


def by_issue(archive: Archive, ids: IdArray) -> tuple[tuple[int, int], ...]:
    """How many works among the items `ids` (any order) each issue printed, as (issue id, works)."""
    if not len(ids):
        return ()
    ids = np.sort(ids)
    codes, counts = _count(_works(archive, ids), archive.facet_columns(ids).issue_ids)
    return tuple(zip(codes.tolist(), counts.tolist(), strict=True))


def _works(archive: Archive, ids: IdArray) -> Codes | None:
    """The place of each item's work among the distinct ones; None where every item is another work."""
    distinct, inverse = np.unique(archive.work_of(ids), return_inverse=True)
    return inverse.astype(np.int64) if len(distinct) < len(ids) else None


def _count(works: Codes | None, codes: Codes) -> tuple[Codes, Codes]:
    """How many works have each code, as codes and counts; negative codes are none. No `works`: every row is another."""
    known = codes >= 0
    if not known.all():
        codes, works = codes[known], None if works is None else works[known]
    if not len(codes):
        return codes, codes
    width = int(codes.max()) + 1
    if works is not None:
        codes = np.unique(works * width + codes) % width
    if width > _TABLE:
        present, counts = np.unique(codes, return_counts=True)
        return present, counts.astype(np.int64)
    table = np.bincount(codes, minlength=width)
    present = np.flatnonzero(table)
    return present, table[present]


def _values(
    counted: tuple[Codes, Codes],
    name: Callable[[int], tuple[str, ...]],
    selected: Callable[[int], bool] | None,
    most: int = MOST,
) -> tuple[FacetValue, ...]:
    """The most frequent codes and the selected ones (None: there are none)."""
    present, counts = counted
    order = np.lexsort((present, -counts))
    shown = order[:most] if selected is None else order
    values = []
    for place, (code, held) in enumerate(zip(present[shown].tolist(), counts[shown].tolist(), strict=True)):
        chosen = selected is not None and selected(code)
        if place < most or chosen:
            value, label = name(code)
            values.append(FacetValue(value=value, label=label, count=held, selected=chosen))
    return tuple(values)
