"""The interface's languages: catalogues read from the .po files, and the choice of one for a request.

The .po files are the only form kept; they are read once at start (a few milliseconds), so nothing has to be compiled
and no .mo file can be stale.
"""

import datetime as dt
import gettext
import io
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALES = Path(__file__).parent / "locales"
LANGUAGES = {"en": "English", "ja": "日本語", "zh": "中文"}
"""The interface's languages under their own names; English is the language of the templates themselves."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the interface: its texts, and how it writes dates and numbers."""

    code: str
    texts: gettext.NullTranslations
    locale: Locale

    def text(self, message: str, /, **values: object) -> str:
        """The message in this language, with `%(name)s` filled from `values`."""
        translated = self.texts.gettext(message)
        return translated % values if values else translated

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """`one` or `many` by the language's own rule, with `%(n)s` written as this language writes numbers."""
        return self.texts.ngettext(one, many, n) % {"n": self.number(n), **values}

    def number(self, value: int) -> str:
        return _number(value, self.code)

    def date(self, value: dt.date) -> str:
        """A day, such as 18 Apr 2021."""
        return _date(value, self.code)

    def month(self, value: dt.date) -> str:
        """A month with its year, such as April 2021."""
        return _month(value, self.code)


@lru_cache(4096)
def _number(value: int, code: str) -> str:
    return format_decimal(value, locale=_babel(code))


@lru_cache(4096)
def _date(value: dt.date, code: str) -> str:
    return format_date(value, "d MMM y" if code == "en" else "long", locale=_babel(code))


@lru_cache(4096)
def _month(value: dt.date, code: str) -> str:
    return format_skeleton("yMMMM", value, locale=_babel(code))


@cache
def _babel(code: str) -> Locale:
    return Locale.parse(code)


@cache
def language(code: str) -> Language:
    """The language of that code; an unknown one is English."""
    if code not in LANGUAGES:
        code = "en"
    texts = gettext.NullTranslations()
    path = LOCALES / code / "LC_MESSAGES" / "messages.po"
    if path.is_file():
        compiled = io.BytesIO()
        write_mo(compiled, read_po(io.BytesIO(path.read_bytes()), locale=code))
        compiled.seek(0)
        texts = gettext.GNUTranslations(compiled)
    return Language(code, texts, _babel(code))


def choose(asked: str | None, remembered: str | None, accepted: str | None) -> Language:
    """The language for a request: `?lang=` first, then the cookie, then the Accept-Language header, then English."""
    for wish in (asked, remembered):
        if wish in LANGUAGES:
            return language(wish)
    return language(_negotiate(accepted or ""))


@lru_cache(512)
def _negotiate(header: str) -> str:
    wishes: list[tuple[float, int, str]] = []
    for order, part in enumerate(header.split(",")[:20]):
        tag, _, parameter = part.partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            continue
        code = tag.strip().lower().partition("-")[0]
        if quality > 0 and code in LANGUAGES:
            wishes.append((-quality, order, code))
    return min(wishes)[2] if wishes else "en"
