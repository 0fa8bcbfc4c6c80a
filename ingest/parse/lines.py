"""What one paragraph or list item is: the title line of an entry, a line that only carries its link, a sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .blocks import Run, Runs, text_of
from .context import Context, Link, is_address, names_step, width

EDGE = " \t\n\u3000,，、:：;；|｜/·•–—―-~→⇒➡➜»*_"
_END = "。．.!！?？…"
_NUMBER = re.compile(r"^\s*[（(【\[]?\s*(\d{1,3})\s*(?:[、．)）】\]:：]|\.(?!\d))\s*")
_SENTENCE = re.compile(r"[。！？]+[”’」』）)]*|[!?]+[”’」』）)\"']*(?=\s|$|[^\x00-\x7f])|\.(?=\s|$)")
_ID_PREFIX = re.compile(r"^\s*[\[【［(（]\s*(?:arxiv\s*:?\s*)?\d{4}\.\d{4,5}(?:v\d+)?\s*[\]】］)）]\s*", re.IGNORECASE)
_EMPTY_BRACKETS = re.compile(r"[（(【\[［「]\s*[）)】\]］」]")
_SITE = re.compile(r"^(.+?)\s*([|｜–—-])\s*([^|｜–—-]{3,40})$", re.DOTALL)
_BY = frozenset("by from via at on in von bei auf par de dans por en di da su van door".split())  # noqa: SIM905
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Title:
    """The title line of an entry: its text, its links, the number it prints, and the lines that follow it."""

    text: str
    links: tuple[Link, ...]
    number: int | None
    rest: Runs


def split_line(runs: Runs) -> tuple[Runs, Runs]:
    """The first printed line of some runs, and the lines after it."""
    for number, run in enumerate(runs):
        cut = run.text.find("\n")
        if cut >= 0 and not run.href:
            line = (*runs[:number], run.saying(run.text[:cut]))
            rest = (run.saying(run.text[cut + 1 :]), *runs[number + 1 :])
            if text_of(line).strip() or any(part.href for part in line):
                return line, tuple(part for part in rest if part.text or part.href)
    return runs, ()


def numbered(runs: Runs) -> int | None:
    """The number that a paragraph starts with ("3、", "3)", "3."), None if it does not."""
    found = _NUMBER.match(text_of(runs[:3]))
    return int(found[1]) if found else None


def number_style(runs: Runs) -> str:
    """The marks around the number that a paragraph starts with: "、" or "()" or "."."""
    found = _NUMBER.match(text_of(runs[:3]))
    return "".join(char for char in found[0] if not char.isdigit() and not char.isspace()) if found else ""


def without_number(text: str) -> str:
    return _NUMBER.sub("", text, count=1)


def past_number(runs: Runs) -> Runs:
    """The runs of a line without the number it starts with."""
    found = _NUMBER.match(text_of(runs[:3]))
    drop = found.end() if found else 0
    out: list[Run] = []
    for run in runs:
        cut = min(drop, len(run.text))
        drop -= cut
        if run.text[cut:] or (run.href and not run.text):
            out.append(run.saying(run.text[cut:]))
    return tuple(out)


def squeeze(text: str) -> str:
    """One line of text: line breaks and runs of blanks become one blank, edges go."""
    return " ".join(text.split())


def first_sentence(text: str) -> str:
    found = _SENTENCE.search(text)
    return text[: found.end()] if found else text


def last_break(text: str) -> int:
    """Where the last whole sentence of a text ends, 0 if none does."""
    return max((found.end() for found in _SENTENCE.finditer(text)), default=0)


def ends_like_sentence(text: str) -> bool:
    return text.rstrip(" \n)）”’」』").endswith(tuple(_END))


def strip_id(text: str) -> str:
    """A paper's title without the arXiv number in brackets before it."""
    return _ID_PREFIX.sub("", text)


def has_id(text: str) -> bool:
    return _ID_PREFIX.match(text) is not None


def without_site(text: str, key: str | None) -> str:
    """A title without the name of its site at the end ("… | OpenReview")."""
    found = _SITE.match(text) if key else None
    if found is None:
        return text
    head, tail = found[1], found[3]
    host = (key or "").partition("/")[0].lower()
    name = "".join(char for char in tail.lower() if char.isalnum())
    return head.rstrip() if len(name) > 3 and name in host.replace("-", "").replace(".", "") else text


def title_text(runs: Sequence[Run], links: Sequence[Link]) -> str:
    """The words of a title line: without host names, bare addresses, joining dashes and empty brackets."""
    hosts = {link.key.partition("/")[0].partition(":")[0] for link in links}
    pieces: list[str] = []
    for run in runs:
        text = run.text
        printed = is_address(text) and not (run.href and names_step(text, run.href))
        if printed and (run.href or _has_bracket(text) or len(runs) > 1):
            continue
        if run.href or not links:
            text = _without_host(text, hosts)
        else:
            text = _without_host(_without_bracketed_host(text), hosts)
        stripped = text.strip(EDGE)
        if stripped or not pieces:
            sign = text.strip()[:1]
            joins = f"{sign} " if pieces and stripped and sign in ("-", "–", "—") else ""
            names = text.rstrip()[-1:] if text.rstrip().endswith((":", "：")) else ""  # "Video: …"
            pieces.append(text if stripped == text.strip() else f" {joins}{stripped}{names} ")
        elif text.strip():
            pieces.append(" ")
    title = squeeze(_EMPTY_BRACKETS.sub("", "".join(pieces)))
    return unbracketed(title.strip(EDGE))


_BRACKETED_HOST = re.compile(r"[【\[（(「]\s*([\w -]+(?:\s*\.\s*[\w-]+)+)\s*[】\])）」]")


def _has_bracket(text: str) -> bool:
    return text.strip()[:1] in "【[（("


def _without_bracketed_host(text: str) -> str:
    return _BRACKETED_HOST.sub(lambda found: "" if is_address(found[1]) else found[0], text)


def _without_host(text: str, hosts: set[str]) -> str:
    """Text without the host name that newsletters print after a title ("… — example.org")."""
    for host in hosts:
        bare = text.rstrip(" 】]）)")
        for form in (host, f"www.{host}"):
            if "." in form and bare.lower().endswith(form) and len(bare) > len(form):
                return bare[: -len(form)].rstrip(" 【[（(")
    return text


def unbracketed(text: str) -> str:
    """Text without a bracket at its edge that nothing answers."""
    text = text.rstrip("【[［（(「").rstrip(EDGE) if text[-1:] in "【[［（(「" else text
    for opening, closing in ("【】", "[]", "［］", "（）", "()", "「」"):
        if text.endswith(closing) and opening not in text:
            text = text[:-1].rstrip(EDGE)
        elif text.startswith(opening) and closing not in text:
            text = text[1:].lstrip(EDGE)
    return text


def title_line(runs: Runs, context: Context) -> Title | None:
    """The title line that a paragraph starts with, or None if it is running text.

    A title line is led by a link (or by a number and a link) whose label makes up most of it; a link whose label
    was lost counts as leading too. Labels that only print an address do not make a title.
    """
    line, rest = split_line(runs)
    links = context.links(line)
    if not links:
        return _over_address(line, rest, context)
    text = text_of(line)
    number = numbered(line)
    lead = len(text) - len(without_number(text)) if number is not None else 0
    keys = {link.key for link in links if not link.bare}
    if len(keys) > 1:
        titled = _attributed(line, rest, links, context) or _counted(line, rest, links[0], context)
        return titled or _enumerated(line, rest, links, context)
    empty = [link for link in links if not link.label.strip()]
    words = title_text(past_number(line), links)
    labels = [link for link in links if link.label.strip() and not link.bare and not context.generic(link.label)]
    if not labels and not empty:
        return None
    total = width(text.strip())
    first = labels[0] if labels else empty[0]
    before = text[lead : first.start]
    led = not _WORD.search(before) or is_address(before) or bool(empty)
    if not led and not (_all_linked_or_host(line)):
        return None
    if led and not rest and len(labels) == 1 and (said := _told_after(line, first)):
        return Title(
            squeeze(first.label).strip(EDGE), (first, *(link for link in links if link != first)), number, said
        )
    if len(labels) == 1 and text.strip() == first.label.strip() and text_of(rest[:1]).lstrip()[:1] in (":", "："):
        rest = after_link(runs, first)  # what is said follows the colon
    labelled = sum(width(link.label) for link in labels)
    other = width(words) - labelled
    if other > labelled and (total > 100 or ends_like_sentence(text)):
        return None
    if total > 400:
        return None
    main = tuple(sorted(links, key=lambda link: (link.bare and bool(labels), link.start)))
    return Title(words, main, number, rest)


def _attributed(line: Runs, rest: Runs, links: Sequence[Link], context: Context) -> Title | None:
    """A title line that goes on to say by whom or where ("Title by Author"), with a link there too; with a number
    before it, also one that goes on to its other forms ("1. Title, in English: Title")."""
    first, text = links[0], text_of(line)
    between = text[first.end : links[1].start].strip(EDGE + "(（")
    after = width(text[links[-1].end :].strip(EDGE + ".)）"))
    joined = between.casefold() in _BY or (numbered(line) is not None and width(between) <= 12)
    if (
        len(links) > 3
        or after > 12
        or width(first.label) < 8
        or context.generic(first.label)
        or not joined
        or _WORD.search(without_number(text[: first.start]))
    ):
        return None
    return Title(squeeze(first.label).strip(EDGE), (first,), numbered(line), rest)


def _counted(line: Runs, rest: Runs, link: Link, context: Context) -> Title | None:
    """A number and a link, then what is said of it, which may have links of its own ("3、Name：…, see the demo")."""
    number, text = numbered(line), text_of(line)
    if number is None or link.bare or context.generic(link.label) or _WORD.search(without_number(text[: link.start])):
        return None
    said = after_link(line, link)
    if text[link.end :].lstrip()[:1] not in (":", "：", "-", "–", "—") or width(text_of(said)) < 12:
        return None
    return Title(squeeze(link.label).strip(EDGE), (link,), number, (*said, Run("\n"), *rest) if rest else said)


def _enumerated(line: Runs, rest: Runs, links: Sequence[Link], context: Context) -> Title | None:
    """Links that stand side by side and what is said of all of them ("Part 1, part 2 - how it was built.")."""
    text, first, last = text_of(line), links[0], links[-1]
    apart = any(text[one.end : two.start].strip(EDGE + "&") for one, two in pairwise(links))
    if rest or apart or text[: first.start].strip(EDGE) or any(context.generic(link.label) for link in links):
        return None
    said = _told_after(line, last)
    return Title(squeeze(first.label).strip(EDGE), tuple(links), None, said) if said else None


def _told_after(line: Runs, link: Link) -> Runs:
    """What is said after a link in its own line, where a colon or dash sets it apart: "Title: a sentence on it."."""
    said = after_link(line, link)
    text = text_of(said)
    mark = text_of(line)[link.end :].lstrip()[:1]
    wide = 12 if mark in (":", "：") else 12 if mark in ("-", "–", "—") and ends_like_sentence(text) else 0
    return said if wide and width(text) >= wide and not any(run.href for run in said) else ()


def after_link(runs: Runs, link: Link) -> Runs:
    """The runs after a link, without what joins them to it."""
    position = 0
    out: list[Run] = []
    for run in runs:
        if position >= link.end:
            out.append(run if out else replace(run, text=run.text.lstrip(EDGE)))
        position += len(run.text)
    return tuple(out)


def _over_address(line: Runs, rest: Runs, context: Context) -> Title | None:
    """A title above a line that is only an address, with a description under it, as plain text mail has it."""
    address, said = split_line(rest)
    links = context.links(address)
    text = text_of(line).strip()
    if not said or len(links) != 1 or not links[0].bare or text_of(address).strip() != links[0].label.strip():
        return None
    if not text or width(text) > 200 or has_id(text) or not text_of(said).strip():
        return None
    return Title(squeeze(without_number(text)).strip(EDGE), tuple(links), numbered(line), said)


def _all_linked_or_host(line: Sequence[Run]) -> bool:
    return all(run.href or not _WORD.search(run.text) or is_address(run.text) for run in line)


def carrier(runs: Runs, links: Sequence[Link], context: Context) -> str | None:
    """What a paragraph says besides its links, if those links only carry addresses; None if it is running text.

    An empty answer means that the paragraph is nothing but links.
    """
    if not links:
        return None
    generic = not all(link.bare for link in links)
    if not all(link.bare or context.generic(link.label) for link in links):
        keys = {link.key for link in links}
        mixed = len(keys) == 1 and any(link.bare for link in links)
        if not mixed:
            return None
    said = "".join(
        run.text for run in runs if not (is_address(run.text) and run.href) and not context.generic(run.text)
    )
    said = squeeze(_EMPTY_BRACKETS.sub("", said.replace("\n", ""))).strip(EDGE)
    return unbracketed(said) if not (generic and said) or any(link.bare for link in links) else None
