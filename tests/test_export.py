"""The archive is its owner's: what is written out can be read in again, and nothing is lost on the way."""

import json
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from index.archive import Archive
from index.types import Document
from ingest.load import ingest
from tests.conftest import WordEncoder
from tests.served import CODE, PAPER, SHARED, document, documents, fill, item
from web.bibtex import bibtex, cite_key, escape
from web.export import export


def contents(archive: Archive) -> list[Document]:
    """All that has to survive: everything but how it got here."""
    held = (archive.document(issue.id) for issue in archive.issues())
    return [replace(one, source="", content_hash="", aliases=()) for one in held]


def keys(archive: Archive) -> list[str]:
    return sorted({one.key for one in archive.all_items() if one.key})


def written(archive: Archive, path: Path) -> Path:
    with path.open("wb") as out:
        assert export(archive, "jsonl", out) == out.tell() > 0
    return path


def returned(archive: Archive, path: Path) -> Archive:
    """A new archive from the export of another."""
    file = written(archive, path / "export.jsonl")
    copy = Archive(path / "copy", WordEncoder(), create=True)
    report = ingest(copy, [str(file)])
    assert not report.failed
    return copy


def alike(archive: Archive, copy: Archive) -> None:
    assert contents(copy) == contents(archive)
    assert copy.papers(keys(copy)) == archive.papers(keys(archive))
    assert {key: [one.id for one in found] for key, found in copy.works(keys(copy)).items()} == {
        key: [one.id for one in found] for key, found in archive.works(keys(archive)).items()
    }
    assert copy.verify() == []


def test_an_export_comes_back_as_the_same_archive(tmp_path: Path) -> None:
    with fill(tmp_path / "one") as archive, returned(archive, tmp_path) as copy:
        alike(archive, copy)
        assert [one.id for one in copy.items([11])] == [11]


def test_ids_with_gaps_come_back(tmp_path: Path) -> None:
    """Ids of what was removed from the newsletter are not given to something else."""
    with fill(tmp_path / "one") as archive:
        shorter = document(3)
        list(archive.put([replace(shorter, items=shorter.items[2:], content_hash="f" * 64)]))
        list(archive.put([replace(document(9), items=(item(9, 2),))]))
        ids = archive.item_ids().tolist()
        assert ids != list(range(1, len(ids) + 1))
        with returned(archive, tmp_path) as copy:
            alike(archive, copy)
            assert copy.item_ids().tolist() == ids


def test_odd_texts_come_back_unchanged(tmp_path: Path) -> None:
    odd = replace(
        document(1),
        items=(
            replace(
                item(1, 1),
                title='Quotes " and \\ and \u2028 lines',
                summary="First.\n\nSecond:\n- a\n- b",
                note="∀ 𝔘 🙂",
            ),
            replace(
                item(1, 2), title="画像の生成", section="論文", subtitle="<b>&amp;", language="ja", url=None, key=None
            ),
            replace(item(1, 3), image="https://notes.example/a.png?w=1&h=2", summary=None, section=None),
        ),
    )
    bare = Document(
        replace(document(2).issue, number=None, date=None, year=None, url=None, language=None), (item(2, 1),)
    )
    both = [odd, replace(bare, source="b", content_hash="b")]
    with fill(tmp_path / "one", both) as archive, returned(archive, tmp_path) as copy:
        alike(archive, copy)


def test_reading_an_export_again_changes_nothing(tmp_path: Path) -> None:
    with fill(tmp_path / "one") as archive, returned(archive, tmp_path) as copy:
        before = contents(copy)
        report = ingest(copy, [str(tmp_path / "export.jsonl")])
        assert not report.failed
        assert contents(copy) == before


def test_an_export_into_its_own_archive_changes_nothing(tmp_path: Path) -> None:
    with fill(tmp_path / "one") as archive:
        before = contents(archive)
        ingest(archive, [str(written(archive, tmp_path / "export.jsonl"))])
        assert contents(archive) == before


@pytest.mark.slow
def test_the_sample_comes_back(tmp_path: Path) -> None:
    with Archive(tmp_path / "one", WordEncoder(), create=True) as archive:
        ingest(archive, ["sample"])
        assert archive.item_count > 100
        with returned(archive, tmp_path) as copy:
            alike(archive, copy)


@pytest.mark.slow
def test_the_real_issues_come_back(tmp_path: Path, corpus: Path) -> None:
    with Archive(tmp_path / "one", WordEncoder(), create=True) as archive:
        ingest(archive, [str(corpus)])
        assert archive.build.issues == 34
        with returned(archive, tmp_path) as copy:
            alike(archive, copy)


def test_lines_are_what_parse_prints_and_more(tmp_path: Path) -> None:
    with fill(tmp_path / "one") as archive:
        lines = [json.loads(line) for line in written(archive, tmp_path / "export.jsonl").read_text().splitlines()]
    assert [line["issue"]["number"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[1]["papers"][0]["key"] == SHARED
    assert {"title", "number", "date", "year", "week", "url", "language", "id", "newsletter"} == lines[0][
        "issue"
    ].keys()
    wanted = {"position", "section", "title", "subtitle", "summary", "note", "url", "key", "kind", "image"}
    assert wanted | {"id", "language", "further_links"} == lines[0]["items"][0].keys()
    assert lines[0]["items"][0]["further_links"] == []
    code = {"url": CODE.url, "key": CODE.key, "kind": "code", "text": None}
    assert lines[1]["items"][5]["further_links"][0] == code


def test_citations_name_a_work_once_with_all_its_issues(tmp_path: Path) -> None:
    with fill(tmp_path) as archive:
        out = BytesIO()
        export(archive, "bibtex", out)
        text = out.getvalue().decode()
        works = archive.build.works
    entries = text.split("\n\n")[:-1]
    assert len(entries) == works
    assert len(set(re.findall(r"@\w+\{([^,]+),", text))) == len(entries)
    (shared,) = [entry for entry in entries if "2104.06601" in entry]
    assert shared == (
        "@misc{nunez2021segment-11,\n"
        "  title = {{Segment \\& count \\textbraceleft{}everything\\textbraceright{}}},\n"
        "  author = {Ana Núñez and B. Okoye},\n"
        "  year = {2021},\n"
        "  eprint = {2104.06601},\n"
        "  archiveprefix = {arXiv},\n"
        "  primaryclass = {cs.CV},\n"
        "  doi = {10.1000/182},\n"
        "  url = {https://arxiv.org/abs/2104.06601v2},\n"
        "  note = {Covered in Field notes issue 2 (2021-01-10); Field notes issue 4 (2021-01-24); "
        "Field notes issue 6 (2021-02-07)},\n"
        "  annote = {code: https://github.com/mask/every\\_thing},\n"
        "}"
    )


def test_braces_of_a_citation_balance_whatever_the_text() -> None:
    wild = replace(
        item(1, 1), title="a } b { c \\ d # ~^_%$", url="https://x.example/{a}b c", subtitle="Ünïcode & more"
    )
    entry = bibtex(wild, [document(1).issue], replace(PAPER, title="}{ \\", journal="J. of {x}"))
    depth = 0
    for c in entry:  # as BibTeX counts: a backslash does not hide a brace
        depth += (c == "{") - (c == "}")
        assert depth >= 0
    assert depth == 0
    assert entry.startswith("@article{nunez2021")
    assert escape("one\n  two") == "one two"
    assert cite_key(replace(wild, subtitle=None, title="画像の生成", id=7), None, None) == "7"


def test_markdown_reads_as_the_issues_did(tmp_path: Path) -> None:
    from markdown_it import MarkdownIt

    with fill(tmp_path, documents(2)) as archive:
        out = BytesIO()
        export(archive, "markdown", out)
    tokens = MarkdownIt().parse(out.getvalue().decode())
    headings = [(t.tag, tokens[i + 1].children or []) for i, t in enumerate(tokens) if t.type == "heading_open"]
    texts = [(tag, "".join(child.content for child in children)) for tag, children in headings]
    assert texts[:3] == [("h1", "Field notes 1"), ("h2", "Papers"), ("h3", "Robots walk on sand 1")]
    assert [text for tag, text in texts if tag == "h1"] == ["Field notes 1", "Field notes 2"]
    links = [child.attrs["href"] for _, children in headings for child in children if child.type == "link_open"]
    assert links[0] == "https://notes.example/1/1?a=1&b=2"
    assert len(links) == 11
