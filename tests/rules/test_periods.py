"""Half-open periods, and the dates of a cycle."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.periods import (
    BadPeriod,
    Period,
    add_business_days,
    cycle_dates,
    cycle_dates_between,
    overlaps,
    roll_day,
    show_on,
)

days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
JULY_4 = date(2026, 7, 3)  # the day on which 4 July 2026, a Saturday, is kept


@given(days, st.integers(1, 400), st.lists(days, max_size=5))
def test_a_split_covers_the_period_and_no_day_twice(start: date, length: int, cuts: list[date]) -> None:
    period = Period(start, start + timedelta(days=length))
    parts = period.split(cuts)
    assert sum(part.days for part in parts) == period.days
    assert parts[0].from_on == start and parts[-1].until_on == period.until_on
    assert overlaps(parts) == ()


def test_the_last_day_is_not_in_it() -> None:
    period = Period(date(2026, 1, 6), date(2026, 2, 3))
    assert period.days == 28
    assert period.holds(date(2026, 1, 6)) and not period.holds(date(2026, 2, 3))
    assert Period(date(2026, 1, 6)).holds(date(2099, 1, 1))


def test_what_is_no_period() -> None:
    for until_on in (date(2026, 1, 6), date(2026, 1, 5)):
        with pytest.raises(BadPeriod):
            Period(date(2026, 1, 6), until_on)
    with pytest.raises(BadPeriod):
        _ = Period(date(2026, 1, 6)).days


def test_meeting() -> None:
    first = Period(date(2026, 1, 1), date(2026, 2, 1))
    assert first.meet(Period(date(2026, 2, 1))) is None
    assert first.meet(Period(date(2026, 1, 31))) == Period(date(2026, 1, 31), date(2026, 2, 1))
    assert overlaps([Period(date(2026, 1, 20)), first]) == ((1, 0),)


def test_the_cycle_of_the_stories() -> None:
    expected = ["01-06", "02-03", "03-03", "03-31", "04-28", "05-26", "06-23", "07-21", "08-18", "09-15", "10-13"]
    found = cycle_dates(date(2026, 1, 6), every_days=28, n=11)
    assert [on.isoformat()[5:] for on in found] == expected
    assert all(on.weekday() == 1 for on in found)


def test_a_date_moved_off_a_holiday_moves_no_other() -> None:
    holiday = date(2026, 2, 3)
    found = cycle_dates(date(2026, 1, 6), every_days=28, n=3, holidays={holiday}, roll="following")
    assert found == (date(2026, 1, 6), date(2026, 2, 4), date(2026, 3, 3))


@given(days, st.integers(0, 400), st.integers(-800, 800))
def test_dates_on_either_side_of_the_anchor(anchor: date, length: int, shift: int) -> None:
    from_on = anchor + timedelta(days=shift)
    until_on = from_on + timedelta(days=length)
    found = cycle_dates_between(anchor, every_days=28, from_on=from_on, until_on=until_on)
    every = [from_on + timedelta(days=n) for n in range(length)]
    assert list(found) == [on for on in every if (on - anchor).days % 28 == 0]


def test_business_days() -> None:
    assert add_business_days(date(2026, 7, 2), 1, holidays={JULY_4}) == date(2026, 7, 6)
    assert add_business_days(date(2026, 7, 6), -1, holidays={JULY_4}) == date(2026, 7, 2)
    assert add_business_days(date(2026, 7, 4), 0, holidays=()) == date(2026, 7, 4)
    assert roll_day(JULY_4, holidays={JULY_4}, roll="preceding") == date(2026, 7, 2)
    assert roll_day(JULY_4, holidays={JULY_4}, roll="none") == JULY_4


def test_what_is_no_cycle() -> None:
    with pytest.raises(BadPeriod):
        cycle_dates(date(2026, 1, 6), every_days=0, n=1)
    with pytest.raises(BadPeriod):
        cycle_dates(date(2026, 1, 6), every_days=28, n=0)
    with pytest.raises(BadPeriod):
        roll_day(date(2026, 1, 6), holidays=(), roll="sideways")


def test_shown() -> None:
    assert show_on(date(2026, 11, 11)) == "Wed 11 Nov 2026"
