"""Further links over HTTP: on pages and in every form of answer, by link, by work, in drafts, in and out again."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup, Tag
from click.testing import CliRunner
from starlette.testclient import TestClient

import backissues
from index.archive import Archive
from index.types import Document, FurtherLink, Item
from ingest.load import ingest
from search.refresh import refresh
from tests.conftest import WordEncoder
from tests.served import CODE, GALLERY, SHARED, client, document, documents, fill
from web.export import export
from web.mcp import Tools
from web.records import FurtherLinkOut, ItemOut, WorkOut
from web.schemas import CheckOut, RelatedOut, SearchOut
from web.settings import Settings

PAGE = {"Accept": "text/html"}
LINKS_TO_IT = "It also links to github:mask/every_thing"


def draft(text: str) -> list[Item]:
    """Every line `title | key | further key …` is an item."""
    lines = [line.split(" | ") for line in text.splitlines()]
    return [
        Item(at, title, key=key, url=f"https://{key}", links=tuple(FurtherLink(f"https://{one}", one) for one in keys))
        for at, (title, key, *keys) in enumerate(lines, 1)
    ]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Three times a paper with its code, and once an item whose own link is the gallery, a hostile one beside it."""
    last = document(7)
    own = replace(last.items[4], url=GALLERY.url, key=GALLERY.key, links=(FurtherLink("javascript:alert(1)", "bad"),))
    with fill(tmp_path_factory.mktemp("links"), [*documents(), replace(last, items=(*last.items[:4], own))]) as held:
        yield held


@pytest.fixture(scope="module")
def site(archive: Archive) -> Iterator[TestClient]:
    with client(archive, Settings(parse_draft=draft)) as ready:
        yield ready


def page(site: TestClient, address: str, **headers: str) -> BeautifulSoup:
    response = site.get(address, headers={**PAGE, **headers})
    assert response.status_code == 200, response.text
    return BeautifulSoup(response.text, "lxml")


def words(tag: Tag | None) -> str:
    assert tag is not None
    return " ".join(tag.get_text(" ").split())


def test_items_say_what_they_link_to(site: TestClient, archive: Archive) -> None:
    shown = site.get("/api/v1/items/11").json()
    ItemOut.model_validate(shown)
    assert shown["further_links"] == [
        {"url": CODE.url, "key": CODE.key, "kind": "code", "text": None},
        {"url": GALLERY.url, "key": GALLERY.key, "kind": "article", "text": "A gallery of <masks>"},
    ]
    assert shown["links"]["work"] == f"/api/v1/works/{SHARED}" or shown["links"]["work"].endswith(SHARED)
    assert site.get("/api/v1/items/1").json()["further_links"] == []
    entry = site.get("/api/v1/issues/2").json()["items"][5]
    assert [FurtherLinkOut.model_validate(link).key for link in entry["further_links"]] == [CODE.key, GALLERY.key]
    lines = [json.loads(line) for line in site.get("/api/v1/items.jsonl").text.splitlines()]
    assert [line["further_links"] for line in lines if line["key"] == SHARED] == [shown["further_links"]] * 3
    assert archive.item(11).links == (CODE, GALLERY)


def test_a_pasted_link_is_answered_and_says_why(site: TestClient) -> None:
    answer = site.get("/api/v1/search", params={"q": CODE.url}).json()
    SearchOut.model_validate(answer)
    first = answer["items"][0]
    assert (first["key"], first["reason"], first["match"]) == (SHARED, LINKS_TO_IT, "strong")
    assert [link["key"] for link in first["further_links"]] == [CODE.key, GALLERY.key]
    assert len(first["also_in"]) == 2
    assert all(hit["reason"] is None for hit in answer["items"][1:])
    own = site.get("/api/v1/search", params={"q": GALLERY.url}).json()["items"]
    assert [hit["key"] for hit in own[:2]] == [GALLERY.key, SHARED]
    assert (own[0]["reason"], own[1]["reason"]) == (None, "It also links to masks.example/gallery")


def test_a_condition_on_links(site: TestClient) -> None:
    def keys(**asked: str | list[str]) -> set[str]:
        answer = site.get("/api/v1/search", params={"limit": "50", **asked}).json()
        return {hit["key"] for hit in answer["items"]}

    assert (
        keys(link="github.com") == keys(link=CODE.url) == keys(link=CODE.key) == keys(q="link:github.com") == {SHARED}
    )
    assert keys(link=["github.com", GALLERY.key]) == {SHARED, GALLERY.key}
    assert keys(link=GALLERY.key, host="masks.example") == {GALLERY.key}
    assert keys(host="github.com") == set()
    filters = site.get("/api/v1/search", params={"q": f"-link:{CODE.url}"}).json()["query"]["filters"]
    assert (filters["links"], filters["excluding"][0]["links"]) == ([], [CODE.key])
    told = {words(row) for row in page(site, "/about").select("dt, th, code")}
    assert any("link:github.com" in row for row in told), told


def test_related_to_a_further_link(site: TestClient) -> None:
    answer = site.get("/api/v1/related", params={"url": CODE.url}).json()
    RelatedOut.model_validate(answer)
    assert (answer["item"]["key"], answer["further_link"]) == (SHARED, CODE.key)
    assert site.get("/api/v1/related", params={"arxiv": "2104.06601"}).json()["further_link"] is None


def test_works_tell_own_links_from_further_ones(site: TestClient) -> None:
    code = site.get(f"/api/v1/works/{CODE.key}").json()
    WorkOut.model_validate(code)
    assert (code["title"], code["url"], code["kind"]) == ("mask/every_thing", CODE.url, "code")
    assert code["mentions"] == []
    assert [item["issue"]["number"] for item in code["linked_by"]] == [2, 4, 6]
    assert "note = {Linked in Field notes issue 2" in code["bibtex"]
    gallery = site.get(f"/api/v1/works/{GALLERY.key}").json()
    assert [item["issue"]["number"] for item in gallery["mentions"]] == [7]
    assert [item["issue"]["number"] for item in gallery["linked_by"]] == [2, 4, 6]
    shared = site.get(f"/api/v1/works/{SHARED}").json()
    assert (len(shared["mentions"]), shared["linked_by"]) == (3, [])
    missing = site.get("/api/v1/works/github:nobody/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


def test_drafts_hear_of_both(site: TestClient) -> None:
    text = f"The program | {CODE.key}\nMasks once more | {SHARED}\nA walk | walk.example/1 | {GALLERY.key}"
    text += "\nNew | new.example"
    answer = site.post("/api/v1/check", json={"text": text}).json()
    CheckOut.model_validate(answer)
    program, again, walk, new = answer["items"]
    assert (program["covered"], [one["issue"]["number"] for one in program["linked"]]) == ([], [2, 4, 6])
    assert {one["key"] for one in program["linked"]} == {CODE.key}
    assert (len(again["covered"]), again["linked"]) == (3, [])
    assert [(one["key"], one["issue"]["number"]) for one in walk["linked"]] == [(GALLERY.key, 7)]
    assert walk["item"]["further_links"][0]["key"] == GALLERY.key
    assert (new["covered"], new["linked"]) == ([], [])
    shown = BeautifulSoup(site.post("/check", data={"draft": text}, headers=PAGE).text, "lxml")
    entries = shown.select(".entries > li")
    assert "Linked before: № 2 10 Jan 2021 (github:mask/every_thing), № 4" in words(entries[0]).replace(" ,", ",")
    assert "Linked before" not in words(entries[1])


def test_the_item_page_leads_to_them(site: TestClient) -> None:
    shown = page(site, "/items/11")
    facts = next(row for row in shown.select(".facts > div") if words(row.dt) == "Further links")
    code, gallery = facts.select("li")
    assert (words(code), code.a and code.a["href"]) == ("code github.com", CODE.url)
    assert words(gallery) == "A gallery of <masks> masks.example 1 mention"
    assert [a["href"] for a in gallery.select("a")] == [GALLERY.url, f"/works/{GALLERY.key}"]
    block = json.loads(shown.select_one('script[type="application/ld+json"]').string or "")  # type: ignore[union-attr]
    assert block["mentions"] == [
        {"@type": "SoftwareSourceCode", "url": CODE.url},
        {"@type": "WebPage", "name": GALLERY.text, "url": GALLERY.url},
    ]
    hostile = page(site, f"/works/{GALLERY.key}")
    assert "javascript:" not in str(hostile)
    assert (
        "javascript:"
        not in site.get(site.get(f"/api/v1/works/{GALLERY.key}").json()["mentions"][0]["links"]["page"]).text
    )


@pytest.mark.parametrize(
    ("language", "label", "kind", "reason"),
    [
        ("en", "Further links", "code", LINKS_TO_IT),
        ("ja", "他のリンク", "コード", "github:mask/every_thing へのリンクもある"),
        ("zh", "其他链接", "代码", "另有链接指向 github:mask/every_thing"),
    ],
)
def test_every_language_says_it(site: TestClient, language: str, label: str, kind: str, reason: str) -> None:
    assert label in {words(dt) for dt in page(site, f"/items/11?lang={language}").select(".facts dt")}
    hit = page(site, f"/search?q={CODE.url}&lang={language}").select_one(".hit")
    assert hit is not None
    assert words(hit.select_one(".reason")) == reason
    assert [words(a) for a in hit.select(".meta > a")] == ["arxiv.org", f"{kind} github.com"], (
        "pages referred to are not"
    )


@pytest.mark.parametrize(
    ("language", "hint"),
    [
        ("en", "No item's own link leads to github.com; link:github.com also finds further links."),
        ("ja", "github.com を指す項目はありません。link:github.com なら添えられたリンクも探せます。"),
        ("zh", "没有条目本身指向 github.com；link:github.com 还会查找附带的链接。"),
    ],
)
def test_a_site_that_only_further_links_lead_to(site: TestClient, language: str, hint: str) -> None:
    shown = page(site, f"/search?q=site:github.com&lang={language}")
    assert hint in {words(aside) for aside in shown.select(".results > .aside")}


def test_issues_and_works_show_them(site: TestClient) -> None:
    meta = page(site, "/issues/2").select("#item-11 .meta a")
    assert [(words(a), a["href"]) for a in meta][1:] == [("code github.com", CODE.url)]
    work = page(site, f"/works/{CODE.key}")
    assert words(work.select_one(".opening .where")) == "3 items link to it"
    assert words(work.h1) == "mask/every_thing"
    assert [words(h2) for h2 in work.select(".work h2")] == ["Linked beside something else", "BibTeX"]
    assert [a["href"] for a in work.select(".hits .open")] == ["/items/11", "/items/22", "/items/33"]
    both = page(site, f"/works/{GALLERY.key}")
    assert [words(h2) for h2 in both.select(".work h2")][:2] == [
        "What was said, and when",
        "Linked beside something else",
    ]
    assert site.get("/works/nowhere.example", headers=PAGE).status_code == 404


def test_feeds_and_files_carry_them(site: TestClient, archive: Archive) -> None:
    feed = ElementTree.fromstring(site.get("/feed.xml", params={"q": CODE.url}).text)
    contents = [content.text or "" for content in feed.iter("{http://www.w3.org/2005/Atom}content")]
    assert any(
        f'<a href="{CODE.url}">{CODE.url}</a> · <a href="{GALLERY.url}">A gallery of &lt;masks&gt;</a>' in c
        for c in contents
    )
    out = BytesIO()
    export(archive, "markdown", out)
    assert out.getvalue().decode().count(f"[Code](<{CODE.url}>) · [A gallery of \\<masks\\>](<{GALLERY.url}>)") == 3


def test_assistants_see_them(archive: Archive) -> None:
    tools = Tools(archive, Settings(parse_draft=draft))
    found = tools.search_archive(CODE.url)
    assert (found.hits[0].further_links, found.hits[0].reason) == ([CODE.url, GALLERY.url], LINKS_TO_IT)
    assert tools.get_item(11)["further_links"][0]["kind"] == "code"
    assert tools.get_issue(number=2).items[5].further_links == [CODE.url, GALLERY.url]
    (checked,) = tools.check_draft(f"The program | {CODE.key}").items
    assert checked.covered_in == []
    assert re.fullmatch(r"issue 2, 2021-01-10, item 11, github:mask/every_thing", checked.linked_in[0])


@pytest.mark.parametrize("form", ["export", "api"])
def test_what_is_written_out_comes_back(archive: Archive, site: TestClient, tmp_path: Path, form: str) -> None:
    file = tmp_path / "items.jsonl"
    if form == "export":
        with file.open("wb") as out:
            export(archive, "jsonl", out)
    else:
        file.write_bytes(site.get("/api/v1/items.jsonl").content)
    with Archive(tmp_path / "copy", WordEncoder(), create=True) as copy:
        assert not ingest(copy, [str(file)]).failed
        refresh(copy)
        assert [one.links for one in copy.works([SHARED])[SHARED]] == [(CODE, GALLERY)] * 3
        assert len(copy.linking([CODE.key])[CODE.key]) == 3
        assert copy.verify() == []


def test_plain_records_may_name_addresses_alone(tmp_path: Path) -> None:
    record = {"title": "A kite", "url": "https://kite.example/1", "issue": 3, "date": "2021-02-03"}
    links = ["https://github.com/kite/frame", {"url": "https://youtu.be/kite"}, {"url": "mailto:a@b"}, 7, None]
    (tmp_path / "kites.jsonl").write_text(json.dumps({**record, "further_links": links}))
    with Archive(tmp_path / "kites", WordEncoder(), create=True) as kites:
        assert not ingest(kites, [str(tmp_path / "kites.jsonl")]).failed
        assert [(link.key, link.kind) for link in next(kites.all_items()).links] == [
            ("github:kite/frame", "code"),
            ("youtube.com/watch?v=kite", "video"),
        ]


def test_a_document_keeps_them_when_it_is_read_back(archive: Archive) -> None:
    held: Document = archive.document(archive.works([SHARED])[SHARED][0].issue_id)
    assert held.items[5].links == (CODE, GALLERY)


def test_the_command_line_prints_and_takes_them(tmp_path: Path) -> None:
    fill(tmp_path / "kept").close()
    place = ["--archive", str(tmp_path / "kept")]

    def said(*command: str) -> str:
        done = CliRunner().invoke(backissues.main, [*command, *place])
        assert done.exit_code == 0, done.output
        return done.output

    found = said("search", CODE.url)
    assert f"{LINKS_TO_IT} · also in Field notes 2" in found
    assert f"  https://arxiv.org/abs/2104.06601v2\n  {CODE.url}  code\n  {GALLERY.url}\n" in found
    assert said("related", CODE.url).startswith(f"A general segmenter\n{LINKS_TO_IT}\n\n")
    assert json.loads(said("related", CODE.url, "--json"))["further_link"] == CODE.key
    assert json.loads(said("search", "--json", "link:github.com"))["total"] == 1
