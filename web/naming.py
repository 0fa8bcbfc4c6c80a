"""The archive's name, the same on pages, in feeds and in the API."""

from collections import Counter
from functools import lru_cache

from index.archive import Archive

UNNAMED = "Back Issues"


def archive_name(archive: Archive) -> str:
    """The newsletter's own name, or this software's. (A host who chose another has said so in the settings.)"""
    return newsletter(archive, archive.generation) or UNNAMED


@lru_cache(8)
def newsletter(archive: Archive, generation: int) -> str:  # noqa: ARG001 (the generation is the cache's key)
    """The name of the newsletter that nearly all issues belong to; "" when there are several, or none is known."""
    counted = _counted(archive)
    [(name, most)] = counted.most_common(1) or [("", 0)]
    return name if most >= 0.9 * counted.total() else ""


@lru_cache(8)
def newsletters(archive: Archive, generation: int) -> tuple[tuple[str, int], ...]:  # noqa: ARG001
    """The newsletters of an archive of several, with their issues, most first; empty when there is but one."""
    counted = _counted(archive)
    return tuple(counted.most_common()) if len(counted) > 1 else ()


def _counted(archive: Archive) -> Counter[str]:
    return Counter(issue.newsletter for issue in archive.issues() if issue.newsletter)
