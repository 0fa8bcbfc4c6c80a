"""Search quality over judged questions, so that anyone can measure their own archive.

A judged file has one JSON object a line: `query`, `kind` ("known": one item is half-remembered, "topical": several
answer, graded; "none": nothing does), optionally `lang`, and `relevant`: `[{"key": …, "grade": 1 or 2}, …]`.
"""

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from index.archive import Archive
from index.errors import ArchiveError
from index.identity import canonical_key

from .related import related
from .results import Answer, Ask, Mode
from .retrieve import search_many

MODES: tuple[Mode, ...] = ("hybrid", "semantic", "keyword")
DEPTH = 10
KINDS = ("known", "topical", "none")


class BadJudgements(ArchiveError):
    """The judged file is not readable as one; the message names the line."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with its answers: grades by canonical key."""

    query: str
    kind: str
    language: str = ""
    grades: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one mode over one group of questions; None where no question tells.

    `close_known` is the share of questions with an answer that were said to have one, `close_none` the share of those
    without that were wrongly said to; `auc` how well the best score tells known-item questions from unanswerable ones.
    """

    questions: int
    mrr: float | None
    recall: float | None
    ndcg: float | None
    auc: float | None
    close_known: float | None
    close_none: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """By mode, and in it by group: "all" and every language."""

    groups: dict[Mode, dict[str, Figures]]

    def as_json(self) -> dict[str, Any]:
        """As plain objects and lists."""
        names = Figures.__dataclass_fields__
        return {
            mode: {group: {name: getattr(figures, name) for name in names} for group, figures in found.items()}
            for mode, found in self.groups.items()
        }

    def table(self) -> str:
        """The modes side by side, as text."""
        head = ("mode", "group", "n", "MRR@10", "recall@10", "nDCG@10", "AUC", "answered", "none kept")
        rows: list[tuple[str, ...]] = [head]
        for mode, found in self.groups.items():
            for group, f in found.items():
                silent = None if f.close_none is None else 1 - f.close_none
                values = (f.mrr, f.recall, f.ndcg, f.auc, f.close_known, silent)
                rows.append((mode, group, str(f.questions), *("–" if v is None else f"{v:.3f}" for v in values)))
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if column < 2 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        )


def evaluate(archive: Archive, path: Path, modes: Sequence[Mode] = MODES) -> Evaluation:
    """Puts every question of a judged file to the archive, in each mode. Errors: BadJudgements, OSError."""
    judged = read(path)
    groups: dict[Mode, dict[str, Figures]] = {}
    for mode in modes:
        answers = search_many(archive, [Ask(one.query, mode=mode, limit=DEPTH) for one in judged])
        pairs = list(zip(judged, answers, strict=True))
        languages = sorted({one.language for one in judged if one.language})
        groups[mode] = {"all": figures(pairs)} | {
            language: figures([pair for pair in pairs if pair[0].language == language]) for language in languages
        }
    return Evaluation(groups)


def read(path: Path) -> list[Judged]:
    """The questions of a judged file, their keys in one spelling. Errors: BadJudgements, OSError."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            grades: dict[str, int] = {}
            for answer in row.get("relevant", ()):
                key = normal_key(answer["key"])
                grades[key] = max(grades.get(key, 0), int(answer.get("grade", 2)))
            one = Judged(row["query"], row.get("kind") or _kind(grades), row.get("lang") or "", grades)
        except KeyError as error:
            raise BadJudgements(f"{path}, line {number}: no judged question: {error} is missing.") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise BadJudgements(f"{path}, line {number}: no judged question: {error}.") from error
        if one.kind not in KINDS:
            raise BadJudgements(f"{path}, line {number}: the kind “{one.kind}” is none of {', '.join(KINDS)}.")
        found.append(one)
    if not found:
        raise BadJudgements(f"{path}: there are no questions in it.")
    return found


def related_precision(archive: Archive, path: Path) -> float | None:
    """Mean precision of the five best related works, over at most as many as are judged; None without judged ones.

    A judged file has one JSON object a line: `{"anchor": {"key": …}, "related": [{"key": …}, …]}`. Anchors that the
    archive does not hold are left out. Errors: OSError, and ValueError or KeyError for another kind of file.
    """
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        row = json.loads(line)
        anchor = normal_key(row["anchor"]["key"])
        held = archive.works([anchor]).get(anchor)
        wanted = {normal_key(one["key"]) for one in row["related"]}
        if held and wanted:
            answer = related(archive, held[-1].id)
            hits = sorted((*answer.earlier, *answer.later), key=lambda hit: -hit.score)
            most = min(5, len(wanted))
            found.append(sum(hit.item.key in wanted for hit in hits[:most]) / most)
    return _mean(found)


def normal_key(key: str) -> str:
    """A key as judged, through the normaliser that items' keys went through."""
    if key.startswith("arxiv:"):
        address = f"https://arxiv.org/abs/{key.removeprefix('arxiv:')}"
    elif key.startswith("github:"):
        address = f"https://github.com/{key.removeprefix('github:')}"
    elif key.startswith("doi:"):
        address = f"https://doi.org/{key.removeprefix('doi:')}"
    else:
        address = f"https://{key}"
    return canonical_key(address) or key


def figures(pairs: Sequence[tuple[Judged, Answer]]) -> Figures:
    """The figures of a group of questions with their answers (at least ten hits each where there are as many)."""
    by_kind: dict[str, list[tuple[Judged, Answer]]] = defaultdict(list)
    for pair in pairs:
        by_kind[pair[0].kind].append(pair)
    known, topical, none = (by_kind[kind] for kind in KINDS)
    best = {kind: [_best(answer) for _, answer in by_kind[kind]] for kind in KINDS}
    return Figures(
        questions=len(pairs),
        mrr=_mean([_reciprocal_rank(*pair) for pair in known]),
        recall=_mean([_recall(*pair) for pair in known + topical]),
        ndcg=_mean([_ndcg(*pair) for pair in topical]),
        auc=_auc(best["known"], best["none"]),
        close_known=_mean([float(answer.close and answer.total > 0) for _, answer in known + topical]),
        close_none=_mean([float(answer.close and answer.total > 0) for _, answer in none]),
    )


def _kind(grades: dict[str, int]) -> str:
    return "none" if not grades else "known" if len(grades) == 1 else "topical"


def _keys(answer: Answer) -> list[str]:
    return [hit.item.key or f"item:{hit.item.id}" for hit in answer.hits[:DEPTH]]


def _best(answer: Answer) -> float:
    return max((hit.score for hit in answer.hits), default=0.0)


def _reciprocal_rank(judged: Judged, answer: Answer) -> float:
    return next((1 / place for place, key in enumerate(_keys(answer), 1) if key in judged.grades), 0.0)


def _recall(judged: Judged, answer: Answer) -> float:
    """Over at most as many as the answer shows."""
    if not judged.grades:
        return 0.0
    return sum(key in judged.grades for key in _keys(answer)) / min(len(judged.grades), DEPTH)


def _ndcg(judged: Judged, answer: Answer) -> float:
    """Normalised discounted cumulative gain with gain 2^grade - 1."""
    ideal = sorted(judged.grades.values(), reverse=True)[:DEPTH]
    best = sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(ideal, 1))
    gained = sum(
        (2 ** judged.grades.get(key, 0) - 1) / math.log2(place + 1) for place, key in enumerate(_keys(answer), 1)
    )
    return gained / best if best else 0.0


def _auc(above: Sequence[float], below: Sequence[float]) -> float | None:
    """How often one of `above` scores higher than one of `below`; a tie counts half."""
    if not above or not below:
        return None
    return fmean(float(a > b) + 0.5 * float(a == b) for a in above for b in below)


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
