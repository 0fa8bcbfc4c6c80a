"""Texts that are hard to set, in a real browser: endless words, empty places, texts that run from right to left."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from index.types import Document
from tests.browsing import chromium, serving
from tests.served import SHARED, document, documents, fill

pytestmark = pytest.mark.slow

ENDLESS = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
ADDRESS = "https://words.example/" + "a-very-long-step/" * 12 + "?" + "x" * 120
ARABIC = "كيف تقرأ الآلات robots الخط القديم؟"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def cruel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Endless words in every field, beside a bare issue without number, date, section and description."""
    plain = document(2)
    long = tuple(
        replace(item, title=f"{ENDLESS} {n}", subtitle=ENDLESS * 2, section=ENDLESS, note=ENDLESS, url=ADDRESS + str(n))
        for n, item in enumerate(plain.items)
    )
    issue = replace(plain.issue, title=ENDLESS, newsletter=ENDLESS, number=None, date=None, year=None)
    run = [document(1), replace(plain, issue=issue, items=long), _arabic(), *documents(6)[3:]]
    with fill(tmp_path_factory.mktemp("cruel"), run) as archive, serving(archive) as address:
        yield address


def _arabic() -> Document:
    plain = document(3)
    items = (replace(plain.items[0], title=ARABIC, summary=f"{ARABIC} sand.", note=None, language="ar"),)
    return replace(plain, issue=replace(plain.issue, title=ARABIC, language="ar"), items=items)


PATHS = ("/", "/search?q=robots+sand", "/search?section=" + ENDLESS, "/items/6", "/issues", "/issues/2", "/issues/3")


@pytest.mark.parametrize("width", [320, 1024])
def test_endless_words_never_widen_a_page(browser: Browser, cruel: str, width: int) -> None:
    page = browser.new_page(base_url=cruel, viewport={"width": width, "height": 700})
    for path in (*PATHS, f"/works/{SHARED}", "/about", "/topics", "/nowhere/" + ENDLESS):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} pixels wide"
    page.close()


def _run(page: Page, selector: str) -> tuple[str, float, float]:
    """Where a text's last sign stands: the direction of its box, and how far the sign is from the box's two sides."""
    return tuple(
        page.locator(selector).first.evaluate(
            """(element) => {
              const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
              let last = null;
              while (texts.nextNode()) if (texts.currentNode.data.trim()) last = texts.currentNode;
              const range = document.createRange();
              const end = last.data.trimEnd().length;
              range.setStart(last, end - 1);
              range.setEnd(last, end);
              const sign = range.getBoundingClientRect();
              const first = document.createRange();
              first.selectNodeContents(element);
              const whole = first.getBoundingClientRect();
              const box = element.closest("[dir]") ?? element;
              return [getComputedStyle(box).direction, sign.left - whole.left, whole.right - sign.right];
            }"""
        )
    )


@pytest.mark.parametrize("path", ["/search?q=robots+sand", "/issues/3", "/items/12"])
def test_arabic_runs_from_right_to_left_and_its_full_stop_ends_it(browser: Browser, cruel: str, path: str) -> None:
    page = browser.new_page(base_url=cruel, viewport={"width": 1280, "height": 900})
    page.goto(path)
    title = ".opening .what" if path.startswith("/items") else '.what[dir="rtl"], .entries [dir="rtl"]'
    expect(page.locator(title).first).to_have_attribute("dir", "rtl")
    said = {"/items/12": ".body p", "/issues/3": ".entries p:not(.meta)"}.get(path, '[dir="rtl"] .said')
    direction, from_left, from_right = _run(page, said)
    assert direction == "rtl"
    assert from_left < 2 < from_right, "the full stop stands at the left end"
    page.close()


def test_a_latin_text_beside_it_still_runs_from_left_to_right(browser: Browser, cruel: str) -> None:
    page = browser.new_page(base_url=cruel, viewport={"width": 1280, "height": 900})
    page.goto("/issues/1")
    direction, from_left, from_right = _run(page, ".entries p:not(.meta, .subtitle)")
    assert direction == "ltr"
    assert from_left > 2 > from_right
    page.goto("/search")
    page.locator("#q").fill(ARABIC)
    assert page.locator("#q").evaluate("box => getComputedStyle(box).direction") == "rtl"
    page.close()
