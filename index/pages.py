"""Pages as they were fetched, kept compressed."""

import datetime as dt
import json
from dataclasses import dataclass

import zstandard

from .database import Database

_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Page:
    """An answer from the web. `headers` have lower-case names, `fetched_at` knows its time zone."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes
    fetched_at: dt.datetime


class PageStore:
    """The fetched pages of one archive, by URL. Writing one changes nothing that search can see."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, url: str) -> Page | None:
        """The newest answer kept for exactly this URL."""
        with self._database.reading() as connection:
            statement = "select status, headers, body, fetched_at from page where url = ?"
            row = connection.execute(statement, (url,)).fetchone()
        if row is None:
            return None
        status, headers, body, fetched_at = row
        content = zstandard.ZstdDecompressor().decompress(body)
        return Page(url, status, json.loads(headers), content, dt.datetime.fromisoformat(fetched_at))

    def put(self, page: Page) -> None:
        """Keep an answer in place of the one before."""
        body = zstandard.ZstdCompressor(level=_LEVEL).compress(page.body)
        headers = json.dumps(page.headers, ensure_ascii=False)
        statement = "insert or replace into page (url, status, headers, body, fetched_at) values (?, ?, ?, ?, ?)"
        values = page.url, page.status, headers, body, page.fetched_at.astimezone(dt.UTC).isoformat()
        with self._database.writing() as transaction:
            transaction.execute(statement, values)

    def count(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("select count(*) from page").fetchone()[0])
