"""Small readers that exports share: CSV and JSON members, dates, numbers, flags."""

import csv
import datetime as dt
import io
import zipfile
import zlib
from typing import Any

import orjson
from dateutil import parser as dates

from .found import SourceError
from .trees import MAX_TABLE, Tree, read

csv.field_size_limit(200_000_000)  # one cell may hold a whole issue


def csv_header(tree: Tree, name: str) -> list[str]:
    """The column names of a CSV member, lower case; [] where it cannot be read."""
    try:
        with tree.open(name) as file:
            text = file.read(20_000).decode("utf-8-sig", "replace")
    except (SourceError, OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return []
    try:
        return [cell.strip().lower() for cell in next(csv.reader(io.StringIO(text)), [])]
    except csv.Error:
        return []


def csv_rows(tree: Tree, name: str) -> list[dict[str, str]]:
    """The rows of a CSV member by lower-case column name; missing cells are empty."""
    text = read(tree, name, MAX_TABLE).decode("utf-8-sig", "replace")
    try:
        reader = csv.reader(io.StringIO(text, newline=""))
        header = [cell.strip().lower() for cell in next(reader, [])]
        return [dict(zip(header, [*row, *[""] * len(header)], strict=False)) for row in reader if any(row)]
    except csv.Error as error:
        raise SourceError(f"{tree.source(name)} is no readable CSV: {error}.") from error


def json_member(tree: Tree, name: str) -> Any:
    """A parsed JSON member; `SourceError` where it is none."""
    try:
        return orjson.loads(read(tree, name, MAX_TABLE).removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{tree.source(name)} is no valid JSON: {error}.") from error


def date_of(value: object) -> dt.date | None:
    """The day of a date in any usual notation, or of milliseconds since 1970; None where it is none."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, int | float) and value > 0:
        seconds = value / 1000 if value > 1e11 else value
        try:
            return dt.datetime.fromtimestamp(seconds, dt.UTC).date()
        except (OverflowError, OSError, ValueError):
            return None
    if not isinstance(value, str) or not any(char.isdigit() for char in value):
        return None
    try:
        return dates.parse(value.strip().strip('"')).date()
    except (ValueError, OverflowError):
        return None


def number_of(value: object) -> int | None:
    """A small whole number, also as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    text = str(value or "").strip().lstrip("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def text_of(value: object) -> str | None:
    """A text that says something, or None."""
    return value.strip() or None if isinstance(value, str) else None


def flag_of(value: object) -> bool:
    return str(value).strip().lower() in ("true", "1", "yes", "t")
