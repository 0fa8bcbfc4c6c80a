"""A pasted link, arXiv id or DOI: the work it names, or else the words that its address is made of."""

from dataclasses import replace

from index.archive import Archive
from index.passages import address_words
from index.types import Item

from .results import Understood


def mentions(archive: Archive, key: str) -> list[Item]:
    """Every item of the archive that points to the work `key`, oldest issue first."""
    return archive.works([key]).get(key, [])


def find_target(archive: Archive, read: Understood) -> Understood | None:
    """For a question with a link that the archive does not know: the question with the link's words in its place.

    None when there is no link, or when the archive holds its work.
    """
    if read.target is None or mentions(archive, read.target):
        return None
    words = address_words(read.target)
    if not words and "://" not in read.text and not read.target.startswith(("arxiv:", "doi:")):
        words = read.text  # perhaps no address at all: `node.js/express`
    hint = f"The archive has nothing under “{read.target}”" + (
        f"; searched for the words of the address: {words}." if words else "."
    )
    return replace(read, words=f"{words} {read.words}".strip(), hints=(*read.hints, hint))
