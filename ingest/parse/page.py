"""The part of a web page that is the issue."""

import re

from lxml import html

_FOOTER = re.compile(r"(?:^|[\s_-])footer(?=[\s_-]|$)", re.IGNORECASE)
_FORM_TEXT = 400


def issue_part(root: html.HtmlElement) -> html.HtmlElement:
    """A page without what stands around the issue on it."""
    return _without_furniture(_main(root))


def _main(root: html.HtmlElement) -> html.HtmlElement:
    """The part of a page that holds the issue: the one article, or the body."""
    for path in (
        "//*[@data-field='body' or contains(concat(' ',@class,' '),' e-content ')]",
        "//*[contains(concat(' ',@class,' '),' available-content ')]",
        "//*[contains(concat(' ',@class,' '),' gh-content ')]",
        "//article",
        "//main",
    ):
        found = root.xpath(path)
        if len(found) == 1 and len(found[0].text_content()) > 400:
            wrapper = html.Element("body")
            wrapper.append(found[0])
            page = html.Element("html")
            page.append(wrapper)
            return page
    return root


def _without_furniture(root: html.HtmlElement) -> html.HtmlElement:
    """A page without the boxes around its forms for addresses and without its footers, if they are small."""
    whole = len(root.text_content())
    small: list[html.HtmlElement] = []
    for form in root.iter("form"):
        if form.xpath(".//input[@type='email' or contains(@name,'mail') or contains(@id,'mail')]"):
            box = form
            while (above := box.getparent()) is not None and len(above.text_content()) < _FORM_TEXT:
                box = above
            small.append(box)
    for foot in root.xpath("//*[contains(@class,'footer') or contains(@id,'footer')]"):
        names = f"{foot.get('class') or ''} {foot.get('id') or ''}"
        if _FOOTER.search(names) and len(foot.text_content()) * 4 < whole:
            small.append(foot)
    for box in small:
        if box.getparent() is not None and box.tag not in ("body", "html"):
            box.drop_tree()
    return root
