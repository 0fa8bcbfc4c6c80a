"""Reads Markdown and HTML into one sequence of blocks.

Markdown is rendered by cmark (the CommonMark reference implementation, with GitHub's tables), so that raw HTML inside
it needs no second path. The walker then reads what a reader sees: headings, paragraphs, list items with their depth,
table rows that are data (tables that are only layout dissolve), images, rules and link cards.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cmarkgfm
from cmarkgfm.cmark import Options
from lxml import etree, html

from .blocks import Block, Kind, Run, Runs, text_of, tidy
from .wrapping import LINE, mark_lines, unwrapped

_SPACE = re.compile(r"\s+")
_BLANKS = re.compile(r"[^\S\n]+")
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")
"""In a Markdown table, whose cells cannot break lines, this often stands where a line would end."""
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0", re.IGNORECASE)
_BOLD = re.compile(
    r"font-weight\s*:\s*(?:bold|[6-9]00)|font-size\s*:\s*(?:[2-9]\d(?:\.\d+)?px|(?:1[5-9]|[2-9]\d)(?:\.\d+)?pt)",
    re.IGNORECASE,
)
"""Bold, or so large (20 pixels, 15 points) that it stands out as much."""
_BLOCK_STYLE = re.compile(r"display\s*:\s*block", re.IGNORECASE)
_TINY = frozenset(("0", "1", "2", "1px"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SKIPPED = _words(
    """
    script style head noscript template svg math select textarea iframe object audio video canvas form input nav footer
    """
)
_BLOCKS = _words(
    """
    p div section article aside main header address center figure figcaption dl dt dd details summary
    fieldset table tbody thead tfoot tr td th caption blockquote pre ul ol li h1 h2 h3 h4 h5 h6 hr body html
    """
)
_STRONG = frozenset(("strong", "b"))
_EM = frozenset(("em", "i", "cite", "dfn"))
_WIDGETS = re.compile(
    r"\b(?:button-wrapper|subscription-widget\S*|subscribe-widget|paywall-jump|share-dialog|poll-embed)\b"
    r"|(?:^|\s)(?:[a-z]+[-_])?(?:tags|tag-list|taglist)(?=\s|$)"
)
_MAX_DEPTH = 160


def from_markdown(text: str) -> list[Block]:
    """The blocks of a Markdown text (CommonMark with tables; raw HTML inside it is read too)."""
    rendered = cmarkgfm.markdown_to_html_with_extensions(
        unwrapped(text), options=Options.CMARK_OPT_UNSAFE, extensions=["table", "strikethrough"]
    )
    root = parse_html(rendered)
    return [] if root is None else _Walker(breaks=True).walk(root)


def from_html(root: html.HtmlElement) -> list[Block]:
    """The blocks of a parsed HTML document."""
    return _Walker(breaks=False, marked=mark_lines(root)).walk(root)


def parse_html(text: str) -> html.HtmlElement | None:
    """An element tree of any HTML, however broken; None if there is nothing in it."""
    if not text.strip():
        return None
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _parser() -> html.HTMLParser:
    return html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)


@dataclass(slots=True)
class _Look:
    """What the walker knows of the place it is in."""

    href: str | None = None
    strong: bool = False
    em: bool = False
    quoted: bool = False
    caption: bool = False
    depth: int = 0
    list_id: int = 0

    def linking(self, href: str) -> "_Look":
        """The same place within a link (`dataclasses.replace` is several times as slow)."""
        return _Look(href, self.strong, self.em, self.quoted, self.caption, self.depth, self.list_id)

    def styled(self, strong: bool, em: bool) -> "_Look":
        """The same place in other type."""
        return _Look(self.href, strong, em, self.quoted, self.caption, self.depth, self.list_id)


@dataclass(slots=True)
class _Walker:
    """Reads an element tree into blocks; `breaks` keeps the line breaks of the source, as Markdown has them, `gaps`
    takes wide gaps for line breaks, as the cells of a Markdown table have them."""

    breaks: bool
    gaps: bool = False
    marked: bool = False
    """Whether the line breaks that carry something have been marked in the tree."""
    blocks: list[Block] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    lists: int = 0
    pending: Block | None = None
    """The list item whose first text has not come yet."""
    anchor: str | None = None

    def walk(self, root: html.HtmlElement) -> list[Block]:
        body = root.find("body")
        return self.read(root if body is None else body)

    def read(self, element: html.HtmlElement) -> list[Block]:
        """The blocks inside one element."""
        self._children(element, _Look(), 0)
        self._flush(_Look())
        return self.blocks

    # ---- text

    def _text(self, text: str, look: _Look) -> None:
        if self.gaps:
            text = _GAP.sub("\n", text)
        text = _BLANKS.sub(" ", text) if self.breaks or self.gaps else _SPACE.sub(" ", text)
        if self.marked:
            text = text.replace(LINE, "\n")
        self.runs.append(Run(text, look.href, look.strong, look.em))

    def _flush(self, look: _Look, kind: Kind = "paragraph", level: int = 0) -> None:
        """Ends the block that is being read."""
        if not self.runs and not self.images:
            return
        runs, images = tidy(self.runs), tuple(self.images)
        self.runs, self.images = [], []
        if not runs and not images:
            return
        if not runs:
            self.blocks.append(Block("image", level=look.depth, list_id=look.list_id, images=images))
            return
        if kind == "paragraph" and self.pending is not None:
            self.blocks.append(replace(self.pending, runs=runs, images=images, quoted=look.quoted))
            self.pending = None
            return
        self.blocks.append(
            Block(
                kind,
                runs,
                level=level or look.depth,
                list_id=look.list_id,
                quoted=look.quoted,
                caption=look.caption,
                images=images,
                anchor=self.anchor,
            )
        )
        self.anchor = None

    # ---- elements

    def _children(self, element: html.HtmlElement, look: _Look, depth: int) -> None:
        if element.text:
            self._text(element.text, look)
        if depth < _MAX_DEPTH:
            for child in element:
                if isinstance(child.tag, str):
                    self._element(child, look, depth + 1)
                if child.tail:
                    self._text(child.tail, look)

    def _element(self, element: html.HtmlElement, look: _Look, depth: int) -> None:
        tag = element.tag
        if tag in _SKIPPED or _unseen(element):
            return
        if tag == "br":
            self._break(look)
        elif tag == "img":
            self._image(element)
        elif tag == "hr":
            self._flush(look)
            self.blocks.append(Block("rule"))
        elif tag == "a":
            self._link(element, look, depth)
        elif tag not in _BLOCKS:
            self._inline(element, look, depth)
        else:
            self._block(element, look, depth)

    def _break(self, look: _Look) -> None:
        """A line break; two of them with nothing between end a paragraph, as mail without paragraphs has it."""
        for run in reversed(self.runs):
            if run.text == "\n":
                self._flush(look)
                return
            if run.text.strip() or run.href:
                break
        self.runs.append(Run("\n"))

    def _inline(self, element: html.HtmlElement, look: _Look, depth: int) -> None:
        style = element.get("style") or ""
        strong = look.strong or element.tag in _STRONG or bool(style and _BOLD.search(style))
        em = look.em or element.tag in _EM
        inner = look if (strong, em) == (look.strong, look.em) else look.styled(strong, em)
        apart = bool(style) and _BLOCK_STYLE.search(style) is not None
        if apart:
            self.runs.append(Run("\n"))
        self._children(element, inner, depth)
        if apart:
            self.runs.append(Run("\n"))

    def _image(self, element: html.HtmlElement) -> None:
        source = element.get("src") or element.get("data-src") or ""
        small = element.get("width") in _TINY or element.get("height") in _TINY
        if source and not small and not source.startswith("data:") and "_/stat?" not in source:
            self.images.append(source.strip())

    def _link(self, element: html.HtmlElement, look: _Look, depth: int) -> None:
        href = (element.get("href") or element.get("data-href") or "").strip() or None
        inner = look.linking(href) if href else look
        if href and _is_card(element):
            self._flush(look)
            self._card(element, href)
            return
        before = len(self.runs)
        self._children(element, inner, depth)
        if href and len(self.runs) == before and not self.images:
            self.runs.append(Run("", href, look.strong, look.em))

    def _card(self, element: html.HtmlElement, href: str) -> None:
        reader = _Walker(breaks=False)
        reader.read(element)
        texts = [text for block in reader.blocks for line in text_of(block.runs).split("\n") if (text := line.strip())]
        images = tuple(image for block in reader.blocks for image in block.images)
        title = (Run(texts[0] if texts else "", href),)
        self.blocks.append(Block("card", title, images=images, detail=texts[1] if len(texts) > 2 else ""))

    def _block(self, element: html.HtmlElement, look: _Look, depth: int) -> None:
        tag = element.tag
        names = element.get("class") or ""
        if names and _WIDGETS.search(names):
            return
        self._flush(look)
        if tag == "table" and (rows := _data_rows(element, gaps=self.breaks)):
            self.blocks.extend(rows)
            return
        if tag in ("ul", "ol"):
            self._list(element, look, depth)
            return
        if tag == "pre":
            text = "".join(element.itertext())
            self.blocks.append(Block("code", (Run(text[:2000]),), level=look.depth, list_id=look.list_id))
            return
        quoted = look.quoted or tag == "blockquote"
        caption = look.caption or tag == "figcaption" or "imageCaption" in names or "image-caption" in names
        style = element.get("style")
        strong = look.strong or bool(style and _BOLD.search(style))
        inner = look
        if (quoted, caption, strong) != (look.quoted, look.caption, look.strong):
            inner = replace(look, quoted=quoted, caption=caption, strong=strong)
        if names and "mixtapeEmbed" in names:
            link = element.find(".//a[@href]")
            if link is not None:
                self._card(link, link.get("href") or "")
                return
        heading = len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()
        if heading:
            self.anchor = element.get("id")
            self._children(element, inner, depth)
            self._flush(inner, "heading", int(tag[1]))
            return
        self._children(element, inner, depth)
        self._flush(inner)

    def _list(self, element: html.HtmlElement, look: _Look, depth: int) -> None:
        if not look.depth:
            self.lists += 1
        inner = replace(look, depth=look.depth + 1, list_id=look.list_id or self.lists)
        start = element.get("start") or "1"
        number = int(start) if element.tag == "ol" and start.isdigit() and len(start) < 7 else 1
        for child in element:
            if child.tag != "li":
                if isinstance(child.tag, str):
                    self._element(child, inner, depth + 1)
                    self._flush(inner)
                continue
            ordered = number if element.tag == "ol" else None
            self.pending = Block("item", level=inner.depth, number=ordered, list_id=inner.list_id)
            number += 1
            self._children(child, inner, depth + 1)
            self._flush(inner)
            self.pending = None


def _unseen(element: html.HtmlElement) -> bool:
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    style = element.get("style")
    return bool(style) and _HIDDEN.search(style or "") is not None


def _is_card(element: html.HtmlElement) -> bool:
    """Whether a link holds several blocks of text, as preview cards do (title, description, host)."""
    texts = 0
    for inner in element.iter("h1", "h2", "h3", "h4", "p", "div", "strong", "em"):
        if inner is not element and (inner.text or "").strip():
            texts += 1
    blocks = next(element.iter("h1", "h2", "h3", "h4", "p", "div"), None)
    return texts >= 2 and blocks is not None and len("".join(element.itertext())) < 1200


def _data_rows(table: html.HtmlElement, *, gaps: bool) -> list[Block]:
    """The rows of a table that holds data: several cells of plain text in each row, links in many of them."""
    if table.find(".//table") is not None:
        return []
    rows = [row for row in table.iter("tr") if len(row.findall("td")) >= 2]
    if len(rows) < 2 or table.find(".//td//ul") is not None or table.find(".//td//h2") is not None:
        return []
    widths = {len(row.findall("td")) for row in rows}
    linked = sum(row.find(".//a[@href]") is not None for row in rows)
    if len(widths) > 2 or linked * 2 < len(rows):
        return []
    return list(_rows(rows, gaps=gaps))


def _rows(rows: Sequence[html.HtmlElement], *, gaps: bool) -> Iterator[Block]:
    for row in rows:
        cells: list[Runs] = []
        images: list[str] = []
        for cell in row.findall("td"):
            reader = _Walker(breaks=False, gaps=gaps)
            reader.read(cell)
            runs: list[Run] = []
            for block in reader.blocks:
                runs.extend([Run("\n"), *block.runs] if runs else block.runs)
                images.extend(block.images)
            cells.append(tuple(runs))
        yield Block("row", cells=tuple(cells), images=tuple(images))
