"""Names for groups of texts, in the texts' own language, such that a reader would accept them.

What can be a name are noun phrases as readers write them (`phrases`, `unspaced`). A phrase names a group when many of
the group's texts hold it, when it is much rarer elsewhere (class-based TF-IDF, Grootendorst 2022, with texts counted
instead of occurrences, so that one repetitive text names nothing), when it is a noun, and when its own vector lies near
the group's centre: common verbs and turns of phrase lie near no centre.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from index.types import FloatArray

from .general import GENERAL
from .phrases import Spellings, phrases
from .unspaced import WIDE_RUN, terms

Labels = npt.NDArray[np.int64]
LIFT = 1.5
"""How much more frequent a phrase must be in its group than everywhere."""
FEWEST = 0.06
"""The part of a group that must hold a phrase."""
CONSIDERED = 24
"""Phrases of a group whose vectors are compared."""
NEARNESS = 0.5
"""How much the vectors count beside the words."""
NAMED = 3
"""Phrases in a name, at most."""
WEAKER = 0.25
"""How much less than its first phrase a name's other phrases may say."""
WHOLE = 0.25
"""How often a phrase must be used, beside its half, to be put in that half's place."""
ALIKE = 0.75
"""The cosine from which on two phrases say the same."""
STEADY = 1.0
"""Texts added to either side of a comparison, so that few texts prove little."""
SHARED_LANGUAGE = 0.25
"""The part of a group that must be in the archive's main language for its name to be in it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A group's name as its parts, and more phrases that characterise it; both most characteristic first."""

    name: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """What is to be named: texts with their group and language (any numbers).

    `vectors` (n, d) are the texts' unit vectors; `embed` makes such vectors of phrases.
    """

    texts: Sequence[str]
    groups: Labels
    languages: Labels | None = None
    vectors: FloatArray | None = None
    embed: Callable[[Sequence[str]], FloatArray] | None = None


@dataclass(frozen=True, slots=True)
class _Scored:
    key: str
    form: str
    score: float
    holding: frozenset[int]
    """The group's texts that hold it."""


@dataclass(frozen=True, slots=True)
class _Phrases:
    """The phrases of texts: which texts hold each, how it is written, and how often it is used as a noun, in 0..1."""

    holding: dict[str, frozenset[int]]
    forms: dict[str, str]
    nouns: dict[str, float]


def characteristic_words(texts: Sequence[str], groups: Labels, count: int) -> dict[int, tuple[str, ...]]:
    """For each group up to `count` phrases, most characteristic first; at least one for every group."""
    return {group: found.words for group, found in named(Texts(texts, groups), count).items()}


def named(given: Texts, count: int) -> dict[int, Named]:
    """A name and up to `count` words for every group; no two names begin alike if that can be helped."""
    candidates: dict[int, list[_Scored]] = {}
    for members, groups in _by_language(given):
        found = _read([given.texts[member] for member in members.tolist()])
        candidates |= {group: _candidates(found, given.groups[members], group) for group in groups}
    short = {group: _distinct(ranked, CONSIDERED) for group, ranked in sorted(candidates.items())}
    vectors = _embedded(short, given)
    if vectors:
        short = _near(short, given, vectors)
    firsts: set[str] = set()
    result: dict[int, Named] = {}
    # The group that a phrase says most about may begin its name with it; others look for another beginning.
    for group in sorted(short, key=lambda one: (-max((each.score for each in short[one]), default=0.0), one)):
        ranked = _different(short[group], vectors)
        if not ranked:
            result[group] = Named((str(group),), (str(group),))
            continue
        first = next((one for one in ranked if one.key not in firsts), ranked[0])
        firsts.add(first.key)
        known = {one.key: one for one in candidates[group] if one.key not in firsts}
        name = _name([first, *(one for one in ranked if one is not first)], known)
        firsts.add(name[0].key)
        words = [*name, *(one for one in ranked if one not in name)][:count]
        result[group] = Named(tuple(one.form for one in name), tuple(one.form for one in words))
    return result


def _by_language(given: Texts) -> list[tuple[npt.NDArray[np.intp], list[int]]]:
    """Which texts are read for the names of which groups: those of the archive's main language wherever a group has
    enough of them, for a list of names in one language reads best; elsewhere those of the group's own main language."""
    groups = sorted(set(given.groups.tolist()))
    if given.languages is None or not groups:
        return [(np.arange(len(given.texts)), groups)]
    main = int(Counter(given.languages.tolist()).most_common(1)[0][0])
    chosen: dict[int, list[int]] = {}
    for group in groups:
        inside = Counter(given.languages[given.groups == group].tolist())
        share = inside[main] / inside.total()
        language = main if share >= SHARED_LANGUAGE else int(inside.most_common(1)[0][0])
        chosen.setdefault(language, []).append(group)
    return [(np.flatnonzero(given.languages == language), named) for language, named in chosen.items()]


def _read(texts: Sequence[str]) -> _Phrases:
    spellings = Spellings()
    holding: dict[str, set[int]] = {}
    used: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    forms: dict[str, str] = {}
    for number, (text, wide) in enumerate(zip(texts, terms(texts), strict=True)):
        for phrase in phrases(text, spellings):
            holding.setdefault(phrase.key, set()).add(number)
            used[phrase.key] += 1
            closed[phrase.key] += phrase.closed
        for one in wide:
            if one.term not in GENERAL:
                forms[one.term] = one.term
                holding.setdefault(one.term, set()).add(number)
                used[one.term] += 1
                closed[one.term] += not one.verb
    kept = {key: frozenset(inside) for key, inside in holding.items() if len(inside) > 1}
    written = {key: forms.get(key) or spellings.of(key) for key in kept}
    return _Phrases(kept, written, {key: (closed[key] + 1) / (used[key] + 1) for key in kept})


def _candidates(found: _Phrases, groups: Labels, group: int) -> list[_Scored]:
    """The phrases that set a group apart, by words alone, best first."""
    inside, total = frozenset(np.flatnonzero(groups == group).tolist()), len(groups)
    fewest = min(len(inside), max(2, round(FEWEST * len(inside))))
    scored = []
    for key, holding in found.holding.items():
        here = holding & inside
        if len(here) < fewest:
            continue
        everywhere = len(holding) / total
        lift = (len(here) + STEADY * everywhere) / (len(inside) + STEADY) / everywhere
        if lift >= LIFT or len(here) == len(holding):
            form = found.forms[key]
            longer = 1 + 0.15 * (_parts(form) - 1)
            score = len(here) / len(inside) * math.log(max(lift, 1.05)) * _nominal(found.nouns[key]) * longer
            scored.append(_Scored(key, form, score, here))
    return _best(scored)[: 4 * CONSIDERED]


def _nominal(noun: float) -> float:
    """From how often a phrase is used as a noun to how far it is one: what is one in every other use is one."""
    return min(1.0, max(0.05, (noun - 0.1) / 0.45))


def _best(scored: list[_Scored]) -> list[_Scored]:
    return sorted(scored, key=lambda one: (-one.score, one.key))


def _parts(form: str) -> int:
    """Words of a phrase, to three; where no spaces are written, two characters are a word."""
    return min(3, (len(form) + 1) // 2 if WIDE_RUN.fullmatch(form) else len(form.split()))


def _embedded(short: dict[int, list[_Scored]], given: Texts) -> dict[str, FloatArray]:
    """The vectors of all phrases by how they are written."""
    forms = list(dict.fromkeys(one.form for found in short.values() for one in found))
    if given.embed is None or given.vectors is None or not forms:
        return {}
    return dict(zip(forms, _unit(given.embed(forms)), strict=True))


def _near(
    candidates: dict[int, list[_Scored]], given: Texts, vectors: dict[str, FloatArray]
) -> dict[int, list[_Scored]]:
    """The scores weighed by how much nearer a phrase lies to its group's centre than to the others'."""
    assert given.vectors is not None
    groups = list(candidates)
    centres = np.stack([given.vectors[given.groups == group].mean(axis=0) for group in groups])
    likeness = np.stack(list(vectors.values())) @ _unit(centres - given.vectors.mean(axis=0)).T
    likeness -= likeness.mean(axis=1, keepdims=True)
    row = {form: place for place, form in enumerate(vectors)}
    spread = max(float(likeness.std()), 1e-6)
    return {
        group: _best(
            [
                replace(one, score=one.score * math.exp(NEARNESS * float(likeness[row[one.form], place]) / spread))
                for one in candidates[group]
            ]
        )
        for place, group in enumerate(groups)
    }


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _distinct(ranked: Sequence[_Scored], count: int) -> list[_Scored]:
    """Without phrases that share words with a better one; a longer one that says about as much replaces its part."""
    chosen: list[_Scored] = []
    for one in ranked:
        rivals = [other for other in chosen if _overlap(one.key, other.key)]
        if not rivals:
            chosen.append(one)
        elif len(rivals) == 1 and _within(rivals[0].key, one.key) and len(one.holding) >= 0.6 * len(rivals[0].holding):
            chosen[chosen.index(rivals[0])] = one
        if len(chosen) >= count + 4:
            break
    return chosen[:count]


def _different(ranked: Sequence[_Scored], vectors: dict[str, FloatArray]) -> list[_Scored]:
    """Without phrases that say the same as a better one in other words."""
    chosen: list[_Scored] = []
    for one in ranked:
        if not any(_same(one.form, other.form, vectors) for other in chosen):
            chosen.append(one)
    return chosen


def _same(one: str, other: str, vectors: dict[str, FloatArray]) -> bool:
    return bool(vectors) and float(vectors[one] @ vectors[other]) >= ALIKE


def _within(part: str, whole: str) -> bool:
    if WIDE_RUN.fullmatch(part):
        return part in whole
    return f" {part} " in f" {whole} "


def _overlap(one: str, other: str) -> bool:
    """Whether two phrases share a word: in scripts without spaces, two characters; a beginning counts as well."""
    if WIDE_RUN.fullmatch(one) and WIDE_RUN.fullmatch(other):
        return any(one[at : at + 2] in other for at in range(len(one) - 1))
    words, others = one.split(), other.split()
    if set(words) & set(others):
        return True
    return len(words) == len(others) == 1 and (one.startswith(other) or other.startswith(one))


def _name(ranked: Sequence[_Scored], known: dict[str, _Scored]) -> list[_Scored]:
    """The first phrase and up to two more that say nearly as much, and mostly of other texts of the group.

    Of two halves of one `known` phrase the whole is put into the name, where it is used enough, and not both.
    """
    name, rest = [ranked[0]], list(ranked[1:])
    while rest and len(name) < NAMED:
        covered = frozenset[int]().union(*(one.holding for one in name))
        worth = [one.score * (1 - 0.5 * len(one.holding & covered) / len(one.holding)) for one in rest]
        best = int(np.argmax(worth))
        if worth[best] < WEAKER * ranked[0].score:
            break
        one = rest.pop(best)
        joined = next(
            ((place, whole) for place, other in enumerate(name) if (whole := _whole(one, other, known))), None
        )
        if joined is None:
            name.append(one)
        elif len(joined[1].holding) >= WHOLE * len(name[joined[0]].holding):
            name[joined[0]] = joined[1]
    return name


def _whole(one: _Scored, other: _Scored, known: dict[str, _Scored]) -> _Scored | None:
    """The known phrase that two are the halves of."""
    keys = (f"{a.key}{gap}{b.key}" for a, b in ((one, other), (other, one)) for gap in ("", " "))
    return next((known[key] for key in keys if key in known), None)
