"""A Unigram tokenizer (SentencePiece's kind) whose pieces stay on disk, in a memory-mapped trie.

`tokenizers` holds a quarter of a million pieces as a tree of hash maps, which takes most of a second and 280 MB to
load. Here it does everything but choose pieces: it finds special tokens, normalises and splits into words, with a
vocabulary of the unknown piece alone, so that each word comes out whole. A word's pieces are then chosen by the same
Viterbi search over the same float64 scores in the same order as in `tokenizers`, so that the ids are the same ones.
"""

import json
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .checkpoint import write_json

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Tokenize = Callable[[Sequence[str]], list[list[int]]]
"""Texts, with their prompts, to the ids of their tokens, special ones included and cut to what the model reads."""

WHOLE = "tokenizer.json"
WORDS, TRIE, IDS, SCORES, SETTINGS = "words.json", "pieces.marisa", "piece_ids.npy", "piece_scores.npy", "pieces.json"
UNKNOWN_PENALTY = 10.0
"""How much less than the least likely piece an unknown character scores: `kUnkPenalty` of SentencePiece."""
UNCUT = sys.maxsize
NO_TEXT = "\ufdd1"
"""A noncharacter, for the one piece of a vocabulary of nothing but the unknown."""
NONE = -1
"""Stands for the number of a piece where an unknown character is taken."""


def load_tokenizer(folder: Path, tokens: int) -> Tokenize:
    """The tokenizer in `folder`, cutting texts to `tokens`: from its pieces on disk, or else whole in memory."""
    if (folder / SETTINGS).exists():
        try:
            return PieceTokenizer(folder, tokens)
        except (ImportError, RuntimeError):
            pass  # marisa-trie is missing or too old for the file: the whole one is slower to load, otherwise the same
    return load_whole(folder, tokens)


def load_whole(folder: Path, tokens: int) -> Tokenize:
    """The tokenizer in `folder` as `tokenizers` itself runs it."""
    from tokenizers import Tokenizer

    whole = Tokenizer.from_file(str(folder / WHOLE))
    whole.no_padding()
    whole.enable_truncation(tokens)
    return lambda texts: [encoding.ids for encoding in whole.encode_batch(list(texts))]


class PieceTokenizer:
    """A tokenizer that `write_pieces` wrote. Any number of threads may use it at once.

    Raises ImportError without marisa-trie, RuntimeError where that cannot read the file.
    """

    def __init__(self, folder: Path, tokens: int) -> None:
        import marisa_trie
        from tokenizers import Tokenizer

        settings: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        self._words = Tokenizer.from_file(str(folder / WORDS))
        self._special: dict[int, int] = dict(settings["special"])
        self._first: list[int] = settings["first"]
        self._last: list[int] = settings["last"]
        self._room = tokens - len(self._first) - len(self._last)
        self._unknown: int = settings["unknown"]
        self._unknown_score: float = settings["unknown_score"]
        self._longest: int = settings["longest"]
        self._trie = marisa_trie.Trie()
        self._trie.mmap(str(folder / TRIE))
        # A memoryview gives plain numbers, several times sooner than an array does.
        self._ids = memoryview(np.load(folder / IDS, mmap_mode="r"))
        self._scores = memoryview(np.load(folder / SCORES, mmap_mode="r"))
        self._frequent = lru_cache(4096)(self._pieces)

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> list[int]:
        words = self._words.encode(text, add_special_tokens=False)
        ids: list[int] = []
        for word, special in zip(words.tokens, words.ids, strict=True):
            if special:
                ids.append(self._special[special])
            else:
                ids += self._frequent(word) if len(word) <= self._longest else self._pieces(word)
            if len(ids) >= self._room:
                break
        return [*self._first, *ids[: self._room], *self._last]

    def _pieces(self, word: str) -> tuple[int, ...]:
        """The ids of the likeliest pieces of a word: `encode_optimized` of SentencePiece's `unigram_model.cc`."""
        prefixes = self._trie.iter_prefixes_with_ids
        size, longest, scores, unknown = len(word), self._longest, self._scores, self._unknown_score
        best = [0.0] + [-np.inf] * size  # the score of the best way to each place, its last piece and where that starts
        number = [NONE] * (size + 1)
        start = [0] * (size + 1)
        for place in range(size):
            here = best[place]
            for piece, found in prefixes(word[place : place + longest]):
                end = place + len(piece)
                score = scores[found] + here
                if score > best[end]:
                    best[end], number[end], start[end] = score, found, place
            score = unknown + here
            if score > best[place + 1]:  # never where the character is a piece by itself: that scores more
                best[place + 1], number[place + 1], start[place + 1] = score, NONE, place
        ids = []
        end = size
        while end > 0:
            if number[end] == NONE:
                last = end
                while end > 0 and number[end] == NONE:
                    end = start[end]
                ids.append(self._id_of(word[end:last]))
            else:
                ids.append(self._ids[number[end]])
                end = start[end]
        return tuple(reversed(ids))

    def _id_of(self, characters: str) -> int:
        """Unknown characters in a row are one token: the unknown one, unless together they happen to be a piece."""
        found = self._trie.get(characters)
        return self._unknown if found is None else int(self._ids[found])


def write_pieces(folder: Path, sample: Sequence[str]) -> bool:
    """Write the tokenizer in `folder` anew for `PieceTokenizer`, where that gives the same ids for the sample's texts.

    False for a tokenizer of another kind, or without marisa-trie: `load_tokenizer` then takes the whole one.
    """
    try:
        import marisa_trie
    except ImportError:
        return False
    from tokenizers import Tokenizer

    content = json.loads((folder / WHOLE).read_text(encoding="utf-8"))
    model = content["model"]
    if model["type"] != "Unigram" or model.get("byte_fallback") or model["unk_id"] is None:
        return False
    whole = Tokenizer.from_file(str(folder / WHOLE))
    whole.no_padding()
    whole.no_truncation()
    around = _around(whole)
    pieces = [piece for piece, _ in model["vocab"]]
    scores = np.array([score for _, score in model["vocab"]], np.float64)
    if around is None or len(set(pieces)) < len(pieces) or not all(pieces) or not np.isfinite(scores).all():
        return False
    words, special = _words(whole)
    trie = marisa_trie.Trie(pieces)
    ids = np.empty(len(pieces), np.int32)
    ids[[trie[piece] for piece in pieces]] = np.arange(len(pieces), dtype=np.int32)
    words.save(str(folder / WORDS), pretty=False)
    trie.save(str(folder / TRIE))
    np.save(folder / IDS, ids)
    np.save(folder / SCORES, scores[ids])
    settings = {
        "special": special,
        "first": around[0],
        "last": around[1],
        "unknown": model["unk_id"],
        "unknown_score": float(scores.min()) - UNKNOWN_PENALTY,
        "longest": max(map(len, pieces)),
    }
    write_json(folder / SETTINGS, settings)
    if PieceTokenizer(folder, UNCUT)(sample) == [encoding.ids for encoding in whole.encode_batch(list(sample))]:
        return True
    (folder / SETTINGS).unlink()
    return False


def _words(whole: "Tokenizer") -> tuple["Tokenizer", list[tuple[int, int]]]:
    """The tokenizer with one piece only, which is the unknown one, id 0; special tokens' ids there and in `whole`."""
    from tokenizers import Tokenizer, models

    words = Tokenizer(models.Unigram([(NO_TEXT, 0.0)], unk_id=0, byte_fallback=False))
    words.normalizer = whole.normalizer
    words.pre_tokenizer = whole.pre_tokenizer
    added = sorted(whole.get_added_tokens_decoder().items())
    words.add_tokens([token for _, token in added])
    pairs = [(words.token_to_id(token.content), real) for real, token in added]
    return words, [(ours, real) for ours, real in pairs if ours is not None]


def _around(whole: "Tokenizer") -> tuple[list[int], list[int]] | None:
    """The ids that go before and after those of any text, or None where that cannot be told."""
    bare, ids = (whole.encode("a", add_special_tokens=added).ids for added in (False, True))
    for place in range(len(ids) - len(bare) + 1):
        if bare and ids[place : place + len(bare)] == bare:
            return ids[:place], ids[place + len(bare) :]
    return None
