"""A block of rows in work: what they bring, what the tariff's tables and formulas give for each, what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from curbstop.rules.exact import Exact
from curbstop.rules.formulas import Formula, evaluate, holds
from curbstop.rules.periods import Period
from curbstop.rules.plans import Dated, Keyed, Measure, NotSet, Ranged, Tariff, Terms, Valued, Version, When
from curbstop.rules.traces import LineTrace, Step
from curbstop.rules.units import GAL_PER, Quantity

Array = NDArray[np.int64]
Mask = NDArray[np.bool_]
Words = Mapping[str, NDArray[np.str_]]

BUILT_IN = (
    *(f"{measure}_{unit}" for measure in ("usage", "average") for unit in GAL_PER),
    "days",
    "days_billed",
    "days_full",
    "count",
    "month",
)
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


def is_number(word: str) -> bool:
    """Whether formulas can reckon with the word."""
    return _NUMBER.fullmatch(word) is not None


@dataclass(slots=True)
class Rows:
    """The inputs of a block of rows. Volumes are gallons times `gal_den`, averages times `average_den`."""

    gal: Array
    average_gal: Array
    count: Array
    prorate_days: Array
    words: Words = field(default_factory=dict)
    gal_den: int = 1
    average_den: int = 1


@dataclass(slots=True)
class Working:
    """A block of rows in work, and the steps of the traced row."""

    rows: Rows
    period: Period
    tariff: Tariff
    row: int
    lines: list[LineTrace]
    version: Version | None = None
    amounts: Mapping[str, Exact] = field(default_factory=dict)
    not_set: Mask = field(init=False)
    no_average: Mask = field(init=False)
    no_value: Mask = field(init=False)
    _known: dict[tuple[int, str], tuple[Exact, Mask, Mask, Mask]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.not_set = np.zeros(len(self.rows.gal), dtype=np.bool_)
        self.no_average = np.zeros(len(self.rows.gal), dtype=np.bool_)
        self.no_value = np.zeros(len(self.rows.gal), dtype=np.bool_)

    @property
    def terms(self) -> Terms | Tariff:
        """What the version in work was adopted with beside its lines."""
        return self.tariff.terms_of(self.version)

    @property
    def per_days(self) -> int | None:
        """The days of a full bill."""
        return self.terms.per_days

    def note(self, index: int, step: Step) -> None:
        """Keep a step of a line of the traced row."""
        if self.row >= 0:
            self.lines[index].steps.append(step)

    def usage(self) -> Exact:
        """The gallons used."""
        volume = Exact.of(self.rows.gal)
        return Exact(volume.num, self.rows.gal_den, volume.most)

    def average(self) -> Exact:
        """The personal averages in gallons, below zero where there is none."""
        volume = Exact.of(self.rows.average_gal)
        return Exact(volume.num, self.rows.average_den, volume.most)

    def average_or_default(self, without: Quantity | Measure | None, missing: Mask) -> Exact | None:
        """The personal averages, and what counts for those in `missing`, who have none: by the line, else by how the
        average is made. None where neither says."""
        rule = self.version.average if self.version is not None else None
        without = without or (rule.without if rule is not None else None)
        if without is None:
            return None
        other = self.usage() if isinstance(without, Measure) else Exact.same(without.gal)
        return other.where(missing, self.average())

    def word(self, name: str) -> NDArray[np.str_] | None:
        """What the rows say of `name`, its default where a row says nothing; None where no row does."""
        need = next((need for need in self.terms.needs if need.name == name), None)
        default = need.default if need is not None else None
        words = self.rows.words.get(name)
        if words is None:
            return None if default is None else np.array([default])
        return words if default is None else np.where(words == "", default, words)

    def all_rows(self) -> Mask:
        """Every row."""
        return np.ones(len(self.rows.gal), dtype=np.bool_)


def worth(value: Valued, work: Working, live: Mask) -> Exact:
    """What a number, a formula or a table comes to for each row; what is missing is marked for the `live` rows."""
    if isinstance(value, Fraction):
        return Exact.same(value)
    if isinstance(value, Formula):
        wrong = np.zeros_like(live)
        found = evaluate(value.expression, lambda name: named(name, work, live), wrong)
        work.no_value |= wrong & live
        return found
    if isinstance(value, Keyed):
        return _keyed(value, work, live)
    if isinstance(value, Ranged):
        return _ranged(value, work, live)
    if isinstance(value, Dated):
        return _dated(value, work, live)
    assert isinstance(value, NotSet)
    work.not_set |= live
    return Exact.same(0)


def _keyed(value: Keyed, work: Working, live: Mask) -> Exact:
    words = work.word(value.by)
    if words is None:
        work.no_value |= live
        return Exact.same(0)
    work.no_value |= live & (words == "")
    left = live & (words != "")
    found = Exact.same(0)
    for key, inner in value.values:
        here = np.broadcast_to(words == key, live.shape)
        if (here & live).any():
            found = worth(inner, work, here & live).where(here, found)
            left = left & ~here
    return _otherwise(value.otherwise, found, work, left)


def _otherwise(otherwise: Valued | None, found: Exact, work: Working, left: Mask) -> Exact:
    if not left.any():
        return found
    if otherwise is None:
        work.not_set |= left
        return found
    return worth(otherwise, work, left).where(left, found)


def _ranged(value: Ranged, work: Working, live: Mask) -> Exact:
    number = worth(value.by, work, live)
    left, found = live.copy(), Exact.same(0)
    for limit, inner in value.up_to:
        level, other = number.level(Exact.same(limit))
        here = left & np.broadcast_to(np.asarray(level.num <= other.num, dtype=np.bool_), live.shape)
        if here.any():
            found = worth(inner, work, here).where(here, found)
            left = left & ~here
    return _otherwise(value.otherwise, found, work, left)


def _dated(value: Dated, work: Working, live: Mask) -> Exact:
    last = _last_day(work.period)
    chosen = [inner for on, inner in value.values if on <= last]
    if not chosen:
        work.not_set |= live
        return Exact.same(0)
    return worth(chosen[-1], work, live)


def _last_day(period: Period) -> date:
    assert period.until_on is not None
    return period.until_on - timedelta(days=1)


def named(name: str, work: Working, live: Mask) -> Exact:
    """The value of a name in a formula: what is built in, a named value, a line in dollars, or a fact."""
    if name in BUILT_IN:
        return _built_in(name, work, live)
    if name in work.amounts:
        return work.amounts[name].times(Fraction(1, 100))
    values = dict(work.version.values) if work.version is not None else {}
    if name in values:
        return _named_value(name, values[name], work, live)
    words = work.word(name)
    if words is None:
        work.no_value |= live
        return Exact.same(0)
    distinct, which = np.unique(words, return_inverse=True)
    bad = np.array([not is_number(word) for word in distinct.tolist()], dtype=np.bool_)
    work.no_value |= live & bad[which]
    numbers = [Fraction(0) if wrong else Fraction(word) for word, wrong in zip(distinct.tolist(), bad, strict=True)]
    table = Exact.each(numbers)
    return Exact(table.num[which], table.den, table.most)


def _named_value(name: str, value: Valued, work: Working, live: Mask) -> Exact:
    """A named value of the version, worked out once for the block."""
    key = (id(work.version), name)
    if key not in work._known:
        kept = work.not_set, work.no_average, work.no_value
        work.not_set, work.no_average, work.no_value = (np.zeros_like(mask) for mask in kept)
        found = worth(value, work, work.all_rows())
        work._known[key] = (found, work.not_set, work.no_average, work.no_value)
        work.not_set, work.no_average, work.no_value = kept
    found, not_set, no_average, no_value = work._known[key]
    work.not_set |= not_set & live
    work.no_average |= no_average & live
    work.no_value |= no_value & live
    return found


def _built_in(name: str, work: Working, live: Mask) -> Exact:
    measure, _, unit = name.rpartition("_")
    if measure == "usage":
        return work.usage().times(1 / GAL_PER[unit])
    if measure == "average":
        missing = work.rows.average_gal < 0
        found = work.average_or_default(None, missing) if missing.any() else work.average()
        if found is None:
            work.no_average |= live & missing
            found = work.average()
        return found.times(1 / GAL_PER[unit])
    if name == "count":
        return Exact.of(work.rows.count)
    if name == "month":
        return Exact.same(_last_day(work.period).month)
    if name == "days":
        return Exact.same(work.period.days)
    full = work.per_days or work.period.days
    if name == "days_full":
        return Exact.same(full)
    return Exact.of(np.where(work.rows.prorate_days < 0, full, work.rows.prorate_days))


def on_rows(when: When, work: Working) -> Mask:
    """The rows a line is on."""
    found = work.all_rows()
    for name, allowed in when.words:
        words = work.word(name)
        if words is None:
            work.no_value[:] = True
            return found
        work.no_value |= np.broadcast_to(words == "", found.shape)
        found = found & np.isin(words, allowed)
    if when.condition is not None:
        wrong = np.zeros_like(found)
        shown = holds(when.condition.expression, lambda name: named(name, work, found), wrong)
        work.no_value |= wrong & found
        found = found & shown
    return found
