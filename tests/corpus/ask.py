"""A worked bill asked of our tariffs: the facts of the case in, the amounts of its lines out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from curbstop.rules.money import Rounding, round_cents
from curbstop.rules.plans import Tariff
from curbstop.rules.rating import Inputs, Status, charge, named_values
from curbstop.rules.tariffs import read_tariffs
from curbstop.rules.traces import Trace
from curbstop.rules.units import GAL_PER

HERE = Path(__file__).parent
USAGE = {"usage_gal": "gal", "gal": "gal", "kgal": "kgal", "usage_kgal": "kgal", "ccf": "ccf", "hcf": "ccf", "cf": "cf"}
PLAIN = {"hcf": "ccf", "gal": "gal", "kgal": "kgal", "ccf": "ccf", "cf": "cf"}


@dataclass(frozen=True)
class Asked:
    """A case, what was expected and what our tariffs say, in the case's own unit."""

    id: str
    verdict: str
    expected: dict[str, Fraction]
    given: dict[str, Fraction]


def load(path: Path) -> Any:
    """YAML whose scalars stay text."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


BILLS: dict[str, Any] = load(HERE / "bills.yaml")


def utilities() -> list[str]:
    """The utilities that have cases."""
    return sorted(path.stem for path in (HERE / "cases").glob("*.yaml"))


def pack(utility: str) -> tuple[Tariff, ...]:
    """A utility's tariffs."""
    path = HERE / "utilities" / f"{utility}.yaml"
    return read_tariffs(path.read_text(encoding="utf-8"), file=path.name)


def ask(utility: str) -> list[Asked]:
    """Every case of a utility, asked."""
    ours, tariffs = BILLS[utility], pack(utility)
    found = []
    for case in load(HERE / "cases" / f"{utility}.yaml")["cases"]:
        own = ours.get("cases", {}).get(case["id"].split("/", 1)[1], {})
        ways = own if isinstance(own, list) else [own]
        given: dict[str, Fraction] = {"total": Fraction(0)}
        for way in ways:
            merged = {**ours, **way, "lines": {**ours.get("lines", {}), **way.get("lines", {})}}
            for name, amount in _answers(case, merged, tariffs).items():
                given[name] = given.get(name, Fraction(0)) + amount if name == "total" else amount
        expected = {line["id"]: Fraction(line["amount"]) for line in case["lines"]}
        expected["total"] = Fraction(case["expected_total"])
        found.append(Asked(case["id"], case["verdict"], expected, given))
    return found


def _answers(case: dict[str, Any], way: dict[str, Any], tariffs: tuple[Tariff, ...]) -> dict[str, Fraction]:
    given = case["inputs"]
    chosen = [tariff for tariff in tariffs if tariff.code in way.get("tariffs", [tariff.code])]
    inputs = Inputs.of(
        gal=[_usage(given, way)],
        average_gal=[_average(given, way)],
        prorate_days=[int(given["days"]) if "days" in given and "value" not in way else -1],
        facts={name: [word] for name, word in {**_facts(given), **way.get("inputs", {})}.items()},
    )
    amounts: dict[str, Fraction] = {}
    total = Fraction(0)
    for tariff in chosen:
        first = tariff.versions[0].period.from_on
        start = date.fromisoformat(way.get("from") or given.get("date") or first.isoformat())
        days = 1 if "date" in given else 30
        until = date.fromisoformat(way["until"]) if "until" in way else start + timedelta(days=days)
        if "value" in way:
            value = named_values(tariff, from_on=start, until_on=until, inputs=inputs)[way["value"]]
            assert value is not None
            return {**{line["id"]: value for line in case["lines"]}, "total": value}
        trace = Trace()
        charges = charge(tariff, from_on=start, until_on=until, inputs=inputs, trace=trace)
        assert charges.status[0] == Status.RATED, (case["id"], tariff.code, Status(int(charges.status[0])))
        total += Fraction(int(charges.total_cents[0]), 100)
        amounts |= _amounts(trace)
    if "total" in way:
        total = amounts[way["total"]]
    return {**_lines(case, way, amounts), "total": total}


def _amounts(trace: Trace) -> dict[str, Fraction]:
    """Each line in dollars, and each tier of it, rounded as the bill shows it."""
    found = {}
    for line in trace.lines:
        found[line.rule.name] = Fraction(line.cents, 100)
        tiers = [step for step in line.steps if step.what == "tier"]
        for place, step in enumerate(tiers, start=1):
            assert step.cents is not None
            cents = round_cents(Rounding.HALF_UP, step.cents.numerator, step.cents.denominator)
            found[f"{line.rule.name}.{place}"] = Fraction(cents, 100)
    return found


def _lines(case: dict[str, Any], way: dict[str, Any], amounts: dict[str, Fraction]) -> dict[str, Fraction]:
    found = {}
    for line in case["lines"]:
        ours = way["lines"].get(line["id"], line["id"])
        parts = [part.strip() for part in ours.split("+")]
        if all(part in amounts for part in parts):
            found[line["id"]] = sum((amounts[part] for part in parts), Fraction(0))
    return found


def _usage(given: dict[str, Any], way: dict[str, Any]) -> Fraction:
    if "usage" in way:
        name, unit = way["usage"].split()
        return Fraction(given.get(name, name)) * GAL_PER[unit]
    for name, unit in USAGE.items():
        if name in given:
            return Fraction(given[name]) * GAL_PER[unit]
    return Fraction(0)


def _average(given: dict[str, Any], way: dict[str, Any]) -> Fraction:
    """The average from the case: a number of it, or the mean of a list of it."""
    words = way.get("average", "average_kgal kgal").split()
    name, unit = words[-2], words[-1]
    value = given.get(name)
    if value in (None, "null", ""):
        return Fraction(-1)
    numbers = [Fraction(one) for one in value] if isinstance(value, list) else [Fraction(value)]
    return sum(numbers, Fraction(0)) / len(numbers) * GAL_PER[unit]


def _facts(given: dict[str, Any]) -> dict[str, str]:
    """The case's inputs as facts; a list becomes one fact an element, numbered from 1."""
    found: dict[str, str] = {}
    for name, value in given.items():
        if isinstance(value, list):
            found |= {f"{name}_{place}": one for place, one in enumerate(value, start=1)}
        else:
            found[name] = value
    return found
