"""The picture of the rooms, enforced: who may import whom, function-level imports included."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("index", "ingest", "search", "web")
MAY_IMPORT = {
    "index": set[str](),
    "ingest": {"index"},
    "search": {"index"},
    "web": {"index", "search"},
}
FORBIDDEN_LIBRARIES = {
    "index": {"bs4", "httpx", "fastapi", "starlette", "jinja2", "feedparser", "markdown_it"},
    "ingest": {"fastapi", "starlette", "faiss", "sqlite3", "jinja2", "sentence_transformers", "torch", "openvino"},
    "search": {"fastapi", "starlette", "faiss", "sqlite3", "jinja2", "bs4", "httpx", "torch", "openvino"},
    "web": {"faiss", "sqlite3", "bs4", "sentence_transformers", "torch", "openvino", "sklearn"},
}
HEAVY = {"torch", "sentence_transformers", "transformers", "openvino", "faiss", "sklearn", "scipy"}
"""Loaded inside functions only, so that `backissues --help` does not wait for them."""


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Top-level package names that a module imports anywhere, relative imports left out, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0], node.lineno


def violations(room: str, source: str, depth: int = 1) -> list[str]:
    """What a module of `room` imports against the picture. `depth` is how many folders below the root it lies."""
    tree = ast.parse(source)
    other_rooms = {*ROOMS, "backissues"} - MAY_IMPORT[room]
    found = []
    for name, line in imported(tree):
        if name == room:
            found.append(f"line {line}: imports its own room absolutely; inside a room imports are relative")
        elif name in other_rooms | FORBIDDEN_LIBRARIES[room]:
            found.append(f"line {line}: {room} must not import {name}")
    found += [
        f"line {node.lineno}: a relative import leaves the room"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level > depth
    ]
    at_once = ast.Module(body=[node for node in tree.body if not _runs_later(node)], type_ignores=[])
    found += [
        f"line {line}: {name} is heavy; import it where it is first needed"
        for name, line in imported(at_once)
        if name in HEAVY
    ]
    return found


def _runs_later(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_keeps_to_its_room(path: Path) -> None:
    inside = path.relative_to(ROOT)
    assert violations(inside.parts[0], path.read_text("utf-8"), len(inside.parts) - 1) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("index", "from search.query import understand"),
        ("ingest", "def late():\n    import search"),
        ("search", "from ingest.links import clean_url"),
        ("search", "import sqlite3"),
        ("web", "def late():\n    from ingest.parse import document"),
        ("web", "import faiss"),
        ("index", "import backissues"),
        ("index", "import torch"),
        ("search", "from .. import ingest"),
        ("search", "from search.query import understand"),
    ],
)
def test_a_planted_import_is_found(room: str, source: str) -> None:
    assert len(violations(room, source)) >= 1


def test_late_heavy_imports_are_fine() -> None:
    assert violations("index", "def encode():\n    import torch\n    return torch") == []
    assert violations("ingest", "from index.types import Item\nfrom .fetch import get\n") == []


def test_no_file_is_named_like_its_room_and_tests_stay_flat() -> None:
    assert [path.name for path in MODULES if path.stem == path.relative_to(ROOT).parts[0]] == []
    assert [path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name in ROOMS] == []
