"""What can be wrong with a question, apart from what can be wrong with an archive."""

from index.errors import ArchiveError


class BadCursor(ArchiveError):
    """The cursor is not one of ours (`stale` False), or the archive has changed since it was handed out (True)."""

    def __init__(self, message: str, *, stale: bool) -> None:
        super().__init__(message)
        self.stale = stale


class BadQuery(ArchiveError):
    """The query cannot be answered as it stands; the message says why."""
