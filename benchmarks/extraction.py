"""How well issues become items: precision, recall, sections, descriptions, dates, against hand-made labels.

    python benchmarks/extraction.py [--json] [--misses] [--speed] [LABELS ISSUES]...

Without folders it reads `../shared/gold/items` against `../shared/corpus/akira` (where present) and `tests/issues`.
A label file has the stem of its document. An item is found when its key matches (without a link: the first twelve
characters of its title); every returned item that matches nothing costs precision, but those that the labels name under
`optional` (addresses, or how a title begins: close calls between an item and a remark) neither cost nor count.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from index.types import Document, Item  # noqa: E402
from ingest.links import canonical_key  # noqa: E402
from ingest.parse.document import NotAnIssue, parse  # noqa: E402

SHARED = ROOT.parent / "shared"
DATES = ("number", "year", "week", "date")


@dataclass(slots=True)
class Tally:
    """Counts over one issue, or a sum of them. Shares are computed from these, never averaged over issues."""

    labelled: int = 0
    returned: int = 0
    found: int = 0
    titled: int = 0
    titles: int = 0
    sections: int = 0
    sectioned: int = 0
    described: int = 0
    starts: int = 0
    ends: int = 0
    subtitled: int = 0
    subtitles: int = 0
    dated: int = 0
    dates: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name in Tally.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def shares(self) -> dict[str, float]:
        pairs = {
            "precision": (self.found, self.returned),
            "recall": (self.found, self.labelled),
            "title": (self.titles, self.titled),
            "section": (self.sections, self.sectioned),
            "start": (self.starts, self.described),
            "end": (self.ends, self.described),
            "subtitle": (self.subtitles, self.subtitled),
            "dates": (self.dates, self.dated),
        }
        return {name: (part / whole if whole else 1.0) for name, (part, whole) in pairs.items()}


def squeezed(text: str | None) -> str:
    return "".join((text or "").replace("*", "").split())


def score(document: Document, labels: dict[str, Any]) -> Tally:
    """One document against its labels."""
    tally = Tally()
    left = list(document.items)
    for label in labels["items"]:
        tally.labelled += 1
        item = _match(left, label)
        if item is None:
            tally.misses.append(f"missed  {label['title']} {label.get('url') or ''}")
            continue
        left.remove(item)
        tally.found += 1
        _compare(tally, item, label)
    left = [item for item in left if not _allowed(item, labels.get("optional", ()))]
    tally.returned = tally.found + len(left)
    tally.misses.extend(f"extra   {item.title[:60]} {item.key}" for item in left)
    expected = labels.get("issue", {})
    for name in DATES:
        if name in expected:
            tally.dated += 1
            value = getattr(document.issue, name)
            got = value.isoformat() if hasattr(value, "isoformat") else value
            tally.dates += got == expected[name]
            if got != expected[name]:
                tally.misses.append(f"{name}    {got} instead of {expected[name]}")
    return tally


def measured(path: Path, labels: dict[str, Any]) -> Tally:
    """The document at `path` against its labels. One that is taken for no issue misses every item."""
    try:
        return score(parse(path.read_bytes(), str(path)), labels)
    except NotAnIssue as error:
        missed = [f"missed  {label['title']} ({error})" for label in labels["items"]]
        return Tally(labelled=len(missed), misses=missed)


def _match(items: Sequence[Item], label: dict[str, Any]) -> Item | None:
    if label.get("url"):
        key = canonical_key(label["url"])
        return next((item for item in items if item.key == key), None)
    title = squeezed(label["title"])[:12]
    return next((item for item in items if squeezed(item.title)[:12] == title), None)


def _allowed(item: Item, optional: Sequence[str]) -> bool:
    keys = {canonical_key(text) for text in optional if "://" in text}
    begins = tuple(squeezed(text)[:12] for text in optional if "://" not in text)
    return item.key in keys or bool(begins and squeezed(item.title).startswith(begins))


def _compare(tally: Tally, item: Item, label: dict[str, Any]) -> None:
    if label.get("title"):
        tally.titled += 1
        wanted, got = squeezed(label["title"]), squeezed(item.title)
        right = bool(got) and (wanted in got or got in wanted)
        tally.titles += right
        if not right:
            tally.misses.append(f"title   {item.title[:60]} instead of {label['title'][:60]}")
    wanted, got = squeezed(label.get("section")), squeezed(item.section)
    if "section" in label:
        tally.sectioned += 1
        right = (wanted in got or got in wanted) if wanted and got else wanted == got
        tally.sections += right
        if not right:
            tally.misses.append(f"section {item.title[:30]}: {item.section} instead of {label['section']}")
    summary = squeezed(item.summary)
    if label.get("summary_start"):
        tally.described += 1
        start, end = squeezed(label["summary_start"])[:8], squeezed(label["summary_end"])[-8:]
        tally.starts += summary.startswith(start)
        tally.ends += summary.endswith(end)
        if not (summary.startswith(start) and summary.endswith(end)):
            tally.misses.append(f"text    {item.title[:30]}: {summary[:16]}…{summary[-16:]} not {start}…{end}")
    paper = label.get("paper_title", label.get("subtitle"))
    if paper:
        tally.subtitled += 1
        tally.subtitles += squeezed(item.subtitle) == squeezed(paper)
        if squeezed(item.subtitle) != squeezed(paper):
            tally.misses.append(f"paper   {item.subtitle} instead of {paper}")


def pairs(folders: Sequence[tuple[Path, Path]]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every document that has labels."""
    for labels, issues in folders:
        for path in sorted(labels.glob("*.json")):
            documents = [p for p in issues.glob(f"{path.stem}.*") if p.suffix != ".json"]
            if documents:
                yield documents[0], json.loads(path.read_text("utf-8"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("folders", nargs="*", type=Path, help="pairs of a folder of labels and a folder of issues")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--misses", action="store_true", help="print what was missed, added or different")
    arguments.add_argument("--speed", action="store_true", help="print how many issues a second of processor time")
    options = arguments.parse_args()
    given = options.folders
    groups = list(zip(given[::2], given[1::2], strict=True)) or [
        (SHARED / "gold/items", SHARED / "corpus/akira"),
        (ROOT / "tests/issues", ROOT / "tests/issues"),
    ]
    report: dict[str, Any] = {}
    if options.speed:
        print(json.dumps({group[1].name: speed(group[1]) for group in groups if group[1].is_dir()}))
        return
    for group in groups:
        total = Tally()
        for path, labels in pairs([group]):
            tally = measured(path, labels)
            total.add(tally)
            report[path.stem] = {**asdict(tally), **tally.shares()}
            if not options.json:
                _print(path.stem, tally, misses=options.misses)
        report[f"all of {group[0].name}"] = {**asdict(total), **total.shares()}
        if not options.json:
            _print(f"= all of {group[0].name}", total, misses=False)
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))


def speed(issues: Path, rounds: int = 5) -> float:
    """Issues parsed in a second of processor time on one core, after one round to warm up."""
    documents = [(path.read_bytes(), str(path)) for path in sorted(issues.iterdir()) if path.suffix in (".md", ".html")]
    for raw, name in documents:
        parse(raw, name)
    start = time.process_time()
    for _ in range(rounds):
        for raw, name in documents:
            parse(raw, name)
    return round(rounds * len(documents) / (time.process_time() - start), 1)


def _print(name: str, tally: Tally, *, misses: bool) -> None:
    shares = "  ".join(f"{key} {value:.3f}" for key, value in tally.shares().items())
    print(f"{name:24} {tally.found:4}/{tally.labelled:<4} {shares}")
    if misses:
        for line in tally.misses:
            print("      ", line)


if __name__ == "__main__":
    main()
