"""The tools for assistants, driven by the official client: over HTTP against a running server, and over stdio."""

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from mcp import Client, StdioServerParameters

from index.archive import Archive
from tests.served import NAMES, SHARED, document, draft, fill, running
from web.mcp import make_server
from web.settings import Settings

TOOLS = ["search_archive", "get_item", "related_items", "get_issue", "list_issues", "check_draft"]
STDIO = """
import sys
from pathlib import Path
from index.archive import Archive
from tests.conftest import WordEncoder
from tests.served import draft
from web.mcp import run_stdio
from web.settings import Settings
run_stdio(Archive(Path(sys.argv[1]), WordEncoder()), Settings(parse_draft=draft))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mcp")
    fill(path).close()
    return path


@pytest.fixture(scope="module")
def archive(place: Path) -> Iterator[Archive]:
    from tests.conftest import WordEncoder

    with Archive(place, WordEncoder()) as opened:
        yield opened


def ask(server: Any, work: Callable[[Client], Awaitable[None]]) -> None:
    """Run `work` with a client of `server`."""

    async def main() -> None:
        async with Client(server) as client:
            await work(client)

    anyio.run(main)


async def call(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    text = cast("Any", result.content[0]).text
    assert not result.is_error, text
    answer: dict[str, Any] = json.loads(text)
    assert result.structured_content == answer  # what clients of either kind see is the same
    return answer


async def refusal(client: Client, tool: str, **arguments: object) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(cast("Any", result.content[0]).text)


async def every_tool(client: Client) -> None:
    listed = (await client.list_tools()).tools
    assert [tool.name for tool in listed] == TOOLS
    for tool in listed:
        assert len(tool.description or "") > 50
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        for parameter in tool.input_schema["properties"].values():
            assert {"type", "anyOf", "enum"} & parameter.keys()

    found = await call(client, "search_archive", query="database storage engine", limit=3)
    assert found["close"]
    assert {hit["title"].rpartition(" ")[0] for hit in found["hits"]} == {NAMES[4]}
    assert found["hits"][0]["printed"].startswith("issue ")
    assert found["hits"][0]["match"] == "strong"

    narrowed = await call(client, "search_archive", query="database", after="2021-01-31", before="2021-02-07")
    assert {hit["printed"] for hit in narrowed["hits"]} == {"issue 5, 2021-01-31"}
    assert not (await call(client, "search_archive", query="qwzx vbnmk"))["close"]

    item = await call(client, "get_item", id=11)
    assert (item["title"], item["issue"]["number"], item["key"]) == ("A general segmenter", 2, SHARED)
    assert "note" not in item  # unknown values only cost words

    near = await call(client, "related_items", id=13, limit=4)
    assert near["earlier"]
    assert all(hit["title"].startswith(NAMES[1]) for hit in near["earlier"] + near["later"])
    same = await call(client, "related_items", url="https://arxiv.org/abs/2104.06601", limit=2)
    assert all(hit["id"] not in {11, 22, 33} for hit in same["earlier"] + same["later"])
    await call(client, "related_items", text="spoken audio")

    issue = await call(client, "get_issue", number=2)
    assert [one["title"] for one in issue["items"]] == [*(f"{name} 2" for name in NAMES), "A general segmenter"]
    assert (await call(client, "get_issue", id=2))["issue"] == issue["issue"]

    listed_issues = await call(client, "list_issues", limit=2, offset=1)
    assert [one["number"] for one in listed_issues["issues"]] == [5, 4]
    assert listed_issues["total"] == 6
    assert (await call(client, "list_issues", year=1999))["issues"] == []

    checked = await call(client, "check_draft", text=f"Masks | {SHARED}")
    assert [place.partition(",")[0] for place in checked["items"][0]["covered_in"]] == ["issue 2", "issue 4", "issue 6"]

    assert "no item 999" in await refusal(client, "get_item", id=999)
    assert "exactly one" in await refusal(client, "related_items")
    assert "no items" in await refusal(client, "check_draft", text="prose")
    assert "number 77" in await refusal(client, "get_issue", number=77)
    assert "limit" in await refusal(client, "search_archive", query="a", limit=1000)


def test_every_tool_over_http(archive: Archive) -> None:
    with running(archive, Settings(parse_draft=draft)) as address:
        ask(f"{address}/mcp", every_tool)


def test_every_tool_over_stdio(place: Path) -> None:
    root = str(Path(__file__).parent.parent)
    ask(StdioServerParameters(command=sys.executable, args=["-c", STDIO, str(place)], cwd=root), every_tool)


def test_drafts_are_not_offered_where_they_cannot_be_read(archive: Archive) -> None:
    async def work(client: Client) -> None:
        assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS[:-1]

    ask(make_server(archive, Settings()), work)


def test_answers_are_short(archive: Archive) -> None:
    """An assistant reads every word: a hit stays under a hundred of them."""

    async def work(client: Client) -> None:
        found = await client.call_tool("search_archive", {"query": "segmentation", "limit": 10})
        text = cast("Any", found.content[0]).text
        hits = json.loads(text)["hits"]
        assert hits
        assert len(text) / len(hits) < 900

    ask(make_server(archive, Settings()), work)


def test_a_long_text_without_gaps_is_shortened_at_its_end_not_at_its_first_gap(tmp_path: Path) -> None:
    issue = document(1)
    texts = ("GPT " + "\N{CJK UNIFIED IDEOGRAPH-6570}" * 600, "lantern " * 60)
    items = tuple(replace(item, summary=text) for item, text in zip(issue.items, texts, strict=False))

    async def read(client: Client) -> None:
        printed = (await call(client, "search_archive", query="issue:1"))["hits"]
        spaceless, spaced = sorted((hit["text"] for hit in printed), reverse=False)
        assert len(spaceless) == 280
        assert spaceless.endswith("\N{CJK UNIFIED IDEOGRAPH-6570} …")
        assert 256 <= len(spaced) <= 280
        assert spaced.endswith("lantern …")

    with fill(tmp_path / "long", [replace(issue, items=items)]) as archive:
        ask(make_server(archive, Settings()), read)
