"""Half-open periods of days, [from, until), and the dates of a billing cycle."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dateutil.rrule import DAILY, rrule

from curbstop.rules.faults import BadValue

ROLLS = ("following", "preceding", "none")


class BadPeriod(BadValue):
    """A period that ends before it begins, or is open where an end is needed."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `from_on` to the day before `until_on`; None is open at the end."""

    from_on: date
    until_on: date | None = None

    def __post_init__(self) -> None:
        if self.until_on is not None and self.until_on <= self.from_on:
            why = f"not after {self.from_on.isoformat()}"
            remedy = "a period ends on a later day than it begins; its last day is not counted"
            raise BadPeriod(field="until", value=self.until_on.isoformat(), why=why, remedy=remedy)

    @property
    def days(self) -> int:
        """How many days. :raises BadPeriod: the period is open."""
        if self.until_on is None:
            remedy = "give the day on which it ends"
            raise BadPeriod(field="until", value="", why="the period has no end to count to", remedy=remedy)
        return (self.until_on - self.from_on).days

    def holds(self, on: date) -> bool:
        """Whether the day is one of the period's."""
        return self.from_on <= on and (self.until_on is None or on < self.until_on)

    def meet(self, other: Period) -> Period | None:
        """The days that are in both, or None."""
        from_on = max(self.from_on, other.from_on)
        ends = [end for end in (self.until_on, other.until_on) if end is not None]
        until_on = min(ends) if ends else None
        if until_on is not None and until_on <= from_on:
            return None
        return Period(from_on, until_on)

    def split(self, dates: Iterable[date]) -> tuple[Period, ...]:
        """The period cut at each of the dates that lies strictly inside it."""
        cuts = sorted({on for on in dates if self.holds(on) and on != self.from_on})
        starts = [self.from_on, *cuts]
        ends: list[date | None] = [*cuts, self.until_on]
        return tuple(Period(start, end) for start, end in zip(starts, ends, strict=True))


def overlaps(periods: Sequence[Period]) -> tuple[tuple[int, int], ...]:
    """Pairs of positions of periods that share a day, each pair of neighbours in time once."""
    order = sorted(range(len(periods)), key=lambda index: periods[index].from_on)
    return tuple(
        (first, second)
        for first, second in zip(order, order[1:], strict=False)
        if periods[first].meet(periods[second]) is not None
    )


def is_business_day(on: date, holidays: Collection[date]) -> bool:
    """Monday to Friday and not a holiday."""
    return on.weekday() < 5 and on not in holidays


def roll_day(on: date, *, holidays: Collection[date], roll: str) -> date:
    """The day itself when it is a business day, else the next (`following`) or last (`preceding`) one.

    :raises BadPeriod: `roll` is not one of `ROLLS`
    """
    if roll not in ROLLS:
        raise BadPeriod(field="roll", value=roll, why="not known", remedy=f"use one of {', '.join(ROLLS)}")
    step = timedelta(days=-1 if roll == "preceding" else 1)
    while roll != "none" and not is_business_day(on, holidays):
        on += step
    return on


def add_business_days(on: date, count: int, *, holidays: Collection[date]) -> date:
    """The `count`-th business day after `on` (before it, when below zero)."""
    step = timedelta(days=-1 if count < 0 else 1)
    for _ in range(abs(count)):
        on += step
        while not is_business_day(on, holidays):
            on += step
    return on


def cycle_dates(
    first: date, *, every_days: int, n: int, holidays: Collection[date] = (), roll: str = "none"
) -> tuple[date, ...]:
    """`n` dates of a cycle, `every_days` apart from `first`; a date rolled off a holiday moves no other.

    :raises BadPeriod: `every_days` or `n` below 1, or `roll` not known
    """
    for field, value in (("every_days", every_days), ("n", n)):
        if value < 1:
            raise BadPeriod(field=field, value=value, why="below 1", remedy="give a whole number of at least 1")
    dates = rrule(DAILY, interval=every_days, count=n, dtstart=datetime(first.year, first.month, first.day))
    return tuple(roll_day(at.date(), holidays=holidays, roll=roll) for at in dates)


def cycle_dates_between(
    anchor: date,
    *,
    every_days: int,
    from_on: date,
    until_on: date,
    holidays: Collection[date] = (),
    roll: str = "none",
) -> tuple[date, ...]:
    """The dates of a cycle whose unrolled day is in [from_on, until_on), `anchor` being one of them on either side.

    :raises BadPeriod: `every_days` below 1, or `roll` not known
    """
    if every_days < 1:
        remedy = "give a whole number of at least 1"
        raise BadPeriod(field="every_days", value=every_days, why="below 1", remedy=remedy)
    steps = -((anchor - from_on).days // every_days)
    first = anchor + timedelta(days=steps * every_days)
    n = max(0, -((first - until_on).days // every_days))
    return cycle_dates(first, every_days=every_days, n=n, holidays=holidays, roll=roll) if n else ()


def show_on(on: date) -> str:
    """A date as the desk shows it: `Wed 11 Nov 2026`."""
    return f"{on:%a} {on.day} {on:%b} {on.year}"
