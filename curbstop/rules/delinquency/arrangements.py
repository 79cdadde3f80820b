"""Instalments: a debt split over days to the cent, what of it is due by a day, and whether the plan is kept.

What was paid on a plan is not counted by receipts but by what is still open: whatever the order in which a city applies
money, an account is behind when more is open than the plan leaves for later.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from curbstop.rules.bills import late_cents
from curbstop.rules.delinquency.extensions import add_months
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show

MOST = 60
"""No city's plan has more instalments."""

EVERY: Mapping[str, str] = {
    "week": "every week",
    "two_weeks": "every two weeks",
    "four_weeks": "every four weeks",
    "month": "every month",
}
"""How far apart instalments are, by code."""

ROUNDINGS: Mapping[str, str] = {
    "spread": "the odd cents one each to the first instalments",
    "first": "the odd cents with the first instalment",
    "last": "the odd cents with the last instalment",
}
"""Where the odd cents of an even split go, by code; ``spread`` where the city has not said."""


class BadSchedule(BadValue):
    """Instalments that cannot be."""


@dataclass(frozen=True)
class Part:
    """An instalment: number 0 is the down payment."""

    no: int
    due_on: date
    cents: int


def step(first_on: date, every: str, count: int) -> tuple[date, ...]:
    """Days one ``every`` apart, from the first on. :raises BadSchedule: no such step"""
    weeks = {"week": 1, "two_weeks": 2, "four_weeks": 4}
    if every in weeks:
        return tuple(first_on + timedelta(weeks=weeks[every] * n) for n in range(count))
    if every != "month":
        raise BadSchedule(field="every", value=every, why="not a step", remedy=f"use one of {', '.join(EVERY)}")
    return tuple(add_months(first_on, n) for n in range(count))


def down_cents(debt_cents: int, percent: Fraction | None, least_cents: int | None) -> int:
    """The down payment that the city asks for: a percent of the debt, rounded half up, and no less than its least;
    never more than the debt.

    >>> down_cents(20005, Fraction(25), 2500)
    5001
    """
    asked = late_cents(debt_cents, percent) if percent is not None else 0
    return min(debt_cents, max(asked, least_cents or 0))


def split(
    debt_cents: int, *, count: int, first_on: date, every: str, on: date, down: int = 0, rounding: str = "spread"
) -> tuple[Part, ...]:
    """The debt in instalments: together exactly the debt, none before ``on``.

    :param count: how many after the down payment, which is due on ``on``
    :param rounding: where the odd cents go, a code of :data:`ROUNDINGS`
    :raises BadSchedule: a count, a day or an amount that cannot be

    >>> [(p.no, p.cents) for p in split(10000, count=3, first_on=date(2026, 5, 1), every="month", on=date(2026, 4, 20))]
    [(1, 3334), (2, 3333), (3, 3333)]
    """
    if debt_cents <= 0:
        _refuse("cents", debt_cents, "nothing is owed", "an arrangement is made for a debt")
    if not 0 <= down <= debt_cents:
        _refuse("down", show(down), f"not between 0.00 and {show(debt_cents)}", "ask for a part of the debt")
    rest = debt_cents - down
    if not 1 <= count <= MOST and rest:
        _refuse("count", count, "not a number of instalments", f"use 1 to {MOST}")
    if rest and count > rest:
        _refuse("count", count, f"more than the {rest} cents that are left", "use fewer instalments")
    if first_on < on:
        _refuse("first_on", first_on.isoformat(), "in the past", f"choose {on.isoformat()} or a later day")
    if rounding not in ROUNDINGS:
        _refuse("rounding", rounding, "not a rounding", f"use one of {', '.join(ROUNDINGS)}")
    head = (Part(0, on, down),) if down else ()
    if not rest:
        return head
    days = step(first_on, every, count)
    return head + tuple(
        Part(n, day, cents) for n, (day, cents) in enumerate(zip(days, _even(rest, count, rounding), strict=True), 1)
    )


def _refuse(field: str, value: object, why: str, remedy: str) -> None:
    raise BadSchedule(field=field, value=value, why=why, remedy=remedy)


def _even(cents: int, count: int, rounding: str) -> list[int]:
    each, odd = divmod(cents, count)
    parts = [each] * count
    if rounding == "spread":
        return [part + (n < odd) for n, part in enumerate(parts)]
    parts[0 if rounding == "first" else -1] += odd
    return parts


@dataclass(frozen=True)
class PartStands:
    """An instalment and what of it is covered: ``paid`` (all), ``part``, ``due`` (its day has come), ``late``,
    ``open`` (its day is to come)."""

    no: int
    due_on: date
    cents: int
    paid_cents: int
    state: str


@dataclass(frozen=True)
class Stands:
    """How a plan stands: ``open``, ``kept``, ``broken``; by how much it is behind, and when the next part is due."""

    state: str
    parts: tuple[PartStands, ...]
    left_cents: int
    behind_cents: int
    next_on: date | None
    next_cents: int


def stand(
    parts: Sequence[Part],
    *,
    open_cents: int,
    later_due: Callable[[date], int] = lambda day: 0,
    grace_days: int = 0,
    on: date,
) -> Stands:
    """Hold a plan against what is still open.

    :param open_cents: what is open of the debt, 0 or more
    :param later_due: what is open of bills of later, that were due by a day; 0 where the city does not ask for them
    :param grace_days: an instalment may come so many days late
    """
    debt = sum(part.cents for part in parts)
    paid = max(debt - open_cents, 0)
    limit = on - timedelta(days=grace_days)
    shown, left = [], paid
    for part in sorted(parts, key=lambda part: (part.due_on, part.no)):
        covered = min(left, part.cents)
        left -= covered
        shown.append(PartStands(part.no, part.due_on, part.cents, covered, _state(part, covered, on, limit)))
    due = sum(part.cents for part in parts if part.due_on < limit)
    behind = max(open_cents - (debt - due), 0) + later_due(limit)
    following = next((one for one in shown if one.state != "paid"), None)
    state = "broken" if behind > 0 else ("kept" if open_cents == 0 else "open")
    return Stands(
        state,
        tuple(shown),
        open_cents,
        behind,
        following.due_on if following else None,
        following.cents - following.paid_cents if following else 0,
    )


def _state(part: Part, covered: int, on: date, limit: date) -> str:
    if covered == part.cents:
        return "paid"
    if part.due_on < limit:
        return "late"
    if part.due_on <= on:
        return "due"
    return "part" if covered else "open"


def check_terms(
    parts: Sequence[Part], *, most: int | None, most_days: int | None, on: date, latest_on: date | None = None
) -> tuple[str, ...]:
    """What of the city's terms a schedule breaks, in words; none: nothing."""
    found = []
    count, last = sum(part.no > 0 for part in parts), max(part.due_on for part in parts)
    if most is not None and count > most:
        found.append(f"{count} instalments, and the city allows {most}")
    if most_days is not None and (last - on).days > most_days:
        found.append(f"the last instalment is {(last - on).days} days from now, and the city allows {most_days}")
    if latest_on is not None and last > latest_on:
        found.append(
            f"the last instalment is on {last.isoformat()}, and the city's last day is {latest_on.isoformat()}"
        )
    for before, after in itertools.pairwise(sorted(part.due_on for part in parts if part.no)):
        if before == after:
            found.append(f"two instalments on {before.isoformat()}")
    return tuple(found)
