"""The addresses of everything that can be linked to; the names are part of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Urls:
    """Addresses below `base` (`https://host` or a path prefix, no slash at the end; "" gives root-relative ones)."""

    base: str = ""

    def page(self, path: str) -> str:
        return self.base + path

    def api(self, path: str, query: Mapping[str, object] | None = None) -> str:
        return f"{self.base}{API}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")

    def item(self, item_id: int) -> str:
        return f"{self.base}/items/{item_id}"

    def issue(self, issue_id: int) -> str:
        return f"{self.base}/issues/{issue_id}"

    def work(self, key: str) -> str:
        return f"{self.base}/works/{quote_key(key)}"

    def topic(self, topic_id: int) -> str:
        return f"{self.base}/topics/{topic_id}"

    def feed(self, **query: object) -> str:
        return f"{self.base}/feed.xml" + (f"?{urlencode(query)}" if query else "")


def quote_key(key: str) -> str:
    """A work's key as the rest of a path: slashes and colons stay readable, all else is escaped."""
    return quote(key, safe="/:@!$&'()*+,;=~-._")
