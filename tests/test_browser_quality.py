"""The site's quality bars, in a real browser: axe, widths, weights, motion, focus, the map, print."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from index.archive import Archive
from tests.browsing import SHIFTS, pages, serving, tool, typed
from tests.served import documents, fill
from web.settings import Settings

pytestmark = pytest.mark.slow
pytest_plugins = ("tests.browser_fixtures",)


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


def test_every_control_can_be_reached_by_tab_and_shows_it(page: Page, sample: Archive) -> None:
    for path in pages(sample):
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
    place = "(c => [c.cx.baseVal.value, c.cy.baseVal.value])(document.querySelector('#map .lit circle'))"
    before = page.evaluate(place)
    moved = 0
    for key, axis, sign in (("ArrowLeft", 0, -1), ("ArrowDown", 1, 1), ("ArrowRight", 0, 1), ("ArrowUp", 1, -1)):
        page.keyboard.press(key)
        after = page.evaluate(place)
        assert after == before or sign * (after[axis] - before[axis]) > 0, key
        moved += after != before
        before = after
    assert moved >= 3, "at most one arrow may have nowhere to go"
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Browser, site: str, sample: Archive, scheme: Any) -> None:
    axe = tool("axe-core/axe.min.js").read_text("utf-8")
    context = browser.new_context(base_url=site, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    found: list[tuple[str, str, list[Any]]] = []
    for path in pages(sample):
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
def test_no_page_is_wider_than_the_screen(browser: Browser, site: str, sample: Archive, width: int) -> None:
    context = browser.new_context(base_url=site, viewport={"width": width, "height": 700})
    page = context.new_page()
    for path in pages(sample):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} pixels wide"
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16
    context.close()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_examples_to_copy_are_whole_and_their_buttons_beside_them(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/about")
    boxes = page.evaluate("""[...document.querySelectorAll('.copyable')].map((one) => {
        const [code, button] = [one.querySelector('pre'), one.querySelector('button')];
        const [a, b] = [code.getBoundingClientRect(), button.getBoundingClientRect()];
        return [code.scrollWidth - code.clientWidth, a.right <= b.left || a.bottom <= b.top, b.height];
    })""")
    assert len(boxes) == 3
    for hidden, apart, height in boxes:
        assert hidden == 0
        assert apart
        assert height >= 24


def test_the_front_page_leaves_no_hole_where_two_columns_fit(page: Page) -> None:
    for width in (640, 768, 980, 1100):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/")
        boxes = page.evaluate("""[...document.querySelectorAll('.spread > section')].map((one) => {
            const box = one.getBoundingClientRect();
            return [Math.round(box.left), Math.round(box.right)];
        })""")
        lefts, rights = zip(*boxes, strict=True)
        assert len(lefts) == 3
        if lefts[2] == lefts[0]:
            assert rights[2] == rights[1], f"at {width} the third part stands alone beside a hole"
    heading = page.locator("h1").text_content() or ""
    assert "from\N{NO-BREAK SPACE}13\N{NO-BREAK SPACE}issues" in heading


def test_reduced_motion_is_respected(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/search?q=speech")
    page.locator("#ask").evaluate("form => form.classList.add('htmx-request')")
    page.wait_for_timeout(300)
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.locator("#ask").evaluate("form => getComputedStyle(form, '::after').animationName") == "none"
    context.close()


def test_first_loads_are_light(browser: Browser, site: str, sample: Archive) -> None:
    for path in pages(sample):
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


def test_a_search_prints_its_question_dark_on_light_whatever_scheme_was_chosen(page: Page) -> None:
    page.goto("/search?q=speech")
    page.locator('button[value="dark"]').click()
    expect(page.locator("html")).to_have_attribute("data-scheme", "dark")
    soft = "getComputedStyle(document.querySelector('.meta')).color"
    dark = page.evaluate(soft)
    page.emulate_media(media="print")
    assert page.locator(".results").evaluate("e => getComputedStyle(e, '::before').content") == '"speech"'
    assert page.evaluate(soft) != dark
    assert sum(map(int, page.evaluate(soft).removeprefix("rgb(").rstrip(")").split(","))) < 3 * 128


def test_the_related_items_stand_before_and_after_in_time(page: Page, sample: Archive) -> None:
    shared = next(item for item in sample.all_items() if item.key == "arxiv:2104.06601")
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


def test_headings_go_down_one_level_at_a_time(page: Page, sample: Archive) -> None:
    for path in pages(sample):
        page.goto(path)
        levels = page.locator("main :is(h1, h2, h3, h4)").evaluate_all("all => all.map((h) => +h.tagName[1])")
        assert levels[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), f"{path}: {levels}"
