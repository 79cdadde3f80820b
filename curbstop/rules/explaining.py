"""A traced rating run in words: each line from read to amount, for the screen, for JSON and for the telephone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from curbstop.rules.money import show, show_price
from curbstop.rules.periods import show_on
from curbstop.rules.plans import AVERAGE, USAGE, Flat, Items, PastUse, Percent, Tariff, TopUp, Volume
from curbstop.rules.traces import LineTrace, Step, Trace
from curbstop.rules.units import SPOKEN, Quantity, from_gal, show_number

ROUNDED = {
    "half_up": "to the nearest cent, half a cent up,",
    "half_even": "to the nearest cent, half a cent to the even one,",
    "down": "with the part of a cent dropped",
    "up": "with a started cent as a whole one",
}


@dataclass(frozen=True, slots=True)
class MeterReads:
    """The two readings of a meter between which the usage was counted."""

    meter: str
    from_on: date
    from_reading: int
    until_on: date
    until_reading: int
    gal: int


@dataclass(frozen=True, slots=True)
class StepExplained:
    """One step: `label` and `how` for the eye, `amount` in dollars where the step has one, `spoken` for the
    telephone (empty where nothing need be said), `fields` for programs: text, whole numbers and dates as text."""

    what: str
    label: str
    how: str
    amount: str = ""
    spoken: str = ""
    fields: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineExplained:
    """One line from read to amount. `spoken` is the paragraph to read aloud."""

    name: str
    kind: str
    says: str
    cents: int
    steps: tuple[StepExplained, ...]
    authority: str
    source: str
    confidence: str
    spoken: str


def explain(
    trace: Trace, *, reads: Sequence[MeterReads] = (), average_of: Sequence[PastUse] = ()
) -> tuple[LineExplained, ...]:
    """Every line of a traced run, in the order of the tariff; the average with the uses that it was made from.

    :raises ValueError: the trace was not used
    """
    if trace.tariff is None or trace.from_on is None or trace.until_on is None:
        raise ValueError("an empty trace: give it to rating.charge first")
    days = (trace.until_on - trace.from_on).days
    return tuple(_line(line, trace.tariff, days, reads, average_of) for line in trace.lines)


def _line(
    line: LineTrace, tariff: Tariff, days: int, reads: Sequence[MeterReads], average_of: Sequence[PastUse]
) -> LineExplained:
    measured = any(step.what == "measure" for step in line.steps)
    steps = [_read(read) for read in reads] if measured else []
    versions = sum(step.what == "version" for step in line.steps)
    for step in line.steps:
        if step.what == "version" and versions < 2:
            continue
        steps.append(_step(step, line, days))
        if average_of and steps[-1].what == "average":
            steps.append(_made_from(average_of))
    authorities = list(dict.fromkeys(step.authority for step in line.steps if step.what == "version"))
    steps.insert(len(steps) - 1, _rate(tariff, authorities))
    spoken = " ".join(step.spoken for step in steps if step.spoken)
    return LineExplained(
        name=line.rule.name,
        kind=line.rule.kind,
        says=line.rule.says,
        cents=line.cents,
        steps=tuple(steps),
        authority="; ".join(authorities),
        source=tariff.source,
        confidence=tariff.confidence,
        spoken=f"{line.rule.says}: {spoken}" if spoken else f"{line.rule.says} is ${show(line.cents)}.",
    )


def _read(read: MeterReads) -> StepExplained:
    how = (
        f"{read.until_reading:,} on {show_on(read.until_on)} less {read.from_reading:,} on {show_on(read.from_on)} "
        f"is {read.gal:,} gal"
    )
    fields: dict[str, str | int] = {
        "meter": read.meter,
        "from_on": read.from_on.isoformat(),
        "from_reading": read.from_reading,
        "until_on": read.until_on.isoformat(),
        "until_reading": read.until_reading,
        "gal": read.gal,
    }
    spoken = f"The meter read {read.until_reading:,} and the time before {read.from_reading:,}."
    return StepExplained("read", "Read", how, spoken=spoken, fields=fields)


def _made_from(uses: Sequence[PastUse]) -> StepExplained:
    """The uses that the average was made from."""
    how = ", ".join(f"{use.gal:,} gal to {show_on(use.read_on)}" for use in uses)
    told = [f"{use.gal:,}" for use in uses]
    said = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    fields: dict[str, str | int] = {use.read_on.isoformat(): use.gal for use in uses}
    return StepExplained("average_of", "Made from", how, spoken=f"It was made from {said} gallons.", fields=fields)


def _rate(tariff: Tariff, authorities: Sequence[str]) -> StepExplained:
    authority = "; ".join(authorities) or tariff.authority
    fields: dict[str, str | int] = {"tariff": tariff.code, "authority": authority, "source": tariff.source}
    return StepExplained("rate", "Rate", f"{tariff.name}: {authority}", fields=fields)


def _step(step: Step, line: LineTrace, days: int) -> StepExplained:
    if step.what in ("measure", "lower_of", "higher_of", "share", "included", "stepped"):
        return _volume(step, days, _metric(line))
    if step.what == "tier":
        return _tier(step, line)
    if step.what in ("flat", "items", "percent", "top_up", "minimum", "maximum"):
        return _amount(step, line)
    if step.what == "rounding":
        return _rounding(step, line)
    if step.what in RULED:
        return _ruled(step)
    return _days(step)


ROUNDING = "rounding"
RULED = {
    "formula": "Amount",
    "price": "Price",
    "times": "Times",
    "scale": "Units",
    "worked": "Counts",
    "table": "Tiers of",
    "when": "Applies",
}


def _ruled(step: Step) -> StepExplained:
    """A value that is this account's own: which row of a table, which formula, and what stood in it."""
    label = RULED[step.what]
    if step.what == "when":
        how = "to this account" if step.word == "yes" else "not to this account"
        return StepExplained("when", label, how, spoken="" if step.word == "yes" else "It is not on this account.")
    if step.what == "table":
        return StepExplained("table", label, step.counted, spoken=f"The prices are those of {step.counted}.")
    shown = f"{show_number(step.gal)} gal" if step.gal is not None else show_number(step.number or 0)
    worked = ", ".join(f"{name.replace('_', ' ')} {show_number(value)}" for name, value in step.parts)
    how = "; ".join(part for part in (step.counted, step.word, worked, f"gives {shown}") if part)
    fields: dict[str, str | int] = {"formula": step.word, "row": step.counted, "value": shown.replace(",", "")}
    fields |= {name: show_number(value).replace(",", "") for name, value in step.parts}
    if step.what in ("formula", "price"):
        amount = show_price((step.number or Fraction(0)) * 100)
        where = f"For {step.counted} it" if step.counted else "It"
        return StepExplained(step.what, label, how, amount, f"{where} is ${amount}.", fields)
    said = {"times": f"That is taken {shown} times.", "scale": f"It is for {shown} units."}
    spoken = said.get(step.what, f"{shown.removesuffix(' gal')} gallons count.")
    return StepExplained(step.what, label, how, spoken=spoken, fields=fields)


def _metric(line: LineTrace) -> str:
    """The unit in which a line's volumes are told: the meter's own where it does not count gallons."""
    construct = line.rule.construct
    unit = construct.per.unit if isinstance(construct, Volume) else "gal"
    return unit if unit in ("cf", "ccf", "kl") else "gal"


def _volume(step: Step, days: int, unit: str) -> StepExplained:
    gal = step.gal or Fraction(0)
    told = show_number(from_gal(gal, unit))
    shown = f"{told} {unit}"
    fields: dict[str, str | int] = {"gal": show_number(gal).replace(",", "")}
    if step.what == "measure" and step.word == USAGE:
        spoken = f"You used {told} {SPOKEN[unit]} in {days} days."
        return StepExplained(
            "usage", "Usage", f"{shown} in {days} days", spoken=spoken, fields={**fields, "days": days}
        )
    if step.what == "measure":
        own = step.word == AVERAGE
        how = f"your average is {shown}" if own else f"without an average {shown} counts"
        spoken = f"Your average is {told} {SPOKEN[unit]}." if own else ""
        return StepExplained("average", "Average", how, spoken=spoken, fields=fields)
    if step.what in ("lower_of", "higher_of"):
        which = "lower" if step.what == "lower_of" else "higher"
        spoken = f"The {which} one counts: {told} {SPOKEN[unit]}."
        return StepExplained("cap", "Counts", f"the {which} one, {shown}", spoken=spoken, fields=fields)
    if step.what == "share":
        percent = show_number(step.percent or 0)
        spoken = f"{percent} percent of it counts: {told} {SPOKEN[unit]}."
        return StepExplained("share", "Counts", f"{percent}% of it, {shown}", spoken=spoken, fields=fields)
    if step.what == "included":
        spoken = f"The first {told} {SPOKEN[unit]} are included in the base."
        return StepExplained("included", "Included", f"the first {shown}", spoken=spoken, fields=fields)
    ways = {"down": "whole steps only", "up": "a started step is a whole one", "nearest": "the nearest step"}
    how = f"in steps of {step.per}, {ways[step.word]}: {shown}"
    return StepExplained("steps", "Counted", how, spoken=f"{told} {SPOKEN[unit]} are billed.", fields=fields)


def _tier(step: Step, line: LineTrace) -> StepExplained:
    construct = line.rule.construct
    assert step.per is not None and step.gal is not None and step.from_gal is not None
    single = isinstance(construct, Volume) and len(construct.tiers) == 1
    label = "Volume" if single else _tier_label(step.from_gal, step.to_gal, _metric(line))
    units = show_number(Fraction(step.gal, step.per.gal))
    unit = _unit(step.per)
    fields: dict[str, str | int] = {"gal": show_number(step.gal).replace(",", ""), "per": str(step.per)}
    if step.price_cents is None or step.cents is None:
        return StepExplained("tier", label, f"{units} {unit} × a price that is not set", fields=fields)
    price = show_price(step.price_cents)
    amount = show_price(step.cents)
    fields |= {"price": price, "amount": amount}
    spoken = f"{spoken_volume(step.gal, step.per)} at ${price}{_a_unit(step.gal, step.per)} is ${amount}."
    spoken = spoken if step.gal else ""
    return StepExplained("tier", label, f"{units} {unit} × ${price}", amount, spoken, fields)


def _tier_label(low_gal: Fraction, high_gal: Fraction | None, unit: str) -> str:
    low = from_gal(low_gal, unit)
    if high_gal is None:
        return f"Over {show_number(low)} {unit}" if low else "All"
    high = show_number(from_gal(high_gal, unit))
    first = low + 1 if unit == "gal" and low.denominator == 1 else low
    return f"{show_number(first)} to {high}" if low else f"To {high} {unit}"


def _unit(per: Quantity) -> str:
    if per.amount == 1:
        return per.unit
    return "kgal" if str(per) == "1,000 gal" else f"times {per}"


def spoken_volume(gal: Fraction, per: Quantity) -> str:
    """A volume as it is said: `10 thousand gallons`, `4,500 gallons`, `7 hundred cubic feet`."""
    if per.unit in ("cf", "ccf"):
        return f"{show_number(from_gal(gal, per.unit))} {SPOKEN[per.unit]}"
    if gal and gal % 1000 == 0:
        return f"{show_number(Fraction(gal, 1000))} thousand gallons"
    return f"{show_number(gal)} gallons"


def _a_unit(gal: Fraction, per: Quantity) -> str:
    if per.gal == 1000:
        return "" if gal % 1000 == 0 else " a thousand"
    return "" if per.amount == 1 and per.unit in ("cf", "ccf") else f" per {per}"


def _amount(step: Step, line: LineTrace) -> StepExplained:
    construct = line.rule.construct
    if step.cents is None:
        return StepExplained("not_set", "Not set", step.word, spoken=f"The price is not set: {step.word}")
    amount = show_price(step.cents)
    fields: dict[str, str | int] = {"amount": amount}
    if step.what == "flat" and isinstance(construct, Flat):
        return StepExplained("flat", "Fixed", "each bill", amount, f"${amount} on each bill.", fields)
    if step.what == "items" and isinstance(construct, Items):
        counted = _counted(step)
        return StepExplained("items", "Number", counted, amount, f"{counted} {_are(step)} ${amount}.", fields)
    if step.what == "percent" and isinstance(construct, Percent):
        percent = show_number(step.percent or 0)
        base = sum((cents for _, cents in step.parts), Fraction(0))
        how = f"{percent}% × ${show_price(base)} ({' + '.join(name for name, _ in step.parts)})"
        spoken = f"{percent} percent of ${show_price(base)} is ${amount}."
        return StepExplained("percent", "Percentage", how, amount, spoken, fields)
    if isinstance(construct, TopUp):
        label = "Reached" if step.what == "top_up" else "Minimum"
        how = f"{' + '.join(construct.of)} come to {amount}" if step.what == "top_up" else f"at least {amount}"
        return StepExplained(step.what, label, how, amount, "", fields)
    label = "Minimum" if step.what == "minimum" else "Maximum"
    words = "at least" if step.what == "minimum" else "at most"
    return StepExplained(step.what, label, f"{words} {amount}", amount, f"It is {words} ${amount}.", fields)


def _counted(step: Step) -> str:
    count = step.count or 0
    noun = step.counted.replace("_", " ")
    return f"{count:,} {noun.removesuffix('s') if count == 1 else noun}"


def _are(step: Step) -> str:
    return "is" if step.count == 1 else "are"


def _days(step: Step) -> StepExplained:
    fields: dict[str, str | int] = {}
    if step.what == "version" and step.from_on is not None and step.until_on is not None:
        how = f"{show_on(step.from_on)} to {show_on(step.until_on)}: {step.authority}"
        fields = {"from_on": step.from_on.isoformat(), "until_on": step.until_on.isoformat()}
        return StepExplained("version", "Rates of", how, fields=fields)
    assert step.days is not None and step.of_days is not None
    fields = {"days": step.days, "of_days": step.of_days}
    how = f"{step.days} of {step.of_days} days"
    if step.what == "months":
        return StepExplained("months", "In season", how, fields=fields)
    amount = show_price(step.cents or Fraction(0))
    whole = step.cents is not None and step.cents.denominator == 1
    spoken = f"For {how} that is ${amount}." if whole else f"That counts for {how}."
    label = "By day" if step.what == "proration" else "Share of days"
    return StepExplained(step.what, label, how, amount, spoken, {**fields, "amount": amount})


def _rounding(step: Step, line: LineTrace) -> StepExplained:
    exact = step.cents or Fraction(0)
    amount = show(line.cents)
    if line.rule.name == ROUNDING and not line.rule.kind:
        how = f"the bill comes to {show_price(exact)}, rounded once; its lines were rounded one by one"
        return StepExplained("rounding", "Rounding", how, amount, f"Rounding the bill once is ${amount}.", {})
    fields: dict[str, str | int] = {"exact": show_price(exact), "rounding": step.word, "cents": line.cents}
    total = f"{line.rule.says} is ${amount}."
    if exact == line.cents:
        return StepExplained("rounding", "Rounding", "None, exact to the cent", amount, total, fields)
    how = f"{show_price(exact)} {ROUNDED[step.word]} is {amount}"
    spoken = f"{line.rule.says} is ${amount}, rounded to the cent."
    return StepExplained("rounding", "Rounding", how, amount, spoken, fields)
