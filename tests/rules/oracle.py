"""The oracle: a tariff charged in plain Decimal, one account at a time, slow and obvious.

It reads the YAML as plain dictionaries and knows nothing of `curbstop.rules`. What the page
`docs/reference/tariffs.md` says is written here once more, in the most boring way, and compared.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
from typing import Any

import yaml

GAL = {"gal": (1, 1), "kgal": (1000, 1), "cf": (576, 77), "ccf": (57600, 77), "kl": (10**12, 3785411784)}
ROUNDINGS = {
    "half_up_line": ROUND_HALF_UP,
    "half_even_line": ROUND_HALF_EVEN,
    "down_line": ROUND_DOWN,
    "up_line": ROUND_UP,
}


class NotRated(Exception):
    """The account cannot be charged: `not_set`, `no_average`, `no_version`."""


def read(text: str) -> list[dict[str, Any]]:
    """Documents as dictionaries of text."""
    return list(yaml.load_all(text, Loader=yaml.BaseLoader))


def bill(
    tariff: dict[str, Any],
    from_on: date,
    until_on: date,
    gal: int,
    average: int | None = None,
    count: int = 1,
    prorate_days: int | None = None,
) -> dict[str, int]:
    """Cents by line. :raises NotRated:"""
    with localcontext() as context:
        context.prec = 80
        account = {"gal": gal, "average": average, "count": count, "days": prorate_days}
        return _bill(tariff, from_on, until_on, account)


def _bill(tariff: dict[str, Any], from_on: date, until_on: date, account: dict[str, Any]) -> dict[str, int]:
    days = [from_on + timedelta(days=n) for n in range((until_on - from_on).days)]
    versions = sorted(tariff["versions"], key=lambda version: version["from"])
    by_day = [_version_on(versions, day) for day in days]
    change = tariff.get("change", "by_day")
    if change == "first_day":
        by_day = [by_day[0]] * len(days)
    if change == "last_day":
        by_day = [by_day[-1]] * len(days)
    used = [version for version in versions if version in by_day]
    names: list[str] = []
    for version in reversed(used):
        names += [line["name"] for line in version["lines"] if line["name"] not in names]
    done: dict[str, int] = {}
    while len(done) < len(names):
        for name in names:
            lines = [(version, _line(version, name)) for version in used if _line(version, name)]
            needs = [other for _, line in lines for other in _list(line.get("of", []))]
            if name in done or any(other not in done for other in needs):
                continue
            exact = Decimal(0)
            for version, line in lines:
                share = _share(line, version, days, by_day)
                if share:
                    exact += share * _amount(line, tariff, account, done)
            last = lines[-1][1]
            if "minimum_of" in last:
                exact = max(Decimal(0), exact - sum(done[other] for other in _list(last["of"])))
            done[name] = _round(exact, last.get("round", "half_up_line"))
    return {name: done[name] for name in names}


def _version_on(versions: list[dict[str, Any]], day: date) -> dict[str, Any]:
    found = None
    for version in versions:
        if date.fromisoformat(version["from"]) <= day:
            found = version
    if found is None or (found.get("until") and day >= date.fromisoformat(found["until"])):
        raise NotRated("no_version")
    return found


def _line(version: dict[str, Any], name: str) -> dict[str, Any]:
    for line in version["lines"]:
        if line["name"] == name:
            return dict(line)
    return {}


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _share(line: dict[str, Any], version: dict[str, Any], days: list[date], by_day: list[Any]) -> Decimal:
    """The part of the period's days on which this version's line counts."""
    mine = [day for day, other in zip(days, by_day, strict=True) if other is version]
    if "months" in line:
        months = [int(month) for month in _list(line["months"])]
        by = line.get("months_by", "day")
        if by == "day":
            mine = [day for day in mine if day.month in months]
        elif (days[0] if by == "first_day" else days[-1]).month not in months:
            mine = []
    return Decimal(len(mine)) / Decimal(len(days))


def _amount(line: dict[str, Any], tariff: dict[str, Any], account: dict[str, Any], done: dict[str, int]) -> Decimal:
    if "percent" in line:
        return sum((Decimal(done[name]) for name in _list(line["of"])), Decimal(0)) * Decimal(line["percent"]) / 100
    if "flat" in line:
        cents = _price(line["flat"])
    elif "minimum_of" in line:
        cents = _price(line["minimum_of"])
    elif "each" in line:
        cents = _items(line, account["count"])
    else:
        cents = _volume(line, account)
    if "minimum" in line:
        cents = max(cents, Decimal(line["minimum"]) * 100)
    if "maximum" in line:
        cents = min(cents, Decimal(line["maximum"]) * 100)
    if line.get("prorate") == "by_day" and account["days"] is not None:
        cents = cents * account["days"] / Decimal(tariff["per_days"])
    return cents


def _price(text: str) -> Decimal:
    if text == "not set":
        raise NotRated("not_set")
    return Decimal(text) * 100


def _items(line: dict[str, Any], count: int) -> Decimal:
    if "rate" in line:
        return _price(line["rate"]) * count if count else Decimal(0)
    cents = Decimal(0)
    for item in range(1, count + 1):
        step = next((step for step in line["for"] if "to" not in step or item <= int(step["to"])), None)
        if step is None:
            raise NotRated("not_set")
        cents = _price(step["total"]) if "total" in step else cents + _price(step["each"])
    return cents


def _quantity(text: str) -> Decimal:
    number, unit = text.replace(",", "").split()
    top, bottom = GAL[unit]
    return Decimal(number) * top / bottom


def _volume(line: dict[str, Any], account: dict[str, Any]) -> Decimal:
    per = _quantity(line["per"])
    average = _average(line, account)
    volume = _of(line.get("volume", "usage"), account, average)
    volume = _step(line, volume, per)
    tiers = line.get("tiers") or [{"rate": line["rate"]}]
    included = _quantity(line["included"]) if "included" in line else Decimal(0)
    shift = included if line.get("tiers_begin") == "after_included" else Decimal(0)
    ends = []
    for tier in tiers:
        if "to" not in tier:
            ends.append(None)
        elif tier["to"] == "average":
            ends.append(_needed(average) + shift)
        else:
            ends.append(Decimal(tier["to"]) * per + shift)
    cents = Decimal(0)
    start = included
    for tier, end in zip(tiers, ends, strict=True):
        stop = volume if end is None else min(volume, end)
        if stop > start:
            cents += (stop - start) / per * _price(tier["rate"])
        if end is not None:
            start = max(start, end)
    return cents


def _average(line: dict[str, Any], account: dict[str, Any]) -> Decimal | None:
    if account["average"] is not None:
        return Decimal(account["average"])
    without = line.get("without_average")
    if without is None:
        return None
    return Decimal(account["gal"]) if without == "usage" else _quantity(without)


def _needed(average: Decimal | None) -> Decimal:
    if average is None:
        raise NotRated("no_average")
    return average


def _of(rule: Any, account: dict[str, Any], average: Decimal | None) -> Decimal:
    if rule == "usage":
        return Decimal(account["gal"])
    if rule == "average":
        return _needed(average)
    if isinstance(rule, str):
        return _quantity(rule)
    if "lower_of" in rule:
        return min(_of(part, account, average) for part in rule["lower_of"])
    if "higher_of" in rule:
        return max(_of(part, account, average) for part in rule["higher_of"])
    return _of(rule.get("of", "usage"), account, average) * Decimal(rule["percent"]) / 100


def _step(line: dict[str, Any], volume: Decimal, per: Decimal) -> Decimal:
    rule = line.get("quantity", "exact")
    if isinstance(rule, dict):
        (how, text), size = next(iter(rule.items())), per
        size = _quantity(text)
    else:
        how, size = rule, per
    if how == "exact":
        return volume
    rounding = {"down": ROUND_DOWN, "up": ROUND_UP, "nearest": ROUND_HALF_UP}[how]
    # a quotient of gallons cut at 80 digits is brought back before it is rounded, so that a whole stays whole
    steps = (volume / size).quantize(Decimal("1e-40"))
    return steps.quantize(Decimal(1), rounding=rounding) * size


def _round(exact: Decimal, name: str) -> int:
    return int(exact.quantize(Decimal("1e-30")).quantize(Decimal(1), rounding=ROUNDINGS[name]))
