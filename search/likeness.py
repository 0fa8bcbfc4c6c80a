"""How much two items are alike: in their vectors, in what their sentences say, and in their words.

One vector of a whole item blurs what it is about with how it is told. So among the nearest by vector the order is made
from three likenesses: the cosine; for every sentence of either side the best sentence of the other, on average; and the
cosine of the words, rare ones counting most (TF-IDF, Salton and Buckley 1988), which finds the same subject under
another theme. Each counts by how far it stands above what any two items of this archive have in common. What is alike
to the best few is then preferred (pseudo-relevance feedback, Rocchio 1971). `benchmarks/quality.md` has what each gave.
All of it is read from what is kept: no text is embedded for an item of the archive.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.archive import Archive
from index.passages import passage
from index.products import inner_products
from index.text import tokens
from index.types import FloatArray, IdArray, Item

from .rank import Ranked, arrays, ordered
from .relevance import BORDER, Null
from .sentences import comparable, parts
from .words import FUNCTION_WORDS

POOL = 80
"""How many of the nearest by vector are put in order."""
SENTENCES, WORDS, FEEDBACK = 0.7, 0.5, 0.3
"""What the sentences, the words, and the likeness to the best few count, beside 1 for the vectors."""
FIRST = 5
"""How many of the best say what the others should be like."""
HEAD = 32
"""How many of the best are put in order once more by that; few vectors, because more are not multiplied alone."""
LIKELY = 0.7
"""Where the sentences of an item are not kept: how far they would stand out, as a share of how far its vector does."""
MOST_SENTENCES = 12
"""Sentences of a text that are compared."""
_SAMPLE = 40


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is compared. `vector` (1, d) is the encoder's; `sentences` (s, d) are in the space of `comparable`; `words`
    has how often each token occurs."""

    vector: FloatArray
    sentences: FloatArray
    words: Mapping[str, int]


def of_work(archive: Archive, mentions: Sequence[Item]) -> Subject:
    """A work as all its mentions tell of it: what they have in common says what it is, where one of them may be a
    passing remark."""
    ids = sorted({item.id for item in mentions})
    vectors = np.asarray(archive.vectors(ids).mean(axis=0, keepdims=True), dtype=np.float32)
    found, _ = comparable(archive).of(np.array(ids, dtype=np.int64))
    return Subject(vectors, found, _words(" ".join(passage(item) for item in mentions)))


def of_texts(archive: Archive, items: Sequence[Item]) -> list[Subject]:
    """Items that the archive does not hold (a text is a title), which go through the model together."""
    pieces = [list(dict.fromkeys(parts(item)))[:MOST_SENTENCES] for item in items]
    whole = [passage(item) for item in items]
    vectors = archive.embed_items([*whole, *(piece for some in pieces for piece in some)])
    space = comparable(archive)
    found, start = [], len(items)
    for place, some in enumerate(pieces):
        told = space.embedded(vectors[start : start + len(some)])
        found.append(Subject(vectors[place : place + 1], told, _words(whole[place])))
        start += len(some)
    return found


def nearest(
    archive: Archive, subject: Subject, nulls: Mapping[str, Null], own: frozenset[int], within: IdArray | None = None
) -> Ranked:
    """What is most like a subject, best first, without the works `own`; scores are comparable to cosines."""
    ids, cosines = arrays(archive.nearest_items(subject.vector, POOL, within)[0])
    if len(ids) and own:
        order = np.argsort(ids)
        foreign = np.empty(len(ids), dtype=bool)
        foreign[order] = ~np.isin(archive.work_of(ids[order]), list(own))
        ids, cosines = ids[foreign], cosines[foreign]
    if not len(ids) or "mixed" not in nulls:
        return ordered(ids, cosines)
    mixed = _mixed(nulls, cosines, _by_sentences(archive, subject, ids), _by_words(archive, subject, ids))
    scale = _plain(nulls["item"])
    order = np.lexsort((ids, -mixed))
    head = order[:HEAD]
    vectors = archive.space_vectors(ids[head].tolist())
    near = scale.above(inner_products(vectors, vectors[:FIRST]))
    near[np.arange(near.shape[1]), np.arange(near.shape[1])] = 0  # none of them speaks for itself
    others = near.shape[1] - (np.arange(len(head)) < near.shape[1])
    mixed[head] += FEEDBACK * near.sum(axis=1) / np.maximum(others, 1)
    scores = scale.centre + scale.spread * nulls["mixed"].above(mixed)
    order[:HEAD] = head[np.lexsort((ids[head], -mixed[head]))]
    scores = np.minimum.accumulate(scores[order])  # what is behind the head stays behind it
    return Ranked(ids[order], np.asarray(scores, dtype=np.float32))


def fit_nulls(archive: Archive, sample: IdArray) -> dict[str, Null]:
    """How alike any two items are, each way, and two spreads above that is where "good" begins."""
    vectors = archive.space_vectors(sample.tolist())
    cosines = vectors @ vectors.T
    apart = cosines[np.triu_indices(len(sample), 1)]
    if len(apart) < 100:
        return {"item": Null()}
    scale = _of(apart)
    found = {"item": replace(scale, centre=scale.centre + (2 - BORDER) * scale.spread)}
    rows = np.unique(np.linspace(0, len(sample) - 1, min(_SAMPLE, len(sample))).astype(np.int64))
    subjects = [of_work(archive, [item]) for item in archive.items(sample[rows].tolist())]
    others = ~np.eye(len(sample), dtype=bool)[rows]
    told = np.stack([_by_sentences(archive, subject, sample) for subject in subjects])
    shared = np.stack([_by_words(archive, subject, sample) for subject in subjects])
    found["sentences"] = _of(told[others & ~np.isnan(told)])
    found["words"] = _of(shared[others])
    mixed = np.where(others, _mixed(found, cosines[rows], told, shared), -np.inf)
    # The best of all ways together stand out further than the best of one; what is good should be so either way.
    best = scale.above(np.where(others, cosines[rows], -1).max(axis=1)).mean()
    centre = float(mixed[others].mean())
    found["mixed"] = Null(centre, max(float(mixed.max(axis=1).mean() - centre) / max(float(best), 0.01), 0.01))
    return found


def _of(likeness: FloatArray) -> Null:
    if not len(likeness):
        return Null()
    return Null(float(likeness.mean()), max(float(likeness.std()), 0.01))


def _plain(item: Null) -> Null:
    """The mean and spread of any two items' cosines, from the null that has its border at "good"."""
    return replace(item, centre=item.centre - (2 - BORDER) * item.spread)


def _mixed(nulls: Mapping[str, Null], cosines: FloatArray, told: FloatArray, shared: FloatArray) -> FloatArray:
    near = _plain(nulls["item"]).above(cosines)
    told = np.where(np.isnan(told), LIKELY * near, nulls["sentences"].above(told))
    return np.asarray(near + SENTENCES * told + WORDS * nulls["words"].above(shared), dtype=np.float32)


def _by_sentences(archive: Archive, subject: Subject, ids: IdArray) -> FloatArray:
    """For every sentence of either side the best of the other side's, on average; NaN where none are kept."""
    vectors, counts = comparable(archive).of(ids)
    found = np.full(len(ids), np.nan, dtype=np.float32)
    if not len(vectors) or not len(subject.sentences):
        return found
    alike = inner_products(subject.sentences, vectors)
    held = counts > 0
    starts = (np.cumsum(counts) - counts)[held]
    there = np.maximum.reduceat(alike, starts, axis=1).mean(axis=0)
    back = np.add.reduceat(alike.max(axis=0), starts) / counts[held]
    found[held] = (there + back) / 2
    return found


def _by_words(archive: Archive, subject: Subject, ids: IdArray) -> FloatArray:
    """The share of the subject's weight in words that items have, longer ones discounted."""
    found = np.zeros(len(ids), dtype=np.float32)
    total, own = archive.item_count, 0.0
    order = np.argsort(ids)
    ascending = ids[order]
    for posting in archive.postings(list(subject.words)):
        holding = len(posting)
        if not holding:
            continue
        rarity = math.log(1 + (total - holding + 0.5) / (holding + 0.5))
        weight = rarity * rarity * math.log1p(subject.words[posting.token])
        own += weight * math.log1p(subject.words[posting.token])
        found[order] += np.float32(weight) * np.log1p(posting.at(ascending))
    if not own:
        return found
    lengths = archive.text_lengths(ids)
    length = max(sum(subject.words.values()), 1)
    return np.asarray(found / np.float32(own) * np.sqrt(length / np.maximum(lengths, 1)), dtype=np.float32)


def _words(text: str) -> Counter[str]:
    """The tokens of a text that may carry its subject; a lone character of an unspaced script is none."""
    return Counter(
        token for token in tokens(text) if token not in FUNCTION_WORDS and (token.isascii() or len(token) > 1)
    )
