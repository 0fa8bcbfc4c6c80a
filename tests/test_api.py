"""The JSON API: what it answers, in which order, and what it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.archive import Archive
from tests.served import NAMES, PAPER, SHARED, client, document, fill
from web import params, schemas
from web.records import IssuesOut, ItemOut, Out, WholeIssueOut, WorkOut
from web.settings import Settings


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with fill(tmp_path_factory.mktemp("api")) as filled:
        yield filled


@pytest.fixture(scope="module")
def api(archive: Archive) -> Iterator[TestClient]:
    with client(archive) as ready:
        yield ready


def get(api: TestClient, path: str, model: type[Out], **query: Any) -> dict[str, Any]:
    """The answer, having checked that it is what the OpenAPI document promises: no key less, none more."""
    response = api.get(f"/api/v1{path}", params=query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    answer: dict[str, Any] = response.json()
    assert model.model_validate(answer).model_dump(mode="json") == answer
    return answer


def refused(api: TestClient, path: str, status: int, code: str, **query: Any) -> dict[str, Any]:
    response = api.get(f"/api/v1{path}", params=query)
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["instance"] == f"/api/v1{path}"
    assert api.get(problem["type"]).json()["code"] == code
    return problem


def titles(hits: list[dict[str, Any]]) -> list[str]:
    return [hit["title"] for hit in hits]


def test_search_answers_hits_best_first_with_their_issue(api: TestClient) -> None:
    answer = get(api, "/search", schemas.SearchOut, q="database storage engine")
    assert answer["close"] is True
    assert {title.rpartition(" ")[0] for title in titles(answer["items"])[:3]} == {NAMES[4]}
    scores = [hit["score"] for hit in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    hit = answer["items"][0]
    number = int(hit["title"].rpartition(" ")[2])
    assert hit["issue"] == {
        "id": number,
        "number": number,
        "title": f"Field notes {number}",
        "date": f"2021-{'01' if number < 6 else '02'}-{3 + 7 * (number - 1) if number < 6 else 7:02}",
        "url": f"https://notes.example/{number}",
        "newsletter": "Field notes",
    }
    assert any(highlight["spans"] for highlight in hit["highlights"])
    for highlight in hit["highlights"]:
        assert all(0 <= start < end <= len(highlight["text"]) for start, end in highlight["spans"])


def test_a_work_is_shown_once_with_its_other_issues(api: TestClient) -> None:
    answer = get(api, "/search", schemas.SearchOut, q="general segmenter")
    shared = [hit for hit in answer["items"] if hit["key"] == SHARED]
    assert len(shared) == 1
    places = {shared[0]["issue"]["number"], *(mention["issue"]["number"] for mention in shared[0]["also_in"])}
    assert places == {2, 4, 6}
    assert shared[0]["paper"]["authors"] == list(PAPER.authors)


def test_conditions_that_are_turned_round_are_told(api: TestClient) -> None:
    whole = api.get("/api/v1/search", params={"q": "-site:arxiv.org year:2021", "limit": 100}).json()
    (left_out,) = whole["query"]["filters"]["excluding"]
    assert (left_out["hosts"], left_out["years"]) == (["arxiv.org"], [])
    assert whole["query"]["filters"]["years"] == [2021]
    assert whole["total"] == 30, "all but the shared work"
    assert "arxiv.org" not in {hit["url"].split("/")[2] for hit in whole["items"] if hit["url"]}


def test_filters_narrow_and_facets_count(api: TestClient) -> None:
    answer = get(api, "/search", schemas.SearchOut, section="Tools", issue=[2, 3], limit=50)
    assert sorted(titles(answer["items"])) == [f"{NAMES[3]} 2", f"{NAMES[3]} 3", f"{NAMES[4]} 2", f"{NAMES[4]} 3"]
    assert answer["total"] == 4
    kinds = {value["value"]: value["count"] for value in answer["facets"]["kind"]}
    assert kinds == {"article": 4}


def test_from_and_to_include_their_days(api: TestClient) -> None:
    query = {"from": "2021-01-10", "to": "2021-01-17", "sort": "oldest", "limit": 50}
    answer = get(api, "/search", schemas.SearchOut, **query)
    assert {hit["issue"]["number"] for hit in answer["items"]} <= {2, 3}
    assert answer["total"] == 11  # five items each, and the shared work once


def test_pages_follow_one_another_without_gap_or_repetition(api: TestClient) -> None:
    whole = get(api, "/search", schemas.SearchOut, year=2021, sort="oldest", limit=100)
    seen, url, totals = [], "/api/v1/search?year=2021&sort=oldest&limit=7", set()
    while url:
        response = api.get(url)
        page = response.json()
        seen += [hit["id"] for hit in page["items"]]
        totals.add(page["total"])
        url = page["next_url"]
        assert response.headers.get("link") == (f'<{url}>; rel="next"' if url else None)
    assert seen == [hit["id"] for hit in whole["items"]]
    assert totals == {whole["total"]} == {len(seen)} == {31}


def test_a_batch_answers_in_order_as_single_searches_do(api: TestClient) -> None:
    queries: list[dict[str, Any]] = [
        {"q": "speech units", "limit": 2},
        {"q": "gait", "from": "2021-01-10", "sort": "newest", "limit": 3},
        {"section": ["Tools"], "limit": 1},
        {"q": "brush strokes"},
    ]
    response = api.post("/api/v1/search", json={"queries": [*queries[:3], "brush strokes"]})
    assert response.status_code == 200, response.text
    batch = response.json()
    assert schemas.BatchOut.model_validate(batch).model_dump(mode="json") == batch
    for query, answer in zip(queries, batch["answers"], strict=True):
        alone = api.get("/api/v1/search", params=query).json()
        assert {**answer, "took_ms": 0} == {**alone, "took_ms": 0, "next_url": answer["next_url"]}
        if answer["next_url"]:
            assert api.get(answer["next_url"]).json()["items"] == api.get(alone["next_url"]).json()["items"]


def test_nothing_close_is_said_plainly(api: TestClient) -> None:
    answer = get(api, "/search", schemas.SearchOut, q="qwzx vbnmk lkjhg")
    assert answer["close"] is False
    assert {hit["match"] for hit in answer["items"]} <= {"weak"}


def test_an_item_tells_all(api: TestClient) -> None:
    item = get(api, "/items/11", ItemOut)
    assert (item["title"], item["position"], item["issue"]["number"]) == ("A general segmenter", 6, 2)
    assert [mention["issue"]["number"] for mention in item["also_in"]] == [4, 6]
    assert item["links"] == {
        "page": "http://archive.example/items/11",
        "api": "http://archive.example/api/v1/items/11",
        "related": "http://archive.example/api/v1/items/11/related",
        "issue": "http://archive.example/api/v1/issues/2",
        "work": "http://archive.example/api/v1/works/arxiv:2104.06601",
    }
    for link in item["links"].values():
        assert api.get(link).status_code == 200


def test_related_is_split_by_time(api: TestClient, archive: Archive) -> None:
    middle = next(item for item in archive.all_items() if item.title == f"{NAMES[1]} 3")
    answer = get(api, f"/items/{middle.id}/related", schemas.RelatedOut, limit=4)
    assert answer["item"]["id"] == middle.id
    assert {hit["issue"]["number"] for hit in answer["earlier"]} <= {1, 2}
    assert {hit["issue"]["number"] for hit in answer["later"]} <= {4, 5, 6}
    found = titles(answer["earlier"] + answer["later"])
    assert found
    assert all(title.startswith(NAMES[1]) for title in found)


@pytest.mark.parametrize(
    ("name", "value"), [("arxiv", "2104.06601"), ("url", "https://www.arxiv.org/pdf/2104.06601v3")]
)
def test_related_to_a_link_finds_the_work(api: TestClient, name: str, value: str) -> None:
    answer = get(api, "/related", schemas.RelatedOut, **{name: value})
    assert answer["item"]["key"] == SHARED


def test_related_to_a_text(api: TestClient) -> None:
    answer = get(
        api, "/related", schemas.RelatedOut, text=f"{NAMES[1]}: audio units spoken voice phoneme waveform", limit=3
    )
    assert answer["item"] is None
    assert titles(answer["earlier"] + answer["later"])[0].startswith(NAMES[1])


def test_related_wants_exactly_one_thing(api: TestClient) -> None:
    refused(api, "/related", 400, "bad-query")
    refused(api, "/related", 400, "bad-query", url="https://a.example/", text="b")
    refused(api, "/related", 400, "bad-query", text="  ")
    refused(api, "/related", 400, "bad-query", arxiv="banana")


def test_a_work_lists_every_mention_oldest_first(api: TestClient) -> None:
    work = get(api, f"/works/{SHARED}", WorkOut)
    assert [mention["issue"]["number"] for mention in work["mentions"]] == [2, 4, 6]
    assert work["title"] == PAPER.title
    assert "Covered in Field notes issue 2 (2021-01-10); Field notes issue 4" in work["bibtex"]
    assert r"title = {{Segment \& count \textbraceleft{}everything\textbraceright{}}}" in work["bibtex"]


def test_a_key_with_a_query_in_it_is_found(api: TestClient) -> None:
    item = get(api, "/items/1", ItemOut)
    assert item["key"] == "notes.example/1/1?a=1&b=2"
    work = api.get(item["links"]["work"]).json()
    assert (work["key"], [m["id"] for m in work["mentions"]]) == (item["key"], [1])


def test_issues_are_listed_newest_first_and_paged(api: TestClient) -> None:
    first = get(api, "/issues", IssuesOut, limit=4)
    rest = api.get(first["next_url"]).json()
    assert [issue["number"] for issue in first["issues"] + rest["issues"]] == [6, 5, 4, 3, 2, 1]
    assert [issue["items"] for issue in first["issues"]] == [6, 5, 6, 5]
    assert (first["total"], rest["next"]) == (6, None)


def test_an_issue_holds_its_items_and_knows_its_neighbours(api: TestClient) -> None:
    issue = get(api, "/issues/2", WholeIssueOut)
    assert titles(issue["items"]) == [*(f"{name} 2" for name in NAMES), "A general segmenter"]
    assert issue["unassigned"] == ["https://ads.example/2"]
    assert (issue["older"]["number"], issue["newer"]["number"]) == (1, 3)
    assert get(api, "/issues/6", WholeIssueOut)["newer"] is None


def test_topics_hold_every_item_they_say(api: TestClient) -> None:
    answer = get(api, "/topics", schemas.TopicsOut)
    assert answer["topics"]
    for topic in answer["topics"]:
        assert topic["size"] == len(topic["item_ids"]) == sum(count for _, count in topic["counts"])


def test_status_names_what_is_held_and_the_limits(api: TestClient) -> None:
    status = get(api, "/status", schemas.StatusOut)
    assert (status["title"], status["first"], status["last"]) == ("Field notes", "2021-01-03", "2021-02-07")
    assert (status["build"]["issues"], status["build"]["items"], status["build"]["works"]) == (6, 33, 31)
    assert status["limits"]["page_size"] == params.MAX_LIMIT


def test_a_draft_is_checked(api: TestClient) -> None:
    draft = f"New title | {SHARED}\n{NAMES[1]}, audio units spoken voice phoneme waveform | x.example/1"
    response = api.post("/api/v1/check", json={"text": draft})
    answer = response.json()
    assert schemas.CheckOut.model_validate(answer).model_dump(mode="json") == answer
    known, new = answer["items"]
    assert [mention["issue"]["number"] for mention in known["covered"]] == [2, 4, 6]
    assert new["covered"] == []
    assert titles(new["similar"])[0].startswith(NAMES[1])
    prose = api.post("/api/v1/check", json={"text": "prose"}).json()
    assert (prose["items"], prose["hint"]) == ([], "no items in it")


def test_drafts_are_not_offered_where_they_cannot_be_read(archive: Archive) -> None:
    with client(archive, Settings()) as api:
        assert api.post("/api/v1/check", json={"text": "a | b"}).status_code == 404
        assert "/api/v1/check" not in api.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize(
    "path",
    ["/search", "/items/1", "/items/1/related", "/works/a", "/issues", "/issues/1", "/topics", "/status"],
)
def test_unknown_parameters_are_refused_by_name(api: TestClient, path: str) -> None:
    problem = refused(api, path, 400, "unknown-parameter", colour="red")
    assert problem["errors"] == [{"at": "colour", "detail": "Unknown parameter"}]


@pytest.mark.parametrize("path", ["/feed.xml", "/healthz", "/readyz", "/metrics"])
def test_unknown_parameters_are_refused_outside_the_api_too(api: TestClient, path: str) -> None:
    assert api.get(path, params={"colour": "red"}).json()["code"] == "unknown-parameter"


def test_a_parameter_given_twice_is_refused_unless_it_is_a_list(api: TestClient) -> None:
    problem = api.get("/api/v1/search?q=a&q=b").json()
    assert (problem["code"], problem["errors"][0]["at"]) == ("repeated-parameter", "q")
    assert api.get("/api/v1/search?section=Tools&section=Papers").status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0),
        ("limit", params.MAX_LIMIT + 1),
        ("limit", "3.0"),
        ("q", "x" * (params.MAX_QUERY + 1)),
        ("mode", "magic"),
        ("sort", "random"),
        ("from", "2021"),
        ("from", "1610236800"),
        ("to", "2021-02-30"),
        ("issue", "one"),
        ("issue", 2**53),
    ],
)
def test_values_that_are_not_accepted_are_named(api: TestClient, name: str, value: object) -> None:
    problem = refused(api, "/search", 422, "invalid", **{name: value})
    assert [error["at"] for error in problem["errors"]] == [name]


def test_the_body_of_a_batch_is_checked_with_pointers(api: TestClient) -> None:
    def post(body: object) -> tuple[int, list[str]]:
        response = api.post("/api/v1/search", json=body)
        return response.status_code, [error["at"] for error in response.json()["errors"]]

    assert post({"queries": [{"q": "a"}, {"q": "b", "limit": 0}]}) == (422, ["/queries/1/limit"])
    assert post({"queries": [{"q": "a", "colour": "red"}]}) == (400, ["/queries/0/colour"])
    assert post({"queries": []}) == (422, ["/queries"])
    assert post({"queries": [{"q": "a"}] * (params.MAX_BATCH + 1)}) == (422, ["/queries"])
    assert post([]) == (422, ["/"])


@pytest.mark.parametrize(
    ("sent", "kind", "told"),
    [
        (b"queries=audio", "application/x-www-form-urlencoded", "Content-Type: application/json"),
        (b'{"queries": ["audio"]}', "text/plain", "Content-Type: application/json"),
        (b'"audio"', "application/json", "A JSON object is wanted"),
        (b'{"queries": [audio]}', "application/json", "This is no JSON: Expecting value at character 13."),
    ],
)
def test_a_body_that_is_no_json_object_is_told_what_to_send(api: TestClient, sent: bytes, kind: str, told: str) -> None:
    response = api.post("/api/v1/search", content=sent, headers={"Content-Type": kind})
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "invalid")
    (error,) = problem["errors"]
    assert error["at"] == "/"
    assert told in error["detail"]
    assert told in problem["detail"]


@pytest.mark.parametrize(
    "path", ["/items/999", "/items/999/related", "/works/arxiv:9", "/issues/999", "/problems/x", "/x"]
)
def test_what_is_not_there_is_a_404(api: TestClient, path: str) -> None:
    refused(api, path, 404, "not-found")


def test_methods_that_are_not_there_are_a_405(api: TestClient) -> None:
    response = api.delete("/api/v1/search")
    assert (response.status_code, response.json()["code"]) == (405, "not-allowed")
    assert response.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", ["/search", "/issues"])
@pytest.mark.parametrize("cursor", ["x", "", "äöü", "aXNzdWVz", "====", "\x00"])
def test_what_is_no_cursor_is_refused(api: TestClient, path: str, cursor: str) -> None:
    refused(api, path, 400, "bad-cursor", cursor=cursor)


def test_cursors_end_with_the_build(tmp_path_factory: pytest.TempPathFactory) -> None:
    with fill(tmp_path_factory.mktemp("changing")) as archive, client(archive) as api:
        asked = {"/search": {"year": 2021, "limit": 2}, "/issues": {"limit": 2}}
        cursors = {path: api.get(f"/api/v1{path}", params=query).json()["next"] for path, query in asked.items()}
        for path, cursor in cursors.items():
            assert api.get(f"/api/v1{path}", params={**asked[path], "cursor": cursor}).status_code == 200
        list(archive.put([document(7)]))
        for path, cursor in cursors.items():
            refused(api, path, 410, "stale-cursor", **asked[path], cursor=cursor)


def test_a_cursor_of_another_query_does_not_pass_for_this_one(api: TestClient) -> None:
    cursor = api.get("/api/v1/search", params={"q": "speech", "limit": 1}).json()["next"]
    assert cursor
    response = api.get("/api/v1/search", params={"q": "painting", "limit": 1, "cursor": cursor})
    assert response.status_code == 400
    assert response.json()["code"] == "bad-cursor"


def test_addresses_follow_the_settings(archive: Archive) -> None:
    with client(archive, Settings(base_url="https://issues.example.org/back/")) as api:
        item = api.get("/api/v1/items/1").json()
        assert item["links"]["page"] == "https://issues.example.org/back/items/1"
        following = api.get("/api/v1/issues?limit=1").json()["next_url"]
        assert following.startswith("https://issues.example.org/back/api/v1/issues?limit=1&cursor=")


def test_an_unforeseen_error_tells_nothing_of_its_inside(tmp_path_factory: pytest.TempPathFactory) -> None:
    from web.app import create_app

    with fill(tmp_path_factory.mktemp("broken"), papers=False) as archive:
        app = create_app(archive, Settings())

        @app.get("/api/v1/broken")
        def broken() -> None:
            raise KeyError("the secret")

        response = TestClient(app, raise_server_exceptions=False).get("/api/v1/broken")
        assert (response.status_code, response.json()["code"]) == (500, "internal")
        assert "secret" not in response.text
