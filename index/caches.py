"""Files beside the archive that only save time: how one knows that a file belongs to the archive as it is.

A file bears a token that is written into the archive with it. An archive that was restored from an older copy has
another token, or none, so that files of a history that never happened are not used.
"""

import secrets
import sqlite3

from .database import Database


def token(connection: sqlite3.Connection, name: str) -> str | None:
    """The token that the file of this name must bear."""
    row = connection.execute("select payload from state where name = ?", (f"cache {name}",)).fetchone()
    return None if row is None else bytes(row[0]).decode()


def new_token(database: Database, name: str, generation: int) -> str:
    """A token for a new file of this name. Errors: ArchiveError where the archive cannot be written."""
    made = secrets.token_hex(8)
    with database.writing() as transaction:
        statement = "insert or replace into state (name, payload, generation) values (?, ?, ?)"
        transaction.execute(statement, (f"cache {name}", made.encode(), generation))
    return made
