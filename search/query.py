"""The query language: what a person types, read into words, conditions and a pasted link.

Words and natural sentences pass through untouched. Around them: `"exact phrase"`, `-word` and `-"phrase"`, and
`field:value` with `field:a,b` for any of several, `-field:a,b` for none of them. A `-` is an operator only at a word's
start and directly before the word, so that zero-shot, GPT-4 and 3D stay words (a trap that Semantra's grammar falls
into). Nothing typed is an error except far too much of it: what cannot be understood is searched as words, and a hint
says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from index.identity import arxiv_id, canonical_key
from index.types import Filters

from .errors import BadQuery
from .fields import FIELDS, BadValue, read_value
from .results import Chip, Understood

MAX_CHARACTERS = 10_000
PASSAGE_CHARACTERS = 300
"""From here on, a text that uses no operator is a pasted passage and not a question (CJK counts threefold)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufff9-\ufffb]|[\ud800-\udfff]")
_QUOTES = dict.fromkeys(map(ord, '"“”„‟＂'), " ")
_WIDE_SIGNS = dict(zip(map(ord, "：－，"), ":-,", strict=True))
_FOLD = dict.fromkeys(_QUOTES, '"') | dict.fromkeys(map(ord, "\t\n　"), " ") | _WIDE_SIGNS
_VALUE = r'(?:"[^"]*"|[^\s",]+)'
_OPERATOR = re.compile(rf"(?P<neg>-)?(?P<field>[A-Za-z]+):(?P<values>{_VALUE}(?:,{_VALUE})*)")
_EXCLUDED = re.compile(r'-(?:"(?P<phrase>[^"]*)"|(?P<word>[^\W_][^\s"]*))')
_LINK = re.compile(r"(?<![!-~])(?:https?://|www\.)\S+", re.IGNORECASE)
_BARE_LINK = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}/[!-~]+", re.IGNORECASE)
_ARXIV = re.compile(r"(?:arxiv:\s?)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE)
_DOI = re.compile(r"(?:doi:\s?)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ISSUE = re.compile(r"(?:issue|nr|no|第)?\s*[.#]?\s*(\d{1,5})\s*(?:期|号)?", re.IGNORECASE)
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]")
_UNSPACED = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch [start, end) of the query that is an operator, with its values (one unless a list)."""

    start: int
    end: int
    field: str
    values: tuple[str, ...]


def understand(text: str) -> Understood:
    """Reads a query text. Errors: BadQuery if it is longer than `MAX_CHARACTERS`."""
    if len(text) > MAX_CHARACTERS:
        raise BadQuery(f"The query has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read.")
    text = _CONTROL.sub("", text).strip()
    folded = text.translate(_FOLD)
    if target := _target(folded):
        return _with_target(text, folded, target)
    hints: list[str] = []
    parts = list(_operators(folded, hints))
    if not parts and _weight(text) >= PASSAGE_CHARACTERS:
        return Understood(text, _squeeze(text), Filters(), hints=tuple(hints), passage=True)
    if numbered := _whole_issue(folded):
        parts = [_Part(0, len(text), "issue", (numbered,))]
    return _assemble(text, parts, hints)


def merge(query: Filters, beside: Filters) -> Filters:
    """The query's own conditions joined with those given beside it: any of both sides' values, the narrower dates."""
    listed = {
        name: tuple(dict.fromkeys((*getattr(query, name), *getattr(beside, name))))
        for name in Filters.__dataclass_fields__
        if name not in ("after", "before")
    }
    starts = [date for date in (query.after, beside.after) if date]
    ends = [date for date in (query.before, beside.before) if date]
    return Filters(**listed, after=max(starts, default=None), before=min(ends, default=None))


def _assemble(text: str, parts: list[_Part], hints: list[str]) -> Understood:
    filters = Filters()
    chips: list[Chip] = []
    rest, at = [], 0
    for part in parts:
        rest.append(text[at : part.start])
        # A phrase is a condition and also says what is meant.
        rest.extend(part.values if part.field == "phrase" else ())
        at = part.end
        for value in part.values:
            filters = merge(filters, read_value(part.field, value))
            chips.append(Chip(part.field, value, _without(text, part, value)))
    rest.append(text[at:])
    words = _squeeze(" ".join(rest).translate(_QUOTES))
    if not any(c.isalnum() for c in words):
        words = ""  # punctuation alone asks nothing
    return Understood(text, words, filters, tuple(chips), None, tuple(hints))


def _operators(folded: str, hints: list[str]) -> Iterator[_Part]:
    """Walks the text from word to word and yields what is an operator; the rest is words."""
    at = 0
    while at < len(folded):
        starts_word = at == 0 or folded[at - 1].isspace()
        if folded[at].isspace():
            at += 1
        elif starts_word and (match := _OPERATOR.match(folded, at)):
            yield from _field(match, hints)
            at = match.end()
        elif starts_word and (match := _EXCLUDED.match(folded, at)):
            value = (match["phrase"] if match["phrase"] is not None else match["word"]).strip()
            if value:
                yield _Part(match.start(), match.end(), "not", (value,))
            at = match.end()
        elif folded[at] == '"':
            end = folded.find('"', at + 1)
            if end < 0:
                hints.append("A quotation mark is not closed; the words after it are searched as words.")
                return
            if any(c.isalnum() for c in folded[at + 1 : end]):
                yield _Part(at, end + 1, "phrase", (_squeeze(folded[at + 1 : end]),))
            at = end + 1
        else:
            at = _word_end(folded, at + 1)


def _word_end(folded: str, at: int) -> int:
    while at < len(folded) and not folded[at].isspace() and folded[at] != '"':
        at += 1
    return at


def _field(match: re.Match[str], hints: list[str]) -> Iterator[_Part]:
    name = match["field"].lower()
    if name not in FIELDS:
        if name not in ("http", "https", "arxiv", "doi"):
            hints.append(f"There is no field “{match['field']}”; it is searched as a word.")
        return
    field = f"{match['neg'] or ''}{FIELDS[name]}"
    values = tuple(v.strip('"').strip() for v in re.findall(_VALUE, match["values"]))
    good = []
    for value in values:
        try:
            read_value(field, value)
        except BadValue as error:
            hints.append(str(error))
        else:
            good.append(value)
    if good:
        yield _Part(match.start(), match.end(), field, tuple(good))


def _without(text: str, part: _Part, value: str) -> str:
    left = [v for v in part.values if v != value]
    kept = f"{part.field}:" + ",".join(f'"{v}"' if " " in v else v for v in left) if left else ""
    return _squeeze(f"{text[: part.start]} {kept} {text[part.end :]}")


def _target(folded: str) -> tuple[str, int, int] | None:
    """A pasted link anywhere, or an address without its scheme, an arXiv id or a DOI that is the whole query: (key,
    start, end)."""
    if match := _LINK.search(folded):
        link = match[0].rstrip(".,;)]}>\"'")
        key = canonical_key(link if "://" in link else f"https://{link}")
        return (key, match.start(), match.start() + len(link)) if key else None
    if match := _ARXIV.fullmatch(folded):
        paper = arxiv_id(f"https://arxiv.org/abs/{match[1]}")
        return (f"arxiv:{paper.removeprefix('arxiv:')}", 0, len(folded)) if paper else None
    if match := _DOI.fullmatch(folded):
        key = canonical_key(f"https://doi.org/{match[1]}")
        return (key, 0, len(folded)) if key else None
    if _BARE_LINK.fullmatch(folded):
        key = canonical_key(f"https://{folded}")
        return (key, 0, len(folded)) if key else None
    return None


def _with_target(text: str, folded: str, target: tuple[str, int, int]) -> Understood:
    key, start, end = target
    hints: list[str] = []
    # The rest may hold words and conditions; the link itself must not be read as either.
    rest = f"{text[:start]} {text[end:]}"
    found = _assemble(rest, list(_operators(f"{folded[:start]} {folded[end:]}", hints)), hints)
    chips = (
        Chip("link", key, _squeeze(rest)),
        *(replace(c, without=f"{text[start:end]} {c.without}") for c in found.chips),
    )
    return replace(found, text=text, target=key, chips=chips)


def _whole_issue(folded: str) -> str | None:
    """ "issue 41", "#41" or 第41期 as the whole query means that issue; a bare number does not."""
    match = _ISSUE.fullmatch(folded)
    return match[1] if match and not folded.isdigit() else None


def _weight(text: str) -> int:
    """Length in characters, a CJK one counted as three: they carry about a word each."""
    return len(text) + 2 * len(_WIDE.findall(text))


def _squeeze(text: str) -> str:
    return _UNSPACED.sub(" ", text).strip()
