"""The oracle: a tariff charged in plain Decimal, one account at a time, slow and obvious.

It reads the YAML as plain dictionaries and knows nothing of `curbstop.rules`. What the page
`docs/reference/tariffs.md` says is written here once more, in the most boring way, and compared.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
from typing import Any

import yaml

from tests.rules.oracle_values import NotRated, condition, formula, is_rule, worth

__all__ = ["NotRated", "bill", "read"]

GAL = {"gal": (1, 1), "kgal": (1000, 1), "cf": (576, 77), "ccf": (57600, 77), "kl": (10**12, 3785411784)}
ROUNDINGS = {
    "half_up_line": ROUND_HALF_UP,
    "half_even_line": ROUND_HALF_EVEN,
    "down_line": ROUND_DOWN,
    "up_line": ROUND_UP,
}
TIER_ROUNDINGS = {name.replace("_line", "_tier"): how for name, how in ROUNDINGS.items()}


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
    facts: dict[str, str] | None = None,
) -> dict[str, int]:
    """Cents by line. :raises NotRated:"""
    with localcontext() as context:
        context.prec = 80
        account = {"gal": gal, "average": average, "count": count, "days": prorate_days, "facts": dict(facts or {})}
        for name, default in tariff.get("inputs", {}).items():
            if default != "required" and not account["facts"].get(name):
                account["facts"][name] = default
        account["period"] = (from_on, until_on)
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
    done: dict[str, Any] = {}
    rounded: dict[str, int] = {}
    whole_bill = used[-1].get("round_bill")
    while len(done) < len(names):
        for name in names:
            lines = [(version, _line(version, name)) for version in used if _line(version, name)]
            needs = [other for version, line in lines for other in _needs(version, line, names)]
            if name in done or any(other not in done for other in needs):
                continue
            exact = Decimal(0)
            for version, line in lines:
                share = _share(line, version, days, by_day)
                if share:
                    account["version"], account["done"] = version, done
                    exact += share * _amount(line, tariff, account, done)
            last = lines[-1][1]
            if "minimum_of" in last:
                exact = max(Decimal(0), exact - sum(done[other] for other in _list(last["of"])))
            rounded[name] = _round(exact, last.get("round", "half_up_line"))
            done[name] = exact if whole_bill else rounded[name]
    found = {name: rounded[name] for name in names}
    if whole_bill:
        total = _round(sum(done.values(), Decimal(0)), f"{whole_bill}_line")
        found["rounding"] = total - sum(found.values())
    return found


def _needs(version: dict[str, Any], line: dict[str, Any], names: list[str]) -> list[str]:
    """The lines that must be worked out first: those named, those above for `all`, those in an amount's formula."""
    of = _list(line.get("of", []))
    if of == ["all"]:
        above = [other["name"] for other in version["lines"]]
        return above[: above.index(line["name"])]
    words = str(line.get("amount", "")).replace("(", " ").replace(")", " ").split()
    return of + [name for name in names if name in words and name != line["name"]]


def _lookup(account: dict[str, Any], tariff: dict[str, Any]) -> Any:
    """What a name in a formula stands for."""
    from_on, until_on = account["period"]
    last = until_on - timedelta(days=1)
    full = int(tariff.get("per_days", (until_on - from_on).days))

    def look(name: str) -> Decimal:
        measure, _, unit = name.rpartition("_")
        if measure in ("usage", "average") and unit in GAL:
            top, bottom = GAL[unit]
            value = account["gal"] if measure == "usage" else account["average"]
            return _needed(None if value is None else Decimal(value)) * bottom / top
        if name in ("days", "days_full", "days_billed", "month", "count"):
            billed = full if account["days"] is None else account["days"]
            own = {"days": (until_on - from_on).days, "days_full": full, "days_billed": billed}
            return Decimal({**own, "month": last.month, "count": account["count"]}[name])
        if name in account["done"]:
            return Decimal(account["done"][name]) / 100
        values = account["version"].get("values", {})
        if name in values:
            return worth(values[name], look, account["facts"], last)
        if not account["facts"].get(name):
            raise NotRated("no_value")
        return Decimal(account["facts"][name])

    return look


def _value(rule: Any, account: dict[str, Any], tariff: dict[str, Any]) -> Decimal:
    last = account["period"][1] - timedelta(days=1)
    found = worth(rule, _lookup(account, tariff), account["facts"], last)
    if found.is_nan():
        raise NotRated("not_set")
    return found


def _applies(line: dict[str, Any], account: dict[str, Any], tariff: dict[str, Any]) -> bool:
    when = line.get("when", {})
    if isinstance(when, str):
        return condition(when, _lookup(account, tariff))
    if any(not account["facts"].get(name) for name in when):
        raise NotRated("no_value")
    return all(account["facts"][name] in _list(allowed) for name, allowed in when.items())


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


def _amount(line: dict[str, Any], tariff: dict[str, Any], account: dict[str, Any], done: dict[str, Any]) -> Decimal:
    if not _applies(line, account, tariff):
        return Decimal(0)
    times = _value(line["times"], account, tariff) if "times" in line else Decimal(1)
    if "percent" in line:
        of = _needs(account["version"], line, [])
        base = sum((Decimal(done[name]) for name in of), Decimal(0))
        return base * Decimal(line["percent"]) / 100 * times
    if "amount" in line:
        cents = _value(line["amount"], account, tariff) * 100
    elif "flat" in line:
        cents = _own_price(line["flat"], account, tariff)
    elif "minimum_of" in line:
        cents = _own_price(line["minimum_of"], account, tariff)
    elif "each" in line:
        cents = _items(line, account, tariff)
    else:
        cents = _volume(line, account, tariff)
    cents *= times
    if "minimum" in line:
        cents = max(cents, Decimal(line["minimum"]) * 100)
    if "maximum" in line:
        cents = min(cents, Decimal(line["maximum"]) * 100)
    if line.get("prorate") == "by_day" and account["days"] is not None:
        cents = cents * account["days"] / Decimal(tariff["per_days"])
    if line.get("prorate") == "by_period":
        from_on, until_on = account["period"]
        cents = cents * (until_on - from_on).days / Decimal(tariff["per_days"])
    return cents


def _own_price(rule: Any, account: dict[str, Any], tariff: dict[str, Any]) -> Decimal:
    return _value(rule, account, tariff) * 100 if is_rule(rule) else _price(rule)


def _price(text: str) -> Decimal:
    if text == "not set":
        raise NotRated("not_set")
    return Decimal(text) * 100


def _items(line: dict[str, Any], account: dict[str, Any], tariff: dict[str, Any]) -> Decimal:
    count = account["count"]
    if line["each"] in tariff.get("inputs", {}):
        count = int(_lookup(account, tariff)(line["each"]))
    if "rate" in line and is_rule(line["rate"]):
        return _value(line["rate"], account, tariff) * 100 * count
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


def _volume(line: dict[str, Any], account: dict[str, Any], tariff: dict[str, Any]) -> Decimal:
    per = _quantity(line["per"])
    average = _average(line, account)
    units, scale = Decimal(1), line.get("scale", {})
    if scale:
        units = formula(scale["by"], _lookup(account, tariff))
        if units <= 0:
            raise NotRated("no_value")
    source = line.get("volume", "usage")
    if isinstance(source, dict) and "formula" in source:
        volume = _value(source["formula"], account, tariff) * per
    else:
        volume = _of(source, account, average)
    mean = scale.get("how") == "mean"
    volume = _step(line, volume / units if mean else volume, per)
    grow = Decimal(1) if mean else units
    if line.get("prorate_tiers") == "by_day" and account["days"] is not None:
        grow = grow * account["days"] / Decimal(tariff["per_days"])
    included = _included(line, per, account, tariff) * grow
    shift = included if line.get("tiers_begin") == "after_included" else Decimal(0)
    cents, start = Decimal(0), included
    for tier in _tier_set(line, account):
        end = None if "to" not in tier else _tier_end(tier["to"], per, grow, account, average, tariff) + shift
        stop = volume if end is None else min(volume, end)
        if stop > start:
            part = (stop - start) / per * _own_price(tier["rate"], account, tariff)
            if line.get("round") in TIER_ROUNDINGS:
                part = part.quantize(Decimal("1e-30")).quantize(Decimal(1), rounding=TIER_ROUNDINGS[line["round"]])
            cents += part
        if end is not None:
            start = max(start, end)
    return cents * units if mean else cents


def _tier_set(line: dict[str, Any], account: dict[str, Any]) -> list[dict[str, Any]]:
    tiers = line.get("tiers") or [{"rate": line["rate"]}]
    if isinstance(tiers, list):
        return tiers
    word = account["facts"].get(tiers["by"])
    if not word:
        raise NotRated("no_value")
    chosen = tiers["values"].get(word) or tiers.get("otherwise")
    if not chosen:
        raise NotRated("not_set")
    return list(chosen)


def _included(line: dict[str, Any], per: Decimal, account: dict[str, Any], tariff: dict[str, Any]) -> Decimal:
    given = line.get("included", "0 gal")
    if isinstance(given, str) and given.split()[-1] in GAL and len(given.split()) == 2:
        return _quantity(given)
    return _value(given, account, tariff) * per


def _tier_end(
    to: Any, per: Decimal, grow: Decimal, account: dict[str, Any], average: Decimal | None, tariff: dict[str, Any]
) -> Decimal:
    if to == "average":
        return _needed(average)
    return (_value(to, account, tariff) if is_rule(to) else Decimal(to)) * per * grow


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
    how = {**ROUNDINGS, **TIER_ROUNDINGS}[name]
    return int(exact.quantize(Decimal("1e-30")).quantize(Decimal(1), rounding=how))
