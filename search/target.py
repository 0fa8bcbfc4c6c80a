"""A pasted link, arXiv id or DOI: the work it names, or else the words that its address is made of."""

import re
from dataclasses import replace
from urllib.parse import unquote

from index.archive import Archive
from index.types import Item

from .results import Understood

_SCHEME = re.compile(r"^(?:arxiv|doi|github):")
_WORDS = re.compile(r"[^\W\d_][\w]*")
_NOISE = frozenset(
    [
        *("com", "org", "net", "io", "co", "edu", "gov", "www", "html", "htm", "php", "asp", "aspx"),
        *("index", "article", "articles", "blog", "news", "post", "posts"),
    ]
)


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
    hint = f"The archive has nothing under “{read.target}”" + (
        f"; searched for the words of the address: {words}." if words else "."
    )
    return replace(read, words=f"{words} {read.words}".strip(), hints=(*read.hints, hint))


def address_words(key: str) -> str:
    """The words that a key or address is made of: `example.org/why-cats-purr-8f3a` gives `why cats purr example`."""
    if _SCHEME.match(key) and not key.startswith("github:"):
        return ""
    host, _, path = unquote(_SCHEME.sub("", key)).partition("?")[0].partition("/")
    found = [word for word in _WORDS.findall(path.replace("-", " ").replace("_", " ")) if not _code(word)]
    if key.startswith("github:"):
        return " ".join([*found, host])
    site = host.split(".")[-2] if "." in host else host
    return " ".join(word for word in (*found, site) if word.lower() not in _NOISE)


def _code(word: str) -> bool:
    """Whether it is an id rather than a word: letters and digits mixed, or hexadecimal."""
    return bool(re.search(r"\d", word)) or bool(len(word) > 7 and re.fullmatch(r"[0-9a-f]+", word))
