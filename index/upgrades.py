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


def _order_issues_without_a_date(connection: sqlite3.Connection) -> None:
    connection.execute("""
        alter table issue add column day text generated always as (
            coalesce(
                date,
                case when week between 1 and 53 then
                    date(printf('%04d-01-04', year), 'weekday 0', '-6 days', printf('+%d days', 7 * (week - 1)))
                end,
                case when year between 1 and 9999 then printf('%04d-01-01', year) end
            )
        ) virtual
    """)
    connection.execute("create index issue_day on issue (day)")


def _index_the_words_of_links(connection: sqlite3.Connection) -> None:
    connection.execute("drop table occurrence")
    connection.execute("drop table inflection")
    connection.execute("drop table fulltext")
    connection.execute("""
        create virtual table fulltext using fts5 (
            title, subtitle, summary, note, paper_title, abstract, authors, address, wholes,
            tokenize = "ascii tokenchars '.+#&-|'"
        )
    """)
    connection.execute("update meta set analyser = 0")  # so that the full text is made anew when the archive opens


def _find_generations_beside_large_results(connection: sqlite3.Connection) -> None:
    connection.execute("create index state_generation on state (name, generation)")


def _keep_further_links(connection: sqlite3.Connection) -> None:
    connection.execute("alter table item add column links text")
    connection.execute("""
        create table further (
            key text not null,
            item_id integer not null references item (id) on delete cascade,
            site text not null,
            primary key (key, item_id)
        ) strict, without rowid
    """)
    connection.execute("create index further_item on further (item_id)")
    connection.execute("create index further_site on further (site, item_id)")


UPGRADES: dict[int, Callable[[sqlite3.Connection], None]] = {
    1: _keep_vectors_while_embedding,
    2: _order_issues_without_a_date,
    3: _index_the_words_of_links,
    4: _find_generations_beside_large_results,
    5: _keep_further_links,
}
