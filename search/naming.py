"""Words that characterise groups of texts, in the texts' own language, fit to be read as names.

For scripts with spaces: words and pairs of words. For those without: stretches of characters that occur again and again
with changing neighbours on both sides, which is what a word does (the branching-entropy criterion of Chinese word
discovery); fixed pairs of characters would cut words apart.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from index.text import stem

from .general import ADDRESS, EDGES, GENERAL
from .words import FUNCTION_WORDS

LONGEST = 6
"""Characters of a term in a script without spaces."""
ENTROPY = 0.8
"""How varied (in nats) the neighbours on either side must be for a stretch of characters to be a term."""
LIFT = 1.8
"""How much more frequent a term must be in its group than everywhere."""
_KANJI = r"\u3400-\u4dbf\u4e00-\u9fff"
_KATAKANA = r"\u30a1-\u30fa\u30fc"
_WIDE = rf"\u3041-\u3096{_KATAKANA}{_KANJI}\uac00-\ud7af\u0e01-\u0e4e"
# A name is made of one script: a run of kanji, of katakana or of hangul; hiragana is grammar.
_WIDE_RUN = re.compile(rf"[{_KANJI}]{{2,}}|[{_KATAKANA}]{{2,}}|[\uac00-\ud7af]{{2,}}|[\u0e01-\u0e4e]{{2,}}")
_WORD = re.compile(rf"[^\W\d_{_WIDE}][^\W_{_WIDE}]*(?:-[A-Za-z0-9]+)*")


def characteristic_words(texts: Sequence[str], groups: npt.NDArray[np.int64], count: int) -> dict[int, tuple[str, ...]]:
    """For each group up to `count` terms, most characteristic first; at least one for every group.

    A term is worth what it tells of the group: its share of the group's texts times how much more frequent it is there
    than everywhere (its part of the Kullback-Leibler divergence; the class-based TF-IDF of BERTopic with texts counted
    instead of occurrences, so that one repetitive text names nothing).
    """
    terms = _terms(texts)
    everywhere = Counter(term for found in terms for term in found)
    result: dict[int, tuple[str, ...]] = {}
    for group in sorted(set(groups.tolist())):
        inside = [found for found, of in zip(terms, groups.tolist(), strict=True) if of == group]
        here = Counter(term for found in inside for term in found)
        ranked = sorted(
            (
                (_worth(held / len(inside), everywhere[term] / len(texts)), term)
                for term, held in here.items()
                if held >= min(3, len(inside)) and held / len(inside) >= LIFT * everywhere[term] / len(texts)
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )
        result[group] = tuple(_distinct([term for worth, term in ranked if worth > 0], here, count)) or (f"{group}",)
    return result


def _worth(here: float, everywhere: float) -> float:
    return here * math.log(here / everywhere)


def _distinct(ranked: Sequence[str], here: Counter[str], count: int) -> list[str]:
    """Without terms that are part of another one chosen, or that contain one and say little more."""
    chosen: list[str] = []
    for term in ranked[: 10 * count]:
        rivals = [other for other in chosen if _overlap(term, other)]
        if not rivals:
            chosen.append(term)
        elif len(rivals) == 1 and rivals[0] in term and here[term] >= 0.6 * here[rivals[0]]:
            chosen[chosen.index(rivals[0])] = term  # the longer one names the same thing better
        if len(chosen) >= count + 4:
            break
    return chosen[:count]


def _overlap(one: str, other: str) -> bool:
    one, other = one.casefold(), other.casefold()
    if one in other or other in one:
        return True
    if _WIDE_RUN.fullmatch(one) and _WIDE_RUN.fullmatch(other):  # 学习模 and 习模型
        return any(one[-n:] == other[:n] or other[-n:] == one[:n] for n in range(2, min(len(one), len(other))))
    return bool({stem(word) for word in one.split()} & {stem(word) for word in other.split()})


def _terms(texts: Sequence[str]) -> list[set[str]]:
    """The terms of each text, in the spelling that is most frequent in all of them."""
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    spaced = [_spaced(text, spelled) for text in texts]
    wide_vocabulary = _vocabulary(texts)
    frequent = Counter(term for found in spaced for term in found)
    names = {key: max(forms.items(), key=lambda form: (form[1], form[0]))[0] for key, forms in spelled.items()}
    return [
        {names[term] for term in found if frequent[term] > 1} | set(_wide(text, wide_vocabulary))
        for found, text in zip(spaced, texts, strict=True)
    ]


def _spaced(text: str, spelled: dict[str, Counter[str]]) -> set[str]:
    """Words and pairs of words by their stems; how they were spelled is noted."""
    found: set[str] = set()
    last: tuple[int, str, str] | None = None
    for match in _WORD.finditer(text):
        word = match[0]
        key = stem(word.casefold())
        if key in FUNCTION_WORDS or key in GENERAL or len(word) < 3 or word.lower() in ADDRESS:
            last = None
            continue
        spelled[key][word.lower() if word.istitle() else word] += 1
        found.add(key)
        if last and text[last[0] : match.start()] == " ":
            pair = f"{last[1]} {key}"
            spelled[pair][f"{last[2]} {word}"] += 1
            found.add(pair)
        last = (match.end(), key, word)
    return found


def _vocabulary(texts: Iterable[str]) -> set[str]:
    """Stretches of characters that behave like words."""
    counts: Counter[str] = Counter()
    before: dict[str, Counter[str]] = defaultdict(Counter)
    after: dict[str, Counter[str]] = defaultdict(Counter)
    runs = [match[0] for text in texts for match in _WIDE_RUN.finditer(text)]
    for run in runs:
        for start in range(len(run)):
            for end in range(start + 2, min(start + LONGEST, len(run)) + 1):
                term = run[start:end]
                counts[term] += 1
                before[term][run[start - 1] if start else f"^{len(before[term])}"] += 1
                after[term][run[end] if end < len(run) else f"${len(after[term])}"] += 1
    return {
        term
        for term, count in counts.items()
        if count >= 4
        and term not in GENERAL
        and not {term[0], term[-1]} & EDGES
        and not any(term.startswith(word) or term.endswith(word) for word in GENERAL)
        and min(_entropy(before[term]), _entropy(after[term])) >= ENTROPY
    }


def _entropy(found: Counter[str]) -> float:
    total = sum(found.values())
    return -sum(count / total * math.log(count / total) for count in found.values())


def _wide(text: str, vocabulary: set[str]) -> Iterable[str]:
    """The longest terms at each place of the text."""
    for match in _WIDE_RUN.finditer(text):
        run, reached = match[0], 0
        for start in range(len(run)):
            for end in range(min(start + LONGEST, len(run)), start + 1, -1):
                if run[start:end] in vocabulary:
                    if end > reached:  # inside a longer term it is not a word of its own
                        yield run[start:end]
                        reached = end
                    break
