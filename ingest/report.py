"""What an ingest did: for every document the items found, the links left over, what was skipped and why.

The report is kept in the archive under the state `ingest-report`, as UTF-8 JSON, for the status command and the
site's about page:

    {"last": {report as `Report.as_json`}, "runs": [summary of the last runs, newest first],
     "sources": {source: {row as in "rows"}}}

`sources` has the newest known row of every document ever read, so that a run that skips what the archive already holds
still knows how many items are in it.
"""

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from index.archive import Archive
from index.types import Document

if TYPE_CHECKING:
    from rich.console import RenderableType

Status = Literal["new", "changed", "unchanged", "held", "duplicate", "skipped", "failed"]
"""`held`: the same bytes were read before; `duplicate`: another copy of an issue that the archive has from elsewhere;
`skipped`: rightly no issue (a draft, say); the others are what the archive made of a parsed issue."""

STATE = "ingest-report"
KEPT_RUNS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one document."""

    source: str
    status: Status
    title: str | None = None
    number: int | None = None
    date: str | None = None
    issue_id: int | None = None
    items: int = 0
    unassigned: tuple[str, ...] = ()
    """Links of the document that belong to no item."""
    reason: str | None = None
    added: tuple[str, ...] = ()
    """Titles of items that a changed issue has gained."""
    removed: tuple[str, ...] = ()
    """Titles of items that a changed issue has lost."""
    spec: str = ""
    """The source as the user typed it."""


@dataclass(slots=True)
class Report:
    """One run. `rows` are in the order in which the documents were finished."""

    specs: tuple[str, ...] = ()
    started: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    finished: dt.datetime | None = None
    interrupted: bool = False
    embedded: int = 0
    """How many texts went through the model."""
    rows: list[Row] = field(default_factory=list)
    gone: tuple[str, ...] = ()
    """Files that an earlier run of the same specs read and this one no longer met."""

    def count(self, status: Status) -> int:
        return sum(row.status == status for row in self.rows)

    @property
    def failed(self) -> bool:
        """Whether anything failed, so that the exit code can say so."""
        return any(row.status == "failed" for row in self.rows)

    @property
    def issues(self) -> int:
        """The issues of the archive that the documents are; several copies of one count once."""
        return len(self._distinct())

    @property
    def items(self) -> int:
        return sum(row.items for row in self._distinct())

    @property
    def unassigned(self) -> int:
        return sum(len(row.unassigned) for row in self._distinct())

    def _distinct(self) -> list[Row]:
        rows = [row for row in self.rows if row.status not in ("skipped", "failed")]
        best = {row.issue_id or row.source: row for row in rows if row.status == "duplicate"}
        return list((best | {row.issue_id or row.source: row for row in rows if row.status != "duplicate"}).values())

    def summary(self) -> dict[str, Any]:
        """The figures of the run, without its rows."""
        statuses = Counter(row.status for row in self.rows)
        return {
            "specs": list(self.specs),
            "started": self.started.isoformat(timespec="seconds"),
            "finished": self.finished.isoformat(timespec="seconds") if self.finished else None,
            "interrupted": self.interrupted,
            "issues": self.issues,
            "items": self.items,
            "unassigned": self.unassigned,
            "embedded": self.embedded,
            "statuses": dict(sorted(statuses.items())),
            "gone": len(self.gone),
        }

    def as_json(self) -> dict[str, Any]:
        """The whole run as plain JSON types."""
        return {**self.summary(), "gone": list(self.gone), "rows": [asdict(row) for row in self.rows]}

    def lines(self, status: Status) -> list[str]:
        """Every document of a status as `source: reason`, in full."""
        return [f"{row.source}: {row.reason}" for row in self.rows if row.status == status]

    def table(self, held: bool = False, failures: bool = True) -> "RenderableType":
        """The run for a terminal; documents held already are only counted unless `held`.

        `failures` off leaves out what failed, for callers that print `lines("failed")` elsewhere.
        """
        return _table(self, held, failures)

    def sentence(self) -> str:
        """The run in one line."""
        parts = [counted(self.issues, "issue"), counted(self.items, "item")]
        words: dict[Status, str] = {"new": "new", "changed": "changed", "held": "held already"}
        words |= {"duplicate": "further copies", "unchanged": "unchanged", "skipped": "skipped", "failed": "failed"}
        statuses = Counter(row.status for row in self.rows)
        parts += [f"{statuses[status]} {word}" for status, word in words.items() if statuses[status]]
        if self.unassigned:
            parts.append(f"{counted(self.unassigned, 'link')} in no item")
        return ", ".join(parts) + (" (interrupted; run it again to go on)" if self.interrupted else "") + "."


def nearby(text: str) -> str:
    """The text with paths below the working directory as the user would name them."""
    folder = f"{Path.cwd()}{os.sep}"
    return text.removeprefix(folder).replace(f" {folder}", " ") if len(folder) > 2 else text


def counted(number: int, thing: str) -> str:
    """`1 issue`, `2 issues`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def row_of(document: Document, status: Status, spec: str = "") -> Row:
    """The row of a parsed document."""
    issue = document.issue
    return Row(
        source=document.source,
        status=status,
        title=issue.title,
        number=issue.number,
        date=issue.date.isoformat() if issue.date else None,
        items=len(document.items),
        unassigned=document.unassigned,
        spec=spec,
    )


class History:
    """The reports kept in an archive."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self.last: dict[str, Any] | None = state.get("last")
        self.runs: list[dict[str, Any]] = list(state.get("runs", ()))
        self.sources: dict[str, dict[str, Any]] = dict(state.get("sources", {}))

    @classmethod
    def load(cls, archive: Archive) -> "History":
        """What the archive keeps; an unreadable state counts as none (it is a convenience, not the truth)."""
        kept = archive.state(STATE)
        if kept is None:
            return cls()
        try:
            state = orjson.loads(kept[0])
        except orjson.JSONDecodeError:
            return cls()
        return cls(state if isinstance(state, dict) else None)

    def row(self, source: str) -> Row | None:
        """The newest known row of a document."""
        kept = self.sources.get(source)
        if kept is None:
            return None
        known = {entry.name for entry in fields(Row)}
        values: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in kept.items() if name in known
        }
        try:
            return Row(**values)
        except TypeError:
            return None

    def missing(self, specs: Iterable[str], seen: set[str]) -> tuple[str, ...]:
        """Documents that earlier runs read from these specs and that were not `seen` now."""
        wanted = set(specs)
        return tuple(source for source, row in self.sources.items() if row.get("spec") in wanted and source not in seen)

    def save(self, archive: Archive, report: Report) -> None:
        """Adds the report and writes all to the archive."""
        self.last = report.as_json()
        self.runs = [report.summary(), *self.runs][:KEPT_RUNS]
        for row in report.rows:
            if row.status != "held":
                self.sources[row.source] = asdict(row)
        for source in report.gone:
            self.sources.pop(source, None)
        state = {"last": self.last, "runs": self.runs, "sources": self.sources}
        archive.put_state(STATE, orjson.dumps(state))


def _table(report: Report, held: bool, failures: bool) -> "RenderableType":
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    colours = {"new": "green", "changed": "yellow"}
    hidden = ("skipped", "failed", "duplicate") if held else ("skipped", "failed", "duplicate", "held", "unchanged")
    shown = [row for row in report.rows if row.status not in hidden]
    remarks = [_remark(row) for row in shown]
    table = Table(box=None, pad_edge=False)
    table.add_column("status", no_wrap=True)
    table.add_column("date", no_wrap=True, min_width=10)
    table.add_column("issue", overflow="fold")
    table.add_column("items", justify="right", no_wrap=True)
    # A column of blanks would take its width from the titles.
    leftover, remarked = any(row.unassigned for row in shown), any(remarks)
    if leftover:
        table.add_column("in no item", justify="right")
    if remarked:
        table.add_column("remark", overflow="fold")
    for row, remark in zip(shown, remarks, strict=True):
        status = Text(row.status, style=colours.get(row.status, "dim"))
        cells: list[RenderableType] = [status, row.date or "", Text(row.title or row.source), str(row.items)]
        cells += [str(len(row.unassigned) or "")] if leftover else []
        cells += [Text(remark)] if remarked else []
        table.add_row(*cells)
    lines = [Text(f"gone since the last run: {source}", style="yellow") for source in report.gone]
    lines += [Text(f"duplicate: {nearby(line)}", style="dim") for line in report.lines("duplicate")]
    lines += [Text(f"skipped: {nearby(line)}", style="dim") for line in report.lines("skipped")]
    lines += [Text(f"failed: {line}", style="red") for line in report.lines("failed") if failures]
    return Group(*([table] if shown else []), *lines, Text(report.sentence()))


def _remark(row: Row) -> str:
    parts = [row.reason] if row.reason else []
    parts += [f"+{len(row.added)}"] if row.added else []
    parts += [f"-{len(row.removed)}"] if row.removed else []
    return " ".join(parts)
