"""From ids and scores to what is shown: whole items with their issue, other mentions and paper, read in a few
statements however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.archive import Archive
from index.types import FloatArray, Item

from .carrying import carrying
from .highlight import highlights
from .relevance import band
from .results import Band, Hit, Mention


@dataclass(frozen=True, slots=True)
class Found:
    """An item that was found. `match` overrules the band that the score would have."""

    id: int
    score: float
    match: Band | None = None
    reason: str | None = None


def hits(
    archive: Archive, found: Sequence[Found], asked: Sequence[str] = (), question: FloatArray | None = None
) -> tuple[Hit, ...]:
    """The hits in the order given; `asked` are the question's tokens, for the marks, and `question` (1, d) is its
    vector, for the sentence that carried an answer without any."""
    items = {item.id: item for item in archive.items([one.id for one in found])}
    keys = [item.key for item in items.values() if item.key]
    ids = np.array(sorted(items), dtype=np.int64)
    again = set(ids[archive.mentioned(ids) > 1].tolist())  # hardly any work is mentioned twice
    works = archive.works([item.key for item in items.values() if item.key and item.id in again]) if again else {}
    mentions = [other for others in works.values() for other in others]
    issues = {
        issue.id: issue for issue in archive.issues(sorted({item.issue_id for item in (*items.values(), *mentions)}))
    }
    marked = {item.id: highlights(item, asked) if asked else () for item in items.values()}
    if question is not None:
        unmarked = [item for item in items.values() if not marked[item.id]]
        marked |= {id_: (light,) for id_, light in carrying(archive, question, unmarked).items()}
    papers = archive.papers([key for key in keys if key.startswith(("arxiv:", "doi:"))])

    def also(item: Item) -> tuple[Mention, ...]:
        others = works.get(item.key or "", [])
        return tuple(Mention(other.id, issues[other.issue_id]) for other in others if other.id != item.id)

    return tuple(
        Hit(
            item=items[one.id],
            issue=issues[items[one.id].issue_id],
            score=round(float(one.score), 4),
            match=one.match or band(one.score),
            highlights=marked[one.id],
            also_in=also(items[one.id]),
            reason=one.reason,
            paper=papers.get(items[one.id].key or ""),
        )
        for one in found
        if one.id in items
    )
