"""How archives of older releases become today's, in place: what was scraped may not be there to scrape again.

`UPGRADES[n]` turns schema n into n + 1 inside a transaction that `database` opens and commits. A step is never edited
once a release has carried it, and uses no code that may change (spell out the SQL).
"""

import sqlite3
from collections.abc import Callable


def _keep_vectors_while_embedding(connection: sqlite3.Connection) -> None:
    connection.execute("alter table meta add column next_model text")
    connection.execute(
        "create table next_vector (item_id integer primary key, text_hash blob not null, vector blob not null) strict"
    )


UPGRADES: dict[int, Callable[[sqlite3.Connection], None]] = {1: _keep_vectors_while_embedding}
