"""Tables, formulas, thresholds, units, riders and the roundings against the oracle, over a grid of accounts."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from curbstop.rules.rating import Inputs, Status, charge
from curbstop.rules.tariffs import read_tariffs
from tests.rules import oracle

FROM, UNTIL = date(2026, 1, 20), date(2026, 2, 17)
TIERS = [{"to": "5", "rate": "1.23"}, {"to": "12", "rate": "2.595"}, {"rate": "4.56"}]
KGAL = {"per": "1000 gal"}
NEEDS = {"meter": "required", "zone": "in", "people": "required", "units": "1", "area": "required", "programme": "none"}
BY_METER = {"by": "meter", "values": {"5/8": "9.50", "1": "14.255", "2": "not set"}}
LINES: dict[str, dict[str, Any]] = {
    "a table": {"flat": BY_METER},
    "a table with an otherwise": {"flat": {"by": "meter", "values": {"5/8": "9.50"}, "otherwise": "people * 3.335"}},
    "a table by two": {
        "flat": {"by": ["zone", "meter"], "values": {"in": {"5/8": "1.00", "1": "2.00"}, "out": {"1": "4"}}}
    },
    "a price by meter": {**KGAL, "rate": BY_METER},
    "a whole-volume threshold": {
        "per": "1 ccf",
        "rate": {"by": "usage_ccf", "up_to": {"6": "2.24"}, "otherwise": "3.59"},
    },
    "limits by meter": {
        **KGAL,
        "tiers": [{"to": {"by": "meter", "values": {"5/8": "3", "1": "8"}}, "rate": "1.82"}, {"rate": "2"}],
    },
    "sets of tiers": {**KGAL, "tiers": {"by": "zone", "values": {"in": TIERS}, "otherwise": [{"rate": "9.99"}]}},
    "units multiply the limits": {
        **KGAL,
        "included": "1 kgal",
        "tiers": TIERS,
        "scale": {"by": "units", "how": "limits"},
    },
    "the mean unit": {**KGAL, "quantity": "down", "tiers": TIERS, "scale": {"by": "units", "how": "mean"}},
    "a budget": {
        "per": "1 ccf",
        "tiers": [
            {"to": "round(60 * people * days / 748)", "rate": "2.87"},
            {"to": "round(1.26 * (60 * people * days / 748 + area * 0.7 / 748))", "rate": "4.29"},
            {"rate": "10.07"},
        ],
    },
    "beyond an allotment": {**KGAL, "included": "2.5 * people", "rate": "3.00"},
    "a volume by formula": {**KGAL, "volume": {"formula": "max(usage_kgal - people, 0) * 0.9"}, "tiers": TIERS},
    "tiers by the average": {**KGAL, "tiers": [{"to": "1.1 * average_kgal", "rate": "1.77"}, {"rate": "6.25"}]},
    "stormwater": {"amount": "min(max(ceil(area / 2534), 1), 29) * 3.455"},
    "divided by a row": {"amount": "area / people * 1.01"},
    "either way": {"amount": "if(usage_gal > 3000 and not people == 2 or area < 100, usage_kgal * 0.333, 4.005)"},
    "by date": {"amount": {"from": {"2025-01-01": "usage_kgal * 0.12", "2026-02-01": "usage_kgal * 0.155"}}},
    "outside": {**KGAL, "tiers": TIERS, "times": {"by": "zone", "values": {"in": "1", "out": "1.75"}}},
    "a rounded outside price": {**KGAL, "rate": "round(1.27 * if(people > 2, 1.75, 1), 0.01)"},
    "items asked for": {
        "each": "units",
        "rate": {"by": "units", "up_to": {"1": "5.00", "4": "26.92"}, "otherwise": "18.33"},
    },
    "tiers rounded one by one": {**KGAL, "tiers": TIERS, "round": "half_up_tier"},
    "tiers by day": {**KGAL, "tiers": TIERS, "prorate_tiers": "by_day"},
    "by the period": {"flat": "9.50", "prorate": "by_period"},
    "a rider": {"flat": "-2.50", "when": {"programme": ["senior", "low"]}},
    "a condition": {**KGAL, "rate": "1.00", "when": "usage_gal > 3000"},
}
GRID = list(
    product(
        (0, 1000, 3000, 4488, 7481, 60_000), (None, 4000), (None, 11), ("5/8", "1", "2", ""), ("in", "out"), ("1", "3")
    )
)


def tariff(*lines: dict[str, Any], **version: Any) -> dict[str, Any]:
    return {
        "code": "X",
        "service": "water",
        "authority": "made up",
        "per_days": "30",
        "inputs": NEEDS,
        "versions": [{"from": "2026-01-01", **version, "lines": list(lines)}],
    }


def facts(place: int, meter: str, zone: str, units: str) -> dict[str, str]:
    people = ("1", "2", "3.5", "", "7")[place % 5]
    programme = ("", "senior", "other")[place % 3]
    area = ("50", "2534", "6330.5", "90000")[place % 4]
    return {"meter": meter, "zone": zone, "units": units, "people": people, "programme": programme, "area": area}


def compare(rules: dict[str, Any]) -> None:
    (plan,) = read_tariffs(yaml.safe_dump(rules, sort_keys=False), file="x.yaml")
    given_facts = [facts(place, *rest) for place, (_, _, _, *rest) in enumerate(GRID)]
    inputs = Inputs.of(
        gal=[row[0] for row in GRID],
        average_gal=[-1 if row[1] is None else row[1] for row in GRID],
        prorate_days=[-1 if row[2] is None else row[2] for row in GRID],
        facts={name: [one[name] for one in given_facts] for name in NEEDS},
    )
    charges = charge(plan, from_on=FROM, until_on=UNTIL, inputs=inputs)
    rated = 0
    for row, (gal, average, days, *_) in enumerate(GRID):
        status = Status(int(charges.status[row]))
        try:
            expected = oracle.bill(rules, FROM, UNTIL, gal, average, 1, days, given_facts[row])
        except oracle.NotRated as error:
            lacking = {"not_set", "no_average", "no_value"}
            assert status.name.lower() in lacking and str(error) in lacking, (GRID[row], given_facts[row])
        else:
            assert status is Status.RATED, (GRID[row], given_facts[row], status)
            assert charges.of(row) == expected, (GRID[row], given_facts[row])
            rated += 1
    assert rated


@pytest.mark.parametrize("name", LINES)
def test_one_line(name: str) -> None:
    compare(tariff({"name": "x", **LINES[name]}))


@pytest.mark.parametrize("name", LINES)
def test_with_a_tax_on_all_and_the_bill_rounded_once(name: str) -> None:
    tax = {"name": "tax", "percent": "4.125", "of": "all"}
    rest = {"name": "rest", "amount": "( x + tax ) * 0.333"}
    base = {"name": "base", "amount": "people * 1.115"}
    compare(tariff(base, {"name": "x", **LINES[name]}, tax, rest, round_bill="half_even"))


def test_named_values() -> None:
    values = {"budget": "60 * people * days / 748", "factor": {"by": "zone", "values": {"in": "1", "out": "1.5"}}}
    line = {"name": "x", "per": "1 ccf", "tiers": [{"to": "budget * factor", "rate": "2.875"}, {"rate": "9.99"}]}
    compare(tariff(line, values=values))


NUMBERS = st.one_of(st.sampled_from(["usage_kgal", "people", "area", "days"]), st.decimals(0, 99, places=2).map(str))


def _formulas(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        two.map(lambda parts: f"min({parts[0]}, {parts[1]})"),
        two.map(lambda parts: f"mean({parts[0]}, {parts[1]}, -1)"),
        inner.map(lambda part: f"round({part}, 0.5)"),
        inner.map(lambda part: f"ceil({part})"),
        st.tuples(inner, inner, inner, inner).map(lambda p: f"if({p[0]} >= {p[1]}, {p[2]}, -{p[3]})"),
    )


@settings(max_examples=120, deadline=None)
@given(
    st.recursive(NUMBERS, _formulas, max_leaves=7),
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 9), st.integers(0, 9999)), min_size=1, max_size=5),
)
def test_any_formula_equals_the_oracle(text: str, rows: list[tuple[int, int, int]]) -> None:
    rules = tariff({"name": "x", "amount": f"0 + {text}"})
    (plan,) = read_tariffs(yaml.safe_dump(rules, sort_keys=False), file="x.yaml")
    given_facts = [{"people": str(people), "area": f"{area / 10:.1f}"} for _, people, area in rows]
    columns = {name: [one[name] for one in given_facts] for name in ("people", "area")}
    charges = charge(plan, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[gal for gal, *_ in rows], facts=columns))
    for row, (gal, *_) in enumerate(rows):
        try:
            expected = oracle.bill(rules, FROM, UNTIL, gal, facts=given_facts[row])
        except oracle.NotRated:
            assert charges.status[row] == Status.NO_VALUE
        else:
            assert charges.of(row) == expected, text
