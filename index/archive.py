"""The archive: one folder, `archive.sqlite` in it is the only truth, and this class the only door to it."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from . import linking, reading, rebuilding, verification
from .column_store import ColumnStore
from .database import Database
from .embedding import Embedder
from .errors import NotFound
from .pages import PageStore
from .recent import RecentItems
from .retrieval import Retrieval
from .selection import Selection
from .types import (
    Build,
    Document,
    Encoder,
    FacetColumns,
    Filters,
    FloatArray,
    IdArray,
    Issue,
    Item,
    Outcome,
    Paper,
    Postings,
    Scored,
)
from .words import Words
from .writing import Writer


class Archive:
    """A newsletter's past issues, with everything derived from them. Safe to share between threads.

    Derived arrays in memory follow the archive by its `generation`, also when another process writes.
    """

    def __init__(
        self, path: Path, encoder: Encoder | None = None, *, create: bool = False, model: str | None = None
    ) -> None:
        """Open the archive in the folder `path`, or make one there with `create`.

        The encoder is opened when first needed: the one given, or `model`, or the model that made the archive's
        vectors. Errors: NoArchive, NewerSchema, DamagedArchive, NotWritable; WrongModel once the encoder is needed.
        """
        self.path = path
        self._database = Database(path, create=create)
        self._embedder = Embedder(self._database, encoder, model)
        self._writer = Writer(self._database, self._embedder)
        self._retrieval = Retrieval(self._database, self._embedder)
        self._words = Words(self._database)
        self.pages = PageStore(self._database)
        self._columns = ColumnStore(self._database)
        self._selection = Selection(self._database, self._columns, self._words)
        self._recent = RecentItems(self._database)
        rebuilding.refresh_text(self._database)

    def close(self) -> None:
        self._retrieval.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def encoder(self) -> Encoder:
        """Errors: WrongModel when the vectors were made with another model, ModelUnavailable."""
        return self._embedder.encoder

    @property
    def generation(self) -> int:
        """Goes up with every change that a reader can see, whichever process made it."""
        return self._database.generation()

    def steady(self) -> AbstractContextManager[None]:
        """Within it, the calling thread takes the archive for unchanged but by its own writing: `generation` is read
        once and not by every call."""
        return self._database.steady()

    @property
    def build(self) -> Build:
        now = self._columns.current()
        with self._database.reading() as connection:
            model, updated = connection.execute("select model, updated from meta").fetchone()
        moment = None if updated is None else dt.datetime.fromisoformat(updated)
        return Build(now.generation, model or "", len(now.timeline.issues), len(now.ids), now.works, moment)

    @property
    def item_count(self) -> int:
        return len(self._columns.current().ids)

    # ---- writing

    def holds(self, source: str, content_hash: str) -> bool:
        """Whether exactly this document was put before and is the newest of its source."""
        with self._database.reading() as connection:
            return reading.holds(connection, source, content_hash)

    def put(self, documents: Iterable[Document]) -> Iterator[Outcome]:
        """Store documents, yielding each outcome once it is committed. Documents are read as they are needed.

        Texts are embedded many at once, and only those that the archive has no vector of. An issue that is there
        already (see `Document.aliases`) is updated: its items keep their ids, those that are gone vanish, and a copy
        from another source that is clearly shorter only fills in what was unknown. Ids that a document brings along
        are kept where they are free.
        """
        return self._writer.put(documents)

    def put_papers(self, papers: Iterable[Paper]) -> int:
        """Store what is known of papers and embed the items on them again. How many were new or different."""
        return self._writer.put_papers(papers)

    def missing_papers(self) -> list[str]:
        """The arXiv keys of items that nothing is known of yet."""
        with self._database.reading() as connection:
            return reading.missing_papers(connection)

    def papers(self, keys: Sequence[str]) -> dict[str, Paper]:
        with self._database.reading() as connection:
            return reading.papers(connection, keys)

    def reembed(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Make all vectors anew with the encoder that was asked for. How many; `progress` is told (done, all)."""
        return rebuilding.reembed(self._database, self._embedder, progress)

    def settle(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Bring what is derived from the items up to date, so that no reader has to: words, columns, vectors.

        Nearly free when nothing changed; among a million new items a matter of minutes, and what an interrupted run
        made stays. `progress` is told (steps done, all). Errors: as for `encoder`, which a first space is fitted with.
        """
        tell = progress if progress is not None else lambda done, steps: None  # noqa: ARG005
        segments = self._words.settle(lambda done, segments: tell(done, segments + 2))
        self._columns.current()
        tell(segments + 1, segments + 2)
        self._retrieval.settle()
        tell(segments + 2, segments + 2)

    def find_issue(self, aliases: Sequence[str]) -> int | None:
        """The issue that bears any of these names."""
        with self._database.reading() as connection:
            return reading.find_issue(connection, aliases)

    def origin(self, issue_id: int) -> str | None:
        """The source that an issue's present content was read from."""
        with self._database.reading() as connection:
            return reading.origin(connection, issue_id)

    def note(self, source: str, content_hash: str, issue_id: int) -> None:
        """Record a document of an issue that adds nothing to it, so that `holds` knows it."""
        self._writer.note(source, content_hash, issue_id)

    def put_state(self, name: str, payload: bytes) -> None:
        """Keep a derived result, stamped with the present generation. Changes no generation."""
        self._writer.put_state(name, payload)

    def state(self, name: str) -> tuple[bytes, int] | None:
        """A derived result and the generation it was derived from."""
        with self._database.reading() as connection:
            return reading.state(connection, name)

    def state_generation(self, name: str) -> int | None:
        """The generation that a derived result was derived from; cheap, to see whether another process renewed it."""
        with self._database.reading() as connection:
            return reading.state_generation(connection, name)

    def verify(self) -> list[str]:
        """What is wrong with the archive, in plain sentences; nothing when it is sound."""
        return verification.verify(self._database)

    # ---- reading

    def items(self, ids: Sequence[int]) -> list[Item]:
        """In the order asked for; unknown ids are left out."""
        return self._recent.items(ids)

    def item(self, id: int) -> Item:  # noqa: A002
        """Errors: NotFound."""
        found = self.items([id])
        if not found:
            raise NotFound(f"There is no item {id}.")
        return found[0]

    def issues(self, ids: Sequence[int] | None = None) -> list[Issue]:
        """In the order asked for; without ids all, newest first (see `index.chronology` for those without a date)."""
        if ids is None:
            return list(self._columns.current().timeline.newest_first)
        known = self._columns.current().timeline.issues
        return [known[id_] for id_ in map(int, ids) if id_ in known]

    def issue(self, id: int) -> Issue:  # noqa: A002
        """Errors: NotFound."""
        found = self.issues([id])
        if not found:
            raise NotFound(f"There is no issue {id}.")
        return found[0]

    def issue_items(self, issue_id: int) -> list[Item]:
        """By position."""
        with self._database.reading() as connection:
            return reading.issue_items(connection, issue_id)

    def issue_counts(self) -> dict[int, int]:
        """The number of items by issue id; issues without items are there too."""
        return dict(self._columns.issue_counts())

    def unassigned(self, issue_id: int) -> list[str]:
        """The links of an issue that went to no item."""
        with self._database.reading() as connection:
            return reading.unassigned(connection, issue_id)

    def document(self, issue_id: int) -> Document:
        """An issue with everything that was put of it, ids included. Errors: NotFound."""
        issue = self.issue(issue_id)
        with self._database.reading() as connection:
            return reading.document(connection, issue)

    def works(self, keys: Sequence[str]) -> dict[str, list[Item]]:
        """Every mention of each key that there is, oldest issue first."""
        with self._database.reading() as connection:
            found = reading.works(connection, keys)
        return self._in_time(found)

    def linking(self, keys: Sequence[str]) -> dict[str, list[Item]]:
        """Every item that has one of the keys among its further links, beside its own; oldest issue first."""
        with self._database.reading() as connection:
            found = linking.mentions(connection, keys)
        return self._in_time(found)

    def _in_time(self, found: dict[str, list[Item]]) -> dict[str, list[Item]]:
        timeline = self._columns.current().timeline
        return {key: sorted(items, key=timeline.place_of) for key, items in found.items()}

    def all_items(self, after_id: int = 0) -> Iterator[Item]:
        """Every item by id, read in portions."""
        portion = True
        while portion:
            with self._database.reading() as connection:
                found = reading.items_after(connection, after_id)
            yield from found
            portion = bool(found)
            after_id = found[-1].id if found else after_id

    def item_ids(self) -> IdArray:
        return self._columns.current().ids

    def newest_items(self, limit: int) -> list[Item]:
        """Newest issue first, each in its own order."""
        found: list[Item] = []
        for issue in self._columns.current().timeline.newest_first:
            if len(found) >= limit:
                break
            found.extend(self.issue_items(issue.id))
        return found[:limit]

    # ---- retrieval

    def select(self, filters: Filters) -> IdArray | None:
        """The items that meet all conditions, exactly; None when there is no condition.

        Texts compare without case; a host stands for its sub-domains, a language for its variants; `hosts` speaks of an
        item's own link, `links` of all that it has. An issue known by its week or year alone is after (before) a date
        only when all of that time is.
        The array is shared: it must not be written to.
        """
        return self._selection.select(filters)

    def nearest_arrays(self, vectors: FloatArray, k: int, within: IdArray | None = None) -> tuple[IdArray, FloatArray]:
        """As `nearest`, as ids and scores of shape (n, k), best first; places left over hold id -1 and score -inf."""
        return self._retrieval.nearest(vectors, k, within, questions=True)

    def nearest(self, vectors: FloatArray, k: int, within: IdArray | None = None) -> list[list[Scored]]:
        """The k items nearest to each of the questions' encoder vectors (n, d), by cosine in the archive's space."""
        return _scored(*self.nearest_arrays(vectors, k, within))

    def nearest_items(self, vectors: FloatArray, k: int, within: IdArray | None = None) -> list[list[Scored]]:
        """As `nearest`, for vectors of passages."""
        return _scored(*self._retrieval.nearest(vectors, k, within, questions=False))

    def neighbours(self, ids: Sequence[int], k: int, within: IdArray | None = None) -> list[list[Scored]]:
        """The k items nearest to each of the items, itself among them. Errors: KeyError for an unknown id."""
        return self.nearest_items(self.vectors(ids), k, within) if ids else []

    def embed_items(self, texts: Sequence[str]) -> FloatArray:
        """Passages of free text as encoder vectors, for `nearest_items`."""
        return self.encoder.passages(texts)

    def vectors(self, ids: Sequence[int]) -> FloatArray:
        """Stored vectors as the encoder made them, (len(ids), d). Errors: KeyError for an unknown id."""
        return self._retrieval.vectors(ids)

    def space_vectors(self, ids: Sequence[int]) -> FloatArray:
        """Stored vectors in the archive's space, (len(ids), d). Errors: KeyError for an unknown id."""
        return self._retrieval.space_vectors(ids)

    def neutral_vectors(self) -> FloatArray:
        """Encoder vectors of the neutral questions (m, d), computed once an archive and model."""
        return self._retrieval.neutral()

    def question_mean(self) -> FloatArray | None:
        """The mean question (d,) put to this archive, as the encoder would make it; None without vectors."""
        return self._retrieval.question_mean()

    def postings(self, tokens: Sequence[str]) -> list[Postings]:
        """Where each token (as `text.tokens` makes them) occurs; empty where it does not."""
        return self._words.postings(tokens)

    def text_lengths(self, ids: IdArray) -> FloatArray:
        """How many words each of the items has; 0 for one that vanished."""
        return self._columns.current().lengths(ids)

    @property
    def mean_text_length(self) -> float:
        """How many words an item has on average, at least 1."""
        return self._columns.mean_length()

    def facet_columns(self, ids: IdArray) -> FacetColumns:
        """What facets of these items are counted from."""
        return self._columns.current().facets(ids)

    def mentioned(self, ids: IdArray) -> IdArray:
        """How many items are about the work that each item is about, itself included."""
        return self._columns.mentioned(ids)

    def work_of(self, ids: IdArray) -> IdArray:
        """A number for the work each item is about: the same key, the same number."""
        return self._columns.current().work_of(ids)


def _scored(ids: IdArray, scores: FloatArray) -> list[list[Scored]]:
    return [
        [Scored(id_, score) for id_, score in zip(line, values, strict=True) if id_ >= 0]
        for line, values in zip(ids.tolist(), scores.tolist(), strict=True)
    ]
