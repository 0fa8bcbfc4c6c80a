"""Quality figures: computed right, and held to a floor over the sample with the real model."""

import json
import math
from pathlib import Path

import pytest

from index.archive import Archive
from index.types import Encoder
from search.evaluate import BadJudgements, evaluate, normal_key, read, related_precision
from search.refresh import refresh

from .conftest import ROOT
from .documents import document, item, opened, paper_item

SAMPLE = ROOT / "ingest" / "sample"
JUDGED = ROOT / "tests" / "gold" / "queries.jsonl"
RELATED = ROOT / "tests" / "gold" / "related.jsonl"
FLOOR = {"mrr": 0.90, "ndcg": 0.68, "recall": 0.80, "auc": 0.96, "close_known": 0.93}
"""Below what was measured (see benchmarks/quality.md) by about what one changed question makes."""
RELATED_FLOOR = 0.44


def judged(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "judged.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    return path


def relevant(*keys: str) -> list[dict[str, object]]:
    return [{"key": key, "grade": grade} for grade, key in zip((2, 1, 1), keys, strict=False)]


@pytest.fixture
def archive(tmp_path: Path, encoder: Encoder) -> Archive:
    items = [
        paper_item(1, "bees swarm honey", "2101.00001"),
        paper_item(2, "bees swarm wax", "2101.00002"),
        paper_item(3, "bees flowers", "2101.00003"),
        *(item(place, f"filler{place} thing{place} other{place}") for place in range(4, 30)),
    ]
    return opened(tmp_path / "archive", encoder, document(1, items))


def test_figures_are_what_the_formulas_say(archive: Archive, tmp_path: Path) -> None:
    path = judged(
        tmp_path,
        {"query": "bees swarm honey", "kind": "known", "lang": "en", "relevant": relevant("arxiv:2101.00001")},
        {"query": "bees swarm honey", "kind": "known", "lang": "de", "relevant": relevant("arxiv:2101.00002")},
        {"query": "bees swarm honey", "kind": "topical", "relevant": relevant("arxiv:2101.00002", "arxiv:2101.00001")},
        {"query": "zebra yacht", "kind": "none", "relevant": []},
    )
    found = evaluate(archive, path, ["hybrid", "semantic", "keyword"])
    for mode in ("hybrid", "semantic", "keyword"):
        figures = found.groups[mode]["all"]
        assert figures.mrr == pytest.approx((1 + 1 / 2) / 2)
        assert figures.recall == pytest.approx(1)
        ideal = 3 + 1 / math.log2(3)
        assert figures.ndcg == pytest.approx((1 + 3 / math.log2(3)) / ideal)
        assert figures.auc == 1
        assert (figures.questions, figures.close_none) == (4, 0)
        assert found.groups[mode]["de"].mrr == pytest.approx(1 / 2)
        assert found.groups[mode]["de"].ndcg is None
    assert set(found.as_json()["hybrid"]["en"]) >= {"mrr", "ndcg", "auc", "recall"}
    assert found.table().splitlines()[0].split()[:3] == ["mode", "group", "n"]
    assert len(found.table().splitlines()) == 1 + 3 * 3


def test_kinds_may_be_left_out(tmp_path: Path) -> None:
    path = judged(
        tmp_path,
        {"query": "a", "relevant": relevant("arxiv:2101.00001v2")},
        {"query": "b", "relevant": relevant("x.example/1", "x.example/2")},
        {"query": "c"},
    )
    assert [(one.kind, len(one.grades)) for one in read(path)] == [("known", 1), ("topical", 2), ("none", 0)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: no judged question"),
        ('{"kind": "known"}', "'query' is missing"),
        ('{"query": "a", "kind": "other"}', "“other” is none of"),
        ('{"query": "a", "relevant": [{"grade": 1}]}', "'key' is missing"),
        ("", "there are no questions"),
    ],
)
def test_bad_files_are_refused_with_the_line(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(BadJudgements, match=message):
        read(path)


@pytest.mark.parametrize(
    ("key", "normal"),
    [
        ("arxiv:2104.06601", "arxiv:2104.06601"),
        ("github:owner/name", "github:owner/name"),
        ("doi:10.1145/3292500", "doi:10.1145/3292500"),
        ("www.example.org/a/?utm_source=b#c", "example.org/a"),
    ],
)
def test_keys_have_one_spelling(key: str, normal: str) -> None:
    assert normal_key(key) == normal


def test_related_precision_counts_the_five_best(archive: Archive, tmp_path: Path) -> None:
    anchor = {"key": "arxiv:2101.00001"}
    one = {"anchor": anchor, "related": relevant("arxiv:2101.00002")}
    two = {"anchor": anchor, "related": relevant("arxiv:2101.00002", "arxiv:2199.00001")}
    unknown = {"anchor": {"key": "arxiv:2199.00009"}, "related": relevant("arxiv:2101.00001")}
    assert related_precision(archive, judged(tmp_path, one, unknown)) == 1
    assert related_precision(archive, judged(tmp_path, one, two)) == pytest.approx((1 + 1 / 2) / 2)
    assert related_precision(archive, judged(tmp_path, unknown)) is None


@pytest.mark.slow
def test_the_sample_is_searched_as_well_as_it_was(tmp_path: Path) -> None:
    """With the real model, in three languages; the floor of the quality that was reached."""
    from ingest.parse.document import parse

    documents = [parse(path.read_bytes(), path.name) for path in sorted(SAMPLE.glob("*.md"))]
    with Archive(tmp_path / "archive", create=True) as held:
        list(held.put(documents))
        refresh(held)
        found = evaluate(held, JUDGED, ["hybrid", "semantic"])
        around = related_precision(held, RELATED)
    print(found.table(), around)
    hybrid, semantic = found.groups["hybrid"], found.groups["semantic"]
    for name, floor in FLOOR.items():
        assert getattr(hybrid["all"], name) >= floor, name
    assert 1 - (hybrid["all"].close_none or 0) >= 0.8
    for language in ("en", "ja", "zh"):  # words must not make things worse in any language
        assert (hybrid[language].mrr or 0) >= (semantic[language].mrr or 0) - 0.01
        assert (hybrid[language].ndcg or 0) >= (semantic[language].ndcg or 0) - 0.02
    assert (around or 0) >= RELATED_FLOOR
