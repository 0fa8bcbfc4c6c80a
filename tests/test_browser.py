"""The site in a real browser, over the bundled sample and the real model."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from index.archive import Archive
from tests.browsing import chromium, fill_with_sample, serving, tool
from tests.served import documents, draft, fill
from web.settings import Settings

pytestmark = pytest.mark.slow

SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => {
  window.broken = event.blockedURI + event.violatedDirective;
});
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("sample"), create=True) as filled:
        fill_with_sample(filled)
        yield filled


@pytest.fixture(scope="module")
def site(archive: Archive) -> Iterator[str]:
    with serving(archive, Settings(parse_draft=draft)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=site, locale="en-GB", viewport={"width": 1280, "height": 900})
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, site: str) -> Iterator[Page]:
    """A page that fails the test on a script error, a broken policy or a request to any other host."""
    opened = context.new_page()
    opened.add_init_script(SHIFTS)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and "404" not in said.text else None
    )
    opened.on("request", lambda request: None if request.url.startswith(site) else wrong.append(request.url))
    yield opened
    assert opened.evaluate("window.broken ?? null") is None
    assert wrong == []


def pages(archive: Archive) -> list[str]:
    shared = next(item for item in archive.all_items() if item.key == "arxiv:2104.06601")
    return [
        "/",
        "/search",
        "/search?q=zero-shot+segmentation",
        "/search?q=how+to+bake+sourdough+bread",
        f"/items/{shared.id}",
        "/works/arxiv:2104.06601",
        "/issues",
        f"/issues/{shared.issue_id}",
        "/topics",
        f"/topics/{_topic(archive)}",
        "/about",
        "/docs",
        "/check",
        "/nowhere",
    ]


def _topic(archive: Archive) -> int:
    from search.topics import topic_map

    return topic_map(archive).topics[0].id


def typed(page: Page, text: str) -> None:
    page.locator("#q").press_sequentially(text, delay=35)
    expect(page.locator(".results")).to_have_attribute("data-query", text)


def test_typing_finds_the_paper_as_one_types(page: Page, archive: Archive) -> None:
    page.goto("/")
    typed(page, "zero-shot segmentation")
    first = page.locator(".hit").first
    link = first.locator(".open").get_attribute("href")
    assert link is not None
    item = archive.item(int(link.rpartition("/")[2]))
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


CONTROLS = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), textarea, summary, [tabindex='0']"
  )]
  .filter((element) => element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }))
  .map((element, n) => { element.dataset.control = n; return n; })"""
FOCUSED = """() => {
  const element = document.activeElement;
  const framed = getComputedStyle(element.closest(".ask") ?? element);
  const seen = getComputedStyle(element).outlineStyle !== "none"
    || framed.borderBottomColor !== getComputedStyle(document.body).color;
  return [element.dataset.control === undefined ? -1 : +element.dataset.control, seen, element.outerHTML.slice(0, 90)];
}"""


def test_every_control_can_be_reached_by_tab_and_shows_it(page: Page, archive: Archive) -> None:
    for path in pages(archive):
        page.goto(path)
        left = set(page.evaluate(CONTROLS))
        for _ in range(len(left) + 10):
            page.keyboard.press("Tab")
            control, seen, html = page.evaluate(FOCUSED)
            assert seen or control < 0, f"{path}: the focus cannot be seen on {html}"
            left.discard(control)
            if not left:
                break
        assert not left, f"{path}: not reached: {left}"


def test_the_map_can_be_walked_with_arrows_and_zoomed(page: Page) -> None:
    page.goto("/topics")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#map-tip")).to_be_visible()
    before = page.locator("#map-tip").inner_text()
    for key in ("ArrowLeft", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("#map-tip")).not_to_have_text(before)
    assert page.locator("#map .lit").count() == 1
    page.keyboard.press("+")
    zoomed = page.locator("#map-view").get_attribute("transform")
    assert zoomed is not None
    assert "scale(1.5)" in zoomed
    page.keyboard.press("0")
    expect(page.locator("#map-view")).to_have_attribute("transform", "translate(0 0) scale(1)")
    page.locator('[data-zoom="in"]').click()
    box = page.locator("#map svg").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    start = page.locator("#map-view").get_attribute("transform")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=5)
    page.mouse.up()
    assert page.locator("#map-view").get_attribute("transform") != start
    assert page.url.endswith("/topics"), "dragging opens nothing"
    title = page.locator("#map-tip").inner_text()
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article.item")).to_be_visible()
    assert title == page.locator("h1").inner_text()


def test_bibtex_can_be_copied(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/works/arxiv:2104.06601")
    page.locator('[data-copy="bibtex"]').click()
    expect(page.locator('[data-copy="bibtex"]')).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#bibtex").inner_text()
    context.close()


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Browser, site: str, archive: Archive, scheme: Any) -> None:
    axe = tool("axe-core/axe.min.js").read_text("utf-8")
    context = browser.new_context(base_url=site, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    found: list[tuple[str, str, list[Any]]] = []
    for path in pages(archive):
        page.goto(path)
        if path == "/":
            page.keyboard.press("?")
            found += _violations(page, axe, "keys")
            page.keyboard.press("Escape")
        found += _violations(page, axe, path)
    typed(page, "segmentation")
    found += _violations(page, axe, "typed")
    assert found == []
    context.close()


def _violations(page: Page, axe: str, where: str) -> list[tuple[str, str, list[Any]]]:
    page.evaluate(axe)
    answer = page.evaluate("axe.run(document, {rules: {'target-size': {enabled: true}}})")
    return [(where, each["id"], [node["target"] for node in each["nodes"]]) for each in answer["violations"]]


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_no_page_is_wider_than_the_screen(browser: Browser, site: str, archive: Archive, width: int) -> None:
    context = browser.new_context(base_url=site, viewport={"width": width, "height": 700})
    page = context.new_page()
    for path in pages(archive):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} pixels wide"
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16
    context.close()


def test_reduced_motion_is_respected(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/search?q=speech")
    page.locator("#ask").evaluate("form => form.classList.add('htmx-request')")
    page.wait_for_timeout(300)
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.locator("#ask").evaluate("form => getComputedStyle(form, '::after').animationName") == "none"
    context.close()


def test_first_loads_are_light(browser: Browser, site: str, archive: Archive) -> None:
    for path in pages(archive):
        context = browser.new_context(base_url=site)
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        page.goto(path, wait_until="load")
        page.wait_for_timeout(150)
        assert len(sizes) >= 5, "page, style, htmx and our scripts"
        assert sum(sizes) < 100_000, f"{path}: {sum(sizes):.0f} bytes"
        context.close()


def test_a_picture_that_is_gone_leaves_its_frame(browser: Browser, tmp_path: Path) -> None:
    gone = [
        replace(document, items=tuple(replace(item, image="http://127.0.0.1:9/gone.png") for item in document.items))
        for document in documents(2)
    ]
    with fill(tmp_path, gone) as pictured, serving(pictured, Settings(pictures=True)) as address:
        context = browser.new_context(base_url=address)
        page = context.new_page()
        page.add_init_script(SHIFTS)
        page.goto("/issues/1")
        expect(page.locator(".picture.gone").first).to_be_visible()
        sizes = page.locator(".picture").evaluate_all("all => all.map((p) => [p.offsetWidth, p.offsetHeight])")
        assert {tuple(size) for size in sizes} == {tuple(sizes[0])}
        assert sum(page.evaluate("window.shifts")) == 0
        context.close()


def test_an_issue_prints_as_text_alone(page: Page) -> None:
    page.goto("/issues/1")
    page.emulate_media(media="print")
    for hidden in (".ask", ".masthead nav", ".colophon", ".turn"):
        expect(page.locator(hidden)).not_to_be_visible()
    expect(page.locator(".entries .open").first).to_be_visible()
    after = page.locator(".entries .meta a").first.evaluate("link => getComputedStyle(link, '::after').content")
    assert "http" in after


def test_the_related_items_stand_before_and_after_in_time(page: Page, archive: Archive) -> None:
    shared = next(item for item in archive.all_items() if item.key == "arxiv:2104.06601")
    page.goto(f"/items/{shared.id}")
    own = page.locator(".opening time").get_attribute("datetime")
    assert own is not None
    for side, holds in (("earlier", str.__le__), ("later", str.__ge__)):
        days = page.locator(f'[aria-labelledby="{side}"] time').evaluate_all("all => all.map((t) => t.dateTime)")
        assert all(holds(day, own) for day in days)


def test_a_second_page_loads_nothing_but_itself(page: Page) -> None:
    page.goto("/")
    page.goto("/issues")
    loaded = page.evaluate("performance.getEntriesByType('resource').map((e) => [e.name, e.transferSize])")
    assert len(loaded) >= 4
    assert [name for name, size in loaded if size] == []


def test_headings_go_down_one_level_at_a_time(page: Page, archive: Archive) -> None:
    for path in pages(archive):
        page.goto(path)
        levels = page.locator("main :is(h1, h2, h3, h4)").evaluate_all("all => all.map((h) => +h.tagName[1])")
        assert levels[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), f"{path}: {levels}"
