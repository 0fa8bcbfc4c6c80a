"""A newsletter's name where no document says it: what the titles of its issues begin with."""

import calendar
import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

# Runs of letters; writing without spaces between words is taken sign by sign.
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W\d_぀-ヿ㐀-鿿가-힯]+(?:['’][^\W\d_]+)*|\d+")
_TRAILING = frozenset(
    {"issue", "issues", "week", "weekly", "no", "nr", "number", "vol", "volume", "edition", "episode", "summary", "of"}
    | {
        "ausgabe",
        "numéro",
        "numero",
        "número",
        "edición",
        "edição",
        "выпуск",
        "العدد",
        "عدد",
        "호",
        "제",
        "号",
        "號",
        "总",
        "總",
    }
    | {"for", "from", "the", "in", "on", "at", "a", "to", "and", "第", "号", "期", "回", "年", "月", "の", "的"}
)
_MONTHS = frozenset(name.casefold() for name in (*calendar.month_name, *calendar.month_abbr) if name)
_SHARE = 0.3
_LONGEST = 12
"""Words of a name."""


def newsletter_name(titles: Iterable[str]) -> str:
    """The beginning that most titles share, "" where too few do.

    Of all beginnings (whole words, no numbers or months) that at least two titles and three in ten have, the one that
    covers the most words of all titles: longer is better, and so is shared by more.
    """
    titles = list(titles)
    counts: Counter[tuple[str, ...]] = Counter()
    spelled: dict[tuple[str, ...], str] = {}
    for title in titles:
        prefix: tuple[str, ...] = ()
        for word in islice(_WORD.finditer(title), _LONGEST):
            folded = word[0].casefold()
            if folded.isdigit() or folded in _MONTHS:
                break
            prefix = (*prefix, folded)
            counts[prefix] += 1
            spelled.setdefault(prefix, title[: word.end()].strip())
    enough = max(2.0, _SHARE * len(titles))
    shared = {prefix: count for prefix, count in counts.items() if count >= enough and not _weak(prefix)}
    best = max(shared, key=lambda prefix: (shared[prefix] * len(prefix), len(prefix)), default=())
    return spelled.get(best, "").strip(" -–—:|,#([「『【")


def _weak(prefix: tuple[str, ...]) -> bool:
    """Whether a beginning ends within a phrase ("The Lamp, week"), or says too little to be a name."""
    return prefix[-1] in _TRAILING or sum(len(word) for word in prefix) < 4
