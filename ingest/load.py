"""The loop that brings issues into an archive: find, skip what is held, parse, put; and the report of all that.

A bad document never stops the rest, and an interrupted run loses nothing that was committed: pages fetched are kept
as they come, and what the archive holds already is skipped by the hash of its bytes before it is parsed.
"""

import datetime as dt
import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any

from index.archive import Archive
from index.types import Document, Outcome

from .naming import newsletter_name
from .options import KINDS, Fetching, Options, Services
from .progress import Progress, Quiet
from .report import History, Report, Row, Status, row_of
from .sources.finish import NotAnIssue, finish, named
from .sources.found import Context, Failure, Found
from .sources.opening import on_disk, open_all

__all__ = ["KINDS", "Failure", "Fetching", "Options", "Report", "Services", "as_json", "ingest", "parse_sources"]

_TITLES = 100
"""How many titles are looked at to find a newsletter's name."""
_TITLES_FETCHED = 12
"""The same for pages from the web, which come slowly: nothing is committed while titles are gathered."""


def ingest(
    archive: Archive, specs: Iterable[str], options: Options | None = None, progress: Progress | None = None
) -> Report:
    """Puts every issue of the sources into the archive and returns (and keeps there) the report.

    `specs` are paths, globs, URLs, `wayback:SITE` or `sample`. Errors of single documents or sources become rows of
    the report; errors of the archive itself (`index.errors.ArchiveError`) are raised. Ctrl-C ends the run cleanly:
    the report so far is returned with `interrupted` set, and the next run goes on from there.
    """
    run = _Run(archive, tuple(specs), options or Options(), progress or Quiet())
    try:
        for outcome in archive.put(run.documents()):
            run.committed(outcome)
    except KeyboardInterrupt:
        run.report.interrupted = True
    finally:
        run.close()
    return run.finished()


def parse_sources(
    specs: Iterable[str], options: Options | None = None, progress: Progress | None = None
) -> Iterator[Document | Failure]:
    """The issues of the sources as parsed, without an archive or a model; pages are fetched anew."""
    progress = progress or Quiet()
    context = Context(options, progress)
    try:
        for found in open_all(specs, context):
            if isinstance(found, Failure):
                yield found
                continue
            yield _parsed(found, _hash(found, context.options), context.options)
            progress.parsed(found.source)
    finally:
        context.close()
        progress.done()


def as_json(document: Document) -> dict[str, Any]:
    """A parsed issue in the shape that `backissues parse` prints, one object an issue; unknown values are None."""
    issue = document.issue
    head = {
        "title": issue.title,
        "number": issue.number,
        "date": issue.date.isoformat() if issue.date else None,
        "year": issue.year,
        "week": issue.week,
        "url": issue.url,
        "language": issue.language,
    }
    names = ("position", "section", "title", "subtitle", "summary", "note", "url", "key", "kind", "image")
    items = [
        {name: getattr(item, name) for name in names} | {"further_links": [asdict(link) for link in item.links]}
        for item in document.items
    ]
    return {"issue": head, "items": items, "unassigned": list(document.unassigned)}


class _Run:
    """The state of one ingest. Documents go into the archive in order, so the outcomes come back in that order.

    Which of several copies of an issue (feed, export) is the one to keep is the archive's decision.
    """

    def __init__(self, archive: Archive, specs: tuple[str, ...], options: Options, progress: Progress) -> None:
        self.archive = archive
        self.options = options
        self.progress = progress
        self.report = Report(specs=specs)
        self.history = History.load(archive)
        self.seen: set[str] = set()
        self.unnamed: list[Document] = []
        self.name: str | None = None
        """The newsletter of this source's issues that do not say it themselves; None while it is not known."""
        self.held: list[int] = []
        self.pending: deque[tuple[Document, str, list[str] | None]] = deque()
        self.context = Context(options, progress, self._fetcher)

    def documents(self) -> Iterator[Document]:
        """What there is to put; everything else goes straight into the report."""
        try:
            for spec in self.report.specs:
                barren = True
                for found in open_all([spec], self.context):
                    self.seen.add(found.source)
                    document = self._document(found, spec)
                    if document is not None:
                        barren = False
                        yield from self._named(document, spec)
                    elif self.report.rows[-1].status in ("held", "failed"):
                        barren = False
                    self.progress.parsed(found.source)
                yield from self._all_named(spec)
                if barren:
                    self._add(Row(spec, "failed", reason="There is no issue in it.", spec=spec))
        except KeyboardInterrupt:  # raised while finding or parsing: let the archive commit what there is
            self.report.interrupted = True
            yield from self._name_waiting(spec)

    def committed(self, outcome: Outcome) -> None:
        """The archive has committed the oldest pending document."""
        document, spec, before = self.pending.popleft()
        row = replace(row_of(document, outcome.change, spec), issue_id=outcome.issue.id, items=outcome.items)
        origin = self.archive.origin(outcome.issue.id)
        if origin is not None and origin != document.source:
            row = replace(row, status="duplicate", reason=f"another copy of the issue at {origin}")
        elif before is not None and outcome.change == "changed":
            after = [item.title for item in document.items]
            added = tuple(title for title in after if title not in before)
            row = replace(row, added=added, removed=tuple(title for title in before if title not in after))
        self._add(row)
        self.report.embedded += outcome.embedded
        self.progress.items(outcome.items)

    def finished(self) -> Report:
        """The report, completed and kept in the archive."""
        report = self.report
        report.finished = dt.datetime.now(dt.UTC)
        failed = {row.spec for row in report.rows if row.status == "failed"}
        local = [spec for spec in report.specs if on_disk(spec, self.options.kind) and spec not in failed]
        if not report.interrupted and self.options.limit is None:
            report.gone = self.history.missing(local, self.seen)
        self.history.save(self.archive, report)
        return report

    def close(self) -> None:
        self.context.close()
        self.progress.done()

    def _document(self, found: Found | Failure, spec: str) -> Document | None:
        if isinstance(found, Failure):
            self._failed(found, spec)
            return None
        content_hash = _hash(found, self.options)
        if not self.options.refresh and self.archive.holds(found.source, content_hash):
            known = self.history.row(found.source) or Row(found.source, "held")
            self._add(replace(known, status="held", reason=None, added=(), removed=(), spec=spec))
            self.held += [known.issue_id] if known.issue_id is not None else []
            return None
        document = _parsed(found, content_hash, self.options)
        if isinstance(document, Failure):
            self._failed(document, spec)
            return None
        if found.papers:  # before their items, whose vectors are made of them too
            self.archive.put_papers(found.papers)
        return document

    def _named(self, document: Document, spec: str) -> Iterator[Document]:
        """The document at once if its newsletter is known; else it waits until enough titles say it."""
        if document.issue.newsletter:
            yield self._pending(document, spec)
            return
        self.unnamed.append(document)
        enough = _TITLES_FETCHED if document.source.startswith(("http://", "https://")) else _TITLES
        if self.name is not None or len(self.unnamed) >= enough:
            yield from self._name_waiting(spec)

    def _all_named(self, spec: str) -> Iterator[Document]:
        """What still waits at the end of a source, for the next one may be another newsletter."""
        yield from self._name_waiting(spec)
        self.name, self.held = None, []

    def _name_waiting(self, spec: str) -> Iterator[Document]:
        if self.name is None and self.unnamed:
            known = [issue.newsletter for issue in self.archive.issues(self.held[:_TITLES]) if issue.newsletter]
            self.name = known[0] if known else newsletter_name(document.issue.title for document in self.unnamed)
        waiting, self.unnamed = self.unnamed, []
        yield from (self._pending(named(document, self.name or ""), spec) for document in waiting)

    def _pending(self, document: Document, spec: str) -> Document:
        issue_id = self.archive.find_issue(document.aliases)
        before = None if issue_id is None else [item.title for item in self.archive.issue_items(issue_id)]
        self.pending.append((document, spec, before))
        return document

    def _failed(self, failure: Failure, spec: str) -> None:
        status: Status = "skipped" if failure.skipped else "failed"
        self._add(Row(failure.source, status, reason=failure.reason, spec=spec))

    def _add(self, row: Row) -> None:
        self.report.rows.append(row)

    def _fetcher(self) -> Any:
        from .fetch import Fetcher

        return Fetcher(self.options.fetching, self.archive.pages, refresh=self.options.refresh, progress=self.progress)


def _parsed(found: Found, content_hash: str, options: Options) -> Document | Failure:
    try:
        return finish(found, content_hash, options)
    except NotAnIssue as error:
        return Failure(found.source, f"This is no issue: {error}.", skipped=not found.named)
    except Exception as error:  # the parser met something nobody thought of: report it and go on
        return Failure(found.source, f"This document could not be parsed ({type(error).__name__}: {error}).")


def _hash(found: Found, options: Options) -> str:
    """Of the bytes and of everything else that the parsed issue depends on."""
    extra = repr((found.media_type, found.facts, options.newsletter, options.site)).encode()
    return hashlib.sha256(found.body + b"\0" + extra).hexdigest()
