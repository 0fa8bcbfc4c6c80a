"""What was made of an array the last time, for as long as that very array is asked for again."""

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from .types import IdArray

T = TypeVar("T")


class Remembered(Generic[T]):
    """One place. The array must not be written to, and is not kept alive by this."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: tuple[weakref.ref[IdArray], T] | None = None

    def of(self, array: IdArray, make: Callable[[IdArray], T]) -> T:
        held = self._held  # one look: other threads may put another one there
        if held is not None and held[0]() is array:
            return held[1]
        made = make(array)
        self._held = weakref.ref(array), made
        return made
