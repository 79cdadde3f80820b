"""Rates as adopted: each tariff with its versions, their prices in words, their authority; and the city's policies."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from curbstop.desk import clock
from curbstop.office import drafts, fee_schedule, pages, policies, tariffs
from curbstop.rules.money import Rounding, show_price
from curbstop.rules.plans import Flat, Items, Limit, LineRule, Percent, Price, Tier, TopUp, Version, Volume, Worth
from curbstop.rules.tariff_values import in_words
from curbstop.rules.units import show_number

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
    """A price of a line in words: `To 10,000 gal`, `5.02`, `per 1,000 gal`. ``price`` is empty where it is not set."""

    says: str
    price: str
    per: str
    not_set: str = ""


@dataclass(frozen=True)
class LineShown:
    """A line of a version as a table shows it."""

    says: str
    prices: tuple[PriceRow, ...]
    rounding: str
    by_day: bool
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
        days = "by day when a period is not whole" if line.prorate_by_day else "whole"
        found[line.says, "Part of a period"] = days
        found[line.says, "Rounding"] = ROUNDED[line.rounding]
        if line.minimum_cents is not None or line.maximum_cents is not None:
            found[line.says, "Bounds"] = f"{line.minimum_cents} to {line.maximum_cents} cents"
        if line.months is not None:
            found[line.says, "Months"] = ", ".join(str(month) for month in sorted(line.months.months))
    return found


def _shown(line: LineRule) -> LineShown:
    return LineShown(line.says, tuple(_prices(line)), ROUNDED[line.rounding], line.prorate_by_day, line.authority)


def _price(says: str, price: Price, per: str = "") -> PriceRow:
    if price.rule is not None:
        return PriceRow(says, in_words(price.rule), per)
    if price.cents is None:
        return PriceRow(says, "", per, price.why_not_set or "not set for this city")
    return PriceRow(says, show_price(price.cents), per)


def _prices(line: LineRule) -> Iterator[PriceRow]:
    construct = line.construct
    if isinstance(construct, Flat):
        yield _price("Each bill", construct.price)
    elif isinstance(construct, Volume):
        yield from _tiers(construct)
    elif isinstance(construct, Items):
        noun = construct.counted.replace("_", " ")
        for step in construct.steps:
            says = f"Up to {step.to} {noun}" if step.to else f"Each further of the {noun}"
            if step.total is not None:
                yield _price(says, step.total)
            elif step.each is not None:
                yield _price(says, step.each, "each")
    elif isinstance(construct, Percent):
        yield PriceRow(f"Of {', '.join(construct.of)}", f"{show_number(construct.percent)}%", "")
    elif isinstance(construct, TopUp):
        yield _price(f"At least, for {', '.join(construct.of)}", construct.minimum)
    elif isinstance(construct, Worth):
        yield PriceRow("Each bill", in_words(construct.rule), "")


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
    for tier in tiers:
        if tier.to_gal is None:
            says = f"Over {show_number(start)} gal" if start else "All of it"
        elif isinstance(tier.to_gal, str):
            says = "Up to the personal average"
        elif isinstance(tier.to_gal, Limit):
            says = f"Up to {in_words(tier.to_gal.rule)} times {construct.per}"
        else:
            says = (
                f"{show_number(start + 1)} to {show_number(tier.to_gal)} gal"
                if start
                else f"To {show_number(tier.to_gal)} gal"
            )
            start = tier.to_gal
        yield _price(of + says, tier.price, f"per {construct.per}")
