"""What newsletter platforms hand out as an export, recognised by the files and columns that they hold.

Every format has a `matches(tree, names)` and a `read(tree, context)`; a new one is one more entry of `FORMATS`.
"""

import re
from collections.abc import Callable

from . import exports_archives, exports_ghost, exports_medium, exports_tables
from .found import Context, Failure, SourceError, Yield
from .trees import Tree, listing

Reader = Callable[[Tree, Context], Yield]

FORMATS: dict[str, tuple[Callable[[Tree, list[str]], bool], Reader]] = {
    "medium": (exports_medium.matches, exports_medium.read),
    "substack": (exports_tables.matches_substack, exports_tables.read_substack),
    "mailchimp": (exports_archives.matches_mailchimp, exports_archives.read_mailchimp),
    "curated": (exports_archives.matches_curated, exports_archives.read_curated),
    "buttondown": (exports_tables.matches_buttondown, exports_tables.read_buttondown),
    "beehiiv": (exports_tables.matches_beehiiv, exports_tables.read_beehiiv),
    "ghost": (exports_ghost.matches, exports_ghost.read),
}
"""In the order in which they are tried: the surest marks first."""


_PRIVATE = re.compile(
    r"(?:^|/|_)(?:email_list|subscribe|unsubscribe|cleaned|members?|contacts|deliveries|opens)[^/]*\.csv$"
)


def recognise(tree: Tree, kind: str | None) -> Reader | None:
    """The reader of the export that the tree is; `kind` forces one and raises `SourceError` where it cannot be."""
    names = tree.names()
    if kind in FORMATS:
        matches, read = FORMATS[kind]
        if not matches(tree, names):
            raise SourceError(f"{tree.label} is no {kind} export. Inside: {listing(names)}.")
        return _public(read)
    if kind is not None:
        return None
    return next((_public(read) for matches, read in FORMATS.values() if matches(tree, names)), None)


def _public(read: Reader) -> Reader:
    """The reader, saying at the end that lists of subscribers were not looked at."""

    def reading(tree: Tree, context: Context) -> Yield:
        yield from read(tree, context)
        private = [name for name in tree.names() if _PRIVATE.search(name.lower())]
        if private:
            yield Failure(tree.label, f"data on readers left aside, unread ({listing(private)})", skipped=True)

    return reading
