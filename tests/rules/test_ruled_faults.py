"""What is wrong with a table, a formula, a unit or a rider is told with its line and what to write instead."""

from __future__ import annotations

import pytest

from curbstop.rules.formulas import BadFormula, parse_formula
from curbstop.rules.tariffs import TariffErrors, read_tariffs, uses

GOOD = """\
code: W
service: water
authority: Ordinance 12
inputs: {meter: required, units: 1}
versions:
  - from: 2026-01-01
    values:
      budget: "60 * units"
    lines:
      - {name: base, flat: {by: meter, values: {5/8: "9.50"}}}
      - {name: water, per: 1 ccf, tiers: [{to: budget, rate: "2.00"}, {rate: "3.00"}], scale: {by: units}}
      - {name: class, amount: {by: usage_ccf, up_to: {1: 2, 5: 3}}}
      - {name: rider, percent: -20, of: all, when: {meter: 5/8}}
      - {name: dated, amount: {from: {2026-01-01: 1, 2026-02-01: 2}}}
"""


def test_the_good_one_is_good() -> None:
    (tariff,) = read_tariffs(GOOD, file="t.yaml")
    assert uses(tariff, "usage") and not uses(tariff, "average")
    rider = tariff.versions[0].line("rider")
    assert rider is not None and rider.construct.of == ("base", "water", "class")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("60 * units", "60 * unitz", 7, "this name is not known"),
        ("60 * units", "60 ** units", 8, "not a formula"),
        ("60 * units", "units > 2", 8, "a comparison"),
        ("60 * units", "open(units)", 8, "function 'open' is not known"),
        ("{by: meter, values: {5/8", "{by: meterr, values: {5/8", 10, "this name is not known"),
        ("{by: meter, values", "{values", 10, "missing"),
        ('values: {5/8: "9.50"}', "values: {}", 10, "missing"),
        ("scale: {by: units}", "scale: {how: mean}", 11, "missing"),
        ("scale: {by: units}", "scale: {by: units, how: twice}", 11, "not known"),
        ('{rate: "3.00"}]', '{to: budget, rate: "3.00"}]', 11, "a gap"),
        ("up_to: {1: 2, 5: 3}", "up_to: {5: 2, 1: 3}", 12, "do not rise"),
        ("up_to: {1: 2, 5: 3}", "up_to: {a: 2}", 12, "not a number"),
        ("percent: -20", "percent: -x", 13, "not a plain number"),
        ("when: {meter: 5/8}", "when: meter", 13, "not a comparison"),
        ("when: {meter: 5/8}", "when: {zone: 2}", 13, "this name is not known"),
        ("2026-02-01: 2", "2025-02-01: 2", 14, "do not rise"),
        ("2026-02-01: 2", "soon: 2", 14, "not a date"),
        ("units: 1}", "days: 1}", 4, "not a free name"),
        ("budget: ", "usage_ccf: ", 8, "not a free name"),
    ],
)
def test_a_fault_names_its_line_and_a_remedy(old: str, new: str, line: int, why: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(TariffErrors) as error:
        read_tariffs(GOOD.replace(old, new), file="t.yaml")
    found = error.value.faults
    assert any(fault.line == line and why in fault.why and fault.remedy for fault in found), found


@pytest.mark.parametrize(
    "text",
    ["1 +", "a b", "min(1)", "floor(a, b)", "floor(a, 0)", "a < b + (c < d)", "__import__('os')", "a.b", "1" * 501],
)
def test_what_is_no_formula(text: str) -> None:
    with pytest.raises(BadFormula):
        parse_formula(text, field="x")


def test_a_formula_cannot_nest_too_deep() -> None:
    assert parse_formula("-" * 90 + "1", field="x").names == ()
    with pytest.raises(BadFormula, match="operations"):
        parse_formula("-" * 200 + "1", field="x")
