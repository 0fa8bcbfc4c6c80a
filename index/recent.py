"""Items read lately: what answers a question is read several times while the question is typed."""

import threading
from collections.abc import Sequence

from . import reading
from .database import Database
from .types import Item

MOST = 4096
LONGEST = 8_000
"""Characters of an item that is kept; longer ones are read each time."""


class RecentItems:
    """At most `MOST` items of one generation of the archive; those read first leave first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._generation = -1
        self._held: dict[int, Item] = {}

    def items(self, ids: Sequence[int]) -> list[Item]:
        """In the order asked for; unknown ids are left out."""
        wanted = list(map(int, ids))
        generation = self._database.generation()  # before reading: what is read may be newer, never older
        with self._lock:
            if self._generation != generation:
                self._generation, self._held = generation, {}
            found = {id_: self._held[id_] for id_ in wanted if id_ in self._held}
        missing = [id_ for id_ in wanted if id_ not in found]
        if missing:
            with self._database.reading() as connection:
                read = {item.id: item for item in reading.items(connection, missing)}
            found |= read
            self._keep(generation, [item for item in read.values() if _length(item) <= LONGEST])
        return [found[id_] for id_ in wanted if id_ in found]

    def _keep(self, generation: int, items: Sequence[Item]) -> None:
        with self._lock:
            if self._generation == generation:
                self._held |= {item.id: item for item in items}
                for id_ in list(self._held)[: len(self._held) - MOST]:
                    del self._held[id_]


def _length(item: Item) -> int:
    links = sum(len(link.url) + len(link.key) for link in item.links)
    return len(item.title) + len(item.summary or "") + len(item.note or "") + links
