"""Which days the office is open. Staff act Monday to Friday and never on a city holiday."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date, timedelta

import holidays

DAY = timedelta(days=1)

_OBSERVED = holidays.country_holidays("US", subdiv="OK")
"""Federal and Oklahoma's legal holidays with their observed days (25 O.S. 82.1): the example town closes on all of
them.

A city may close on fewer; closed on a day more, the town's staff never act on a day on which a city's would not.
"""


def is_workday(day: date) -> bool:
    """Whether the office is open."""
    return day.weekday() < 5 and day not in _OBSERVED


def free_workday(day: date, busy: Container[date]) -> date:
    """The first open day at or after ``day`` that is not one of the ``busy`` ones."""
    while day in busy or not is_workday(day):
        day += DAY
    return day


def next_workday(day: date, *, after: int = 0) -> date:
    """The first day at or after ``day`` on which the office is open, then ``after`` open days more."""
    while not is_workday(day):
        day += DAY
    for _ in range(after):
        day = next_workday(day + DAY)
    return day


def each_day(from_on: date, until_on: date) -> Iterator[date]:
    """The days of ``[from_on, until_on)``."""
    while from_on < until_on:
        yield from_on
        from_on += DAY
