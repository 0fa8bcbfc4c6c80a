"""The query language on the about page, told with examples that find something in this very archive.

A form that nothing here answers to (an author where none is known, a second language in an archive of one) is left out.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.archive import Archive
from index.identity import arxiv_id
from index.types import Item

from .render import View, host
from .topography import topics

RECENT = 200
"""So many of the newest items are looked at."""


_SERVED = ("author", "link")
"""Fields that a copy of plain files knows nothing of."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What an archive can be asked for: a question, part of a title, values of fields; "" where there is none."""

    query: str
    phrase: str
    left_out: str
    url: str
    fields: tuple[tuple[str, str], ...]


def grammar(view: View) -> list[tuple[str, str]]:
    """The forms a question can take, as (example, what it does)."""
    _ = view.language.text
    told = {
        "site": _("only what points to this site"),
        "link": _("only what has a link to this site, also beside its own"),
        "kind": _("only these kinds: paper, article, code, video, dataset, discussion"),
        "section": _("only this section of the issues"),
        "newsletter": _("only this newsletter"),
        "issue": _("only this issue; issue:20-25 for several"),
        "author": _("only papers by this author, where the authors are known"),
        "year": _("only this year"),
        "after": _("only what was printed in this time"),
        "lang": _("only descriptions in this language"),
    }
    found = sample(view.archive)
    rows = []
    if found.phrase:
        phrase = _("all of these words") if view.published else _("these words, exactly and in this order")
        rows.append((f'"{found.phrase}"', phrase))
    if found.left_out:
        rows.append((found.left_out, _("without this word; -kind:paper leaves out what meets a condition")))
    rows += [(example, told[field]) for field, example in found.fields if not (view.published and field in _SERVED)]
    if found.url and not view.published:
        rows.append((found.url, _("a pasted link, arXiv id or DOI: the item itself, then what is like it")))
    return rows


def sample(archive: Archive) -> Sample:
    """Examples for the archive as it is now."""
    return _sample(archive, archive.generation)


@lru_cache(4)
def _sample(archive: Archive, generation: int) -> Sample:  # noqa: ARG001 (the generation is the cache's key)
    recent = archive.newest_items(RECENT)
    largest = sorted(topics(archive).topics, key=lambda topic: (-topic.size, topic.id))
    titles = sorted({item.title for item in recent if '"' not in item.title}, key=_length)
    phrase = _phrase([word for topic in largest for word in topic.words], titles)
    urls = [item.url for item in recent if item.url and item.key]
    return Sample(
        query=next((topic.words[0] for topic in largest if topic.words), phrase),
        phrase=phrase,
        left_out=next((" -".join(topic.words[:2]) for topic in largest if _plain(topic.words[:2])), ""),
        url=min(urls, key=lambda url: (arxiv_id(url) is None, len(url)), default=""),
        fields=tuple(_fields(archive, recent)),
    )


def _phrase(words: Sequence[str], titles: Sequence[str]) -> str:
    """A topic's word of several parts that stands in a title; or else a title of a handy length."""
    for word in words:
        if " " in word and any(word in title for title in titles):
            return word
    return next((title for title in titles if " " in title), titles[0] if titles else "")


def _length(title: str) -> tuple[int, str]:
    """How far a title is from a length that is read at a glance; Chinese and Japanese characters count twice."""
    return abs(18 - len(title) - sum(ord(character) > 0x2E7F for character in title)), title


def _plain(words: Sequence[str]) -> bool:
    """Whether these are two words that can be written side by side, the second one left out."""
    return len(words) > 1 and not any(re.search(r'[\s":]', word) for word in words)


def _fields(archive: Archive, recent: Sequence[Item]) -> Iterator[tuple[str, str]]:
    sites = Counter(host(item.url) for item in recent if item.url)
    for site, _ in sites.most_common(1):
        yield "site", f"site:{site}"
    beside = Counter(host(link.url) for item in recent for link in item.links if link.kind != "article")
    for site, _ in beside.most_common(1):
        yield "link", f"link:{site}"
    kinds = [kind for kind, _ in Counter(item.kind for item in recent).most_common(2)]
    if len(kinds) > 1:
        yield "kind", f"kind:{','.join(kinds)}"
    sections = Counter(item.section for item in recent if item.section and '"' not in item.section)
    for section, _ in sections.most_common(1):
        yield "section", f"section:{_quoted(section)}"
    issues = archive.issues()
    names = Counter(issue.newsletter for issue in issues if issue.newsletter and '"' not in issue.newsletter)
    if len(names) > 1:
        yield "newsletter", f"newsletter:{_quoted(names.most_common(1)[0][0])}"
    numbers = [issue.number for issue in issues if issue.number is not None]
    if numbers:
        yield "issue", f"issue:{numbers[0]}"
    papers = archive.papers([item.key for item in recent if item.key])
    authors = Counter(name for paper in papers.values() for name in paper.authors[:1] if '"' not in name)
    for author, _ in authors.most_common(1):
        yield "author", f"author:{_quoted(author)}"
    days = sorted({issue.date for issue in issues if issue.date})
    if days:
        yield "year", f"year:{days[-1].year}"
    months = sorted({(day.year, day.month) for day in days})
    if len(months) > 2:
        (year, month), (until, end) = months[-3], months[-1]
        yield "after", f"after:{year}-{month:02} before:{until}-{end:02}"
    languages = Counter(item.language for item in recent if item.language)
    if len(languages) > 1:
        yield "lang", f"lang:{languages.most_common(2)[1][0]}"


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"[\s,]", value) else value
