"""Items with all that is shown beside them, fetched in a fixed number of questions to the archive."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.archive import Archive
from index.types import IdArray, Issue, Item, Paper
from search.results import Mention


@dataclass(frozen=True, slots=True)
class Entry:
    """An item, the issue it was printed in, the other mentions of the same work (oldest first) and its paper."""

    item: Item
    issue: Issue
    also_in: tuple[Mention, ...] = ()
    paper: Paper | None = None


def entries(archive: Archive, items: Sequence[Item]) -> list[Entry]:
    """`items` in their order, each completed; four statements however many there are."""
    keys = list({item.key: None for item in items if item.key is not None})
    works = archive.works(keys) if keys else {}
    papers = archive.papers(keys) if keys else {}
    wanted = {item.issue_id for item in items} | {m.issue_id for mentions in works.values() for m in mentions}
    issues = {issue.id: issue for issue in archive.issues(sorted(wanted))} if wanted else {}
    return [
        Entry(
            item,
            issues[item.issue_id],
            tuple(Mention(m.id, issues[m.issue_id]) for m in works.get(item.key or "", ()) if m.id != item.id),
            papers.get(item.key or ""),
        )
        for item in items
    ]


def newest_first(archive: Archive, ids: IdArray, at: int, count: int) -> list[Item]:
    """`count` of the items from place `at` on, newest issue first, in each as printed.

    Only items of the issues that are shown are read: there may be tens of thousands.
    """
    newest = np.array([issue.id for issue in archive.issues()], dtype=np.int64)  # also where dates are missing
    by_id = np.argsort(newest)
    issue_ids = archive.facet_columns(ids).issue_ids
    ids, issue_ids = ids[held := np.isin(issue_ids, newest)], issue_ids[held]
    ranks = by_id[np.searchsorted(newest, issue_ids, sorter=by_id)]
    page = np.sort(ranks)[at : at + count]
    if not len(page):
        return []
    first, last = int(page[0]), int(page[-1])
    shown = ids[(ranks >= first) & (ranks <= last)]
    rank_of = {int(newest[rank]): rank for rank in range(first, last + 1)}
    items = sorted(archive.items(shown.tolist()), key=lambda item: (rank_of[item.issue_id], item.position))
    skipped = at - int((ranks < first).sum())
    return items[skipped : skipped + count]
