"""Further links of items that come ready made, from the text that describes them."""

from index.types import FurtherLink

from .context import Context
from .entry import Entry, further
from .walker import from_markdown


def links_in(text: str | None, key: str | None) -> tuple[FurtherLink, ...]:
    """The links in the description (Markdown or HTML) of an item whose own link has the key `key`."""
    if not text or ("http" not in text and "www." not in text):
        return ()
    entry, context = Entry("list", key=key), Context()
    for block in from_markdown(text):  # which reads HTML inside of Markdown, too
        for runs in (block.runs, *block.cells):
            entry.hold(context.links(runs))
    return further(entry)
