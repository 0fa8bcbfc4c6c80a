"""A small typed client of the HTTP API, for Python scripts that have this package.

    with Client("https://issues.example.org") as archive:
        for hit in archive.hits("image segmentation", kind="paper"):
            print(hit.score, hit.title)

Answers are the models of `web.schemas`. Scripts without the package need no more than any HTTP client (docs/api.md).
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Self, TypeVar

import httpx

from .records import IssueOut, IssuesOut, ItemOut, Out, WholeIssueOut, WorkOut
from .schemas import BatchOut, CheckOut, HitOut, RelatedOut, SearchOut, StatusOut
from .urls import API, quote_key

Answer = TypeVar("Answer", bound=Out)
Value = str | int | Sequence[str] | Sequence[int]


class ApiError(Exception):
    """An answer other than 200: `status`, the `code` that says what it is, and what is `detail`ed about it."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code}, {status})")
        self.status = status
        self.code = code
        self.detail = detail


class Client:
    """Asks the archive at `address`. Errors of every method: ApiError, and those of httpx for the network."""

    def __init__(self, address: str, *, timeout: float = 30.0) -> None:
        """`timeout` in seconds."""
        self._http = httpx.Client(base_url=address.rstrip("/") + API, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def search(self, query: str = "", **conditions: Value) -> SearchOut:
        """One page of answers. `conditions` are the parameters of `GET /search`; `from_` stands for `from`."""
        return self._get(SearchOut, "/search", {"q": query, **_renamed(conditions)})

    def hits(self, query: str = "", **conditions: Value) -> Iterator[HitOut]:
        """All answers, page after page, as far as they are taken."""
        page = self.search(query, **conditions)
        yield from page.items
        while page.next_url is not None:
            page = self._get(SearchOut, page.next_url)
            yield from page.items

    def search_many(self, queries: Sequence[str]) -> BatchOut:
        return _read(BatchOut, self._http.post("/search", json={"queries": list(queries)}))

    def item(self, item_id: int) -> ItemOut:
        return self._get(ItemOut, f"/items/{item_id}")

    def related(self, item_id: int, limit: int = 10) -> RelatedOut:
        return self._get(RelatedOut, f"/items/{item_id}/related", {"limit": limit})

    def related_to(self, *, limit: int = 10, **what: str) -> RelatedOut:
        """`what` is one of `url`, `arxiv` and `text`."""
        return self._get(RelatedOut, "/related", {"limit": limit, **what})

    def work(self, key: str) -> WorkOut:
        return self._get(WorkOut, f"/works/{quote_key(key)}")

    def issues(self) -> Iterator[IssueOut]:
        """All issues, newest first."""
        page = self._get(IssuesOut, "/issues", {"limit": 100})
        yield from page.issues
        while page.next_url is not None:
            page = self._get(IssuesOut, page.next_url)
            yield from page.issues

    def issue(self, issue_id: int) -> WholeIssueOut:
        return self._get(WholeIssueOut, f"/issues/{issue_id}")

    def items(self, limit: int | None = None) -> Iterator[ItemOut]:
        """All items by id, or the first `limit`, as they arrive."""
        with self._http.stream("GET", "/items.jsonl") as response:
            _refuse(response)
            yield from map(ItemOut.model_validate_json, islice(response.iter_lines(), limit))

    def check(self, draft: str) -> CheckOut:
        """A draft issue, Markdown or HTML, beside the archive."""
        return _read(CheckOut, self._http.post("/check", json={"text": draft}))

    def status(self) -> StatusOut:
        return self._get(StatusOut, "/status")

    def _get(self, model: type[Answer], path: str, query: dict[str, Value] | None = None) -> Answer:
        return _read(model, self._http.get(path, params=query))


def _renamed(conditions: dict[str, Value]) -> dict[str, Value]:
    return {name.rstrip("_"): value for name, value in conditions.items()}


def _read(model: type[Answer], response: httpx.Response) -> Answer:
    _refuse(response)
    return model.model_validate_json(response.content)


def _refuse(response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    response.read()
    is_problem = response.headers.get("content-type", "").startswith("application/problem+json")
    said = response.json() if is_problem else {"code": "other", "detail": response.reason_phrase}
    raise ApiError(response.status_code, said["code"], said["detail"])
