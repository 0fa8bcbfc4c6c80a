"""The archive by topics: groups of items that are alike, named by their own characteristic words, on a map.

Fitted after ingest and kept with the archive. The same archive always gives the same map, and a topic keeps its id over
later fits as long as most of its items stay together. Large archives are fitted on a sample; the other items join the
topic, and stand beside the sampled items, that they are most like.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.types import FloatArray, IdArray

from .kept import Kept
from .naming import characteristic_words
from .results import Topic, TopicMap, TopicPoint

STATE = "topics"
VERSION = 1
SAMPLE = 1500
"""Items that topics and map are fitted on."""
STEADY = 5
"""How many items of a language its mean needs to be half believed."""
FEWEST = 12
"""Below this many items there are no topics."""
MOST_TOPICS = 40
WORDS = 8
NAME_WORDS = 3
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Fit:
    """What is kept: item ids with their topic and place, and each topic's words by topic id."""

    ids: tuple[int, ...]
    topics: tuple[int, ...]
    places: tuple[tuple[float, float], ...]
    words: dict[int, tuple[str, ...]]


def topic_map(archive: Archive) -> TopicMap:
    """The archive's topics, largest first, and where every item lies; fitted in memory if none are kept."""
    fit = _kept.of(archive)
    held = {item_id: place for place, item_id in enumerate(fit.ids)}
    ids = archive.item_ids()
    ids = ids[np.isin(ids, np.array(fit.ids, dtype=np.int64))]  # what was removed since is on no map
    days = dict(zip(ids.tolist(), archive.facet_columns(ids).day.tolist(), strict=True))
    members: dict[int, list[int]] = {}
    for item_id in ids.tolist():
        members.setdefault(fit.topics[held[item_id]], []).append(item_id)
    topics = [
        Topic(
            id=topic,
            name=" · ".join(fit.words[topic][:NAME_WORDS]),
            words=fit.words[topic],
            size=len(inside),
            item_ids=tuple(inside),
            counts=_months([days[item_id] for item_id in inside]),
        )
        for topic, inside in members.items()
    ]
    points = tuple(
        TopicPoint(item_id, *fit.places[held[item_id]], fit.topics[held[item_id]]) for item_id in ids.tolist()
    )
    return TopicMap(tuple(sorted(topics, key=lambda topic: (-topic.size, topic.id))), points, archive.build)


def refresh_topics(archive: Archive) -> None:
    """Fits the topics anew and keeps them."""
    before = archive.state(STATE)
    fit = _fit(archive, None if before is None else _read(before[0]))
    payload = {"version": VERSION, "ids": fit.ids, "topics": fit.topics, "places": fit.places, "words": fit.words}
    _kept.put(archive, json.dumps(payload, ensure_ascii=False).encode())


def _load(archive: Archive, payload: bytes | None) -> _Fit:
    return (None if payload is None else _read(payload)) or _fit(archive, None)


_kept = Kept(STATE, _load)


def _read(payload: bytes) -> _Fit | None:
    """What `refresh_topics` wrote; None for another version's."""
    try:
        kept = json.loads(payload)
        if kept["version"] != VERSION:
            return None
        words = {int(topic): tuple(found) for topic, found in kept["words"].items()}
        places = tuple((float(x), float(y)) for x, y in kept["places"])
        return _Fit(tuple(kept["ids"]), tuple(kept["topics"]), places, words)
    except (ValueError, KeyError, TypeError):
        return None


def _fit(archive: Archive, before: _Fit | None) -> _Fit:
    ids = archive.item_ids()
    if len(ids) < FEWEST:
        return _Fit((), (), (), {})
    sample = ids[np.unique(np.linspace(0, len(ids) - 1, min(SAMPLE, len(ids))).astype(np.int64))]
    vectors = _without_language(archive, sample)
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):  # so little work is done sooner, and always alike, by one thread
        groups = _clusters(vectors)
        places = _scaled(_map(vectors))
    if len(sample) < len(ids):
        groups, places = _spread(archive, ids, sample, groups, places)
    names = _stable_ids(ids, groups, before)
    groups = np.array([names[group] for group in groups.tolist()], dtype=np.int64)
    texts = [
        ". ".join(filter(None, (item.title, item.subtitle, item.summary, item.note)))
        for item in archive.items(sample.tolist())
    ]
    words = characteristic_words(texts, groups[np.searchsorted(ids, sample)], WORDS)
    located = tuple((round(float(x), 4), round(float(y), 4)) for x, y in places)
    return _Fit(tuple(ids.tolist()), tuple(groups.tolist()), located, words)


def _without_language(archive: Archive, ids: IdArray) -> FloatArray:
    """Vectors centred language by language: a topic is what items are about, not what they are written in."""
    vectors = archive.space_vectors(ids.tolist())
    codes = archive.facet_columns(ids).language.codes
    for code in np.unique(codes).tolist():
        rows = np.flatnonzero(codes == code)
        vectors[rows] -= vectors[rows].mean(axis=0) * len(rows) / (len(rows) + STEADY)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _clusters(vectors: FloatArray) -> Labels:
    """A group for every vector. As many groups as give each about twice as many members as there are groups."""
    from sklearn.cluster import KMeans

    count = int(np.clip(round(np.sqrt(len(vectors) / 2)), 2, MOST_TOPICS))
    return np.asarray(KMeans(count, n_init=4, random_state=0).fit_predict(vectors), dtype=np.int64)


def _map(vectors: FloatArray) -> FloatArray:
    """Places in the plane, (n, 2): neighbours stay neighbours (t-SNE, van der Maaten and Hinton 2008)."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    reduced = PCA(min(50, *vectors.shape), random_state=0).fit_transform(vectors.astype(np.float64))
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=0)
    return np.asarray(tsne.fit_transform(reduced), dtype=np.float32)


def _scaled(places: FloatArray) -> FloatArray:
    """Into 0..1, with far-off places drawn to the border."""
    low, high = np.quantile(places, (0.005, 0.995), axis=0)
    return np.asarray(np.clip((places - low) / np.maximum(high - low, 1e-9), 0, 1), dtype=np.float32)


def _spread(
    archive: Archive, ids: IdArray, sample: IdArray, groups: Labels, places: FloatArray
) -> tuple[Labels, FloatArray]:
    """From the sample to all items: each takes the group of the nearest centre, and a place amid its nearest three."""
    vectors = _without_language(archive, sample)
    centres = np.stack([vectors[groups == group].mean(axis=0) for group in range(int(groups.max()) + 1)])
    all_groups = np.empty(len(ids), dtype=np.int64)
    all_places = np.empty((len(ids), 2), dtype=np.float32)
    for start in range(0, len(ids), 10_000):
        rows = slice(start, start + 10_000)
        block = _without_language(archive, ids[rows])
        all_groups[rows] = np.argmax(block @ centres.T - (centres**2).sum(axis=1) / 2, axis=1)
        likeness = block @ vectors.T
        nearest = np.argpartition(-likeness, 3, axis=1)[:, :3]
        weights = np.maximum(np.take_along_axis(likeness, nearest, axis=1), 1e-3) ** 4
        all_places[rows] = (places[nearest] * weights[..., None]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    at = np.searchsorted(ids, sample)
    all_groups[at], all_places[at] = groups, places
    return all_groups, all_places


def _stable_ids(ids: IdArray, groups: Labels, before: _Fit | None) -> dict[int, int]:
    """An id for every group: that of the earlier topic it shares most items with, otherwise a new one."""
    earlier = dict(zip(before.ids, before.topics, strict=True)) if before else {}
    shared = Counter(
        (group, earlier[item_id])
        for item_id, group in zip(ids.tolist(), groups.tolist(), strict=True)
        if item_id in earlier
    )
    names: dict[int, int] = {}
    for (group, topic), _ in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0])):
        if group not in names and topic not in names.values():
            names[group] = topic
    fresh = max([*earlier.values(), 0]) + 1
    sizes = Counter(groups.tolist())
    for group, _ in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        if group not in names:
            names[group] = fresh
            fresh += 1
    return names


def _months(days: Sequence[int]) -> tuple[tuple[dt.date, int], ...]:
    """How many in each month, from the first to the last, empty months included; 0 is an unknown day."""
    found = Counter(dt.date.fromordinal(day).replace(day=1) for day in days if day > 0)
    if not found:
        return ()
    month, counts = min(found), []
    while month <= max(found):
        counts.append((month, found[month]))
        month = (month + dt.timedelta(days=31)).replace(day=1)
    return tuple(counts)
