"""Meters in the ground: what hangs where, what its register shows, and what the reader brings home.

A register counts whole units of its meter and rolls over after its last digit. Readers bring home most registers as
they are, a few not at all (a dog, a parked truck, a flooded box) and a few wrong (two digits swapped, one misread).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from curbstop.simulator.chance import number, stream
from curbstop.simulator.streets import Place
from curbstop.simulator.workdays import free_workday

_STOCK = {"5/8": [(7, 1), (6, 10)], "1": [(7, 1), (6, 10)], "2": [(6, 10), (6, 100)]}
"""Size -> dials and gallons a unit, of the makes the city has bought."""


@dataclass(frozen=True, slots=True)
class Hung:
    """A meter at a place during ``[from_on, until_on)``. ``starts`` is its register when it was hung; from
    ``stuck_on`` its
    register stands still while the water runs."""

    serial: str
    service: str
    size: str
    dials: int
    gal_per_unit: int
    starts: int
    from_on: date
    until_on: date | None
    stuck_on: date | None


def meters(
    seed: int,
    place: Place,
    service: str,
    opens_on: date,
    until_on: date,
    read_days: Sequence[date],
    busy: Collection[date] = (),
) -> list[Hung]:
    """The meters of one service of a place that hang before ``until_on``, one after another.

    ``read_days`` are the days on which its cycle is read, ascending: an exchange never falls on one, and a stuck
    register is found out by a read. Nor does one fall on a ``busy`` day (a move).
    """
    ends = _exchanges(seed, place, service, opens_on, until_on, read_days, {*read_days, *busy})
    found = []
    begins = opens_on
    for order in range(len(ends) + 1):
        changed_on, stuck_on = ends[order] if order < len(ends) else (None, None)
        found.append(_hung(seed, place, service, order, begins, changed_on, stuck_on))
        if changed_on is None:
            break
        begins = changed_on
    return found


def _hung(
    seed: int, place: Place, service: str, order: int, from_on: date, until_on: date | None, stuck_on: date | None
) -> Hung:
    draw = stream(seed, "meter", place.no, service, order)
    dials, unit = draw.choice(_STOCK[place.meter])
    # the second letter is the make; the number holds place, service and order, so that no two are alike
    serial = f"{draw.choice('BNKS')}{place.no * 20 + (10 if service == 'irrigation' else 0) + order + 40_000_000}"
    starts = draw.randrange(100, 10**dials * 7 // 10) if order == 0 else draw.randrange(0, 12)
    if order == 0 and number(seed, "old", place.no, service, below=400) == 0:
        starts = 10**dials - draw.randrange(3_000, 30_000) // unit  # about to roll over
    return Hung(serial, service, place.meter, dials, unit, starts, from_on, until_on, stuck_on)


def _exchanges(
    seed: int,
    place: Place,
    service: str,
    opens_on: date,
    until_on: date,
    read_days: Sequence[date],
    busy: Collection[date],
) -> list[tuple[date | None, date | None]]:
    """Day of each exchange before ``until_on`` (or none yet, for a register already stuck), and since when it was
    stuck."""
    found: list[tuple[date | None, date | None]] = []
    after = opens_on + timedelta(days=30)
    for year in range(opens_on.year, until_on.year + 1):
        chance = number(seed, "exchange", place.no, service, year, below=1000)
        if chance >= 31:
            continue
        day = date(year, 1, 1) + timedelta(days=number(seed, "exchange-on", place.no, service, year, below=365))
        if day <= after:
            continue
        stuck_on = None
        if chance >= 24:
            stuck_on = day
            at = bisect_left(read_days, day + timedelta(days=20))
            if at == len(read_days):  # not read since: nobody knows yet
                found.append((None, stuck_on))
                break
            day = read_days[at] + timedelta(days=3 + chance % 5)
        day = free_workday(day, busy)
        if day >= until_on:
            found.append((None, stuck_on))
            break
        found.append((day, stuck_on))
        after = day + timedelta(days=60)
    return found


def register(meter: Hung, used: np.ndarray, origin: date, day: date) -> int:
    """What the register shows on the morning of ``day``. ``used[i]`` is the gallons of the days before ``origin +
    i``."""
    seen_until = day if meter.stuck_on is None else min(day, max(meter.stuck_on, meter.from_on))
    first, last = (meter.from_on - origin).days, (seen_until - origin).days
    gallons = int(used[max(last, first)] - used[max(first, 0)])
    return int((meter.starts + gallons // meter.gal_per_unit) % 10**meter.dials)


def misread(seed: int, meter: Hung, day: date, true: int, *, may_err: bool) -> int | None:
    """What the reader writes down: ``true`` mostly, None when he could not get to it, now and then a number that is
    wrong by more than a home uses in a year (``may_err``)."""
    chance = number(seed, "read", meter.serial, day, below=1000)
    if chance < 6:
        return None
    if chance >= 13 or not may_err:
        return true
    digits = str(true).zfill(meter.dials)
    at = max(meter.dials - 6 + len(str(meter.gal_per_unit)) - 1, 0)  # the digit of 100,000 gallons
    return int(digits[:at] + str((int(digits[at]) + 3 + chance % 3) % 10) + digits[at + 1 :])
