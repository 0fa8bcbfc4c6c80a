"""The interface's messages: gathered from templates and code, and merged into the .po files.

`python -m web.messages` brings the catalogues up to date after a text was changed; a test fails until that is done and
every message is translated.
"""

import io
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from .i18n import LANGUAGES, LOCALES

_HERE = Path(__file__).parent
_KEYWORDS = {"_": None, "ngettext": (1, 2), "plural": (1, 2)}
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.xml", "jinja2")]
TRANSLATED = tuple(code for code in LANGUAGES if code != "en")


def extract() -> Catalog:
    """Every message of the interface, with where it stands."""
    catalog = Catalog(project="Back Issues", charset="utf-8")
    options = {"templates/**.html": {"trimmed": "true"}}
    for name, line, message, comments, context in extract_from_dir(
        _HERE, _METHODS, options, keywords=_KEYWORDS, strip_comment_tags=True
    ):
        catalog.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return catalog


def path(code: str) -> Path:
    return LOCALES / code / "LC_MESSAGES" / "messages.po"


def read(code: str) -> Catalog:
    """The committed catalogue of a language."""
    return read_po(io.BytesIO(path(code).read_bytes()), locale=code)


def update() -> None:
    """Merge new messages into each catalogue and drop those that are gone."""
    template = extract()
    for code in TRANSLATED:
        place = path(code)
        known = read(code) if place.is_file() else Catalog(locale=code, charset="utf-8")
        known.update(template, no_fuzzy_matching=True)
        known.obsolete.clear()
        known.fuzzy = False
        known.project, known.version, known.msgid_bugs_address = "Back Issues", "1", ""
        known.last_translator = known.language_team = ""
        known.header_comment = (
            f"# The interface of Back Issues in {known.locale.english_name if known.locale else code}."
        )
        known.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # the history of a file is kept by git
        known.creation_date = known.revision_date
        place.parent.mkdir(parents=True, exist_ok=True)
        merged = io.BytesIO()
        write_po(merged, known, width=120, no_location=True, omit_header=False, sort_output=True)
        place.write_bytes(merged.getvalue())


if __name__ == "__main__":
    update()
