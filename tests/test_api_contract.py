"""What scripts rely on: nothing that the published OpenAPI document promised is renamed, removed or narrowed.

`tests/openapi.json` is the promise. Additions pass; after one, renew it: `python -m tests.test_api_contract`.
"""

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.served import client, fill

SNAPSHOT = Path(__file__).parent / "openapi.json"
PROSE = {"description", "summary", "title", "examples", "example", "info", "tags", "servers"}
AT_MOST = {"maxLength", "maximum", "maxItems"}
"""Limits that may only grow."""
AT_LEAST = {"minLength", "minimum", "minItems", "exclusiveMinimum"}
"""Limits that may only shrink."""


def openapi(path: Path) -> dict[str, Any]:
    with fill(path, [], papers=False) as archive, client(archive) as api:
        document: dict[str, Any] = api.get("/openapi.json").json()
        return document


def broken(old: Any, new: Any, at: str = "") -> Iterator[str]:
    """The promises of `old` that `new` does not keep."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            # A property may have the name of a piece of prose: only the schema's own are free to change.
            if key not in PROSE or at.endswith("/properties"):
                yield from _key(key, value, new, at) if key in new else [f"{at}/{key} is gone"]
        yield from _narrowed(old, new, at)
    elif isinstance(old, list) and isinstance(new, list):
        names = {_name(one): one for one in new}
        for one in old:
            name = _name(one)
            yield from broken(one, names[name], f"{at}/{name}") if name in names else [f"{at}/{name} is gone"]
        if at.endswith("/parameters"):
            known = {_name(one) for one in old}
            yield from (f"{at}/{n} is required now" for n, one in names.items() if n not in known and one["required"])
    elif old != new:
        yield f"{at} was {old!r}, is {new!r}"


def _key(key: str, value: Any, new: dict[str, Any], at: str) -> Iterator[str]:
    if key in AT_MOST | AT_LEAST and not at.endswith("/properties"):
        if new[key] < value if key in AT_MOST else new[key] > value:
            yield f"{at}/{key} is narrower"
    elif key == "required" and isinstance(value, list):
        # Of an answer no key may become optional, of a request none obligatory.
        less, more = (new[key], value) if _asked(at) else (value, new[key])
        if not set(less) <= set(more):
            yield f"{at}/required differs"
    else:
        yield from broken(value, new[key], f"{at}/{key}")


def _narrowed(old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[str]:
    """Limits and obligations that were not there before."""
    if "type" in old or "$ref" in old or "anyOf" in old:
        yield from (
            f"{at}/{key} is new" for key in (AT_MOST | AT_LEAST | {"pattern", "enum"}) & new.keys() - old.keys()
        )
    if old.get("in") and new.get("required") and not old.get("required"):
        yield f"{at} is required now"
    if _asked(at) and "properties" in old and "required" in new and "required" not in old:
        yield f"{at}/required is new"


def _asked(at: str) -> bool:
    """Whether a schema is one that clients send."""
    return at.startswith(
        ("/components/schemas/SearchQuery", "/components/schemas/BatchIn", "/components/schemas/DraftIn")
    )


def _name(one: Any) -> str:
    if isinstance(one, dict) and "name" in one and "in" in one:
        return f"{one['in']} {one['name']}"
    return one if isinstance(one, str) else json.dumps(one, sort_keys=True)


def test_nothing_promised_is_gone(tmp_path: Path) -> None:
    assert list(broken(json.loads(SNAPSHOT.read_text()), openapi(tmp_path))) == []


def _at(document: Any, path: str) -> Any:
    for part in path.split("|"):
        document = document[part]
    return document


def _drop(path: str, key: str) -> Callable[[Any], None]:
    return lambda document: _at(document, path).pop(key)


def _set(path: str, key: str, value: Any) -> Callable[[Any], None]:
    return lambda document: _at(document, path).__setitem__(key, value)


SEARCH = "paths|/api/v1/search|get"
BREAKING = {
    "an endpoint goes": _drop("paths", "/api/v1/items/{id}"),
    "a method goes": _drop("paths|/api/v1/search", "post"),
    "an operation is renamed": _set(SEARCH, "operationId", "find"),
    "a parameter goes": lambda d: _at(d, f"{SEARCH}|parameters").pop(0),
    "a parameter is renamed": lambda d: _at(d, f"{SEARCH}|parameters")[0].update(name="query"),
    "a parameter becomes obligatory": lambda d: _at(d, f"{SEARCH}|parameters")[0].update(required=True),
    "a new parameter is obligatory": lambda d: _at(d, f"{SEARCH}|parameters").append(
        {"name": "token", "in": "query", "required": True, "schema": {"type": "string"}}
    ),
    "a limit shrinks": lambda d: _at(d, f"{SEARCH}|parameters")[0]["schema"].update(maxLength=10),
    "a key of an answer goes": _drop("components|schemas|HitOut|properties", "score"),
    "a key of an answer called like prose goes": _drop("components|schemas|HitOut|properties", "title"),
    "a key of an answer may be missing": lambda d: _at(d, "components|schemas|HitOut|required").remove("score"),
    "a key of an answer changes its type": _set("components|schemas|HitOut|properties|id", "type", "string"),
    "a mode goes": lambda d: next(
        p for p in _at(d, f"{SEARCH}|parameters") if p["name"] == "mode"
    )["schema"]["enum"].remove("keyword"),
    "an error goes": _drop(f"{SEARCH}|responses", "410"),
    "a key of a batch becomes obligatory": _set("components|schemas|SearchQuery", "required", ["q"]),
}  # fmt: skip


@pytest.mark.parametrize("change", BREAKING.values(), ids=BREAKING)
def test_what_breaks_scripts_is_noticed(change: Callable[[Any], None]) -> None:
    old = json.loads(SNAPSHOT.read_text())
    new = copy.deepcopy(old)
    change(new)
    assert list(broken(old, new))


def test_additions_and_better_words_pass() -> None:
    old = json.loads(SNAPSHOT.read_text())
    new = copy.deepcopy(old)
    new["paths"]["/api/v1/new"] = new["paths"]["/api/v1/status"]
    new["components"]["schemas"]["HitOut"]["properties"]["colour"] = {"type": "string"}
    new["components"]["schemas"]["HitOut"]["required"].append("colour")
    new["components"]["schemas"]["HitOut"]["description"] = "Better words."
    parameters = new["paths"]["/api/v1/search"]["get"]["parameters"]
    parameters.append({"name": "colour", "in": "query", "required": False, "schema": {"type": "string"}})
    parameters[0]["schema"]["maxLength"] *= 2
    assert list(broken(old, new)) == []


def test_everything_is_described(tmp_path: Path) -> None:
    """`/docs` is to read like documentation: every endpoint and parameter says what it is."""
    document = openapi(tmp_path)
    operations = [one for path in document["paths"].values() for one in path.values()]
    ids = [one["operationId"] for one in operations]
    assert len(set(ids)) == len(ids)
    for one in operations:
        assert one["summary"], one["operationId"]
        assert one["description"], one["operationId"]
        assert one["tags"], one["operationId"]
        for parameter in one.get("parameters", ()):
            assert parameter.get("description") or parameter["schema"].get("description"), parameter
        described = {code for code, response in one["responses"].items() if response["description"]}
        assert described == one["responses"].keys()
        if one["operationId"] not in {"healthz", "readyz", "metrics"}:
            assert "429" in described, one["operationId"]
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), name


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        SNAPSHOT.write_text(json.dumps(openapi(Path(scratch)), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
