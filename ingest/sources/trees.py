"""A folder, a zip and the bundled sample seen alike: names and bytes."""

import io
import lzma
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files as resources
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from .found import SourceError

MAX_MEMBER = 100_000_000
"""Largest single document read, in bytes: no issue is near it, a decompression bomb soon is."""
MAX_TABLE = 1_000_000_000
"""Largest table of an export (Ghost and beehiiv keep all issues in one file)."""


class Tree(Protocol):
    """Files below one root, by relative POSIX path."""

    @property
    def label(self) -> str:
        """The root as shown to the user."""
        ...

    def names(self) -> list[str]:
        """All files, in natural order, hidden ones left out."""
        ...

    def open(self, name: str) -> BinaryIO:
        """One file to read from; `SourceError` where it cannot be opened."""
        ...

    def source(self, name: str) -> str:
        """The name that the archive knows this file by."""
        ...


class Folder:
    """A folder on disk, or a choice of its files."""

    def __init__(self, root: Path, chosen: Iterable[Path] | None = None) -> None:
        self.root = root
        self.label = str(root)
        self._chosen = chosen
        self._names: list[str] | None = None

    def names(self) -> list[str]:
        if self._names is None:
            paths = self._chosen if self._chosen is not None else self.root.rglob("*")
            names = (path.relative_to(self.root) for path in paths if path.is_file())
            self._names = sorted((name.as_posix() for name in names if _visible(name.parts)), key=natural)
        return self._names

    def open(self, name: str) -> BinaryIO:
        path = self.root / name
        try:
            return path.open("rb")
        except PermissionError as error:
            raise SourceError(f"{path} may not be read (permission denied).") from error
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error

    def source(self, name: str) -> str:
        # Names that are no valid text (old disks have them) are spelled with replacement characters.
        return os.fsencode((self.root / name).resolve()).decode("utf-8", "replace")


class Zip:
    """A zip file."""

    def __init__(self, path: Path) -> None:
        self.label = str(path)
        self._base = str(path.resolve())
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise SourceError(f"{path} is no readable zip: {error}.") from error

    def names(self) -> list[str]:
        names = (info.filename for info in self._zip.infolist() if not info.is_dir())
        return sorted((name for name in names if _visible(PurePosixPath(name).parts)), key=natural)

    def open(self, name: str) -> BinaryIO:
        try:
            return cast("BinaryIO", self._zip.open(name))
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, KeyError) as error:
            raise SourceError(f"{self.source(name)} cannot be unpacked: {error}.") from error

    def source(self, name: str) -> str:
        return f"{self._base}!{name}"


class Sample:
    """The issues that come with the application."""

    label = "sample"
    newsletter = "The Reading Lamp"

    def __init__(self) -> None:
        self._root = resources("ingest") / "sample"

    def names(self) -> list[str]:
        return sorted((entry.name for entry in self._root.iterdir() if entry.name.endswith(".md")), key=natural)

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO((self._root / name).read_bytes())

    def source(self, name: str) -> str:
        return f"sample/{name}"


class Memory:
    """One file that is in memory already, such as a fetched one."""

    def __init__(self, label: str, body: bytes) -> None:
        self.label = label
        self._body = body

    def names(self) -> list[str]:
        return [""]

    def open(self, name: str) -> BinaryIO:  # noqa: ARG002
        return io.BytesIO(self._body)

    def source(self, name: str) -> str:  # noqa: ARG002
        return self.label


def read(tree: Tree, name: str, limit: int | None = None) -> bytes:
    """The bytes of one file; `SourceError` for one that is damaged or larger than `limit`."""
    limit = MAX_MEMBER if limit is None else limit
    try:
        with tree.open(name) as file:
            body = file.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        raise SourceError(f"{tree.source(name)} cannot be read: {error}.") from error
    if len(body) > limit:
        raise SourceError(f"{tree.source(name)} is larger than the {limit / 1e6:.0f} MB allowed.")
    return body


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts issue-9 before issue-10."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for char in name + "\0":
        if char.isascii() and char.isdigit():
            digits += char
            continue
        if digits:
            parts.append((0, len(digits.lstrip("0")), digits.lstrip("0")))
            digits = ""
        parts.append((1, 0, char))
    return parts


def listing(names: Iterable[str], limit: int = 8) -> str:
    """What lies in a tree, for messages: the first names, and how many more."""
    names = list(names)
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown or "nothing"


def endings(names: Iterable[str]) -> str:
    """How many files of which ending, for messages: `.png 30, .css 2`."""
    counts = Counter(PurePosixPath(name).suffix.lower() or "no ending" for name in names)
    return ", ".join(f"{ending} {count}" for ending, count in counts.most_common(8))


def _visible(parts: tuple[str, ...]) -> bool:
    """Not hidden, and no part of something else: a package's files, the pictures beside a saved page (`…_files/`)."""
    if any(part.startswith((".", "__MACOSX")) or part == "node_modules" for part in parts):
        return False
    return not any(part.endswith("_files") for part in parts[:-1])
