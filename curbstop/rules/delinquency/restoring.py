"""On which day water comes back, by the hour at which everything was paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from curbstop.rules.delinquency.ladder import WEEKDAYS
from curbstop.rules.faults import BadValue


class BadHour(BadValue):
    """Not an hour of the day."""


@dataclass(frozen=True)
class DayBack:
    """The day on which water is on again; None: the city promises none. ``says``: the policy's sentence."""

    on: date | None
    says: str


def find_day_back(rows: Sequence[object], now: datetime, *, same_on: date | None, next_on: date, says: str) -> DayBack:
    """Today where it is paid by the hour of this weekday, else the next business day.

    :param rows: ``{"weekday": "friday", "until": "11:00"}``, the city's policy ``restore.same_day``; a weekday without
        a row has no same-day service
    :param now: by the city's clock
    :param same_on: today, where it is a business day
    :raises BadHour: an hour that is none

    >>> rows = [{"weekday": "thursday", "until": "14:00"}]
    >>> thursday, friday = date(2026, 4, 30), date(2026, 5, 1)
    >>> find_day_back(rows, datetime(2026, 4, 30, 13, 59), same_on=thursday, next_on=friday, says="").on == thursday
    True
    >>> find_day_back(rows, datetime(2026, 4, 30, 14, 20), same_on=thursday, next_on=friday, says="").on == friday
    True
    """
    for row in rows:
        if isinstance(row, Mapping) and str(row["weekday"]).lower() == WEEKDAYS[now.weekday()] and same_on is not None:
            if now.time() <= _hour(str(row["until"])):
                return DayBack(same_on, says)
    return DayBack(next_on, says)


def _hour(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadHour(field="until", value=text, why="not an hour", remedy="write it as 14:00") from None
