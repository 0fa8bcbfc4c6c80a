"""What is fitted once and kept with the archive, at hand in memory."""

import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from index.archive import Archive

T = TypeVar("T")


class Kept(Generic[T]):
    """A derived result of every archive, under one name. Searching only reads it; `put` is for refreshing.

    It is loaded again when the archive changed and when the result was renewed, also by another process: a running site
    that is asked between an ingest's last commit and its refresh must not stay with what it had.
    """

    def __init__(self, name: str, load: Callable[[Archive, bytes | None], T]) -> None:
        """`load` makes the result of the kept bytes; of None (or what it cannot use) what stands in for it."""
        self._name = name
        self._load = load
        self._loading = threading.Lock()
        self._loaded: weakref.WeakKeyDictionary[Archive, tuple[tuple[int, int | None], T]] = weakref.WeakKeyDictionary()

    def of(self, archive: Archive) -> T:
        """The result as it is kept now."""
        state = archive.generation, archive.state_generation(self._name)
        with self._loading:
            loaded = self._loaded.get(archive)
            if loaded is None or loaded[0] != state:
                kept = archive.state(self._name)
                loaded = state, self._load(archive, None if kept is None else kept[0])
                self._loaded[archive] = loaded
            return loaded[1]

    def put(self, archive: Archive, payload: bytes) -> None:
        """Keep a new result."""
        archive.put_state(self._name, payload)
        with self._loading:
            self._loaded.pop(archive, None)
