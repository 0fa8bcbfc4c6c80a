"""Models on disk: where they are cached, how folders appear there whole or not at all, what a checkpoint is called."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ModelUnavailable

STAMP = "stamp.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A sentence-transformers checkpoint on disk and the name of its weights, as `name@hash`."""

    path: Path
    fingerprint: str


def cache_folder() -> Path:
    """Where unpacked and compiled models lie: `BACKISSUES_CACHE`, or the user's cache folder."""
    chosen = os.environ.get("BACKISSUES_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("backissues"))


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its place, whole or not at all.

    An older folder of that name makes way; when another process was quicker, its work stands. Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = folder.with_name(f".{folder.name}-{os.getpid()}-{secrets.token_hex(4)}")
    making.mkdir()  # with the rights that the user's umask gives, which tempfile would not
    try:
        before = _identity(folder)
        yield making
        _sync(making)
        if before is not None and before == _identity(folder):
            shutil.rmtree(folder, ignore_errors=True)
        try:
            making.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _sync(folder: Path) -> None:
    """Have the files on the disk before the folder gets its name, so that a power cut leaves no hollow one."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def write_stamp(folder: Path, content: dict[str, Any]) -> None:
    """Finish a cached folder: what it is, and the size of every file in it."""
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    write_json(folder / STAMP, {**content, "sizes": sizes})


def read_stamp(folder: Path) -> dict[str, Any] | None:
    """What `write_stamp` wrote, or None when there is none or a file is missing or not the size it was written with."""
    try:
        stamp: dict[str, Any] = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        if all((folder / name).stat().st_size == size for name, size in stamp["sizes"].items()):
            return stamp
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        pass
    return None


def write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def named_checkpoint(model: str) -> Checkpoint:
    """Any other sentence-transformers model: a folder, or a name in the hub's local cache (fetched when it is not).

    The hash is over the weights and every setting beside them, so that a changed prompt counts as another model. It is
    remembered with the files' sizes and times, because hashing a large model takes longer than searching with it.
    Raises `ModelUnavailable`.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _from_hub(model)
    folder = folder.resolve()
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in {".safetensors", ".bin", ".json", ".txt", ".model"}
    )
    if not any(path.suffix in {".safetensors", ".bin"} for path in files):
        raise ModelUnavailable(f"{model} is no sentence-transformers model: {folder} holds no weights.")
    state = [[str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    note = cache_folder() / "fingerprints" / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}.json"
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        if noted["state"] == state:
            return Checkpoint(folder, str(noted["fingerprint"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder)}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    name = Path(model).name if Path(model).expanduser().is_dir() else model
    fingerprint = f"{name}@{digest.hexdigest()[:16]}"
    _remember(note, {"state": state, "fingerprint": fingerprint})
    return Checkpoint(folder, fingerprint)


def _remember(note: Path, content: dict[str, Any]) -> None:
    """Write a note that may as well be missing: a cache folder that cannot be written only costs time."""
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary = note.with_suffix(f".{os.getpid()}")
        write_json(temporary, content)
        temporary.replace(note)
    except OSError:
        pass


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    advice = f"The model {name} is neither a folder nor a model that could be fetched"
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except HFValidationError as error:
        raise ModelUnavailable(f"{advice}: {error}") from error
    except Exception:  # noqa: S110 - not in the local cache yet, in whichever of many ways
        pass
    patterns = ["*.json", "*.txt", "*.model", "*.safetensors", "pytorch_model.bin", "*/*.json", "*/model.safetensors"]
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except Exception as error:  # the hub client raises its own, httpx' and OSError's kinds
        raise ModelUnavailable(
            f"{advice}: {error}. Name a folder that holds a sentence-transformers model, or leave --model away for the "
            "packaged one."
        ) from error
