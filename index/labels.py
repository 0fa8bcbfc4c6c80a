"""Texts as small integers, and which of them a condition means."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt


class Labels:
    """Texts and their codes; texts that differ only in case share one. Only ever grows.

    `names` gives the conditions that a text meets, case folded: its own name, and those of what it belongs to.
    """

    def __init__(self, names: Callable[[str], Iterable[str]], texts: Iterable[str] = ()) -> None:
        self.texts: list[str] = []
        self._names = names
        self._table: tuple[str, ...] = ()
        self._codes: dict[str, int] = {}
        self._meant: dict[str, list[int]] = defaultdict(list)
        for text in texts:
            self.code(text)

    def code(self, text: str | None) -> int:
        """The code of a text, a new one for a new text; -1 for none."""
        if not text:
            return -1
        found = self._codes.get(text)
        if found is None:
            folded = text.casefold()
            found = self._codes.get(folded)
            if found is None:
                found = self._codes[folded] = len(self.texts)
                for name in self._names(folded):
                    self._meant[name].append(found)
                self.texts.append(text)
            self._codes[text] = found
        return found

    def table(self) -> tuple[str, ...]:
        """The texts by their codes, copied only when there are more than before."""
        if len(self._table) != len(self.texts):
            self._table = tuple(self.texts)
        return self._table

    def mask(self, codes: npt.NDArray[np.int32], wanted: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which of the codes are meant by any of the wanted names."""
        meant = [code for name in wanted for code in self._meant.get(name.casefold(), ())]
        if len(meant) <= 2:
            return np.logical_or.reduce([codes == code for code in meant]) if meant else np.zeros(len(codes), np.bool_)
        table = np.zeros(len(self.texts) + 1, dtype=np.bool_)  # the last place answers for code -1
        table[meant] = True
        return table[codes]


def itself(text: str) -> tuple[str, ...]:
    return (text,)


def domains(host: str) -> list[str]:
    """A host and every domain that it lies in."""
    parts = host.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def languages(tag: str) -> list[str]:
    """A language tag and every more general one: zh-hans-cn, zh-hans, zh."""
    parts = tag.split("-")
    return ["-".join(parts[:end]) for end in range(len(parts), 0, -1)]


NAMES: dict[str, Callable[[str], Iterable[str]]] = {
    "section": itself,
    "kind": itself,
    "host": domains,
    "language": languages,
    "newsletter": itself,
}
"""The labelled fields of items."""


def host_of(url: str | None) -> str | None:
    """The host of a link without `www.`; None where there is none."""
    if not url:
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return bare_host(host) if host else None


def bare_host(host: str) -> str:
    return host.casefold().strip().removeprefix("www.").rstrip(".")
