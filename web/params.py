"""What may be asked: the parameters of a search, the body of a batch, and the limits on both."""

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from index.types import Filters
from search.fields import read_value
from search.results import Ask, Mode, Sort

MAX_QUERY = 4_000
MAX_TEXT = 4_000
MAX_DRAFT = 200_000
MAX_BATCH = 50
MAX_LIMIT = 100
MAX_VALUES = 50
MAX_ID = 2**53 - 1  # beyond it numbers in JSON are not exact

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INTEGER = re.compile(r"-?\d{1,19}")


def _written_date(value: Any) -> Any:
    """Only the one way of writing a date: a bare number would otherwise be read as seconds since 1970."""
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("a date is written as YYYY-MM-DD")
    return value


def _written_integer(value: Any) -> Any:
    """Only digits: not ` 3`, `3.0` or `3_000`, which would otherwise be taken for the same number."""
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise ValueError("a whole number is wanted")
    return value


# Limits stand before the validator: behind it they would be kept, but missing in the OpenAPI document.
Day = Annotated[dt.date, BeforeValidator(_written_date)]
Number = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID), BeforeValidator(_written_integer)]
Ordinal = Annotated[int, Field(ge=0, le=MAX_ID), BeforeValidator(_written_integer)]
Limit = Annotated[
    int,
    Field(ge=1, le=MAX_LIMIT, description="Answers to a page.", examples=[20]),
    BeforeValidator(_written_integer),
]
Text = Annotated[str, Field(max_length=200)]
Cursor = Annotated[
    str | None,
    Field(
        max_length=2_000,
        description="`next` of the page before. It belongs to one build of the archive: after a change of the archive "
        "it is refused with status 410, and the search starts over.",
    ),
]


class Conditions(BaseModel):
    """A query and conditions. Values of one field mean any of them, different fields all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: Annotated[
        str,
        Field(
            max_length=MAX_QUERY,
            description="Words, a question, a link or an arXiv id, in any language, with operators such as "
            '`"exact words"`, `-without`, `issue:41`, `site:github.com`, `after:2021-01`. Empty: everything that '
            "the other parameters allow, and nothing where there are none.",
            examples=["paying without a cashier"],
        ),
    ] = ""
    mode: Annotated[Mode, Field(description="By meaning and words, by meaning alone, or by words alone.")] = "hybrid"
    section: Annotated[tuple[Text, ...], Field(max_length=MAX_VALUES, description="Section of the issue.")] = ()
    issue: Annotated[tuple[Number, ...], Field(max_length=MAX_VALUES, description="Issue number as printed.")] = ()
    after: Annotated[Day | None, Field(alias="from", description="Printed on this day or later.")] = None
    to: Annotated[Day | None, Field(description="Printed on this day or earlier.")] = None
    host: Annotated[
        tuple[Text, ...],
        Field(
            max_length=MAX_VALUES,
            description="Host of the item's own link, its sub-domains included.",
            examples=["arxiv.org"],
        ),
    ] = ()
    link: Annotated[
        tuple[Text, ...],
        Field(
            max_length=MAX_VALUES,
            description="Host, address or key that any link of the item leads to, its own or a further one.",
            examples=["github.com"],
        ),
    ] = ()
    kind: Annotated[tuple[Text, ...], Field(max_length=MAX_VALUES, description="Kind of thing.")] = ()
    newsletter: Annotated[tuple[Text, ...], Field(max_length=MAX_VALUES, description="Name of the newsletter.")] = ()
    language: Annotated[tuple[Text, ...], Field(max_length=MAX_VALUES, description="ISO 639-1 code.")] = ()
    year: Annotated[tuple[Number, ...], Field(max_length=MAX_VALUES, description="Year of the issue.")] = ()
    author: Annotated[tuple[Text, ...], Field(max_length=MAX_VALUES, description="Author of the paper.")] = ()

    def filters(self) -> Filters:
        """`to` is inclusive, for that is how people name a span of days; the archive's `before` is not."""
        before = self.to + dt.timedelta(days=1) if self.to is not None and self.to < dt.date.max else None
        return Filters(
            newsletters=self.newsletter,
            issues=self.issue,
            sections=self.section,
            kinds=self.kind,
            hosts=self.host,
            links=tuple(link for given in self.link for link in read_value("link", given).links),
            languages=self.language,
            years=self.year,
            authors=self.author,
            after=self.after,
            before=before,
        )


class SearchQuery(Conditions):
    """A search. Values of one field mean any of them, different fields all of them."""

    sort: Annotated[Sort, Field(description="Order of the answer.")] = "relevance"
    limit: Limit = 20
    cursor: Cursor = None

    def ask(self) -> Ask:
        return Ask(self.q, self.mode, self.sort, self.limit, self.cursor, self.filters())


class FeedQuery(Conditions):
    """What a feed is to tell of."""

    topic: Annotated[Ordinal | None, Field(description="A topic's id, in place of a search.")] = None

    def ask(self, limit: int) -> Ask:
        """The newest that match."""
        return Ask(self.q, self.mode, "newest", limit, None, self.filters())


class BatchIn(BaseModel):
    """Several searches at once; they are embedded together, which costs far less than one by one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queries: Annotated[
        list[
            Annotated[
                SearchQuery,
                BeforeValidator(
                    lambda one: {"q": one} if isinstance(one, str) else one,
                    json_schema_input_type=SearchQuery | Annotated[str, Field(max_length=MAX_QUERY)],
                ),
            ]
        ],
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            description="Each takes the parameters of `GET /search`; a text alone stands for its `q`.",
            examples=[["image segmentation", {"q": "speech", "limit": 5}]],
        ),
    ]


class DraftIn(BaseModel):
    """A draft issue, to be checked against the archive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_DRAFT,
            description="Markdown or HTML.",
            examples=["# Issue 42\n\n## [A title](https://arxiv.org/abs/2104.06601)\n\nWhat it says."],
        ),
    ]
