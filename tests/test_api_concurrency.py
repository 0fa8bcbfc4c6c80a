"""Readers while the archive grows: every answer is whole, and of one state of the archive."""

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from index.archive import Archive
from tests.served import SHARED, document, fill, running
from web.app import create_app
from web.settings import Settings

PATHS = (
    "/api/v1/search?q=database+engine&limit=50",
    "/api/v1/search?section=Papers&sort=newest&limit=10",
    "/api/v1/items/11/related",
    f"/api/v1/works/{SHARED}",
    "/api/v1/issues?limit=100",
    "/api/v1/items.jsonl",
    "/api/v1/topics",
    "/feed.xml?q=segmentation",
    "/search?q=speech",
    "/items/11",
)


@pytest.mark.slow
def test_readers_while_the_archive_grows(tmp_path: Path) -> None:
    seen: Counter[tuple[str, int | str]] = Counter()
    wrong: list[str] = []
    growing = threading.Event()
    growing.set()

    def read(path: str) -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            while growing.is_set():
                try:
                    response = client.get(path)
                except httpx.RemoteProtocolError:  # a download that was broken off, as the archive changed
                    seen[path, "broken off"] += 1
                    continue
                seen[path, response.status_code] += 1
                if response.status_code != 200:
                    wrong.append(response.text)
                elif path.endswith("issues?limit=100"):
                    answer = response.json()
                    if not answer["total"] == len(answer["issues"]) == answer["build"]["issues"]:
                        wrong.append(f"counts differ: {response.text}")
                elif path.endswith(".jsonl"):
                    ids = [json.loads(line)["id"] for line in response.text.splitlines()]
                    if ids != sorted(set(ids)) or not ids:
                        wrong.append(f"ids: {ids}")

    with fill(tmp_path) as archive, running(archive) as address:
        readers = [threading.Thread(target=read, args=(path,)) for path in PATHS]
        for reader in readers:
            reader.start()
        try:
            for number in range(7, 27):
                enough = sum(seen.values()) + len(PATHS)  # so that answers fall before, into and after each change
                while sum(seen.values()) < enough:
                    assert any(reader.is_alive() for reader in readers)
                    time.sleep(0.01)
                list(archive.put([document(number)]))
        finally:
            growing.clear()
            for reader in readers:
                reader.join()
        assert wrong == []
        statuses = {status for _, status in seen}
        assert statuses <= {200, "broken off"}
        assert {path for path, status in seen if status == 200} == set(PATHS)
        assert {path for path, status in seen if status == "broken off"} <= {"/api/v1/items.jsonl"}
        issues = httpx.get(f"{address}/api/v1/issues?limit=100").json()
        assert [issue["number"] for issue in issues["issues"]] == list(range(26, 0, -1))


def test_the_first_requests_of_a_fresh_server_come_all_at_once(archive: Archive) -> None:
    """The OpenAPI document, which parameters are checked against, is built by whoever comes first."""
    for _ in range(5):
        app = create_app(archive, Settings())
        together = threading.Barrier(8)

        def ask(app: FastAPI = app, together: threading.Barrier = together) -> list[str]:
            together.wait()
            return sorted(app.openapi()["paths"])

        with ThreadPoolExecutor(8) as pool:
            answers = [future.result() for future in [pool.submit(ask) for _ in range(8)]]
        assert "/api/v1/search" in answers[0]
        assert answers == [answers[0]] * 8
