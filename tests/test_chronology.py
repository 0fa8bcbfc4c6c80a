"""The order of issues, dated or not."""

import datetime as dt

from index.chronology import estimated_days, order
from index.types import Issue


def issue(id_: int, **known: object) -> Issue:
    return Issue(f"Issue {id_}", id=id_, **known)  # type: ignore[arg-type]


def test_dates_weeks_and_years() -> None:
    issues = [
        issue(1, date=dt.date(2021, 3, 1)),
        issue(2, year=2021, week=8),  # begins on the 22nd of February
        issue(3, year=2021),
        issue(4),
        issue(5, date=dt.date(2021, 2, 26)),
        issue(6, year=2021, week=9),  # the same day as the first
    ]
    assert [one.id for one in order(issues)] == [6, 1, 5, 2, 3, 4]


def test_a_number_lies_between_the_numbers_around_it() -> None:
    issues = [
        issue(1, number=10, date=dt.date(2021, 1, 4)),
        issue(2, number=14, date=dt.date(2021, 2, 1)),
        issue(3, number=11),
        issue(4, number=13),
        issue(5, number=16),
        issue(6, number=8),
        issue(7, year=2021, week=3),
        issue(8),
    ]
    assert [one.id for one in order(issues)] == [5, 2, 4, 7, 3, 1, 6, 8]
    days = estimated_days(issues)
    assert dt.date.fromordinal(round(days[3])) == dt.date(2021, 1, 11)
    assert dt.date.fromordinal(round(days[5])) == dt.date(2021, 2, 15)
    assert dt.date.fromordinal(round(days[6])) == dt.date(2020, 12, 21)
    assert 8 not in days


def test_each_newsletter_has_its_own_numbers_and_pace() -> None:
    issues = [
        issue(1, newsletter="Monthly", number=1, date=dt.date(2020, 1, 1)),
        issue(2, newsletter="Monthly", number=3, date=dt.date(2020, 3, 1)),
        issue(3, newsletter="Weekly", number=2, date=dt.date(2021, 1, 1)),
        issue(4, newsletter="monthly", number=4),
        issue(5, newsletter="Weekly", number=4),
        issue(6, newsletter="Other", number=9),
    ]
    days = {id_: dt.date.fromordinal(round(day)) for id_, day in estimated_days(issues).items()}
    assert days[4] == dt.date(2020, 3, 31)
    assert days[5] == dt.date(2021, 1, 15)
    assert 6 not in days
    assert [one.id for one in order(issues)] == [5, 3, 4, 2, 1, 6]


def test_a_year_that_is_known_is_kept() -> None:
    issues = [issue(1, number=1, date=dt.date(2020, 6, 1)), issue(2, number=2, year=2021), issue(3, number=3)]
    days = estimated_days(issues)
    assert dt.date.fromordinal(int(days[2])) == dt.date(2021, 1, 1)
    assert dt.date.fromordinal(int(days[3])) == dt.date(2020, 6, 15)


def test_numbers_alone_are_an_order() -> None:
    assert [one.id for one in order([issue(1, number=5), issue(2, number=7), issue(3), issue(4, number=6)])] == [
        2,
        4,
        1,
        3,
    ]


def test_reversed_dates_do_not_break_the_pace() -> None:
    issues = [
        issue(1, number=1, date=dt.date(2021, 5, 1)),
        issue(2, number=2, date=dt.date(2021, 4, 1)),
        issue(3, number=3),
    ]
    assert [one.id for one in order(issues)] == [1, 3, 2]
