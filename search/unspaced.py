"""Words of scripts whose words no spaces set apart, found in the texts themselves.

Japanese changes script where words begin and end, so its terms are runs of kanji and of katakana, and such runs joined.
Chinese does not: there a term is a stretch of characters that hold together (pointwise mutual information) and have
changing neighbours on both sides (branching entropy), the criteria of Chinese word discovery; each text is then cut
into the likeliest sequence of such terms, so that what is only ever part of a longer word counts for nothing. Korean
writes particles on to its nouns: they are taken off where the noun is also written without them, or with others.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .general import BEFORE, EDGES

HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff"
KATAKANA = "\u30a1-\u30fa\u30fc"
HIRAGANA = "\u3041-\u3096"
WIDE = rf"{HIRAGANA}{KATAKANA}{HAN}\uac00-\ud7af\u0e01-\u0e4e"
LONGEST = 6
"""Characters of a Chinese term."""
FEWEST = 3
"""How often a stretch of characters must occur to be a term."""
ENTROPY = 0.8
"""How varied (in nats) the neighbours on either side must be."""
FREE = 0.02
"""How often a word with one character more than another must border on grammar, or on the end of a clause, there."""
COHESION = 1.0
"""How much likelier (in nats) the characters must be together than by chance, wherever the term is cut in two."""
_HAN_RUN = re.compile(rf"[{HAN}]{{2,}}")
_KANA = re.compile(rf"[{HIRAGANA}{KATAKANA}]")
_JAPANESE_RUN = re.compile(rf"[{HAN}]{{2,}}|[{KATAKANA}]{{2,}}")
_JAPANESE_WORD = re.compile(rf"(?:[{HAN}]+|[{KATAKANA}]{{2,}})+")
WIDE_RUN = re.compile(rf"[{WIDE}]+")
_HANGUL_RUN = re.compile(r"[\uac00-\ud7af]{2,}")
_THAI_RUN = re.compile(r"[\u0e01-\u0e4e]{2,}")
# Korean particles and the copula, as they are written on to a noun; the short ones also end nouns.
_PARTICLE = re.compile(
    "(?:에서는|으로는|에서|으로|까지|부터|에게|처럼|이라는|라는|입니다|이다|을|를|은|는|이|가|의|에|로|와|과|도|만|나)$"
)
_KOREAN_VERB = re.compile("(?:니다|[하되있없]는|[하되]고|하여|되어|하기|위한|위해|십시오|한다|된다|있고|[할될])$")
# What follows a noun: no kana, or a particle. Other kana are the ending of a verb or an adjective.
_NOUN_AFTER = re.compile(rf"(?![{HIRAGANA}])|[のをにはがとへもや]|で(?!き)|か(?!な)|から|まで|より|など|について")
_ATTACHED = re.compile(rf"(?<=[{KATAKANA}])[上内中用時後前間越的毎向]$|^[本各同他全][{KATAKANA}{HAN}]")
_CHINESE_VERB_BEFORE = frozenset("不被会能可来去地将并易")
_CHINESE_VERB_AFTER = frozenset("了着过出到")


@dataclass(frozen=True, slots=True)
class Found:
    """A term at a place of a text; `verb` where it is used as one."""

    term: str
    verb: bool


def terms(texts: Sequence[str]) -> list[list[Found]]:
    """The terms of each text, in its order; those of one text may lie within each other."""
    japanese = [len(_KANA.findall(text)) >= 2 for text in texts]
    words = _japanese_words(text for text, is_it in zip(texts, japanese, strict=True) if is_it)
    nouns = _korean_words(texts)
    cutter = _Cutter.of([text for text, is_it in zip(texts, japanese, strict=True) if not is_it])
    return [
        [*(_japanese(text, words) if is_it else cutter.terms(text)), *_korean(text, nouns), *_thai(text)]
        for text, is_it in zip(texts, japanese, strict=True)
    ]


def _thai(text: str) -> Iterator[Found]:
    for match in _THAI_RUN.finditer(text):
        yield Found(match[0], verb=False)


def _korean_words(texts: Iterable[str]) -> dict[str, str]:
    """The noun in each Korean word that bears a particle: what is also written alone, or with another particle."""
    written = {match[0] for text in texts for match in _HANGUL_RUN.finditer(text)}
    borne: dict[str, set[str]] = defaultdict(set)
    for word in written:
        if found := _PARTICLE.search(word):
            borne[word[: found.start()]].add(found[0])
    return {
        noun + particle: noun
        for noun, particles in borne.items()
        if len(noun) > 1 and (noun in written or len(particles) > 1)
        for particle in particles
    }


def _korean(text: str, nouns: dict[str, str]) -> Iterator[Found]:
    for match in _HANGUL_RUN.finditer(text):
        word = match[0]
        yield Found(nouns.get(word, word), word not in nouns and bool(_KOREAN_VERB.search(word)))


def _japanese_words(texts: Iterable[str]) -> Counter[str]:
    """In how many texts each run of one script stands by itself, neither joined to nor followed by another."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({match[0] for match in _JAPANESE_WORD.finditer(text) if _JAPANESE_RUN.fullmatch(match[0])})
    return counts


def _japanese(text: str, words: Counter[str]) -> Iterator[Found]:
    """Whole words, and the words that they are joined of."""
    for match in _JAPANESE_WORD.finditer(text):
        whole = match[0]
        if len(whole) < 2 or len(whole) > 3 * LONGEST:
            continue
        verb = not _NOUN_AFTER.match(text, match.end())
        if not _ATTACHED.search(whole):
            yield Found(whole, verb)
        parts = list(_parts(whole, words))
        for place, part in enumerate(parts):
            if part != whole:
                yield Found(part, verb and place == len(parts) - 1)


def _parts(whole: str, words: Counter[str]) -> Iterator[str]:
    """The runs of one script in a word, and where such a run begins or ends with a word known by itself, its two."""
    for match in _JAPANESE_RUN.finditer(whole):
        run = match[0]
        if run != whole and words[run] > 1:
            yield run
        cuts = [cut for cut in range(2, len(run) - 1) if words[run[:cut]] >= FEWEST and words[run[cut:]] >= FEWEST]
        if cuts:
            cut = max(cuts, key=lambda at: (min(words[run[:at]], words[run[at:]]), at))
            yield run[:cut]
            yield run[cut:]


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Cuts runs of Chinese characters into words; `costs` is minus the log of a term's share of all characters."""

    costs: dict[str, float]
    unknown: float

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_Cutter":
        runs = [match[0] for text in texts for match in _HAN_RUN.finditer(text)]
        total = sum(map(len, runs))
        counts = _counted(runs)
        found = _cohesive(counts, _varied(runs, counts), total)
        unknown = math.log(max(total, 1)) + 1
        costs = {term: math.log(total / counts[term]) for term in found}
        return cls(costs, unknown)

    def terms(self, text: str) -> Iterator[Found]:
        for match in _HAN_RUN.finditer(text):
            run, at = match[0], match.start()
            for start, end in self._cut(run):
                term = run[start:end]
                if term in self.costs:
                    yield Found(term, _chinese_verb(text, at + start, at + end))
                    yield from self._inside(term)

    def _inside(self, term: str) -> Iterator[Found]:
        """The two words that a long term is joined of."""
        cuts = [cut for cut in range(2, len(term) - 1) if term[:cut] in self.costs and term[cut:] in self.costs]
        if cuts:
            cut = min(cuts, key=lambda at: self.costs[term[:at]] + self.costs[term[at:]])
            yield Found(term[:cut], verb=False)
            yield Found(term[cut:], verb=False)

    def _cut(self, run: str) -> list[tuple[int, int]]:
        """The cheapest way through a run (Viterbi); characters that belong to no term stand alone."""
        best = [0.0] + [math.inf] * len(run)
        back = [0] * (len(run) + 1)
        for start in range(len(run)):
            for end in range(start + 1, min(start + LONGEST, len(run)) + 1):
                cost = self.unknown if end == start + 1 else self.costs.get(run[start:end], math.inf)
                if best[start] + cost < best[end]:
                    best[end], back[end] = best[start] + cost, start
        found, end = [], len(run)
        while end:
            found.append((back[end], end))
            end = back[end]
        return found[::-1]


def _chinese_verb(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start] in _CHINESE_VERB_BEFORE or text[end : end + 1] in _CHINESE_VERB_AFTER


def _counted(runs: Sequence[str]) -> Counter[str]:
    """How often each stretch of up to LONGEST characters occurs."""
    counts: Counter[str] = Counter()
    for run in runs:
        for length in range(1, LONGEST + 1):
            counts.update(run[start : start + length] for start in range(len(run) - length + 1))
    return counts


def _varied(runs: Sequence[str], counts: Counter[str]) -> set[str]:
    """The frequent stretches with varied neighbours. An end of a run is a neighbour that is always another one."""
    before: dict[str, Counter[str]] = defaultdict(Counter)
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for number, run in enumerate(runs):
        for start in range(len(run)):
            for end in range(start + 2, min(start + LONGEST, len(run)) + 1):
                term = run[start:end]
                if counts[term] >= FEWEST and term[0] not in BEFORE and term[-1] not in EDGES:
                    before[term][run[start - 1] if start else f"<{number}"] += 1
                    after[term][run[end] if end < len(run) else f">{number}"] += 1
    found = {term for term in before if min(_entropy(before[term]), _entropy(after[term])) >= ENTROPY}
    return {
        term
        for term in found
        if not (term[1:] in found and _free(before[term]) < FREE)
        and not (term[:-1] in found and _free(after[term]) < FREE)
    }


def _free(neighbours: Counter[str]) -> float:
    """How often a term stands beside grammar or the end of a clause; a word with the end of another one never does."""
    free = sum(count for found, count in neighbours.items() if len(found) > 1 or found in EDGES)
    return free / neighbours.total()


def _entropy(found: Counter[str]) -> float:
    total = sum(found.values())
    return -sum(count / total * math.log(count / total) for count in found.values())


def _cohesive(counts: Counter[str], found: set[str], total: int) -> set[str]:
    def cohesion(term: str) -> float:
        weakest = max(counts[term[:cut]] * counts[term[cut:]] for cut in range(1, len(term)))
        return math.log(counts[term] * total / weakest)

    return {term for term in found if cohesion(term) >= COHESION}
