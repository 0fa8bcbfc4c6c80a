"""What a caller may decide about an ingest: every address of an outside service is a parameter."""

import os
from dataclasses import dataclass, field

KINDS = (
    "markdown",
    "html",
    "eml",
    "mbox",
    "jsonl",
    "medium",
    "substack",
    "ghost",
    "buttondown",
    "beehiiv",
    "mailchimp",
    "curated",
    "feed",
    "sitemap",
    "archive",
    "page",
    "wayback",
)
"""What `--as` accepts; without it the kind is recognised from the source itself."""

USER_AGENT = "backissues/0.1 (keeps a newsletter's past issues searchable)"


@dataclass(frozen=True, slots=True)
class Fetching:
    """How the web is asked. Times are in seconds, sizes in bytes."""

    user_agent: str = USER_AGENT
    delay: float = 1.0
    """Least time between two requests to one host; a longer Crawl-delay in robots.txt wins."""
    timeout: float = 20.0
    deadline: float = 120.0
    """Longest time one answer may take in all, however steadily it drips."""
    attempts: int = 4
    backoff: float = 1.0
    """First pause after a failed attempt; it doubles each time."""
    max_wait: float = 120.0
    """A server that asks (Retry-After) for a longer pause is given up for this run."""
    max_bytes: int = 20_000_000
    max_redirects: int = 5
    allow_private: bool = False
    """Also fetch from private, loopback and link-local addresses."""
    offline: bool = False
    """Never ask a server: only pages that the archive keeps already."""


@dataclass(frozen=True, slots=True)
class Services:
    """Base addresses of the outside services, so that a mirror can stand in for them.

    The environment variables BACKISSUES_WAYBACK and BACKISSUES_ARXIV set the defaults.
    """

    wayback: str = field(default_factory=lambda: os.environ.get("BACKISSUES_WAYBACK", "https://web.archive.org"))
    arxiv: str = field(default_factory=lambda: os.environ.get("BACKISSUES_ARXIV", "https://export.arxiv.org"))
    arxiv_interval: float = 3.0
    """Seconds between two requests to the arXiv API, as its terms ask."""
    arxiv_batch: int = 100
    """Papers asked for in one request."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of `ingest.load`; the defaults suit a plain `backissues ingest SOURCE`.

    `newsletter` names the newsletter of every issue read, `kind` (one of `KINDS`) overrides recognition, `site` is the
    newsletter's address for exports that do not carry it, `refresh` parses everything again and asks servers again
    for pages already kept, `limit` stops after so many documents of each source. `dump` is a local arXiv metadata
    snapshot (JSON Lines, also gzipped) and `describe` lets `ingest.papers.update` read the title and description of
    linked pages of which the issue printed nothing.
    """

    newsletter: str | None = None
    kind: str | None = None
    site: str | None = None
    refresh: bool = False
    limit: int | None = None
    dump: str | None = None
    describe: bool = False
    fetching: Fetching = field(default_factory=Fetching)
    services: Services = field(default_factory=Services)
