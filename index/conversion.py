"""Convert a sentence-transformers checkpoint for OpenVINO: run once, in a process of its own, by `index.compiled`."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .blobs import MODEL
from .checkpoint import Checkpoint, write_stamp
from .compiled import EMBEDDED, IDS, MASK, TABLE, CannotCompile, CompiledEncoder, openvino
from .encoder import load_reference, prompts_of
from .pieces import WHOLE, write_pieces
from .types import FloatArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

AGREEMENT = 0.999
"""The least cosine between a compiled vector and the reference's."""

SAMPLE = [
    "",
    "zero-shot segmentation",
    "A shop where you take what you want and walk out, because cameras keep track of the basket.",
    "教師データなしで物体の領域を切り出す手法",
    "不需要标注数据的图像分割方法",
    "Des robots qui apprennent à marcher 🤖",
    "The model reads a page, finds the tables in it and answers questions about them. " * 12,
]


def main(path: str, fingerprint: str, folder: str) -> None:
    """Write the model in `path`, converted, into `folder`; or why that cannot be, so that nobody tries again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns about every shape that it sees to be constant
        try:
            convert(Checkpoint(Path(path), fingerprint), Path(folder))
        except CannotCompile as error:
            write_stamp(Path(folder), {"fingerprint": fingerprint, "failure": str(error)})


def convert(checkpoint: Checkpoint, folder: Path) -> None:
    """Convert and compare with the reference; raises `CannotCompile`."""
    library = openvino()
    reference = load_reference(checkpoint)
    tokenizer = getattr(reference.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise CannotCompile("its tokenizer has no fast form")
    tokenizer.save(str(folder / WHOLE), pretty=False)
    write_pieces(folder, SAMPLE)
    _save(reference, library, folder)
    stamp = {
        "fingerprint": checkpoint.fingerprint,
        "dimensions": reference.get_embedding_dimension(),
        "tokens": reference.max_seq_length or 512,
        "prompts": prompts_of(reference, checkpoint.fingerprint),
    }
    write_stamp(folder, stamp)
    _compare(CompiledEncoder(folder, stamp), reference)


def _save(reference: "SentenceTransformer", library: Any, folder: Path) -> None:
    import torch

    class Whole(torch.nn.Module):
        """All of the model's steps as one function of token ids and mask."""

        def __init__(self) -> None:
            super().__init__()
            self.steps = reference

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            embedded: torch.Tensor = self.steps({"input_ids": input_ids, "attention_mask": attention_mask})[
                "sentence_embedding"
            ]
            return embedded

    example = {
        "input_ids": torch.tensor([[0, 5, 6, 7, 2], [0, 5, 2, 1, 1]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]),
    }
    try:
        with torch.no_grad():
            model = library.convert_model(Whole(), example_input=example)
            table = _take_table(model)
            library.save_model(model, str(folder / MODEL))
    except Exception as error:  # torch, OpenVINO and the model's own code each fail in their own ways
        raise CannotCompile(f"OpenVINO cannot convert it ({type(error).__name__})") from error
    if table is not None:
        half = table.astype(np.float16)
        np.save(folder / TABLE, half if np.isfinite(half).all() else table)


def _take_table(model: Any) -> FloatArray | None:
    """Take the vectors of the vocabulary, (pieces, d), out of a model: it gets a text's own as its input EMBEDDED.

    They are most of a multilingual model, and a text needs a handful of them: as a file, only those are read, and the
    rest compiles and runs with fixed shapes ten times sooner. None, and the model as it was, for an unusual model.
    """
    import openvino.opset13 as operations

    ids, mask = (next(one for one in model.inputs if name in one.names) for name in (IDS, MASK))
    for gather in model.get_ordered_ops():
        if gather.get_type_name() != "Gather" or _origin(gather.input(1)) != ids.get_node():
            continue
        constant = _origin(gather.input(0))
        if constant.get_type_name() != "Constant" or len(constant.shape) != 2:
            continue
        table = np.array(constant.data, dtype=np.float32)
        embedded = operations.parameter([-1, -1, table.shape[1]], np.float32)
        gather.output(0).replace(embedded.output(0))
        embedded.output(0).set_names({EMBEDDED})
        for use in list(ids.get_target_inputs()):
            if use.get_node().get_type_name() == "ShapeOf":  # the mask has the same shape
                use.replace_source_output(mask)
        model.add_parameters([embedded])
        used = {node.get_name() for node in model.get_ordered_ops()}
        if not any(use.get_node().get_name() in used for use in ids.get_target_inputs()):
            model.remove_parameter(ids.get_node())
        model.validate_nodes_and_infer_types()
        return table
    return None


def _origin(value: Any) -> Any:
    """The node that an input's value comes from, conversions of its type passed by."""
    node = value.get_source_output().get_node()
    while node.get_type_name() == "Convert":
        node = node.input(0).get_source_output().get_node()
    return node


def _compare(compiled: CompiledEncoder, reference: "SentenceTransformer") -> None:
    """Both ways of the compiled encoder, one by one and in batches, against sentence-transformers."""
    prompts = prompts_of(reference, compiled.fingerprint)
    for encode, prompt in zip((compiled.queries, compiled.passages), prompts, strict=True):
        expected = reference.encode(SAMPLE, prompt=prompt, normalize_embeddings=True, show_progress_bar=False)
        got = encode(SAMPLE), encode(SAMPLE * 2)[len(SAMPLE) :]
        worst = min(float(np.sum(vectors * expected, axis=1).min()) for vectors in got)
        if not worst >= AGREEMENT:
            raise CannotCompile(f"its compiled vectors differ from the reference (cosine {worst:.4f})")
