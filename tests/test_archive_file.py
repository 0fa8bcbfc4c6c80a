"""The file itself: what can be wrong with it, older schemas, full disks, other models."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.database import APPLICATION_ID, FILE, SCHEMA_VERSION
from index.errors import ArchiveError, DamagedArchive, NewerSchema, NoArchive, NotWritable, WrongModel
from index.passages import RECIPE
from index.text import ANALYSER
from index.types import Filters, FloatArray
from tests.conftest import WordEncoder
from tests.documents import ROBOTS, SEGMENTATION, STORE, TOOL, document, item, opened, put, titles

FIRST = document(1, [SEGMENTATION, ROBOTS])


class OtherEncoder(WordEncoder):
    """Another model: the same words in other directions."""

    fingerprint = "others@0002"
    dimensions = 128


@pytest.fixture
def folder(tmp_path: Path, encoder: WordEncoder) -> Path:
    opened(tmp_path / "archive", encoder, FIRST).close()
    return tmp_path / "archive"


@pytest.fixture
def raw(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(folder / FILE, isolation_level=None)
    yield connection
    connection.close()


def test_no_archive(tmp_path: Path) -> None:
    with pytest.raises(NoArchive, match="backissues ingest"):
        Archive(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / FILE).touch()
    with pytest.raises(NoArchive, match="empty"):
        Archive(tmp_path / "empty")


def test_a_new_archive_says_what_it_is(folder: Path, raw: sqlite3.Connection) -> None:
    assert raw.execute("pragma application_id").fetchone() == (APPLICATION_ID,)
    assert raw.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
    assert raw.execute("pragma journal_mode").fetchone() == ("wal",)
    Archive(folder, create=True).close()  # `create` leaves what is there as it is
    with Archive(folder) as archive:
        assert archive.item_count == 2


def test_a_newer_schema_is_refused(folder: Path, raw: sqlite3.Connection) -> None:
    raw.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(NewerSchema, match="newer release"):
        Archive(folder)


def test_files_that_are_no_archive(tmp_path: Path) -> None:
    for name, content in {"text": b"not a database at all\n" * 100, "short": b"x"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE).write_bytes(content)
        with pytest.raises(DamagedArchive, match="no archive"):
            Archive(tmp_path / name, create=True)
        assert (tmp_path / name / FILE).read_bytes() == content
    (tmp_path / "other").mkdir()
    with sqlite3.connect(tmp_path / "other" / FILE) as connection:
        connection.execute("create table shopping (what)")
    connection.close()
    with pytest.raises(DamagedArchive, match="another program"):
        Archive(tmp_path / "other", create=True)


def test_a_damaged_file_is_named(folder: Path, encoder: WordEncoder) -> None:
    with Archive(folder, encoder) as archive:
        put(
            archive,
            *[document(number, [item(place, f"{number} {place}") for place in range(50)]) for number in range(9)],
        )
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    content = bytearray((folder / FILE).read_bytes())
    assert len(content) > 40 * 4096
    for page in range(len(content) // 8192, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    (folder / FILE).write_bytes(content)
    with pytest.raises(DamagedArchive, match="damaged"), Archive(folder, encoder) as archive:
        list(archive.all_items())
    with Archive(folder, encoder) as archive:
        assert any("damaged" in problem for problem in archive.verify())


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotWritable):
        Archive(tmp_path / "file", create=True)
    with pytest.raises(NotWritable):
        Archive(tmp_path / "file" / "below", create=True)


def test_a_full_disk_loses_nothing_that_was_committed(folder: Path, encoder: WordEncoder) -> None:
    with Archive(folder, encoder) as archive:
        put(archive, document(2, [STORE]))
        with archive._database.writing() as transaction:
            (pages,) = transaction.execute("pragma page_count").fetchone()
            transaction.execute(f"pragma max_page_count = {pages}")
        large = document(3, [item(place, f"number {place} " + "word " * 500) for place in range(1, 200)])
        with pytest.raises(NotWritable, match="disk is full"):
            put(archive, large)
        assert [issue.number for issue in archive.issues()] == [2, 1]
        assert archive.verify() == []
        with archive._database.writing() as transaction:
            transaction.execute("pragma max_page_count = 1000000")
        assert [one.change for one in put(archive, large)] == ["new"]
        assert archive.item_count == 202
        assert archive.verify() == []


def test_an_archive_that_was_closed_says_so(folder: Path, encoder: WordEncoder) -> None:
    archive = Archive(folder, encoder)
    archive.close()
    with pytest.raises(ArchiveError, match="closed"):
        archive.issues()
    archive.close()


def test_another_model_is_refused_and_the_way_out_works(folder: Path) -> None:
    other = OtherEncoder()
    with Archive(folder, other) as archive:
        assert archive.item_count == 2  # reading needs no model
        with pytest.raises(WrongModel, match=r"words@0001.*others@0002.*backissues rebuild --model others"):
            archive.encoder  # noqa: B018
        with pytest.raises(WrongModel):
            put(archive, document(2, [STORE]))
        assert len(archive.issues()) == 1
        told: list[tuple[int, int]] = []
        assert archive.reembed(lambda done, everything: told.append((done, everything))) == 2
        assert told == [(2, 2)]
        assert archive.encoder.fingerprint == archive.build.model == "others@0002"
        assert archive.vectors([1, 2]).shape == (2, 128)
        assert archive.nearest(other.queries(["robots fold laundry"]), 1)[0][0].id == 2
        put(archive, document(2, [STORE]))
        assert archive.verify() == []
    with Archive(folder, WordEncoder()) as archive, pytest.raises(WrongModel):
        archive.encoder  # noqa: B018


def test_an_open_archive_notices_that_another_process_rebuilt_it(folder: Path, encoder: WordEncoder) -> None:
    with Archive(folder, encoder) as archive:
        question = archive.encoder.queries(["robots"])
        assert archive.nearest(question, 1)[0][0].id == 2
        with Archive(folder, OtherEncoder()) as other:
            other.reembed()
        with pytest.raises(WrongModel, match="others@0002"):
            archive.nearest(question, 1)


class BreakingEncoder(OtherEncoder):
    """Fails once it has embedded so many passages."""

    left = 600

    def passages(self, texts: Sequence[str]) -> FloatArray:
        if self.left < len(texts):
            raise RuntimeError("interrupted")
        self.left -= len(texts)
        return super().passages(texts)


def test_an_interrupted_rebuild_keeps_the_old_vectors_and_goes_on(tmp_path: Path, encoder: WordEncoder) -> None:
    items = [item(place, f"number {place}") for place in range(1, 1301)]
    items[6] = item(7, "whales sing songs")
    with opened(tmp_path / "archive", encoder, document(1, items)) as archive:
        before = archive.vectors([1, 1300])
    other = BreakingEncoder()
    with Archive(tmp_path / "archive", other) as archive, pytest.raises(RuntimeError, match="interrupted"):
        archive.reembed()
    with Archive(tmp_path / "archive", encoder) as archive:
        assert np.array_equal(archive.vectors([1, 1300]), before)
        assert archive.build.model == "words@0001"
        assert archive.nearest(encoder.queries(["whales sing songs"]), 1)[0][0].id == 7
        put(archive, document(2, [STORE]))
    other.left = 1301
    other.encoded = 0
    with Archive(tmp_path / "archive", other) as archive:
        assert archive.reembed() == 1301
        assert other.encoded == 1301 - 512  # what was made before stays
        assert archive.nearest(other.queries(["whales sing songs"]), 1)[0][0].id == 7
        assert archive.vectors([1301]).shape == (1, 128)
        assert archive.verify() == []


def test_an_archive_without_vectors_takes_any_model(tmp_path: Path, encoder: WordEncoder) -> None:
    opened(tmp_path / "archive", encoder, document(1, [])).close()
    with Archive(tmp_path / "archive", OtherEncoder()) as archive:
        put(archive, FIRST)
        assert archive.build.model == "others@0002"


def test_verify_finds_what_was_broken(folder: Path, raw: sqlite3.Connection, encoder: WordEncoder) -> None:
    with Archive(folder, encoder) as archive:
        assert archive.verify() == []
        raw.execute("delete from vector where item_id = 1")
        raw.execute("delete from fulltext where rowid = 2")
        raw.execute("update item set position = 1")
        raw.execute("insert into work (key) values ('nothing')")
        raw.execute("pragma foreign_keys = off")
        raw.execute("update item set issue_id = 77 where id = 2")
        problems = archive.verify()
        for part in (
            "1 items have no vector",
            "1 items are missing in the full text",
            "1 works",
            "issue that is not there",
        ):
            assert any(part in problem for problem in problems), (part, problems)
        raw.execute("update item set issue_id = 1")
        assert any("1 places" in problem for problem in archive.verify())
        archive.reembed()
        assert not any("rebuild" in problem for problem in archive.verify())
        assert titles(archive.items(archive.postings(["laundri"])[0].ids.tolist())) == [ROBOTS.title]


def test_another_analyser_makes_the_full_text_anew(folder: Path, raw: sqlite3.Connection, encoder: WordEncoder) -> None:
    raw.execute("update meta set analyser = 0")
    raw.execute("update fulltext set title = 'as older releases cut it'")
    encoded = encoder.encoded
    with Archive(folder, encoder) as archive:
        assert archive.select(Filters(phrases=("labelled",))) == [1]
        assert archive.verify() == []
    assert encoder.encoded == encoded


# The schema as version 1 had it: what tables and columns came later is left out. A copy, so that it never changes.
VERSION_1 = """
create table meta (id integer primary key check (id = 1), generation integer not null, updated text, model text,
    model_name text, recipe integer not null, analyser integer not null) strict;
create table issue (id integer primary key autoincrement, newsletter text not null, number integer,
    title text not null, date text, year integer, week integer, url text, language text, unassigned text not null,
    source text not null, changed integer not null) strict;
create index issue_number on issue (number);
create index issue_date on issue (date);
create table alias (alias text not null primary key, issue_id integer not null references issue (id)
    on delete cascade) strict, without rowid;
create index alias_issue on alias (issue_id);
create table source (source text not null, issue_id integer not null references issue (id) on delete cascade,
    content_hash text not null, primary key (source, issue_id)) strict, without rowid;
create index source_issue on source (issue_id);
create table work (id integer primary key autoincrement, key text not null unique) strict;
create table item (id integer primary key autoincrement, issue_id integer not null references issue (id)
    on delete cascade, position integer not null, title text not null, section text, subtitle text, summary text,
    note text, url text, work_id integer references work (id), kind text not null, image text, language text,
    words integer not null, changed integer not null) strict;
create index item_issue on item (issue_id, position);
create index item_work on item (work_id);
create index item_changed on item (changed);
create table removed (item_id integer primary key, generation integer not null) strict;
create index removed_generation on removed (generation);
create table vector (item_id integer primary key references item (id) on delete cascade, text_hash blob not null,
    vector blob not null) strict;
create index vector_text on vector (text_hash);
create virtual table fulltext using fts5 (title, subtitle, summary, note, paper_title, abstract, authors, wholes,
    tokenize = "ascii tokenchars '.+#&-|'");
create virtual table occurrence using fts5vocab (fulltext, instance);
create table inflection (stem text not null, word text not null, primary key (stem, word)) strict, without rowid;
create table paper (key text not null primary key, title text not null, abstract text not null,
    authors text not null, categories text not null, published text, updated text, doi text, journal text,
    comment text) strict, without rowid;
create table page (url text not null primary key, status integer not null, headers text not null,
    body blob not null, fetched_at text not null) strict;
create table state (name text not null primary key, payload blob not null, generation integer not null) strict;
pragma application_id = 0x4261636B;
pragma user_version = 1;
"""


def make_version_1(folder: Path, encoder: WordEncoder) -> None:
    folder.mkdir()
    connection = sqlite3.connect(folder / FILE, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.executescript(VERSION_1)
    meta = "insert into meta values (1, 2, '2021-05-01T00:00:00+00:00', 'words@0001', null, ?, ?)"
    connection.execute(meta, (RECIPE, ANALYSER))
    connection.execute("""
        insert into issue values
            (1, 'The Weekly', 1, 'Dated', '2021-03-01', 2021, 9, 'https://a/1', 'en', '["https://x"]', 'a', 1),
            (3, 'The Weekly', null, 'By week', null, 2021, 10, null, 'en', '[]', 'b', 2),
            (4, 'The Weekly', null, 'By year', null, 2021, null, null, 'en', '[]', 'c', 2)
    """)
    connection.execute("insert into alias values ('url:https://a/1', 1)")
    connection.execute("insert into source values ('a', 1, 'h')")
    connection.execute("insert into work values (2, 'arxiv:2104.06601')")
    connection.execute("""
        insert into item values
            (5, 1, 1, 'Kept', 'Papers', null, 'of old', null, 'https://a/abs', 2, 'paper', null, null, 3, 1),
            (9, 3, 1, 'By the week', null, null, null, null, null, null, 'article', null, null, 3, 2)
    """)
    for id_, text in {5: "Kept. of old", 9: "By the week"}.items():
        vector = encoder.passages([text])[0].astype("<f2").tobytes()
        connection.execute("insert into vector values (?, ?, ?)", (id_, b"hash", vector))
    connection.execute(
        "insert into fulltext (rowid, title, summary) values (5, 'kept', 'of old'), (9, 'by the week', '')"
    )
    connection.execute("insert into removed values (8, 2)")
    connection.execute("insert into state values ('report', x'00', 2)")
    connection.close()


def test_an_archive_of_version_1_is_upgraded_in_place(tmp_path: Path, encoder: WordEncoder) -> None:
    make_version_1(tmp_path / "old", encoder)
    with Archive(tmp_path / "old", encoder) as archive:
        assert [issue.title for issue in archive.issues()] == ["By week", "Dated", "By year"]
        assert [(one.id, one.title, one.key) for one in archive.all_items()] == [
            (5, "Kept", "arxiv:2104.06601"),
            (9, "By the week", None),
        ]
        assert archive.generation == 3  # the full text was made anew
        assert archive.holds("a", "h")
        assert archive.unassigned(1) == ["https://x"]
        assert archive.state("report") == (b"\x00", 2)
        assert archive.nearest(encoder.queries(["old kept"]), 1)[0][0].id == 5
        assert archive.verify() == []
        put(archive, document(7, [TOOL]))
        assert archive.issue_items(5)[0].id == 10
        archive.reembed()
        assert archive.verify() == []
    with sqlite3.connect(tmp_path / "old" / FILE) as upgraded, sqlite3.connect(":memory:") as fresh:
        schema = (Path(__file__).parent.parent / "index" / "schema.sql").read_text(encoding="utf-8")
        fresh.executescript(schema)
        assert layout(upgraded) == layout(fresh)
    upgraded.close()
    fresh.close()


def layout(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every table with its columns (name, type, not null, default, key, hidden), every index with its columns."""
    names = connection.execute("select name, type from sqlite_schema where name not like 'sqlite_%' order by name")
    pragma = {"table": "table_xinfo", "index": "index_xinfo"}
    return {
        name: sorted(
            row[1:] if kind == "table" else row for row in connection.execute(f"pragma {pragma[kind]}({name})")
        )
        for name, kind in names.fetchall()
    }


def test_an_upgrade_that_fails_leaves_the_archive_as_it_was(tmp_path: Path, encoder: WordEncoder) -> None:
    make_version_1(tmp_path / "old", encoder)
    with sqlite3.connect(tmp_path / "old" / FILE) as connection:
        connection.execute("create table next_vector (in_the_way)")
    with pytest.raises(ArchiveError, match="next_vector"):
        Archive(tmp_path / "old", encoder)
    assert connection.execute("pragma user_version").fetchone() == (1,)
    assert len(connection.execute("pragma table_info(meta)").fetchall()) == 7
    connection.execute("drop table next_vector")
    connection.close()
    with Archive(tmp_path / "old", encoder) as archive:
        assert archive.item_count == 2
