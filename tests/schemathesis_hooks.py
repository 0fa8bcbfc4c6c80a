"""What OpenAPI has no words for, told to Schemathesis.

All checks are on and every generated request is sent. Two rules of the API cannot be written down in its document, so
that requests which break them look valid: a cursor must be one that was handed out, and some parameters exclude each
other. Exactly these refusals, by their own codes, are no failures of the check that valid requests are accepted.
"""

from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

UNSPEAKABLE = {
    ("GET", "/api/v1/search", "bad-cursor"),
    ("POST", "/api/v1/search", "bad-cursor"),
    ("GET", "/api/v1/issues", "bad-cursor"),
    ("GET", "/api/v1/related", "bad-query"),
    ("GET", "/feed.xml", "bad-query"),
}


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext,  # noqa: ARG001
    failure: Failure,
    case: schemathesis.Case[Any],
    response: schemathesis.Response,
) -> bool:
    if isinstance(failure, AcceptedNegativeData) and response.status_code == 413:
        return False  # too large to be looked at is a refusal, though not on Schemathesis' list
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    return (case.method.upper(), case.path, response.json()["code"]) not in UNSPEAKABLE
