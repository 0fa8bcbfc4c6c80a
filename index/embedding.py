# ruff: noqa: S608  (what is put into statements here is constants, never values)
"""The archive's model: opened when first needed, checked against the vectors that are there."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from . import rows
from .database import Database, Transaction
from .errors import WrongModel
from .passages import passage
from .types import Encoder, FloatArray, Item, Paper

VECTOR_TYPE = np.dtype("<f2")
"""How a vector is kept: half precision moves a cosine by less than 0.0002 and halves the archive."""
_BATCH = 512


def text_hash(text: str) -> bytes:
    """16 bytes that stand for a passage."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def item_hash(item: Item, papers: dict[str, Paper]) -> tuple[bytes, str]:
    """The passage of an item with its hash."""
    text = passage(item, papers.get(item.key or ""))
    return text_hash(text), text


def to_blob(vector: FloatArray) -> bytes:
    return vector.astype(VECTOR_TYPE).tobytes()


def from_blobs(blobs: Sequence[bytes]) -> FloatArray:
    """Stored vectors as float32, shape (len(blobs), dimensions)."""
    dimensions = len(blobs[0]) // VECTOR_TYPE.itemsize if blobs else 0
    return np.frombuffer(b"".join(blobs), dtype=VECTOR_TYPE).astype(np.float32).reshape(len(blobs), dimensions)


class Embedder:
    """Opens the encoder at most once, and embeds texts that the archive has no vector of."""

    def __init__(self, database: Database, encoder: Encoder | None, model: str | None) -> None:
        self._database = database
        self._given = encoder
        self._model = model
        self._encoder: Encoder | None = None
        self._opening = threading.Lock()

    @property
    def encoder(self) -> Encoder:
        """The archive's encoder. Errors: WrongModel, ModelUnavailable."""
        if self._encoder is None:
            encoder = self.unchecked()
            self.check(encoder)
            self._encoder = encoder
        return self._encoder

    def unchecked(self) -> Encoder:
        """The encoder that was asked for, whatever the vectors were made with."""
        with self._opening:
            if self._given is None:
                from .encoder import CachedEncoder, open_encoder

                self._given = CachedEncoder(open_encoder(self._model or self._recorded()[1]))
            return self._given

    def check(self, encoder: Encoder) -> None:
        """Errors: WrongModel when the archive's vectors were made with another model."""
        recorded, _ = self._recorded()
        if recorded is not None and recorded != encoder.fingerprint:
            name = self._model or encoder.fingerprint.rpartition("@")[0]
            raise WrongModel(
                f"The vectors in {self._database.folder} were made with {recorded}, this is {encoder.fingerprint}. "
                f"To search with it, embed everything again: `backissues rebuild --model {name} "
                f"--archive {self._database.folder}`; or leave the model to the archive."
            )

    def ensure(self, model: str) -> None:
        """Errors: WrongModel when the opened encoder is not the one that `model` names (another process rebuilt)."""
        if self._encoder is not None and self._encoder.fingerprint != model:
            self.check(self._encoder)

    def record(self, transaction: Transaction, recipe: int | None = None) -> None:
        """Note which model the vectors of this transaction come from."""
        fingerprint = self.unchecked().fingerprint
        # Opened by the name that the archive knew, it keeps that name.
        statement = "update meta set model_name = iif(model is ?, coalesce(?, model_name), ?), model = ?"
        transaction.execute(statement, (fingerprint, self._model, self._model, fingerprint))
        if recipe is not None:
            transaction.execute("update meta set recipe = ?", (recipe,))

    def forget(self) -> None:
        """Check the encoder again when it is next needed."""
        self._encoder = None

    def missing(self, texts: dict[bytes, str]) -> dict[bytes, FloatArray]:
        """Vectors of those texts, by hash, that the archive has none of."""
        with self._database.reading() as connection:
            known: set[bytes] = set()
            for batch in _batches(texts):
                marks = ", ".join("?" * len(batch))
                statement = f"select distinct text_hash from vector where text_hash in ({marks})"
                known.update(row[0] for row in connection.execute(statement, batch))
        needed = [hash_ for hash_ in texts if hash_ not in known]
        if not needed:
            return {}
        vectors = self.encoder.passages([texts[hash_] for hash_ in needed])
        return dict(zip(needed, vectors, strict=True))

    def blob(self, transaction: Transaction, hash_: bytes, text: str, fresh: dict[bytes, FloatArray]) -> bytes:
        """The vector of a text as it is stored: just made, or the archive's, or (another writer took it away) new."""
        if hash_ not in fresh:
            row = transaction.execute("select vector from vector where text_hash = ? limit 1", (hash_,)).fetchone()
            if row is not None:
                return bytes(row[0])
            fresh[hash_] = self.encoder.passages([text])[0]
        return to_blob(fresh[hash_])

    def _recorded(self) -> tuple[str | None, str | None]:
        with self._database.reading() as connection:
            statement = "select model, model_name from meta where exists (select 1 from vector)"
            return connection.execute(statement).fetchone() or (None, None)


def _batches(values: Iterable[bytes]) -> Iterable[list[bytes]]:
    rest = iter(values)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def load(connection: sqlite3.Connection, ids: Sequence[int]) -> tuple[list[int], list[bytes]]:
    """The stored vectors of items, in ascending order of ids."""
    statement = "select item_id, vector from vector where item_id in (select value from json_each(?)) order by item_id"
    found = connection.execute(statement, (rows.json_list(ids),)).fetchall()
    return [row[0] for row in found], [row[1] for row in found]
