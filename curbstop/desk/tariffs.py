"""Rates as adopted: each tariff with its versions, their prices in words, their authority; and the city's policies."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from curbstop.desk import clock
from curbstop.office import drafts, fee_schedule, pages, policies, tariffs
from curbstop.rules.formulas import Formula
from curbstop.rules.money import Rounding, show_price
from curbstop.rules.plans import (
    USAGE,
    Dated,
    Flat,
    HigherOf,
    Items,
    Keyed,
    Limit,
    LineRule,
    LowerOf,
    Measure,
    NotSet,
    Percent,
    Price,
    Share,
    Tier,
    TopUp,
    Valued,
    Version,
    Volume,
    VolumeOf,
    Worked,
    Worth,
)
from curbstop.rules.tariff_values import in_words
from curbstop.rules.units import Quantity, show_number
from curbstop.rules.winter import MONTHS
from curbstop.rules.winter import in_words as average_in_words

ROUNDED = {
    Rounding.HALF_UP: "to the nearest cent, half a cent up",
    Rounding.HALF_EVEN: "to the nearest cent, half a cent to the even one",
    Rounding.DOWN: "the part of a cent dropped",
    Rounding.UP: "a started cent is a whole one",
}

KINDS = {
    "differs": "Differs",
    "not_charged": "Not charged",
    "missing_authority": "No authority",
    "expiring": "Ends soon",
    "expired": "Ended",
    "overlaps": "Overlaps",
    "not_in_schedule": "Not in the schedule",
}


@dataclass(frozen=True)
class PriceRow:
    """A price of a line in words: `To 10,000 gal`, `5.02`, `per 1,000 gal`. ``price`` is empty where it is not set;
    ``formula`` where it is worked out and no figure."""

    says: str
    price: str
    per: str
    not_set: str = ""
    formula: bool = False


@dataclass(frozen=True)
class LineShown:
    """A line of a version as a table shows it."""

    says: str
    prices: tuple[PriceRow, ...]
    rounding: str
    notes: tuple[str, ...]
    authority: str


@dataclass(frozen=True)
class Change:
    """What a version changed against the one before it; an empty text: it was not there, or is not any more."""

    line: str
    says: str
    before: str
    after: str


@dataclass(frozen=True)
class VersionShown:
    """A version: from when until when, by whose authority, which lines."""

    from_on: date
    until_on: date | None
    authority: str
    now: bool
    lines: tuple[LineShown, ...]
    asks: tuple[tuple[str, str | None], ...]
    values: tuple[tuple[str, str], ...]
    average: str
    changes: tuple[Change, ...]
    history: drafts.VersionHistory | None


def tariffs_page(request: HttpRequest) -> HttpResponse:
    """All rates on this day, and the city's policies."""
    on = clock.today()
    values = {"rows": tariffs.list_tariffs(on=on), "policies": policies.list_policies(on=on), "on": on,
              "waiting": sum(row.state == "open" for row in drafts.list_drafts()),
              "check": fee_schedule.check(on=on), "kinds": KINDS}  # fmt: skip
    return render(request, "desk/tariffs/tariffs.html", values)


def tariff(request: HttpRequest, code: str) -> HttpResponse:
    """One rate, version by version."""
    found, on = tariffs.load_tariffs(codes=[code]).get(code), clock.today()
    if found is None:
        raise pages.NotThere(f"There is no rate {code}. Rates has the list.")
    came = {row.from_on: row for row in drafts.get_history(code=code)}
    before = dict(zip(found.versions[1:], found.versions, strict=False))
    versions = [
        VersionShown(
            from_on=version.period.from_on,
            until_on=version.period.until_on,
            authority=version.authority,
            now=version.period.holds(on),
            lines=tuple(_shown(line) for line in version.lines),
            asks=tuple((need.name, need.default) for need in found.terms_of(version).needs),
            values=tuple((name, in_words(value)) for name, value in version.values),
            average=average_in_words(version.average) if version.average else "",
            changes=differences(before[version], version) if version in before else (),
            history=came.get(version.period.from_on),
        )
        for version in reversed(found.versions)
    ]
    return render(request, "desk/tariffs/tariff.html", {"tariff": found, "versions": versions, "on": on})


def differences(before: Version, after: Version) -> tuple[Change, ...]:
    """What differs between two versions, price by price, in the order of the later one."""
    then, now = _said(before), _said(after)
    return tuple(
        Change(*at, then.get(at, ""), now.get(at, ""))
        for at in [*now, *(at for at in then if at not in now)]
        if then.get(at) != now.get(at)
    )


def _said(version: Version) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for line in version.lines:
        for row in _prices(line):
            found[line.says, row.says] = f"{row.price or 'not set'} {row.per}".strip()
        found[line.says, "How"] = "; ".join(_notes(line))
        found[line.says, "Rounding"] = ROUNDED[line.rounding]
    for name, value in version.values:
        found["Worked out", name.replace("_", " ")] = in_words(value)
    if version.average is not None:
        found["Average", "How it is made"] = average_in_words(version.average)
    return found


def _shown(line: LineRule) -> LineShown:
    return LineShown(line.says, tuple(_prices(line)), ROUNDED[line.rounding], tuple(_notes(line)), line.authority)


STEPS = {"down": "whole steps of {} only", "up": "a started {} is a whole one", "nearest": "to the nearest {}"}


def _notes(line: LineRule) -> Iterator[str]:
    """What is to be known of a line beside its prices: what counts, for whom, when, within what bounds."""
    if line.prorate_by_day:
        yield "by day when a period is not whole"
    if line.prorate_by_period:
        yield "by the days of every period"
    if isinstance(line.construct, Volume):
        yield from _volume_notes(line.construct)
    if line.times is not None:
        yield f"times {in_words(line.times)}"
    if line.when is not None:
        yield from (f"where {name.replace('_', ' ')} is {' or '.join(words)}" for name, words in line.when.words)
        if line.when.condition is not None:
            yield f"where {line.when.condition.text}"
    if line.months is not None:
        yield f"in {', '.join(MONTHS[month - 1] for month in sorted(line.months.months))}"
    if line.minimum_cents is not None:
        yield f"at least {show_price(Fraction(line.minimum_cents))}"
    if line.maximum_cents is not None:
        yield f"at most {show_price(Fraction(line.maximum_cents))}"


def _volume_notes(construct: Volume) -> Iterator[str]:
    if construct.source != Measure(USAGE):
        yield f"{_counts(construct.source)} counts"
    if construct.without_average is not None:
        yield f"without an average {_counts(construct.without_average)}"
    if construct.steps != "exact":
        yield STEPS[construct.steps].format(construct.step)
    if construct.scale is not None:
        how = "tiers are for each of" if construct.scale.how == "limits" else "priced at the mean of"
        yield f"{how} {construct.scale.by.text.replace('_', ' ')}"
    if construct.tiers_by_day:
        yield "tiers by day when a period is not whole"


def _counts(source: VolumeOf) -> str:
    if isinstance(source, Measure):
        return "the use" if source.name == USAGE else "the personal average"
    if isinstance(source, Share):
        return f"{show_number(source.percent)}% of {_counts(source.of)}"
    if isinstance(source, LowerOf | HigherOf):
        word = "lower" if isinstance(source, LowerOf) else "higher"
        return f"the {word} of {' and '.join(_counts(part) for part in source.parts)}"
    return in_words(source.rule) if isinstance(source, Worked) else str(source)


def _price(says: str, price: Price, per: str = "") -> Iterator[PriceRow]:
    if price.rule is not None:
        yield from _rows(says, price.rule, per)
    elif price.cents is None:
        yield PriceRow(says, "", per, price.why_not_set or "not set for this city")
    else:
        yield PriceRow(says, show_price(price.cents), per)


def _rows(says: str, value: Valued, per: str) -> Iterator[PriceRow]:
    """A price that is another for each account: a row for each word of a table, the formula as it is written."""
    if isinstance(value, Fraction):
        yield PriceRow(says, show_price(value * 100), per)
    elif isinstance(value, NotSet):
        yield PriceRow(says, "", per, value.why)
    elif isinstance(value, Formula):
        yield PriceRow(says, value.text, per, formula=True)
    elif isinstance(value, Dated):
        for on, row in value.values:
            yield from _rows(f"{says}, from {on.isoformat()}", row, per)
    else:
        if isinstance(value, Keyed):
            by = value.by.replace("_", " ")
            rows = [(f"{by} {word}", row) for word, row in value.values]
        else:
            rows = [(f"{value.by.text} up to {show_number(limit)}", row) for limit, row in value.up_to]
        for word, row in rows:
            yield from _rows(f"{says}, {word}", row, per)
        if value.otherwise is not None:
            yield from _rows(f"{says}, otherwise", value.otherwise, per)


def _prices(line: LineRule) -> Iterator[PriceRow]:
    construct = line.construct
    if isinstance(construct, Flat):
        yield from _price("Each bill", construct.price)
    elif isinstance(construct, Volume):
        yield from _tiers(construct)
    elif isinstance(construct, Items):
        noun = construct.counted.replace("_", " ")
        for step in construct.steps:
            says = f"Up to {step.to} {noun}" if step.to else f"Each further of the {noun}"
            if step.total is not None:
                yield from _price(says, step.total)
            elif step.each is not None:
                yield from _price(says, step.each, "each")
    elif isinstance(construct, Percent):
        yield PriceRow(f"Of {', '.join(construct.of)}", f"{show_number(construct.percent)}%", "")
    elif isinstance(construct, TopUp):
        yield from _price(f"At least, for {', '.join(construct.of)}", construct.minimum)
    elif isinstance(construct, Worth):
        yield from _rows("Each bill", construct.rule, "")


def _tiers(construct: Volume) -> Iterator[PriceRow]:
    if construct.included is not None:
        yield PriceRow(f"The first {construct.included}", "0.00", "included")
    if construct.included_rule is not None:
        yield PriceRow(f"Included, in {construct.per}", in_words(construct.included_rule.rule), "")
    table = construct.tier_table
    if table is None:
        yield from _tier_rows(construct, construct.tiers, "")
        return
    for word, tiers in table.sets:
        yield from _tier_rows(construct, tiers, f"{table.by.replace('_', ' ')} {word}: ")
    yield from _tier_rows(construct, table.otherwise, "Otherwise: ")


def _tier_rows(construct: Volume, tiers: tuple[Tier, ...], of: str) -> Iterator[PriceRow]:
    start = Fraction(0)
    for place, tier in enumerate(tiers):
        if tier.to_gal is None:
            said = tiers[place - 1].to_gal if place else None
            says = "Above that" if said is not None and not isinstance(said, Fraction) else "All of it"
            says = f"Over {show_number(start)} gal" if start and says == "All of it" else says
        elif isinstance(tier.to_gal, str):
            says = "Up to the personal average"
        elif isinstance(tier.to_gal, Limit):
            says = f"Up to {in_words(tier.to_gal.rule).replace('_', ' ')}, in {construct.per.unit}"
            if construct.per.amount != 1:
                says = f"{says} times {show_number(construct.per.amount)}"
        else:
            says = (
                f"{show_number(start + 1)} to {show_number(tier.to_gal)} gal"
                if start
                else f"To {show_number(tier.to_gal)} gal"
            )
            start = tier.to_gal
        yield from _price(of + says, tier.price, f"per {_one(construct.per)}")


def _one(per: Quantity) -> str:
    return per.unit if per.amount == 1 else str(per)
