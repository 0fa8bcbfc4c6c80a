"""Items with all that is shown beside them, fetched in a fixed number of questions to the archive."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.archive import Archive
from index.types import Issue, Item, Paper
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
