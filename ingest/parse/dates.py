"""Issue number, date, year and week, as newsletters print them.

Read in English, Chinese, Japanese and Korean, and with the full names of the months in German, French, Spanish,
Portuguese, Italian, Dutch and Russian.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import unquote, urlsplit

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan januar januari janvier enero janeiro gennaio января",
         "february feb februar februari février febrero fevereiro febbraio февраля",
         "march mar märz maart mars marzo março марта",
         "april apr avril abril aprile апреля",
         "may mai mei mayo maio maggio мая",
         "june jun juni juin junio junho giugno июня",
         "july jul juli juillet julio julho luglio июля",
         "august aug augustus août agosto августа",
         "september sep sept septembre septiembre setembro settembre сентября",
         "october oct oktober octobre octubre outubro ottobre октября",
         "november nov novembre noviembre novembro ноября",
         "december dec dezember décembre diciembre dezembro dicembre декабря"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_WEEK = re.compile(
    r"\b(?:week|woche|semaine|semana|settimana)\s*(?:no\.?\s*|#\s*|of\s+)?(\d{1,2})(?!\d)|第\s*(\d{1,2})\s*(?:周|週)|(?<![\dA-Za-z])(?:KW|W)(\d{2})(?!\d)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:\b(?:issue|edition|number|episode|ausgabe|folge|num[ée]ro|número|édition|edición|edição|edizione|выпуск|"
    r"no\.|nr\.?|vol(?:ume)?\.?)|\bn[°º]|№)\s*[#:№-]?\s*(\d{1,4})(?!\d)"
    r"|#\s*第?\s*(\d{1,4})(?![\d\s]*年)(?!\d)(?!\s*[周週])"
    r"|[第総总제]\s*(\d{1,4})\s*(?:期|号|號|回|刊|弹|弾|辑|集|호|회)"
    r"|\b(\d{1,4})(?:st|nd|rd|th)\s+(?:issue|edition)\b",
    re.IGNORECASE,
)
_HAN_DIGITS = "〇一二三四五六七八九"
_HAN_NUMBER = re.compile(r"第\s*([零〇一二三四五六七八九十百]{1,6})\s*(?:期|号|號|回|刊|弹|弾|辑|集)")
_TRAILING = re.compile(r"[^\d\s/.,:-]\s+(\d{1,4})\s*$")
_YEAR = re.compile(r"(?<!\d)(20\d{2}|19[89]\d)(?!\d)")
_ISO = re.compile(r"(?<!\d)((?:19|20)\d{2})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_HAN = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日号號일]")
_HAN_MONTH_DAY = re.compile(r"(?<!\d)(\d{1,2})\s*月\s*(\d{1,2})\s*[日号號]")
_MONTH_DAY = re.compile(
    rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:\s*[-–—]\s*(?:[a-z]+\s*)?\d{{1,2}})?(?:\s*\)?\s*[,-]?\s*((?:19|20)\d{{2}}))?",
    re.IGNORECASE,
)
_DAY_MONTH = re.compile(
    rf"(?<![\d#])(\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?\s+(?:(?:of|de)\s+)?{_MONTH}\b(?:,?\s+(?:de\s+)?((?:19|20)\d{{2}}))?",
    re.IGNORECASE,
)


_RANGE = re.compile(r"[-–—]\s*(?:[a-z]+\s*)?\d{1,2}\D", re.IGNORECASE)
_WEEKDAY = re.compile(
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|(?:星期|周|週)?[一二三四五六日天月火水木金土](?:曜日?)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Printed:
    """What is printed of an issue's place in time; None where nothing is."""

    number: int | None = None
    date: dt.date | None = None
    year: int | None = None
    week: int | None = None


def is_date(text: str) -> bool:
    """Whether a line is nothing but one full date, with or without its weekday."""
    text = text.strip(" \t()[]（）*_.,:;|·•–—-")
    if not 8 <= len(text) <= 40:
        return False
    for pattern in (_ISO, _HAN, _MONTH_DAY, _DAY_MONTH):
        found = pattern.search(text)
        if found and found[3] and not (pattern in (_MONTH_DAY, _DAY_MONTH) and _RANGE.search(found[0])):
            return _WEEKDAY.fullmatch((text[: found.start()] + text[found.end() :]).strip(" ,.()（）")) is not None
    return False


@lru_cache(maxsize=1024)
def names_an_issue(text: str) -> bool:
    """Whether a short text names an issue: it has an issue number, a week, or a year and a month."""
    return (
        _week(text) is not None
        or number_in(text) is not None
        or _ISO.search(text) is not None
        or (
            _YEAR.search(text) is not None
            and (_HAN_MONTH.search(text) is not None or _EN_MONTH.search(text) is not None)
        )
    )


_HAN_MONTH = re.compile(r"\d{1,2}\s*月")
_EN_MONTH = re.compile(rf"\b{_MONTH}", re.IGNORECASE)


def number_in(text: str) -> int | None:
    """The issue number that a title prints, None if none; a year or a week is no number."""
    for found in _NUMBER.finditer(text):
        value = int(next(group for group in found.groups() if group))
        if 0 < value < 10000 and not (1980 <= value <= 2100 and "#" not in found[0]):
            return value
    spelled = _HAN_NUMBER.search(text)
    return _from_han(spelled[1]) if spelled else None


def _from_han(digits: str) -> int | None:
    """A number up to 999 in Chinese digits, spelled out (一百零五) or one after another (一〇五)."""
    if not set(digits) & set("十百"):
        return int("".join(str(_HAN_DIGITS.index(digit)) for digit in digits.replace("零", "〇"))) or None
    hundreds, _, below = digits.rpartition("百")
    tens, ten, ones = below.replace("零", "").rpartition("十")
    parts = [(hundreds, 100, "百" in digits), (tens, 10, bool(ten)), (ones, 1, False)]
    if any(len(part) > 1 for part, _, _ in parts):
        return None
    return sum(weight * (_HAN_DIGITS.index(part) if part else int(said)) for part, weight, said in parts) or None


def _week(text: str) -> int | None:
    for found in _WEEK.finditer(text):
        value = int(next(group for group in found.groups() if group))
        if 1 <= value <= 53:
            return value
    return None


def _made(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def date_in(text: str, year: int | None = None) -> dt.date | None:
    """The first full date of a text; `year` completes one printed without its year."""
    found: list[tuple[int, dt.date]] = []
    for start, year_, month, day in _dates(text):
        made = _made(year_ or year or 0, month, day) if year_ or year else None
        if made:
            found.append((start, made))
    return min(found)[1] if found else None


def _dates(text: str) -> Iterator[tuple[int, int | None, int, int]]:
    full: list[tuple[int, int]] = []
    for pattern in (_ISO, _HAN):
        for match in pattern.finditer(text):
            full.append(match.span())
            yield match.start(), int(match[1]), int(match[2]), int(match[3])
    for match in _HAN_MONTH_DAY.finditer(text):
        if not any(start <= match.start() < end for start, end in full):
            yield match.start(), None, int(match[1]), int(match[2])
    for match in _MONTH_DAY.finditer(text):
        yield match.start(), int(match[3]) if match[3] else None, _MONTHS[match["month"].lower()], int(match[2])
    for match in _DAY_MONTH.finditer(text):
        yield match.start(), int(match[3]) if match[3] else None, _MONTHS[match["month"].lower()], int(match[1])


def printed_in(title: str, opening: Iterable[str] = (), url: str | None = None) -> Printed:
    """What a title prints, completed from the opening sentences and at last from the address.

    The title is trusted most: an opening only adds what the title leaves out, and its date counts only where the
    year is printed too or known from the title.
    """
    result = Printed(number_in(title), None, _year(title), _week(title))
    result = replace(result, date=date_in(title, result.year))
    if result.number is None and result.week is None and result.date is None and (found := _TRAILING.search(title)):
        value = int(found[1])
        result = replace(result, number=value if not 1980 <= value <= 2100 else None)
    for text in opening:
        week = result.week if result.week is not None else _week(text)
        fitting = result.week is None or _week(text) in (None, result.week)
        year = result.year or (
            _year(text) if (week is not None or date_in(text) or _dates_an_issue(text)) and fitting else None
        )
        told = year if week is not None or len(text) <= 80 or _year(text) else None  # "on May 3rd" may be any date
        date = result.date or (date_in(text, told) if fitting else None)
        number = result.number
        if number is None and result.week is None and week is None:
            number = number_in(text)
        result = Printed(number, date, year, week if fitting else result.week)
        if result.date and result.year:
            break
    slug = unquote(urlsplit(url).path).replace("-", " ").replace("/", " ") if url else ""
    if slug:
        result = _from_slug(result, slug)
    if result.date and (result.year is None or result.week is None):
        result = replace(result, year=result.date.year)
    return result


def _dates_an_issue(text: str) -> bool:
    """Whether a short line gives an issue's number and month ("Issue 4 | May 2020")."""
    return len(text) <= 60 and number_in(text) is not None and bool(_EN_MONTH.search(text) or _HAN_MONTH.search(text))


def _year(text: str) -> int | None:
    found = _YEAR.search(text)
    return int(found[1]) if found else None


def _from_slug(known: Printed, slug: str) -> Printed:
    """Fills what is still open from the words of the issue's address, never against what is printed."""
    week = known.week
    number = known.number
    if week is None and number is None:
        week, number = _week(slug), number_in(slug)
    return replace(known, week=week, number=number)
