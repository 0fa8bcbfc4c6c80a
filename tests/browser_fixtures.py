"""Fixtures of the browser tests: the sample over the real model, served, and pages that watch for what must not be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from index.archive import Archive
from tests.browsing import SHIFTS, chromium, fill_with_sample, serving
from tests.served import draft
from web.settings import Settings


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the sample, filled once."""
    folder = tmp_path_factory.mktemp("sample")
    with Archive(folder, create=True) as filled:
        fill_with_sample(filled)
    return folder


@pytest.fixture(scope="module")
def sample(sample_folder: Path) -> Iterator[Archive]:
    with Archive(sample_folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(sample: Archive) -> Iterator[str]:
    with serving(sample, Settings(parse_draft=draft)) as address:
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
