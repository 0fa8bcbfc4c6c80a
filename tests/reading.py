"""Reading pages in tests: a page as a tree, and what stands in it."""

from bs4 import BeautifulSoup, Tag
from starlette.testclient import TestClient

HTMX = {"HX-Request": "true", "Accept": "text/html"}
PAGE = {"Accept": "text/html,application/xhtml+xml"}


def soup(site: TestClient, path: str, **headers: str) -> BeautifulSoup:
    response = site.get(path, headers={**PAGE, **headers})
    assert response.status_code == 200, f"{path}: {response.status_code}"
    return BeautifulSoup(response.text, "lxml")


def opened(page: BeautifulSoup | Tag) -> list[str]:
    return [link.get_text(" ", strip=True) for link in page.select(".hits .open")]


def one(page: BeautifulSoup | Tag, selector: str) -> Tag:
    found = page.select(selector)
    assert len(found) == 1, f"{selector}: {len(found)}"
    return found[0]
