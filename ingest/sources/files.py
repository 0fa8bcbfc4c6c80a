"""Issues in files and folders: Markdown, HTML, mail, JSON Lines, and exports as a folder, zip or single table."""

import glob
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from . import exports, mailbox, records
from .found import Context, Failure, Found, SourceError, Yield
from .split import split
from .trees import Folder, Sample, Tree, Zip, endings, listing, natural, read

MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")
HTML = (".html", ".htm", ".xhtml")
RECORDS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
DOCUMENTS = (*MARKDOWN, *HTML, ".eml", ".mbox", *RECORDS)
"""Endings read in a folder; a file named by itself may have any."""
TABLES = ("posts.csv", "emails.csv", "emails.json", "campaigns.csv")
REPOSITORY = ("contributing", "changelog", "code_of_conduct", "license", "security", "pull_request_template")


def open_path(spec: str, context: Context) -> Yield:
    """Documents of a path or glob; the kind is read off the content first and the name second."""
    path = Path(spec).expanduser()
    if path.is_dir():
        yield from open_folder(path, context)
    elif path.exists():
        yield from open_file(path, context)
    elif glob.has_magic(spec):
        matches = sorted(glob.glob(str(path), recursive=True), key=natural)  # noqa: PTH207 (a spec may be absolute)
        if not matches:
            raise SourceError(f"Nothing matches {spec}.")
        for match in matches:
            yield from open_path(match, context)
    else:
        raise SourceError("There is no such file or folder.")


def open_sample(context: Context) -> Yield:
    """The bundled issues."""
    sample = Sample()
    for found in _documents(sample, context):
        if isinstance(found, Found):
            yield replace(found, facts=replace(found.facts, newsletter=sample.newsletter))
        else:
            yield found


def open_folder(path: Path, context: Context) -> Yield:
    """An unpacked export, or every document below a folder; zips in it are opened too."""
    tree = Folder(path)
    names = tree.names()
    if not names:
        raise SourceError(f"The folder {path} is empty.")
    zips = [name for name in names if name.lower().endswith(".zip")]
    if len(zips) < len(names):
        yield from _documents(tree, context)
    for name in zips:
        try:
            yield from _documents(Zip(path / name), context)
        except SourceError as error:
            yield Failure(tree.source(name), str(error))


def open_file(path: Path, context: Context) -> Yield:
    """One file: a zip, a mailbox, a table of an export, or a single issue."""
    head = _head(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _documents(Zip(path), context)
        return
    # The table of an export means the export: the texts lie beside it.
    tree = Folder(path.parent, None if path.name.lower() in TABLES else [path])
    single = _reader(path.name, head, context.options.kind)
    if single is not None:
        context.progress.found()
        yield from single(tree, path.name, context)
    elif (reader := exports.recognise(tree, context.options.kind)) is not None:
        yield from reader(tree, context)
    else:
        context.progress.found()
        media_type = _media_type(path.name, context.options.kind)
        yield from split(Found(tree.source(path.name), read(tree, path.name), media_type, named=True), context)


def _documents(tree: Tree, context: Context) -> Yield:
    """An export where the tree is one, else every file that may hold an issue."""
    kind = context.options.kind
    reader = exports.recognise(tree, kind)
    if reader is not None:
        yield from reader(tree, context)
        return
    names = tree.names()
    chosen = [name for name in names if name.lower().endswith(DOCUMENTS)]
    if not chosen:
        reason = "is no export known here and holds no Markdown, HTML, mail or JSON Lines file"
        raise SourceError(f"{tree.label} {reason}. Inside: {listing(names)}.")
    context.progress.found(len(chosen))
    for name in chosen:
        if _describes(name, len(chosen)):
            yield Failure(
                tree.source(name), "about the folder, not an issue; name it by itself to read it", skipped=True
            )
            continue
        try:
            single = _reader(name, b"", kind)
            if single is not None:
                yield from single(tree, name, context)
            else:
                yield from split(Found(tree.source(name), read(tree, name), _media_type(name, kind)), context)
        except SourceError as error:
            yield Failure(tree.source(name), str(error))
    others = sorted(set(names) - set(chosen) - {name for name in names if name.lower().endswith(".zip")})
    if others:
        reason = f"{len(others)} files of other kinds left aside ({endings(others)})"
        yield Failure(tree.label, reason, skipped=True)


def _describes(name: str, count: int) -> bool:
    """Whether a file is about a folder of issues, as the files are that every code repository has."""
    stem = PurePosixPath(name).stem.lower().replace("-", "_")
    return stem in REPOSITORY or (stem in ("readme", "index", "summary") and count > 3)


def _reader(name: str, head: bytes, kind: str | None) -> Callable[[Tree, str, Context], Yield] | None:
    """The reader for files that hold more than one plain page, or None."""
    lower = name.lower()
    if kind == "jsonl" or (kind is None and lower.endswith(RECORDS)):
        return records.read
    if kind == "mbox" or (kind is None and (lower.endswith(".mbox") or head.startswith(b"From "))):
        return mailbox.read_mbox
    if kind == "eml" or (kind is None and (lower.endswith(".eml") or mailbox.looks_like_mail(head))):
        return mailbox.read_eml
    return None


def _media_type(name: str, kind: str | None) -> str | None:
    suffix = PurePosixPath(name.lower()).suffix
    if kind == "markdown" or (kind is None and suffix in MARKDOWN):
        return "text/markdown"
    if kind in ("html", "page") or (kind is None and suffix in HTML):
        return "text/html"
    return None


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except PermissionError as error:
        raise SourceError(f"{path} may not be read (permission denied).") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
