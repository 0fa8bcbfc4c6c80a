"""Atom feeds (RFC 4287): the newsletter's issues, and what is new in a search or a topic.

A feed of a search answers "tell me when something new matches": items that are close to it, newest first. An entry's
id is the address of its page, which stays the same when issues are read again.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from html import escape
from typing import Annotated
from xml.etree import ElementTree

from fastapi import APIRouter, Depends, Query, Request, Response

from index.archive import Archive
from index.errors import NotFound
from index.types import FurtherLink, Issue, Item
from search.results import Ask
from search.retrieve import search
from search.topics import topic_map

from .common import archive_of, known_parameters, problems, settings_of, settled, urls_of
from .entries import Entry, entries, newest_first
from .naming import archive_name
from .params import FeedQuery
from .problems import Problem
from .urls import Urls

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 50
UNDATED = dt.date(1970, 1, 1)

router = APIRouter(tags=["Feeds"], dependencies=[Depends(known_parameters)])


@dataclass(frozen=True, slots=True)
class FeedEntry:
    title: str
    url: str
    date: dt.date
    html: str
    language: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """`url` is the feed's own address and its id, `page` the page that shows the same."""

    title: str
    url: str
    page: str
    author: str
    entries: tuple[FeedEntry, ...]

    def xml(self) -> bytes:
        root = ElementTree.Element("feed", xmlns=ATOM)
        _text(root, "id", self.url)
        _text(root, "title", self.title)
        _text(root, "updated", _instant(max((e.date for e in self.entries), default=UNDATED)))
        _text(_child(root, "author"), "name", self.author)
        _child(root, "link", rel="self", type="application/atom+xml", href=self.url)
        _child(root, "link", rel="alternate", type="text/html", href=self.page)
        for entry in self.entries:
            element = _child(root, "entry")
            if entry.language:
                element.set("xml:lang", entry.language)
            _text(element, "id", entry.url)
            _text(element, "title", entry.title)
            _text(element, "updated", _instant(entry.date))
            _text(element, "published", _instant(entry.date))
            if entry.author:
                _text(_child(element, "author"), "name", entry.author)
            _child(element, "link", rel="alternate", type="text/html", href=entry.url)
            _text(element, "content", entry.html, type="html")
        ElementTree.indent(root)
        xml: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        return xml


@router.get(
    "/feed.xml",
    operation_id="feed",
    summary="What is new, as Atom",
    response_class=Response,
    responses={
        200: {"description": "Atom.", "content": {"application/atom+xml": {"schema": {"type": "string"}}}},
        **problems("invalid", "bad-query", "not-found"),
    },
)
@settled
def feed(request: Request, query: Annotated[FeedQuery, Query()]) -> Response:
    """The newest 50 issues; or with a search the newest items that match it; or with `topic` those of a topic."""
    archive, urls, title = archive_of(request), urls_of(request), settings_of(request).title
    ask = query.ask(ENTRIES)
    searching = bool(ask.query.strip() or ask.filters)
    if query.topic is not None:
        if searching:
            raise Problem("bad-query", "Give a search or a topic, not both.", (("topic", "Without a search"),))
        made = topic_feed(archive, query.topic, urls, title)
    elif searching:
        made = search_feed(archive, ask, urls, str(request.query_params), title)
    else:
        made = issues_feed(archive, urls, title)
    return Response(made.xml(), media_type="application/atom+xml")


def issues_feed(archive: Archive, urls: Urls, title: str | None = None) -> Feed:
    """The newest issues, each with its items as a list."""
    issues = archive.issues()[:ENTRIES]
    name = title or archive_name(archive)
    made = [
        FeedEntry(
            issue.title,
            urls.issue(issue.id),
            _day(issue),
            _contents(archive.issue_items(issue.id), urls),
            issue.language,
            issue.newsletter or None,
        )
        for issue in issues
    ]
    return Feed(name, urls.feed(), urls.page("/issues"), name, tuple(made))


def search_feed(archive: Archive, ask: Ask, urls: Urls, parameters: str, title: str | None = None) -> Feed:
    """The newest works that match; none where nothing is close. `parameters` is the query string of feed and page.

    Errors: BadQuery.
    """
    answer = search(archive, ask)
    name = title or archive_name(archive)
    close = [hit.item for hit in answer.hits if hit.match != "weak"] if answer.close else []
    label = ", ".join(filter(None, (ask.query.strip(), *_conditions(ask))))
    made = _item_entries(entries(archive, close), urls)
    return Feed(f"{name}: {label}", f"{urls.feed()}?{parameters}", urls.page(f"/search?{parameters}"), name, made)


def topic_feed(archive: Archive, topic_id: int, urls: Urls, title: str | None = None) -> Feed:
    """The newest items of a topic. Errors: NotFound."""
    topic = next((topic for topic in topic_map(archive).topics if topic.id == topic_id), None)
    if topic is None:
        raise NotFound(f"There is no topic {topic_id}.")
    name = title or archive_name(archive)
    found = entries(archive, newest_first(archive, topic.item_ids, 0, ENTRIES))
    found.sort(key=lambda entry: (_day(entry.issue), entry.item.id), reverse=True)
    made = _item_entries(found, urls)
    return Feed(f"{name}: {topic.name}", urls.feed(topic=topic.id), urls.topic(topic.id), name, made)


def _conditions(ask: Ask) -> list[str]:
    """The values of the filters that are set."""
    given = [getattr(ask.filters, field.name) for field in fields(ask.filters)]
    return [" ".join(map(str, value)) if isinstance(value, tuple) else str(value) for value in given if value]


def _item_entries(found: Iterable[Entry], urls: Urls) -> tuple[FeedEntry, ...]:
    return tuple(
        FeedEntry(
            entry.item.title,
            urls.item(entry.item.id),
            _day(entry.issue),
            _item_html(entry, urls),
            entry.item.language,
            entry.issue.newsletter or None,
        )
        for entry in found
    )


def _item_html(entry: Entry, urls: Urls) -> str:
    item, issue = entry.item, entry.issue
    parts = [f"<p><strong>{escape(item.subtitle)}</strong></p>"] if item.subtitle else []
    parts += [f"<p>{escape(text)}</p>" for text in (item.summary, item.note) if text]
    if item.url:
        parts.append(f'<p><a href="{escape(item.url)}">{escape(item.url)}</a></p>')
    if beside := " · ".join(map(_further_html, item.links)):
        parts.append(f"<p>{beside}</p>")
    parts.append(f'<p><a href="{escape(urls.issue(issue.id))}">{escape(issue.title)}</a></p>')
    return "".join(parts)


def _further_html(link: FurtherLink) -> str:
    return f'<a href="{escape(link.url)}">{escape(link.text or link.url)}</a>'


def _contents(items: Sequence[Item], urls: Urls) -> str:
    return (
        "<ul>" + "".join(f'<li><a href="{escape(urls.item(i.id))}">{escape(i.title)}</a></li>' for i in items) + "</ul>"
    )


def _day(issue: Issue) -> dt.date:
    """The issue's date, or the first day of its year: always the same, so that readers do not see it anew."""
    return issue.date or (dt.date(issue.year, 1, 1) if issue.year else UNDATED)


def _instant(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _child(parent: ElementTree.Element, name: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, name, {key: _clean(value) for key, value in attributes.items()})


def _text(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    _child(parent, name, **attributes).text = _clean(text)


def _clean(text: str) -> str:
    """Without what XML 1.0 has no place for."""
    return "".join(
        c for c in text if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
