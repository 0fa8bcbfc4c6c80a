"""The list of issues, page by page, and one issue whole."""

import base64
import binascii

from index.archive import Archive
from search.errors import BadCursor

from .records import BuildOut, EntryOut, IssueOut, IssueRef, IssuesOut, WholeIssueOut
from .urls import Urls


def page_of_issues(archive: Archive, limit: int, cursor: str | None, urls: Urls) -> IssuesOut:
    """Up to `limit` issues from where `cursor` says, newest first. Errors: BadCursor."""
    build = archive.build
    start = 0 if cursor is None else read_cursor(cursor, build.id)
    issues, counts = archive.issues(), archive.issue_counts()
    following = write_cursor(start + limit, build.id) if start + limit < len(issues) else None
    return IssuesOut.model_construct(
        total=len(issues),
        issues=tuple(IssueOut.counted(issue, counts.get(issue.id, 0), urls) for issue in issues[start : start + limit]),
        next=following,
        next_url=urls.api("/issues", {"limit": limit, "cursor": following}) if following else None,
        build=BuildOut.of(build),
    )


def whole_issue(archive: Archive, issue_id: int, urls: Urls) -> WholeIssueOut:
    """The issue with its items and its neighbours in time. Errors: NotFound."""
    issue = archive.issue(issue_id)
    items = archive.issue_items(issue_id)
    order = [other for other in archive.issues() if other.newsletter == issue.newsletter]
    at = next(i for i, other in enumerate(order) if other.id == issue_id)
    return WholeIssueOut.model_construct(
        issue=IssueOut.counted(issue, len(items), urls),
        items=tuple(EntryOut.bare(item, urls) for item in items),
        unassigned=tuple(archive.unassigned(issue_id)),
        newer=IssueRef.of(order[at - 1]) if at > 0 else None,
        older=IssueRef.of(order[at + 1]) if at + 1 < len(order) else None,
        build=BuildOut.of(archive.build),
    )


def write_cursor(offset: int, build: str) -> str:
    return base64.urlsafe_b64encode(f"issues {offset} {build}".encode()).decode().rstrip("=")


def read_cursor(cursor: str, build: str) -> int:
    """The offset in `cursor`. Errors: BadCursor for what is none, or is one of another build."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, offset, made_for = base64.b64decode(padded, b"-_", validate=True).decode().split(" ", 2)
        if name != "issues" or not (offset.isascii() and offset.isdigit()):
            raise BadCursor("This is no cursor of the list of issues.", stale=False)
    except (ValueError, binascii.Error):
        raise BadCursor("This is no cursor of the list of issues.", stale=False) from None
    if made_for != build:
        raise BadCursor("The archive changed since this cursor was made; start over.", stale=True)
    return int(offset)
