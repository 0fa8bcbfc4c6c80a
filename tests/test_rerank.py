"""A page put in order by a real cross-encoder: a very small one, made and trained here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from index.archive import Archive
from index.errors import ModelUnavailable
from index.passages import passage
from index.types import Encoder
from search.rerank import rerank
from search.results import Answer, Ask
from search.retrieve import search

from .documents import document, item, opened

pytestmark = pytest.mark.slow
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS = [*SPECIAL, "bees", "hive", "honey", "queen", "wax", "swarm", "garden", "winter", "zebra", "."]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders with cross-encoders: `one` scores texts about zebras higher, `two` gives two numbers for a pair."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(0)
    plain = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("[CLS]", 2), ("[SEP]", 3)]
    plain.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ends)
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    tokenizer: Any = PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=64, **special)  # type: ignore[no-untyped-call]
    folder = tmp_path_factory.mktemp("models")
    for name, labels in (("one", 1), ("two", 2)):
        sizes: dict[str, Any] = {
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "num_labels": labels,
        }
        config = BertConfig(vocab_size=len(WORDS), max_position_embeddings=64, **sizes)
        model = BertForSequenceClassification(config)
        optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
        texts = [f"bees . {one} {two} ." for one in WORDS[4:] for two in ("hive", "zebra", "queen")]
        pairs = tokenizer(["bees"] * len(texts), texts, padding=True, return_tensors="pt")
        wanted = torch.tensor([float("zebra" in text) for text in texts])
        for _ in range(60 if labels == 1 else 0):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(model(**pairs).logits[:, 0], wanted)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return folder


@pytest.fixture
def archive(tmp_path: Path, encoder: Encoder) -> Iterator[Archive]:
    others = ["hive", "garden", "wax", "swarm", "winter", "queen"]
    items = [
        item(1, "bees honey", summary="bees honey hive"),
        item(2, "bees", summary="bees honey queen wax"),
        item(3, "honey", summary="zebra winter garden honey"),
        *(item(place, f"other {word}", summary=f"{word} thing{place}") for place, word in enumerate(others, 4)),
    ]
    with opened(tmp_path / "archive", encoder, document(1, items)) as held:
        yield held


def order(answer: Answer) -> list[int]:
    return [hit.item.position for hit in answer.hits]


def test_the_page_is_put_in_the_order_of_the_cross_encoder(archive: Archive, models: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    before = search(archive, Ask("bees honey", mode="keyword"))
    assert order(before) == [1, 2, 3]
    after = rerank(archive, before, str(models / "one"))
    assert order(after)[0] == 3  # the zebra
    assert (after.total, after.facets, after.query) == (before.total, before.facets, before.query)
    assert {hit.item.id: hit.score for hit in after.hits} == {hit.item.id: hit.score for hit in before.hits}

    tokenizer = AutoTokenizer.from_pretrained(models / "one")
    model = AutoModelForSequenceClassification.from_pretrained(models / "one").eval()
    texts = [passage(hit.item) for hit in before.hits]
    pairs = tokenizer(["bees honey"] * len(texts), texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        scores = model(**pairs).logits[:, 0].tolist()
    expected = sorted(range(len(texts)), key=lambda place: -scores[place])
    assert order(after) == [before.hits[place].item.position for place in expected]


def test_weak_matches_stay_behind(archive: Archive, models: Path) -> None:
    before = search(archive, Ask("bees honey hive"))
    assert {"weak"} < {hit.match for hit in before.hits}
    after = rerank(archive, before, str(models / "one"))
    assert order(after) != order(before)
    weak = [hit.match == "weak" for hit in after.hits]
    assert weak == sorted(weak)


def test_a_classifier_of_pairs_is_no_reranker(archive: Archive, models: Path) -> None:
    answer = search(archive, Ask("bees honey"))
    with pytest.raises(ModelUnavailable, match="2 numbers for a pair"):
        rerank(archive, answer, str(models / "two"))


@pytest.mark.usefixtures("archive")
def test_the_command_line_reranks(models: Path, tmp_path: Path) -> None:
    from backissues import main

    command = ["search", "bees", "honey", "--mode", "keyword", "--archive", str(tmp_path / "archive"), "--json"]
    plain = CliRunner().invoke(main, command)
    ranked = CliRunner().invoke(main, [*command, "--reranker", str(models / "one")])
    assert (plain.exit_code, ranked.exit_code) == (0, 0), ranked.output
    assert plain.stdout.index("bees honey queen wax") < plain.stdout.index("zebra winter")
    assert ranked.stdout.index("bees honey queen wax") > ranked.stdout.index("zebra winter")
