"""An archive of several newsletters names each wherever it matters; one of a single newsletter does not repeat it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from index.types import Document
from tests.reading import PAGE, one, opened, soup
from tests.served import SHARED, client, document, documents, fill

OTHER = "Letters & <Harbour>"


def second(number: int) -> Document:
    """An issue of the other newsletter, with the numbers of the first and dates between its."""
    made = document(number)
    items = tuple(
        item if item.key == SHARED else replace(item, key=f"{item.key}-b", url=f"{item.url}-b") for item in made.items
    )
    return replace(
        made,
        issue=replace(made.issue, newsletter=OTHER, title=f"Harbour {number}", url=f"https://harbour.example/{number}"),
        items=items,
        source=f"harbour-{number}.md",
        content_hash=f"{number + 100:064x}",
        aliases=(f"url:harbour.example/{number}", f"number:{OTHER} {number}"),
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    both = [*documents(3), *(second(number) for number in (1, 2))]
    with fill(tmp_path_factory.mktemp("newsletters"), both) as archive, client(archive) as ready:
        yield ready


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with fill(tmp_path_factory.mktemp("single"), documents(3)) as archive, client(archive) as ready:
        yield ready


def test_every_hit_says_which_newsletter_printed_it_and_the_search_narrows_to_one(site: TestClient) -> None:
    page = soup(site, "/search?q=robots+walking+on+sand")
    assert {place.get_text() for place in page.select(".hit .where .from")} == {"Field notes", OTHER}
    facet = one(page, '[aria-labelledby="facet-newsletter"]')
    assert [label.get_text() for label in facet.select("a span:first-child")] == ["Field notes", OTHER]
    narrowed = soup(site, str(facet.select("a")[1]["href"]))
    assert {place.get_text() for place in narrowed.select(".hit .where .from")} == {OTHER}
    assert OTHER in one(narrowed, ".chips").get_text()


def test_the_front_page_lists_the_newsletters_and_leads_to_the_issues_of_each(site: TestClient) -> None:
    links = soup(site, "/").select(".papers a")
    assert [link.get_text() for link in links] == ["Field notes", OTHER]
    page = soup(site, str(links[1]["href"]))
    assert one(page, "h1").get_text() == OTHER
    assert opened(page) == ["Harbour 2", "Harbour 1"]
    assert one(page, '.contents [aria-current="page"]').get_text() == OTHER
    assert opened(soup(site, "/issues?newsletter=Nobody")) == opened(soup(site, "/issues"))
    assert len(opened(soup(site, "/issues"))) == 5


def test_the_newest_issue_names_its_newsletter_once(site: TestClient) -> None:
    """Its title is "Field notes 3"; beneath hits, which show a number alone, the name stands."""
    place = one(soup(site, "/"), ".newest .where")
    assert place.get_text().count("Field notes") == 1


def test_the_issues_before_and_after_are_of_the_same_newsletter(site: TestClient) -> None:
    harbour = [str(link["href"]) for link in soup(site, "/issues?newsletter=Letters+%26+%3CHarbour%3E").select(".open")]
    page = soup(site, harbour[0])
    assert one(page, ".turn").get_text(" ", strip=True) == "The issue before Harbour 1"
    assert one(page, ".opening .from").get_text() == OTHER


def test_mentions_and_related_items_name_a_newsletter_where_it_is_another_one(site: TestClient) -> None:
    shared = soup(site, "/works/arxiv:2104.06601").select(".hit .open")
    assert len(shared) == 2
    page = soup(site, str(shared[0]["href"]))
    told = page.select(".facts bdi")
    assert [name.get_text() for name in told] == [f"({OTHER})"]
    hits = soup(site, "/items/1").select(".brief .hit")
    named = {hit.select(".from")[0].get_text() for hit in hits if hit.select(".from")}
    assert named == {OTHER}
    assert any(not hit.select(".from") for hit in hits), "those of its own newsletter go without the name"


def test_an_archive_of_one_newsletter_does_not_repeat_its_name(single: TestClient) -> None:
    for path in ("/", "/search?q=robots+walking+on+sand", "/issues", "/issues/2", "/items/1"):
        page = soup(single, path)
        assert not page.select(".from, .papers, #facet-newsletter"), path
    assert single.get("/issues?newsletter=Field+notes", headers=PAGE).status_code == 200
