"""The evaluator against the oracle, on tariffs, usages and periods that nobody chose."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curbstop.rules.rating import Inputs, Status, charge
from curbstop.rules.tariffs import read_tariffs
from tests.rules import oracle

CITIES = Path(__file__).parents[2] / "curbstop" / "cities"
START = date(2026, 1, 1)


def money(most: int = 5000) -> st.SearchStrategy[str]:
    return st.integers(0, most).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")


def price() -> st.SearchStrategy[str]:
    """A price with up to six decimals."""
    return st.tuples(st.integers(0, 20), st.integers(0, 999_999), st.integers(2, 6)).map(
        lambda parts: f"{parts[0]}.{parts[1]:06d}"[: -6 + parts[2]] if parts[2] < 6 else f"{parts[0]}.{parts[1]:06d}"
    )


@st.composite
def volume_line(draw: st.DrawFn, name: str) -> dict[str, Any]:
    line: dict[str, Any] = {"name": name, "per": draw(st.sampled_from(["1000 gal", "1 gal", "100 gal", "1 ccf"]))}
    size = {"1000 gal": 1, "1 gal": 1000, "100 gal": 10, "1 ccf": 2}[line["per"]]
    ends = sorted(draw(st.sets(st.integers(1, 40), max_size=3)))
    tiers: list[dict[str, str]] = [{"to": str(end * size), "rate": draw(price())} for end in ends]
    if tiers and draw(st.integers(0, 5)) == 0:
        tiers[-1]["to"] = "average"
    tiers.append({"rate": draw(price())})
    if len(tiers) == 1:
        line["rate"] = tiers[0]["rate"]
    else:
        line["tiers"] = tiers
    usage = ["usage", "average", {"lower_of": ["usage", "average"]}, {"higher_of": ["usage", "2000 gal"]}]
    chosen = draw(st.sampled_from([*usage, {"percent": "80", "of": "usage"}, "usage", "usage"]))
    if chosen != "usage":
        line["volume"] = chosen
    if "average" in str(chosen) or "average" in str(tiers):
        without = draw(st.sampled_from([None, "6000 gal", "usage", "7.5 ccf"]))
        if without:
            line["without_average"] = without
    if draw(st.booleans()):
        line["included"] = draw(st.sampled_from(["1000 gal", "2 kgal", "3 ccf"]))
        line["tiers_begin"] = draw(st.sampled_from(["at_zero", "after_included"]))
    line["quantity"] = draw(st.sampled_from(["exact", "exact", "down", "up", "nearest", {"down": "500 gal"}]))
    return line


@st.composite
def fixed_line(draw: st.DrawFn, name: str) -> dict[str, Any]:
    which = draw(st.integers(0, 2))
    if which == 0:
        return {"name": name, "flat": draw(money())}
    if which == 1:
        return {"name": name, "each": "carts", "rate": draw(money())}
    steps = [
        {"to": "1", "total": draw(money())},
        {"to": "2", "total": draw(money())},
        {"to": "4", "each": draw(money())},
    ]
    return {"name": name, "each": "carts", "for": steps}


@st.composite
def any_line(draw: st.DrawFn, name: str) -> dict[str, Any]:
    line = draw(st.one_of(volume_line(name), fixed_line(name)))
    line["prorate"] = draw(st.sampled_from(["none", "by_day"]))
    line["round"] = draw(st.sampled_from(list(oracle.ROUNDINGS)))
    if draw(st.integers(0, 3)) == 0:
        line["minimum"] = draw(money(3000))
    if draw(st.integers(0, 3)) == 0 and "minimum" not in line:
        line["maximum"] = draw(money(9000))
    if draw(st.integers(0, 5)) == 0:
        line["months"] = draw(st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, unique=True))
        line["months_by"] = draw(st.sampled_from(["day", "first_day", "last_day"]))
    return line


@st.composite
def version(draw: st.DrawFn, from_on: date) -> dict[str, Any]:
    names = [f"line{n}" for n in range(draw(st.integers(1, 3)))]
    lines = [draw(any_line(name)) for name in names]
    if draw(st.booleans()):
        percent = draw(st.sampled_from(["4.5", "60", "0.125"]))
        lines.append({"name": "tax", "percent": percent, "of": [draw(st.sampled_from(names))]})
    if draw(st.booleans()):
        lines.insert(0, {"name": "top", "minimum_of": draw(money(9000)), "of": names, "prorate": "by_day"})
    return {"from": from_on.isoformat(), "lines": lines}


@st.composite
def tariff(draw: st.DrawFn) -> dict[str, Any]:
    versions = [draw(version(START))]
    if draw(st.booleans()):
        versions.append(draw(version(START + timedelta(days=draw(st.integers(1, 40))))))
    return {
        "code": "X",
        "service": "water",
        "authority": "made up",
        "per_days": "28",
        "change": draw(st.sampled_from(["by_day", "by_day", "first_day", "last_day"])),
        "versions": versions,
    }


account = st.tuples(
    st.one_of(st.integers(0, 60_000), st.sampled_from([0, 1, 999, 1000, 10_000, 10_001, 999_999_999])),
    st.one_of(st.none(), st.integers(0, 20_000)),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(0, 60)),
)


@settings(max_examples=150, deadline=None)
@given(tariff(), st.lists(account, min_size=1, max_size=6), st.integers(0, 30), st.integers(1, 60))
def test_equal_to_the_oracle(rules: dict[str, Any], accounts: list[Any], after: int, days: int) -> None:
    (plan,) = read_tariffs(yaml.safe_dump(rules, sort_keys=False), file="x.yaml")
    from_on = START + timedelta(days=after)
    until_on = from_on + timedelta(days=days)
    inputs = Inputs.of(
        gal=[gal for gal, *_ in accounts],
        average_gal=[-1 if average is None else average for _, average, _, _ in accounts],
        count=[count for *_, count, _ in accounts],
        prorate_days=[-1 if part is None else part for *_, part in accounts],
    )
    charges = charge(plan, from_on=from_on, until_on=until_on, inputs=inputs)
    for row, (gal, average, count, part) in enumerate(accounts):
        status = Status(int(charges.status[row]))
        try:
            expected = oracle.bill(rules, from_on, until_on, gal, average, count, part)
        except oracle.NotRated as error:
            # an account may lack both a price and an average; the two say which in their own order
            lacking = {"not_set", "no_average"}
            assert status.name.lower() in (lacking if str(error) in lacking else {str(error)})
            assert not charges.cents[:, row].any()
        else:
            assert status is Status.RATED
            assert charges.of(row) == expected


@pytest.mark.parametrize("name", ["water", "irrigation", "sewer", "sanitation"])
@pytest.mark.parametrize("days", [-1, 14])
def test_moore_over_every_tenth_gallon_equals_the_oracle(name: str, days: int) -> None:
    text = (CITIES / "moore_ok" / "tariffs" / f"{name}.yaml").read_text()
    gal = np.arange(0, 60_000, 617)
    average = np.where(gal % 3 == 0, -1, gal // 2)
    inputs = Inputs.of(gal=gal, average_gal=average, prorate_days=np.full(len(gal), days))
    for plan, rules in zip(read_tariffs(text, file=name), oracle.read(text), strict=True):
        charges = charge(plan, from_on=date(2026, 1, 6), until_on=date(2026, 2, 3), inputs=inputs)
        if not plan.in_use or plan.code == "SAN-DUMPSTER":
            assert (charges.status != Status.RATED).all()
            continue
        for row in range(len(gal)):
            own = None if average[row] < 0 else int(average[row])
            part = None if days < 0 else days
            expected = oracle.bill(rules, date(2026, 1, 6), date(2026, 2, 3), int(gal[row]), own, 1, part)
            assert charges.of(row) == expected


@example(5000)
@given(st.integers(0, 40_000))
def test_the_half_cents_of_norman(usage: int) -> None:
    """Low income 5,000 gallons is 21.145 exactly: 8.17 and 12.975."""
    rules = {
        "code": "L",
        "service": "water",
        "authority": "Norman's page",
        "versions": [
            {
                "from": "2026-01-01",
                "lines": [
                    {"name": "base", "flat": "8.17"},
                    {"name": "water", "per": "1 kgal", "tiers": [{"to": "5", "rate": "2.595"}, {"rate": "4.50"}]},
                ],
            }
        ],
    }
    (plan,) = read_tariffs(yaml.safe_dump(rules), file="n.yaml")
    charges = charge(plan, from_on=START, until_on=date(2026, 2, 1), inputs=Inputs.of(gal=[usage]))
    assert charges.of(0) == oracle.bill(rules, START, date(2026, 2, 1), usage)
