"""What a score is worth here: the same number means different things with another model or another archive.

Neutral questions, which were not made for this archive, are put to it once. How well the *best* item answers each of
them is what chance achieves: a question whose best item does no better has no answer here. The distribution of those
best scores is kept with the archive, and every score is read against it. The ten best together are evidence too: a
question about a subject of the archive has many fair answers and perhaps no outstanding one, where chance has one.
"""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from index.types import FloatArray

from .results import Band

VERSION = 6
GOOD = 0.5
"""Scores from here on are "good": better than nearly all neutral questions achieve."""
STRONG = 0.85
BESIDE, FAR_BESIDE = 0.4, 0.15
"""A "strong" answer stands at least this far above the border of "good", as a share of how far the best one does, and a
good one at least this far beside the third best: an archive may be about one thing, so that every item of it is nearer
to a word for that than chance is."""
WEAK = 0.2
"""Below this an item is not shown at all."""


BORDER = 1.35
"""How many spreads above the median of chance the border of "good" lies in an archive of many items."""
CAUTION, FEW_ITEMS = 0.85, 150
"""How much higher it lies in an archive of hardly any items, and with how many items that is down to a third."""


@dataclass(frozen=True, slots=True)
class Null:
    """What chance achieves, robustly: `centre` and `spread` of the best scores of neutral questions."""

    centre: float = 0.25
    spread: float = 0.06

    def above(self, scores: Any) -> Any:
        """How many spreads scores (a number or an array) stand above chance."""
        return (scores - self.centre) / self.spread

    @classmethod
    def of(cls, best: FloatArray) -> "Null":
        """From the best score of each neutral question. Quartiles, because some questions may be at home here."""
        if len(best) < 8:
            return cls()
        low, middle, high = np.quantile(best, (0.25, 0.5, 0.75))
        return cls(float(middle), max(float(high - low) / 1.349, 0.01))


def nulls(kind: str, best: FloatArray, ten: FloatArray) -> dict[str, Null]:
    """The nulls of one kind, from the best score and the mean of the ten best of each neutral question."""
    first, second = Null.of(best), Null.of(ten)
    both = np.asarray((first.above(best) + second.above(ten)) / 2, dtype=np.float32)
    return {kind: first, f"{kind} ten": second, f"{kind} both": Null.of(both)}


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that turns an archive's raw scores into relevance. `items` is how many it was fitted on, 0 for a guess."""

    nulls: dict[str, Null] = field(default_factory=dict)
    """By mode, `passage` for texts compared as items, `item` for items. Beside `hybrid` there are `hybrid ten`, of the
    mean of the ten best, and `hybrid both`, of the mean of how far these two stand above chance; so for the others."""
    scripts: dict[str, float] = field(default_factory=dict)
    """The share of each script among the letters of the items."""
    items: int = 0

    @property
    def border(self) -> float:
        """How many spreads above the median of chance the border of "good" lies for a question.

        Neutral questions are about anything; what people ask without finding an answer is mostly about something near.
        Among a few items, none of which is near anything else, that stands out as an answer would among many, and true
        answers stand out further still.
        """
        return BORDER + CAUTION * math.exp(-self.items / FEW_ITEMS)

    def relevance(self, raw: FloatArray, kind: str) -> FloatArray:
        """Calibrated relevance in 0..1 of one question's raw scores, best first; 0.5 is the border of `GOOD`.

        Above the border it nears 1 slowly, so that good answers stay apart from each other.
        """
        if kind == "keyword":
            return np.asarray(np.clip(raw, 0, 1), dtype=np.float32)
        z = self.nulls.get(kind, Null()).above(np.asarray(raw, dtype=np.float64))
        if len(z) and f"{kind} ten" in self.nulls:
            ten = self.nulls[f"{kind} ten"].above(np.mean(raw[:10]))
            both = self.nulls[f"{kind} both"].above((z[0] + ten) / 2)
            z = z + (both - z[0])
        above = z - (BORDER if kind == "item" else self.border)
        below = np.exp(np.minimum(above, 0) * np.log(4))  # a spread below the border is 0.2, a spread above it 0.8
        far = np.maximum(above, 0)
        scores = np.where(above < 0, below / (1 + below), 0.5 + 0.5 * far / (far + 2 / 3))
        if kind != "item" and len(scores):
            third = far[min(2, len(far) - 1)]  # one answer may stand out alone: a name
            for edge, least in ((STRONG, BESIDE * far[0]), (GOOD, FAR_BESIDE * third)):
                behind = (far < least) & (scores >= edge)
                scores[behind] = edge - 0.01 * (1 - scores[behind])
            scores = np.minimum.accumulate(scores)
        return np.asarray(scores, dtype=np.float32)

    def to_bytes(self) -> bytes:
        return json.dumps({"version": VERSION, **asdict(self)}).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Calibration | None":
        """The calibration that `to_bytes` wrote; None for one of another version or no calibration at all."""
        try:
            kept = json.loads(payload)
            if kept.pop("version") != VERSION:
                return None
            return cls({name: Null(**null) for name, null in kept["nulls"].items()}, kept["scripts"], kept["items"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def band(score: float) -> Band:
    return "strong" if score >= STRONG else "good" if score >= GOOD else "weak"
