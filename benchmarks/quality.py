"""Search quality, measured: `python -m benchmarks.quality [--variants]`.

Over the bundled sample with its judged questions, and over the real issues where they are at hand: the product's own
answers in each mode, what each part of the ranking is worth (`--variants`), and how far the figures can be trusted:
their spread over random thirds of the questions, and what is left when the variant is chosen on two thirds and measured
on the third. `quality.md` keeps what was found.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev
from types import ModuleType
from typing import Any

import numpy as np

from index import space as space_module
from index.archive import Archive
from index.space import Space
from index.types import FloatArray
from ingest.parse.document import parse
from search import fuse as fuse_module
from search import rank as rank_module
from search.evaluate import Judged, evaluate, read, related_precision
from search.fuse import fuse, title_bonus, trust
from search.rank import ordered, with_sentences
from search.refresh import fitted, refresh
from search.words import cover

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared"
SETS = {
    "sample": (ROOT / "ingest" / "sample", ROOT / "tests" / "gold"),
    "real issues": (REAL / "corpus" / "akira", REAL / "gold"),
}
VARIANTS: dict[str, dict[str, float]] = {
    "as shipped": {},
    "one vector an item": {"SENTENCE": 0},
    "one vector, no words": {"SENTENCE": 0, "WEIGHT": 0, "TITLE": 0},
    "meaning alone": {"WEIGHT": 0, "TITLE": 0},
    "sentences 0.25": {"SENTENCE": 0.25},
    "sentences 1": {"SENTENCE": 1},
    "no whitening": {"EXPONENT": 0},
    "whitening 0.15": {"EXPONENT": 0.15},
    "whitening 0.25": {"EXPONENT": 0.25},
    "languages left in": {"MOST_LANGUAGES": 0},
    "neutral mean question": {"TOWARDS_TITLES": 0},
    "mean question = titles": {"TOWARDS_TITLES": 1},
    "words 0.15": {"WEIGHT": 0.15},
    "words 0.5": {"WEIGHT": 0.5},
    "words linear": {"TRUSTED": 1, "STRICT": 1},
    "untrusted words 3": {"STRICT": 3},
    "no title bonus": {"TITLE": 0},
}
Scores = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """An archive with all that a variant is computed from."""

    archive: Archive
    judged: list[Judged]
    keys: list[str]
    vectors: FloatArray
    questions: FloatArray
    titles: FloatArray


def main(arguments: list[str]) -> int:
    for name, (issues, gold) in SETS.items():
        if not issues.is_dir() or not gold.is_dir():
            print(f"\n{name}: not here, so nothing is measured on it")
            continue
        with tempfile.TemporaryDirectory() as folder, Archive(Path(folder), create=True) as archive:
            documents = (parse(path.read_bytes(), path.name) for path in sorted(issues.glob("*.md")))
            for _ in archive.put(documents):
                pass
            refresh(archive)
            print(f"\n{name}: {archive.build.issues} issues, {archive.build.items} items\n")
            print(evaluate(archive, gold / "queries.jsonl").table())
            print(f"\nrelated precision@5  {related_precision(archive, gold / 'related.jsonl') or 0:.3f}")
            if "--variants" in arguments:
                compare(load(archive, gold / "queries.jsonl"))
    return 0


def load(archive: Archive, path: Path) -> Loaded:
    judged = read(path)
    ids = archive.item_ids().tolist()
    items = archive.items(ids)
    return Loaded(
        archive,
        judged,
        [item.key or f"item:{item.id}" for item in items],
        archive.vectors(ids),
        archive.encoder.queries([one.query for one in judged]),
        archive.encoder.queries([item.title for item in items][:: max(1, len(items) // space_module.TITLES)]),
    )


def compare(loaded: Loaded) -> None:
    """Every variant's figures, their spread, and what choosing among them is worth."""
    scores = {name: list(ranked(loaded, changes)) for name, changes in VARIANTS.items()}
    print(f"\n{'variant':24}  {'MRR@10':>7}  {'nDCG@10':>8}  {'AUC':>6}  spread over thirds")
    thirds = [np.random.default_rng(seed).permutation(len(loaded.judged)) for seed in range(200)]
    for name, found in scores.items():
        parts = [_figures(loaded.judged, found, order[: len(order) // 3]) for order in thirds]
        whole = _figures(loaded.judged, found, np.arange(len(found)))
        spread = ", ".join(f"{pstdev(part[at] for part in parts):.3f}" for at in (0, 1))
        print(f"{name:24}  {whole[0]:7.3f}  {whole[1]:8.3f}  {whole[2]:6.3f}  ±{spread}")
    chosen = []
    for order in thirds:
        test, train = order[: len(order) // 3], order[len(order) // 3 :]
        best = max(scores, key=lambda name: sum(_figures(loaded.judged, scores[name], train)[:2]))
        chosen.append(_figures(loaded.judged, scores[best], test))
    print(f"{'chosen on two thirds':24}  {fmean(c[0] for c in chosen):7.3f}  {fmean(c[1] for c in chosen):8.3f}")


def ranked(loaded: Loaded, changes: dict[str, float]) -> Iterator[Scores]:
    """For every question the works with their scores, best first, with constants of the ranking changed."""
    archive, ids = loaded.archive, loaded.archive.item_ids()
    items = archive.items(ids.tolist())
    scripts = fitted(archive).calibration.scripts
    with constants(space_module, changes), constants(fuse_module, changes), constants(rank_module, changes):
        space = Space.fit(loaded.vectors, archive.neutral_vectors(), loaded.titles)
        cosines = space.queries(loaded.questions) @ space.items(loaded.vectors).T
        for one, question, meaning in zip(loaded.judged, loaded.questions, cosines, strict=True):
            covered = cover(archive, one.query)
            scores = fuse(meaning, covered.of(ids), trust(one.query, scripts))
            told = with_sentences(archive, ordered(ids, scores), question[None])
            scores = told.scores[np.argsort(told.ids)]  # as the items are: by id
            scores += [title_bonus(max(covered.by(item.title), covered.by(item.subtitle))) for item in items]
            best: dict[str, float] = {}
            for place in np.argsort(-scores, kind="stable").tolist():
                best.setdefault(loaded.keys[place], float(scores[place]))
            yield list(best.items())[:10]


@contextmanager
def constants(module: ModuleType, changes: dict[str, float]) -> Iterator[None]:
    """A module's constants changed for a while."""
    before: dict[str, Any] = {name: getattr(module, name) for name in changes if hasattr(module, name)}
    for name in before:
        setattr(module, name, changes[name])
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def _figures(judged: list[Judged], scores: list[Scores], places: Any) -> tuple[float, float, float]:
    """MRR@10, nDCG@10 and AUC of some of the questions."""
    picked = [(judged[place], scores[place]) for place in places]
    best: Callable[[str], list[float]] = lambda kind: [found[0][1] for one, found in picked if one.kind == kind]  # noqa: E731
    pairs = [(a > b) + 0.5 * (a == b) for a in best("known") for b in best("none")]
    return (
        _mean([_reciprocal(one, found) for one, found in picked if one.kind == "known"]),
        _mean([_gain(one, found) for one, found in picked if one.kind == "topical"]),
        _mean(pairs),
    )


def _reciprocal(one: Judged, found: Scores) -> float:
    return next((1 / place for place, (key, _) in enumerate(found, 1) if key in one.grades), 0.0)


def _gain(one: Judged, found: Scores) -> float:
    weights = 1 / np.log2(np.arange(2, 12))
    ideal = sorted((2**grade - 1 for grade in one.grades.values()), reverse=True)[:10]
    gained = [2 ** one.grades.get(key, 0) - 1 for key, _ in found]
    return float(np.dot(gained, weights[: len(gained)]) / np.dot(ideal, weights[: len(ideal)]))


def _mean(values: list[float]) -> float:
    return fmean(values) if values else 0.0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
