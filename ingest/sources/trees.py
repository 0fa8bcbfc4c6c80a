"""A folder, a zip and the bundled sample seen alike: names and bytes."""

import os
import zipfile
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files as resources
from pathlib import Path, PurePosixPath
from typing import Protocol

from .found import SourceError

MAX_MEMBER = 100_000_000
"""Largest single file read, in bytes: no issue is near it, a decompression bomb soon is."""


class Tree(Protocol):
    """Files below one root, by relative POSIX path."""

    @property
    def label(self) -> str:
        """The root as shown to the user."""
        ...

    def names(self) -> list[str]:
        """All files, in natural order, hidden ones left out."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of one file; `SourceError` where it cannot be read."""
        ...

    def source(self, name: str) -> str:
        """The name that the archive knows this file by."""
        ...


class Folder:
    """A folder on disk, or a choice of its files."""

    def __init__(self, root: Path, chosen: Iterable[Path] | None = None) -> None:
        self.root = root
        self.label = str(root)
        self._chosen = None if chosen is None else sorted(chosen)

    def names(self) -> list[str]:
        paths = self._chosen if self._chosen is not None else self.root.rglob("*")
        names = (path.relative_to(self.root) for path in paths if path.is_file())
        return sorted((name.as_posix() for name in names if _visible(name.parts)), key=natural)

    def read(self, name: str) -> bytes:
        return read_file(self.root / name)

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

    def read(self, name: str) -> bytes:
        try:
            with self._zip.open(name) as member:
                body = member.read(MAX_MEMBER + 1)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise SourceError(f"{self.source(name)} cannot be unpacked: {error}.") from error
        except Exception as error:  # zlib.error and its like, one for each compression method
            raise SourceError(f"{self.source(name)} is damaged: {error}.") from error
        if len(body) > MAX_MEMBER:
            raise SourceError(f"{self.source(name)} is larger than {MAX_MEMBER // 1_000_000} MB unpacked; left out.")
        return body

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

    def read(self, name: str) -> bytes:
        return (self._root / name).read_bytes()

    def source(self, name: str) -> str:
        return f"sample/{name}"


class Memory:
    """One file that is in memory already, such as a fetched one."""

    def __init__(self, label: str, body: bytes) -> None:
        self.label = label
        self._body = body

    def names(self) -> list[str]:
        return [""]

    def read(self, name: str) -> bytes:  # noqa: ARG002
        return self._body

    def source(self, name: str) -> str:  # noqa: ARG002
        return self.label


def read_file(path: Path) -> bytes:
    """The bytes of a file, with the errors users meet said in words."""
    try:
        size = path.stat().st_size
        if size > MAX_MEMBER:
            raise SourceError(f"{path} is {size // 1_000_000} MB, more than the {MAX_MEMBER // 1_000_000} MB allowed.")
        return path.read_bytes()
    except PermissionError as error:
        raise SourceError(f"{path} may not be read (permission denied).") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts issue-9 before issue-10."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for char in name + "\0":
        if char.isascii() and char.isdigit():
            digits += char
            continue
        if digits:
            parts.append((0, int(digits), ""))
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
