"""An ingest in a process of its own, to be killed; all that it needs is loaded before such processes are forked."""

from multiprocessing.connection import Connection
from pathlib import Path

from index.archive import Archive
from ingest.load import Fetching, Options, ingest
from ingest.parse.language import language_of
from ingest.progress import Quiet
from tests.conftest import WordEncoder

OPTIONS = Options(newsletter="The Tin Whistle", fetching=Fetching(delay=0.0, backoff=0.01, allow_private=True))

language_of("Loads the model that tells languages apart.")


class Told(Quiet):
    """Sends a byte for every committed issue and every page that came."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def fetched(self, source: str) -> None:  # noqa: ARG002
        self._pipe.send_bytes(b"f")

    def items(self, count: int) -> None:  # noqa: ARG002
        self._pipe.send_bytes(b"c")


def run(archive: Path, spec: str, pipe: Connection) -> None:
    with Archive(archive, WordEncoder(), create=True) as opened:
        ingest(opened, [spec], OPTIONS, Told(pipe))
    pipe.send_bytes(b"done")
