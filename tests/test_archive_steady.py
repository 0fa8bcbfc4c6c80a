"""One reading of the generation for a whole answer."""

from pathlib import Path

import numpy as np

from index.archive import Archive
from index.types import Encoder
from tests.documents import document, item, paper_item, put


def test_a_steady_archive_keeps_its_generation_until_the_end(tmp_path: Path, encoder: Encoder) -> None:
    with Archive(tmp_path, encoder, create=True) as archive, Archive(tmp_path, encoder) as other:
        put(archive, document(1, [item(1, "One")]))
        with archive.steady():
            before = archive.generation
            with archive.steady():
                put(other, document(2, [item(1, "Two")]))
                assert archive.generation == before
            assert archive.generation == before
        assert archive.generation == other.generation > before


def test_own_writing_is_seen_in_a_steady_archive(tmp_path: Path, encoder: Encoder) -> None:
    with Archive(tmp_path, encoder, create=True) as archive, archive.steady():
        before = archive.generation
        put(archive, document(1, [item(1, "One")]))
        assert archive.generation > before
        assert archive.item_count == 1


def test_mentions_of_a_work_are_counted_after_every_change(tmp_path: Path, encoder: Encoder) -> None:
    with Archive(tmp_path, encoder, create=True) as archive:
        put(archive, document(1, [paper_item(1, "One", "2101.00001"), item(2, "No link")]))
        ids = archive.item_ids()
        assert archive.mentioned(ids).tolist() == [1, 1]
        put(archive, document(2, [paper_item(1, "Again", "2101.00001")]))
        assert archive.mentioned(archive.item_ids()).tolist() == [2, 1, 2]
        assert archive.mentioned(np.empty(0, np.int64)).tolist() == []
