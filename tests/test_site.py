"""The site's pages: what they show, in which order, and what they never let through."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from index.archive import Archive
from tests.conftest import WordEncoder
from tests.reading import HTMX, PAGE, one, opened, soup
from tests.served import NAMES, SHARED, client, document, documents, draft, fill
from web.settings import Settings

PAGES = (
    "/",
    "/search",
    "/search?q=speech+audio",
    "/search?q=xylophone+zeppelin",
    "/search?section=Tools",
    "/items/1",
    f"/works/{SHARED}",
    "/issues",
    "/issues?year=2021",
    "/issues/2",
    "/topics",
    "/about",
    "/docs",
    "/check",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("site")) as filled:
        yield filled


@pytest.fixture(scope="module")
def site(archive: Archive) -> Iterator[TestClient]:
    with client(archive) as ready:
        yield ready


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_closed_to_others_and_has_one_heading(site: TestClient, path: str) -> None:
    response = site.get(path, headers=PAGE)
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert {"HX-Request", "Accept-Language", "Cookie"} <= set(re.split(r",\s*", response.headers["vary"]))
    page = BeautifulSoup(response.text, "lxml")
    assert one(page, "html")["lang"] == "en"
    assert one(page, "title").get_text(strip=True)
    assert len(page.select("h1")) == 1
    assert not page.select("[style], style, [onclick], base, iframe")
    for script in page.select("script"):
        assert script.get("src") or script["type"] == "application/ld+json"
    for element in page.select("script[src], link[rel=stylesheet], link[rel=icon], img"):
        assert str(element.get("src") or element.get("href")).startswith("/static/")
    for field in page.select("input:not([type=hidden]), textarea"):
        assert page.select(f'label[for="{field["id"]}"]')
    ids = [element["id"] for element in page.select("[id]")]
    assert len(ids) == len(set(ids))


def test_every_link_inside_the_site_leads_somewhere(site: TestClient) -> None:
    todo, seen, broken = ["/"], {"/"}, []
    while todo:
        path = todo.pop()
        response = site.get(path, headers=PAGE)
        if response.status_code != 200:
            broken.append((path, response.status_code))
            continue
        if not response.headers["content-type"].startswith("text/html"):
            continue
        page = BeautifulSoup(response.text, "lxml")
        anchors = {element["id"] for element in page.select("[id]")}
        for link in page.select("a[href], link[href], script[src]"):
            href = str(link.get("href") or link.get("src"))
            if href.startswith("#"):
                assert href[1:] in anchors, f"{path} has no {href}"
            target = urlsplit(href)
            inside = href.startswith("/") and not href.startswith("//")
            # Toggled facets have no end of combinations; one step into them is enough.
            deep = path.startswith("/search") and target.path == "/search"
            if inside and not deep and (plain := href.partition("#")[0]) not in seen:
                seen.add(plain)
                todo.append(plain)
    assert broken == []
    assert {"/items/1", "/issues/1", "/topics", "/docs", "/feed.xml", "/openapi.json"} <= seen
    assert len(seen) > 60


def test_an_item_shows_its_link_its_issue_its_neighbours_and_both_directions(
    site: TestClient, archive: Archive
) -> None:
    item = archive.issue_items(3)[1]
    page = soup(site, f"/items/{item.id}")
    assert one(page, "h1").get_text() == item.title
    assert one(page, ".original a")["href"] == item.url
    assert one(page, ".original a")["rel"] == ["noopener"]
    earlier = [str(time["datetime"]) for time in page.select('[aria-labelledby="earlier"] time')]
    later = [str(time["datetime"]) for time in page.select('[aria-labelledby="later"] time')]
    assert earlier
    assert later
    assert max(earlier) < "2021-01-17" < min(later)
    assert one(page, ".neighbours [aria-current]").get_text() == item.title
    assert {str(link["rel"][0]) for link in page.select(".neighbours a[rel]")} == {"prev", "next"}
    described = json.loads(one(page, 'script[type="application/ld+json"]').get_text())
    assert described["headline"] == item.title
    assert described["isPartOf"]["issueNumber"] == 3
    assert one(page, 'link[rel="canonical"]')["href"] == f"http://archive.example/items/{item.id}"


def test_a_work_tells_its_life_in_order(site: TestClient) -> None:
    page = soup(site, f"/works/{SHARED}")
    assert [link.get_text() for link in page.select(".hits .where a")] == ["№ 2", "№ 4", "№ 6"]
    assert one(page, "h1").get_text() == "Segment & count {everything}"
    assert "Ana Núñez" in one(page, ".subtitle").get_text()
    assert one(page, "#bibtex").get_text().startswith("@misc{")
    assert len(page.select(".shelf i")) == 3


def test_an_issue_reads_as_it_was(site: TestClient) -> None:
    page = soup(site, "/issues/2")
    assert [heading.get_text() for heading in page.select(".part > h2")] == ["Papers", "Tools", "Papers"]
    assert [link.get_text() for link in page.select(".entries .open")] == [
        *(f"{name} 2" for name in NAMES),
        "A general segmenter",
    ]
    assert one(page, '.turn [rel="prev"]')["href"] == "/issues/1"
    assert one(page, '.turn [rel="next"]')["href"] == "/issues/3"
    assert not soup(site, "/issues/1").select('.turn [rel="prev"]')
    assert not soup(site, "/issues/6").select('.turn [rel="next"]')


def test_what_stands_alone_has_no_empty_frames_around_it(tmp_path: Path) -> None:
    only = document(1)
    with fill(tmp_path, [replace(only, items=only.items[:1])]) as archive, client(archive) as site:
        assert not soup(site, "/issues/1").select(".turn, .shelf")
        assert not soup(site, "/items/1").select(".neighbours, .shelf")
        assert not soup(site, "/topics").select("#map, .topics li")
        ways = soup(site, "/search?q=robots&section=Nothing").select(".nothing a")
        assert [way["href"] for way in ways] == ["/search?q=robots", "/issues"], "there are no topics to wander through"
        assert "1 item" in one(soup(site, "/"), "h1").get_text()


def test_all_issues_newest_first_with_what_is_in_them(site: TestClient) -> None:
    page = soup(site, "/issues")
    assert opened(page) == [f"Field notes {number}" for number in range(6, 0, -1)]
    assert page.select(".said")[0].get_text() == f"{NAMES[0]} 6"


def test_topics_hold_items_newest_first(site: TestClient, archive: Archive) -> None:
    page = soup(site, "/topics")
    dots = page.select("#map .dots a")
    assert {str(dot["href"]) for dot in dots} <= {f"/items/{id_}" for id_ in archive.item_ids()}
    assert all(dot["tabindex"] == "-1" for dot in dots)
    titles = site.get("/topics/titles.json").json()
    assert set(titles) == {str(dot["href"]).rpartition("/")[2] for dot in dots}
    for link in page.select(".topics .open"):
        topic = soup(site, str(link["href"]))
        days = [str(time["datetime"]) for time in topic.select(".hit time")]
        assert days
        assert days == sorted(days, reverse=True)


def test_a_draft_is_compared_and_not_kept(site: TestClient, archive: Archive) -> None:
    generation = archive.generation
    answer = site.post("/check", data={"draft": f"Segments again | {SHARED}\nNever seen | nowhere.example/x"})
    page = BeautifulSoup(answer.text, "lxml")
    first, second = page.select(".entries > li")
    assert [link.get_text(strip=True) for link in first.select(".covered a")] == ["№ 2", "№ 4", "№ 6"]
    assert not second.select(".covered")
    assert archive.generation == generation
    nothing = BeautifulSoup(site.post("/check", data={"draft": "no draft"}).text, "lxml")
    assert one(nothing, "#checked").get_text().startswith("0 items")
    assert "known by its link" in one(nothing, "#checked + p").get_text()


def test_the_reference_tells_limits_defaults_what_is_sent_and_what_comes_back(site: TestClient) -> None:
    page = soup(site, "/docs")
    rows = {
        one(section, "h2").get_text(): {
            one(row, "dt").get_text(): one(row, "dd").get_text(" ", strip=True) for row in section.select("dl > div")
        }
        for section in page.select("section[aria-labelledby^=operation]")
    }
    asked = rows["GET /api/v1/search"]
    assert asked["limit"].startswith("integer, 1 to 100, default 20 ")
    assert asked["mode"].startswith("hybrid | semantic | keyword, default hybrid ")
    assert asked["q"].startswith("string, at most 4000 characters ")
    assert asked["200"] == "SearchOut"
    assert rows["POST /api/v1/search"]["queries"].startswith("in the body: list of SearchQuery or string, at most 50 ")
    assert rows["POST /api/v1/check"]["text"].startswith("in the body: string")
    assert "200" not in rows["GET /api/v1/items.csv"], "no record, but rows"
    for link in page.select("section dd a"):
        assert one(page, str(link["href"])).name == "details"


def test_without_a_parser_drafts_are_not_offered(archive: Archive) -> None:
    with client(archive, Settings()) as site:
        assert site.get("/check", headers=PAGE).status_code == 404
        assert "/check" not in site.get("/about", headers=PAGE).text


@pytest.mark.parametrize("path", ["/nowhere", "/items/99999", "/issues/99999", "/works/nothing", "/topics/99999"])
def test_what_is_not_there_is_said_on_a_page_that_helps(site: TestClient, path: str) -> None:
    response = site.get(path, headers=PAGE)
    page = BeautifulSoup(response.text, "lxml")
    assert response.status_code == 404
    assert one(page, "h1").get_text() == "Nothing stands at this address"
    assert page.select('.ways a[href="/issues"]')
    assert str(one(page, 'meta[name="robots"]')["content"]).startswith("noindex")
    fragment = site.get(path, headers=HTMX)
    assert fragment.status_code == 404
    assert "<html" not in fragment.text
    assert "Nothing stands at this address" in fragment.text


@pytest.mark.parametrize(("language", "said"), [("en", "Wait a moment"), ("zh", "请稍等片刻")])
def test_whoever_asks_too_often_is_told_to_wait_in_their_own_language(
    archive: Archive, language: str, said: str
) -> None:
    with client(archive, Settings(rate_limit="1/minute")) as site:
        site.get("/about", headers=PAGE)
        answer = site.get("/about", headers={**PAGE, "Accept-Language": language})
    assert answer.status_code == 429
    page = BeautifulSoup(answer.text, "lxml")
    assert one(page, ".lede").get_text().startswith(said)
    assert "per 1 minute" not in answer.text


def test_every_example_on_the_about_page_finds_something_here(site: TestClient) -> None:
    examples = soup(site, "/about").select(".grammar dt a")
    told = {example.get_text().partition(":")[0] for example in examples}
    assert told >= {"site", "kind", "section", "issue", "author", "year", "https"}
    assert "lang" not in told, "all items are in one language"
    for example in examples:
        page = soup(site, str(example["href"]))
        assert opened(page), example.get_text()
        assert "match" in one(page, "h1.count").get_text(), example.get_text()


def test_an_error_says_nothing_that_its_reader_cannot_use(site: TestClient) -> None:
    told = BeautifulSoup(site.get("/items/99999", headers=PAGE).text, "lxml")
    assert one(told, ".lede")["lang"] == "en"
    for path, language in (("/items/99999", "ja"), ("/items/abc", "en"), ("/items/abc", "zh")):
        page = BeautifulSoup(site.get(path, headers={**PAGE, "Accept-Language": language}).text, "lxml")
        assert not page.select(".lede"), (path, language)
        assert page.select(".ways a")


def test_an_empty_archive_says_how_to_fill_it(tmp_path: Path) -> None:
    with Archive(tmp_path, WordEncoder(), create=True) as empty, client(empty) as site:
        assert "backissues ingest" in one(soup(site, "/"), "main").get_text()
        for path in (
            "/search?q=anything",
            "/search",
            "/issues",
            "/topics",
            "/about",
            "/sitemap.xml",
            "/opensearch.xml",
        ):
            assert site.get(path, headers=PAGE).status_code == 200, path


def test_a_broken_archive_and_a_broken_page_are_said_on_a_page(tmp_path: Path) -> None:
    from web.app import create_app

    archive = fill(tmp_path)
    app = create_app(archive, Settings())
    app.add_api_route("/broken", lambda: 1 // 0)
    with TestClient(app, raise_server_exceptions=False) as site:
        answer = site.get("/broken", headers=PAGE)
        assert answer.status_code == 500
        assert one(BeautifulSoup(answer.text, "lxml"), "h1").get_text() == "Something broke on our side"
        archive.close()
        for path in ("/", "/items/1", "/search?q=robot"):
            answer = site.get(path, headers=PAGE)
            assert answer.status_code == 503
            assert one(BeautifulSoup(answer.text, "lxml"), "h1").get_text() == "The archive cannot answer right now"
            assert str(tmp_path) not in answer.text
            assert "script-src 'self';" in answer.headers["content-security-policy"]


HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}</title>'


def test_hostile_texts_and_links_stay_texts(tmp_path: Path) -> None:
    plain = document(1)
    bad = replace(
        plain.items[0],
        title=HOSTILE,
        subtitle=HOSTILE,
        summary=HOSTILE,
        section=HOSTILE,
        note=HOSTILE,
        url="javascript:alert(1)",
        image="javascript:alert(2)",
        key="x.example/a?b=</script>&c",
    )
    evil = replace(
        plain, issue=replace(plain.issue, title=HOSTILE, url="data:text/html,x"), items=(bad, *plain.items[1:])
    )
    with (
        fill(tmp_path, [evil, *documents()[1:]], papers=False) as archive,
        client(archive, Settings(parse_draft=draft, pictures=True)) as site,
    ):
        item = archive.issue_items(1)[0]
        home = soup(site, "/")
        work = next(str(a["href"]) for a in soup(site, f"/items/{item.id}").select(".facts a") if "/works/" in str(a))
        for path in ("/search?q=script+alert", f"/items/{item.id}", "/issues/1", "/issues", work, "/about"):
            page = soup(site, path)
            assert len(page.select("script:not([type='application/ld+json'])")) == len(home.select("script"))
            assert "49" not in one(page, "title").get_text()
            assert not page.select('a[href^="javascript:"], a[href^="data:"], img[src^="javascript:"]')
        assert one(soup(site, f"/items/{item.id}"), "h1").get_text() == HOSTILE


def test_pictures_are_loaded_only_where_the_host_chose_so(tmp_path: Path) -> None:
    pictured = [
        replace(doc, items=tuple(replace(item, image="https://pictures.example/a.png") for item in doc.items))
        for doc in documents()
    ]
    with fill(tmp_path, pictured) as archive:
        with client(archive, Settings()) as site:
            page = site.get("/search?q=robot", headers=PAGE)
            assert "pictures.example" not in page.text
            assert "https:" not in page.headers["content-security-policy"]
        with client(archive, Settings(pictures=True)) as site:
            page = site.get("/search?q=robot", headers=PAGE)
            assert "img-src 'self' data: https:" in page.headers["content-security-policy"]
            image = BeautifulSoup(page.text, "lxml").select(".hit img")[0]
            assert (image["loading"], image["width"], image["height"]) == ("lazy", "320", "200")
            assert image["referrerpolicy"] == "no-referrer"


def test_programs_find_what_they_ask_a_site_for(site: TestClient, archive: Archive) -> None:
    search = BeautifulSoup(site.get("/opensearch.xml").text, "xml")
    templates = {str(url["type"]): str(url["template"]) for url in search.select("Url")}
    assert templates["text/html"] == "http://archive.example/search?q={searchTerms}"
    places = [loc.get_text() for loc in BeautifulSoup(site.get("/sitemap.xml").text, "xml").select("loc")]
    assert {urlsplit(place).path for place in places} >= {f"/items/{id_}" for id_ in archive.item_ids()}
    assert all(site.get(urlsplit(place).path, headers=PAGE).status_code == 200 for place in places[:12])
    assert "Sitemap: http://archive.example/sitemap.xml" in site.get("/robots.txt").text
    head = one(soup(site, "/"), "head")
    assert one(head, 'link[rel="search"]')["href"] == "/opensearch.xml"
    assert one(head, 'meta[property="og:title"]')["content"] == "Field notes"


def test_static_files_are_kept_for_a_year_under_their_digest_only(site: TestClient) -> None:
    sheet = str(one(soup(site, "/"), 'link[rel="stylesheet"]')["href"])
    assert site.get(sheet).headers["cache-control"] == "public, max-age=31536000, immutable"
    older = site.get(re.sub(r"/static/[0-9a-f]+/", "/static/000000000000/", sheet))
    assert older.status_code == 200
    assert older.headers["cache-control"] == "no-cache"
    assert site.get("/static/../app.py").status_code == 404


def test_reading_never_changes_the_archive(site: TestClient, archive: Archive) -> None:
    before = archive.generation
    for path in PAGES:
        site.get(path, headers=PAGE)
    assert archive.generation == before
