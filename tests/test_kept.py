"""A running site follows what is fitted after an ingest, however its questions and the ingest fall together."""

from pathlib import Path
from types import ModuleType

import pytest

from index.archive import Archive
from index.types import Document, Item
from search import relevance, sentences, topic_state
from search.carrying import carrying
from search.refresh import fitted, fitted_id, is_current, refresh
from search.topics import topic_map

from .conftest import WordEncoder
from .documents import document, item, opened, put

SUBJECTS = ("bees keep honey in a hive", "boats keep their sails in harbours", "bread keeps its crumb for days")


def issue_items(number: int) -> list[Item]:
    return [
        item(
            place,
            f"Week {number} of {text.split()[0]}",
            summary=f"Much of week {number} was new. All {text}. No more was said.",
        )
        for place, text in enumerate(SUBJECTS, 1)
    ]


def issues(first: int, last: int) -> list[Document]:
    return [document(number, issue_items(number)) for number in range(first, last)]


def on_the_map(archive: Archive) -> list[int]:
    ids: list[int] = topic_map(archive).points.item_ids.tolist()
    return ids


@pytest.mark.parametrize("asked", ["before the refresh", "never"])
def test_a_running_site_sees_what_another_process_fitted(tmp_path: Path, encoder: WordEncoder, asked: str) -> None:
    with opened(tmp_path / "archive", encoder, *issues(1, 9)) as writer, Archive(tmp_path / "archive", encoder) as site:
        refresh(writer)
        assert fitted(site).calibration.items == 24
        first = fitted_id(site)
        assert on_the_map(site) == site.item_ids().tolist()
        put(writer, *issues(9, 14))
        if asked == "before the refresh":  # the site already shows the new items, in what was fitted to the old ones
            assert fitted_id(site) == first
            assert len(on_the_map(site)) == 24 < len(site.item_ids())
        refresh(writer)
        assert fitted(site).calibration.items == 39
        assert fitted_id(site) != first
        assert on_the_map(site) == site.item_ids().tolist() == writer.item_ids().tolist()
        newest = site.items(site.item_ids()[-3:].tolist())
        lights = carrying(site, encoder.queries(["All bees keep honey in a hive"]), newest)
        assert lights[newest[0].id].text.strip() == f"All {SUBJECTS[0]}."


def test_sentences_of_another_model_are_not_compared(tmp_path: Path, encoder: WordEncoder) -> None:
    class Fewer(WordEncoder):
        fingerprint = "fewer@0001"
        dimensions = 64

    with opened(tmp_path / "archive", encoder, *issues(1, 3)) as archive:
        refresh(archive)
    other = Fewer()
    with Archive(tmp_path / "archive", other) as archive:
        archive.reembed()
        found = archive.items(archive.item_ids().tolist())
        assert carrying(archive, other.queries(["honey"]), found) == {}
        refresh(archive)
        assert set(carrying(archive, other.queries(["honey"]), found)) == {one.id for one in found}


@pytest.mark.parametrize("part", [relevance, sentences, topic_state])
def test_a_release_that_fits_otherwise_fits_again(
    tmp_path: Path, encoder: WordEncoder, monkeypatch: pytest.MonkeyPatch, part: ModuleType
) -> None:
    with opened(tmp_path, encoder, *issues(1, 4)) as archive:
        assert not is_current(archive)
        refresh(archive)
        assert is_current(archive)
        monkeypatch.setattr(part, "VERSION", 99)
        assert not is_current(archive)
        refresh(archive)
        assert is_current(archive)
        put(archive, document(77, [item(1, "One more")]))
        assert not is_current(archive)
