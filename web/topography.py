"""The archive's topics and their map, kept for as long as the archive stays as it is."""

from functools import lru_cache

from index.archive import Archive
from search.refresh import fitted_id
from search.results import TopicMap
from search.topics import topic_map

from .plots import Map, draw


def topics(archive: Archive) -> TopicMap:
    """`search.topics.topic_map`, made once for each state of the archive and of what is fitted to it."""
    return _topics(archive, archive.generation, fitted_id(archive))


def drawn(archive: Archive) -> Map:
    """The map as the topics page draws it."""
    return _drawn(archive, archive.generation, fitted_id(archive))


@lru_cache(2)
def _topics(archive: Archive, *state: int | str) -> TopicMap:  # noqa: ARG001 (the state is the cache's key)
    return topic_map(archive)


@lru_cache(2)
def _drawn(archive: Archive, *state: int | str) -> Map:  # noqa: ARG001
    return draw(topics(archive))
