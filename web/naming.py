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
    counted = Counter(issue.newsletter for issue in archive.issues() if issue.newsletter)
    [(name, most)] = counted.most_common(1) or [("", 0)]
    return name if most >= 0.9 * counted.total() else ""
