"""A pasted link, arXiv id or DOI: the work it names, or else the words that its address is made of."""

from dataclasses import dataclass, replace

from index.archive import Archive
from index.passages import address_words
from index.types import Item

from .results import Understood


@dataclass(frozen=True, slots=True)
class Target:
    """What an archive has under a key, oldest issue first: `own` items are about it, `further` ones have it among the
    links beside their own. Not true when it has neither."""

    key: str
    own: tuple[Item, ...] = ()
    further: tuple[Item, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.own or self.further)

    @property
    def told(self) -> tuple[Item, ...]:
        """The items that tell what it is about: its own, else the newest of those that have it beside theirs."""
        return self.own or self.further[-1:]

    @property
    def reason(self) -> str:
        """Why a further one is found."""
        return f"It also links to {self.key}"


def mentions(archive: Archive, key: str) -> Target:
    """Everything that the archive has under a key."""
    own, further = archive.works([key]), archive.linking([key])
    return Target(key, tuple(own.get(key, ())), tuple(further.get(key, ())))


def in_words(read: Understood) -> Understood:
    """A question with a link that the archive does not know: the question with the link's words in its place."""
    target = read.target or ""
    words = address_words(target)
    if not words and "://" not in read.text and not target.startswith(("arxiv:", "doi:")):
        words = read.text  # perhaps no address at all: `node.js/express`
    hint = f"The archive has nothing under “{target}”" + (
        f"; searched for the words of the address: {words}." if words else "."
    )
    return replace(read, words=f"{words} {read.words}".strip(), hints=(*read.hints, hint))
