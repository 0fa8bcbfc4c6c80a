"""How to use the archive, how it came about, and the reference of its API, rendered from its own OpenAPI."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from index.archive import Archive

from .common import settled
from .grammar import grammar, sample
from .render import render, view

router = APIRouter(include_in_schema=False)
REPORT = "ingest-report"
PROBLEMS = 50


@router.get("/about")
@settled
def about_page(request: Request) -> Response:
    here = view(request)
    values = {
        "build": here.archive.build,
        "report": _report(here.archive),
        "grammar": grammar(here),
        "sample": sample(here.archive),
        "arxiv": _has_papers(here.archive),
        "canonical": "/about",
    }
    return render(request, "about", values)


@router.get("/docs")
def reference(request: Request) -> Response:
    """The API's reference, without anything from another host."""
    schema = request.app.openapi()
    operations = [
        {"method": method.upper(), "path": path, "parameters": _parameters(operation), **_texts(operation)}
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    records = [
        {"name": name, "text": record.get("description", ""), "fields": _fields(record)}
        for name, record in sorted(schema.get("components", {}).get("schemas", {}).items())
        if record.get("properties")
    ]
    values = {"api": schema["info"], "operations": operations, "records": records, "canonical": "/docs"}
    return render(request, "docs", values)


def _report(archive: Archive) -> dict[str, Any] | None:
    """The last ingest's report: its figures, and the documents that had something to say. None when there is none."""
    kept = archive.state(REPORT)
    if kept is None:
        return None
    try:
        state = orjson.loads(kept[0])
        rows = list(state["sources"].values())
        last = {**state["last"]}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
    troubled = [row for row in rows if row.get("reason") or row.get("unassigned")]
    return {
        "finished": (last.get("finished") or "")[:10],
        "documents": len(rows),
        "items": sum(row.get("items") or 0 for row in rows),
        "unassigned": sum(len(row.get("unassigned") or ()) for row in rows),
        "failed": sum(row.get("status") == "failed" for row in rows),
        "troubled": [{**row, "source": _public(row.get("source", ""))} for row in troubled[:PROBLEMS]],
        "more": max(0, len(troubled) - PROBLEMS),
    }


def _public(source: str) -> str:
    """A source as visitors may see it: addresses whole, of a path on the host's machine only the last part."""
    return source if source.startswith(("http://", "https://")) else source.replace("\\", "/").rpartition("/")[2]


def _has_papers(archive: Archive) -> bool:
    keys = [item.key for item in archive.newest_items(400) if item.key and item.key.startswith("arxiv:")]
    return bool(keys and archive.papers(keys))


def _texts(operation: dict[str, Any]) -> dict[str, str]:
    return {"summary": operation.get("summary", ""), "text": operation.get("description", "")}


def _parameters(operation: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "name": parameter["name"],
            "place": parameter["in"],
            "type": _type(parameter.get("schema", {})),
            "text": parameter.get("description", "") or parameter.get("schema", {}).get("description", ""),
        }
        for parameter in operation.get("parameters", [])
    ]


def _fields(record: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": name, "type": _type(field), "text": field.get("description", "")}
        for name, field in record["properties"].items()
    ]


def _type(schema: dict[str, Any]) -> str:
    """A JSON schema's type as one reads it: `integer or null`, `list of Hit`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(_type(part) for part in schema[choice]))
    return str(schema.get("format") or schema.get("type") or "any")
