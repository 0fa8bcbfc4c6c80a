"""How the vectors' times grow, as a plot: `python -m benchmarks.plot FILE SVG`, with the FILE of `--json`."""

import json
import math
import re
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 360, 60, 40
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df")
LINE = re.compile(r"([\d,]+) vectors: (top 10(?: of [\d.]+%)?)$")


def series(figures: list[dict[str, object]]) -> dict[str, list[tuple[int, float]]]:
    """Milliseconds by number of vectors, for each kind of search."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for figure in figures:
        found = LINE.match(str(figure["name"]))
        if found:
            point = int(found[1].replace(",", "")), float(str(figure["value"]))
            lines.setdefault(found[2], []).append(point)
    return lines


def svg(lines: dict[str, list[tuple[int, float]]]) -> str:
    """A log-log plot with the target of 10 ms."""

    def place(size: float, taken: float) -> tuple[float, float]:
        across = (math.log10(size) - 3) / 3
        up = (math.log10(taken) + 2) / 4  # 0.01 to 100 ms
        return LEFT + across * (WIDTH - LEFT - 150), (HEIGHT - BOTTOM) * (1 - up) + 10

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 10}" font-family="sans-serif" '
            'font-size="12"><rect width="100%" height="100%" fill="white"/>'
        )
    ]
    for exponent in range(-2, 3):
        x, y = place(1000, 10**exponent)
        style = 'stroke="#d1242f" stroke-dasharray="4"' if exponent == 1 else 'stroke="#d0d7de"'
        parts.append(f'<path d="M{x} {y:.1f}H{WIDTH - 150}" {style}/>')
        parts.append(f'<text x="{x - 8}" y="{y + 4:.1f}" text-anchor="end">{10**exponent:g} ms</text>')
    for exponent in range(3, 7):
        x, y = place(10**exponent, 0.01)
        parts.append(f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">{10**exponent:,}</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in sorted(points)))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - 140}" y="{40 + 20 * number}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    measured = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["figures"]
    Path(sys.argv[2]).write_text(svg(series(measured)), encoding="utf-8")
