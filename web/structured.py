"""schema.org descriptions of items, works and issues, for `application/ld+json` blocks (data, never run)."""

from collections.abc import Sequence
from typing import Any

from index.types import FurtherLink, Issue, Item, Paper

from .entries import Entry
from .render import View, outward
from .works import Work

_KINDS = {"paper": "ScholarlyArticle", "code": "SoftwareSourceCode", "video": "VideoObject", "dataset": "Dataset"}


def item(view: View, entry: Entry) -> dict[str, Any]:
    """What the newsletter printed: a part of its issue, about the thing it points to."""
    printed = entry.item
    return _without_gaps(
        {
            "@context": "https://schema.org",
            "@type": "Article",
            "@id": f"{view.base}/items/{printed.id}",
            "headline": printed.title,
            "articleBody": printed.summary,
            "articleSection": printed.section,
            "inLanguage": printed.language,
            "datePublished": entry.issue.date.isoformat() if entry.issue.date else None,
            "isPartOf": _issue(view, entry.issue),
            "about": _thing(printed, entry.paper),
            "mentions": [_linked(link) for link in printed.links if outward(link.url)] or None,
        }
    )


def work(view: View, told: Work) -> dict[str, Any]:
    """The thing itself, and every issue that speaks of it."""
    return {
        "@context": "https://schema.org",
        **_thing(told.item, told.paper),
        "subjectOf": [_issue(view, entry.issue) for entry in told.mentions or told.linked_by],
    }


def issue(view: View, printed: Issue, items: Sequence[Item]) -> dict[str, Any]:
    """An issue with its items in order."""
    parts = [{"@type": "Article", "@id": f"{view.base}/items/{part.id}", "headline": part.title} for part in items]
    return {"@context": "https://schema.org", **_issue(view, printed), "hasPart": parts}


def _issue(view: View, printed: Issue) -> dict[str, Any]:
    return _without_gaps(
        {
            "@type": "PublicationIssue",
            "@id": f"{view.base}/issues/{printed.id}",
            "name": printed.title,
            "issueNumber": printed.number,
            "datePublished": printed.date.isoformat() if printed.date else None,
            "inLanguage": printed.language,
            "sameAs": outward(printed.url),
            "isPartOf": {"@type": "Periodical", "name": printed.newsletter or view.title},
        }
    )


def _linked(link: FurtherLink) -> dict[str, Any]:
    return _without_gaps({"@type": _KINDS.get(link.kind, "WebPage"), "name": link.text, "url": link.url})


def _thing(printed: Item, paper: Paper | None) -> dict[str, Any]:
    thing: dict[str, Any] = {
        "@type": _KINDS.get(printed.kind, "WebPage"),
        "name": printed.subtitle or printed.title,
        "url": outward(printed.url),
    }
    if paper:
        thing |= {
            "name": paper.title,
            "abstract": paper.abstract or None,
            "author": [{"@type": "Person", "name": name} for name in paper.authors] or None,
            "datePublished": paper.published.isoformat() if paper.published else None,
        }
    return _without_gaps(thing)


def _without_gaps(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
