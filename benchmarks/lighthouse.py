"""Lighthouse over the site's pages, on a served copy of the bundled sample.

    python -m benchmarks.lighthouse [PATH...]

Prints the four scores of every page, and everything that costs points. Exit code 1 when a page has less than 100 for
accessibility, best practices or SEO, or less than 98 for performance.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from index.archive import Archive
from tests.browsing import CHROMIUM, FLAGS, fill_with_sample, serving

PAGES = ("/search?q=zero-shot+segmentation", "/", "/items/1", "/issues/1", "/issues", "/topics", "/about")
ROOT = Path(__file__).resolve().parents[1]
FLOORS = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}


def main(paths: list[str]) -> int:
    lighthouse = ROOT / "node_modules" / ".bin" / "lighthouse"
    if not lighthouse.exists():
        print("node_modules/.bin/lighthouse is missing: run `npm install`", file=sys.stderr)
        return 2
    short = False
    with tempfile.TemporaryDirectory() as folder, Archive(Path(folder), create=True) as archive:
        fill_with_sample(archive)
        with serving(archive) as address:
            print(f"{'page':40}" + "".join(f"{name:>16}" for name in FLOORS))
            for path in paths or PAGES:
                short |= not report(path, audit(lighthouse, address + path))
    return int(short)


def audit(lighthouse: Path, url: str) -> dict[str, object]:
    """Lighthouse's answer for one page, as it writes it."""
    command = [
        str(lighthouse),
        url,
        "--quiet",
        "--output=json",
        "--throttling-method=simulate",
        f"--chrome-flags={' '.join(FLAGS)}",
    ]
    environment = {**os.environ, "CHROME_PATH": CHROMIUM}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=240)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def report(path: str, answer: dict[str, object]) -> bool:
    """Print a page's scores and faults; whether it is good enough."""
    categories: dict[str, dict[str, float]] = answer["categories"]  # type: ignore[assignment]
    audits: dict[str, dict[str, object]] = answer["audits"]  # type: ignore[assignment]
    scores = {name: round(100 * categories[name]["score"]) for name in FLOORS}
    print(f"{path:40}" + "".join(f"{score:16}" for score in scores.values()), flush=True)
    good = all(scores[name] >= floor for name, floor in FLOORS.items())
    for name in (
        "first-contentful-paint",
        "largest-contentful-paint",
        "total-blocking-time",
        "cumulative-layout-shift",
    ):
        print(f"    {name}: {audits[name].get('displayValue')}")
    if not good:
        for name, found in audits.items():
            if found.get("score") == 0:
                print(f"    {name}: {found.get('title')}")
    return good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
