"""A pasted link finds items by their further links too, and says so; related lists and drafts know them as well."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.archive import Archive
from index.types import Encoder, FurtherLink, Item
from search.fields import read_value
from search.query import understand
from search.reasons import reason
from search.refresh import refresh
from search.related import check, related, related_to
from search.results import Ask, Hit
from search.retrieve import search
from tests.conftest import WordEncoder

from .documents import document, item, opened, paper_item

WEAVE = FurtherLink("https://github.com/loom/weave", "github:loom/weave", "code")
FILM = FurtherLink("https://youtu.be/loomfilm", "youtube.com/watch?v=loomfilm", "video")
LOOM = "loom shuttle pattern warp heddle treadle selvage bobbin"
WORDS = [
    *("amber", "basil", "cedar", "dune", "ember", "fjord", "grove", "heron"),
    *("inlet", "jetty", "kelp", "lagoon", "marsh", "quartz", "orchard", "pebble"),
]


def paper(position: int, title: str, number: str, links: tuple[FurtherLink, ...] = ()) -> Item:
    return paper_item(
        position, title, number, section="Papers", summary=f"{LOOM} {title.partition(' ')[0]}", links=links
    )


@pytest.fixture
def archive(tmp_path: Path, encoder: Encoder) -> Iterator[Archive]:
    """A repository as a further link in issues 1 and 3, a film in issue 3; other things all over."""
    rng = np.random.default_rng(1)
    special = {
        1: [paper(1, "First weaving", "2101.00001", (WEAVE,))],
        2: [paper(1, "Second weaving", "2101.00002")],
        3: [paper(1, "Third weaving", "2101.00003", (WEAVE, FILM))],
    }
    documents = []
    for number in range(1, 9):
        items = special.get(number, [])
        others = [
            item(len(items) + place, " ".join(rng.choice(WORDS, 2)), summary=" ".join(rng.choice(WORDS, 6)))
            for place in range(1, 7)
        ]
        documents.append(document(number, [*items, *others]))
    with opened(tmp_path / "archive", encoder, *documents) as held:
        refresh(held)
        yield held


def shown(hits: tuple[Hit, ...]) -> list[tuple[str, str | None]]:
    return [(hit.item.title, hit.reason) for hit in hits]


LINKS_TO_IT = "It also links to github:loom/weave"


@pytest.mark.parametrize(
    "question",
    ["https://github.com/loom/weave", "github.com/loom/weave", "https://www.github.com/loom/weave/tree/main?ref=x"],
)
def test_a_pasted_link_finds_what_has_it_beside_its_own(archive: Archive, encoder: WordEncoder, question: str) -> None:
    encoded = encoder.encoded
    answer = search(archive, Ask(question))
    assert encoder.encoded == encoded, "no model call"
    assert answer.close
    assert answer.query.target == "github:loom/weave"
    assert answer.query.hints == ()
    assert shown(answer.hits)[:2] == [
        ("Third weaving", LINKS_TO_IT),
        ("First weaving", LINKS_TO_IT),
    ], "newest first, as own mentions are"
    assert [hit.match for hit in answer.hits[:2]] == ["strong", "strong"]
    assert all(hit.reason is None and hit.score < 1 for hit in answer.hits[2:])
    assert len({hit.item.id for hit in answer.hits}) == answer.total


def test_an_own_link_comes_first_and_is_the_work(archive: Archive) -> None:
    own = item(1, "The weaving program", section="Tools", url=WEAVE.url, key=WEAVE.key, kind="code", summary=LOOM)
    list(archive.put([document(7, [own])]))
    answer = search(archive, Ask("https://github.com/loom/weave"))
    assert shown(answer.hits)[:3] == [
        ("The weaving program", None),
        ("Third weaving", LINKS_TO_IT),
        ("First weaving", LINKS_TO_IT),
    ]
    assert answer.hits[0].also_in == answer.hits[1].also_in == (), "a further link makes no mention of a work"
    tools = search(archive, Ask("https://github.com/loom/weave section:Papers"))
    assert [hit.item.title for hit in tools.hits][:2] == ["Third weaving", "First weaving"]


def test_conditions_and_counts_stay_exact(archive: Archive) -> None:
    answer = search(archive, Ask("https://github.com/loom/weave issue:1"))
    assert [(hit.item.title, hit.reason) for hit in answer.hits][:1] == [("First weaving", LINKS_TO_IT)]
    assert {hit.issue.number for hit in answer.hits} == {1}
    for facet in search(archive, Ask("https://github.com/loom/weave")).facets:
        if facet.field == "host":
            for value in facet.values:
                narrowed = search(archive, Ask(f"https://github.com/loom/weave site:{value.value}"))
                assert narrowed.total == value.count
    only = search(archive, Ask("site:github.com kind:paper"))
    assert (only.total, only.hits) == (0, ()), "`site:` speaks of an item's own link"
    assert only.query.hints == ("No item's own link leads to github.com; link:github.com also finds further links.",)
    assert search(archive, Ask("site:github.com issue:2")).query.hints == (), "nor would that find anything"
    assert search(archive, Ask("site:arxiv.org")).query.hints == ()


def test_a_condition_speaks_of_all_links(archive: Archive) -> None:
    both = search(archive, Ask("link:github.com"))
    assert [hit.item.title for hit in both.hits] == ["Third weaving", "First weaving"]
    assert both.total == 2
    (chip,) = both.query.chips
    assert (chip.field, chip.value, chip.without) == ("link", "github.com", "")
    assert [hit.item.title for hit in search(archive, Ask("weaving link:youtu.be,youtube.com")).hits] == [
        "Third weaving"
    ]
    left = search(archive, Ask("loom kind:paper -link:github.com"))
    assert [hit.item.title for hit in left.hits] == ["Second weaving"]


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("github.com", "github.com"),
        ("https://www.GitHub.com/", "github.com"),
        ("github.com/Loom/Weave/tree/main", "github:Loom/Weave"),
        ("https://youtu.be/loomfilm?t=3", "youtube.com/watch?v=loomfilm"),
        ("github:loom/weave", "github:loom/weave"),
        ("arxiv:2101.00003v2", "arxiv:2101.00003"),
        ("doi:10.1000/182", "doi:10.1000/182"),
        ("loom.example/a", "loom.example/a"),
    ],
)
def test_links_in_conditions_are_read_as_links_everywhere_are(value: str, link: str) -> None:
    assert read_value("link", value).links == (link,)
    read = understand(f"cloth link:{value}")
    assert (read.words, read.filters.links, read.target) == ("cloth", (link,), None)


def test_a_link_that_nobody_has_is_still_searched_as_words(archive: Archive) -> None:
    answer = search(archive, Ask("https://github.com/loom/other"))
    assert any("nothing under “github:loom/other”" in hint for hint in answer.query.hints)
    assert all(hit.reason is None for hit in answer.hits)


def test_what_surrounds_a_further_link_is_what_surrounds_its_newest_item(archive: Archive) -> None:
    found = related_to(archive, url="https://github.com/loom/weave")
    assert found.item is not None
    assert (found.item.title, found.further_link) == ("Third weaving", "github:loom/weave")
    assert found.earlier == related(archive, found.item.id).earlier
    own = related_to(archive, url="https://arxiv.org/abs/2101.00003")
    assert own.further_link is None
    together = next(hit for hit in found.earlier if hit.item.title == "First weaving")
    assert together.reason == "Both link to github:loom/weave"


def test_a_reason_names_a_link_that_two_items_share(archive: Archive) -> None:
    (hit,) = [hit for hit in related(archive, 1).later if hit.item.title == "Second weaving"]
    assert reason(archive.item(1), None, hit) is None
    code = item(1, "The program", url=WEAVE.url, key=WEAVE.key)
    assert reason(code, None, replace(hit, item=archive.item(1))) == "Both link to github:loom/weave"


def test_a_draft_is_told_of_links_in_either_place(archive: Archive) -> None:
    own = item(1, "A knot a day", url="https://knots.example/day", key="knots.example/day", summary="rope harbour")
    list(archive.put([document(7, [own])]))
    draft = [
        item(1, "The weaving program", url=WEAVE.url, key=WEAVE.key, summary="warp"),
        paper(2, "First weaving", "2101.00001", (WEAVE,)),
        item(3, "Ropes", summary="rope", links=(FurtherLink("https://knots.example/day", "knots.example/day"), FILM)),
        item(4, "Nothing of this", summary="moon"),
    ]
    program, again, ropes, nothing = check(archive, draft)
    assert program.covered == ()
    assert [(one.key, archive.item(one.item_id).title, one.issue.number) for one in program.linked] == [
        ("github:loom/weave", "First weaving", 1),
        ("github:loom/weave", "Third weaving", 3),
    ]
    assert not {hit.item.id for hit in program.similar} & {one.item_id for one in program.linked}
    assert [(one.issue.number) for one in again.covered] == [1]
    assert again.linked == (), "two items with one repository beside them are no mention of each other"
    assert ropes.covered == ()
    assert [(one.key, one.issue.number) for one in ropes.linked] == [("knots.example/day", 7)]
    assert (nothing.covered, nothing.linked) == ((), ())
