"""What the front page shows: the archive in figures, its newest issue, its topics, and questions to try.

Everything is made from the archive itself, so another newsletter gets a front page of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from index.archive import Archive
from index.types import Issue, Item
from search.refresh import fitted_id
from search.results import Ask, Topic
from search.retrieve import search_many

from .completing import vocabulary
from .plots import Trend, trend
from .render import View, host
from .shelf import Spine, spines
from .topography import drawn, topics

HIGHLIGHTS = 5
TOPICS = 9


@dataclass(frozen=True, slots=True)
class Example:
    """A question to try, with what it shows."""

    query: str
    why: str
    href: str


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
        highlights=[*noted, *(item for item in printed if not item.note)][:HIGHLIGHTS],
        topics=[Wander(topic, trend(topic.counts)) for topic in _topics(archive)[:TOPICS]] if issues else (),
        examples=examples(view),
    )


def examples(view: View) -> Sequence[Example]:
    """Questions that this archive answers, one for each way of asking."""
    archive = view.archive
    return [] if not archive.build.items else _examples(view, fitted_id(archive))


def warm(archive: Archive) -> None:
    """Make what the first readers would wait for: the examples, the map, the words that typing is completed from."""
    if archive.build.items:
        drawn(archive)
        vocabulary(archive, archive.generation)
        _material(archive, fitted_id(archive))


def _topics(archive: Archive) -> Sequence[Topic]:
    return [topic for topic in topics(archive).topics if not topic.rest]


def _examples(view: View, fit: str) -> Sequence[Example]:
    _ = view.language.text
    found = _material(view.archive, fit)
    how = _("by its words") if view.published else _("by meaning, in any language")
    made = [(question, how) for question in found.questions]
    if found.paper and not view.published:
        made.append((found.paper, _("a pasted link finds the item itself")))
    if found.on_site:
        made.append((found.on_site, _("only what points to one site")))
    if found.number is not None:
        made.append((f"issue:{found.number}", _("a whole issue")))
    if found.dated:
        made.append((found.dated, _("only what was printed before a year")))
    return [Example(query, why, "/search?" + urlencode({"q": query})) for query, why in made]


@dataclass(frozen=True, slots=True)
class _Material:
    """What this archive can be asked; every question in it has a strong answer here."""

    questions: tuple[str, ...] = ()
    paper: str | None = None
    on_site: str | None = None
    number: int | None = None
    dated: str | None = None


QUESTIONS = 3
_TRIED = 12
_SHORTEST, _LONGEST = 12, 52
"""Characters of a title that reads like a question; of Chinese and Japanese characters, half as many."""


@lru_cache(4)
def _material(archive: Archive, fit: str) -> _Material:  # noqa: ARG001 (the fit is the cache's key)
    issues = archive.issues()
    recent = archive.newest_items(200)
    # The middle of the largest topics first: what the newsletter often comes back to.
    central = archive.items([topic.central[0] for topic in _topics(archive) if topic.central])
    titles = [item.title for item in (*central, *recent) if _asks(item.title)]
    code = [item for item in recent if item.kind == "code" and item.url and _asks(item.title)]
    years = sorted({issue.date.year for issue in issues if issue.date})
    papers = [item.url for item in recent if item.kind == "paper" and item.url]
    questions = _answered(archive, list(dict.fromkeys(titles))[:_TRIED])[:QUESTIONS]
    sites = [f"{item.title} site:{host(item.url or '')}" for item in code[:3]]
    dated = [f"{question} before:{years[-1]}" for question in questions] if len(years) > 1 else []
    return _Material(
        questions=tuple(questions),
        paper=min(papers, key=len, default=None),  # a short link is the easier one to understand
        on_site=next(iter(_answered(archive, sites)), None),
        number=next((issue.number for issue in issues if issue.number is not None), None),
        dated=next(iter(_answered(archive, dated)), None),
    )


def _asks(title: str) -> bool:
    wide = sum(ord(character) > 0x2E7F for character in title)
    return _SHORTEST <= len(title) + wide <= _LONGEST and '"' not in title and ":" not in title


def _answered(archive: Archive, questions: Sequence[str]) -> list[str]:
    """Those of the questions that have a strong answer in the archive."""
    answers = search_many(archive, [Ask(question, limit=1) for question in questions]) if questions else []
    return [
        question
        for question, answer in zip(questions, answers, strict=True)
        if answer.close and answer.hits and answer.hits[0].match == "strong"
    ]
