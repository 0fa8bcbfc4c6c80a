"""What is known of papers beyond the newsletter: arXiv's metadata, and other pages' own titles and descriptions.

The arXiv API is asked for many papers at once, once every three seconds, one request at a time, and never again for a
paper it has answered for (https://info.arxiv.org/help/api/tou.html). Where a snapshot of the metadata lies on disk,
it is read instead. Metadata is CC0; pages that show it print arXiv's acknowledgement.
"""

import datetime as dt
import gzip
import re
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import feedparser
import orjson

from index.archive import Archive
from index.types import Paper

from .answers import FetchError
from .fetch import Ask, Fetcher
from .options import Options
from .progress import Progress, Quiet

_ID = re.compile(r"(?:\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})")
_VERSION = re.compile(r"v\d+$")
_UNKNOWN = "arxiv-unknown"
"""State: the keys that arXiv was asked for and does not know, so that they are not asked for every time."""


@dataclass(slots=True)
class PapersReport:
    """What a look-up brought. `unknown` are keys that arXiv does not know, `missing` those still without metadata."""

    asked: int = 0
    found: int = 0
    described: int = 0
    """Links other than papers whose own title and description were read."""
    unknown: list[str] = field(default_factory=list)
    missing: int = 0
    errors: list[str] = field(default_factory=list)
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        return bool(self.errors)

    def as_json(self) -> dict[str, Any]:
        names = ("asked", "found", "described", "unknown", "missing", "errors", "interrupted")
        return {name: getattr(self, name) for name in names}

    def sentence(self) -> str:
        """The look-up in a few lines."""
        parts = [f"{self.found} of {self.asked} papers found"]
        parts += [f"{self.described} pages described"] if self.described else []
        parts += [f"{len(self.unknown)} not known to arXiv ({', '.join(self.unknown[:5])})"] if self.unknown else []
        parts += [f"{self.missing} still without metadata"] if self.missing else []
        parts += ["interrupted; run it again to go on"] if self.interrupted else []
        return "\n".join([", ".join(parts) + ".", *self.errors])


def update(
    archive: Archive,
    options: Options | None = None,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> PapersReport:
    """Looks up every paper of the archive that has no metadata yet, and returns what was found.

    With `options.dump` only that file is read, without the network. With `options.describe` the pages of other links
    are asked for their title and description where the issue printed no text. Every batch is committed as it comes,
    so an interrupted look-up goes on where it was. Without the network it returns with an error and all that it has.
    """
    options, progress = options or Options(), progress or Quiet()
    report = PapersReport()
    fetching = options.fetching
    fetcher = Fetcher(fetching, archive.pages, refresh=options.refresh, progress=progress, sleep=sleep)
    # The interval is arXiv's, whatever the delay for other hosts is.
    patient = replace(fetching, delay=options.services.arxiv_interval)
    asker = Fetcher(patient, progress=progress, sleep=sleep)
    try:
        if options.dump is not None:
            _from_dump(archive, options.dump, report, progress)
        else:
            _from_api(archive, options, asker, report, progress)
        if options.describe:
            _describe(archive, fetcher, report, progress)
    except KeyboardInterrupt:
        report.interrupted = True
    finally:
        fetcher.close()
        asker.close()
        progress.done()
    report.missing = len(set(archive.missing_papers()) - set(report.unknown))
    return report


def valid_id(identifier: str) -> bool:
    """Whether arXiv can have such an id; one that it cannot have spoils the answer for a whole batch."""
    return _ID.fullmatch(identifier) is not None


def read_answer(body: bytes) -> Iterator[Paper]:
    """The papers of an answer of the arXiv API (Atom). `ValueError` with arXiv's own words for an error entry."""
    feed = feedparser.parse(body)
    for entry in feed.entries:
        if "/api/errors" in entry.get("id", ""):
            raise ValueError(_squeezed(entry.get("summary")) or "unknown error")
        identifier = _VERSION.sub("", entry.get("id", "").rpartition("/abs/")[2])
        if not valid_id(identifier):
            continue
        yield Paper(
            key=f"arxiv:{_plain_id(identifier)}",
            title=_squeezed(entry.get("title")),
            abstract=_squeezed(entry.get("summary")),
            authors=tuple(name for author in entry.get("authors", ()) if (name := _squeezed(author.get("name")))),
            categories=tuple(dict.fromkeys(tag["term"] for tag in entry.get("tags", ()) if tag.get("term"))),
            published=_day(entry.get("published")),
            updated=_day(entry.get("updated")),
            doi=_squeezed(entry.get("arxiv_doi")) or None,
            journal=_squeezed(entry.get("arxiv_journal_ref")) or None,
            comment=_squeezed(entry.get("arxiv_comment")) or None,
        )


def read_dump(path: Path) -> Iterator[Paper]:
    """The papers of a metadata snapshot, one JSON object a line, gzipped or not; read as a stream."""
    with path.open("rb") as file:
        packed = file.peek(2)[:2] == b"\x1f\x8b"
        for line in gzip.GzipFile(fileobj=file) if packed else file:
            if not line.strip():
                continue
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if isinstance(record, dict) and isinstance(record.get("id"), str):
                yield _from_record(record)


def _from_api(archive: Archive, options: Options, fetcher: Fetcher, report: PapersReport, progress: Progress) -> None:
    known_unknown = set() if options.refresh else _unknown(archive)
    keys = [key for key in archive.missing_papers() if key not in known_unknown]
    ids = [key.removeprefix("arxiv:") for key in keys]
    report.unknown += sorted(known_unknown & set(archive.missing_papers()))
    bad = [identifier for identifier in ids if not valid_id(identifier)]
    report.unknown += [f"arxiv:{identifier}" for identifier in bad]
    ids = [identifier for identifier in ids if valid_id(identifier)]
    report.asked = len(keys)
    progress.found(len(ids))
    size = max(1, options.services.arxiv_batch)
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        try:
            papers = _ask(batch, options, fetcher)
        except FetchError as error:
            report.errors.append(f"arXiv could not be asked: {error}")
            break
        except ValueError as error:
            report.errors.append(f"arXiv refused {len(batch)} papers ({batch[0]} and on): {error}")
            continue
        wanted = set(batch)
        kept = {paper.key: paper for paper in papers if paper.key.removeprefix("arxiv:") in wanted}
        archive.put_papers(kept.values())
        report.found += len(kept)
        report.unknown += [f"arxiv:{identifier}" for identifier in batch if f"arxiv:{identifier}" not in kept]
        for identifier in batch:
            progress.parsed(identifier)
    archive.put_state(_UNKNOWN, orjson.dumps(sorted(set(report.unknown))))


def _ask(batch: list[str], options: Options, fetcher: Fetcher) -> list[Paper]:
    """One request; a batch that arXiv refuses is halved until the culprit is alone, and that one is left out."""
    query = urlencode({"id_list": ",".join(batch), "max_results": len(batch)}, safe=",/")
    url = f"{options.services.arxiv.rstrip('/')}/api/query?{query}"
    try:
        page = fetcher.get(url, Ask(fresh=True, robots=False, accept="application/atom+xml"))
        return list(read_answer(page.body))
    except (FetchError, ValueError) as error:
        refused = isinstance(error, ValueError) or error.status == 400
        if not refused:
            raise
        if len(batch) == 1:
            return []
    middle = len(batch) // 2
    return _ask(batch[:middle], options, fetcher) + _ask(batch[middle:], options, fetcher)


def _from_dump(archive: Archive, dump: str, report: PapersReport, progress: Progress) -> None:
    wanted = set(archive.missing_papers())
    report.asked = len(wanted)
    progress.found(len(wanted))
    archive.put_papers(_wanted(dump, wanted, report, progress))


def _wanted(dump: str, wanted: set[str], report: PapersReport, progress: Progress) -> Iterator[Paper]:
    """The wanted papers of a snapshot; one that breaks off has given what it had."""
    try:
        for paper in read_dump(Path(dump)):
            if paper.key in wanted:
                wanted.discard(paper.key)
                report.found += 1
                progress.parsed(paper.key)
                yield paper
            if not wanted:
                return
    except (OSError, EOFError, zlib.error) as error:
        report.errors.append(f"{dump} cannot be read to its end: {error}.")


def _describe(archive: Archive, fetcher: Fetcher, report: PapersReport, progress: Progress) -> None:
    """Titles and descriptions of linked pages of which the issue printed no text."""
    from .described import description_of

    links = {
        item.key: item.url
        for item in archive.all_items()
        if item.key and item.url and not item.summary and not item.note and not item.key.startswith("arxiv:")
    }
    known = archive.papers(list(links))
    missing = {key: url for key, url in links.items() if key not in known}
    progress.found(len(missing))
    for key, url in missing.items():
        try:
            page = fetcher.get(url)
        except FetchError as error:
            report.errors.append(str(error))
            continue
        finally:
            progress.parsed(url)
        paper = description_of(page, key)
        if paper is not None:
            report.described += archive.put_papers([paper])


def _unknown(archive: Archive) -> set[str]:
    kept = archive.state(_UNKNOWN)
    try:
        return set(orjson.loads(kept[0])) if kept else set()
    except (orjson.JSONDecodeError, TypeError):
        return set()


def _from_record(record: dict[str, Any]) -> Paper:
    """One line of the snapshot. Authors come split (`authors_parsed`: last, first, suffix) or as one text."""
    parsed = record.get("authors_parsed") or ()
    authors = [" ".join(part for part in (name[1], name[0], *name[2:3]) if part) for name in parsed if len(name) > 1]
    if not authors and isinstance(record.get("authors"), str):
        authors = re.split(r",\s+(?:and\s+)?|\s+and\s+", _squeezed(record["authors"]))
    versions = record.get("versions") or ()
    created = versions[0].get("created") if versions and isinstance(versions[0], dict) else None
    return Paper(
        key=f"arxiv:{_plain_id(record['id'])}",
        title=_squeezed(record.get("title")),
        abstract=_squeezed(record.get("abstract")),
        authors=tuple(author for author in authors if author),
        categories=tuple(str(record.get("categories") or "").split()),
        published=_day(created),
        updated=_day(record.get("update_date")),
        doi=_squeezed(record.get("doi")) or None,
        journal=_squeezed(record.get("journal-ref")) or None,
        comment=_squeezed(record.get("comments")) or None,
    )


def _plain_id(identifier: str) -> str:
    """Old ids without their subject class, as canonical keys have them: `math.GT/0309136` -> `math/0309136`."""
    archive, slash, number = identifier.strip().partition("/")
    return f"{archive.partition('.')[0].lower()}/{number}" if slash else archive


def _squeezed(text: object) -> str:
    return " ".join(str(text or "").split())


def _day(stamp: object) -> dt.date | None:
    from .sources.tables import date_of

    return date_of(stamp)
