"""Reading several things of an archive that may grow meanwhile."""

from collections.abc import Callable
from typing import TypeVar

from index.archive import Archive

R = TypeVar("R")

ATTEMPTS = 5
"""An ingest commits an issue every few hundredths of a second at most, an answer takes less."""


def steady(archive: Archive, work: Callable[[], R]) -> R:
    """What `work` gives, made of one state of the archive: done again when that changed underneath it.

    An answer takes several statements, and an ingest may commit between any two of them; what fails because of that
    does not fail the second time. An archive that never rests is answered from as it is.
    """
    for _ in range(ATTEMPTS):
        generation = archive.generation
        try:
            made = work()
        except Exception:
            if archive.generation == generation:
                raise
            continue
        if archive.generation == generation:
            return made
    return work()
