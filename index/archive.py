"""The archive: one folder, `archive.sqlite` in it is the only truth."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .types import Build, Document, Encoder, Filters, FloatArray, IdArray, Issue, Item, Outcome, Paper, Postings, Scored


class Archive:
    """SKELETON: every signature below is what the other rooms may rely on."""

    def __init__(self, path: Path, encoder: Encoder | None = None) -> None: ...
