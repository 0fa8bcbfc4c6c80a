"""The bundled sample: what it promises to show, parsed to exactly what its labels say."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "ingest" / "sample"
GOLD = Path(__file__).with_name("gold")

Record = dict[str, Any]


def labels() -> list[Record]:
    return [json.loads(path.read_text("utf-8")) for path in sorted((GOLD / "items").glob("*.json"))]


def rows(name: str) -> list[Record]:
    return [json.loads(line) for line in (GOLD / name).read_text("utf-8").splitlines()]


def labelled_items() -> Iterator[tuple[str, Record]]:
    for record in labels():
        for item in record["items"]:
            yield record["file"], item


@pytest.fixture(scope="module")
def real(corpus: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(corpus.glob("*.md")))


def test_every_issue_has_labels_and_every_label_an_issue() -> None:
    assert {record["file"] for record in labels()} == {path.name for path in SAMPLE.glob("*.md")}


def test_the_sample_is_large_enough_to_show_the_product() -> None:
    files = list(SAMPLE.glob("*.md"))
    assert len(files) >= 9
    assert sum(1 for _ in labelled_items()) >= 110
    dates = sorted(record["issue"]["date"] for record in labels() if record["issue"]["date"])
    assert dates[0].startswith("2020-09")
    assert dates[-1].startswith("2021-12")


def test_whole_issues_and_single_items_are_in_other_languages() -> None:
    issues = {record["issue"]["language"] for record in labels()}
    assert issues == {"en", "ja", "zh"}
    guests = [
        item["language"]
        for record in labels()
        for item in record["items"]
        if item["language"] != record["issue"]["language"]
    ]
    assert {"ja", "zh"} <= set(guests)


def test_papers_return_in_later_issues_with_another_remark() -> None:
    remarks: dict[str, set[str]] = defaultdict(set)
    for _, item in labelled_items():
        if item["key"] and item["key"].startswith("arxiv:"):
            remarks[item["key"]].add(item["summary_start"])
    assert sum(len(starts) > 1 for starts in remarks.values()) >= 8


def test_zero_shot_instance_segmentation_stands_in_issue_21_alone() -> None:
    found = [file for file, item in labelled_items() if item["key"] == "arxiv:2104.06601"]
    assert found == ["issue-21.md"]


@pytest.mark.parametrize("record", labels(), ids=lambda record: record["file"])
def test_parses_to_exactly_the_labelled_items(record: Record) -> None:
    document = pytest.importorskip("ingest.parse.document", reason="the parser is not there yet")
    parsed = document.parse((SAMPLE / record["file"]).read_bytes(), record["file"])
    issue = parsed.issue
    assert (issue.title, issue.number, issue.year, issue.week, issue.language) == tuple(
        record["issue"][name] for name in ("title", "number", "year", "week", "language")
    )
    assert (issue.date.isoformat() if issue.date else None) == record["issue"]["date"]
    names = ("position", "section", "title", "paper_title", "url", "key", "image", "language")
    assert [
        (item.position, item.section, item.title, item.subtitle, item.url, item.key, item.image, item.language)
        for item in parsed.items
    ] == [tuple(item[name] for name in names) for item in record["items"]]
    assert [(item.summary[:12], item.summary[-12:], item.note is not None) for item in parsed.items] == [
        (item["summary_start"], item["summary_end"], item["teaser"]) for item in record["items"]
    ]
    assert parsed.unassigned == ()


def test_every_link_and_paper_occurs_in_the_real_issues(real: str) -> None:
    links = set(re.findall(r"https?://[^\s)\]]+", "\n".join(p.read_text("utf-8") for p in SAMPLE.glob("*.md"))))
    assert len(links) > 100
    unknown = []
    for link in links:
        bare = link.partition("?")[0]
        wanted = bare.rpartition("/")[2] if "arxiv.org/abs/" in bare else bare
        if wanted not in real:
            unknown.append(link)
    assert unknown == []


def normalised(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def sentences(text: str) -> set[str]:
    plain = re.sub(r"https?://\S+", " ", text)
    return {short for part in re.split(r"[。．.!?！？:：\n]", plain) if len(short := normalised(part)) >= 12}


def own_words(issue: str) -> str:
    """An issue of the sample without hosts, preview card titles and papers' own titles: facts, which all share."""
    for fact in (r"\[## .*", r"^\S+\.\S+\]\(", r"\[\*\*\S+\.\w+\*\*\]", r"^\*?[\[【]\d{4}\.\d{5}[\]】].*"):
        issue = re.sub(fact, " ", issue, flags=re.MULTILINE)
    return issue


def test_no_sentence_of_the_real_issues_is_inside(real: str) -> None:
    known = sentences(real)
    titles = {normalised(item["paper_title"]) for _, item in labelled_items() if item["paper_title"]}
    assert len(known) > 1000
    for path in SAMPLE.glob("*.md"):
        shared = sentences(own_words(path.read_text("utf-8"))) & known
        assert {line for line in shared if not any(line in title for title in titles)} == set(), path.name


def test_no_long_run_of_characters_is_shared_with_the_real_issues(real: str) -> None:
    """Chinese sentences could be rearranged; fifteen ideographs in a row are no coincidence."""
    run = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{15,}")
    known = {text[at : at + 15] for text in run.findall(real) for at in range(len(text) - 14)}
    assert len(known) > 1000
    for path in SAMPLE.glob("*.md"):
        for text in run.findall(path.read_text("utf-8")):
            assert not {text[at : at + 15] for at in range(len(text) - 14)} & known, (path.name, text)


def test_judged_queries_name_items_that_exist() -> None:
    held = {(file.removesuffix(".md"), item["key"]) for file, item in labelled_items()}
    queries = rows("queries.jsonl")
    assert len(queries) >= 60
    assert len({row["id"] for row in queries}) == len(queries)
    assert len({row["query"] for row in queries}) == len(queries)
    assert {(row["kind"], row["lang"]) for row in queries} == {
        (kind, lang) for kind in ("known", "topical", "none") for lang in ("en", "ja", "zh")
    }
    for row in queries:
        assert bool(row["relevant"]) is (row["kind"] != "none"), row["id"]
        for answer in row["relevant"]:
            assert (answer["issue"], answer["key"]) in held, row["id"]
            assert answer["grade"] in (1, 2)


def test_judged_relations_name_items_that_exist() -> None:
    held = {(file.removesuffix(".md"), item["key"]) for file, item in labelled_items()}
    relations = rows("related.jsonl")
    assert len(relations) >= 12
    for row in relations:
        assert (row["anchor"]["issue"], row["anchor"]["key"]) in held
        assert row["related"]
        for answer in row["related"]:
            assert (answer["issue"], answer["key"]) in held
            assert answer["key"] != row["anchor"]["key"]
