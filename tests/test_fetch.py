"""The polite client against a real server on the loopback address."""

import datetime as dt
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path

import pytest

from index.archive import Archive
from ingest.addresses import AddressError, check_url, is_public, proxy_for, resolve
from ingest.answers import FetchError
from ingest.fetch import Ask, Fetcher, MemoryPages
from ingest.options import USER_AGENT, Fetching
from tests.conftest import WordEncoder
from tests.webserver import Answer, Asked, LocalServer, page

QUICK = Fetching(delay=0.0, backoff=0.5, timeout=5.0, allow_private=True)


class Pauses:
    """A sleep that only writes down how long it should have been."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def fetcher(pauses: Pauses) -> Iterator[Fetcher]:
    made = Fetcher(QUICK, sleep=pauses)
    yield made
    made.close()


def refused(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        fetcher.get(url)
    return str(caught.value)


def test_says_who_it_is_and_asks_robots_first(web: LocalServer, fetcher: Fetcher) -> None:
    web.route("/robots.txt", "User-agent: *\nDisallow:\n")
    web.route("/a", "<p>one</p>")
    assert fetcher.get(f"{web.url}/a#part").body == b"<p>one</p>"
    assert [asked.path for asked in web.asked] == ["/robots.txt", "/a"]
    assert {asked.headers["user-agent"] for asked in web.asked} == {USER_AGENT}


def test_robots_forbid_a_path_and_leave_the_rest(web: LocalServer, fetcher: Fetcher) -> None:
    web.route("/robots.txt", "User-agent: *\nDisallow: /private/\n")
    web.route("/private/a", "secret")
    web.route("/open", "fine")
    assert refused(fetcher, f"{web.url}/private/a") == (
        f"The robots.txt of {web.url} does not allow {web.url}/private/a to be fetched."
    )
    assert fetcher.get(f"{web.url}/open").body == b"fine"
    assert web.paths == ["/open"]


def test_robots_for_us_by_name_win_over_those_for_all(web: LocalServer, fetcher: Fetcher) -> None:
    web.route("/robots.txt", "User-agent: *\nAllow: /\n\nUser-agent: backissues\nDisallow: /\n")
    web.route("/a", "fine")
    assert "does not allow" in refused(fetcher, f"{web.url}/a")


def test_a_redirect_into_a_forbidden_path_is_not_followed(web: LocalServer, fetcher: Fetcher) -> None:
    web.route("/robots.txt", "User-agent: *\nDisallow: /private\n")
    web.route("/a", Answer(status=302, headers={"Location": "/private"}))
    web.route("/private", "secret")
    assert "does not allow" in refused(fetcher, f"{web.url}/a")
    assert web.paths == ["/a"]


def test_failing_robots_forbid_everything_missing_ones_nothing(web: LocalServer, pauses: Pauses) -> None:
    web.route("/robots.txt", Answer(status=503))
    web.route("/a", "fine")
    fetcher = Fetcher(replace(QUICK, attempts=2), sleep=pauses)
    assert "so nothing is fetched there" in refused(fetcher, f"{web.url}/a")
    assert web.paths == []
    fetcher.close()
    web.route("/robots.txt", Answer(status=403))
    again = Fetcher(QUICK, sleep=pauses)
    assert again.get(f"{web.url}/a").body == b"fine"
    again.close()


def test_waits_between_requests_and_longer_where_robots_ask(web: LocalServer, pauses: Pauses) -> None:
    web.route("/a", "1")
    web.route("/b", "2")
    fetcher = Fetcher(replace(QUICK, delay=5.0), sleep=pauses)
    fetcher.get(f"{web.url}/a")
    fetcher.get(f"{web.url}/b")
    fetcher.close()
    assert len(pauses.slept) == 2  # after robots.txt, and between the pages
    assert all(4.0 < pause <= 5.0 for pause in pauses.slept)
    web.route("/robots.txt", "User-agent: *\nCrawl-delay: 30\n")
    slow = Fetcher(replace(QUICK, delay=5.0), sleep=pauses)
    slow.get(f"{web.url}/a")
    slow.close()
    assert 29.0 < pauses.slept[-1] <= 30.0


def test_one_connection_is_used_for_a_whole_host(web: LocalServer, fetcher: Fetcher) -> None:
    for name in "abc":
        web.route(f"/{name}", name)
        fetcher.get(f"{web.url}/{name}")
    assert len({asked.connection for asked in web.asked}) == 1


def test_retry_after_in_seconds_and_as_a_date_is_heeded(web: LocalServer, fetcher: Fetcher, pauses: Pauses) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    busy = [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=503, headers={"Retry-After": format_datetime(later, usegmt=True)}),
    ]
    web.route("/a", *busy, page("at last"))
    assert fetcher.get(f"{web.url}/a").body == b"at last"
    assert pauses.slept[0] == 7.0
    assert 50.0 < pauses.slept[1] <= 60.0


def test_without_retry_after_the_pause_doubles_and_ends(web: LocalServer, fetcher: Fetcher, pauses: Pauses) -> None:
    web.route("/a", Answer(status=503))
    assert refused(fetcher, f"{web.url}/a") == f"{web.url}/a fails, also after several tries (HTTP 503)."
    assert web.paths == ["/a"] * QUICK.attempts
    assert pauses.slept == [0.5, 1.0, 2.0]


def test_a_server_that_wants_hours_is_left_alone(web: LocalServer, fetcher: Fetcher, pauses: Pauses) -> None:
    web.route("/a", Answer(status=429, headers={"Retry-After": "86400"}))
    assert "asks to come back in 86400 seconds" in refused(fetcher, f"{web.url}/a")
    assert web.paths == ["/a"]
    assert pauses.slept == []


def test_a_broken_off_answer_is_asked_for_again(web: LocalServer, fetcher: Fetcher) -> None:
    whole = b"x" * 5000
    web.route("/a", Answer(whole, cut=100), page(whole))
    assert fetcher.get(f"{web.url}/a").body == whole
    assert web.paths == ["/a", "/a"]


def test_answers_that_always_break_off_are_given_up(web: LocalServer, fetcher: Fetcher) -> None:
    web.route("/a", Answer(b"x" * 5000, cut=100))
    assert "the answer broke off" in refused(fetcher, f"{web.url}/a")


def test_a_silent_server_times_out(web: LocalServer, pauses: Pauses) -> None:
    web.route("/a", Answer("late", silent=30.0))
    fetcher = Fetcher(replace(QUICK, timeout=0.2, attempts=2), sleep=pauses)
    assert "no answer within" in refused(fetcher, f"{web.url}/a")
    assert web.paths == ["/a", "/a"]
    fetcher.close()


def test_a_dripping_server_is_given_up_at_the_deadline(web: LocalServer, pauses: Pauses) -> None:
    web.route("/a", Answer(b"x" * 100_000, drip=10))
    fetcher = Fetcher(replace(QUICK, deadline=0.2), sleep=pauses)
    assert "took longer than" in refused(fetcher, f"{web.url}/a")
    fetcher.close()


def test_too_large_by_promise_and_by_deed(web: LocalServer, pauses: Pauses) -> None:
    small = Fetcher(replace(QUICK, max_bytes=1_000_000), sleep=pauses)
    web.route("/big", Answer(b"x" * 1_000_001))
    web.route("/fits", Answer(b"x" * 1_000_000))
    assert refused(small, f"{web.url}/big") == f"{web.url}/big is larger than the 1 MB allowed."
    assert len(small.get(f"{web.url}/fits").body) == 1_000_000
    small.close()


def test_compressed_answers_are_unpacked_and_bombs_are_not(web: LocalServer, pauses: Pauses) -> None:
    fetcher = Fetcher(replace(QUICK, max_bytes=1_000_000), sleep=pauses)
    text = "Neural rendering in the browser. " * 1000
    web.route("/gzip", Answer(text, packed=True))
    web.route("/deflate", Answer(zlib.compress(text.encode()), headers={"Content-Encoding": "deflate"}))
    raw = zlib.compressobj(wbits=-15)
    body = raw.compress(text.encode()) + raw.flush()
    web.route("/raw", Answer(body, headers={"Content-Encoding": "deflate"}))
    for path in ("gzip", "deflate", "raw"):
        assert fetcher.get(f"{web.url}/{path}").body.decode() == text
    bomb = gzip.compress(b"\0" * 300_000_000, compresslevel=9)
    assert len(bomb) < 1_000_000
    web.route("/bomb", Answer(bomb, headers={"Content-Encoding": "gzip"}))
    assert "larger than the 1 MB" in refused(fetcher, f"{web.url}/bomb")
    web.route("/twice", Answer(gzip.compress(gzip.compress(b"x")), headers={"Content-Encoding": "gzip, gzip"}))
    assert "encoding 'gzip, gzip'" in refused(fetcher, f"{web.url}/twice")
    web.route("/damaged", Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
    assert "damaged" in refused(fetcher, f"{web.url}/damaged")
    fetcher.close()


def test_redirects_are_followed_and_counted(web: LocalServer, fetcher: Fetcher) -> None:
    web.route("/old", Answer(status=301, headers={"Location": "/new"}))
    web.route("/new", "here")
    web.route("/loop", Answer(status=302, headers={"Location": "/loop"}))
    got = fetcher.get(f"{web.url}/old")
    assert (got.url, got.body) == (f"{web.url}/new", b"here")
    assert "more than 5 redirects" in refused(fetcher, f"{web.url}/loop")


def test_kept_pages_need_no_network_fresh_ones_ask_conditionally(web: LocalServer, pauses: Pauses) -> None:
    web.route("/list", Answer("one", etag=True))
    pages = MemoryPages()
    first = Fetcher(QUICK, pages, sleep=pauses)
    first.get(f"{web.url}/list")
    first.close()
    second = Fetcher(QUICK, pages, sleep=pauses)
    assert second.get(f"{web.url}/list").body == b"one"
    assert web.paths == ["/list"]
    assert second.get(f"{web.url}/list", Ask(fresh=True)).body == b"one"
    assert web.paths == ["/list", "/list"]
    assert "if-none-match" in web.asked[-1].headers
    second.get(f"{web.url}/list", Ask(fresh=True))
    assert web.paths == ["/list", "/list"], "one run asks once"
    second.close()
    web.route("/list", Answer("two", etag=True))
    third = Fetcher(QUICK, pages, refresh=True, sleep=pauses)
    assert third.get(f"{web.url}/list").body == b"two"
    third.close()


def test_pages_known_to_have_changed_are_asked_for_again(web: LocalServer, pauses: Pauses) -> None:
    modified = {"Last-Modified": "Mon, 03 May 2021 08:00:00 GMT"}
    web.route("/a", Answer("one", headers=modified))
    pages = MemoryPages()
    first = Fetcher(QUICK, pages, sleep=pauses)
    first.get(f"{web.url}/a")
    first.close()
    fetcher = Fetcher(QUICK, pages, sleep=pauses)
    fetcher.get(f"{web.url}/a", Ask(changed_at=dt.datetime(2021, 5, 3, tzinfo=dt.UTC)))
    assert web.paths == ["/a"]
    fetcher.get(f"{web.url}/a", Ask(changed_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=1)))
    assert web.paths == ["/a", "/a"]
    assert web.asked[-1].headers["if-modified-since"] == modified["Last-Modified"]
    fetcher.close()


def test_the_archive_keeps_what_was_fetched(web: LocalServer, tmp_path: Path, pauses: Pauses) -> None:
    web.route("/old", Answer(status=301, headers={"Location": "/new"}))
    web.route("/new", page("<p>kept</p>"))
    with Archive(tmp_path / "archive", WordEncoder(), create=True) as archive:
        fetcher = Fetcher(QUICK, archive.pages, sleep=pauses)
        fetcher.get(f"{web.url}/old")
        fetcher.close()
    with Archive(tmp_path / "archive", WordEncoder()) as archive:
        offline = Fetcher(replace(QUICK, offline=True), archive.pages, sleep=pauses)
        got = offline.get(f"{web.url}/old")
        assert (got.url, got.body, got.media_type) == (f"{web.url}/new", b"<p>kept</p>", "text/html")
        assert "was never fetched" in refused(offline, f"{web.url}/other")
        offline.close()
    assert web.paths == ["/old", "/new"]


@pytest.mark.parametrize(
    ("status", "said"), [(404, "does not exist"), (403, "refuses"), (401, "login"), (402, "paying"), (410, "gone")]
)
def test_refusals_are_said_in_words(web: LocalServer, fetcher: Fetcher, status: int, said: str) -> None:
    web.route("/a", Answer(status=status))
    message = refused(fetcher, f"{web.url}/a")
    assert said in message
    assert f"HTTP {status}" in message
    assert web.paths == ["/a"], "asking again would not help"


def test_private_addresses_are_refused_unless_allowed(web: LocalServer, pauses: Pauses) -> None:
    web.route("/a", "inside")
    fetcher = Fetcher(replace(QUICK, allow_private=False), sleep=pauses)
    message = refused(fetcher, f"{web.url}/a")
    assert "127.0.0.1 is a private or local address; it is fetched only with --allow-private." in message
    port = web.url.rpartition(":")[2]
    assert "localhost (" in refused(fetcher, f"http://localhost:{port}/a")
    assert web.asked == []
    fetcher.close()


def test_a_redirect_to_a_private_address_is_refused_before_it_is_asked(
    web: LocalServer, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There is no public server here: let one loopback address count as public, and all others as what they are.
    monkeypatch.setattr("ingest.addresses.is_public", lambda address: address == "127.0.0.1")
    port = web.url.rpartition(":")[2]
    web.route("/a", Answer(status=302, headers={"Location": f"http://127.0.0.2:{port}/admin"}))
    web.route("/admin", "inside")
    fetcher = Fetcher(replace(QUICK, allow_private=False), sleep=pauses)
    assert "127.0.0.2 is a private or local address" in refused(fetcher, f"{web.url}/a")
    assert web.paths == ["/a"]
    fetcher.close()


def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert proxy_for("https://kite.example/a") == "http://proxy.example:3128"
    for url in (
        "https://inside.example/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://0x7f.1/",
        "https://[::1]/",
    ):
        assert proxy_for(url) is None


def test_every_redirect_is_judged_like_the_first_address(web: LocalServer, pauses: Pauses) -> None:
    web.route("/a", Answer(status=302, headers={"Location": "ftp://127.0.0.1/etc"}))
    web.route("/b", Answer(status=302, headers={"Location": "http://user:word@127.0.0.1/"}))
    fetcher = Fetcher(QUICK, sleep=pauses)
    assert "no http:// or https:// address" in refused(fetcher, f"{web.url}/a")
    assert "user name or password" in refused(fetcher, f"{web.url}/b")
    fetcher.close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_the_open_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_addresses_of_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("name", ["127.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]", "localhost"])
def test_other_spellings_of_the_loopback_address_are_seen_through(name: str) -> None:
    with pytest.raises(AddressError, match="private or local"):
        resolve(name.strip("[]"), 80)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x/", "https://", "http://[::1", "http://a:b@c.org/"])
def test_addresses_of_other_kinds_are_refused(url: str) -> None:
    with pytest.raises(AddressError):
        check_url(url)


def test_names_that_do_not_exist_and_ports_nobody_listens_on(fetcher: Fetcher, web: LocalServer) -> None:
    assert "cannot be resolved" in refused(fetcher, "http://no-such-host.invalid/a")
    dead = LocalServer()
    dead.close()
    said = refused(fetcher, f"{dead.url}/a")
    assert "could not be reached: Connection refused" in said
    assert web.asked == []


def test_a_name_goes_with_the_request_although_the_connection_goes_to_its_address(
    web: LocalServer, fetcher: Fetcher
) -> None:
    port = web.url.rpartition(":")[2]
    web.route("/a", lambda asked: Answer(asked.headers["host"]))
    assert fetcher.get(f"http://localhost:{port}/a").body.decode() == f"localhost:{port}"


def test_the_media_type_is_what_the_server_names(web: LocalServer, fetcher: Fetcher) -> None:
    def typed(asked: Asked) -> Answer:
        return Answer("x", headers={"Content-Type": asked.query["type"]})

    web.route("/a", typed)
    assert fetcher.get(f"{web.url}/a?type=Text/HTML;charset=x").media_type == "text/html"
    assert fetcher.get(f"{web.url}/a?type=image/png").media_type == "image/png"
