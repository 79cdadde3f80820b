"""Reads: usage between two readings of a register, whether it can be billed unseen, and the sewer average.

A register of `dials` digits shows whole units of `unit_gal` gallons and turns over after its last number. What is
found is a set of `Finding`; a read with none of them but ROLLED_OVER is accepted. Nothing is ever put right in
silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from curbstop.rules.faults import BadValue
from curbstop.rules.money import Rounding, round_array
from curbstop.rules.periods import show_on

MOST_DIALS = 9
MOST_UNIT_GAL = 10_000
MISSING = -1

Array = NDArray[np.int64]


class Finding(IntFlag):
    """What is remarkable about a read."""

    ZERO = 1
    BELOW_LAST = 2
    HIGH = 4
    LOW = 8
    SAME = 16
    ROLLED_OVER = 32
    BEYOND_DIALS = 64


BLOCKING = ~Finding.ROLLED_OVER


@dataclass(frozen=True, slots=True)
class Bands:
    """From policy `reads.bands`: what is looked at before it is billed.

    high_percent and low_percent are of the account's average use; up to least_gal no use is high, and from it on
    a use may be low; zero is looked at when the average is at least zero_above_gal; same_in_a_row equal uses
    (this one counted) are looked at.
    """

    high_percent: int
    low_percent: int
    least_gal: int
    zero_above_gal: int
    same_in_a_row: int


@dataclass(frozen=True, slots=True)
class Judged:
    """`usage_gal[row]` (0 where there is none to bill), `findings[row]`, `average_gal[row]` (-1: no history)."""

    usage_gal: Array
    findings: Array
    average_gal: Array

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Which rows can be billed unseen."""
        return np.asarray((self.findings & int(BLOCKING)) == 0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One read judged: its usage, what was found, and a sentence for each finding."""

    usage_gal: int
    findings: tuple[Finding, ...]
    average_gal: int | None
    accepted: bool
    says: tuple[str, ...]


def bands_for(rows: Sequence[object], customer_class: str) -> Bands:
    """The bands of a class from the policy's rows, else those of class `any`.

    :raises BadValue: the policy has neither
    """
    tables = {row["class"]: row for row in rows if isinstance(row, dict)}
    row = tables.get(customer_class, tables.get("any"))
    if row is None:
        remedy = "add a row for the class, or one for class any, to reads.bands"
        raise BadValue(field="reads.bands", value=customer_class, why="no bands for this class", remedy=remedy)
    return Bands(**{name: int(value) for name, value in row.items() if name != "class"})


def judge(
    *,
    previous: Array,
    current: Array,
    dials: Array,
    unit_gal: Array,
    history_gal: Array,
    bands: Bands,
    days: Array | None = None,
    history_days: Array | None = None,
) -> Judged:
    """Judge reads against the use before them.

    :param previous: last reading of the register, whole units; :param current: this reading
    :param dials: digits of the register; :param unit_gal: gallons in one unit
    :param history_gal: shape [n, k], earlier uses, latest first, -1 where there is none
    :param days: days of this use, and `history_days` of the earlier ones; with both, uses are compared by day

    A reading below the last one turned over when the use so counted is within the high limit; else it is
    BELOW_LAST, with no usage, and a person decides (the order of validation of Oracle's meter data rules).
    """
    size = np.asarray(10**dials, dtype=np.int64)
    beyond = (current < 0) | (current >= size) | (previous < 0) | (previous >= size)
    plain = (current - previous) * unit_gal
    rolled = (size - previous + current) * unit_gal
    usual = _usual(history_gal, days, history_days)
    turned = (plain < 0) & usual.known & ~usual.above(rolled, bands)
    refused = beyond | ((plain < 0) & ~turned)
    usage = np.where(refused, 0, np.where(turned, rolled, plain))
    looked_at = (
        (turned, Finding.ROLLED_OVER),
        ((usage == 0) & (usual.average >= bands.zero_above_gal), Finding.ZERO),
        (usual.above(usage, bands), Finding.HIGH),
        (usual.below(usage, bands) & (usage > 0), Finding.LOW),
        (_same(usage, history_gal, bands.same_in_a_row) & (usage > 0), Finding.SAME),
    )
    findings = np.zeros(len(usage), dtype=np.int64)
    for where, finding in looked_at:
        findings |= np.where(where & ~refused, int(finding), 0)
    findings |= np.where(beyond, int(Finding.BEYOND_DIALS), np.where(refused, int(Finding.BELOW_LAST), 0))
    return Judged(usage, findings, usual.average)


@dataclass(frozen=True, slots=True)
class _Usual:
    """The earlier uses: their sum, over `weight` days (or periods), to be compared with a use of `here` days."""

    total: Array
    weight: Array
    here: Array
    known: NDArray[np.bool_]
    average: Array

    # use / here against total / weight, multiplied out so that no division rounds
    def above(self, gal: Array, bands: Bands) -> NDArray[np.bool_]:
        more = 100 * gal * self.weight > bands.high_percent * self.total * self.here
        return np.asarray(self.known & (gal > bands.least_gal) & more)

    def below(self, gal: Array, bands: Bands) -> NDArray[np.bool_]:
        less = 100 * gal * self.weight < bands.low_percent * self.total * self.here
        return np.asarray(self.known & (self.average >= bands.least_gal) & less)


def _usual(history_gal: Array, days: Array | None, history_days: Array | None) -> _Usual:
    held = history_gal >= 0
    count = held.sum(axis=1)
    total = np.where(held, history_gal, 0).sum(axis=1)
    here, weight = np.ones(len(history_gal), dtype=np.int64), count
    if days is not None and history_days is not None:
        here, weight = days, np.where(held, history_days, 0).sum(axis=1)
    known = (count > 0) & (weight > 0)
    average = np.where(known, (2 * total + count) // np.maximum(2 * count, 1), MISSING)
    return _Usual(total, weight, here, known, average)


def _same(usage: Array, history_gal: Array, in_a_row: int) -> NDArray[np.bool_]:
    needed = in_a_row - 1
    if needed < 1 or history_gal.shape[1] < needed:
        return np.zeros(len(usage), dtype=np.bool_)
    return np.asarray((history_gal[:, :needed] == usage[:, None]).all(axis=1))


def judge_one(
    *,
    previous: int,
    current: int,
    dials: int,
    unit_gal: int,
    history_gal: Sequence[int],
    bands: Bands,
    days: int | None = None,
    history_days: Sequence[int] = (),
) -> Verdict:
    """Judge one read: the same rule over an array of one, with a sentence for each finding.

    :raises BadValue: a reading that the register cannot show, or a register that cannot be
    """
    check_register(dials=dials, unit_gal=unit_gal)
    check_reading(previous, dials=dials, field="previous")
    check_reading(current, dials=dials, field="current")
    by_days = days is not None and len(history_days) == len(history_gal)
    judged = judge(
        previous=np.array([previous]),
        current=np.array([current]),
        dials=np.array([dials]),
        unit_gal=np.array([unit_gal]),
        history_gal=np.array([list(history_gal)], dtype=np.int64).reshape(1, len(history_gal)),
        bands=bands,
        days=np.array([days]) if by_days else None,
        history_days=np.array([list(history_days)], dtype=np.int64).reshape(1, -1) if by_days else None,
    )
    usage, average = int(judged.usage_gal[0]), int(judged.average_gal[0])
    findings = tuple(finding for finding in Finding if int(judged.findings[0]) & finding)
    says = tuple(_says(finding, usage, average, previous, current, bands) for finding in findings)
    return Verdict(usage, findings, average if average >= 0 else None, bool(judged.accepted[0]), says)


def _says(finding: Finding, usage: int, average: int, previous: int, current: int, bands: Bands) -> str:
    sentences = {
        Finding.ZERO: f"zero: no use, where the average is {average:,} gal",
        Finding.BELOW_LAST: f"below last: {current:,} is lower than {previous:,}; the register did not turn over",
        Finding.HIGH: f"high: {usage:,} gal, more than {bands.high_percent} percent of the average {average:,}",
        Finding.LOW: f"low: {usage:,} gal, less than {bands.low_percent} percent of the average {average:,}",
        Finding.SAME: f"same: {usage:,} gal, as on the {bands.same_in_a_row - 1} bills before",
        Finding.ROLLED_OVER: f"lower than last: rollover? {usage:,} gal",
        Finding.BEYOND_DIALS: "the register cannot show this number",
    }
    return sentences[finding]


def usage_gal(*, previous: int, current: int, dials: int, unit_gal: int, rolled_over: bool = False) -> int:
    """Gallons between two readings that a person has accepted.

    :raises BadValue: a reading the register cannot show, or a use below zero
    """
    check_register(dials=dials, unit_gal=unit_gal)
    check_reading(previous, dials=dials, field="previous")
    check_reading(current, dials=dials, field="current")
    units = current - previous + (10**dials if rolled_over and current < previous else 0)
    if units < 0:
        remedy = "read again, or say that the register turned over"
        why = f"below the last reading, {previous:,}"
        raise BadValue(field="current", value=current, why=why, remedy=remedy)
    return units * unit_gal


def check_register(*, dials: int, unit_gal: int) -> None:
    """:raises BadValue: no register has so many dials, or so large a unit"""
    for field, value, most in (("dials", dials, MOST_DIALS), ("unit_gal", unit_gal, MOST_UNIT_GAL)):
        if not 1 <= value <= most:
            remedy = "look at the meter's record"
            raise BadValue(field=field, value=value, why=f"not from 1 to {most:,}", remedy=remedy)


def check_reading(value: int, *, dials: int, field: str) -> None:
    """:raises BadValue: the register cannot show the number"""
    if not 0 <= value < 10**dials:
        why = f"a register of {dials} dials shows 0 to {10**dials - 1:,}"
        raise BadValue(field=field, value=value, why=why, remedy="check the digits, or the meter's dials")


@dataclass(frozen=True, slots=True)
class AverageRule:
    """From policy `sewer.average`: the mean of the `take` lowest of the `lowest` lowest uses of the year before
    the first day of `reset_month`, when there are at least `needs_reads`."""

    reset_month: int
    lowest: int
    take: int
    needs_reads: int
    new_account_gal: int

    def __post_init__(self) -> None:
        if not (1 <= self.take <= self.lowest <= self.needs_reads and 1 <= self.reset_month <= 12):
            why = "the numbers do not fit each other"
            remedy = "take at most `lowest`, need at least `lowest` reads, and reset in a month from 1 to 12"
            raise BadValue(field="sewer.average", value=(self.take, self.lowest), why=why, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Use:
    """The use of one period, by the day of the read that ended it."""

    read_on: date
    gal: int


@dataclass(frozen=True, slots=True)
class Average:
    """A personal average: `gal` None when there are too few reads. It holds [from_on, until_on)."""

    gal: int | None
    from_on: date
    until_on: date
    made_from: tuple[Use, ...]
    says: str


def averages(uses_gal: Array, *, rule: AverageRule) -> Array:
    """The average of each row of uses (shape [n, k], -1 where there is none), half up to the gallon; -1 for none.

    Reading of "3 of the 4 lowest": of the four lowest uses, the three lowest. It never charges more than the
    other readings, and the words name none to leave out.
    """
    held = uses_gal >= 0
    if uses_gal.shape[1] < rule.needs_reads:
        return np.full(len(uses_gal), MISSING, dtype=np.int64)
    top = np.iinfo(np.int64).max
    lowest = np.sort(np.where(held, uses_gal, top), axis=1)[:, : rule.take]
    enough = held.sum(axis=1) >= rule.needs_reads
    total = np.where(enough[:, None], lowest, 0).sum(axis=1)
    return np.where(enough, round_array(Rounding.HALF_UP, total, rule.take), MISSING)


def average_period(rule: AverageRule, on: date) -> tuple[date, date]:
    """[from, until) of the average that holds on the day: from the reset month of one year to that of the next."""
    year = on.year if on.month >= rule.reset_month else on.year - 1
    return date(year, rule.reset_month, 1), date(year + 1, rule.reset_month, 1)


def average_of(uses: Sequence[Use], *, rule: AverageRule, on: date) -> Average:
    """The average that holds on a day, with what it was made from.

    :param uses: the account's uses, in any order; those read in the year before the reset count
    """
    from_on, until_on = average_period(rule, on)
    first = date(from_on.year - 1, from_on.month, 1)
    counted = sorted((use for use in uses if first <= use.read_on < from_on), key=lambda use: (use.gal, use.read_on))
    gal = averages(np.array([[use.gal for use in counted]], dtype=np.int64).reshape(1, -1), rule=rule)[0]
    if gal < 0:
        says = (
            f"There are {len(counted)} reads of the year before {_month(from_on)}, and {rule.needs_reads} are needed: "
            f"{rule.new_account_gal:,} gallons is the most that counts until there is an average."
        )
        return Average(None, from_on, until_on, (), says)
    made_from = tuple(sorted(counted[: rule.take], key=lambda use: use.read_on))
    parts = ", ".join(f"{use.gal:,} ({show_on(use.read_on)})" for use in made_from)
    says = (
        f"{_word(rule.take)} of the {_word(rule.lowest).lower()} lowest reads of the year before {_month(from_on)}: "
        f"{parts}. Their average is {int(gal):,} gal. It is set again in {_month(until_on)}."
    )
    return Average(int(gal), from_on, until_on, made_from, says)


def _month(on: date) -> str:
    return f"{on:%B} {on.year}"


def _word(number: int) -> str:
    words = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return words[number] if number < len(words) else str(number)


# --- estimates, and the true read after them --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EstimateRule:
    """From policy `reads.estimate`: `average` of the last `uses`, or the use of a `year_ago`; `most_in_a_row` None: the
    city has not said."""

    method: str
    uses: int
    most_in_a_row: int | None

    def __post_init__(self) -> None:
        if self.method not in ("average", "year_ago") or self.uses < 1:
            remedy = "write method: average or year_ago, and from how many uses"
            raise BadValue(field="reads.estimate", value=self.method, why="not a way to estimate", remedy=remedy)


class NoEstimate(BadValue):
    """A use that cannot be estimated by the city's rule."""


def estimate_gal(
    rule: EstimateRule, *, gal: Sequence[int], days: Sequence[int], for_days: int
) -> tuple[int, tuple[int, ...]]:
    """The use to bill where no read could be had, and the places among the earlier uses (latest first) it is made of.

    By the day, so that uses of unlike length count alike; half up to the gallon.

    :raises NoEstimate: too few uses to go by

    >>> estimate_gal(EstimateRule("average", 3, 2), gal=[6000, 5000, 7000], days=[28, 28, 28], for_days=28)
    (6000, (0, 1, 2))
    """
    places = tuple(range(rule.uses)) if rule.method == "average" else _year_ago(days)
    if not places or len(gal) <= max(places):
        goes_by = "a year" if rule.method == "year_ago" else str(rule.uses)
        why = f"there are {len(gal)} uses on file, and the rule goes by {goes_by}"
        raise NoEstimate(field="service_point_id", value=len(gal), why=why, remedy="have the meter read")
    total, over = sum(gal[place] for place in places), sum(days[place] for place in places)
    return (2 * total * for_days + over) // (2 * over), places


def _year_ago(days: Sequence[int]) -> tuple[int, ...]:
    """The use that ended a year of 364 days before the one to come will end, at most two weeks off; else none.

    The one to come begins where the latest of these ended, and is taken to last as long as it.
    """
    back, lasts = 0, days[0] if days else 28
    for place, lasted in enumerate(days):
        if abs(back + lasts - 364) <= 14:
            return (place,)
        back += lasted
    return ()


def spread_gal(total: int, days: Sequence[int]) -> tuple[int, ...]:
    """A use spread evenly over the days of its periods; the parts add up to it exactly.

    >>> spread_gal(34_500, [28, 28, 28])
    (11500, 11500, 11500)
    """
    parts, done, passed, over = [], 0, 0, sum(days)
    for lasted in days:
        passed += lasted
        until = total * passed // over
        parts.append(until - done)
        done = until
    return tuple(parts)


# --- a read looked at again -------------------------------------------------------------------------------------------

CONFIRMED, WRONG = "confirmed", "wrong"


def judge_second_look(
    *, before: int | None, first: int, second: int, dials: int, looked_low: bool, usual_gal: int, unit_gal: int
) -> str:
    """Whether the first read was right, by a second one of the same register some days later.

    A register only goes forward: a second number below the first says that the first was wrong, unless it turned over
    with no more than usual use. A first that looked too low is wrong when far more than usual has run since.

    :param before: the read before the first, if there is one
    :param looked_low: the first was found low, zero, or below the one before
    :param usual_gal: what usually runs in the days between the two; below zero: not known
    """
    size = 10**dials
    ran = (second - first) % size * unit_gal
    if second < first:
        turned = usual_gal >= 0 and ran <= 3 * max(usual_gal, 1) and (before is None or before <= first)
        return CONFIRMED if turned else WRONG
    if looked_low and usual_gal >= 0 and ran > 3 * max(usual_gal, 1_000):
        return WRONG
    return CONFIRMED
