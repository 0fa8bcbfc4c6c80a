"""An entry's links beside its own: which are kept, what they lead to, and what their words say."""

import sqlite3
from pathlib import Path

import pytest

from index.archive import Archive
from index.database import FILE
from index.types import FurtherLink, Item
from ingest.links import canonical_key, kind_named
from ingest.load import Options, ingest
from ingest.parse.document import parse
from tests.conftest import WordEncoder

ISSUES = Path(__file__).parent / "issues"
SAMPLE = Path(__file__).parents[1] / "ingest" / "sample"


def items_of(text: str) -> tuple[Item, ...]:
    return parse(text.encode(), "issue-7.md").items


def brief(links: tuple[FurtherLink, ...]) -> list[tuple[str, str, str | None]]:
    return [(link.key, link.kind, link.text) for link in links]


PAPERS = """# Paper notes 7

## Papers

### Counting sheep without looking

[Paper](https://arxiv.org/abs/2103.00011) | [Code](https://github.com/fold/sheep) | [视频](https://clips.example/sheep)

A camera over the gate counts the flock from its shadows, also at dusk, and is never wrong by more than one.

### A map of every puddle

[Paper](https://arxiv.org/abs/2103.00022) | [Code](https://git.example/puddles) | [Project page](https://puddles.example/)

Rain gauges and bicycles drew it together; see [how long a puddle lives](https://rain.example/life) and, again, the
[project page](https://puddles.example/#top). Written by [Ada](https://github.com/ada).

### Nothing beside it

[Paper](https://arxiv.org/abs/2103.00033)

One link is enough for a method as plain as this one, which sorts stones by the sound they make.
"""


def test_links_beside_the_own_one_are_kept_in_their_order() -> None:
    sheep, puddles, stones = items_of(PAPERS)
    assert (sheep.key, sheep.url) == ("arxiv:2103.00011", "https://arxiv.org/abs/2103.00011")
    assert brief(sheep.links) == [("github:fold/sheep", "code", None), ("clips.example/sheep", "video", None)]
    assert sheep.links[0].url == "https://github.com/fold/sheep"
    assert brief(puddles.links) == [
        ("git.example/puddles", "code", None),
        ("puddles.example", "article", "Project page"),
        ("rain.example/life", "article", "how long a puddle lives"),
    ], "the second link to the project page is the same, and a profile only says who wrote it"
    assert stones.links == ()


def test_list_items_rows_and_cards_keep_theirs() -> None:
    text = (
        "# Tool letter 3\n\n## Tools\n\n"
        "- [A kettle that sings](https://kettle.example/sings): boils in C major ([source code](https://github.com/k/s))\n"
        "- [A spoon](https://spoon.example/one), by the makers of [the fork](https://fork.example/two)\n"
        "- [A plate](https://plate.example/three), from [plate.example](https://plate.example)\n"
    )
    kettle, spoon, plate = items_of(text)
    assert brief(kettle.links) == [("github:k/s", "code", None)]
    assert brief(spoon.links) == [("fork.example/two", "article", "the fork")]
    assert plate.links == (), "the front page of its own site says only where it is from"


def test_an_item_without_a_link_of_its_own_keeps_those_in_its_text() -> None:
    text = (
        "# Walks 4\n\n## Maps\n\n### Maps for the ridge\n\nTwo of them are any good, and both are needed in fog: "
        "first there is a very old one, [the brown map](https://maps.example/brown), which knows the huts, and then "
        "comes [the green map](https://maps.example/green), which knows the springs and each of the ladders.\n\n"
        "### Maps for the shore\n\n[A chart of the bay](https://charts.example/bay)\n\nIt knows the depths.\n"
    )
    ridge, shore = items_of(text)
    links = [*ridge.links, *([FurtherLink(ridge.url, ridge.key or "")] if ridge.url else [])]
    assert {link.key for link in links} == {"maps.example/brown", "maps.example/green"}
    assert (shore.key, shore.links) == ("charts.example/bay", ())


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        *(("Code", "code"), (" source  code ", "code"), ("代码", "code"), ("動画", "video"), ("PDF", "paper")),
        *(("Dataset", "dataset"), ("comments", "discussion"), ("Source", None), ("codes of honour", None), ("", None)),
    ],
)
def test_labels_that_are_the_name_of_a_kind(label: str, kind: str | None) -> None:
    assert kind_named(label) == kind


@pytest.mark.parametrize(
    "path", sorted(ISSUES.glob("*.md")) + sorted(ISSUES.glob("*.html")), ids=lambda path: path.name
)
def test_in_every_layout_a_link_is_at_one_place_only(path: Path) -> None:
    document = parse(path.read_bytes(), str(path))
    assigned = {key for item in document.items for key in (item.key, *(link.key for link in item.links)) if key}
    assert not assigned & {canonical_key(url) for url in document.unassigned}
    for item in document.items:
        keys = [link.key for link in item.links]
        assert len(set(keys)) == len(keys)
        assert item.key not in keys
        assert [canonical_key(link.url) for link in item.links] == keys
        assert all(link.text is None or link.text == link.text.strip() for link in item.links)


def test_hardly_any_layout_is_without() -> None:
    found = [parse(path.read_bytes(), str(path)).items for path in ISSUES.iterdir() if path.suffix in (".md", ".html")]
    assert sum(any(item.links for item in items) for items in found) >= 15


def test_an_older_archive_gets_its_links_by_reading_again(
    archive: Archive, encoder: WordEncoder, tmp_path: Path
) -> None:
    (tmp_path / "issue-7.md").write_text(PAPERS)
    sources = [str(tmp_path / "issue-7.md")]
    ingest(archive, sources)
    (issue,) = archive.issues()
    with sqlite3.connect(archive.path / FILE) as connection:  # as one that was made before links were kept
        connection.execute("update item set links = null")
        connection.execute("delete from further")
    encoded = encoder.encoded
    assert ingest(archive, sources).rows[0].status == "held"
    report = ingest(archive, sources, Options(refresh=True))
    assert (report.rows[0].status, report.embedded, encoder.encoded) == ("changed", 0, encoded)
    assert [len(one.links) for one in archive.issue_items(issue.id)] == [2, 3, 0]
    assert archive.verify() == []


def test_the_sample_has_code_beside_an_article_that_is_an_item_of_its_own_too() -> None:
    items = parse((SAMPLE / "2021-february.md").read_bytes(), "2021-february.md").items
    (search,) = [item for item in items if any(link.kind == "code" for link in item.links)]
    assert brief(search.links) == [("github:google/model_search", "code", None)]
    assert [item.position for item in items if item.key == "github:google/model_search"] == [19]
    assert brief(items[0].links) == [("openai.com/blog/dall-e", "article", "Blog post")]
