"""Searching in a real browser, over the bundled sample and the real model: typing, history, keyboard, failures."""

import re
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from index.archive import Archive
from tests.browsing import typed

pytestmark = pytest.mark.slow
pytest_plugins = ("tests.browser_fixtures",)


def test_typing_finds_the_paper_as_one_types(page: Page, sample: Archive) -> None:
    page.goto("/")
    typed(page, "zero-shot segmentation")
    first = page.locator(".hit").first
    link = first.locator(".open").get_attribute("href")
    assert link is not None
    item = sample.item(int(link.rpartition("/")[2]))
    assert item.key == "arxiv:2104.06601"
    expect(first.locator(".where a")).to_contain_text("№ 21")
    assert page.url.endswith("/search?q=zero-shot+segmentation")
    assert page.title().startswith("zero-shot segmentation · ")
    assert page.evaluate("document.activeElement.id") == "q", "typing goes on where it was"


def test_an_address_shows_what_typing_showed(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    typed(page, "generative image models")
    shown = page.locator(".hits .open").all_inner_texts()
    assert shown
    other = context.new_page()
    other.goto(page.url)
    assert other.locator(".hits .open").all_inner_texts() == shown
    assert other.locator("#q").input_value() == "generative image models"


def test_back_leads_to_the_question_before_and_forward_again(page: Page) -> None:
    page.goto("/")
    typed(page, "speech")
    page.locator("#q").press("Enter")
    page.locator("#q").fill("")
    typed(page, "robots")
    page.go_back()
    expect(page.locator("#q")).to_have_value("speech")
    expect(page.locator(".results")).to_have_attribute("data-query", "speech")
    page.go_back()
    expect(page.locator(".cover")).to_be_visible()
    assert page.url.rstrip("/").count("/") == 2
    page.go_forward()
    expect(page.locator("#q")).to_have_value("speech")
    typed_again = page.locator("#q")
    typed_again.press("End")
    typed_again.press_sequentially(" recognition")
    expect(page.locator(".results")).to_have_attribute("data-query", "speech recognition")


def test_back_from_an_item_shows_the_results_again(page: Page) -> None:
    page.goto("/")
    typed(page, "speech")
    shown = page.locator(".hits .open").all_inner_texts()
    page.locator(".hits .open").first.click()
    expect(page.locator("article.item")).to_be_visible()
    page.go_back()
    expect(page.locator(".results")).to_have_attribute("data-query", "speech")
    assert page.locator(".hits .open").all_inner_texts() == shown


def test_fast_typing_asks_once_and_a_newer_question_cancels_the_older(page: Page) -> None:
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search?" in request.url else None)
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto("/")
    page.locator("#q").press_sequentially("segmentation", delay=20)
    expect(page.locator(".results")).to_have_attribute("data-query", "segmentation")
    assert len(asked) == 1
    # An answer that takes its time is overtaken by the next question, and never shown.
    slow = "**/search?q=robots"
    page.route(slow, lambda _: None)  # never answered
    page.locator("#q").fill("robots")
    page.wait_for_timeout(400)
    page.locator("#q").fill("speech")
    expect(page.locator(".results")).to_have_attribute("data-query", "speech")
    assert [url for url in failed if url.endswith("q=robots")]


def test_half_a_word_is_read_as_the_word_it_begins_until_the_typing_rests(page: Page) -> None:
    page.goto("/")
    typed(page, "spee")
    expect(page.locator("h1.count")).to_contain_text("for “speech”")
    assert "Speech" in page.locator(".hits .open").first.inner_text()
    assert page.url.endswith("/search?q=spee")
    page.locator("#q").press_sequentially("ch", delay=35)
    expect(page.locator(".results")).to_have_attribute("data-query", "speech")
    expect(page.locator("h1.count")).not_to_contain_text("for")
    page.locator("#q").fill("spee")
    expect(page.locator("h1.count")).to_contain_text("for “speech”")
    expect(page.locator("h1.count")).to_have_text("Nothing close")  # at last as it stands
    assert page.locator("#q").input_value() == "spee"
    page.locator("#q").press_sequentially("c", delay=35)
    expect(page.locator("h1.count")).to_contain_text("for “speech”")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(1900)
    expect(page.locator("h1.count")).to_contain_text("for “speech”")  # who reads the hits keeps them
    expect(page.locator(".hits .open").first).to_be_focused()


def test_nothing_moves_while_results_are_swapped(page: Page) -> None:
    page.goto("/search?q=segmentation")
    page.wait_for_timeout(300)
    page.evaluate("window.shifts = []")
    page.locator("#q").fill("")
    typed(page, "speech without text")
    page.locator("#q").fill("how to bake sourdough bread")
    expect(page.locator(".nothing")).to_be_visible()
    page.locator("#q").fill("transformers for pictures")
    expect(page.locator(".results")).to_have_attribute("data-query", "transformers for pictures")
    page.locator(".sorts a").nth(1).click()
    expect(page.locator(".sorts a").nth(1)).to_have_attribute("aria-current", "true")
    page.wait_for_timeout(700)
    assert sum(page.evaluate("window.shifts")) == 0


def test_a_screen_reader_hears_the_count_once_typing_rests(page: Page) -> None:
    page.goto("/")
    page.evaluate(
        "window.said = [];"
        "new MutationObserver(() => said.push(announce.textContent)).observe(announce, {childList: true})"
    )
    typed(page, "speech")
    expect(page.locator("#announce")).to_have_text(page.locator("h1.count").inner_text())
    assert page.evaluate("said.length") == 1
    assert page.locator("#announce").get_attribute("aria-live") == "polite"


def test_facets_chips_and_sorting_work_in_place_and_keep_the_box(page: Page) -> None:
    page.goto("/")
    typed(page, "learning")
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    value = page.locator("#facets a").first
    value.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chips a")).to_have_count(1)
    assert page.evaluate("document.activeElement.closest('#facets') !== null"), "the focus stays on the facet"
    page.locator("#q").press("End")
    page.locator("#q").press_sequentially(" images")
    expect(page.locator(".results")).to_have_attribute("data-query", "learning images")
    expect(page.locator(".chips a")).to_have_count(1)
    page.locator(".chips a").click()
    expect(page.locator(".chips a")).to_have_count(0)
    assert page.url.endswith("?q=learning+images")
    page.goto("/search?q=year%3A2021+robots")
    page.locator(".chips a").click()
    expect(page.locator("#q")).to_have_value("robots")


def test_more_adds_to_the_list_without_repeats(page: Page) -> None:
    page.goto("/search?year=2021")
    before = page.locator(".hits .open").count()
    page.locator(".more a").click()
    expect(page.locator(".hits .open")).not_to_have_count(before)
    links = page.locator(".hits .open").evaluate_all("links => links.map((link) => link.href)")
    assert len(links) == len(set(links)) > before
    assert page.url.endswith("/search?year=2021")
    focused = "document.activeElement.getAttribute('href')"
    expect(page.locator(".hits .open").nth(before)).to_be_focused()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == page.locator(".hits .open").nth(before + 1).get_attribute("href")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.goto("/issues")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("segmentation")
    expect(page.locator(".results")).to_have_attribute("data-query", "segmentation")
    focused = "document.activeElement.getAttribute('href')"
    page.keyboard.press("ArrowDown")
    first = page.evaluate(focused)
    assert first == page.locator(".hits .open").first.get_attribute("href")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == page.locator(".hits .open").nth(1).get_attribute("href")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == first
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("?")
    assert not page.locator("#keys").is_visible(), "in the box, ? is a letter"
    page.keyboard.press("Backspace")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).not_to_be_visible()
    assert page.evaluate(focused) == first, "the focus returns to where it was"
    page.keyboard.press("Enter")
    expect(page.locator("article.item")).to_be_visible()


def test_without_javascript_everything_works(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto("/")
    page.locator("#q").fill("zero-shot segmentation")
    page.locator("#q").press("Enter")
    expect(page.locator(".hit .where a").first).to_contain_text("№ 21")
    page.locator("#facets a").first.click()
    expect(page.locator(".chips a")).to_have_count(1)
    page.locator("#q").fill("transformers")
    page.locator("#ask button").click()
    expect(page.locator(".chips a")).to_have_count(1)
    page.locator(".chips a").first.click()
    page.locator(".sorts a").nth(1).click()
    expect(page.locator(".sorts [aria-current]")).to_have_text("Newest first")
    page.goto("/search?year=2021")
    page.locator(".more a").click()
    expect(page.locator(".hits .open").first).to_be_visible()
    page.locator(".hits .open").first.click()
    expect(page.locator("article.item h1")).to_be_visible()
    page.locator('button[value="ja"]').click()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    page.locator('button[value="dark"]').click()
    expect(page.locator("html")).to_have_attribute("data-scheme", "dark")
    page.goto("/topics")
    expect(page.locator(".topics .open").first).to_be_visible()
    expect(page.locator(".zoom")).not_to_be_visible()
    context.close()


def test_an_answer_that_takes_its_time_is_seen_to_be_awaited(page: Page) -> None:
    page.goto("/search?q=speech")
    shown = """[["main", null], ["#ask", "::after"]]
      .map(([what, part]) => getComputedStyle(document.querySelector(what), part).opacity)"""
    border = "getComputedStyle(document.querySelector('#ask')).borderBottomColor"
    page.locator("#q").focus()
    focused = page.evaluate(border)
    assert page.evaluate(shown) == ["1", "0"]
    page.route("**/search?q=robots", lambda _: None)  # never answered
    page.locator("#q").fill("robots")
    expect(page.locator("#ask")).to_have_class(re.compile("htmx-request"))
    page.wait_for_timeout(600)
    assert page.evaluate(shown) == ["0.55", "1"]
    assert page.evaluate(border) != focused, "the bar that runs is seen against the line"
    page.unroute("**/search?q=robots")
    page.locator("#q").fill("speech without text")
    expect(page.locator(".results")).to_have_attribute("data-query", "speech without text")
    page.wait_for_timeout(50)
    assert page.evaluate(shown) == ["1", "0"]
    page.route("**/search?q=*&*", lambda _: None)
    page.locator(".sorts a").nth(1).click()
    page.wait_for_timeout(600)
    assert page.evaluate(shown) == ["0.55", "1"], "what is clicked is awaited like what is typed"


def answering(status: int, kind: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, content_type=kind, body="<p>no</p>")


def test_a_failing_network_is_said_and_leaves_the_last_answer(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="en-GB")
    page = context.new_page()
    page.goto("/search?q=speech")
    shown = page.locator(".hits .open").all_inner_texts()
    page.route("**/search?*", lambda route: route.abort())
    page.locator("#q").fill("robots")
    expect(page.locator("#trouble")).to_be_visible()
    assert page.locator(".hits .open").all_inner_texts() == shown
    page.unroute("**/search?*")
    address = page.url
    for status, kind, said in (
        (429, "text/html", "Too many"),
        (503, "text/html", "did not"),
        (200, "text/plain", "did not"),
    ):
        page.route("**/search?*", answering(status, kind))
        page.locator("#q").fill(f"robots and {status}")
        expect(page.locator("#trouble")).to_contain_text(said)
        assert page.locator(".hits .open").all_inner_texts() == shown
        assert page.url == address
        page.unroute("**/search?*")
    page.locator("#q").fill("robots")
    expect(page.locator(".results")).to_have_attribute("data-query", "robots")
    expect(page.locator("#trouble")).not_to_be_visible()
    context.close()


def test_half_a_word_in_an_input_method_is_no_question(page: Page) -> None:
    asked: list[str] = []
    page.goto("/", wait_until="networkidle")
    page.on("request", lambda request: asked.append(request.url))
    client = page.context.new_cdp_session(page)
    page.locator("#q").focus()
    for text in ("ｇ", "が", "がく", "がくしゅう"):
        client.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
        page.wait_for_timeout(120)
    page.wait_for_timeout(400)
    assert asked == []
    client.send("Input.insertText", {"text": "学習"})
    expect(page.locator(".results")).to_have_attribute("data-query", "学習")
    assert [url for url in asked if "/search" in url] == [page.url.replace("学習", quote_plus("学習"))]
