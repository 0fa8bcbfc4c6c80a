"""What surrounds an item: what the archive had before it, and what followed.

How alike two items are says `likeness`. The same work is left out, and of several versions of one story only the first
is kept: the list is chosen by maximal marginal relevance (Carbonell and Goldstein 1998), each entry for being like the
item and unlike the entries before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.archive import Archive
from index.passages import address_words
from index.products import inner_products
from index.types import FloatArray, IdArray, Issue, Item

from .hits import Found, hits
from .likeness import POOL, Subject, nearest, of_texts, of_work
from .query import understand
from .rank import Ranked
from .reasons import reason
from .refresh import fitted
from .relevance import GOOD, WEAK, Calibration
from .results import Coverage, Hit, LinkMention, Mention, Related
from .target import Target, mentions

WIDTH = 3
"""How many candidates there are for each place of the list."""
DIVERSITY = 0.1
"""The say of unlikeness in choosing the next entry."""
SAME_STORY = 0.9
"""From this cosine on, two items tell the same story."""
MOST_CHARACTERS = 10_000
"""How much of a text is read."""
SIMILAR = 3
"""How many past items a draft's item is shown at most: what is near by chance alone is no advice."""


@dataclass(frozen=True, slots=True, eq=False)
class _Anchor:
    """What a list is made for, and the works that must not appear in it."""

    subject: Subject
    item: Item | None = None
    works: frozenset[int] = frozenset()


def related(archive: Archive, item_id: int, limit: int = 10) -> Related:
    """Up to `limit` items around an item of the archive. Errors: NotFound."""
    with archive.steady():
        item = archive.item(item_id)
        subject = of_work(archive, _told(archive, item))
        return _related(archive, _Anchor(subject, item, _works(archive, [item])), limit)


def _told(archive: Archive, item: Item) -> list[Item]:
    """All mentions of the work that an item is about."""
    return (archive.works([item.key]).get(item.key, []) if item.key else []) or [item]


def _works(archive: Archive, items: Sequence[Item]) -> frozenset[int]:
    return frozenset(archive.work_of(np.unique(np.array([item.id for item in items], dtype=np.int64))).tolist())


def related_to(
    archive: Archive, *, url: str | None = None, text: str | None = None, arxiv: str | None = None, limit: int = 10
) -> Related:
    """What surrounds a link, an arXiv id or DOI, or a text; an archive's own work is answered as an item of it.

    `url` may also be an id. For a link that the archive does not know, the words of its address are compared.
    """
    pasted = url or arxiv
    if pasted:
        key = understand(pasted.strip() if url else _paper(pasted)).target
        held = mentions(archive, key) if key else None
        if key and held:
            found = related(archive, held.told[-1].id, limit)
            return found if held.own else replace(found, further_link=key)
        text = address_words(key) if key else pasted
    words = " ".join((text or "").split())
    if not words:
        return Related(None, (), (), archive.build)
    with archive.steady():
        (subject,) = of_texts(archive, [Item(1, "", summary=words[:MOST_CHARACTERS])])
        return _related(archive, _Anchor(subject), limit)


def _paper(arxiv: str) -> str:
    return f"https://arxiv.org/abs/{arxiv.strip()}"


def names_paper(arxiv: str) -> bool:
    """Whether a text is an arXiv id."""
    return (understand(_paper(arxiv)).target or "").startswith("arxiv:")


def around(archive: Archive, held: Target, fit: Calibration, within: IdArray | None) -> Ranked:
    """A pasted work as an answer, among `within`: its own items, then those that have it as a further link, each newest
    first, then its neighbours."""
    listed = [*reversed(held.own), *reversed(held.further)]
    own = np.array([item.id for item in listed], dtype=np.int64)
    near = nearest(archive, of_work(archive, held.told), fit.nulls, _works(archive, listed), within)
    others = Ranked(near.ids, np.minimum(fit.relevance(near.scores, "item"), 0.99)).at_least(WEAK)
    if within is not None:
        own = own[np.isin(own, within)]
    scores = np.concatenate([np.ones(len(own), dtype=np.float32), others.scores])
    return Ranked(np.concatenate([own, others.ids]), scores)


def check(archive: Archive, items: Sequence[Item]) -> list[Coverage]:
    """What the archive has on each item of a draft: the same work printed before, and past items worth a link."""
    if not items:
        return []
    keys = [item.key for item in items if item.key]
    works = archive.works([*keys, *(link.key for item in items for link in item.links)])
    linking = archive.linking(keys)
    found = []
    for item, subject in zip(items, of_texts(archive, items), strict=True):
        before = works.get(item.key or "") or _same_title(archive, item, subject)
        issues = {issue.id: issue for issue in archive.issues(sorted({old.issue_id for old in before}))}
        covered = tuple(Mention(old.id, issues[old.issue_id]) for old in before)
        beside = _beside(item, works, linking)
        linked = [(key, old) for key, old in beside if old.id not in {known.id for known in before}]
        issues |= {issue.id: issue for issue in archive.issues(sorted({old.issue_id for _, old in linked}))}
        told = _works(archive, [*before, *(old for _, old in linked)])
        chosen = [one for one in _chosen(archive, _Anchor(subject, None, told), SIMILAR) if one.score >= GOOD]
        found.append(
            Coverage(
                item,
                covered,
                _explained(archive, item, hits(archive, chosen)),
                tuple(LinkMention(key, old.id, issues[old.issue_id]) for key, old in linked),
            )
        )
    return found


def _beside(item: Item, works: Mapping[str, list[Item]], linking: Mapping[str, list[Item]]) -> list[tuple[str, Item]]:
    """The items that share a link with one where it is a further link of either, with that link, each item once."""
    pairs = [(item.key or "", old) for old in linking.get(item.key or "", ())]
    pairs += [(link.key, old) for link in item.links for old in works.get(link.key, ())]
    return list({old.id: (key, old) for key, old in reversed(pairs)}.values())[::-1]


def _same_title(archive: Archive, item: Item, subject: Subject) -> list[Item]:
    """For an item that has no link of the archive's: nearest items with the very same title."""
    title = item.title.casefold().strip()
    near = archive.nearest_items(subject.vector, 5)[0]
    return [old for old in archive.items([one.id for one in near]) if old.title.casefold().strip() == title]


def _related(archive: Archive, anchor: _Anchor, limit: int) -> Related:
    """The list as an answer; what surrounds a text is all earlier."""
    found = hits(archive, _chosen(archive, anchor, max(1, min(limit, POOL))))
    if anchor.item is None:
        return Related(None, found, (), archive.build)
    item = anchor.item
    order = _Order(archive.issue(item.issue_id))
    explained = _explained(archive, item, found)
    later = tuple(hit for hit in explained if order.follows(hit.issue))
    earlier = tuple(hit for hit in explained if not order.follows(hit.issue))
    return Related(item, earlier, later, archive.build)


def _chosen(archive: Archive, anchor: _Anchor, limit: int) -> list[Found]:
    """The list: relevant, each work once, without near duplicates, diverse; best first."""
    fit = fitted(archive).calibration
    near = nearest(archive, anchor.subject, fit.nulls, anchor.works)
    ids, raw = near.ids, near.scores
    scores = fit.relevance(raw, "item")
    order = np.argsort(ids)
    works = np.empty_like(ids)
    works[order] = archive.work_of(ids[order])
    seen: set[int] = set()
    kept = []
    for place, work in enumerate(works.tolist()):
        if work not in seen and scores[place] >= WEAK:
            seen.add(work)
            kept.append(place)
    if not kept:
        return []
    kept = kept[: WIDTH * limit]
    places = _diverse(raw[kept], archive.space_vectors(ids[kept].tolist()), limit)
    picked = sorted((kept[place] for place in places), key=lambda place: (-raw[place], ids[place]))
    return [Found(int(ids[place]), float(scores[place])) for place in picked]


def _diverse(scores: FloatArray, vectors: FloatArray, limit: int) -> list[int]:
    """Maximal marginal relevance over candidates that come best first; the same story is told once."""
    if not len(scores):
        return []
    likeness = inner_products(vectors, vectors)
    chosen: list[int] = []
    left = list(range(len(scores)))
    while left and len(chosen) < limit:
        nearest = [float(likeness[place, chosen].max()) if chosen else 0.0 for place in left]
        left = [place for place, near in zip(left, nearest, strict=True) if near < SAME_STORY]
        nearest = [near for near in nearest if near < SAME_STORY]
        if not left:
            break
        gains = [(1 - DIVERSITY) * float(scores[p]) - DIVERSITY * near for p, near in zip(left, nearest, strict=True)]
        best = left[int(np.argmax(gains))]
        chosen.append(best)
        left.remove(best)
    return chosen


def _explained(archive: Archive, item: Item, found: Sequence[Hit]) -> tuple[Hit, ...]:
    papers = archive.papers([item.key]) if item.key else {}
    paper = papers.get(item.key or "")
    return tuple(replace(hit, reason=reason(item, paper, hit)) for hit in found)


class _Order:
    """Before or after an issue: by date as far as it is known, otherwise by number. The same issue is not after."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue

    def follows(self, other: Issue) -> bool:
        if other.id == self.issue.id:
            return False
        mine, theirs = _when(self.issue), _when(other)
        if mine and theirs and mine != theirs:
            return theirs > mine
        if self.issue.number is not None and other.number is not None:
            return other.number > self.issue.number
        return other.id > self.issue.id


def _when(issue: Issue) -> tuple[int, int] | None:
    """A place in time that issues with a date and issues with a year and week share."""
    if issue.date is not None:
        calendar = issue.date.isocalendar()
        return calendar.year, calendar.week
    return (issue.year, issue.week or 0) if issue.year else None
