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
    records = schema.get("components", {}).get("schemas", {})
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "parameters": _parameters(operation) + _body(operation, records),
            "answer": _answer(operation),
            **_texts(operation),
        }
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    listed = [
        {"name": name, "text": record.get("description", ""), "fields": _fields(record)}
        for name, record in sorted(records.items())
        if record.get("properties")
    ]
    values = {"api": schema["info"], "operations": operations, "records": listed, "canonical": "/docs"}
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
            "type": _type(parameter.get("schema", {})) + _limits(parameter.get("schema", {})),
            "text": parameter.get("description", "") or parameter.get("schema", {}).get("description", ""),
        }
        for parameter in operation.get("parameters", [])
    ]


def _body(operation: dict[str, Any], records: dict[str, Any]) -> list[dict[str, str]]:
    """The fields of the JSON object that is sent, in the shape of parameters."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    record = records.get(_type(content.get("schema", {})), {})
    sent = _fields(record) if record.get("properties") else []
    return [{**field, "type": f"in the body: {field['type']}"} for field in sent]


def _answer(operation: dict[str, Any]) -> str:
    """The record that a good answer is; empty where it is no JSON."""
    content = operation.get("responses", {}).get("200", {}).get("content", {})
    return _type(content.get("application/json", {}).get("schema", {})) if "application/json" in content else ""


def _limits(schema: dict[str, Any]) -> str:
    """What a value has to keep to, and what holds without one: `, 1 to 100, default 20`."""
    low, high, default = (schema.get(name) for name in ("minimum", "maximum", "default"))
    said = f", {low} to {high}" if low is not None and high is not None and high < 10**6 else ""
    said += f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    said += f", at most {schema['maxItems']}" if "maxItems" in schema else ""
    return said + (f", default {default}" if default not in (None, "", []) else "")


def _fields(record: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": name, "type": _type(field) + _limits(field), "text": field.get("description", "")}
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
