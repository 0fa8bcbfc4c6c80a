"""Plots drawn on the server as plain SVG geometry; the templates put the numbers into shapes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.types import FloatArray
from search.results import TopicMap

WIDTH, HEIGHT = 240, 48
MOST_POINTS = 240
"""Points of a trend; over longer times, months are taken together: one wrong date may make it centuries."""
MAP_POINTS = 3000
"""At most so many points are drawn, evenly chosen: more could not be told apart, and would make the page heavy."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A series of monthly counts as one filled outline. `peak` is the highest month and its count."""

    area: str
    line: str
    first: dt.date | None
    last: dt.date | None
    peak: tuple[dt.date, int] | None


def trend(counts: Sequence[tuple[dt.date, int]], span: tuple[dt.date, dt.date] | None = None) -> Trend:
    """The counts over `span` (their own first to last month when None), missing months as zero."""
    series = dict(counts)
    if not series:
        return Trend("", "", None, None, None)
    first, last = span or (min(series), max(series))
    start, months = _number(first), _number(last) - _number(first) + 1
    width = -(-months // MOST_POINTS)
    values = [0] * -(-months // width)
    for month, count in series.items():
        values[(_number(month) - start) // width] += count
    most = max(values) or 1
    step = WIDTH / max(1, len(values) - 1)
    points = [(at * step, HEIGHT - 2 - value / most * (HEIGHT - 6)) for at, value in enumerate(values)]
    if len(points) == 1:
        points = [(0.0, points[0][1]), (float(WIDTH), points[0][1])]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    peak = max(series.items(), key=lambda pair: (pair[1], pair[0]))
    return Trend(f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}", line, first, last, peak)


@dataclass(frozen=True, slots=True)
class Dot:
    item_id: int
    x: int
    y: int
    hue: int


@dataclass(frozen=True, slots=True)
class Name:
    """A topic's name on the map, at the middle of its points."""

    topic_id: int
    text: str
    x: int
    y: int
    hue: int
    rank: str = ""
    """`first` where it has room even on a small screen, `minor` where it has none until one zooms in."""


@dataclass(frozen=True, slots=True)
class Map:
    dots: Sequence[Dot]
    names: Sequence[Name]
    total: int

    def hue(self, topic_id: int) -> int:
        """The colour of a topic's points."""
        return next((name.hue for name in self.names if name.topic_id == topic_id), 0)


HUES = 8
"""Colours of the palette (Okabe and Ito's, which colour-blind readers tell apart); larger topics get them first."""


def draw(found: TopicMap) -> Map:
    """The map's points and names in SVG units; topics beyond the palette share its neutral colour, hue 0."""
    order = [topic for topic in found.topics if not topic.rest]
    hues = {topic.id: at + 1 if at < HUES else 0 for at, topic in enumerate(order)}
    points = found.points
    drawn = slice(None, None, max(1, -(-len(points) // MAP_POINTS)))
    spots = np.rint(20 + points.places[drawn] * (1460, 960)).astype(np.int64).tolist()
    parts = zip(points.item_ids[drawn].tolist(), spots, points.topics[drawn].tolist(), strict=True)
    dots = [Dot(item_id, x, y, hues.get(topic, 0)) for item_id, (x, y), topic in parts]
    rows = {topic.id: np.flatnonzero(points.topics == topic.id) for topic in order}
    names = [
        Name(topic.id, topic.name, *_thickest(points.places[rows[topic.id]]), hues[topic.id])
        for topic in order
        if len(rows[topic.id])
    ]
    return Map(dots, _placed(names), len(points))


_REACH = 0.05
"""How far, as a part of the map, points stand together."""
_COMPARED = 200
_LETTER, _LETTER_SMALL = 23, 58
"""Height of the names in SVG units, on a wide and on a narrow screen (the stylesheet's sizes)."""


def _placed(names: Sequence[Name]) -> list[Name]:
    """The names moved apart, in the order of their topics' size: a little up or down, or left for a closer look."""
    taken: list[tuple[float, float, float, float]] = []
    small: list[tuple[float, float, float, float]] = []
    placed = []
    for name in names:
        for shift in (0, -1, 1, -2, 2, -3, 3):
            moved = _inside(replace(name, y=name.y + shift * 14))
            if 20 < moved.y < 980 and _free(box := _box(moved, _LETTER), taken):
                taken.append(box)
                box = _box(moved, _LETTER_SMALL)
                if box[0] >= 0 and box[2] <= 1500 and _free(box, small):
                    small.append(box)
                    moved = replace(moved, rank="first")
                placed.append(moved)
                break
        else:
            placed.append(replace(_inside(name), rank="minor"))
    return placed


def _inside(name: Name) -> Name:
    """A name at the map's border moved until all of it can be read, on a small screen if there is room for that."""
    for letter in (_LETTER_SMALL, _LETTER):
        left, _, right, _ = _box(name, letter)
        if right - left <= 1480:
            break
    return replace(name, x=name.x + round(max(0, 10 - left) - max(0, right - 1490)))


def _box(name: Name, letter: int) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a name; CJK characters are as wide as high, others half of that."""
    half = sum(1.0 if ord(character) > 0x2E7F else 0.52 for character in name.text) * letter / 2
    return name.x - half, name.y - letter, name.x + half, name.y + letter * 0.3


def _free(box: tuple[float, float, float, float], taken: Sequence[tuple[float, float, float, float]]) -> bool:
    return all(box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1] for other in taken)


def _thickest(places: FloatArray) -> tuple[int, int]:
    """Where most of a topic's points (n, 2) lie: the middle of two clumps would be in neither."""
    sample = places[:: max(1, len(places) // _COMPARED)]
    near = ((sample[:, None] - sample[None]) ** 2).sum(axis=2)
    x, y = sample[int(np.argmax(np.exp(-near / (2 * _REACH**2)).sum(axis=1)))].tolist()
    return round(20 + x * 1460), round(min(975, max(30, 20 + y * 960)))


def _number(date: dt.date) -> int:
    return date.year * 12 + date.month - 1
