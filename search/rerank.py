"""A second look at the best answers with a cross-encoder, off unless asked for.

A cross-encoder reads question and item together, which is slower by orders of magnitude and better by some. None is
packaged; any that sentence-transformers can load will do.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from index.archive import Archive
from index.errors import ModelUnavailable
from index.passages import passage

from .results import Answer


@lru_cache(maxsize=1)
def _model(name: str) -> Any:
    try:
        from sentence_transformers import CrossEncoder

        model = CrossEncoder(name)
        labels = int(model.num_labels)
    except Exception as error:  # hub, disk and format errors come in many classes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelUnavailable(
            f"The cross-encoder “{name}” cannot be loaded ({reason}). "
            "Give a folder that holds one, or leave --reranker out."
        ) from error
    if labels != 1:
        raise ModelUnavailable(f"“{name}” gives {labels} numbers for a pair of texts, and not one score.")
    return model


def rerank(archive: Archive, answer: Answer, name: str) -> Answer:
    """The same page of an answer in the order of the cross-encoder `name`, weak matches still behind the others; scores
    and bands stay as they are.

    Errors: ModelUnavailable.
    """
    if not answer.hits or not answer.query.words:
        return answer
    papers = archive.papers([hit.item.key for hit in answer.hits if hit.item.key])
    texts = [passage(hit.item, papers.get(hit.item.key or "")) for hit in answer.hits]
    pairs = [(answer.query.words, text) for text in texts]
    scores: Sequence[float] = _model(name).predict(pairs, show_progress_bar=False)
    weak = [hit.match == "weak" for hit in answer.hits]
    order = sorted(range(len(texts)), key=lambda place: (weak[place], -float(scores[place]), place))
    return replace(answer, hits=tuple(answer.hits[place] for place in order))
