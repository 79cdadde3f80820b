"""Every construct by itself, over a grid of usages, averages, counts and days, against the oracle.

What nobody chose is in `test_rating_against_oracle`; this is what must never be missed.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from itertools import product
from typing import Any

import pytest
import yaml

from curbstop.rules.rating import Inputs, Status, charge
from curbstop.rules.tariffs import read_tariffs
from tests.rules import oracle

FROM, UNTIL = date(2026, 1, 20), date(2026, 2, 17)
TIERS = [{"to": "5", "rate": "1.23"}, {"to": "12", "rate": "2.595"}, {"rate": "4.56"}]
CARTS = [{"to": "1", "total": "11.50"}, {"to": "2", "total": "18.50"}, {"to": "4", "each": "10.75"}]
KGAL = {"per": "1000 gal"}
LINES: dict[str, dict[str, Any]] = {
    "flat": {"flat": "9.50"},
    "credit": {"flat": "-2.50"},
    "rate": {**KGAL, "rate": "3.45"},
    "rate of many decimals": {**KGAL, "rate": "3.45678901"},
    "tiers": {**KGAL, "tiers": TIERS},
    "tiers by the gallon": {"per": "1 gal", "tiers": [{"to": "2992", "rate": "0.001734"}, {"rate": "0.011267"}]},
    "hundred cubic feet": {"per": "1 ccf", "tiers": [{"to": "10", "rate": "2.75"}, {"rate": "3.1255"}]},
    "included, tiers from zero": {**KGAL, "included": "2000 gal", "tiers": TIERS},
    "included, tiers after": {**KGAL, "included": "2000 gal", "tiers_begin": "after_included", "tiers": TIERS},
    "included beyond the first tier": {**KGAL, "included": "7 kgal", "tiers": TIERS},
    "included in other units": {**KGAL, "included": "3 ccf", "tiers_begin": "after_included", "tiers": TIERS},
    "whole thousands": {**KGAL, "quantity": "down", "tiers": TIERS},
    "started thousands": {**KGAL, "quantity": "up", "tiers": TIERS},
    "nearest hundred": {**KGAL, "quantity": {"nearest": "100 gal"}, "tiers": TIERS},
    "whole ccf": {"per": "1 ccf", "quantity": "down", "rate": "2.75"},
    "lower of": {**KGAL, "rate": "3.45", "volume": {"lower_of": ["usage", "average"]}, "without_average": "6000 gal"},
    "lower of, none": {**KGAL, "rate": "3.45", "volume": {"lower_of": ["usage", "average"]}},
    "average": {**KGAL, "rate": "2.70", "volume": "average", "without_average": "usage"},
    "higher of": {**KGAL, "rate": "3.45", "volume": {"higher_of": ["usage", "2000 gal"]}},
    "a share": {**KGAL, "rate": "3.45", "volume": {"percent": "80", "of": "usage"}},
    "a share of the lower": {
        **KGAL,
        "rate": "3.45",
        "volume": {"percent": "33.3", "of": {"lower_of": ["usage", "average", "9 ccf"]}},
        "without_average": "7.5 ccf",
    },
    "tier to the average": {**KGAL, "tiers": [{"to": "average", "rate": "4.69"}, {"rate": "7.04"}]},
    "tiers around the average": {
        **KGAL,
        "tiers": [{"to": "3", "rate": "1.00"}, {"to": "average", "rate": "4.69"}, {"rate": "7.04"}],
        "without_average": "4000 gal",
    },
    "minimum": {**KGAL, "rate": "3.45", "minimum": "20.00"},
    "maximum": {**KGAL, "rate": "3.45", "maximum": "20.00"},
    "each": {"each": "units", "rate": "10.90"},
    "carts": {"each": "carts", "for": CARTS},
    "a total for two": {"each": "carts", "for": [{"to": "2", "total": "18.50"}, {"each": "10.75"}]},
    "January by day": {**KGAL, "rate": "3.45", "months": ["1"]},
    "January by the first day": {"flat": "9.50", "months": ["1"], "months_by": "first_day"},
    "January by the last day": {"flat": "9.50", "months": ["1"], "months_by": "last_day"},
}  # fmt: skip
GRID = list(
    product((0, 1, 999, 1000, 2500, 5001, 7480, 12_345, 60_000), (None, 0, 4000), (0, 1, 2, 3, 5), (None, 0, 11))
)


def tariff(*versions: list[dict[str, Any]]) -> dict[str, Any]:
    dates = ("2026-01-01", "2026-02-02")
    return {
        "code": "X",
        "service": "water",
        "authority": "made up",
        "per_days": "28",
        "versions": [{"from": on, "lines": lines} for on, lines in zip(dates, versions, strict=False)],
    }


def compare(rules: dict[str, Any]) -> None:
    (plan,) = read_tariffs(yaml.safe_dump(rules, sort_keys=False), file="x.yaml")
    inputs = Inputs.of(
        gal=[gal for gal, *_ in GRID],
        average_gal=[-1 if average is None else average for _, average, _, _ in GRID],
        count=[count for *_, count, _ in GRID],
        prorate_days=[-1 if days is None else days for *_, days in GRID],
    )
    charges = charge(plan, from_on=FROM, until_on=UNTIL, inputs=inputs)
    for row, given in enumerate(GRID):
        try:
            expected = oracle.bill(rules, FROM, UNTIL, *given)
        except oracle.NotRated as error:
            assert Status(int(charges.status[row])).name.lower() == str(error), given
        else:
            assert charges.status[row] == Status.RATED, given
            assert charges.of(row) == expected, given


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("prorate", ["none", "by_day"])
@pytest.mark.parametrize("rounding", ["half_up_line", "half_even_line"])
def test_one_version(name: str, prorate: str, rounding: str) -> None:
    compare(tariff([{"name": "x", **LINES[name], "prorate": prorate, "round": rounding}]))


@pytest.mark.parametrize("name", LINES)
def test_a_rate_change_inside_the_period(name: str) -> None:
    line = {"name": "x", **LINES[name], "prorate": "by_day"}
    compare(tariff([line], [{"name": "x", "flat": "33.33", "round": "up_line"}, {"name": "new", "flat": "1.00"}]))


def test_lines_worked_out_from_others() -> None:
    lines = [
        {"name": "total_tax", "percent": "3.75", "of": ["city_tax", "water"], "round": "down_line"},
        {"name": "city_tax", "percent": "8.5", "of": ["water", "top"], "round": "up_line"},
        {"name": "top", "minimum_of": "15.00", "of": "water", "prorate": "by_day"},
        {"name": "water", **LINES["tiers"]},
    ]
    compare(tariff(lines))
    later = [{**line, "percent": "9.125"} if "percent" in line else line for line in lines]
    compare(tariff(lines, deepcopy(later)))
