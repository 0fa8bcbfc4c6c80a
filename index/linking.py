# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""Items by their further links, which `item.links` has to be shown and `further` to be looked up."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from . import rows
from .database import Transaction
from .labels import bare_host, host_of
from .types import IdArray, Item


def write(transaction: Transaction, items: Iterable[Item], *, known: bool) -> None:
    """Put the further links of items in place of those that were there; `known` items may have had some."""
    held = list(items)
    if known:
        transaction.executemany("delete from further where item_id = ?", [(item.id,) for item in held])
    links = [(link.key, item.id, _site(host_of(link.url) or "")) for item in held for link in item.links]
    transaction.executemany("insert or ignore into further (key, item_id, site) values (?, ?, ?)", links)


def mentions(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, list[Item]]:
    """The items that have each of the keys among their further links, by id."""
    statement = (
        f"select further.key, {rows.ITEM_COLUMNS} from further join item on item.id = further.item_id"
        " left join work on work.id = item.work_id"
        " where further.key in (select value from json_each(?)) order by item.id"
    )
    found: dict[str, list[Item]] = {}
    for key, *row in connection.execute(statement, (rows.json_list(keys),)):
        found.setdefault(key, []).append(rows.to_item(row))
    return found


def is_page(link: str) -> bool:
    """Whether a condition on links names a page or work, by its key, and not a site, by its host."""
    return "/" in link or ":" in link


def to_page(connection: sqlite3.Connection, key: str) -> IdArray:
    """The items that have a link with this key, their own or a further one."""
    further = connection.execute("select item_id from further where key = ?", (key,))
    own = connection.execute("select item.id from work join item on item.work_id = work.id where key = ?", (key,))
    return _ids(chain(further, own))


def to_site(connection: sqlite3.Connection, host: str) -> IdArray:
    """The items that have a further link to this host or to what lies in its domain."""
    site = _site(bare_host(host))
    itself = connection.execute("select item_id from further where site = ?", (site,))
    # `/` follows `.`: between the two lies all that begins with the site and a dot.
    below = connection.execute("select item_id from further where site > ? and site < ?", (f"{site}.", f"{site}/"))
    return _ids(chain(itself, below))


def _site(host: str) -> str:
    """A host with its labels turned round, so that what lies in a domain stands together."""
    return ".".join(reversed(host.split(".")))


def _ids(found: Iterable[tuple[int]]) -> IdArray:
    return np.unique(np.fromiter((row[0] for row in found), dtype=np.int64))
