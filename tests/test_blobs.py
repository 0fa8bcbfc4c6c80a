"""Compiled models kept as files: imported where whole, made anew where not, and never in the way."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.blobs import MODEL
from index.checkpoint import read_stamp
from index.compiled import FEW, CannotCompile, CompiledEncoder, compiled_folder
from index.packaged_model import packaged_checkpoint
from index.types import FloatArray

TEXTS = ["a shop without a cashier", "colour " * 20, "The network reads a scanned page. " * 12]
"""One for each width, and together a batch when repeated."""

Open = Callable[[], CompiledEncoder]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The packaged model converted, without what was kept of it."""
    checkpoint = packaged_checkpoint()
    CompiledEncoder.open(checkpoint)
    for file in compiled_folder(checkpoint).iterdir():
        if file.suffix != ".blob":
            (tmp_path / file.name).symlink_to(file)
    return tmp_path


@pytest.fixture
def opened(folder: Path) -> Open:
    stamp = read_stamp(folder)
    assert stamp is not None
    return lambda: CompiledEncoder(folder, stamp)


def vectors(encoder: CompiledEncoder) -> FloatArray:
    batch = TEXTS * FEW
    return np.concatenate([*(encoder.queries([text]) for text in TEXTS), encoder.passages(batch)])


def blobs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if ".blob" in path.name}


@pytest.mark.slow
def test_what_was_compiled_once_is_imported(folder: Path, opened: Open) -> None:
    compiled = vectors(opened())
    kept = blobs(folder)
    assert len(kept) == 4, "two widths, any length, and batches"
    assert all(100_000 < len(blob) < 3_000_000 for blob in kept.values()), "without the weights"
    (folder / MODEL).unlink()
    np.testing.assert_array_equal(vectors(opened()), compiled)
    assert blobs(folder) == kept


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "text"])
def test_a_damaged_one_is_made_anew(folder: Path, opened: Open, damage: str) -> None:
    expected = opened().queries(TEXTS[:1])
    ((name, whole),) = blobs(folder).items()
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    damaged = {"empty": b"", "cut": whole[:-1000], "changed": bytes(changed), "text": b"not a model"}[damage]
    (folder / name).write_bytes(damaged)
    np.testing.assert_array_equal(opened().queries(TEXTS[:1]), expected)
    assert list(blobs(folder)) == [name]
    (folder / MODEL).unlink()
    np.testing.assert_array_equal(opened().queries(TEXTS[:1]), expected, "the new one can be imported")


def test_one_that_cannot_be_written_is_done_without(folder: Path, opened: Open) -> None:
    expected = opened().queries(TEXTS[:1])
    (name,) = blobs(folder)
    (folder / name).unlink()
    (folder / name).mkdir()
    np.testing.assert_array_equal(opened().queries(TEXTS[:1]), expected)
    assert [path.name for path in folder.iterdir() if ".blob" in path.name] == [name], "no half-made file stays"


def test_without_a_model_there_is_nothing_to_compile(folder: Path, opened: Open) -> None:
    (folder / MODEL).unlink()
    with pytest.raises(CannotCompile):
        opened()
