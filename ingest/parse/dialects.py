"""Markdown that other programs read otherwise than CommonMark does."""

import re

_TEMPLATE = re.compile(
    r"\{\{-?\s*[\"']([^\"'\n]*)[\"'][^{}\n]*\}\}|\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}|"
    r"(?<=[)\]\s])\{:[^{}\n]*\}|\{:\s*[.#\w][^{}\n]*\}(?=\s*$)",
    re.MULTILINE,
)
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_WIDE_HEADING = re.compile(r"^(#{1,6})[\u3000\xa0]+", re.MULTILINE)
_AFTER_TAG = re.compile(r"^(<[^\n]*>[ \t]*\n)(#{1,6} )", re.MULTILINE)
"""A heading right under a line of HTML, which CommonMark takes for more of it."""
_TIGHT_HEADING = re.compile(r"^(#{2,6})(?=[^#\s])", re.MULTILINE)


def plain_markdown(text: str) -> str:
    """A newsletter's source as CommonMark: without a site generator's marks, with headings that it sees."""
    return _without_templates(_with_headings(text))


def _without_templates(text: str) -> str:
    """Markdown without what a site generator would have replaced in it: Liquid and Hugo tags, attribute lists."""
    if "{{" not in text and "{%" not in text and "{:" not in text:
        return text
    return _TEMPLATE.sub(lambda found: found[1] or "", text)


def _with_headings(text: str) -> str:
    """Markdown with a blank after the marks of headings, where its author put a wide one or, throughout, none."""
    text = _AFTER_TAG.sub(r"\1\n\2", text)
    text = _WIDE_HEADING.sub(r"\1 ", text) if "#\u3000" in text or "#\xa0" in text else text
    if len(_TIGHT_HEADING.findall(text)) >= 2 and not _HEADING.search(text):
        return _TIGHT_HEADING.sub(r"\1 ", text)
    return text
