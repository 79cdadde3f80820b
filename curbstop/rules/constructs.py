"""What each construct of the tariff language charges, as exact fractions over arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from curbstop.rules.exact import Exact
from curbstop.rules.periods import Period
from curbstop.rules.plans import (
    AVERAGE,
    USAGE,
    Flat,
    HigherOf,
    Items,
    ItemStep,
    LineRule,
    LowerOf,
    Measure,
    Percent,
    Price,
    Share,
    TopUp,
    Volume,
    VolumeOf,
)
from curbstop.rules.traces import LineTrace, Step
from curbstop.rules.units import Quantity

Array = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Rows:
    """The inputs of a block of rows."""

    gal: Array
    average_gal: Array
    count: Array
    prorate_days: Array


@dataclass(slots=True)
class Working:
    """A block of rows in work: its inputs, what is missing for which row, and the steps of the traced row."""

    rows: Rows
    period: Period
    per_days: int | None
    row: int
    lines: list[LineTrace]
    not_set: Mask = field(init=False)
    no_average: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.not_set = np.zeros(len(self.rows.gal), dtype=np.bool_)
        self.no_average = np.zeros(len(self.rows.gal), dtype=np.bool_)

    def note(self, index: int, step: Step) -> None:
        """Keep a step of a line of the traced row."""
        if self.row >= 0:
            self.lines[index].steps.append(step)


def line_amount(rule: LineRule, work: Working, index: int, amounts: Mapping[str, Array]) -> Exact:
    """The exact cents of a line by one version, with its limits and its proration; not rounded."""
    construct = rule.construct
    if isinstance(construct, Percent):
        return _percent(construct, work, index, amounts)
    if isinstance(construct, Flat):
        amount = _flat(construct.price, work, index)
    elif isinstance(construct, TopUp):
        amount = _flat(construct.minimum, work, index)
    elif isinstance(construct, Items):
        amount = _items(construct, work, index)
    else:
        amount = _volume(construct, work, index)
    amount = _limited(rule, amount, work, index)
    return _prorated(amount, work, index) if rule.prorate_by_day else amount


def _flat(price: Price, work: Working, index: int) -> Exact:
    if price.cents is None:
        work.not_set[:] = True
        work.note(index, Step("flat", word=price.why_not_set))
        return Exact.same(0)
    work.note(index, Step("flat", price_cents=price.cents, cents=price.cents))
    return Exact.same(price.cents)


def _percent(construct: Percent, work: Working, index: int, amounts: Mapping[str, Array]) -> Exact:
    base = sum((amounts[name] for name in construct.of), np.zeros(len(work.rows.gal), dtype=np.int64))
    amount = Exact.of(base).times(construct.percent / 100)
    if work.row >= 0:
        named = tuple((name, Fraction(int(amounts[name][work.row]))) for name in construct.of)
        work.note(index, Step("percent", percent=construct.percent, parts=named, cents=amount.at(work.row)))
    return amount


def _limited(rule: LineRule, amount: Exact, work: Working, index: int) -> Exact:
    for what, limit in (("minimum", rule.minimum_cents), ("maximum", rule.maximum_cents)):
        if limit is None:
            continue
        before = amount
        bound = Exact.same(limit)
        amount = amount.higher(bound) if what == "minimum" else amount.lower(bound)
        if work.row >= 0 and amount.at(work.row) != before.at(work.row):
            work.note(index, Step(what, cents=Fraction(limit)))
    return amount


def _prorated(amount: Exact, work: Working, index: int) -> Exact:
    days = work.rows.prorate_days
    per_days = work.per_days
    if per_days is None or not (days >= 0).any():
        return amount
    scaled = amount.by_rows(np.where(days < 0, per_days, days))
    prorated = Exact(scaled.num, scaled.den * per_days, scaled.most)
    if work.row >= 0 and days[work.row] >= 0:
        traced = int(days[work.row])
        work.note(index, Step("proration", days=traced, of_days=per_days, cents=prorated.at(work.row)))
    return prorated


def _items(construct: Items, work: Working, index: int) -> Exact:
    count = work.rows.count
    total = np.zeros(len(count), dtype=np.int64)
    before, reached = 0, Fraction(0)
    known = True
    for step in construct.steps:
        inside = count > before if step.to is None else (count > before) & (count <= step.to)
        price = step.total if step.total is not None else step.each
        assert price is not None
        known = price.cents is not None and (known or step.total is not None)
        if not known:
            work.not_set |= inside
        elif inside.any():
            total = np.where(inside, _items_in(step, count, before, reached), total)
        if known and step.to is not None:
            reached = _reached(step, before, reached)
        before = step.to if step.to is not None else before
    if construct.steps[-1].to is not None:
        work.not_set |= count > before
    amount = Exact.of(total)
    if work.row >= 0:
        counted = int(count[work.row])
        work.note(index, Step("items", count=counted, counted=construct.counted, cents=amount.at(work.row)))
    return amount


def _items_in(step: ItemStep, count: Array, before: int, reached: Fraction) -> Array:
    if step.total is not None and step.total.cents is not None:
        return np.full(len(count), int(step.total.cents), dtype=np.int64)
    assert step.each is not None and step.each.cents is not None
    return int(reached) + (count - before) * int(step.each.cents)


def _reached(step: ItemStep, before: int, reached: Fraction) -> Fraction:
    if step.total is not None and step.total.cents is not None:
        return step.total.cents
    assert step.to is not None and step.each is not None and step.each.cents is not None
    return reached + (step.to - before) * step.each.cents


def part_gal(rule: LineRule, work: Working) -> Array:
    """The whole gallons that a volume line bills."""
    construct = rule.construct
    assert isinstance(construct, Volume)
    quiet = Working(work.rows, work.period, work.per_days, -1, [])
    volume = _stepped(construct, _source(construct, construct.source, quiet, 0), quiet, 0)
    return np.broadcast_to(np.asarray(volume.num // volume.den, dtype=np.int64), work.rows.gal.shape)


def _volume(construct: Volume, work: Working, index: int) -> Exact:
    volume = _stepped(construct, _source(construct, construct.source, work, index), work, index)
    floor = construct.included.gal if construct.included is not None else Fraction(0)
    shift = floor if construct.tiers_begin_after_included else Fraction(0)
    if floor:
        work.note(index, Step("included", gal=floor))
    per_gal = construct.per.gal
    low = Exact.same(floor)
    total = Exact.same(0)
    for tier in construct.tiers:
        high = _tier_end(construct, tier.to_gal, shift, work)
        end = volume if high is None else volume.lower(high)
        inside = end.less(low).higher(Exact.same(0))
        cents = tier.price.cents
        if cents is None:
            work.not_set |= np.broadcast_to(np.asarray(inside.num > 0, dtype=np.bool_), work.not_set.shape)
        else:
            amount = inside.times(cents / per_gal)
            total = total.plus(amount)
        if work.row >= 0:
            work.note(index, _tier_step(construct, cents, low, high, inside, work.row))
        low = low if high is None else low.higher(high)
    return total


def _tier_step(
    construct: Volume, cents: Fraction | None, low: Exact, high: Exact | None, inside: Exact, row: int
) -> Step:
    gal = inside.at(row)
    return Step(
        "tier",
        gal=gal,
        from_gal=low.at(row),
        to_gal=None if high is None else high.at(row),
        price_cents=cents,
        per=construct.per,
        cents=None if cents is None else gal / construct.per.gal * cents,
    )


def _tier_end(construct: Volume, to_gal: Fraction | str | None, shift: Fraction, work: Working) -> Exact | None:
    if to_gal is None:
        return None
    if isinstance(to_gal, str):
        return _average(construct, work).plus(Exact.same(shift))
    return Exact.same(to_gal + shift)


def _source(construct: Volume, source: VolumeOf, work: Working, index: int) -> Exact:
    """The volume before tiers."""
    if isinstance(source, Quantity):
        return Exact.same(source.gal)
    if isinstance(source, Measure):
        volume = Exact.of(work.rows.gal) if source.name == USAGE else _average(construct, work)
        if work.row >= 0:
            word = source.name
            if word == AVERAGE and work.rows.average_gal[work.row] < 0:
                word = "without_average"
            work.note(index, Step("measure", word=word, gal=volume.at(work.row)))
        return volume
    if isinstance(source, Share):
        volume = _source(construct, source.of, work, index).times(source.percent / 100)
        if work.row >= 0:
            work.note(index, Step("share", percent=source.percent, gal=volume.at(work.row)))
        return volume
    parts = [_source(construct, part, work, index) for part in source.parts]
    lowest = isinstance(source, LowerOf)
    assert lowest or isinstance(source, HigherOf)
    volume = parts[0]
    for part in parts[1:]:
        volume = volume.lower(part) if lowest else volume.higher(part)
    if work.row >= 0:
        work.note(index, Step("lower_of" if lowest else "higher_of", gal=volume.at(work.row)))
    return volume


def _average(construct: Volume, work: Working) -> Exact:
    """The personal average, or what the tariff says to use without one; else the row is marked."""
    average = work.rows.average_gal
    missing = average < 0
    if not missing.any():
        return Exact.of(average)
    without = construct.without_average
    if without is None:
        work.no_average |= missing
        return Exact.of(np.where(missing, 0, average))
    if isinstance(without, Measure):
        return Exact.of(np.where(missing, work.rows.gal, average))
    gal = without.gal
    scaled = Exact.of(np.where(missing, 0, average)).on(gal.denominator)
    return Exact(np.where(missing, gal.numerator, scaled.num), scaled.den, max(scaled.most, gal.numerator))


def _stepped(construct: Volume, volume: Exact, work: Working, index: int) -> Exact:
    """The volume brought to whole steps (thousands, say) before the tiers."""
    if construct.steps == "exact":
        return volume
    step = construct.step.gal
    level = volume.on(lcm(volume.den, step.denominator))
    size = step.numerator * (level.den // step.denominator)
    if construct.steps == "down":
        whole = level.num // size
    elif construct.steps == "up":
        whole = -(-level.num // size)
    else:
        whole = (2 * level.num + size) // (2 * size)
    stepped = Exact(whole * size, level.den, level.most + size)
    if work.row >= 0:
        work.note(index, Step("stepped", word=construct.steps, gal=stepped.at(work.row), per=construct.step))
    return stepped
