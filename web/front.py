"""What the front page shows: the archive in figures, its newest issue, its topics, and questions to try.

Everything is made from the archive itself, so another newsletter gets a front page of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from index.archive import Archive
from index.types import Issue, Item
from search.results import Topic
from search.topics import topic_map

from .plots import Trend, trend
from .render import View, host
from .shelf import Spine, spines

HIGHLIGHTS = 5
TOPICS = 9


@dataclass(frozen=True, slots=True)
class Example:
    """A question to try, with what it shows. `language` is that of the question's words, where known."""

    query: str
    why: str
    href: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Wander:
    """A topic with its rise and fall."""

    topic: Topic
    trend: Trend


@dataclass(frozen=True, slots=True)
class Front:
    issues: int
    items: int
    first: int
    last: int
    """The years the archive spans; 0 when no issue says."""
    bins: Sequence[Spine]
    newest: Issue | None
    highlights: Sequence[Item]
    topics: Sequence[Wander]
    examples: Sequence[Example]


def front(view: View) -> Front:
    archive = view.archive
    issues = archive.issues()
    counts = archive.issue_counts()
    years = [issue.date.year if issue.date else issue.year for issue in issues]
    known = [year for year in years if year]
    newest = issues[0] if issues else None
    printed = archive.issue_items(newest.id) if newest else []
    noted = [item for item in printed if item.note]
    return Front(
        issues=len(issues),
        items=sum(counts.values()),
        first=min(known, default=0),
        last=max(known, default=0),
        bins=spines(issues, counts, view.language, here=newest.id if newest else None) if len(issues) > 2 else (),
        newest=newest,
        highlights=(noted or printed)[:HIGHLIGHTS],
        topics=[Wander(topic, trend(topic.counts)) for topic in _topics(archive)[:TOPICS]] if issues else (),
        examples=examples(view),
    )


def examples(view: View) -> Sequence[Example]:
    """Questions that this archive answers, one for each way of asking."""
    archive = view.archive
    return [] if not archive.build.items else _examples(view, archive.generation)


def _topics(archive: Archive) -> Sequence[Topic]:
    return sorted(topic_map(archive).topics, key=lambda topic: (-topic.size, topic.id))


def _examples(view: View, generation: int) -> Sequence[Example]:
    _ = view.language.text
    found = _material(view.archive, generation)
    made: list[tuple[str, str, str | None]] = [(text, _("by meaning, in any language"), None) for text in found.themes]
    if found.paper:
        made.append((found.paper, _("a pasted link finds the item itself"), None))
    if found.code:
        made.append((f"{found.code[0]} site:{found.code[1]}", _("only what points to one site"), None))
    if found.number is not None:
        made.append((f"issue:{found.number}", _("a whole issue"), None))
    if found.year and found.themes:
        made.append((f"{found.themes[0]} before:{found.year}", _("only what was printed before a year"), None))
    return [Example(query, why, "/search?" + urlencode({"q": query}), code) for query, why, code in made]


@dataclass(frozen=True, slots=True)
class _Material:
    themes: tuple[str, ...]
    paper: str | None
    code: tuple[str, str] | None
    number: int | None
    year: int | None


@lru_cache(4)
def _material(archive: Archive, generation: int) -> _Material:  # noqa: ARG001 (the generation is the cache's key)
    topics = _topics(archive)
    issues = archive.issues()
    recent = archive.newest_items(200)
    papers = [item.url for item in recent if item.kind == "paper" and item.url]
    paper = min(papers, key=len, default=None)  # a short link is the easier one to understand
    code = next((item.url for item in recent if item.kind == "code" and item.url), None)
    words = [" ".join(topic.words[:2]) for topic in topics if topic.words]
    years = sorted({issue.date.year for issue in issues if issue.date})
    return _Material(
        themes=tuple(words[:2]),
        paper=paper,
        code=(words[-1], host(code)) if code and words else None,
        number=next((issue.number for issue in issues if issue.number is not None), None),
        year=years[-1] if len(years) > 1 else None,
    )
