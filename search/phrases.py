"""Phrases of scripts with spaces that can stand as names: nouns and what stands before them, as readers write them.

No tagger knows every language, so the texts themselves are asked. A phrase can be a name where it is often followed by
the end of a clause or by a function word, as the end of a noun phrase is, and not by more words that belong to it; a
word after "to" or before "the" is used as a verb there. Its spelling is that which it has inside sentences.
"""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from index.text import stem

from .general import ADDRESS, ARTICLES, GENERAL, OTHER_FUNCTION_WORDS, VERB_BEFORE
from .unspaced import WIDE
from .words import FUNCTION_WORDS

MOST_WORDS = 3
GERMAN = 0.4
"""From which part of nouns written large inside sentences on a language writes them all so."""
ENOUGH = 30
"""Nouns inside sentences from which on they can say so."""
AS_NOUN = 4
"""How much the spelling of a noun counts more: `encryption`, not `encrypted`, which have one key."""
LARGE = 0.3
"""The part of its uses in which a word must be written with capitals to be a name."""
_LETTER = rf"[^\W_{WIDE}]"
_TOKEN = re.compile(rf"{_LETTER}+(?:[-.'_\u2010\u2019/]{_LETTER}+)*(?:\+\+|#)?")
_ALPHABETIC = re.compile(rf"[^\W\d_{WIDE}]")
_POSSESSIVE = re.compile(r"['\u2019]s?$", re.IGNORECASE)
_WIDE_BEFORE = re.compile(rf"[{WIDE}]\s?$")
# What French and Italian write before a vowel belongs to no noun: `d'images`, `dell'arte`.
_ELIDED = re.compile(r"(?:[cdjlmnst]|qu|un|(?:d|n|s)?(?:e|a|u)ll)['\u2019](?=\w{3})", re.IGNORECASE)
_INNER = re.compile(r"[-\u2010/._]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase at a place of a text. `key` is the same for all its spellings; `closed` where it ends a noun phrase."""

    key: str
    closed: bool


@dataclass(slots=True)
class Spellings:
    """How phrases are written, collected while texts are read."""

    inside: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """After a lower-case word, where only names are written large."""
    anywhere: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    nouns: int = 0
    """Inside sentences."""
    large: int = 0
    """Of these, those written large."""

    def note(self, key: str, form: str, weight: int, inside: bool) -> None:
        self.anywhere[key][form] += weight
        if inside:
            self.inside[key][form] += weight
            self.nouns += weight > 1
            self.large += weight > 1 and form[0].isupper()

    def of(self, key: str) -> str:
        """As it is written most inside sentences; known from headings alone it is written small, unless a name."""
        found = self.inside.get(key)
        if found:
            # Names are often written small as well, where they stand in code or addresses; other words never large.
            large = Counter({form: count for form, count in found.items() if not form.islower()})
            return _commonest(large if large.total() >= LARGE * found.total() else found)
        form = _commonest(self.anywhere[key])
        if self.nouns >= ENOUGH and self.large > GERMAN * self.nouns:
            return form
        return " ".join(word.lower() if self._plain(word) else word for word in form.split())

    def _plain(self, word: str) -> bool:
        """Whether a word that begins large is none by itself: it is written small, too, or never inside a sentence."""
        if not word[1:].islower():
            return False
        forms = self.inside.get(_key(word), Counter())
        return 2 * sum(count for form, count in forms.items() if form.islower()) >= sum(forms.values())


def _commonest(forms: Counter[str]) -> str:
    return max(forms.items(), key=lambda form: (form[1], form[0]))[0]


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    key: str
    start: int
    end: int


def phrases(text: str, spellings: Spellings) -> Iterator[Phrase]:
    """All phrases of up to MOST_WORDS words, in the order of the text; their spellings are noted."""
    words = [_Word(*found) for found in _words(text)]
    joined = [text[before.end : after.start].isspace() for before, after in itertools.pairwise(words)] + [False]
    sentences = _sentences(words, joined)
    for first, word in enumerate(words):
        if not _content(word):
            continue
        opened = first > 0 and joined[first - 1]
        inside = opened and sentences[first] and words[first - 1].text[0].islower()
        inside = inside or bool(_WIDE_BEFORE.search(text[max(0, word.start - 2) : word.start]))
        verbal = opened and words[first - 1].text.lower() in VERB_BEFORE
        for last in range(first, min(first + MOST_WORDS, len(words))):
            if not _content(words[last]):
                break
            after = words[last + 1] if joined[last] else None
            closed = after is None or (_function(after) and after.text.lower() not in ARTICLES)
            key = " ".join(one.key for one in words[first : last + 1])
            form = " ".join(one.text for one in words[first : last + 1])
            noun = closed and not verbal
            spellings.note(key, form, AS_NOUN if noun else 1, inside)
            yield Phrase(key, noun)
            if not joined[last]:
                break


def _sentences(words: Sequence[_Word], joined: Sequence[bool]) -> list[bool]:
    """Whether each word stands in a clause that writes ordinary words small, as headlines do not."""
    found: list[bool] = []
    first = 0
    for last, goes_on in enumerate(joined[: len(words)]):
        if not goes_on:
            clause = words[first : last + 1]
            found += [any(word.text[0].islower() and _content(word) for word in clause)] * len(clause)
            first = last + 1
    return found


def _words(text: str) -> Iterator[tuple[str, str, int, int]]:
    for match in _TOKEN.finditer(text):
        word = _POSSESSIVE.sub("", match[0])
        elided = _ELIDED.match(word)
        start = elided.end() if elided else 0
        if word[start:]:
            yield word[start:], _key(word[start:]), match.start() + start, match.start() + len(word)


def _key(word: str) -> str:
    return " ".join(stem(part) for part in _INNER.split(word.casefold()) if part)


def _function(word: _Word) -> bool:
    return word.key in FUNCTION_WORDS or word.text.lower() in OTHER_FUNCTION_WORDS


def _content(word: _Word) -> bool:
    if not _ALPHABETIC.search(word.text) or _function(word) or word.key in GENERAL or word.text.lower() in ADDRESS:
        return False
    return len(word.text) > 2 or (len(word.text) == 2 and not word.text.islower())
