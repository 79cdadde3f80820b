"""Refuse: carts on the ground, pickups and vouchers of a calendar year, what a dumpster costs, and when a private
hauler may come. Values in, values out; every number is the city's policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from curbstop.rules.faults import BadValue
from curbstop.rules.money import half_up, show

POUNDS_A_TON = 2000
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LAPSED = -1
"""The notice that says that a certificate has ended; the others count the days before."""


class BadRefuse(BadValue):
    """A value about refuse that cannot be."""


# --- carts ------------------------------------------------------------------------------------------------------------


def carts_left(before: int | None, kind: str, count: int, stated: int | None) -> int | None:
    """How many carts stand somewhere after a change; None: nobody knows, since none were ever counted.

    :param before: how many stood there, None where nobody knows
    :param stated: what the crew counted after it, which is believed above any sum
    :raises BadRefuse: more are taken than stand there
    """
    if stated is not None:
        return stated
    if kind == "counted":
        return count
    if before is None:
        return None
    after = before + {"delivered": count, "removed": -count, "swapped": 0}[kind]
    if after < 0:
        remedy = "count the carts, and write how many stand there now"
        raise BadRefuse(field="count", value=count, why=f"only {before} stand there", remedy=remedy)
    return after


# --- a calendar year --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pickup:
    """A big-trash pickup: the day it was for, and how it ended (``open``, ``done``, ``failed``, ``cancelled``) when."""

    on: date
    state: str
    ended_at: datetime | None = None


def last_cancel(on: date, *, weekday: str, hour: int) -> datetime:
    """Until when a pickup may be cancelled, by the city's clock: the hour of the last such weekday before its day.

    :raises BadRefuse: not a weekday, or not an hour
    """
    if weekday.lower() not in WEEKDAYS:
        raise BadRefuse(field="weekday", value=weekday, why="not a weekday", remedy="write friday")
    if not 0 <= hour <= 23:
        raise BadRefuse(field="hour", value=hour, why="not an hour", remedy="write 17 for 5 in the afternoon")
    back = (on.weekday() - WEEKDAYS.index(weekday.lower()) - 1) % 7 + 1
    return datetime.combine(on - timedelta(days=back), time(hour))


def is_used(pickup: Pickup, until: datetime | None) -> bool:
    """Whether a pickup counts as used: it was done, or cancelled later than ``until`` (None: the city counts none)."""
    if pickup.state == "done":
        return True
    if pickup.state != "cancelled" or until is None or pickup.ended_at is None:
        return False
    return pickup.ended_at.replace(tzinfo=None) > until


def refuse_more(what: str, *, taken: Sequence[date], most: int, on: date) -> str:
    """Why no more of a year's allowance is given on the day; empty where there is more.

    :param taken: the days on which those of the same calendar year were given
    """
    if len(taken) < most:
        return ""
    again = f"the next from {date(on.year + 1, 1, 1).isoformat()}"
    if most == 0:
        return f"the city gives no {what}"
    if most == 1:
        return f"the {what} of {on.year} was handed out on {max(taken).isoformat()}; {again}"
    days = " and ".join(day.isoformat() for day in sorted(taken))
    return f"all {most} of {on.year} are taken ({days}); {again}"


# --- dumpsters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DumpsterLine:
    """A charge of a call: what it is, and how it was worked out."""

    says: str
    cents: int


def find_price(rows: Iterable[Mapping[str, Any]], yards: int | None) -> Mapping[str, Any] | None:
    """The row of the price list for a dumpster of this size: its own, else the one for every size."""
    kept = list(rows)
    own = [row for row in kept if yards is not None and row.get("yards") == yards]
    every = [row for row in kept if "yards" not in row]
    return next(iter(own or every), None)


def hundredths_of_tons(pounds: int) -> int:
    """Pounds on a scale's ticket as hundredths of a short ton, half up."""
    return half_up(pounds * 100, POUNDS_A_TON)


def charge_pull(price: Mapping[str, Any], *, pulls: int, pounds: int | None) -> tuple[DumpsterLine, ...]:
    """What emptying a dumpster costs: so much a pull, and the weight above what is included by the hundredth of a ton.

    The included weight is of each pull. Without a ticket nothing is charged for weight.

    :param price: a row of ``dumpster.call``
    """
    each = int(price["pull_cents"])
    many = f" {pulls} times" if pulls != 1 else ""
    lines = [DumpsterLine(f"pull{many}", each * pulls)] if each * pulls else []
    if pounds is not None and price.get("over_ton_cents"):
        included = Fraction(str(price.get("included_tons", "0"))) * 100 * max(pulls, 1)
        over = hundredths_of_tons(pounds) - included
        if over > 0:
            cents = over * int(price["over_ton_cents"])
            owed = half_up(cents.numerator, cents.denominator * 100)
            tons = f"{_tons(Fraction(hundredths_of_tons(pounds)))} tons less {_tons(included)}"
            lines.append(DumpsterLine(f"overweight, {tons} at {show(int(price['over_ton_cents']))}", owed))
    return tuple(lines)


def _tons(hundredths: Fraction) -> str:
    whole = half_up(hundredths.numerator, hundredths.denominator)
    return f"{whole // 100}.{whole % 100:02}"


# --- private haulers --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cover:
    """The days a certificate is in force, ``[from_on, until_on)``: its last day is the one before ``until_on``."""

    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Authorised:
    """Whether a private hauler may come on a day. ``until_on``: the first day he may not, unless it is renewed.

    ``lapsed_on``: the day since which no certificate is in force, where one was before.
    """

    active: bool
    until_on: date | None
    lapsed_on: date | None


def authorise(approved_from: date | None, ended_on: date | None, covers: Iterable[Cover], on: date) -> Authorised:
    """Whether a private hauler may come on a day: approved, not ended, and with a certificate in force."""
    if approved_from is None or (ended_on is not None and on >= ended_on):
        return Authorised(False, None, None)
    kept = sorted(covers, key=lambda one: one.from_on)
    holding = [one for one in kept if one.from_on <= on < one.until_on]
    if not holding:
        ended = [one.until_on for one in kept if one.until_on <= on]
        return Authorised(False, None, max(ended) if ended and on >= approved_from else None)
    until = max(one.until_on for one in holding)
    for one in kept:  # a renewal that begins before the other ends carries it on
        if one.from_on <= until < one.until_on:
            until = one.until_on
    return Authorised(on >= approved_from, until, None)


def find_gaps(approved_from: date, covers: Iterable[Cover], until: date) -> tuple[tuple[date, date], ...]:
    """The days without a certificate in force between the first one and ``until``, as half-open periods."""
    kept = sorted(covers, key=lambda one: one.from_on)
    if not kept:
        return ()
    at, found = max(approved_from, kept[0].from_on), []
    for one in kept:
        if one.from_on > at and at < until:
            found.append((at, min(one.from_on, until)))
        at = max(at, one.until_on)
    if at < until:
        found.append((at, until))
    return tuple(found)


def notice_due(ends_on: date, sent: Iterable[int], days: Iterable[int], on: date) -> int | None:
    """Which letter before a certificate's last day is due: the one nearest its end whose day has come, unless that or
    a later one was sent. None: none.

    A night that was missed sends one letter, the latest, and not those before it.
    """
    left = (ends_on - on).days
    come = [day for day in days if left <= day]
    done = [day for day in sent if day != LAPSED]
    if left < 0 or not come or (done and min(done) <= min(come)):
        return None
    return min(come)
