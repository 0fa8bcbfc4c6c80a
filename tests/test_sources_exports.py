"""Exports of the platforms, mailboxes and JSON Lines: which issues come out, and what is left aside and why."""

import datetime as dt
import gzip
import json
import random
import zipfile
from pathlib import Path

import orjson
import pytest

from index.archive import Archive
from index.types import Document, FurtherLink, Issue
from ingest.load import Failure, Options, ingest, parse_sources
from tests import exporters
from tests.conftest import WordEncoder
from tests.exporters import EXPORTS


def as_folder(path: Path, members: dict[str, str]) -> Path:
    for name, text in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def as_zip(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in members.items():
            file.writestr(name, text)
    return path


def read(path: Path, options: Options | None = None) -> tuple[list[Document], list[Failure]]:
    found = list(parse_sources([str(path)], options))
    documents = sorted(
        (one for one in found if isinstance(one, Document)), key=lambda one: one.issue.date or dt.date.max
    )
    return documents, [one for one in found if isinstance(one, Failure)]


def item_titles(document: Document) -> list[str]:
    return [item.title for item in document.items]


KEPT = {"medium": 2, "substack": 2, "ghost": 3, "buttondown": 2, "beehiiv": 2, "mailchimp": 2, "curated": 2}


@pytest.mark.parametrize("form", ["zip", "folder"])
@pytest.mark.parametrize("kind", sorted(EXPORTS))
def test_every_export_gives_its_published_issues(tmp_path: Path, kind: str, form: str) -> None:
    make = as_zip if form == "zip" else as_folder
    documents, failures = read(make(tmp_path / f"export.{form}", EXPORTS[kind]))
    assert [item_titles(document) for document in documents] == [
        exporters.titles(number) for number in range(1, KEPT[kind] + 1)
    ]
    assert [document.issue.date.month for document in documents if document.issue.date] == [2] * KEPT[kind]
    assert [failure for failure in failures if not failure.skipped] == []
    for document in documents:
        assert [item.section for item in document.items][:1] in (["Found this week"], [None])


@pytest.mark.parametrize("kind", sorted(EXPORTS))
def test_every_export_is_one_newsletter_however_often_it_comes(archive: Archive, tmp_path: Path, kind: str) -> None:
    path = as_zip(tmp_path / "export.zip", EXPORTS[kind])
    report = ingest(archive, [str(path)])
    assert report.count("new") == KEPT[kind]
    assert not report.failed
    again = ingest(archive, [str(path)])
    assert (again.count("new"), again.count("held")) == (0, KEPT[kind])
    unpacked = as_folder(tmp_path / "unpacked", EXPORTS[kind])
    assert ingest(archive, [str(unpacked)]).count("new") == 0
    assert len(archive.issues()) == KEPT[kind]
    assert archive.verify() == []


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "medium",
            [
                "3 pages of account data (profile, reading lists, sessions and so on) left aside",
                "a draft, never published",
                "a response to somebody's post, not a post",
            ],
        ),
        (
            "substack",
            [
                "a draft, never published",
                "a thread, not an issue",
                "data on readers left aside, unread (export/email_list.csv)",
                "the export lists 'The Paper Kite #4' but holds no text of it",
            ],
        ),
        ("ghost", ["a page of the site, not an issue", "not published (draft)"]),
        ("buttondown", ["not published (no publishing date)"]),
        ("beehiiv", ["not published (draft)", "the export lists 'The Paper Kite #3' but holds no text of it"]),
        (
            "mailchimp",
            ["a campaign that was never sent", "data on readers left aside, unread (88/77/subscribed_members.csv)"],
        ),
        (
            "curated",
            ["data on readers left aside, unread (data-export/subscribers.csv)", "not published (draft)"],
        ),
    ],
)
def test_what_is_left_aside_is_said(tmp_path: Path, kind: str, said: list[str]) -> None:
    _, failures = read(as_zip(tmp_path / "export.zip", EXPORTS[kind]))
    assert sorted(failure.reason for failure in failures) == said


def test_nothing_private_is_read(tmp_path: Path) -> None:
    for kind, members in EXPORTS.items():
        documents, failures = read(as_zip(tmp_path / f"{kind}.zip", members))
        assert "somebody@mail.example" not in repr(documents) + repr(failures)
        assert all("session" not in document.source for document in documents)


def damaged(body: bytes, chance: random.Random) -> bytes:
    """The bytes with a few places changed, cut out, doubled or filled with noise."""
    for _ in range(chance.randrange(1, 8)):
        place, size = chance.randrange(len(body) + 1), chance.randrange(1, 200)
        noise = [chance.randbytes(size % 30 + 1), b"", body[size : 2 * size]]
        body = body[:place] + chance.choice(noise) + body[place + chance.choice((0, size)) :]
    return body


def test_damaged_exports_are_reported_and_break_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    kept = 0
    for turn in range(140):
        members = {
            name: damaged(text.encode(), chance) if chance.random() < 0.5 else text.encode()
            for name, text in EXPORTS[sorted(EXPORTS)[turn % len(EXPORTS)]].items()
        }
        path = tmp_path / f"{turn}.zip"
        with zipfile.ZipFile(path, "w") as file:
            for name, body in members.items():
                file.writestr(name, body)
        if chance.random() < 0.2:
            path.write_bytes(damaged(path.read_bytes(), chance))
        documents, failures = read(path)
        kept += len(documents)
        unforeseen = [failure.reason for failure in failures if "Error: " in failure.reason]
        assert unforeseen == []
    assert kept > 140, "damage to one member leaves the others readable"


def test_medium_facts_come_from_its_footer(tmp_path: Path) -> None:
    documents, _ = read(as_zip(tmp_path / "export.zip", EXPORTS["medium"]))
    issue = documents[0].issue
    assert (issue.title, issue.number, issue.date) == ("The Paper Kite #1", 1, dt.date(2021, 2, 1))
    assert issue.url == "https://medium.com/@kite/the-paper-kite-1-d36447d724bc"
    assert "medium:d36447d724bc" in documents[0].aliases
    assert documents[0].source.endswith("export.zip!posts/2021-02-01_The-Paper-Kite--1-d36447d724bc.html")
    posts = as_folder(tmp_path / "unpacked", EXPORTS["medium"]) / "posts"
    alone, failures = read(posts)
    assert [document.issue for document in alone] == [document.issue for document in documents]
    assert "a draft, never published" in [failure.reason for failure in failures]


def test_a_folder_of_several_zips_is_read_whole(tmp_path: Path) -> None:
    posts = {name: text for name, text in EXPORTS["medium"].items() if name.startswith("posts/2021")}
    first, second = list(posts.items())[:2]
    (tmp_path / "zips").mkdir()
    as_zip(tmp_path / "zips" / "a.zip", dict([first]))
    as_zip(tmp_path / "zips" / "b.zip", dict([second]))
    documents, failures = read(tmp_path / "zips")
    assert [document.issue.number for document in documents] == [1, 2]
    assert failures == []


def test_substack_addresses_need_the_site(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "export.zip", EXPORTS["substack"])
    assert [document.issue.url for document in read(path)[0]] == [None, None]
    documents, _ = read(path, Options(site="https://kite.example/"))
    assert [document.issue.url for document in documents] == [
        "https://kite.example/p/kite-1",
        "https://kite.example/p/kite-2",
    ]
    assert documents[0].issue.title == "The Paper Kite & #1"
    assert all("subscribe" not in (item.url or "") for item in documents[0].items)


def test_ghost_names_its_newsletter_and_addresses(tmp_path: Path) -> None:
    documents, _ = read(as_zip(tmp_path / "export.zip", EXPORTS["ghost"]))
    assert {document.issue.newsletter for document in documents} == {"The Paper Kite"}
    assert [document.issue.url for document in documents] == [f"https://kite.example/kite-{n}" for n in (1, 2, 3)] or [
        document.issue.url for document in documents
    ] == [f"https://kite.example/kite-{n}/" for n in (1, 2, 3)]


def test_buttondown_tables_of_both_kinds(tmp_path: Path) -> None:
    for table in ("json", "csv"):
        documents, _ = read(as_zip(tmp_path / f"{table}.zip", exporters.buttondown(table)))
        assert [(one.issue.number, item_titles(one)) for one in documents] == [
            (1, exporters.titles(1)),
            (2, exporters.titles(2)),
        ]


def test_mailchimp_rows_find_their_pages(tmp_path: Path) -> None:
    documents, _ = read(as_zip(tmp_path / "export.zip", EXPORTS["mailchimp"]))
    assert [document.issue.title for document in documents] == ["The Paper Kite #1", "Owls, looms and clocks"]
    assert [document.issue.date for document in documents] == [dt.date(2021, 2, 1), dt.date(2021, 2, 8)]
    assert all("*|" not in repr(document) for document in documents)


def test_curated_items_keep_what_they_say(tmp_path: Path) -> None:
    documents, _ = read(as_zip(tmp_path / "export.zip", EXPORTS["curated"]))
    item = documents[0].items[0]
    assert (item.position, item.section, item.key) == (1, "Found this week", "arxiv:2101.01001")
    assert item.summary == "A microphone tells granite from slate."
    assert documents[0].issue.url == "https://kite.example/issues/1"
    assert item.links == ()


def test_curated_items_keep_the_links_of_their_descriptions(tmp_path: Path) -> None:
    name = "data-export/issues/published/1/1.json"
    issue = json.loads(EXPORTS["curated"][name])
    said = 'It hears granite; <a href="https://github.com/kite/stones?utm_source=x">code</a>, <a href="#a">note</a>'
    html, markdown = issue["categories"][0]["items"][1:3]
    html["description"] = f'<p>{said} and <a href="https://arxiv.org/pdf/2101.01001">the paper</a>.</p>'
    markdown |= {"description": None, "description_markdown": "After [an older one](https://loom.example/old)."}
    documents, _ = read(as_zip(tmp_path / "export.zip", {name: json.dumps(issue)}))
    first, second = documents[0].items[:2]
    assert first.links == (FurtherLink("https://github.com/kite/stones", "github:kite/stones", "code"),)
    assert second.links == (FurtherLink("https://loom.example/old", "loom.example/old", text="an older one"),)


def test_as_overrides_recognition_and_says_when_it_cannot_be(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "export.zip", EXPORTS["curated"])
    documents, failures = read(path, Options(kind="substack"))
    assert documents == []
    assert "is no substack export. Inside: data-export/issues/draft/3/3.json" in failures[0].reason
    page = tmp_path / "page.txt"
    page.write_text(exporters.body(1))
    assert [item_titles(one) for one in read(page, Options(kind="html"))[0]] == [exporters.titles(1)]


def test_the_table_of_an_export_means_the_export(tmp_path: Path) -> None:
    folder = as_folder(tmp_path / "substack", EXPORTS["substack"])
    documents, _ = read(folder / "export" / "posts.csv")
    assert [item_titles(one) for one in documents] == [exporters.titles(1), exporters.titles(2)]


def test_a_message_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "issue.eml"
    path.write_bytes(exporters.mail(1))
    (document,), failures = read(path)
    assert failures == []
    assert item_titles(document) == exporters.titles(1)
    assert document.issue == Issue(
        title="The Paper Kite #1",
        newsletter="The Paper Kite",
        number=1,
        date=dt.date(2021, 2, 1),
        year=2021,
        url="https://kite.example/issues/1",
        language="en",
    )
    assert "mail:issue-1@kite.example" in document.aliases
    assert "count.example" not in repr(document)


def test_a_mailbox_keeps_issues_and_leaves_replies(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "kites.mbox"
    reply = exporters.mail(1, subject="Re: The Paper Kite #1")
    path.write_bytes(exporters.mbox(exporters.mail(1), reply, exporters.mail(2), exporters.mail(2)))
    report = ingest(archive, [str(path)])
    assert sorted(issue.number or 0 for issue in archive.issues()) == [1, 2]
    assert [row.reason for row in report.rows if row.status == "skipped"] == [
        "a reply or forwarded message (Re: The Paper Kite #1)"
    ]
    assert not report.failed
    zipped = tmp_path / "takeout.zip"
    with zipfile.ZipFile(zipped, "w") as file:
        file.write(path, "Mail/kites.mbox")
    again = ingest(archive, [str(zipped)])
    assert (again.count("new"), again.count("duplicate"), again.failed) == (0, 3, False)
    (tmp_path / "mail").write_bytes(exporters.mail(1))
    assert ingest(archive, [str(tmp_path / "mail")]).count("new") == 0, "recognised without an ending, and as the same"


def test_odd_mail_is_read_or_named(tmp_path: Path) -> None:
    plain = tmp_path / "plain.eml"
    plain.write_bytes(exporters.mail(2, html=False))
    (document,), _ = read(plain)
    assert {item.key for item in document.items} >= {"arxiv:2102.02002", "owls.example/count"}
    wrong = tmp_path / "wrong.eml"
    wrong.write_bytes(exporters.mail(3).replace(b"charset=utf-8", b"charset=x-unheard-of"))
    assert [item_titles(one) for one in read(wrong)[0]] == [exporters.titles(3)]
    empty = tmp_path / "empty.eml"
    empty.write_bytes(exporters.mail(1).partition(b"\n\n")[0] + b"\n\n")
    assert [failure.reason for failure in read(empty)[1]] == ["The message has no readable text."]
    nothing = tmp_path / "nothing.mbox"
    nothing.write_bytes(b"")
    assert [failure.reason for failure in read(nothing)[1]] == ["The mailbox holds no message."]


def test_mail_with_parts_takes_the_html(tmp_path: Path) -> None:
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["Subject"] = "The Paper Kite <kite@kite.example>", "The Paper Kite #2 – wörds"
    message["Date"], message["Message-ID"] = "Mon, 08 Feb 2021 09:00:00 +0000", "<x@kite.example>"
    message.set_content("Only for old readers: https://old.example/reader")
    message.add_alternative(exporters.body(2), subtype="html")
    message.add_attachment(b"\x00\x01", maintype="image", subtype="png", filename="kite.png")
    path = tmp_path / "issue.eml"
    path.write_bytes(bytes(message))
    (document,), _ = read(path)
    assert item_titles(document) == exporters.titles(2)
    assert document.issue.title == "The Paper Kite #2 – wörds"


def records() -> list[dict[str, object]]:
    """Items as the API gives them, one object an item, the issues mixed."""
    rows: list[dict[str, object]] = []
    for position in range(3):
        for number in (1, 2):
            name, url, text = exporters.ENTRIES[number][position]
            issue = {"id": number, "title": exporters.title(number), "number": number, "date": f"2021-02-0{number}"}
            rows.append({"title": name, "url": url, "summary": text, "position": position + 1, "issue": issue})
    return rows


def lines(*rows: object) -> bytes:
    return b"\n".join(orjson.dumps(row) for row in rows) + b"\n"


@pytest.mark.parametrize("packed", [False, True])
def test_items_one_a_line_are_gathered_by_issue(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("items.jsonl.gz" if packed else "items.jsonl")
    path.write_bytes(gzip.compress(lines(*records())) if packed else lines(*records()))
    documents, failures = read(path)
    assert failures == []
    assert [(one.issue.number, item_titles(one)) for one in documents] == [
        (1, exporters.titles(1)),
        (2, exporters.titles(2)),
    ]
    assert documents[0].items[0].key == "arxiv:2101.01001"
    assert documents[0].items[0].kind == "paper"


def test_flat_records_are_enough(tmp_path: Path) -> None:
    rows = [
        {"title": name, "url": url, "description": text, "section": "Found", "issue": 3, "date": "2021-02-03"}
        for name, url, text in exporters.ENTRIES[3]
    ]
    path = tmp_path / "flat.ndjson"
    path.write_bytes(lines(*rows))
    (document,), _ = read(path)
    assert (document.issue.number, document.issue.date) == (3, dt.date(2021, 2, 3))
    assert [(item.section, item.summary) for item in document.items] == [
        ("Found", text) for _, _, text in exporters.ENTRIES[3]
    ]


def test_broken_lines_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(lines(*records()[:2]) + b'{"title": "half\n' + lines([1, 2], {"name": "x"}, *records()[2:]))
    documents, failures = read(path)
    assert [item_titles(one) for one in documents] == [exporters.titles(1), exporters.titles(2)]
    assert [failure.source.rpartition(":")[2] for failure in failures] == ["3", "4", "5"]
    assert "no valid JSON" in failures[0].reason
    assert 'neither an issue with "items" nor an item with a "title"' in failures[2].reason
    path.write_bytes(b"")
    assert [failure.reason for failure in read(path)[1]] == ["The file holds no items."]


def test_an_export_of_ours_restores_ids_and_papers(archive: Archive, tmp_path: Path, encoder: WordEncoder) -> None:
    issue = {"id": 70, "newsletter": "The Paper Kite", "title": exporters.title(1), "number": 1, "date": "2021-02-01"}
    items = [
        {"id": 500 + index, "position": index + 1, "title": name, "url": url, "summary": text, "kind": "paper"}
        for index, (name, url, text) in enumerate(exporters.ENTRIES[1])
    ]
    paper: dict[str, object] = {
        "key": "arxiv:2101.01001",
        "title": "Lithoacoustics",
        "abstract": "Stones.",
        "authors": ["Ada Stone"],
    }
    paper |= {"categories": ["cs.SD"], "published": "2021-01-05", "updated": None, "doi": None}
    whole = {"issue": issue, "items": items, "unassigned": ["https://x.example/"], "aliases": ["mail:1@kite.example"]}
    whole |= {"source": "https://kite.example/1", "content_hash": "abc", "papers": [paper]}
    path = tmp_path / "export.jsonl"
    path.write_bytes(lines(whole))
    report = ingest(archive, [str(path)])
    assert report.count("new") == 1
    assert encoder.encoded == report.embedded == 3, "the paper is there before its item is embedded"
    assert [item.id for item in archive.issue_items(70)] == [500, 501, 502]
    assert archive.unassigned(70) == ["https://x.example/"]
    assert archive.find_issue(["mail:1@kite.example"]) == 70
    known = archive.papers(["arxiv:2101.01001"])["arxiv:2101.01001"]
    assert (known.title, known.authors, known.published) == ("Lithoacoustics", ("Ada Stone",), dt.date(2021, 1, 5))
