"""The search page: one address, two renderings, and every way of narrowing as a plain link."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from index.archive import Archive
from tests.reading import HTMX, PAGE, one, opened, soup
from tests.served import NAMES, client, document, fill


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("site")) as filled:
        yield filled


@pytest.fixture(scope="module")
def site(archive: Archive) -> Iterator[TestClient]:
    with client(archive) as ready:
        yield ready


@pytest.mark.parametrize("path", ["/", "/search?q=speech+audio", "/search", "/search?q=xylophone+zeppelin&kind=paper"])
def test_the_fragment_is_what_the_page_includes(site: TestClient, path: str) -> None:
    whole = soup(site, path)
    fragment = site.get(path, headers=HTMX).text
    assert "<html" not in fragment
    assert fragment.lstrip().startswith("<title>")
    inside = re.sub(r"<title>.*?</title>", "", fragment, count=1, flags=re.DOTALL)
    assert BeautifulSoup(inside, "lxml").get_text(" ", strip=True) == one(whole, "main").get_text(" ", strip=True)


def test_a_history_restore_gets_the_whole_page(site: TestClient) -> None:
    restored = site.get("/search?q=speech", headers={**HTMX, "HX-History-Restore-Request": "true"}).text
    assert "<html" in restored
    assert restored == site.get("/search?q=speech", headers=PAGE).text


def test_search_shows_the_best_first_with_its_place_and_its_words_marked(site: TestClient) -> None:
    page = soup(site, "/search?q=speech+phoneme+waveform")
    assert opened(page)[0].startswith(NAMES[1])
    first = page.select(".hit")[0]
    issue = opened(page)[0].rpartition(" ")[2]
    assert one(first, ".where a").get_text(strip=True) == f"№ {issue}"
    assert str(one(first, ".where time")["datetime"]).startswith("2021-")
    assert {mark.get_text().lower() for mark in first.select("mark")} <= {"speech", "phoneme", "waveform"}
    assert first.select(".said mark")
    assert one(first, ".open")["lang"] == "en"
    assert one(page, "input#q")["value"] == "speech phoneme waveform"


def test_hits_of_one_work_are_shown_once_with_the_other_issues(site: TestClient) -> None:
    page = soup(site, "/search?q=general+segmenter+mask")
    assert opened(page).count("A general segmenter") == 1
    hit = next(hit for hit in page.select(".hit") if "A general segmenter" in hit.get_text())
    assert len(hit.select(".also a")) == 2


def test_a_pasted_link_shows_its_work_first_and_what_is_like_it_under_a_heading_of_its_own(
    site: TestClient, archive: Archive
) -> None:
    item = next(one for one in archive.all_items() if one.title.startswith(NAMES[1]) and one.url)
    asked = f"/search?q={quote(item.url or '')}"
    page = soup(site, asked)
    rows = [(row.get("class") or [""])[0] for row in page.select(".columns > .hits > li")]
    assert rows[:3] == ["hit", "band", "hit"], "the work itself stands under no heading"
    assert opened(page)[0] == item.title
    assert [band.get_text(strip=True) for band in page.select(".band")] == ["What is like it"]
    assert all("weak" not in hit["class"] for hit in page.select(".columns > .hits > .hit"))
    assert soup(site, f"{asked}&sort=newest").select(".band") == []


def test_the_count_tells_matches_from_weaker_ones(site: TestClient) -> None:
    page = soup(site, "/search?q=speech+audio")
    weak = len(page.select(".hit.weak"))
    close = len(page.select(".hit")) - weak
    assert close > 1 < weak
    assert one(page, "h1.count").get_text(strip=True) == f"{close} matches, {weak} weaker"
    assert one(page, ".weaker summary .n").get_text() == str(weak)
    assert one(soup(site, "/search?section=Tools"), "h1.count").get_text(strip=True) == "12 matches"


def test_facets_and_chips_are_links_that_toggle(site: TestClient) -> None:
    page = soup(site, "/search?q=microscope+tissue+cells&kind=article")
    facet = one(page, '#facets [id="f-kind-article"]')
    assert facet["aria-current"] == "true"
    assert "kind" not in parse_qs(urlsplit(str(facet["href"])).query)
    chip = one(page, ".chips a")
    assert "Kind" in chip.get_text()
    assert chip["href"] == chip["hx-get"]
    assert parse_qs(urlsplit(str(chip["href"])).query) == {"q": ["microscope tissue cells"]}
    kept = {(field["name"], field["value"]) for field in page.select('input[form="ask"]')}
    assert kept == {("kind", "article")}
    wider = soup(site, str(chip["href"]))
    assert not wider.select(".chips")


def test_a_facet_that_the_question_itself_chose_is_taken_out_of_the_question(site: TestClient) -> None:
    page = soup(site, "/search?q=database+section:tools+year:2021")
    chosen = page.select('.facets [aria-current="true"]')
    assert [link.select("span")[0].get_text() for link in chosen] == ["Tools", "2021"]
    assert "q=database+year%3A2021" in str(chosen[0]["href"])
    assert "section" not in str(chosen[0]["href"])
    without = soup(site, str(chosen[0]["href"]))
    assert [chip.get_text(" ", strip=True) for chip in without.select(".chips a > span:first-child")] == ["Year"]


def test_reading_on_in_an_archive_that_has_changed_leads_to_the_matches_anew(tmp_path: Path) -> None:
    with fill(tmp_path) as archive, client(archive) as site:
        more = one(soup(site, "/search?year=2021"), ".more a")
        list(archive.put([document(7)]))
        told = BeautifulSoup(site.get(str(more["hx-get"]), headers=HTMX).text, "lxml")
        assert one(told, "li.more a")["href"] == "/search?year=2021"
        assert "changed" in told.get_text()
        for address in (str(more["href"]), str(more["hx-get"]), "/search?year=2021&cursor=nonsense"):
            answer = site.get(address, headers=PAGE, follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, "/search?year=2021")


def test_operators_become_chips_that_can_be_taken_out(site: TestClient) -> None:
    page = soup(site, "/search?q=robot+issue%3A3+-sand")
    chips = {chip.get_text(" ", strip=True): str(chip["href"]) for chip in page.select(".chips a")}
    assert len(chips) == 2
    without = next(href for text, href in chips.items() if text.startswith("Issue № 3"))
    assert parse_qs(urlsplit(without).query)["q"] == ["robot -sand"]


def test_sorting_by_time_orders_by_issue(site: TestClient) -> None:
    for sort, down in (("newest", True), ("oldest", False)):
        page = soup(site, f"/search?q=robot+walking&sort={sort}")
        for part in (page.select(".columns > .hits > .hit"), page.select(".weaker .hit")):
            days = [str(hit.select(".where time")[0]["datetime"]) for hit in part]
            assert days == sorted(days, reverse=down)
            assert len(days) > 1
        assert one(page, ".sorts [aria-current]").get_text() == ("Newest first" if down else "Oldest first")


def test_more_is_a_page_of_its_own_and_a_fragment_without_repeats(site: TestClient) -> None:
    first = soup(site, "/search?year=2021")
    more = one(first, ".more a")
    following = soup(site, str(more["href"]))
    fragment = BeautifulSoup(site.get(str(more["hx-get"]), headers=HTMX).text, "lxml")
    shown = [str(link["href"]) for link in first.select(".hits .open")]
    after = [str(link["href"]) for link in following.select(".hits .open")]
    assert len(shown) == 20
    assert after
    assert not set(shown) & set(after)
    assert [str(link["href"]) for link in fragment.select(".open")] == after
    assert not fragment.select("main, header, .facets")


def test_a_condition_turned_round_says_so_on_its_chip(site: TestClient) -> None:
    chip = one(soup(site, "/search?q=robots+-kind%3Apaper"), ".chips a")
    assert chip.get_text(" ", strip=True).startswith("Without · Kind paper")
    assert chip["href"] == "/search?q=robots"


def test_nothing_close_says_so_and_offers_ways_on(site: TestClient) -> None:
    page = soup(site, "/search?q=xylophone+zeppelin")
    assert one(page, "h1").get_text(strip=True) == "Nothing close"
    assert 0 < len(opened(page)) <= 10
    assert one(page, ".nothing").select('a[href="/topics"]')
    assert one(page, ".band").get_text().startswith("The nearest there is")
    assert not page.select(".facets, .hit:not(.weak)")
    assert "quotation marks" not in page.get_text(), "the question has none"
    narrowed = soup(site, "/search?q=xylophone+zeppelin&section=Tools")
    assert one(narrowed, ".nothing p a")["href"] == "/search?q=xylophone+zeppelin"
    assert "quotation marks" in narrowed.get_text()


def test_a_link_that_is_not_here_is_no_condition(site: TestClient) -> None:
    page = soup(site, "/search?q=https://arxiv.org/abs/2110")
    assert one(page, "h1.count").get_text(strip=True) == "Nothing found"
    assert "The archive has nothing under “arxiv.org/abs/2110”." in one(page, ".aside").get_text()
    assert "condition" not in one(page, ".nothing").get_text()
    for narrowed in ("https://arxiv.org/abs/2110+issue:99", "link:nowhere.example"):
        nothing = one(soup(site, f"/search?q={narrowed}"), ".nothing")
        assert "Nothing matches under these conditions." in nothing.get_text()


def test_conditions_that_nothing_meets_offer_the_search_without_them(site: TestClient) -> None:
    page = soup(site, "/search?q=robot&year=1999")
    assert one(page, "h1").get_text(strip=True) == "Nothing found"
    assert one(page, ".nothing p a")["href"] == "/search?q=robot"


@pytest.mark.parametrize(
    "query",
    ["q=robot&mode=psychic", "q=robot&sort=best", "q=robot&year=MMXXI", "q=robot&from=yesterday", "q=robot&x=1"],
)
def test_what_cannot_be_understood_in_an_address_is_left_out(site: TestClient, query: str) -> None:
    assert opened(soup(site, f"/search?{query}")) == opened(soup(site, "/search?q=robot"))


def test_a_question_far_too_long_is_refused_on_a_page(site: TestClient) -> None:
    response = site.get("/search", params={"q": "word " * 3000}, headers=PAGE)
    assert response.status_code == 400
    assert "This question cannot be read" in response.text
