"""The one evaluator: a tariff's exact charges over arrays of accounts; one account is an array of one.

Every amount is an exact fraction of cents until its line is rounded, once, by the line's named rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from math import lcm
from typing import cast

import numpy as np
from numpy.typing import NDArray

from curbstop.rules.constructs import line_amount, part_gal
from curbstop.rules.exact import Exact
from curbstop.rules.money import round_array
from curbstop.rules.periods import Period
from curbstop.rules.plans import Example, Flat, LineRule, Percent, Price, Tariff, TopUp, Version, Volume
from curbstop.rules.traces import LineTrace, Step, Trace
from curbstop.rules.winter import average_of
from curbstop.rules.working import Rows, Working, worth

__all__ = ["Charges", "Inputs", "Line", "Status", "Trace", "charge", "check_examples"]

MOST_GAL = 1_000_000_000
MOST_COUNT = 1_000_000
MOST_DAYS = 3_660
BLOCK = 65_536
ROUNDING = "rounding"

Array = NDArray[np.int64]


class Status(IntEnum):
    """What came of one row. A row that is not RATED has no amounts: nothing is charged on a guess."""

    RATED = 0
    NOT_SET = 1
    NO_AVERAGE = 2
    USAGE_BELOW_ZERO = 3
    USAGE_TOO_LARGE = 4
    NO_VERSION = 5
    BAD_COUNT = 6
    BAD_DAYS = 7
    NOT_IN_USE = 8
    NO_VALUE = 9

    @property
    def says(self) -> str:
        """What it means and what to do next."""
        return _SAYS[self]


_SAYS = {
    Status.RATED: "rated",
    Status.NOT_SET: "the tariff has no figure for this: the city has not published it; a supervisor enters it",
    Status.NO_AVERAGE: "the account has no average, and the tariff does not say what to use without one",
    Status.USAGE_BELOW_ZERO: "the usage is below zero: look at the reads",
    Status.USAGE_TOO_LARGE: "the usage is more than a billion gallons: look at the reads",
    Status.NO_VERSION: "no version of the tariff is in force for the whole period: look at its dates",
    Status.BAD_COUNT: "the number of items is below zero or above a million: look at the agreement",
    Status.BAD_DAYS: "the days to bill are below zero or more than ten years: look at the agreement's dates",
    Status.NOT_IN_USE: "the tariff is not in use: choose another for the agreement",
    Status.NO_VALUE: "something the tariff asks for is missing on the account, or no number: fill it in",
}


Number = int | Fraction | Decimal
Fact = str | int | Fraction | Decimal | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the rows bring, each an int64 array of length n; what is left out takes the value in brackets.

    gal: gallons used, times `gal_den` [0]; average_gal: the personal average, times `average_den`, below zero for
    none [-1]; count: carts or dwelling units [1]; prorate_days: days to bill of the tariff's `per_days`, -1 for a
    full bill [-1]. `words` are the facts of account, premise, meter or item that tables and formulas ask for, as
    text, empty where not known: meter size, class, zone, dwelling units, area.
    """

    gal: Array
    average_gal: Array
    count: Array
    prorate_days: Array
    words: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    gal_den: int = 1
    average_den: int = 1

    @classmethod
    def of(
        cls,
        *,
        gal: Sequence[Number] | Array | None = None,
        average_gal: Sequence[Number] | Array | None = None,
        count: Sequence[int] | Array | None = None,
        prorate_days: Sequence[int] | Array | None = None,
        facts: Mapping[str, Sequence[Fact] | NDArray[np.str_]] | None = None,
        n: int | None = None,
    ) -> Inputs:
        """Inputs of `n` rows, or of as many as the first array given has. A volume may be a fraction of a gallon:
        7 hundred cubic feet are 403200/77.

        :raises ValueError: arrays of different lengths, or no length at all
        :raises OverflowError: a number that does not fit 64 bits
        """
        facts = facts or {}
        columns: list[Sized | None] = [gal, average_gal, count, prorate_days, *facts.values()]
        given = [values for values in columns if values is not None]
        size = n if n is not None else (len(given[0]) if given else None)
        if size is None:
            raise ValueError("no rows: give an array or `n`")
        if any(len(values) != size for values in given):
            raise ValueError(f"arrays of different lengths: {[len(values) for values in given]}, expected {size}")
        used, gal_den = _volumes(gal, size, 0)
        average, average_den = _volumes(average_gal, size, -1)
        return cls(
            gal=used,
            average_gal=average,
            count=_array(count, size, 1),
            prorate_days=_array(prorate_days, size, -1),
            words={name: _words(values) for name, values in facts.items()},
            gal_den=gal_den,
            average_den=average_den,
        )

    def __len__(self) -> int:
        return len(self.gal)


def _array(values: Sequence[int] | Array | None, size: int, default: int) -> Array:
    if values is None:
        return np.full(size, default, dtype=np.int64)
    found = np.asarray(values)
    if found.dtype.kind not in "iu" and found.size:
        raise ValueError(f"whole numbers are expected, not {found.dtype}")
    return found.astype(np.int64, copy=False)


def _volumes(values: Sequence[Number] | Array | None, size: int, default: int) -> tuple[Array, int]:
    """Gallons as whole numbers on one denominator."""
    if values is None or isinstance(values, np.ndarray) or not any(isinstance(v, Fraction | Decimal) for v in values):
        return _array(cast("Sequence[int] | Array | None", values), size, default), 1
    exact = Exact.each([Fraction(value) for value in values])
    if exact.num.dtype != object:
        return np.asarray(exact.num, dtype=np.int64), exact.den
    nums = [exact.at(row) for row in range(size)]
    den = lcm(*(num.denominator for num in nums))
    return np.array([int(num * den) for num in nums], dtype=object), den


def _words(values: Sequence[Fact] | NDArray[np.str_]) -> NDArray[np.str_]:
    if isinstance(values, np.ndarray) and values.dtype.kind == "U":
        return values
    return np.array(["" if value is None else _plain(value) for value in values], dtype=np.str_)


def _plain(value: Fact) -> str:
    """A fact as text; a fraction as a decimal number. :raises ValueError: a fraction that has no end as a decimal"""
    if isinstance(value, Decimal):
        return format(value, "f")
    if not isinstance(value, Fraction) or value.denominator == 1:
        return str(value)
    if 10**18 % value.denominator:
        raise ValueError(f"{value} has no end as a decimal number; give the numbers that it is made of")
    digits = value.numerator * 10**18 // value.denominator
    sign, size = ("-", -digits) if digits < 0 else ("", digits)
    return f"{sign}{size // 10**18}.{size % 10**18:018d}".rstrip("0")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the charges: its name in the tariff, its ledger kind and the citizen's words for it."""

    name: str
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Charges:
    """What the rows are charged. `cents[i, row]` is line `i`; `billed_gal` the volume billed (after a cap) by the
    first volume line, 0 where there is none; `status[row]` a `Status`."""

    lines: tuple[Line, ...]
    cents: Array
    billed_gal: Array
    status: NDArray[np.int16]

    @property
    def total_cents(self) -> Array:
        """The sum of the lines of each row."""
        return np.asarray(self.cents.sum(axis=0), dtype=np.int64)

    def of(self, row: int) -> dict[str, int]:
        """One row's amounts by line name."""
        return {line.name: int(self.cents[index, row]) for index, line in enumerate(self.lines)}


@dataclass(frozen=True, slots=True)
class _Part:
    """A version and the days of the period for which it counts."""

    version: Version
    period: Period


def charge(tariff: Tariff, *, from_on: date, until_on: date, inputs: Inputs, trace: Trace | None = None) -> Charges:
    """Charge rows that share a tariff and a period.

    :param from_on: first day of the period; :param until_on: the day after its last
    :param trace: keeps the steps of one of the rows, for `explaining.explain`
    :raises BadPeriod: the period does not end after it begins

    A period with two versions in it is priced as `tariff.change` says; by day, each line is worked out on the
    whole usage by each version, weighted by that version's share of the days, added exactly and rounded once.
    """
    period = Period(from_on, until_on)
    n = len(inputs)
    parts = _parts(tariff, period)
    rules = _rules(parts)
    lines = tuple(Line(rule.name, rule.kind or f"{tariff.service}.rounding", rule.says) for rule in rules)
    cents = np.zeros((len(rules), n), dtype=np.int64)
    billed_gal = np.zeros(n, dtype=np.int64)
    status = np.zeros(n, dtype=np.int16)
    if trace is not None:
        trace.tariff, trace.from_on, trace.until_on = tariff, from_on, until_on
        trace.lines = [LineTrace(rule) for rule in rules]
    in_force = tariff.terms_of(parts[-1].version if parts else None)
    refusal = Status.NOT_IN_USE if in_force.why_not_in_use else None
    if not parts:
        refusal = refusal or Status.NO_VERSION
    if refusal is not None:
        status[:] = refusal
    else:
        for start in range(0, n, BLOCK):
            cut = slice(start, min(start + BLOCK, n))
            work = _working(tariff, period, inputs, cut, trace)
            _charge_rows(parts, rules, work, cents[:, cut], billed_gal[cut], status[cut])
    if trace is not None and n:
        trace.status = int(status[trace.row])
    return Charges(lines, cents, billed_gal, status)


def _working(tariff: Tariff, period: Period, inputs: Inputs, cut: slice, trace: Trace | None) -> Working:
    words = {name: values[cut] for name, values in inputs.words.items()}
    rows = Rows(
        inputs.gal[cut],
        inputs.average_gal[cut],
        inputs.count[cut],
        inputs.prorate_days[cut],
        words,
        inputs.gal_den,
        inputs.average_den,
    )
    here = trace is not None and cut.start <= trace.row < cut.stop
    row = trace.row - cut.start if trace is not None and here else -1
    return Working(rows, period, tariff, row, trace.lines if trace is not None and here else [])


def _parts(tariff: Tariff, period: Period) -> tuple[_Part, ...]:
    """The versions that price the period; none when a day of it has no version."""
    found = [(version, version.period.meet(period)) for version in tariff.versions]
    parts = tuple(_Part(version, meet) for version, meet in found if meet is not None)
    if sum(part.period.days for part in parts) != period.days:
        return ()
    change = tariff.terms_of(parts[-1].version).change if parts else tariff.change
    if change == "by_day" or len(parts) < 2:
        return parts
    chosen = parts[0] if change == "first_day" else parts[-1]
    return (_Part(chosen.version, period),)


def _rules(parts: tuple[_Part, ...]) -> tuple[LineRule, ...]:
    """The lines of the last version in its order, then those that only earlier versions have."""
    found: dict[str, LineRule] = {}
    for part in reversed(parts):
        for rule in part.version.lines:
            found.setdefault(rule.name, rule)
    rounding = parts[-1].version.round_bill if parts else None
    if rounding is not None:
        zero = Flat(Price(Fraction(0)))
        line, says = parts[-1].version.file_line, "Rounding of the bill"
        found[ROUNDING] = LineRule(ROUNDING, "", says, zero, False, rounding, None, None, None, "", line)
    return tuple(found.values())


def _charge_rows(
    parts: tuple[_Part, ...],
    rules: tuple[LineRule, ...],
    work: Working,
    cents: Array,
    billed_gal: Array,
    status: NDArray[np.int16],
) -> None:
    """Work out a block of rows into the arrays given."""
    _refuse(work, status)
    places = {rule.name: index for index, rule in enumerate(rules)}
    whole_bill = ROUNDING in places
    for index in _order(parts, rules):
        rule = rules[index]
        if rule.name == ROUNDING:
            total = sum(work.amounts.values(), start=Exact.same(0))
            cents[index] = round_array(rule.rounding, total.num, total.den) - cents.sum(axis=0)
        else:
            total = _line_total(parts, rule.name, work, index)
            cents[index] = round_array(rule.rounding, total.num, total.den)
            work.amounts = {**work.amounts, rule.name: total if whole_bill else Exact.of(cents[index])}
        if work.row >= 0:
            rounded = int(cents[index, work.row])
            work.note(index, Step("rounding", cents=total.at(work.row), word=rule.rounding.value))
            work.lines[index].cents = rounded
    if (work.not_set | work.no_average | work.no_value).any():
        status[(status == 0) & work.not_set] = Status.NOT_SET
        status[(status == 0) & work.no_average] = Status.NO_AVERAGE
        status[(status == 0) & work.no_value] = Status.NO_VALUE
    billed = next((rule for rule in parts[-1].version.lines if isinstance(rule.construct, Volume)), None)
    if billed is not None:
        billed_gal[:] = part_gal(billed, work)
    if status.any():
        cents[:, status != 0] = 0
        billed_gal[status != 0] = 0
        if work.row >= 0 and status[work.row]:
            for line in work.lines:
                line.cents = 0


def _refuse(work: Working, status: NDArray[np.int16]) -> None:
    """Mark rows whose inputs cannot be, and put harmless values in their place so that the rest goes on."""
    rows = work.rows
    if len(rows.gal) == 1 and _fits(rows):
        return
    checks = (
        (rows.gal < 0, Status.USAGE_BELOW_ZERO),
        (rows.gal > MOST_GAL * rows.gal_den, Status.USAGE_TOO_LARGE),
        (rows.average_gal > MOST_GAL * rows.average_den, Status.USAGE_TOO_LARGE),
        ((rows.count < 0) | (rows.count > MOST_COUNT), Status.BAD_COUNT),
        ((rows.prorate_days < -1) | (rows.prorate_days > MOST_DAYS), Status.BAD_DAYS),
    )
    for wrong, code in checks:
        status[wrong & (status == 0)] = code
    bad = status != 0
    if bad.any():
        work.rows = Rows(
            np.where(bad, 0, rows.gal),
            np.where(bad, 0, rows.average_gal),
            np.where(bad, 0, rows.count),
            np.where(bad, -1, rows.prorate_days),
            rows.words,
            rows.gal_den,
            rows.average_den,
        )


def _fits(rows: Rows) -> bool:
    """Whether a row alone has nothing to refuse."""
    return bool(
        0 <= rows.gal[0] <= MOST_GAL * rows.gal_den
        and rows.average_gal[0] <= MOST_GAL * rows.average_den
        and 0 <= rows.count[0] <= MOST_COUNT
        and -1 <= rows.prorate_days[0] <= MOST_DAYS
    )


def _line_total(parts: tuple[_Part, ...], name: str, work: Working, index: int) -> Exact:
    """The exact amount of one line over the versions of the period."""
    total = Exact.same(0)
    days = work.period.days
    top_up_of: tuple[str, ...] = ()
    for part in parts:
        rule = part.version.line(name)
        if rule is None:
            continue
        if isinstance(rule.construct, TopUp):
            top_up_of = rule.construct.of
        charged = _charged_days(rule, part.period, work.period, whole=len(parts) == 1)
        authority = rule.authority or part.version.authority
        span = part.period
        work.note(index, Step("version", authority=authority, from_on=span.from_on, until_on=span.until_on))
        if rule.months is not None:
            work.note(index, Step("months", days=charged, of_days=span.days))
        if charged == 0:
            continue
        work.version = part.version
        amount = line_amount(rule, work, index)
        if charged != days:
            amount = amount.times(Fraction(charged, days))
            if work.row >= 0:
                work.note(index, Step("weight", days=charged, of_days=days, cents=amount.at(work.row)))
        total = total.plus(amount)
    if top_up_of:
        reached = sum((work.amounts[of] for of in top_up_of), start=Exact.same(0))
        total = total.less(reached).higher(Exact.same(0))
        if work.row >= 0:
            work.note(index, Step("top_up", cents=reached.at(work.row)))
    return total


def _charged_days(rule: LineRule, part: Period, period: Period, *, whole: bool) -> int:
    """The days of the part in which the line is charged."""
    if rule.months is None:
        return part.days
    months = rule.months.months
    if rule.months.by == "day":
        start = part.from_on.toordinal()
        return sum(date.fromordinal(start + day).month in months for day in range(part.days))
    until = period.until_on
    assert until is not None
    chosen = period.from_on if rule.months.by == "first_day" else date.fromordinal(until.toordinal() - 1)
    return part.days if chosen.month in months else 0


def _order(parts: tuple[_Part, ...], rules: tuple[LineRule, ...]) -> list[int]:
    """Positions of the lines, each after the lines that it is worked out from."""
    needs: dict[str, set[str]] = {rule.name: set() for rule in rules}
    for part in parts:
        for rule in part.version.lines:
            if isinstance(rule.construct, Percent | TopUp):
                needs[rule.name].update(rule.construct.of)
            needs[rule.name].update(rule.of_lines)
    if ROUNDING in needs:
        needs[ROUNDING] = needs.keys() - {ROUNDING}
    done: dict[str, int] = {}
    places = {rule.name: index for index, rule in enumerate(rules)}
    while len(done) < len(rules):
        ready = [name for name in needs if name not in done and needs[name] <= done.keys()]
        if not ready:
            raise ValueError("lines of two versions wait for each other: name other lines in `of`")
        done.update((name, places[name]) for name in ready)
    return list(done.values())


def named_values(tariff: Tariff, *, from_on: date, until_on: date, inputs: Inputs) -> dict[str, Fraction | None]:
    """What the version's named values come to for the first row: its budget, its stormwater units. None where
    something that the value needs is missing or not set.

    :raises ValueError: no version holds for the whole period
    """
    parts = _parts(tariff, Period(from_on, until_on))
    if not parts:
        raise ValueError(_SAYS[Status.NO_VERSION])
    found: dict[str, Fraction | None] = {}
    for name, value in parts[-1].version.values:
        work = _working(tariff, Period(from_on, until_on), inputs, slice(0, 1), None)
        work.version = parts[-1].version
        exact = worth(value, work, work.all_rows())
        missing = work.not_set[0] or work.no_average[0] or work.no_value[0]
        found[name] = None if missing else exact.at(0)
    return found


@dataclass(frozen=True, slots=True)
class ExampleOutcome:
    """A worked example against what the tariff gives. `differences` is empty when it comes out to the cent."""

    example: Example
    differences: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether it comes out to the cent."""
        return not self.differences


def check_examples(tariff: Tariff) -> tuple[ExampleOutcome, ...]:
    """Work every example of every version."""
    return tuple(_check(tariff, example) for version in tariff.versions for example in version.examples)


def _example_average(tariff: Tariff, example: Example, until_on: date) -> tuple[Number, list[str]]:
    """The average of an example, as written or made from its past uses; and whether those come to what is written."""
    version = tariff.version_on(example.period.from_on)
    if not example.uses or version is None or version.average is None:
        return example.average_gal, []
    made = average_of(version.average, example.uses, on=until_on, full_days=tariff.terms_of(version).per_days)
    if example.average_gal in (-1, made):
        return made, []
    return made, [f"average {made} gal, expected {example.average_gal}"]


def _check(tariff: Tariff, example: Example) -> ExampleOutcome:
    until_on = example.period.until_on
    assert until_on is not None
    average, differences = _example_average(tariff, example, until_on)
    inputs = Inputs.of(
        gal=[example.usage_gal],
        average_gal=[average],
        count=[example.count],
        prorate_days=[example.prorate_days],
        facts={name: [word] for name, word in example.facts},
    )
    charges = charge(tariff, from_on=example.period.from_on, until_on=until_on, inputs=inputs)
    outcome = Status(int(charges.status[0])).name.lower()
    if outcome != example.outcome:
        differences.append(f"outcome {outcome}, expected {example.outcome}")
    given = charges.of(0)
    for name, cents in example.lines:
        if given.get(name) != cents:
            differences.append(f"{name} {given.get(name)} cents, expected {cents}")
    total = int(charges.total_cents[0])
    if example.total_cents is not None and total != example.total_cents:
        differences.append(f"total {total} cents, expected {example.total_cents}")
    return ExampleOutcome(example, tuple(differences))
