"""What is known of a document while it is read: where its links lead, and which of them only lead around it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from ..links import canonical_key, clean_url, is_plumbing, is_profile
from .blocks import Block, Run, text_of
from .dates import names_an_issue

_DOMAIN = re.compile(r"(?:https?://)?(?:www\.)?[\w-]+(?:\.[\w-]+)+/?", re.IGNORECASE)
_PATH = re.compile(r"(?:www\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+/\S+")
"""A host in lower case and a path, as links print their own address without its scheme."""
_VIEW = re.compile(
    r"(?:view|read|open)(?: this| the)?(?: e-?mail| newsletter| issue| it)? (?:in|on)(?: your| the| a)? browser|"
    r"(?:view|read)(?: this| it)? (?:online|on the web)|(?:view )?(?:web|online)[ -]version|"
    r"(?:im browser|online) ansehen|(?:voir|lire|afficher) (?:dans (?:le|votre) navigateur|en ligne)|"
    r"ver en (?:el|tu|su) navegador|在浏览器中(?:查看|打开)|ブラウザで(?:表示|見る|読む)",
    re.IGNORECASE,
)
"""The label that leads from a mail to the same issue as a page."""
_URLISH = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# Labels that only point, in the languages most newsletters use, and such as say at least what kind of thing is there.
_POINTING = """
link, here, more, read more, read it, source, via, details, hier, mehr, quelle, ici, lire la suite, aquí, leer más, qui,
여기, 링크, 原文, 链接, 这里, 此处, 来源, 全文, 查看, 阅读原文, 详情, 出处, リンク, こちら, ここ, 続きを読む, 出典, 詳細
"""
_NAMING = """
website, homepage, project page, project, slides, poster, dataset, paper, pdf, code, blog, blog post, tweet, video,
demo, source code, 论文, 代码, 官网, 記事, 論文, コード
"""
_MERE = frozenset(" ".join(word.split()) for word in _POINTING.split(","))
_POINTERS = _MERE | frozenset(" ".join(word.split()) for word in _NAMING.split(","))
_LETTERS = re.compile(r"[^\W\d_]+")
SEPARATORS = " \t\n\u3000()（）[]【】［］<>《》〈〉「」『』“”\"'‘’,，、。.;；:：|｜/·•–—―-~→⇒➡➜»«⇦⇨!！*_#"


@dataclass(frozen=True, slots=True)
class Link:
    """One outward link of a block: its label, address, key, and the offset of the label in the block's text."""

    label: str
    url: str
    key: str
    start: int
    strong: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.label)

    @property
    def bare(self) -> bool:
        """Whether the label is only an address or a host, and says nothing itself."""
        label = self.label.strip()
        if not label:
            return True
        if not is_address(label) or names_step(label, self.url):
            return False
        named = label != label.lower() and "/" not in label and ":" not in label  # a name, if no host is called so
        return not named or label.lower().removeprefix("www.") in self.url.lower()


def width(text: str) -> int:
    """How long a text looks: a Chinese, Japanese or Korean character counts as two letters."""
    size = len(text)
    return size + (len(text.encode("utf-8", "replace")) - size) // 2 if not text.isascii() else size


_FILES = frozenset(("js", "ts", "jl", "css", "vim", "nvim", "php", "cpp", "json", "yaml", "toml", "rb", "kt", "tex"))
"""Endings of names ("Node.js") that no host has."""


@lru_cache(maxsize=4096)
def is_address(label: str) -> bool:
    """Whether a label is an address or a host name, also one that translation has spaced out or bracketed."""
    label = label.strip(SEPARATORS + " ")
    if not label or len(label) > 500:
        return False
    squeezed = label.replace(" ", "")
    if "/" not in label and label.rpartition(".")[2].lower() in _FILES:
        return False
    if _URLISH.fullmatch(squeezed):
        return True
    if " " not in label and _PATH.fullmatch(label):
        return label.partition("/")[0].rpartition(".")[2].isalpha()
    return (
        len(squeezed) < 60
        and squeezed.isascii() is not None
        and _DOMAIN.fullmatch(squeezed) is not None
        and (" " not in label or " . " in label or label.count(" ") <= 2)
        and "." in squeezed
        and squeezed.rpartition(".")[2].rstrip("/").isalpha()
        and len(squeezed.rpartition(".")[2]) < 13
    )


def names_step(label: str, url: str) -> bool:
    """Whether a label that looks like a host names what its address leads to elsewhere ("socket.io" on a code host)."""
    label, path = label.strip().lower(), url.lower().partition("://")[2].partition("/")[2]
    at = path.find(label) if "." in label and "/" not in label else -1
    return at >= 0 and not path[:at].removesuffix("www.").endswith("//")


@dataclass(slots=True)
class Context:
    """Resolves and judges the links of one document. `base` is the document's own address, if it is known."""

    base: str | None = None
    title: str = ""
    house: frozenset[str] = frozenset()
    """Keys that the document links to around its items: the newsletter's own places."""
    hosts: frozenset[str] = frozenset()
    """Hosts whose front page the opening names; in running text a link to their pages is no item's own."""
    labels: frozenset[str] = frozenset()
    """Link labels that say nothing, because they repeat for different targets ("Link", "Paper", "source")."""
    repeated: frozenset[str] = frozenset()
    """Short paragraphs that repeat word for word (captions, separators)."""
    names: frozenset[str] = frozenset()
    """Link labels that look like hosts and are names."""
    fields: frozenset[str] = frozenset()
    """Bold labels that list items open with in several places ("When:", "Where:")."""
    listed: bool = False
    """Whether the document is above all lists of links."""
    stem: str = ""
    """The document's file name without its digits, where it has some: other issues are called the same."""
    _cache: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    _links: dict[int, tuple[Sequence[Run], list[Link]]] = field(default_factory=dict)
    _around: dict[tuple[str, str], bool] = field(default_factory=dict)
    _self: str | None = None
    _slug: tuple[str, ...] = ()
    _host: str = ""

    def __post_init__(self) -> None:
        if self.base:
            self._self = canonical_key(self.base)
            self._slug = _slug(self.base)
            self._host = urlsplit(self.base).netloc.lower()

    def resolve(self, href: str) -> tuple[str, str] | None:
        """Address and key of a link; None if it leads nowhere outside (anchors, mail, the mailing's plumbing)."""
        if href not in self._cache:
            self._cache[href] = self._resolve(href)
        return self._cache[href]

    def _resolve(self, href: str) -> tuple[str, str] | None:
        href = href.strip()
        if not href or href[0] == "#" or len(href) > 8000:
            return None
        try:
            absolute = urljoin(self.base, href) if self.base else href
        except ValueError:
            return None
        if "://" not in absolute[:12] and not absolute.startswith(("//", "www.")):
            return None
        url, key = clean_url(absolute), canonical_key(absolute)
        if url is None or key is None or is_plumbing(absolute) or key == self._self:
            return None
        return url, key

    def all_links(self, runs: Sequence[Run]) -> list[Link]:
        """Every outward link of some runs; neighbours that lead to one place are one link."""
        if not any(run.href for run in runs):
            return []
        found: list[Link] = []
        position = 0
        for run in runs:
            if run.href and (resolved := self.resolve(run.href)):
                url, key = resolved
                last = found[-1] if found else None
                if last and last.key == key and last.end == position and last.label:
                    found[-1] = Link(last.label + run.text, last.url, key, last.start, last.strong or run.strong)
                else:
                    found.append(Link(run.text, url, key, position, run.strong))
            position += len(run.text)
        return found

    def links(self, runs: Sequence[Run]) -> list[Link]:
        """The outward links of some runs that may be what an item is about."""
        known = self._links.get(id(runs))
        if known is None:
            found = [link for link in self.all_links(runs) if not self.is_around(link)]
            self._links[id(runs)] = known = (runs, found)  # the runs are kept, so their id stays theirs
        return known[1]

    def is_around(self, link: Link) -> bool:
        """Whether a link leads to the newsletter itself: its home, an earlier issue, a place it names in its frame."""
        known = self._around.get((link.label, link.url))
        if known is None:
            known = self._around[link.label, link.url] = self._leads_around(link)
        return known

    def _leads_around(self, link: Link) -> bool:
        if link.key in self.house:
            return True
        label = link.label.strip()
        if "://" in label and is_profile(canonical_key(label)):
            return True
        alike = bool(self._slug) and urlsplit(link.url).netloc.lower() == self._host
        if (alike and _akin(self._slug, _slug(link.url))) or (self.stem and self.stem == stem_of(_last_step(link.url))):
            return True
        if not label or width(label) > 120:
            return False
        if _VIEW.fullmatch(label.strip(SEPARATORS)) or self._names_itself(label, link.key):
            return True
        return bool(self.title) and names_an_issue(self.title) and names_an_issue(label) and similar(label, self.title)

    def _names_itself(self, label: str, key: str) -> bool:
        """Whether a link leads to a front page by the name that the issue's own title starts with."""
        if "/" in key or ":" in key or width(label) < 4 or not self.title.casefold().startswith(label.casefold()):
            return False
        rest = self.title[len(label) :]
        return not rest[:1].isalnum() and names_an_issue(rest)

    def resolve_image(self, source: str) -> str:
        """The address of a picture: absolute where the document's own address allows it."""
        if not self.base or "://" in source or not source.startswith("/"):
            return source
        try:
            return urljoin(self.base, source)
        except ValueError:
            return source

    def generic(self, label: str) -> bool:
        """Whether a label says nothing of what it leads to."""
        plain = _plain(label).strip("^#")
        if is_address(label):
            return plain not in self.names
        return plain in self.labels or plain in _POINTERS or plain.isdigit()


def merely_points(label: str) -> bool:
    """Whether a label does not even say what kind of thing it leads to: an address, a number, "here"."""
    plain = _plain(label).strip("^#")
    return not plain or is_address(label) or plain in _MERE or plain.isdigit()


def similar(one: str, other: str) -> bool:
    """Whether two texts are the same but for digits and punctuation, or nearly so."""
    a, b = ("".join(_LETTERS.findall(text.casefold())) for text in (one, other))
    if min(len(a), len(b)) < 2:
        return False
    if a == b:
        return True
    short, long = sorted((len(a), len(b)))
    if short < 4 or short * 2 < long or long > 400:  # no ratio above 0.7 is possible, or nothing a title could be
        return False
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return matcher.quick_ratio() > 0.7 and matcher.ratio() > 0.7


def _slug(url: str) -> tuple[str, ...]:
    """The words of the last step of a path, without digits and ids."""
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    return tuple(word for word in re.split(r"[-_.]", last.lower()) if word and not any(c.isdigit() for c in word))


def _akin(own: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shared = 0
    for mine, theirs in zip(own, other, strict=False):
        if mine != theirs:
            break
        shared += 1
    return shared >= 2 and shared * 2 >= len(own)


def _last_step(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]


def stem_of(name: str) -> str:
    """The words of a file's name but its digits, where it counts or dates something by a name of two words or more."""
    words = "".join(char if char.isalpha() else " " for char in name.lower().partition(".")[0]).split()
    counts = any(char.isdigit() for char in name)
    return " ".join(words) if counts and len(words) >= 2 and sum(map(len, words)) >= 8 else ""


def _plain(label: str) -> str:
    return label.strip(SEPARATORS).casefold()


def survey(blocks: Sequence[Block], base: str | None, title: str, name: str = "") -> Context:
    """Reads a whole document once for what repeats in it; `name` is that of its file."""
    stem = stem_of(name)
    plain = Context(base, title, stem=stem)
    targets: dict[str, set[str]] = {}
    named: set[str] = set()
    for block in blocks:
        for runs in (block.runs, *block.cells):
            for link in plain.all_links(runs):
                targets.setdefault(_plain(link.label), set()).add(link.key)
                if "." in link.label and names_step(link.label, link.url):
                    named.add(_plain(link.label))
    labels = {label for label, keys in targets.items() if label and len(keys) >= 3 and width(label) <= 24}
    texts = Counter(
        text for block in blocks if block.kind == "paragraph" and 0 < width(text := text_of(block.runs).strip()) <= 60
    )
    names = frozenset(named)
    repeated = frozenset(text for text, count in texts.items() if count >= 3)
    house, hosts = _house(blocks, plain)
    opened = Counter(field_label(block.runs) for block in blocks if block.kind == "item")
    fields = frozenset(label for label, count in opened.items() if label and count >= 2)
    known = plain._cache  # noqa: SLF001 (the same object, further on)
    return Context(
        base, title, house, hosts, frozenset(labels), repeated, names, fields, _is_listed(blocks), stem, known
    )


def field_label(runs: Sequence[Run]) -> str:
    """The bold word or two that open some runs before a colon; empty if there are none."""
    if not runs or not runs[0].strong or runs[0].href or width(runs[0].text) > 24:
        return ""
    label = runs[0].text.rstrip()
    after = runs[1].text.lstrip()[:1] if len(runs) > 1 else ""
    return label.strip(" :：").casefold() if label.endswith((":", "：")) or after in (":", "：") else ""


def _is_listed(blocks: Sequence[Block]) -> bool:
    """Whether most of a document's links open list items."""
    led = sum(block.kind == "item" and any(run.href for run in block.runs[:2]) for block in blocks)
    other = sum(block.kind == "paragraph" and any(run.href for run in block.runs) for block in blocks)
    return led >= 5 and led * 2 >= other


def _house(blocks: Sequence[Block], plain: Context) -> tuple[frozenset[str], frozenset[str]]:
    """The frame's own places: keys linked from running text before the first heading and again from running text
    further down, and the hosts whose front page the opening names. What leads a line of its own somewhere is presented
    there, however often the opening speaks of it."""
    first = next((n for n, block in enumerate(blocks) if block.kind == "heading" and n), len(blocks))
    opening: set[str] = set()
    later: set[str] = set()
    presented: set[str] = set()
    for number, block in enumerate(blocks):
        for runs in (block.runs, *block.cells):
            found = plain.all_links(runs)
            if number < first < len(blocks) and block.kind == "paragraph":
                opening.update(link.key for link in found)
            elif block.kind != "paragraph" or (found and not text_of(runs)[: found[0].start].strip(SEPARATORS)):
                presented.update(link.key for link in found)
            else:
                later.update(link.key for link in found)
    named = {key for key in opening if is_profile(key) or key.startswith("github:")}
    house = (opening & later) | named
    return frozenset(house - presented), frozenset(key for key in opening if "/" not in key and ":" not in key)
