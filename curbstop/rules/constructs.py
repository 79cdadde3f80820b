"""What each construct of the tariff language charges, as exact fractions over arrays."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from curbstop.rules.exact import Exact
from curbstop.rules.formulas import Formula, parse_formula
from curbstop.rules.money import round_array
from curbstop.rules.plans import (
    AVERAGE,
    USAGE,
    Dated,
    Flat,
    HigherOf,
    Items,
    ItemStep,
    Keyed,
    Limit,
    LineRule,
    LowerOf,
    Measure,
    Percent,
    Price,
    Ranged,
    Share,
    Tier,
    TopUp,
    Valued,
    Volume,
    VolumeOf,
    Worked,
    Worth,
)
from curbstop.rules.traces import Step
from curbstop.rules.units import Quantity, show_number
from curbstop.rules.working import Array, Mask, Rows, Working, named, on_rows, worth

__all__ = ["Rows", "Working", "line_amount", "part_gal"]


def line_amount(rule: LineRule, work: Working, index: int) -> Exact:
    """The exact cents of a line by one version, with its limits and its proration; not rounded."""
    construct = rule.construct
    on = work.all_rows()
    if rule.when is not None:
        on = on_rows(rule.when, work)
        if work.row >= 0:
            work.note(index, Step("when", word="yes" if on[work.row] else "no"))
        if not on.any():
            return Exact.same(0)
    if isinstance(construct, Percent):
        amount = _percent(construct, work, index)
    elif isinstance(construct, Flat):
        amount = _flat(construct.price, work, index, on)
    elif isinstance(construct, TopUp):
        amount = _flat(construct.minimum, work, index, on)
    elif isinstance(construct, Worth):
        amount = valued(construct.rule, work, index, on, "formula").times(100)
    elif isinstance(construct, Items):
        amount = _items(construct, work, index, on)
    else:
        amount = _volume(construct, work, index, on)
    if rule.times is not None:
        amount = amount.mul(valued(rule.times, work, index, on, "times"))
    if not isinstance(construct, Percent):
        amount = _limited(rule, amount, work, index)
        amount = _prorated(rule, amount, work, index)
    return amount if rule.when is None else amount.where(on, Exact.same(0))


def valued(value: Valued, work: Working, index: int, on: Mask, what: str) -> Exact:
    """What a formula or a table gives, with its step."""
    found = worth(value, work, on)
    if work.row >= 0:
        work.note(index, _value_step(value, found, work, what))
    return found


def _value_step(value: Valued, found: Exact, work: Working, what: str) -> Step:
    """The step of the traced row: which row of which table, and the formula with its values."""
    keys: list[str] = []
    while isinstance(value, Keyed | Ranged | Dated):
        if isinstance(value, Keyed):
            words = work.word(value.by)
            word = "" if words is None else str(words[work.row if len(words) > 1 else 0])
            keys.append(f"{value.by.replace('_', ' ')} {word}")
            inner = dict(value.values).get(word, value.otherwise)
        elif isinstance(value, Ranged):
            number = _quietly(value.by, work)
            keys.append(f"{value.by.text} {show_number(number)}")
            inner = next((row for limit, row in value.up_to if number <= limit), value.otherwise)
        else:
            inner = next((row for on, row in reversed(value.values) if on < (work.period.until_on or on)), None)
        if inner is None:
            break
        value = inner
    text = ""
    parts: tuple[tuple[str, Fraction], ...] = ()
    if isinstance(value, Formula):
        text = value.text
        parts = tuple((name, _quietly(parse_formula(name, field="name"), work)) for name in value.names)
    return Step(what, number=found.at(work.row), word=text, counted=", ".join(keys), parts=parts)


def _quietly(formula: Formula, work: Working) -> Fraction:
    """What a formula gives for the traced row; nothing is marked."""
    nobody = np.zeros(len(work.rows.gal), dtype=np.bool_)
    return worth(formula, work, nobody).at(work.row)


def _flat(price: Price, work: Working, index: int, on: Mask) -> Exact:
    if price.rule is not None:
        return valued(price.rule, work, index, on, "formula").times(100)
    if price.cents is None:
        work.not_set |= on
        work.note(index, Step("flat", word=price.why_not_set))
        return Exact.same(0)
    work.note(index, Step("flat", price_cents=price.cents, cents=price.cents))
    return Exact.same(price.cents)


def _percent(construct: Percent, work: Working, index: int) -> Exact:
    base = Exact.same(0)
    for name in construct.of:
        base = base.plus(work.amounts[name])
    amount = base.times(construct.percent / 100)
    if work.row >= 0:
        parts = tuple((name, work.amounts[name].at(work.row)) for name in construct.of)
        work.note(index, Step("percent", percent=construct.percent, parts=parts, cents=amount.at(work.row)))
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


def _prorated(rule: LineRule, amount: Exact, work: Working, index: int) -> Exact:
    per_days = work.per_days
    if per_days is None:
        return amount
    if rule.prorate_by_period:
        days, prorated = work.period.days, amount.times(Fraction(work.period.days, per_days))
        if work.row >= 0:
            work.note(index, Step("proration", days=days, of_days=per_days, cents=prorated.at(work.row)))
        return prorated
    if not rule.prorate_by_day or not (work.rows.prorate_days >= 0).any():
        return amount
    prorated = _by_days(amount, work, per_days)
    traced = int(work.rows.prorate_days[work.row]) if work.row >= 0 else -1
    if traced >= 0:
        work.note(index, Step("proration", days=traced, of_days=per_days, cents=prorated.at(work.row)))
    return prorated


def _by_days(amount: Exact, work: Working, per_days: int) -> Exact:
    days = work.rows.prorate_days
    scaled = amount.by_rows(np.where(days < 0, per_days, days))
    return Exact(scaled.num, scaled.den * per_days, scaled.most)


def _items(construct: Items, work: Working, index: int, on: Mask) -> Exact:
    rule = construct.steps[0].each.rule if construct.steps[0].each is not None else None
    if rule is not None:
        number = _counted(construct, work, on)
        amount = valued(rule, work, index, on, "price").mul(number).times(100)
        if work.row >= 0:
            counted = int(number.at(work.row))
            work.note(index, Step("items", count=counted, counted=construct.counted, cents=amount.at(work.row)))
        return amount
    whole = _counted(construct, work, on)
    count = np.broadcast_to(np.asarray(whole.num // whole.den, dtype=np.int64), work.rows.count.shape)
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


def _counted(construct: Items, work: Working, on: Mask) -> Exact:
    """How many: what the account says of it, or its number of items."""
    own = construct.counted in work.rows.words or any(need.name == construct.counted for need in work.terms.needs)
    return named(construct.counted, work, on) if own else Exact.of(work.rows.count)


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
    quiet = Working(work.rows, work.period, work.tariff, -1, [], work.version, work.amounts)
    volume = _stepped(construct, _source(construct, construct.source, quiet, 0), quiet, 0)
    return np.broadcast_to(np.asarray(volume.num // volume.den, dtype=np.int64), work.rows.gal.shape)


def _volume(construct: Volume, work: Working, index: int, on: Mask) -> Exact:
    volume = _source(construct, construct.source, work, index)
    scale = construct.scale
    units = None if scale is None else valued(scale.by, work, index, on, "scale")
    if scale is not None and units is not None:
        work.no_value |= on & np.broadcast_to(np.asarray(units.num <= 0, dtype=np.bool_), on.shape)
        if scale.how == "mean":
            volume = volume.over(units, np.zeros_like(on))
    volume = _stepped(construct, volume, work, index)
    limits = units if scale is not None and scale.how == "limits" else None
    if construct.tier_table is None:
        amount = _tiers(construct, construct.tiers, volume, limits, work, index, on)
    else:
        amount = _tier_sets(construct, volume, limits, work, index, on)
    return amount.mul(units) if scale is not None and scale.how == "mean" and units is not None else amount


def _tier_sets(construct: Volume, volume: Exact, limits: Exact | None, work: Working, index: int, on: Mask) -> Exact:
    """The set of tiers that is each row's own; the traced row notes its own set only."""
    table = construct.tier_table
    assert table is not None
    words = work.word(table.by)
    if words is None:
        work.no_value |= on
        return Exact.same(0)
    words = np.broadcast_to(words, on.shape)
    work.no_value |= on & (words == "")
    amount, left, row = Exact.same(0), on & (words != ""), work.row
    sets = [(words == key, tiers) for key, tiers in table.sets]
    known = np.isin(words, [key for key, _ in table.sets])
    for here, tiers in [*sets, (~known, table.otherwise)]:
        if not (here & left).any():
            continue
        if not tiers:
            work.not_set |= here & left
            continue
        work.row = row if row >= 0 and here[row] else -1
        if work.row >= 0:
            work.note(index, Step("table", counted=f"{table.by.replace('_', ' ')} {words[row]}"))
        amount = _tiers(construct, tiers, volume, limits, work, index, here & on).where(here, amount)
    work.row = row
    return amount


def _tiers(
    construct: Volume,
    tiers: tuple[Tier, ...],
    volume: Exact,
    limits: Exact | None,
    work: Working,
    index: int,
    on: Mask,
) -> Exact:
    low = _included(construct, limits, work, on)
    shift = low if construct.tiers_begin_after_included else Exact.same(0)
    if work.row >= 0 and low.at(work.row):
        work.note(index, Step("included", gal=low.at(work.row)))
    per_gal = construct.per.gal
    total = Exact.same(0)
    for tier in tiers:
        high = _tier_end(construct, tier.to_gal, limits, work, on)
        high = None if high is None else high.plus(shift)
        end = volume if high is None else volume.lower(high)
        inside = end.less(low).higher(Exact.same(0))
        price = tier.price
        cents = None if price.rule is not None or price.cents is None else Exact.same(price.cents)
        if price.rule is not None:
            here = on & np.broadcast_to(np.asarray(inside.num > 0, dtype=np.bool_), on.shape)
            cents = worth(price.rule, work, here).times(100)
        if cents is None:
            work.not_set |= on & np.broadcast_to(np.asarray(inside.num > 0, dtype=np.bool_), on.shape)
        else:
            scaled = inside.times(1 / per_gal)
            amount = scaled.times(cents.at(0)) if cents.num.size == 1 else scaled.mul(cents)
            if construct.tier_rounding is not None:
                amount = Exact.of(round_array(construct.tier_rounding, amount.num, amount.den))
            total = total.plus(amount)
        if work.row >= 0:
            known = None if cents is None else cents.at(work.row)
            rounded = None if cents is None else amount.at(work.row)
            work.note(index, _tier_step(construct, known, low, high, inside, work.row, rounded))
        low = low if high is None else low.higher(high)
    return total


def _included(construct: Volume, limits: Exact | None, work: Working, on: Mask) -> Exact:
    if construct.included_rule is not None:
        found = worth(construct.included_rule.rule, work, on).times(construct.per.gal)
    else:
        found = Exact.same(construct.included.gal if construct.included is not None else Fraction(0))
    return _scaled(construct, found, limits, work)


def _scaled(construct: Volume, limit: Exact, limits: Exact | None, work: Working) -> Exact:
    """A limit for the number of units, and for the days when tiers are prorated."""
    if limits is not None:
        limit = limit.mul(limits)
    if construct.tiers_by_day and work.per_days is not None and (work.rows.prorate_days >= 0).any():
        limit = _by_days(limit, work, work.per_days)
    return limit


def _tier_step(
    construct: Volume,
    cents: Fraction | None,
    low: Exact,
    high: Exact | None,
    inside: Exact,
    row: int,
    amount: Fraction | None,
) -> Step:
    gal = inside.at(row)
    return Step(
        "tier",
        gal=gal,
        from_gal=low.at(row),
        to_gal=None if high is None else high.at(row),
        price_cents=cents,
        per=construct.per,
        cents=amount,
    )


def _tier_end(
    construct: Volume, to_gal: Fraction | str | Limit | None, limits: Exact | None, work: Working, on: Mask
) -> Exact | None:
    if to_gal is None:
        return None
    if isinstance(to_gal, str):
        return _average(construct, work)
    if isinstance(to_gal, Limit):
        end = worth(to_gal.rule, work, on).times(construct.per.gal)
    else:
        end = Exact.same(to_gal)
    return _scaled(construct, end, limits, work)


def _source(construct: Volume, source: VolumeOf, work: Working, index: int) -> Exact:
    """The volume before tiers."""
    if isinstance(source, Quantity):
        return Exact.same(source.gal)
    if isinstance(source, Measure):
        volume = work.usage() if source.name == USAGE else _average(construct, work)
        if work.row >= 0:
            word = source.name
            if word == AVERAGE and work.rows.average_gal[work.row] < 0:
                word = "without_average"
            work.note(index, Step("measure", word=word, gal=volume.at(work.row)))
        return volume
    if isinstance(source, Worked):
        volume = worth(source.rule, work, work.all_rows()).times(construct.per.gal)
        if work.row >= 0:
            step = _value_step(source.rule, volume, work, "worked")
            work.note(index, replace(step, number=None, gal=volume.at(work.row)))
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
    average = work.average()
    missing = work.rows.average_gal < 0
    if not missing.any():
        return average
    found = work.average_or_default(construct.without_average, missing)
    if found is None:
        work.no_average |= missing
        return average.higher(Exact.same(0))
    return found


def _stepped(construct: Volume, volume: Exact, work: Working, index: int) -> Exact:
    """The volume brought to whole steps (thousands, say) before the tiers."""
    if construct.steps == "exact":
        return volume
    stepped = volume.whole(construct.steps, construct.step.gal)
    if work.row >= 0:
        work.note(index, Step("stepped", word=construct.steps, gal=stepped.at(work.row), per=construct.step))
    return stepped
