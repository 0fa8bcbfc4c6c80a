"""Every figure in one table, with its target beside it: `make bench`, `python -m benchmarks [--quick] [--json FILE]`.

How well issues become items (`benchmarks.extraction`) and how well questions are answered (`benchmarks.quality`) print
tables of their own; run on the bundled documents where the real issues are not at hand.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import peers, speed_archive, speed_encoder, speed_vectors
from benchmarks.figures import Figure, machine, report

PARTS: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "Encoder": speed_encoder.figures,
    "Archive, commands and HTTP": speed_archive.figures,
    "Vectors": speed_vectors.figures,
    "Peers": lambda quick: peers.figures(200 if quick else 1000),
}
TABLES = ("extraction", "quality")


def main(arguments: list[str]) -> int:
    quick = "--quick" in arguments
    print(machine())
    measured: list[Figure] = []
    unmeasured: list[str] = []
    for title, figures in PARTS.items():
        print(f"\n{title}")
        try:
            measured += report(figures(quick))
        except (subprocess.CalledProcessError, OSError, RuntimeError) as error:  # say, no peer to install
            print(f"not measured: {error}")
            unmeasured.append(title)
    for name in TABLES:
        print(f"\n{name.capitalize()}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)
    if "--json" in arguments:
        content = {"machine": machine(), "figures": [figure.as_json() for figure in measured]}
        Path(arguments[arguments.index("--json") + 1]).write_text(json.dumps(content, indent=1))
    missed = [figure.name for figure in measured if figure.met is False]
    print(f"\n{len(measured)} figures, {len(missed)} targets missed" + "".join(f"\n  {name}" for name in missed))
    if unmeasured:
        print(f"not measured at all: {', '.join(unmeasured)}")
    return 1 if missed or unmeasured else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
