"""Which items meet conditions: exactly, before anything is compared."""

import threading
from collections.abc import Sequence

import numpy as np

from . import linking
from .column_store import ColumnStore
from .columns import Columns
from .database import Database
from .types import Filters, IdArray
from .words import Words

MOST = 8
"""Conditions whose items are kept: a filter stays while question after question is typed."""


class Selection:
    def __init__(self, database: Database, columns: ColumnStore, words: Words) -> None:
        self._database = database
        self._columns = columns
        self._words = words
        self._lock = threading.Lock()
        self._generation = -1
        self._held: dict[Filters, IdArray] = {}

    def select(self, filters: Filters) -> IdArray | None:
        """As `Archive.select`: the items that meet all conditions, in an array that is not to be written to.

        The same array as before while the archive is unchanged, as long as it is among the last few.
        """
        if not filters:
            return None
        generation = self._columns.current().generation
        with self._lock:
            if self._generation != generation:
                self._generation, self._held = generation, {}
            found = self._held.pop(filters, None)
            if found is not None:
                self._held[filters] = found
                return found
        found = self._chosen(filters)
        found.flags.writeable = False
        with self._lock:
            if self._generation == generation:
                self._held[filters] = found
                for oldest in list(self._held)[: len(self._held) - MOST]:
                    del self._held[oldest]
        return found

    def _chosen(self, filters: Filters) -> IdArray:
        now = self._columns.current()
        mask = now.matching(filters)
        wanted, excluded = self._words.conditions(filters)
        if filters.links:
            wanted.append(self._linked(now, filters.links))
        chosen = now.ids if mask is None else now.ids[mask]
        for ids in wanted:
            chosen = np.intersect1d(chosen, ids, assume_unique=True)
        unwanted = [self.select(one) for one in filters.excluding]
        excluded += [ids for ids in unwanted if ids is not None]
        for ids in excluded:
            chosen = np.setdiff1d(chosen, ids, assume_unique=True)
        return chosen

    def _linked(self, now: Columns, links: Sequence[str]) -> IdArray:
        """The items that have a link, their own or a further one, to any of these sites and pages."""
        sites = tuple(link for link in links if not linking.is_page(link))
        with self._database.reading() as connection:
            found = [linking.to_site(connection, site) for site in sites]
            found += [linking.to_page(connection, link) for link in links if linking.is_page(link)]
        own = now.matching(Filters(hosts=sites)) if sites else None
        return np.unique(np.concatenate(found if own is None else [*found, now.ids[own]]))
