# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""Is the archive sound? Every promise that the schema alone does not keep is checked."""

import contextlib

from .database import Database
from .errors import DamagedArchive, NotWritable
from .passages import RECIPE

_CHECKS = {
    "select count(*) from item where not exists (select 1 from vector where item_id = item.id)": "{} items have no "
    "vector: `backissues rebuild` makes them.",
    "select count(*) from item where id not in (select rowid from fulltext)": "{} items are missing in the full text: "
    "`backissues rebuild` adds them.",
    "select count(*) from fulltext where rowid not in (select id from item)": "{} entries of the full text belong to "
    "no item: `backissues rebuild` takes them out.",
    "select count(*) from (select 1 from item group by issue_id, position having count(*) > 1)": "{} places within an "
    "issue are taken twice: ingest these issues again with --refresh.",
    "select count(*) from work where not exists (select 1 from item where work_id = work.id)": "{} works have no item.",
    "select count(*) from item where coalesce(json_array_length(links), 0) <> (select count(*) from further where "
    "item_id = item.id)": "{} items cannot be found by all of their further links: ingest their issues again with "
    "--refresh.",
    "select count(*) from removed where item_id in (select id from item)": "{} removed items are still there.",
    "select count(*) from (select distinct length(vector) from vector) having count(*) > 1": "The vectors have {} "
    "different lengths: `backissues rebuild` makes them anew.",
    f"select count(*) from meta where recipe <> {RECIPE} and exists (select 1 from vector)": "The vectors were made "
    "from texts as an older release composed them: `backissues rebuild` makes them anew.",
}


def verify(database: Database) -> list[str]:
    """Plain sentences, one a problem."""
    try:
        with database.reading() as connection:
            checks = connection.execute("pragma integrity_check").fetchall()
            problems = [f"The file is damaged: {row[0]}." for row in checks if row[0] != "ok"]
            dangling = connection.execute("pragma foreign_key_check").fetchall()
            problems += [f"A row of {row[0]} refers to a {row[2]} that is not there." for row in dangling]
            for statement, sentence in _CHECKS.items():
                (count,) = connection.execute(statement).fetchone() or (0,)
                if count:
                    problems.append(sentence.format(count))
        with contextlib.suppress(NotWritable), database.writing() as transaction:
            transaction.execute("insert into fulltext (fulltext) values ('integrity-check')")
    except DamagedArchive as error:
        return [str(error)]
    return problems
