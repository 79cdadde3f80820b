"""Explanations: what the run did, in words that add up and can be read aloud."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curbstop.rules.explaining import LineExplained, MeterReads, explain
from curbstop.rules.money import parse_price
from curbstop.rules.rating import Inputs, Status, Trace, charge
from curbstop.rules.tariffs import read_tariffs
from tests.rules.cities import tariffs

FROM, UNTIL = date(2026, 10, 14), date(2026, 11, 13)
READ = MeterReads("M1", FROM, 1272, UNTIL, 1284, 12_000)


def explained(code: str, city: str = "moore_ok", **given: list[int]) -> dict[str, LineExplained]:
    trace = Trace()
    charge(tariffs(city)[code], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(**given), trace=trace)
    return {line.name: line for line in explain(trace, reads=[READ])}


def test_the_water_line_of_the_page() -> None:
    water = explained("W-RES", gal=[12_000])["water"]
    assert [(step.label, step.how, step.amount) for step in water.steps] == [
        ("Read", "1,284 on Fri 13 Nov 2026 less 1,272 on Wed 14 Oct 2026 is 12,000 gal", ""),
        ("Usage", "12,000 gal in 30 days", ""),
        ("To 10,000 gal", "10 kgal × $5.02", "50.20"),
        ("10,001 to 20,000", "2 kgal × $9.19", "18.38"),
        ("Over 20,000 gal", "0 kgal × $9.68", "0.00"),
        ("Rate", "Residential water: Moore utility rates page; resolution number not on file", ""),
        ("Rounding", "None, exact to the cent", "68.58"),
    ]
    assert "10 thousand gallons at $5.02 is $50.20. 2 thousand gallons at $9.19 is $18.38." in water.spoken
    assert water.spoken.endswith("Water is $68.58.")
    assert water.source.startswith("https://") and water.confidence == "MED"


def test_the_sewer_cap() -> None:
    sewer = explained("S-RES", gal=[12_000], average_gal=[6000])["sewer"]
    assert "Your average is 6,000 gallons. The lower one counts: 6,000 gallons." in sewer.spoken
    assert [step.what for step in sewer.steps] == ["read", "usage", "average", "cap", "tier", "rate", "rounding"]
    new = explained("S-RES", gal=[12_000])["sewer"]
    assert any(step.how == "without an average 6,000 gal counts" for step in new.steps)


def test_proration_and_rounding_are_said() -> None:
    lines = explained("W-RES", gal=[3100], prorate_days=[14])
    assert (
        lines["base"].spoken
        == "Water, base: $9.50 on each bill. For 14 of 28 days that is $4.75. Water, base is $4.75."
    )
    rounding = lines["water"].steps[-1]
    assert rounding.how == "15.562 to the nearest cent, half a cent up, is 15.56"
    assert rounding.fields == {"exact": "15.562", "rounding": "half_up", "cents": 1556}
    assert lines["water"].spoken.endswith("Water is $15.56, rounded to the cent.")


def test_carts_and_percentages() -> None:
    assert explained("SAN-RES", count=[2])["carts"].spoken.startswith("Polycart: 2 carts are $18.50.")
    capital = explained("S-COM", "norman_ok", gal=[10_000])["capital"]
    assert "60 percent of $31.60 is $18.96." in capital.spoken


def test_what_is_not_set_is_said() -> None:
    trace = Trace()
    tariff = tariffs()["SAN-DUMPSTER"]
    charge(tariff, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(n=1), trace=trace)
    assert trace.status == Status.NOT_SET
    (line,) = explain(trace)
    assert "not read" in line.spoken and line.cents == 0


def test_two_versions_are_both_told() -> None:
    text = """\
code: X
service: water
authority: Resolution 1
versions:
  - from: 2026-01-01
    lines: [{name: water, per: 1000 gal, rate: "5.00", included: 1 kgal, quantity: down}]
  - from: 2026-10-29
    authority: Resolution 2
    lines: [{name: water, per: 1000 gal, rate: "6.00", minimum: "20.00"}]
"""
    (tariff,) = read_tariffs(text, file="x.yaml")
    trace = Trace()
    charge(tariff, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[2999]), trace=trace)
    (line,) = explain(trace)
    assert line.authority == "Resolution 1; Resolution 2"
    assert [step.what for step in line.steps] == [
        "version", "usage", "steps", "included", "tier", "weight",
        "version", "usage", "tier", "minimum", "weight", "rate", "rounding",
    ]  # fmt: skip
    assert line.cents == 1250  # 5.00 x 15/30 + 20.00 x 15/30


@settings(deadline=None)
@given(st.integers(0, 60_000), st.integers(-1, 9000), st.integers(0, 4), st.integers(-1, 28))
def test_the_trace_is_the_run(gal: int, average: int, carts: int, days: int) -> None:
    """With a trace or without, the cents are the same; the tiers told add up to the line before rounding."""
    given = {"gal": [gal], "average_gal": [average], "count": [carts], "prorate_days": [days]}
    for code in ("W-RES", "S-RES", "SAN-RES"):
        lines = explained(code, **given)
        quiet = charge(tariffs()[code], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(**given)).of(0)
        assert {name: line.cents for name, line in lines.items()} == quiet
        for line in lines.values():
            tiers = [parse_price(step.amount, field="amount") for step in line.steps if step.what == "tier"]
            if tiers:
                assert abs(sum(tiers) - line.cents) * 2 <= 1
            assert json.loads(json.dumps(asdict(line)))["cents"] == line.cents


def test_a_row_among_many() -> None:
    trace = Trace(row=70_000)
    inputs = Inputs.of(gal=list(range(80_000)))
    charges = charge(tariffs()["W-RES"], from_on=FROM, until_on=UNTIL, inputs=inputs, trace=trace)
    water = explain(trace)[1]
    assert water.cents == charges.of(70_000)["water"]
    assert water.steps[0].how == "70,000 gal in 30 days"


def test_an_unused_trace() -> None:
    with pytest.raises(ValueError, match="empty trace"):
        explain(Trace())
