"""Half a word while one types: the commonest word that begins so, only where the question itself finds nothing."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from index.archive import Archive
from tests.reading import HTMX, PAGE
from tests.served import client, fill
from web.completing import complete

TYPING = {**HTMX, "HX-Typing": "true"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("completing")) as filled:
        yield filled


@pytest.fixture(scope="module")
def site(archive: Archive) -> Iterator[TestClient]:
    with client(archive) as ready:
        yield ready


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Spee", "speech"),
        ("robots on sa", "robots on sand"),
        ("segm", "segmentation"),
        ("segment", None),
        ("speech", None),
        ("speech ", None),
        ("", None),
        ("qwzx", None),
        ("section:Pap", None),
        ("-spee", None),
        ('"spee', None),
        ("https://spee", None),
        ("画像のs", None),
        ("画像", None),
    ],
)
def test_the_last_word_is_completed_from_what_the_archive_holds(archive: Archive, text: str, whole: str | None) -> None:
    found = complete(archive, text)
    assert (found and found[0]) == whole


def test_only_typing_is_helped_and_says_so(site: TestClient) -> None:
    helped = site.get("/search?q=spee", headers=TYPING)
    assert "for “speech”" in helped.text
    assert 'data-query="spee"' in helped.text
    assert "q=speech&amp;kind=" in helped.text, "narrowing goes on from what is shown"
    for headers in (HTMX, PAGE):
        plain = site.get("/search?q=spee", headers=headers)
        assert "Nothing close" in plain.text
        assert "data-begun" not in plain.text
    assert "HX-Typing" in helped.headers["vary"]
    assert helped.headers["etag"] != site.get("/search?q=spee", headers=HTMX).headers["etag"]


def test_a_question_that_finds_something_is_left_alone(site: TestClient) -> None:
    typing = site.get("/search?q=robots+sand", headers=TYPING).text
    assert typing == site.get("/search?q=robots+sand", headers=HTMX).text
    assert "Nothing close" in site.get("/search?q=xylophone+zeppelin", headers=TYPING).text
