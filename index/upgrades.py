"""How archives of older releases become today's, in place: what was scraped may not be there to scrape again.

`UPGRADES[n]` turns schema n into n + 1 inside a transaction that `database` opens and commits. A step is never edited
once a release has carried it, and uses no code that may change (spell out the SQL).
"""

import sqlite3
from collections.abc import Callable

UPGRADES: dict[int, Callable[[sqlite3.Connection], None]] = {}
