"""How an ingest tells what it is doing."""

import sys
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class Progress(Protocol):
    """Told of every step as it happens; implementations must be quick and never raise."""

    def found(self, count: int = 1) -> None:
        """So many more documents are known of."""
        ...

    def fetched(self, source: str) -> None:
        """One answer came over the network."""
        ...

    def parsed(self, source: str) -> None:
        """One of the documents found is dealt with (parsed, held already, skipped or failed)."""
        ...

    def items(self, count: int) -> None:
        """So many items were committed to the archive."""
        ...

    def done(self) -> None:
        """Nothing more will come."""
        ...


class Quiet:
    """Says nothing."""

    def found(self, count: int = 1) -> None: ...
    def fetched(self, source: str) -> None: ...
    def parsed(self, source: str) -> None: ...
    def items(self, count: int) -> None: ...
    def done(self) -> None: ...


class Counting:
    """Keeps the figures; the base of the bar, and enough by itself for tests and logs."""

    def __init__(self) -> None:
        self.counts = {"found": 0, "fetched": 0, "parsed": 0, "items": 0}
        self.finished = False

    def found(self, count: int = 1) -> None:
        self.counts["found"] += count
        self.shown()

    def fetched(self, source: str) -> None:  # noqa: ARG002
        self.counts["fetched"] += 1
        self.shown()

    def parsed(self, source: str) -> None:  # noqa: ARG002
        self.counts["parsed"] += 1
        self.shown()

    def items(self, count: int) -> None:
        self.counts["items"] += count
        self.shown()

    def done(self) -> None:
        self.finished = True

    def shown(self) -> None:
        """Called after every change."""


class TerminalBar(Counting):
    """One line on a terminal: issues found, fetched, parsed, items, and the time left."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def shown(self) -> None:
        if self._bar is None:
            self._start()
        if self._bar is None or self._task is None:
            return
        counts = self.counts
        text = f"{counts['parsed']} of {counts['found']} documents, {counts['items']} items"
        if counts["fetched"]:
            text += f", {counts['fetched']} fetched"
        total = max(counts["found"], counts["parsed"]) or None
        self._bar.update(self._task, description=text, completed=counts["parsed"], total=total)

    def done(self) -> None:
        super().done()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self) -> None:
        if self.finished:
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(compact=True))
        self._bar = Bar(*columns, console=Console(file=self._stream), transient=True)
        self._task = self._bar.add_task("", total=None)
        self._bar.start()


def on_terminal(stream: TextIO | None = None) -> Progress:
    """A progress line where `stream` (default: standard error) is a terminal, else silence."""
    stream = sys.stderr if stream is None else stream
    return TerminalBar(stream) if stream.isatty() else Quiet()
