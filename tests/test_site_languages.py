"""The interface in its languages: every message translated, the right one chosen, values put where they belong."""

import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from index.archive import Archive
from index.types import Issue
from search.query import understand
from tests.served import client, fill
from web import i18n, messages, wording
from web.render import environment

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    archive: Archive
    with fill(tmp_path_factory.mktemp("languages")) as archive, client(archive) as ready:
        yield ready


@pytest.mark.parametrize("code", messages.TRANSLATED)
def test_every_message_is_translated_with_its_values(code: str) -> None:
    wanted = {message.id: message for message in messages.extract() if message.id}
    known = {message.id: message for message in messages.read(code) if message.id}
    assert set(known) == set(wanted), "run `python -m web.messages`, then translate what is new"
    assert len(wanted) > 150
    for message in known.values():
        assert not message.fuzzy
        texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        source = message.id[-1] if isinstance(message.id, tuple | list) else message.id
        for text in map(str, texts):
            assert text.strip(), f"{source!r} is not translated"
            assert set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", source)), source


def test_no_words_stand_in_the_templates_outside_messages() -> None:
    """Text between tags of a template is inside `_()`, or it is no language's (a key's name, a mark)."""
    allowed = {
        "№",
        "/",
        "↓",
        "↑",
        "Enter",
        "Esc",
        "?",
        "BibTeX",
        "DOI",
        "OpenAPI",
        "website",
        "article",
        'lang="',
        "+",
        "−",
        "◻",
        "…",
        ",",
        ":",
        "·",
    }
    for path in sorted((i18n.LOCALES.parent / "templates").glob("*.html")):
        text = re.sub(r"<pre.*?</pre>", "", path.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
        words = BeautifulSoup(text, "lxml").get_text(" ").split()
        assert {word for word in words if word not in allowed and re.search(r"\w{2}", word)} == set(), path.name


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "code"),
    [
        (None, None, None, "en"),
        (None, None, "ja,en;q=0.8", "ja"),
        (None, None, "fr, zh-TW;q=0.7, en;q=0.5", "zh"),
        (None, None, "en-GB;q=0.4, ja-JP;q=0.9", "ja"),
        (None, None, "zh;q=0, en", "en"),
        (None, None, "de, fr", "en"),
        (None, None, ";;q=x,,ja;q=1;q=2", "en"),
        (None, "zh", "ja", "zh"),
        ("ja", "zh", "en", "ja"),
        ("tlh", "xx", "ja", "ja"),
    ],
)
def test_the_language_is_the_one_asked_for(
    asked: str | None, cookie: str | None, accepted: str | None, code: str
) -> None:
    assert i18n.choose(asked, cookie, accepted).code == code


@pytest.mark.parametrize(("code", "count"), [("en", "5 items"), ("ja", "5件"), ("zh", "5 条")])
def test_a_page_is_wholly_in_the_language(site: TestClient, code: str, count: str) -> None:
    response = site.get("/issues/1", headers={**PAGE, "Accept-Language": code})
    page = BeautifulSoup(response.text, "lxml")
    html = page.select_one("html")
    assert html is not None
    assert html["lang"] == code
    assert response.headers["content-language"] == code
    assert count in page.select(".opening .meta")[0].get_text()
    assert page.select(".entries > li")[0]["lang"] == "en", "the newsletter's own words keep their language"


def test_the_switch_remembers_and_goes_back_to_this_site_only(site: TestClient) -> None:
    def switch(**form: str) -> tuple[int, str, str]:
        answer = site.post("/preferences", data=form, follow_redirects=False)
        site.cookies.clear()
        return answer.status_code, answer.headers["location"], answer.headers.get("set-cookie", "")

    assert switch(next="/search?q=a&lang=zh&kind=paper", lang="ja")[:2] == (303, "/search?q=a&kind=paper")
    cookie = switch(next="/", lang="ja")[2]
    assert cookie.startswith("lang=ja;")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert switch(next="/", lang="klingon")[2] == ""
    assert switch(next="/", scheme="dark")[2].startswith("scheme=dark;")
    assert "Max-Age=0" in switch(next="/", scheme="system")[2]
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "evil", "javascript:alert(1)"):
        assert switch(next=elsewhere, lang="ja")[1] == "/", elsewhere


def test_a_chosen_scheme_is_in_the_page_and_a_chosen_language_too(site: TestClient) -> None:
    page = site.get("/", headers={**PAGE, "Cookie": "scheme=dark; lang=zh"}).text
    assert page.lstrip().startswith('<!doctype html>\n<html lang="zh" data-scheme="dark">')


@pytest.mark.parametrize(
    "query",
    [
        'a "b',
        "colour:red thing",
        "-section:!! robots",
        "issue:many robots",
        "year:x robots",
        "issue:1-9999 robots",
        "after:yesterday robots",
    ],
)
@pytest.mark.parametrize("code", messages.TRANSLATED)
def test_hints_of_the_query_language_are_translated(query: str, code: str) -> None:
    hints = understand(query).hints
    assert hints
    language = i18n.language(code)
    for hint in hints:
        said = wording.say(hint, language)
        assert said != hint
        assert "%(" not in said
        assert wording.say(hint, i18n.language("en")) == hint


def test_reasons_are_translated_with_their_names() -> None:
    said = wording.say("Both speak of GPT-3, 100% recall", i18n.language("ja"))
    assert said == "どちらも GPT-3, 100% recall を扱う"
    assert wording.say("Something nobody foresaw", i18n.language("ja")) == "Something nobody foresaw"


@pytest.mark.parametrize(("code", "said"), [("en", "Week 43, 2020"), ("ja", "2020年第43週"), ("zh", "2020 年第 43 周")])
def test_a_week_and_its_year_stand_in_the_order_of_the_language(code: str, said: str) -> None:
    language = i18n.language(code)
    template = '{% from "macros.html" import issue_name with context %}{{ issue_name(issue, true) }}'
    shown = (
        environment()
        .from_string(template)
        .render(issue=Issue("A week's papers", year=2020, week=43), _=language.text, l10n=language)
    )
    assert shown == said
