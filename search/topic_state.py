"""What is kept of fitted topics: arrays over all items, and the topics themselves."""

import io
import json
import zipfile
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.types import FloatArray, IdArray

from .naming import Named

VERSION = 4
"""Also raised when topics are grouped or named in another way: a fit is kept for long."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Topic and place of every item, as parallel arrays; what it was fitted on; the topics by their ids."""

    ids: IdArray
    topics: npt.NDArray[np.int32]
    places: FloatArray
    """(n, 2) in 0..1."""
    fitted_on: int
    """How many items there were."""
    sample: IdArray
    groups: npt.NDArray[np.int32]
    """The sample's groups; several may be one topic, the rest."""
    marks: npt.NDArray[np.uint32]
    """Check sums of the sample's vectors, to see how many have changed."""
    group_topics: npt.NDArray[np.int32]
    """The topic of each group."""
    names: dict[int, Named]
    central: dict[int, tuple[int, ...]]
    """The sampled items nearest to each topic's centre."""
    rest: int = 0
    """The topic of what belongs to no other one; 0 where all does."""

    def to_bytes(self) -> bytes:
        names = {topic: [found.name, found.words] for topic, found in self.names.items()}
        told = {"names": names, "central": self.central, "fitted_on": self.fitted_on, "rest": self.rest}
        buffer = io.BytesIO()
        np.savez(
            buffer,
            version=np.int64(VERSION),
            ids=self.ids,
            topics=self.topics,
            places=np.rint(self.places * 65535).astype(np.uint16),
            sample=self.sample,
            groups=self.groups,
            marks=self.marks,
            group_topics=self.group_topics,
            told=np.frombuffer(json.dumps(told, ensure_ascii=False).encode(), dtype=np.uint8),
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Fit | None":
        """What `to_bytes` wrote; None for another version's."""
        try:
            with np.load(io.BytesIO(payload), allow_pickle=False) as parts:
                if int(parts["version"]) != VERSION:
                    return None
                told = json.loads(parts["told"].tobytes())
                return cls(
                    parts["ids"],
                    parts["topics"],
                    parts["places"].astype(np.float32) / 65535,
                    int(told["fitted_on"]),
                    parts["sample"],
                    parts["groups"],
                    parts["marks"],
                    parts["group_topics"],
                    {int(topic): Named(tuple(name), tuple(words)) for topic, (name, words) in told["names"].items()},
                    {int(topic): tuple(found) for topic, found in told["central"].items()},
                    int(told["rest"]),
                )
        except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile):
            return None


def nothing() -> Fit:
    """The fit of an archive that is too small for topics."""
    none, no = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
    return Fit(none, no, np.empty((0, 2), np.float32), 0, none, no, no.astype(np.uint32), no, {}, {})
