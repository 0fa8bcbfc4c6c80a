"""Compiled models kept as files, because to import one takes a third of the time that compiling takes.

Such a blob is the graph as OpenVINO has arranged it for this processor, about a megabyte; the weights stay in the
model's own file. OpenVINO's own cache (`CACHE_DIR`) would read and hash the whole model first, and trusts its files.
"""

import hashlib
import json
import os
import secrets
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

MODEL, WEIGHTS = "model.xml", "model.bin"
CHECKSUM = 4
"""Bytes at the head of a file: the CRC-32 of the rest, since OpenVINO does not survive every damaged blob."""


def open_compiled(core: Any, folder: Path, settings: dict[str, str], width: int | None) -> Any:
    """The model in `folder` compiled with OpenVINO's `settings` for one text of `width` tokens (None: any number).

    Imported where a process of this kind has compiled it before; otherwise compiled and kept, if `folder` can be
    written to. Raises RuntimeError when it cannot be compiled.
    """
    settings = {**settings, "CACHE_MODE": "OPTIMIZE_SIZE"}
    path = folder / _name(core, settings, width)
    with suppress(OSError, ValueError, RuntimeError):  # none yet, or of no use
        return core.import_model(_read(path), "CPU", {**settings, "WEIGHTS_PATH": str(folder / WEIGHTS)})
    model = core.read_model(str(folder / MODEL))
    if width is not None:
        model.reshape({one: [1, width, *one.partial_shape[2:]] for one in model.inputs})
    compiled = core.compile_model(model, "CPU", settings)
    with suppress(OSError, RuntimeError):  # it only saves time
        _write(path, compiled.export_model().getvalue())
    return compiled


def _name(core: Any, settings: dict[str, str], width: int | None) -> str:
    """A name of its own for every processor, since folders may be shared by machines, and for every way to compile."""
    device = [str(core.get_property("CPU", name)) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    text = json.dumps([*device, settings, width], sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.blob"


def _read(path: Path) -> bytes:
    """A blob as it was written; raises OSError or ValueError."""
    content = path.read_bytes()
    blob = content[CHECKSUM:]
    if not blob or content[:CHECKSUM] != _checksum(blob):
        raise ValueError(f"{path} is damaged")
    return blob


def _write(path: Path, blob: bytes) -> None:
    making = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with making.open("xb") as file:
            file.write(_checksum(blob) + blob)
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)


def _checksum(blob: bytes) -> bytes:
    return zlib.crc32(blob).to_bytes(CHECKSUM, "big")
