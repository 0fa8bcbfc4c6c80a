"""Counts over a query's whole candidate set, and which item stands for a work.

A work counts once for every value that any of its candidate items has, so that a facet's number is what is left when
one filters by it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.types import FacetColumn, Filters, IdArray

from .results import Facet, FacetValue

MOST = 20
"""Values listed of one field; the selected ones always are."""
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counted:
    facets: tuple[Facet, ...] = ()
    issues: tuple[tuple[int, int], ...] = ()
    """Works of every issue, as (issue id, works)."""


def count(archive: Archive, ids: IdArray, filters: Filters) -> Counted:
    """The facets of the candidates `ids` (any order)."""
    if not len(ids):
        return Counted()
    ids = np.sort(ids)
    columns = archive.facet_columns(ids)
    works = np.unique(archive.work_of(ids), return_inverse=True)[1].astype(np.int64)

    def labelled(column: FacetColumn, selected: Sequence[str]) -> tuple[FacetValue, ...]:
        folded = {value.casefold() for value in selected}
        return _values(
            works,
            column.codes.astype(np.int64),
            lambda code: (column.labels[code],) * 2,
            lambda code: column.labels[code].casefold() in folded,
        )

    years = _values(
        works,
        np.where(columns.year > 0, columns.year, -1).astype(np.int64),
        lambda code: (str(code),) * 2,
        lambda code: code in filters.years,
    )
    found = {
        "section": labelled(columns.section, filters.sections),
        "kind": labelled(columns.kind, filters.kinds),
        "year": tuple(sorted(years, key=lambda value: value.value, reverse=True)),
        "issue": _values(
            works,
            columns.numbers.astype(np.int64),
            lambda code: (str(code), f"#{code}"),
            lambda code: code in filters.issues,
        ),
        "host": labelled(columns.host, filters.hosts),
        "language": labelled(columns.language, filters.languages),
        "newsletter": labelled(columns.newsletter, filters.newsletters),
    }
    codes, counts = _count(works, columns.issue_ids)
    return Counted(
        tuple(Facet(field, values) for field, values in found.items() if values),
        tuple(zip(codes.tolist(), counts.tolist(), strict=True)),
    )


def _count(works: Codes, codes: Codes) -> tuple[Codes, Codes]:
    """How many works have each code, as codes and counts; negative codes are none."""
    known = codes >= 0
    if not known.any():
        return codes[:0], codes[:0]
    width = int(codes.max()) + 1
    pairs = np.unique(works[known] * width + codes[known])
    present, counts = np.unique(pairs % width, return_counts=True)
    return present, counts.astype(np.int64)


def _values(
    works: Codes, codes: Codes, name: Callable[[int], tuple[str, ...]], selected: Callable[[int], bool]
) -> tuple[FacetValue, ...]:
    present, counts = _count(works, codes)
    order = np.lexsort((present, -counts))
    chosen = [
        (int(present[at]), int(counts[at]))
        for place, at in enumerate(order.tolist())
        if place < MOST or selected(int(present[at]))
    ]
    return tuple(
        FacetValue(value=name(code)[0], label=name(code)[1], count=held, selected=selected(code))
        for code, held in chosen
    )
