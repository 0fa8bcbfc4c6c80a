"""Words of the interface that belong to values rather than to one page: bands, fields, kinds."""

from collections.abc import Mapping
from functools import lru_cache

from search.results import Band, Sort

from .i18n import Language


def bands(language: Language) -> dict[Band, str]:
    """The bands of relevance, best first."""
    _ = language.text
    return {"strong": _("Strong matches"), "good": _("Good matches"), "weak": _("Weaker matches")}


def sort_names(language: Language) -> dict[Sort, str]:
    _ = language.text
    return {"relevance": _("Best first"), "newest": _("Newest first"), "oldest": _("Oldest first")}


def facet_names(language: Language) -> dict[str, str]:
    _ = language.text
    return {
        "section": _("Section"),
        "kind": _("Kind"),
        "year": _("Year"),
        "host": _("Site"),
        "language": _("Language"),
        "issue": _("Issue"),
        "newsletter": _("Newsletter"),
    }


def chip_names(language: Language) -> dict[str, str]:
    """The query language's fields, and the conditions that stand beside a query."""
    _ = language.text
    return {
        **facet_names(language),
        "site": _("Site"),
        "author": _("Author"),
        "after": _("From"),
        "before": _("Before"),
        "from": _("From"),
        "to": _("Until"),
        "phrase": _("With"),
        "not": _("Without"),
        "link": _("Link"),
    }


@lru_cache(8)
def kinds(language: Language) -> Mapping[str, str]:
    _ = language.text
    return {
        "paper": _("paper"),
        "article": _("article"),
        "code": _("code"),
        "video": _("video"),
        "discussion": _("discussion"),
        "dataset": _("dataset"),
    }


def facet_value(language: Language, field: str, value: str) -> str:
    """A facet's value as this language says it; values that are the newsletter's own words stay as they are."""
    if field == "kind":
        return kinds(language).get(value, value)
    if field == "language":
        return str(language.locale.languages.get(value, value))
    if field == "issue" and value.isdigit():
        return f"№ {value}"
    return value
