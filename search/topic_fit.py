"""Fitting the topics: the topic of every item, its place on the map, and the topics' names.

Large archives are fitted on a sample; the other items join the topic whose centre is nearest, and stand amid the
sampled items that they are most like. A fit stays until the archive has grown by a quarter: until then new items join
what is there, and nothing else moves.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.errors import ArchiveError
from index.types import FloatArray, IdArray

from .general import other_in
from .grouping import Labels, centres_of, grouped, joined, smoothed, unit
from .layout import laid_out, placed
from .naming import Named, Texts, named
from .topic_state import Fit, nothing

SAMPLE = 2000
"""Items that topics and map are fitted on."""
READ = 4000
"""Items whose texts give the names."""
REFIT = 1.25
"""Topics are fitted anew once the archive has grown or shrunk by this factor."""
CHANGED = 0.2
"""Or once so large a part of the sample has another vector."""
STEADY = 5
"""How many items of a language its mean needs to be half believed."""
FEWEST = 12
"""Below this many items there are no topics."""
MOST_TOPICS = 40
WORDS = 8
CENTRAL = 3
LOOSE = 0.4
"""A group whose members are less alike than this part of what members of a group mostly are is no topic, but a rest."""
MOST_REST = 0.25
"""The part of an archive that may be such a rest, the loosest groups first."""
_BLOCK = 4096


def fitted(archive: Archive, before: Fit | None) -> Fit:
    """The topics of the archive as it is now: those of `before` with what is new in them, or fitted anew."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    ids = archive.item_ids()
    if len(ids) < FEWEST:
        return nothing()
    with threadpool_limits(1):  # so little work is done sooner, and always alike, by one thread
        followed = _followed(archive, ids, before) if before is not None else None
        return followed or _anew(archive, ids, before)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Vectors centred language by language: a topic is what items are about, not what they are written in."""

    codes: npt.NDArray[np.int32]
    """The language of every item of the archive, parallel to its ids."""
    means: FloatArray
    """By language code; the last one is for items whose language is not known."""

    @classmethod
    def of(cls, vectors: FloatArray, rows: IdArray, codes: npt.NDArray[np.int32]) -> "_Frame":
        """The languages' means in a sample of vectors, those of the items at `rows`."""
        means = np.zeros((int(codes.max()) + 2, vectors.shape[1]), dtype=np.float32)
        for code in np.unique(codes[rows]).tolist():
            inside = vectors[codes[rows] == code]
            means[code] = inside.sum(axis=0) / (len(inside) + STEADY)
        return cls(codes, means)

    def centred(self, vectors: FloatArray, rows: IdArray) -> FloatArray:
        """Unit vectors of the items at `rows`."""
        return unit(vectors - self.means[self.codes[rows]])


def _anew(archive: Archive, ids: IdArray, before: Fit | None) -> Fit:
    rows = _spread(len(ids), SAMPLE)
    vectors = archive.space_vectors(ids[rows].tolist())
    frame = _Frame.of(vectors, rows, archive.facet_columns(ids).language.codes)
    vectors = frame.centred(vectors, rows)
    smooth = smoothed(vectors)
    start, where = _start(ids[rows], vectors, before)
    groups = grouped(smooth, _count(len(ids)), start)
    places = laid_out(smooth, where)
    sample = _Sample(rows, vectors, groups, places)
    all_groups, all_places = _all(archive, ids, frame, sample)
    whole, rest = _without_rest(vectors, groups)
    numbers = _stable_ids(ids, whole[all_groups], before, rest)
    names = _names(archive, ids, whole[all_groups])
    if rest >= 0:
        names[rest] = Named((_other(archive, ids),), ())
    return Fit(
        ids,
        numbers[whole[all_groups]].astype(np.int32),
        all_places,
        len(ids),
        ids[rows],
        groups.astype(np.int32),
        _marks(archive.vectors(ids[rows].tolist())),
        numbers[whole].astype(np.int32),
        {int(numbers[group]): name for group, name in names.items()},
        {int(numbers[group]): found for group, found in _central(sample, ids, whole).items() if group != rest},
        int(numbers[rest]) if rest >= 0 else 0,
    )


def _without_rest(vectors: FloatArray, groups: Labels) -> tuple[Labels, int]:
    """The number of each group once those that hold together loosely are one, and which that is (-1: there are none).

    Items that are like nothing else end up together; no name is right for that.
    """
    count = int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=count)
    sums = centres_of(vectors, groups, count) * sizes[:, None]
    common = ((sums**2).sum(axis=1) - sizes) / np.maximum(sizes * (sizes - 1), 1)  # the mean cosine of two members
    share = sizes / len(groups)
    order = np.argsort(common, kind="stable")
    loose = np.zeros(count, dtype=np.bool_)
    loose[order] = (common[order] < LOOSE * np.median(common)) & (np.cumsum(share[order]) <= MOST_REST)
    if count < 4 or not loose.any():
        return np.arange(count), -1
    whole = np.where(loose, count, np.arange(count))
    known, whole = np.unique(whole, return_inverse=True)
    return whole.astype(np.int64), len(known) - 1


def _spread(count: int, most: int) -> IdArray:
    """Up to `most` places out of `count`, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))


def _count(items: int) -> int:
    """How many topics: so many that each has about twice as many items as there are topics, and no more than a page."""
    return int(np.clip(round(np.sqrt(items / 2)), 2, MOST_TOPICS))


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """The items at `rows` of the archive's ids, which the others are compared with."""

    rows: IdArray
    vectors: FloatArray
    groups: Labels
    places: FloatArray

    def centres(self) -> FloatArray:
        return centres_of(self.vectors, self.groups, int(self.groups.max()) + 1)


def _start(sample: IdArray, vectors: FloatArray, before: Fit | None) -> tuple[Labels | None, FloatArray | None]:
    """Topics and places of the sample by an earlier fit, to begin a new one from."""
    if before is None or not len(before.ids):
        return None, None
    at = np.minimum(np.searchsorted(before.ids, sample), len(before.ids) - 1)
    known = before.ids[at] == sample
    if known.sum() < FEWEST:
        return None, None
    _, groups = np.unique(before.topics[at], return_inverse=True)
    groups[~known] = joined(vectors[~known], centres_of(vectors[known], groups[known], int(groups.max()) + 1))
    where = before.places[at]
    where[~known] = placed(vectors[~known], groups[~known], vectors[known], groups[known], where[known])
    return groups.astype(np.int64), where


def _all(
    archive: Archive, ids: IdArray, frame: _Frame, sample: _Sample, wanted: IdArray | None = None
) -> tuple[Labels, FloatArray]:
    """Group and place of the items at `wanted` (all when None), from the sample's, in blocks."""
    wanted = np.arange(len(ids)) if wanted is None else wanted
    groups = np.empty(len(wanted), dtype=np.int64)
    places = np.empty((len(wanted), 2), dtype=np.float32)
    slot = np.searchsorted(sample.rows, wanted)
    slot = np.where(sample.rows[np.minimum(slot, len(sample.rows) - 1)] == wanted, slot, -1)
    groups[slot >= 0], places[slot >= 0] = sample.groups[slot[slot >= 0]], sample.places[slot[slot >= 0]]
    others, centres = np.flatnonzero(slot < 0), sample.centres()
    for start in range(0, len(others), _BLOCK):
        block = others[start : start + _BLOCK]
        vectors = frame.centred(archive.space_vectors(ids[wanted[block]].tolist()), wanted[block])
        groups[block] = joined(vectors, centres)
        places[block] = placed(vectors, groups[block], sample.vectors, sample.groups, sample.places)
    return groups, places


def _followed(archive: Archive, ids: IdArray, before: Fit) -> Fit | None:
    """The earlier fit without what was removed, with what is new or changed; None when it is time for another one."""
    if before.fitted_on == 0 or not before.fitted_on / REFIT < len(ids) <= before.fitted_on * REFIT:
        return None
    held = np.isin(before.sample, ids, assume_unique=True)
    sample = before.sample[held]
    if not len(sample) or len(sample) < (1 - CHANGED) * len(before.sample):
        return None
    changed = _marks(archive.vectors(sample.tolist())) != before.marks[held]
    if changed.mean() > CHANGED:
        return None
    joins = sample[~changed]
    kept = np.isin(before.ids, np.setdiff1d(ids, sample[changed], assume_unique=True), assume_unique=True)
    old_rows = np.searchsorted(ids, before.ids[kept])
    fresh = np.setdiff1d(np.arange(len(ids)), old_rows, assume_unique=True)
    topics = np.empty(len(ids), dtype=np.int32)
    places = np.empty((len(ids), 2), dtype=np.float32)
    topics[old_rows], places[old_rows] = before.topics[kept], before.places[kept]
    if len(fresh):
        rows = np.searchsorted(ids, joins)
        vectors = archive.space_vectors(joins.tolist())
        frame = _Frame.of(vectors, rows, archive.facet_columns(ids).language.codes)
        known, groups = np.unique(before.groups[held][~changed], return_inverse=True)
        joining = _Sample(rows, frame.centred(vectors, rows), groups, places[rows])
        found, places[fresh] = _all(archive, ids, frame, joining, fresh)
        topics[fresh] = before.group_topics[known[found]]
    return replace(before, ids=ids, topics=topics, places=places)


def _marks(vectors: FloatArray) -> npt.NDArray[np.uint32]:
    return np.array([zlib.crc32(vector.tobytes()) for vector in vectors], dtype=np.uint32)


def _stable_ids(ids: IdArray, groups: Labels, before: Fit | None, rest: int) -> IdArray:
    """An id for every group: that of the earlier topic it shares most items with, otherwise a new one.

    No topic inherits from what was the rest, nor the group `rest` from a topic.
    """
    count = int(groups.max()) + 1
    numbers = np.zeros(count, dtype=np.int64)
    highest = 0
    if before is not None and len(before.ids):
        highest = int(before.topics.max())
        at = np.minimum(np.searchsorted(before.ids, ids), len(before.ids) - 1)
        known = before.ids[at] == ids
        pairs, shared = np.unique(
            np.stack([groups[known], before.topics[at][known]], axis=1), axis=0, return_counts=True
        )
        for place in np.lexsort((pairs[:, 1], pairs[:, 0], -shared)).tolist():
            group, topic = pairs[place].tolist()
            if not numbers[group] and topic not in numbers and (group == rest) == (topic == before.rest):
                numbers[group] = topic
    sizes = np.bincount(groups, minlength=count)
    for group in np.lexsort((np.arange(count), -sizes)).tolist():
        if not numbers[group]:
            highest += 1
            numbers[group] = highest
    return numbers


def _names(archive: Archive, ids: IdArray, groups: Labels) -> dict[int, Named]:
    """Each group's name."""
    rows = _spread(len(ids), READ)
    items = archive.items(ids[rows].tolist())
    rows = rows[np.isin(ids[rows], [item.id for item in items])]  # none can be gone but by another process
    texts = [". ".join(filter(None, (item.title, item.subtitle, item.summary, item.note))) for item in items]
    codes = archive.facet_columns(ids).language.codes
    raw = archive.vectors(ids[rows].tolist())
    vectors = _Frame.of(raw, rows, codes).centred(raw, rows)

    def embed(phrases: Sequence[str]) -> FloatArray:
        made = archive.embed_items(phrases)
        # Phrases share that they are short, and each script that it is one; what is left is what they mean.
        wide = np.array([any(ord(character) > 0x2E7F for character in phrase) for phrase in phrases])
        for script in (wide, ~wide):
            if script.any():
                made[script] = made[script] - made[script].mean(axis=0)
        return made

    given = Texts(texts, groups[rows], codes[rows].astype(np.int64), vectors, embed)
    try:
        found = named(given, WORDS)
    except ArchiveError:  # without the model the words alone must do
        found = named(replace(given, embed=None), WORDS)
    return {group: found.get(group) or Named((str(group),), ()) for group in range(int(groups.max()) + 1)}


def _central(sample: _Sample, ids: IdArray, whole: Labels) -> dict[int, tuple[int, ...]]:
    """The sampled items nearest to each topic's centre."""
    topics = whole[sample.groups]
    central = {}
    for topic, centre in enumerate(centres_of(sample.vectors, topics, int(whole.max()) + 1)):
        inside = np.flatnonzero(topics == topic)
        nearest = inside[np.argsort(-(sample.vectors[inside] @ centre), kind="stable")[:CENTRAL]]
        central[topic] = tuple(ids[sample.rows[nearest]].tolist())
    return central


def _other(archive: Archive, ids: IdArray) -> str:
    """What the rest is called in the language that most items are in."""
    column = archive.facet_columns(ids).language
    codes = column.codes[column.codes >= 0]
    return other_in(column.labels[int(np.bincount(codes).argmax())] if len(codes) else "")
