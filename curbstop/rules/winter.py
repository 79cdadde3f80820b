"""The personal average as a tariff says it is made: winter quarter, lowest n of m, by day or by use.

Sewer is billed on what does not go on the lawn. How that is found, cities say in a dozen ways; `plans.AverageFrom`
holds one of them, and this works it out. Gallons in, whole gallons out, nothing rounded before the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

import numpy as np
from numpy.typing import NDArray

from curbstop.rules.plans import AverageFrom, PastUse

MISSING = -1
FULL_DAYS = 30
"""Days of a full bill for a mean by day, where the tariff says none; checked when the file is read."""

Array = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Made:
    """The average of each row, -1 for none, and which of its uses it was made from."""

    gal: Array
    kept: NDArray[np.bool_]


def reset_on(rule: AverageFrom, on: date) -> date:
    """The day from which the average in force on the day holds."""
    this_year = date(on.year, rule.reset_month, rule.reset_day)
    return this_year if this_year <= on else date(on.year - 1, rule.reset_month, rule.reset_day)


def averages(rule: AverageFrom, *, gal: Array, began: Days, read: Days, reset: date, full_days: int | None) -> Made:
    """The average that holds from `reset`, of rows of uses in time order.

    :param gal: gallons of each use, shape [n, k], -1 where a row has fewer
    :param began: the read that each use begins with; :param read: the one that it ends with
    :param full_days: the days of a full bill, for a mean by day
    """
    first = np.datetime64(date(reset.year - 1, reset.month, reset.day))
    days = np.maximum((read - began).astype(np.int64), 1)
    kept = (gal >= 0) & (read >= first) & (read < np.datetime64(reset))
    if rule.months is not None:
        day = began + ((days - 1) // 2).astype("timedelta64[D]") if rule.months_by_middle else read
        month = day.astype("datetime64[M]").astype(np.int64) % 12 + 1
        kept &= np.isin(month, sorted(rule.months))
    if rule.last is not None:
        after = np.cumsum(kept[:, ::-1], axis=1)[:, ::-1]
        kept &= after <= rule.last
    enough = kept.sum(axis=1) >= rule.needs
    size = gal * 1_000_000 // days if rule.weigh_days else gal
    kept &= ~_first(kept, -size, rule.drop_highest)
    kept &= ~_first(kept, size, rule.drop_lowest)
    if rule.lowest is not None:
        kept &= _first(kept, size, rule.lowest)
    kept &= enough[:, None]
    total = np.where(kept, gal, 0).sum(axis=1)
    if rule.weigh_days:
        total = total * (full_days or FULL_DAYS)
        weight = np.where(kept, days, 0).sum(axis=1)
    else:
        weight = kept.sum(axis=1)
    found = _stepped(rule, total, np.maximum(weight, 1))
    return Made(np.where(enough, found, MISSING), kept)


def _first(among: NDArray[np.bool_], size: Array, count: int) -> NDArray[np.bool_]:
    """The `count` smallest of each row, of those marked; of equal ones the earliest."""
    if count == 0 or not among.size:
        return np.zeros_like(among)
    order = np.argsort(np.where(among, size, np.iinfo(np.int64).max), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(among.shape[1]), among.shape), axis=1)
    return among & (rank < count)


def _stepped(rule: AverageFrom, total: Array, weight: Array) -> Array:
    """The mean in whole gallons: half up, or brought to the rule's steps first; inside its bounds."""
    if rule.steps == "exact":
        gal = (2 * total + weight) // (2 * weight)  # half up
    else:
        step = rule.step.gal
        over, under = total * step.denominator, weight * step.numerator
        if rule.steps == "nearest":
            steps = (2 * over + under) // (2 * under)
        else:
            steps = over // under if rule.steps == "down" else -(-over // under)
        gal = -(-steps * step.numerator // step.denominator)  # a hundred cubic feet is no whole number of gallons
    if rule.least is not None:
        gal = np.maximum(gal, ceil(rule.least.gal))
    if rule.most is not None:
        gal = np.minimum(gal, ceil(rule.most.gal))
    return np.asarray(gal, dtype=np.int64)


def average_of(rule: AverageFrom, uses: Sequence[PastUse], *, on: date, full_days: int | None) -> int:
    """One account's average in force on the day, in gallons; -1: none."""
    made = sorted(uses, key=lambda use: use.read_on)
    return int(
        averages(
            rule,
            gal=np.array([[use.gal for use in made]], dtype=np.int64).reshape(1, -1),
            began=np.array([[use.began_on for use in made]], dtype="datetime64[D]").reshape(1, -1),
            read=np.array([[use.read_on for use in made]], dtype="datetime64[D]").reshape(1, -1),
            reset=reset_on(rule, on),
            full_days=full_days,
        ).gal[0]
    )


def in_words(rule: AverageFrom) -> str:
    """How the average is made, as a citizen would read it."""
    which = "every use" if rule.months is None else f"the uses of {_months(rule.months)}"
    if rule.last is not None:
        which = f"the last {rule.last} of {which}"
    parts = [f"{which} read in the year before {_day(rule)}"]
    if rule.drop_highest:
        parts.append(f"without the {_count(rule.drop_highest, 'highest')}")
    if rule.drop_lowest:
        parts.append(f"without the {_count(rule.drop_lowest, 'lowest')}")
    if rule.lowest is not None:
        parts.append(f"of these the {_count(rule.lowest, 'lowest')}")
    parts.append("their daily use" if rule.weigh_days else "their mean")
    if rule.steps != "exact":
        words = {"down": "down", "up": "up", "nearest": "to the nearest"}
        parts.append(f"{words[rule.steps]} in steps of {rule.step}")
    if rule.least is not None:
        parts.append(f"at least {rule.least}")
    if rule.most is not None:
        parts.append(f"at most {rule.most}")
    need = "" if rule.needs == 1 else f"; at least {rule.needs} such uses are needed"
    without = "" if rule.without is None else f"; until then {getattr(rule.without, 'name', rule.without)} counts"
    return f"{', '.join(parts)}{need}{without}. Set again each {_day(rule)}."


MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


def _months(months: frozenset[int]) -> str:
    """In the order of a winter: December before January."""
    rising = sorted(months)
    start = next((place for place in range(1, len(rising)) if rising[place] - rising[place - 1] > 1), 0)
    names = [MONTHS[month - 1] for month in rising[start:] + rising[:start]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _day(rule: AverageFrom) -> str:
    return f"{rule.reset_day} {MONTHS[rule.reset_month - 1]}"


def _count(number: int, word: str) -> str:
    return word if number == 1 else f"{number} {word}"
