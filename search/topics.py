"""The archive by topics: groups of items that are alike, named by their own words, on a map and over time.

Fitted after ingest and kept with the archive (see `topic_fit`). The same archive gives the same map, and a topic keeps
its id over later fits as long as most of its items stay together.
"""

import datetime as dt

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.types import IdArray

from .kept import Kept
from .naming import Named
from .results import Topic, TopicMap, TopicPoints
from .topic_fit import fitted
from .topic_state import Fit

STATE = "topics"
SEPARATOR = " · "
LONGEST_GAP = 1200
"""Months in a row without an item that are counted as such; beyond that a date is likelier wrong than the gap long."""
_EPOCH = dt.date(1970, 1, 1).toordinal()
Months = npt.NDArray[np.int64]


def topic_map(archive: Archive) -> TopicMap:
    """The archive's topics and where every item lies; fitted in memory if none are kept."""
    fit = _kept.of(archive)
    ids = archive.item_ids()
    held = slice(None) if np.array_equal(ids, fit.ids) else np.isin(fit.ids, ids, assume_unique=True)
    ids = fit.ids[held]  # what was removed since is on no map, what is new not yet
    topics = fit.topics[held].astype(np.int64)
    months = _months(archive, ids)
    order = np.argsort(topics, kind="stable")
    numbers, starts = np.unique(topics[order], return_index=True)
    made = []
    for number, inside in zip(numbers.tolist(), np.split(order, starts)[1:], strict=True):
        found = fit.names.get(number) or Named((str(number),), (str(number),))
        made.append(
            Topic(
                id=number,
                name=SEPARATOR.join(found.name),
                words=found.words,
                size=len(inside),
                item_ids=ids[inside],
                counts=_counted(months[inside]),
                central=fit.central.get(number, ()),
                rest=number == fit.rest,
            )
        )
    made.sort(key=lambda topic: (topic.rest, -topic.size, topic.id))
    return TopicMap(tuple(made), TopicPoints(ids, fit.places[held], topics), archive.build)


def refresh_topics(archive: Archive) -> None:
    """Brings the topics up to date and keeps them."""
    before = archive.state(STATE)
    _kept.put(archive, fitted(archive, None if before is None else Fit.from_bytes(before[0])).to_bytes())


def _load(archive: Archive, payload: bytes | None) -> Fit:
    return (None if payload is None else Fit.from_bytes(payload)) or fitted(archive, None)


_kept = Kept(STATE, _load)


def _months(archive: Archive, ids: IdArray) -> Months:
    """The month each item was printed in, counted from the year 0; -1 where it is not known.

    An issue of which only the year is known, and no dated issue with a number near its own, was printed in some month
    of that year: it is counted in none, rather than all such in January.
    """
    columns = archive.facet_columns(ids)
    months = (columns.day - _EPOCH).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    dated = {issue.newsletter.casefold() for issue in archive.issues() if issue.date and issue.number is not None}
    vague = [
        issue.id
        for issue in archive.issues()
        if issue.date is None
        and issue.week is None
        and (issue.number is None or issue.newsletter.casefold() not in dated)
    ]
    months[columns.day <= 0] = -1
    if vague:
        months[np.isin(columns.issue_ids, vague)] = -1
    return months


def _counted(months: Months) -> tuple[tuple[dt.date, int], ...]:
    """How many in each month, from the first to the last, empty months included."""
    found, counts = np.unique(months[months >= 0], return_counts=True)
    if not len(found):
        return ()
    if np.diff(found).max(initial=0) <= LONGEST_GAP:
        filled = np.zeros(int(found[-1] - found[0]) + 1, dtype=np.int64)
        filled[found - found[0]] = counts
        found, counts = np.arange(found[0], found[-1] + 1), filled
    return tuple(
        (dt.date(month // 12, month % 12 + 1, 1), count)
        for month, count in zip(found.tolist(), counts.tolist(), strict=True)
    )
