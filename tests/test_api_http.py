"""The layers around every answer: caching, compression, origins, limits, proxies, the log and the counts."""

import gzip
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.archive import Archive
from tests.conftest import ROOT, WordEncoder
from tests.served import client, document, fill
from web import params
from web.access import log_to_stderr
from web.answers import OVERHEAD, Answers, Kept
from web.limiting import client_key
from web.settings import Settings

PAGES = ("/", "/search?q=speech", "/items/1", "/issues", "/about")
TAGGED = (
    "/api/v1/search?q=speech",
    "/api/v1/items/1",
    "/api/v1/issues",
    "/api/v1/status",
    "/feed.xml",
    "/api/v1/items.csv",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("http")) as filled:
        yield filled


@pytest.fixture(scope="module")
def api(archive: Archive) -> Iterator[TestClient]:
    with client(archive) as ready:
        yield ready


@pytest.mark.parametrize("path", [*TAGGED, *PAGES])
def test_what_is_known_is_not_sent_again(api: TestClient, path: str) -> None:
    first = api.get(path)
    tag = first.headers["etag"]
    assert first.status_code == 200
    assert first.headers["cache-control"]
    for known in (tag, f'"other", {tag}', "*"):
        again = api.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert {"HX-Request", "Cookie"} <= set(again.headers["vary"].split(", ")) or path not in PAGES
    assert api.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_another_question_has_another_tag(api: TestClient) -> None:
    tags = [api.get(path).headers["etag"] for path in (*TAGGED, "/api/v1/search?q=speech&limit=3")]
    assert len(set(tags)) == len(tags)


def test_what_is_not_known_is_never_unchanged(api: TestClient) -> None:
    for path in ("/api/v1/items/999", "/api/v1/search?limit=0"):
        assert "etag" not in api.get(path).headers
        assert api.get(path, headers={"If-None-Match": "*"}).status_code in {404, 422}


def test_a_revalidation_costs_no_search(tmp_path: Path) -> None:
    with fill(tmp_path) as archive, client(archive) as api:
        tag = api.get("/api/v1/search?q=speech+of+robots").headers["etag"]
        spent = archive.encoder.encoded  # type: ignore[attr-defined]
        assert api.get("/api/v1/search?q=speech+of+robots", headers={"If-None-Match": tag}).status_code == 304
        assert archive.encoder.encoded == spent  # type: ignore[attr-defined]


def test_a_question_asked_again_costs_no_search(tmp_path: Path) -> None:
    path = "/api/v1/search?q=speech+of+robots"
    with fill(tmp_path) as archive, client(archive) as api:
        first = api.get(path)
        again = [api.get(path), api.get(path, headers={"If-None-Match": '"other"'})]
        # An answer made anew would tell another time that it took.
        assert [one.content for one in again] == [first.content] * 2
        same = ("etag", "content-type", "cache-control", "content-length")
        assert [[one.headers[name] for name in same] for one in again] == [[first.headers[name] for name in same]] * 2
        assert (api.get(path, headers={"If-None-Match": "*"}).status_code, api.head(path).content) == (304, b"")
        assert api.get(f"{path}&limit=19").content != first.content
        counts = api.get("/metrics").text.splitlines()
        assert 'backissues_requests_total{method="GET",route="/api/v1/search",status="200"} 4.0' in counts


def test_an_answer_does_not_outlive_the_archive_it_came_from(tmp_path: Path) -> None:
    with fill(tmp_path) as archive, client(archive) as api:
        old = {path: api.get(path).content for path in (*TAGGED, *PAGES)}
        list(archive.put([document(7)]))
        changed = {path: api.get(path).content for path in old}
        assert all(b'"generation":7' in changed[path] for path in old if b'"generation":6' in old[path])
        assert changed["/api/v1/issues"].count(b'"number":7') == 1


def test_kept_answers_are_bounded() -> None:
    answers = Answers(most=3 * (OVERHEAD + 1_000))
    for tag in ("a", "b", "c"):
        answers.put(tag, Kept([], None, bytes(1_000)))
    assert answers.get("a") is not None
    answers.put("d", Kept([], None, bytes(900)))
    assert list(answers.kept) == ["c", "a", "d"]
    answers.put("a", Kept([], None, bytes(500)))
    assert (list(answers.kept), answers.size) == (["c", "d", "a"], 3 * OVERHEAD + 2_400)


def test_tags_change_with_the_archive(tmp_path: Path) -> None:
    with fill(tmp_path) as archive, client(archive) as api:
        tags = {path: api.get(path).headers["etag"] for path in TAGGED}
        list(archive.put([document(7)]))
        for path, tag in tags.items():
            changed = api.get(path, headers={"If-None-Match": tag})
            assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)


def test_answers_of_one_address_differ_by_what_was_asked_for(api: TestClient) -> None:
    """A fragment must not pass for the page, nor one language for another."""
    page = api.get("/search?q=speech", headers={"Accept-Language": "en"})
    fragment = api.get("/search?q=speech", headers={"Accept-Language": "en", "HX-Request": "true"})
    japanese = api.get("/search?q=speech", headers={"Accept-Language": "ja"})
    assert len({one.headers["etag"] for one in (page, fragment, japanese)}) == 3
    crossed = api.get("/search?q=speech", headers={"Accept-Language": "en", "If-None-Match": fragment.headers["etag"]})
    assert crossed.status_code == 200


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip"])
def test_answers_are_compressed(api: TestClient, encoding: str) -> None:
    plain = api.get("/api/v1/issues", headers={"Accept-Encoding": "identity"})
    packed = api.get("/api/v1/issues", headers={"Accept-Encoding": encoding})
    assert packed.headers["content-encoding"] == encoding
    assert "Accept-Encoding" in packed.headers["vary"]
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.headers["etag"] == plain.headers["etag"]
    if encoding == "gzip":
        with api.stream("GET", "/api/v1/issues", headers={"Accept-Encoding": encoding}) as raw:
            assert gzip.decompress(b"".join(raw.iter_raw())) == plain.content


def test_head_is_get_without_the_body(api: TestClient) -> None:
    for path in ("/api/v1/items/1", "/feed.xml", "/healthz", "/api/v1/items.jsonl", "/"):
        head, whole = api.head(path), api.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers.get("etag") == whole.headers.get("etag")


def test_other_origins_may_read(api: TestClient) -> None:
    answer = api.get("/api/v1/status", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    asked = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match",
    }
    assert api.options("/api/v1/search", headers=asked).status_code == 200
    refused = api.options("/api/v1/search", headers={**asked, "Access-Control-Request-Method": "DELETE"})
    assert refused.status_code == 400


def test_origins_can_be_named_or_none(archive: Archive) -> None:
    with client(archive, Settings(allow_origins=("https://mine.example",))) as api:
        mine = api.get("/api/v1/status", headers={"Origin": "https://mine.example"})
        other = api.get("/api/v1/status", headers={"Origin": "https://other.example"})
        assert mine.headers["access-control-allow-origin"] == "https://mine.example"
        assert "access-control-allow-origin" not in other.headers
    with client(archive, Settings(allow_origins=())) as api:
        closed = api.get("/api/v1/status", headers={"Origin": "https://mine.example"})
        assert "access-control-allow-origin" not in closed.headers


def test_too_many_requests_are_refused_until_later(archive: Archive) -> None:
    with client(archive, Settings(rate_limit="3/hour")) as api:
        left = [api.get("/api/v1/status").headers["x-ratelimit-remaining"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        refused = api.get("/api/v1/status")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert refused.headers["x-ratelimit-limit"] == "3"
        assert refused.headers["ratelimit-policy"] == '"0";q=3;w=3600'
        assert refused.headers["ratelimit"].startswith('"0";r=0;t=')
        assert api.get("/healthz").status_code == 200
        page = api.get("/", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")


def test_there_is_no_limit_unless_asked_for(api: TestClient) -> None:
    assert "x-ratelimit-limit" not in api.get("/api/v1/status").headers


def test_the_tightest_of_several_limits_is_told(archive: Archive) -> None:
    with client(archive, Settings(rate_limit="2/minute;100/hour")) as api:
        answer = api.get("/api/v1/status")
        assert answer.headers["ratelimit-policy"] == '"0";q=2;w=60, "1";q=100;w=3600'
        assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("2", "1")


def statuses(archive: Archive, settings: Settings, forwarded: list[str]) -> list[int]:
    """What requests that claim to come from `forwarded` are answered; the peer is the test client."""
    with client(archive, settings) as api:
        return [api.get("/api/v1/status", headers={"X-Forwarded-For": f}).status_code for f in forwarded]


def test_proxies_are_believed_only_when_trusted(archive: Archive) -> None:
    claims = ["203.0.113.1", "203.0.113.2", "203.0.113.1"]
    trusting = Settings(rate_limit="1/hour", trusted_proxies=("testclient",))
    assert statuses(archive, trusting, claims) == [200, 200, 429]
    assert statuses(archive, Settings(rate_limit="1/hour"), claims) == [200, 429, 429]


def test_a_client_cannot_forge_its_address_through_a_trusted_proxy(archive: Archive) -> None:
    """The proxy appends the address it saw; what stands before it came from the client."""
    claims = ["198.51.100.9, 203.0.113.1", "198.51.100.10, 203.0.113.1"]
    assert statuses(archive, Settings(rate_limit="1/hour", trusted_proxies=("testclient",)), claims) == [200, 429]


def test_an_address_of_version_6_stands_for_its_network() -> None:
    assert client_key("2001:db8:1:2::1") == client_key("2001:db8:1:2:ffff::9") != client_key("2001:db8:1:3::1")
    assert client_key("::ffff:203.0.113.1") == client_key("203.0.113.1") == "203.0.113.1"


def test_the_scheme_of_a_trusted_proxy_is_used_in_addresses(archive: Archive) -> None:
    with client(archive, Settings(trusted_proxies=("*",))) as api:
        item = api.get("/api/v1/items/1", headers={"X-Forwarded-Proto": "https"}).json()
        assert item["links"]["page"] == "https://archive.example/items/1"


def test_bodies_are_bounded_whether_declared_or_not(archive: Archive) -> None:
    def drip() -> Iterator[bytes]:
        yield from (b" " * 500 for _ in range(10))

    with client(archive, Settings(max_body=2_000)) as api:
        declared = api.post("/api/v1/search", content=b" " * 5_000)
        streamed = api.post("/api/v1/search", content=drip())
        for answer in (declared, streamed):
            assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
        assert api.post("/api/v1/search", json={"queries": [{"q": "speech"}]}).status_code == 200


def test_the_longest_draft_fits_however_it_is_escaped(api: TestClient) -> None:
    body = json.dumps({"text": "\U0001f642" * params.MAX_DRAFT})
    assert len(body) > 2_000_000
    answer = api.post("/api/v1/check", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_every_request_leaves_one_line_with_its_time(api: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "backissues.access"):
        api.get("/api/v1/search", params={"q": "two\nlines"})
        api.get("/nowhere")
    lines = [record.getMessage() for record in caplog.records if record.name == "backissues.access"]
    assert len(lines) == 2
    assert "\n" not in lines[0]
    address, method, target, status, size, spent = lines[0].split(" ")
    assert (address, method, status) == ("testclient", "GET", "200")
    assert target == "/api/v1/search?q=two%0Alines"
    assert int(size.removesuffix("B")) > 100
    assert float(spent.removesuffix("ms")) > 0
    assert " /nowhere 404 " in lines[1]


def test_an_answer_tells_how_long_it_took(api: TestClient) -> None:
    name, _, spent = api.get("/api/v1/status").headers["server-timing"].partition(";dur=")
    assert name == "total"
    assert float(spent) > 0


def test_metrics_count_by_route_not_by_address(archive: Archive) -> None:
    with client(archive) as api:
        for path in ("/api/v1/items/1", "/api/v1/items/2", "/api/v1/items/999", "/nowhere-1", "/nowhere-2"):
            api.get(path)
        lines = api.get("/metrics").text.splitlines()
    counts = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in lines if not line.startswith("#")}
    route = 'method="GET",route="/api/v1/items/{id}"'
    assert counts[f'backissues_requests_total{{{route},status="200"}}'] == "2.0"
    assert counts[f'backissues_requests_total{{{route},status="404"}}'] == "1.0"
    assert counts['backissues_requests_total{method="GET",route="(none)",status="404"}'] == "2.0"
    assert counts['backissues_request_seconds_count{route="/api/v1/items/{id}"}'] == "3.0"
    assert (counts["backissues_issues"], counts["backissues_items"]) == ("6.0", "33.0")


WORKER = """
import sys
from pathlib import Path
from index.archive import Archive
from tests.conftest import WordEncoder
from tests.conftest import ROOT, WordEncoder
from tests.served import client
with Archive(Path(sys.argv[1]), WordEncoder()) as archive, client(archive) as api:
    for _ in range(int(sys.argv[2])):
        api.get("/api/v1/items/1")
    print(api.get("/metrics").text)
"""


def test_workers_add_up_their_counts(tmp_path: Path) -> None:
    fill(tmp_path / "archive").close()
    (tmp_path / "counts").mkdir()
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts")}
    for asked in (2, 3):
        command = [sys.executable, "-c", WORKER, str(tmp_path / "archive"), str(asked)]
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    line = 'backissues_requests_total{method="GET",route="/api/v1/items/{id}",status="200"} 5.0'
    assert line in run.stdout.splitlines()
    assert "backissues_items 33.0" in run.stdout.splitlines()


def test_the_log_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("backissues.access")
    before = log.handlers[:], log.level, log.propagate
    try:
        log_to_stderr()
        log_to_stderr()
        log.info("%s asked", "someone")
    finally:
        log.handlers, log.level, log.propagate = before
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith(" someone asked")


def test_health_and_readiness(api: TestClient) -> None:
    assert api.get("/healthz").json() == {"status": "ok"}
    ready = api.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["build"]["items"]) == (200, "ready", 33)
    assert ready.headers["cache-control"] == "no-store"


def test_an_archive_without_its_model_is_not_ready(tmp_path: Path) -> None:
    class Other:
        fingerprint = "other@0002"
        dimensions = 256

    fill(tmp_path).close()
    with Archive(tmp_path, Other()) as archive, client(archive) as api:  # type: ignore[arg-type]
        ready = api.get("/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "unavailable")
        assert "rebuild" in ready.json()["detail"]
        assert api.get("/healthz").status_code == 200
        assert api.get("/api/v1/items/1").status_code == 200


def test_what_needs_no_model_is_answered_without_one(tmp_path: Path) -> None:
    """Not even the calibration is there, which the tags name."""

    class Other:
        fingerprint = "other@0002"
        dimensions = 256

    with Archive(tmp_path, WordEncoder(), create=True) as archive:
        list(archive.put([document(1)]))
    with Archive(tmp_path, Other()) as archive, client(archive) as api:  # type: ignore[arg-type]
        assert api.get("/api/v1/items/1").json()["id"] == 1
        refused = api.get("/api/v1/search?q=speech")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")


def test_errors_of_pages_are_pages_for_people_and_problems_for_programs(api: TestClient) -> None:
    person = api.get("/items/999", headers={"Accept": "text/html"})
    program = api.get("/items/999", headers={"Accept": "application/json"})
    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert (program.status_code, program.headers["content-type"]) == (404, "application/problem+json")
