"""Further links in the archive: kept, found by, changed and upgraded without touching anything else."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from index.archive import Archive
from index.database import FILE, SCHEMA_VERSION
from index.types import Filters, FurtherLink, Item
from tests.conftest import WordEncoder
from tests.documents import ROBOTS, SEGMENTATION, STORE, TOOL, document, item, opened, put, titles

CODE = FurtherLink("https://github.com/fold/towels", "github:fold/towels", "code")
FILM = FurtherLink("https://www.youtube.com/watch?v=abc", "youtube.com/watch?v=abc", "video", "Two arms at work")
BLOG = FurtherLink("https://blog.example/towels", "blog.example/towels", text="how it came about")

FOLDING = replace(ROBOTS, links=(CODE, FILM))


def links_of(archive: Archive, id_: int) -> tuple[FurtherLink, ...]:
    return archive.item(id_).links


def changed(archive: Archive) -> dict[int, int]:
    """The generation of the last change to each item."""
    with sqlite3.connect(archive.path / FILE) as connection:
        return dict(connection.execute("select id, changed from item").fetchall())


def test_links_are_kept_in_order_and_found_by(archive: Archive) -> None:
    put(archive, document(1, [SEGMENTATION, FOLDING, STORE]))
    put(archive, document(2, [replace(STORE, position=1, links=(CODE,)), replace(TOOL, position=2)]))
    assert [one.links for one in archive.all_items()] == [(), (CODE, FILM), (), (CODE,), ()]
    assert [one.links for one in archive.items([2, 1])] == [(CODE, FILM), ()]
    assert archive.issue_items(2)[0].links == archive.works([STORE.key or ""])[STORE.key or ""][1].links == (CODE,)
    assert archive.document(1).items[1].links == (CODE, FILM)
    found = archive.linking(["github:fold/towels", "youtube.com/watch?v=abc", "github:a/graphs", "arxiv:2104.06601"])
    assert {key: [one.id for one in items] for key, items in found.items()} == {
        "github:fold/towels": [2, 4],
        "youtube.com/watch?v=abc": [2],
    }, "an own link is none of them"
    assert archive.works(["github:fold/towels"]) == {}
    assert archive.build.works == 4
    assert archive.verify() == []


def test_mentions_come_oldest_issue_first(archive: Archive) -> None:
    put(archive, document(9, [replace(STORE, links=(CODE,))]), document(3, [replace(ROBOTS, links=(CODE,))]))
    assert titles(archive.linking([CODE.key])[CODE.key]) == [ROBOTS.title, STORE.title]


def test_links_that_come_later_embed_nothing_and_move_nothing(archive: Archive, encoder: WordEncoder) -> None:
    put(archive, document(1, [SEGMENTATION, ROBOTS], content="1"))
    question = encoder.queries(["robots fold laundry"])
    before, generation, encoded = changed(archive), archive.generation, encoder.encoded
    vectors = archive.vectors([1, 2]).tolist()
    (outcome,) = put(archive, document(1, [SEGMENTATION, FOLDING], content="2"))
    assert (outcome.change, outcome.items, outcome.embedded) == ("changed", 2, 0)
    assert encoder.encoded == encoded
    assert links_of(archive, 2) == (CODE, FILM), "readers see it at once"
    assert archive.generation == generation + 1
    assert changed(archive) == before, "neither words nor vectors nor columns are read anew"
    assert archive.vectors([1, 2]).tolist() == vectors
    assert archive.nearest(question, 1)[0][0].id == 2
    (outcome,) = put(archive, document(1, [SEGMENTATION, FOLDING], content="3"))
    assert (outcome.change, outcome.embedded) == ("unchanged", 0)
    assert archive.verify() == []


def test_links_follow_what_the_issue_says_now(archive: Archive) -> None:
    put(archive, document(1, [FOLDING, STORE], content="1"))
    put(archive, document(1, [replace(FOLDING, links=(BLOG,)), STORE], content="2"))
    assert links_of(archive, 1) == (BLOG,)
    assert list(archive.linking([CODE.key, FILM.key, BLOG.key])) == [BLOG.key]
    put(archive, document(1, [replace(FOLDING, summary="Told anew.", links=(BLOG, CODE)), STORE], content="3"))
    assert (archive.item(1).summary, links_of(archive, 1)) == ("Told anew.", (BLOG, CODE))
    assert titles(archive.linking([CODE.key])[CODE.key]) == [ROBOTS.title]
    put(archive, document(1, [replace(STORE, position=1)], content="4"))
    assert archive.linking([CODE.key, BLOG.key]) == {}
    put(archive, document(1, [replace(STORE, position=1, key=BLOG.key, url=BLOG.url)], content="5"))
    assert (archive.linking([BLOG.key]), len(archive.works([BLOG.key])[BLOG.key])) == ({}, 1)
    assert archive.verify() == []


def test_a_link_is_kept_once_and_whole(archive: Archive) -> None:
    odd = FurtherLink("https://odd.example/\udfff", "odd.example/\udfff", text='quotes " and \ud800')
    given = replace(
        ROBOTS, links=(CODE, odd, replace(CODE, text="again"), FurtherLink(ROBOTS.url or "", ROBOTS.key or ""))
    )
    put(archive, document(1, [given]))
    assert links_of(archive, 1) == (CODE, FurtherLink("https://odd.example/?", "odd.example/?", text='quotes " and ?'))
    (again,) = put(archive, document(1, [given], content="2"))
    assert again.change == "unchanged"


def test_a_condition_on_links_is_exact(archive: Archive) -> None:
    links = {
        "https://github.com/a/b": "github:a/b",
        "https://gist.github.com/c/1": "gist.github.com/c/1",
        "https://github.com.evil.example/x": "github.com.evil.example/x",
        "https://github.com-mirror.example/y": "github.com-mirror.example/y",
        "https://github.community/z": "github.community/z",
        "http://www.GitHub.com/d/e": "github:d/e",
    }
    further = [item(n, f"entry {n}", links=(FurtherLink(url, key),)) for n, (url, key) in enumerate(links.items(), 1)]
    own = [replace(TOOL, position=7), replace(STORE, position=8), replace(FOLDING, position=9)]
    put(archive, document(1, [*further, *own]))

    def met(*wanted: str, **others: tuple[str, ...]) -> list[int]:
        ids = archive.select(Filters(links=wanted, **others))  # type: ignore[arg-type]
        assert ids is not None
        return [archive.item(id_).position for id_ in ids.tolist()]

    assert met("github.com") == met("www.GITHUB.com") == [1, 2, 6, 7, 9]
    assert met("gist.github.com") == [2]
    assert met("github.com-mirror.example", "github.community") == [4, 5]
    assert met("github:a/b") == [1]
    assert met("github:a/graphs") == [7], "an own link is a link, too"
    assert met("github:a/graphs", "youtube.com") == [7, 9]
    assert met("github.com", kinds=("paper",)) == [9]
    assert met("nowhere.example") == met("nowhere.example/at/all") == []
    without = archive.select(Filters(excluding=(Filters(links=("github.com",)),)))
    assert without is not None
    assert [archive.item(id_).position for id_ in without.tolist()] == [3, 4, 5, 8]
    assert archive.select(Filters(hosts=("github.com",))) == [7]
    put(archive, document(1, [*further[:1], *own], content="2"))
    assert met("github.com") == [1, 7, 9], "no answer outlives a change"


def test_looking_up_is_a_search_in_an_index(archive: Archive) -> None:
    put(archive, document(1, [FOLDING]))
    statement = (
        "explain query plan select item.id from further join item on item.id = further.item_id"
        " where further.key in (select value from json_each('[\"a\"]'))"
    )
    with sqlite3.connect(archive.path / FILE) as connection:
        plan = [row[3] for row in connection.execute(statement)]
        assert any("SEARCH further USING PRIMARY KEY (key=?)" in step for step in plan), plan
        removal = [row[3] for row in connection.execute("explain query plan delete from further where item_id = 1")]
        assert any("further_item" in step for step in removal), removal


def test_verify_sees_links_that_cannot_be_found(archive: Archive) -> None:
    put(archive, document(1, [FOLDING, STORE]))
    with sqlite3.connect(archive.path / FILE) as connection:
        connection.execute("delete from further where key = ?", (CODE.key,))
    (problem,) = archive.verify()
    assert problem.startswith("1 items cannot be found by all of their further links")


def make_version_5(folder: Path, encoder: WordEncoder, items: list[Item]) -> int:
    """An archive as the release before kept it; how many pages it has."""
    opened(folder, encoder, document(1, items)).close()
    with sqlite3.connect(folder / FILE, isolation_level=None) as connection:
        connection.execute("drop table further")
        connection.execute("alter table item drop column links")
        connection.execute("pragma user_version = 5")
        connection.execute("vacuum")
        (pages,) = connection.execute("pragma page_count").fetchone()
    connection.close()
    return int(pages)


def test_an_older_archive_is_upgraded_without_touching_its_items(tmp_path: Path, encoder: WordEncoder) -> None:
    items = [replace(FOLDING, links=()), *(item(place, f"entry {place} " + "word " * 50) for place in range(3, 400))]
    pages = make_version_5(tmp_path / "old", encoder, items)
    encoded = encoder.encoded
    with Archive(tmp_path / "old", encoder) as archive:
        with sqlite3.connect(tmp_path / "old" / FILE) as connection:
            assert connection.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
            assert connection.execute("pragma page_count").fetchone()[0] <= pages + 4, "a table and two indexes, empty"
        connection.close()
        assert archive.generation == 1
        assert (links_of(archive, 1), archive.linking([CODE.key])) == ((), {})
        assert archive.verify() == []
        (outcome,) = put(archive, document(1, [FOLDING, *items[1:]], content="2"))
        assert (outcome.change, outcome.embedded, encoder.encoded) == ("changed", 0, encoded)
        assert [one.id for one in archive.linking([CODE.key])[CODE.key]] == [1]
        assert archive.verify() == []
