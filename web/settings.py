"""How one archive is served: everything a host may want different, in one frozen record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.types import Item


@dataclass(frozen=True, slots=True)
class Settings:
    """The defaults serve one archive on one machine, to its readers, without limits.

    `Settings()` is complete; the command line fills in what its options say.
    """

    base_url: str | None = None
    """Where the archive is reached from outside (`https://issues.example.org`, a path may follow), without a slash at
    the end. None: every answer uses the address it was asked under."""
    title: str | None = None
    """The archive's name; None: the newsletter's own."""
    pictures: bool = False
    """Whether pages load the items' pictures from the newsletter's hosts."""
    rate_limit: str | None = None
    """Requests allowed to one address, as `60/minute` or `5/second;1000/hour`; None: no limit."""
    rate_limit_storage: str = "memory://"
    """Where the counts are kept: `memory://` counts in each worker process alone, `redis://…` across all."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed (`10.0.0.0/8`; `*` for any)."""
    allow_origins: tuple[str, ...] = ("*",)
    """Web origins whose scripts may read the API and the feeds; empty: none but the site's own."""
    max_body: int = 4_000_000
    """The largest request body accepted, in bytes: the longest draft allowed, each character of it escaped."""
    parse_draft: Callable[[str], Sequence[Item]] | None = None
    """The items of a draft issue given as Markdown or HTML text. Reading documents is another room's work, so it is
    handed in; None: drafts cannot be checked here."""

    def __post_init__(self) -> None:
        if self.base_url is not None:
            object.__setattr__(self, "base_url", self.base_url.rstrip("/"))
