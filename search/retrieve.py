"""A question answered: understood, filtered, ranked by meaning and words, calibrated, grouped by work, counted, paged.

    search -> understand -> Archive.select -> rank -> one item a work -> facets -> one page -> hits

Filters act first, so that every filter is exact. What counts as an answer is decided once, by relevance, and total,
facets and pages all speak of that one set of candidates. Searching changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.archive import Archive
from index.errors import ModelUnavailable
from index.types import Filters, FloatArray, IdArray

from .facets import by_issue, count
from .hits import Found, hits
from .paging import offset, token
from .query import merge, understand
from .rank import Query, Ranked, all_items, by_words, rank
from .refresh import Fitted, fitted
from .related import around
from .relevance import GOOD
from .results import Answer, Ask, Mode, Understood
from .target import Target, in_words, mentions
from .words import question_tokens

NEAREST = 10
"""How many are shown when nothing is close."""
MAX_LIMIT = 100
NO_MODEL = "The language model is not available here, so only words are compared."


@dataclass(frozen=True, slots=True)
class _Question:
    ask: Ask
    read: Understood
    filters: Filters
    mode: Mode
    target: Target | None = None
    """What the archive has under the link that it names, if anything: stored vectors will do then."""

    @property
    def is_listing(self) -> bool:
        """Conditions alone: everything that meets them is an answer, none better than another."""
        return not self.read.words and self.read.target is None

    @property
    def needs_model(self) -> bool:
        return bool(self.read.words) and self.mode != "keyword" and self.target is None


def search(archive: Archive, ask: Ask) -> Answer:
    """Answers a question. Errors: BadQuery, BadCursor, and what the archive raises (WrongModel, DamagedArchive, …)."""
    return search_many(archive, [ask])[0]


def search_many(archive: Archive, asks: Sequence[Ask]) -> list[Answer]:
    """The answers to several questions, whose texts go through the model together."""
    with archive.steady():
        return _search_many(archive, asks)


def _search_many(archive: Archive, asks: Sequence[Ask]) -> list[Answer]:
    questions = []
    for ask in asks:
        read = understand(ask.query)
        filters = merge(read.filters, ask.filters)
        target = mentions(archive, read.target) if read.target else None
        if target is not None and not target:
            read, target = in_words(read), None
        questions.append(_Question(ask, read, filters, ask.mode, target))
    vectors = _encode(archive, questions)
    return [
        _answer(archive, _without_model(question) if missing else question, vector)
        for question, (vector, missing) in zip(questions, vectors, strict=True)
    ]


def _encode(archive: Archive, questions: Sequence[_Question]) -> list[tuple[FloatArray | None, bool]]:
    """A vector for each question that needs one, and whether it had to do without."""
    wanted = [place for place, question in enumerate(questions) if question.needs_model]
    found: list[tuple[FloatArray | None, bool]] = [(None, False)] * len(questions)
    for passage in (False, True):
        places = [place for place in wanted if questions[place].read.passage is passage]
        if not places:
            continue
        texts = [questions[place].read.words for place in places]
        try:
            vectors = archive.embed_items(texts) if passage else archive.encoder.queries(texts)
        except ModelUnavailable:
            if any(questions[place].mode == "semantic" for place in places):
                raise  # asked for by name: words are no substitute
            for place in places:
                found[place] = (None, True)
        else:
            for row, place in enumerate(places):
                found[place] = (vectors[row : row + 1], False)
    return found


def _without_model(question: _Question) -> _Question:
    return replace(question, mode="keyword", read=replace(question.read, hints=(*question.read.hints, NO_MODEL)))


def _answer(archive: Archive, question: _Question, vector: FloatArray | None) -> Answer:
    ask, read, build = question.ask, question.read, archive.build
    fit = fitted(archive) if vector is not None or question.target else Fitted.none()
    start = offset(ask, build, fit.id)
    ranked, close = _candidates(archive, question, vector, fit)
    if question.is_listing:  # a work stands where its newest (or oldest) mention does
        ordered = _one_a_work(archive, _sorted(archive, ranked, question))
    else:
        ordered = _sorted(archive, _one_a_work(archive, ranked), question)
    limit = max(1, min(ask.limit, MAX_LIMIT))
    page = slice(start, start + limit)
    linking = {item.id for item in question.target.further} if question.target else set()
    found = [
        Found(
            id=int(id_),
            score=float(score),
            match=None if close else "weak",
            reason=question.target.reason if question.target and id_ in linking else None,
        )
        for id_, score in zip(ordered.ids[page], ordered.scores[page], strict=True)
    ]
    total = len(ordered.ids)
    if not total and (hint := _beside(archive, question.filters)):
        read = replace(read, hints=(*read.hints, hint))
    better = ranked.ids[ranked.scores >= GOOD] if close else ranked.ids
    return Answer(
        query=replace(read, filters=question.filters),
        hits=hits(archive, found, question_tokens(read.words), vector),
        total=total,
        close=close,
        facets=count(archive, ranked.ids, question.filters),
        next=token(ask, build, fit.id, start + limit) if start + limit < total else None,
        build=build,
        mode=question.mode,
        issue_counts=by_issue(archive, better),
        weaker=int((ordered.scores < GOOD).sum()) if close else 0,
    )


def _candidates(archive: Archive, question: _Question, vector: FloatArray | None, fit: Fitted) -> tuple[Ranked, bool]:
    """Everything that answers, best first, and whether anything is close."""
    read = question.read
    within = archive.select(question.filters)
    if within is not None and not len(within):
        return Ranked.empty(), False
    if question.target:
        return around(archive, question.target, fit.calibration, within), True
    if question.is_listing:
        return (all_items(within), True) if within is not None else (Ranked.empty(), True)
    if vector is None:
        ranked = by_words(archive, read.words, within)
    else:
        ranked = rank(archive, Query.of(read, vector, question.mode), fit.calibration, within)
    close = bool(len(ranked.ids)) and float(ranked.scores[0]) >= GOOD
    return (ranked if close else ranked.first(NEAREST)), close


def _beside(archive: Archive, filters: Filters) -> str | None:
    """A hint for conditions that nothing meets, where items have a link to the site beside their own."""
    if not filters.hosts or filters.links:
        return None
    found = archive.select(replace(filters, hosts=(), links=filters.hosts))
    if found is None or not len(found):
        return None
    sites = ",".join(filters.hosts)
    return f"No item's own link leads to {sites}; link:{sites} also finds further links."


def _one_a_work(archive: Archive, ranked: Ranked) -> Ranked:
    """The best item of every work, in order."""
    if not len(ranked.ids):
        return ranked
    order = np.argsort(ranked.ids, kind="stable")
    works = np.empty_like(ranked.ids)
    works[order] = archive.work_of(ranked.ids[order])
    first = np.sort(np.unique(works, return_index=True)[1])
    return Ranked(ranked.ids[first], ranked.scores[first])


def _sorted(archive: Archive, ranked: Ranked, question: _Question) -> Ranked:
    """By date if asked for, weak ones behind all others; without words always by date, newest first."""
    if not len(ranked.ids) or (question.ask.sort == "relevance" and not question.is_listing):
        return ranked
    days = _days(archive, ranked.ids)
    unknown = days == 0
    when = days if question.ask.sort == "oldest" else -days
    weak = ranked.scores < GOOD
    order = np.lexsort((ranked.ids, when, unknown, weak))
    return Ranked(ranked.ids[order], ranked.scores[order])


def _days(archive: Archive, ids: IdArray) -> IdArray:
    order = np.argsort(ids, kind="stable")
    days = np.empty(len(ids), dtype=np.int64)
    days[order] = archive.facet_columns(ids[order]).day
    return days
