"""A served archive and a real browser, for tests of what happens in front of a reader."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from index.archive import Archive
from web.app import create_app
from web.settings import Settings

ROOT = Path(__file__).parent.parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => {
  window.broken = event.blockedURI + event.violatedDirective;
});
"""
"""Notes layout shifts and breaches of the page's own policy."""


@contextmanager
def serving(archive: Archive, settings: Settings | None = None) -> Iterator[str]:
    """The whole application on a free port of this machine; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(create_app(archive, settings or Settings()), log_level="error", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        assert server.started, "the server did not start"
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium. Without one the tests fail: a site nobody has looked at is not tested."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"There is no chromium at {CHROMIUM}: install Debian's package, or set CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def fill_with_sample(archive: Archive) -> None:
    """What `backissues ingest sample` does."""
    from ingest.load import ingest
    from search.refresh import refresh

    assert not ingest(archive, ["sample"]).failed
    refresh(archive)


def tool(path: str) -> Path:
    """A file of the front-end tools that `make test` installs."""
    found = ROOT / "node_modules" / path
    if not found.exists():
        pytest.fail(f"{path} is missing from node_modules: run `make test`, or `npm install`.")
    return found


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
        f"/topics/{_first_topic(archive)}",
        "/about",
        "/docs",
        "/check",
        "/nowhere",
    ]


def typed(page: Page, text: str) -> None:
    page.locator("#q").press_sequentially(text, delay=35)
    expect(page.locator(".results")).to_have_attribute("data-query", text)


def _first_topic(archive: Archive) -> int:
    from search.topics import topic_map

    return topic_map(archive).topics[0].id
