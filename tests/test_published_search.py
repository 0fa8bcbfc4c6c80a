"""Searching without a server: the browser's words are the server's, and its index finds what is in the archive."""

import json
import random
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.archive import Archive
from index.text import stem, tokens
from tests.conftest import ROOT
from tests.served import NAMES, document, fill
from web import keywords
from web.render import direction, host

SCRIPTS = ROOT / "web" / "static" / "published"
READ = """
import fs from "node:fs";
const given = JSON.parse(fs.readFileSync(0, "utf8"));
"""
ENDINGS = (
    "s es ies ied ed edly eed eedly ing ingly y ly li sses us ss ational tional enci anci abli entli izer "
    "ization ation ator alism aliti alli fulness ousli ousness iveness iviti biliti bli ogi ogist logi fulli "
    "lessli alize icate iciti ical ful ness ative ement ance ence able ible ment ant ent ism ate iti ous ive "
    "ize ion sion tion al er ic e ll le bb dd at bl iz"
)
EXCEPTIONS = (
    "skis skies idly gently ugly early only singly sky news howe atlas cosmos bias andes dying lying tying "
    "evening canning inning earring herring outing paste pasted pasting proceed exceed succeed adding egging "
    "offing yes yy ayy saying commune university organize later interest generate emergency arsenal by say"
)
ODD = (
    "GPT-3 and GPT3, gpt 3; 3.5 or 1,000 but 1,000,00",
    "AT&T's it's C++ C# c++x F# e.g. U.S.A node.js a-b-c-d-e-f-g x2y3z4w5 2.10.3 v1.2 10‐20",
    "Straße ẞ ΣΑΣ İstanbul ı naïve résumé Ångström ﬁne ｗｉｄｅ １２３",
    "画像の生成とディープラーニング", "单", "汉字 GPT-3 模型", "한국어 문장", "ภาษาไทย", "人工知能AI研究2021年",
    "x" * 200, "", "-- __ ''", "snake_case_name", "10,000.5%", "é" * 80,
)  # fmt: skip


def node(folder: Path, code: str, given: object) -> Any:
    """What a module prints as JSON, the published scripts beside it."""
    copied = folder / "static" / "0" / "published"
    shutil.copytree(SCRIPTS, copied, dirs_exist_ok=True)
    (copied / "package.json").write_text('{"type": "module"}')
    (copied / "run.js").write_text(READ + code)
    run = subprocess.run(
        ["node", str(copied / "run.js")], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def browser_tokens(folder: Path, texts: list[str]) -> list[list[str]]:
    code = 'import { tokens } from "./tokens.js";\nconsole.log(JSON.stringify(given.map(tokens)));'
    found: list[list[str]] = node(folder, code, texts)
    return found


def same(folder: Path, texts: list[str]) -> None:
    found = browser_tokens(folder, texts)
    different = [(text, here, tokens(text)) for text, here in zip(texts, found, strict=True) if here != tokens(text)]
    assert different == []


def test_odd_texts_have_the_same_words(tmp_path: Path) -> None:
    same(tmp_path, list(ODD))


def test_every_character_is_read_the_same(tmp_path: Path) -> None:
    """Alone and between letters; those that this Python's Unicode knows, the browser's may be newer."""
    known = [chr(c) for c in range(0x20, 0x30000) if unicodedata.category(chr(c)) not in {"Cn", "Cs"}]
    same(tmp_path, known + [f"a{c}b" for c in known if c < "\u3000"])


def test_the_sample_has_the_same_words(tmp_path: Path) -> None:
    lines = [line for path in (ROOT / "ingest" / "sample").glob("*.md") for line in path.read_text().splitlines()]
    assert len(lines) > 500
    same(tmp_path, lines)


def test_the_real_issues_have_the_same_words(tmp_path: Path, corpus: Path) -> None:
    lines = [line for path in corpus.rglob("*") if path.is_file() for line in path.read_text("utf-8").splitlines()]
    assert len(lines) > 1000
    same(tmp_path, lines)


def test_words_are_stemmed_alike(tmp_path: Path) -> None:
    """Made-up words with every ending of the algorithm, and its exceptions."""
    draw = random.Random(5)
    endings = ENDINGS.split()
    letters = "bcdfghjklmnpqrstvwxyzaeiouyaeiouyaeiouy"
    words = {
        "".join(draw.choices(letters, k=draw.randint(0, 5))) + "".join(draw.choices(endings, k=draw.randint(1, 2)))
        for _ in range(40_000)
    }
    words |= set(EXCEPTIONS.split())
    given = sorted(words)
    found = node(tmp_path, 'import { stem } from "./stem.js";\nconsole.log(JSON.stringify(given.map(stem)));', given)
    assert [(word, here) for word, here in zip(given, found, strict=True) if here != stem(word)] == []
    assert len(given) > 30_000


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("keywords")) as filled:
        yield filled


SEARCH = """
globalThis.fetch = async (url) => ({ ok: true, json: async () => JSON.parse(fs.readFileSync(url)) });
const { search } = await import("./search.js");
const items = JSON.parse(fs.readFileSync(new URL("../../../search/items.json", import.meta.url)));
const answers = [];
for (const [text, more] of given) answers.push((await search(text, more)).map((at) => items.title[at]));
console.log(JSON.stringify(answers));
"""


def searched(folder: Path, archive: Archive, *questions: tuple[str, list[list[str]]]) -> list[list[str]]:
    keywords.write(archive, folder / "search", host)
    found: list[list[str]] = node(folder, SEARCH, questions)
    return found


def test_the_index_finds_what_the_archive_holds(tmp_path: Path, archive: Archive) -> None:
    engine, inflected, nothing, empty = searched(
        tmp_path, archive, ("database storage engine", []), ("Engines of databases", []), ("qwzx", []), ("", [])
    )
    assert {title.rpartition(" ")[0] for title in engine} == {NAMES[4]}
    all_three = [i for i in archive.all_items() if {"database", "storage", "engine"} <= set((i.summary or "").split())]
    assert set(engine[: len(all_three)]) == {item.title for item in all_three}
    assert {title.rpartition(" ")[0] for title in inflected[:3]} == {NAMES[4]}
    assert nothing == empty == []


def test_operators_and_conditions(tmp_path: Path, archive: Archive) -> None:
    answers = searched(
        tmp_path,
        archive,
        ("issue:2 section:tools", []),
        ("", [["section", "Tools"], ["issue", "2"]]),
        ("database -issue:2", []),
        ("segmentation kind:paper", []),
        ("mask -tissue", []),
        ('"general segmenter"', []),
        ("after:2021-02", []),
        ("site:arxiv.org", []),
        ("from:2021-01-10 to:2021-01", []),
        ("issue:2-3", []),
        ("issue:2,3", []),
        ("newsletter:Nobody", []),
        ("-kind:article segmentation", []),
        ("issue:2 -section:Papers", []),
    )
    by_issue = [f"{NAMES[3]} 2", f"{NAMES[4]} 2"]
    assert answers[0] == answers[1] == by_issue
    assert all(title.startswith(NAMES[4]) for title in answers[2])
    assert set(answers[3]) == {"A general segmenter"}
    assert answers[4]
    assert all("tissue" not in (i.summary or "") for i in archive.all_items() if i.title in answers[4])
    assert answers[5] == ["A general segmenter"]
    assert len(answers[6]) == 6
    assert answers[9] == answers[10]
    assert len(answers[9]) == 11
    assert answers[11] == []
    assert answers[12] == answers[3]
    assert answers[13] == by_issue
    assert not [title for title in answers[2] if title.endswith(" 2")]
    assert answers[7] == ["A general segmenter"]
    assert {title.rpartition(" ")[2] for title in answers[8]} == {"2", "3", "4", "5", "segmenter"}


def test_words_are_spread_over_files_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "PER_FILE", 40)
    with fill(tmp_path / "archive") as archive:
        (spread,) = searched(tmp_path, archive, ("microscope tissue slide", []))
        files = list((tmp_path / "search" / "words").iterdir())
    assert len(files) > 5
    assert spread[0].startswith(NAMES[3])


def test_texts_end_with_whole_words(tmp_path: Path) -> None:
    issue = document(1)
    items = tuple(replace(item, summary="wanderers' lanterns " * 20) for item in issue.items)
    with fill(tmp_path / "archive", [replace(issue, items=items)]) as archive:
        keywords.write(archive, tmp_path / "search", host)
    texts = json.loads((tmp_path / "search" / "texts" / "0.json").read_text("utf-8"))
    assert len(texts) == len(items)
    for text in texts:
        assert text.rstrip(" …").endswith(("wanderers'", "lanterns"))


MARKED = """
globalThis.fetch = async (url) => ({ ok: true, json: async () => JSON.parse(fs.readFileSync(url)) });
const { marked, telling } = await import("./search.js");
const out = [];
for (const [text, question] of given) {
  out.push(marked(text, await telling(question)).map(([piece, hit]) => (hit ? `<${piece}>` : piece)).join(""));
}
console.log(JSON.stringify(out));
"""


def test_the_words_that_tell_are_marked(tmp_path: Path, archive: Archive) -> None:
    keywords.write(archive, tmp_path / "search", host)
    given = [
        ("Databases, and their engine.", "database engines"),
        ("On a database", "on databases"),
        ("No such word", "microscope"),
        ('The general "segmenter"', '"general segmenter"'),
    ]
    found = node(tmp_path, MARKED, given)
    assert found[0] == "<Databases>, and their <engine>."
    assert found[1] == "On a <database>", "a word that every item has tells nothing"
    assert found[2] == "No such word"
    assert found[3] == 'The <general> "<segmenter>"'


def test_a_title_runs_as_on_the_site(tmp_path: Path) -> None:
    texts = ["مدن تبرد نفسها", "«3» תרגום", "GAN بالعربية", "数据", "★ 2 / 3", "", "Ελλάδα", "한국어", "ไทย", "ހިޔާލު"]
    code = 'import { leftward } from "./search.js";\nconsole.log(JSON.stringify(given.map(leftward)));'
    assert node(tmp_path, code, texts) == [bool(direction(text)) for text in texts]


def test_characters_without_spaces_between_them_are_marked_in_pairs(tmp_path: Path) -> None:
    code = """
const { marked } = await import("./search.js");
console.log(JSON.stringify(marked("图像分割和😀图像", new Set(["图像", "像分"]))));
"""
    assert node(tmp_path, code, []) == [["图像分", True], ["割和😀", False], ["图像", True]]
