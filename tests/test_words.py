"""The word score: choosing among frequent words' items gives what going through all of them would."""

from pathlib import Path

import numpy as np
import pytest

from search import words
from search.words import Covered, Wanted, cover
from tests.conftest import WordEncoder
from tests.documents import document, item, opened

# what a thing is called, from frequent to rare
VOCABULARY = [f"w{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]
BEST = 12


def text(random: np.random.Generator) -> str:
    rare = np.minimum(random.zipf(1.3, size=int(random.integers(4, 30))) - 1, len(VOCABULARY) - 1)
    return " ".join(VOCABULARY[place] for place in rare.tolist())


def best(covered: Covered) -> list[float]:
    return [round(share, 5) for share in sorted(covered.share.tolist(), reverse=True)[:BEST]]


def test_the_best_are_found_without_going_through_every_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    documents = [document(n, [item(place, text(random)) for place in range(1, 101)]) for n in range(1, 5)]
    with opened(tmp_path, WordEncoder(), *documents) as archive:
        ids = archive.item_ids()
        fewer = 0
        for _ in range(40):
            question = " ".join(random.choice(VOCABULARY, size=5))
            some = np.sort(random.choice(ids, size=30, replace=False))
            for within in (None, ids[ids % 3 > 0], ids[::40]):
                monkeypatch.setattr(words, "FEW", 0)
                chosen = cover(archive, question, within, Wanted(BEST, some if within is None else within[:30]))
                everything = cover(archive, question, within)
                asked = some if within is None else within[:30]
                assert best(chosen) == best(everything)
                assert chosen.of(asked) == pytest.approx(everything.of(asked), abs=1e-6)
                assert set(chosen.ids.tolist()) <= set(everything.ids.tolist())
                fewer += len(chosen.ids) < len(everything.ids)
        assert fewer > 40, "it did choose"


def test_few_occurrences_are_gone_through_whole(tmp_path: Path) -> None:
    issue = document(1, [item(place, f"wolf {'bear' * (place % 2)}") for place in range(1, 6)])
    with opened(tmp_path, WordEncoder(), issue) as archive:
        nothing = np.empty(0, dtype=np.int64)
        assert cover(archive, "wolf bear", None, Wanted(1, nothing)).ids.tolist() == archive.item_ids().tolist()


def test_a_particle_between_names_is_no_word(tmp_path: Path) -> None:
    issue = document(1, [item(1, "犬と猫"), item(2, "GAN"), item(3, "とても")])
    with opened(tmp_path, WordEncoder(), issue) as archive:
        titles = [one.title for one in archive.items(cover(archive, "GAN と VAE").ids.tolist())]
        assert titles == ["GAN"]
        assert len(cover(archive, "と").ids) == 2, "unless there is nothing else"
