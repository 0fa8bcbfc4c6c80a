"""What every kind of source yields: documents that may be issues, and what could not be had."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from index.types import Document, Paper

from ..options import Options
from ..progress import Progress, Quiet

if TYPE_CHECKING:
    from ..fetch import Fetcher


class SourceError(Exception):
    """A source that cannot be read at all; the text is the whole message to the user."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a place knows of an issue beyond its text; these win over what the parser reads."""

    title: str | None = None
    number: int | None = None
    date: dt.date | None = None
    url: str | None = None
    newsletter: str | None = None
    language: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One document that may be an issue: `body` as Markdown or HTML, or a `document` that needs no parsing.

    `source` names it for good: a path, `export.zip!member`, a URL. `named` says that the user named this very
    document, so that its being no issue is a failure and not merely something to leave aside.
    """

    source: str
    body: bytes
    media_type: str | None = None
    facts: Facts = field(default_factory=Facts)
    document: Document | None = None
    papers: tuple[Paper, ...] = ()
    """What an export of ours knows of the papers beside."""
    named: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A document or source that yields no issue, and why; `skipped` when that is as it should be (a draft, say)."""

    source: str
    reason: str
    skipped: bool = False


Yield = Iterator[Found | Failure]
"""What a source gives out, one document at a time."""


class Context:
    """What sources need besides their spec: options, progress, and a fetcher made when first needed."""

    def __init__(
        self,
        options: Options | None = None,
        progress: Progress | None = None,
        fetcher: "Callable[[], Fetcher] | None" = None,
    ) -> None:
        self.options = options or Options()
        self.progress = progress or Quiet()
        self._make = fetcher
        self._fetcher: Fetcher | None = None

    @property
    def fetcher(self) -> "Fetcher":
        if self._fetcher is None:
            from ..fetch import Fetcher

            self._fetcher = self._make() if self._make else Fetcher(self.options.fetching)
        return self._fetcher

    def close(self) -> None:
        if self._fetcher is not None:
            self._fetcher.close()
            self._fetcher = None
