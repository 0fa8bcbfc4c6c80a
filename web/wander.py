"""The topics: their map, each one's items, and how they rose and fell."""

import datetime as dt

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from index.errors import NotFound
from search.results import Topic

from .common import settled
from .entries import entries, newest_first
from .front import Wander
from .plots import trend
from .render import render, view
from .topography import drawn, topics

router = APIRouter(include_in_schema=False)
PAGE = 40
LISTED = 60
"""So many topics stand on the page of all topics, the largest ones."""


@router.get("/topics")
@settled
def topics_page(request: Request) -> Response:
    here = view(request)
    found = topics(here.archive)
    largest = found.topics[:LISTED]
    span = _span(found.topics)
    wanders = [Wander(topic, trend(topic.counts, span)) for topic in largest]
    return render(request, "topics", {"topics": wanders, "map": drawn(here.archive), "canonical": "/topics"})


@router.get("/topics/titles.json")
@settled
def titles(request: Request) -> Response:
    """The titles of the points that the map draws, by item id; asked for when a reader first touches the map."""
    archive = view(request).archive
    ids = [dot.item_id for dot in drawn(archive).dots]
    return Response(
        orjson.dumps({str(item.id): item.title for item in archive.items(ids)}), media_type="application/json"
    )


@router.get("/topics/{topic_id}")
@settled
def topic_page(request: Request, topic_id: int, page: int = 1) -> Response:
    here = view(request)
    found = topics(here.archive)
    topic = next((topic for topic in found.topics if topic.id == topic_id), None)
    if topic is None:
        raise NotFound(f"There is no topic {topic_id} now; topics are found anew when the archive has grown.")
    count = len(topic.item_ids)
    at = (max(1, min(page, -(-count // PAGE))) - 1) * PAGE
    values = {
        "topic": topic,
        "shown": entries(here.archive, newest_first(here.archive, topic.item_ids, at, PAGE)),
        "trend": trend(topic.counts, _span(found.topics)),
        "next_page": at // PAGE + 2 if at + PAGE < count else None,
        "canonical": f"/topics/{topic.id}" + (f"?page={at // PAGE + 1}" if at else ""),
    }
    return render(request, "topic", values)


def _span(topics: tuple[Topic, ...]) -> tuple[dt.date, dt.date] | None:
    """The months that all topics' plots share, so that they can be compared."""
    months = [month for topic in topics for month, _ in topic.counts]
    return (min(months), max(months)) if months else None
