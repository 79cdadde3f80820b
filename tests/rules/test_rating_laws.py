"""What holds for every tariff: lines add up, bills do not fall as use rises, a split moves nothing, units scale."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import numpy as np
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from curbstop.rules.plans import Tariff
from curbstop.rules.rating import Charges, Inputs, charge
from curbstop.rules.tariffs import read_tariffs

FROM, UNTIL = date(2026, 1, 6), date(2026, 2, 3)
PRICES = st.integers(0, 2_000_000).map(lambda millionths: f"{millionths // 100_000}.{millionths % 100_000:05d}")
ROUNDINGS = st.sampled_from(["half_up", "half_even", "down", "up"])


def plan(lines: list[dict[str, Any]], versions: tuple[str, ...] = ("2026-01-01",), **fields: Any) -> Tariff:
    rules = {"code": "X", "service": "water", "authority": "made up", "per_days": "28", "inputs": {"units": "1"}}
    dated = [{"from": on, "lines": deepcopy(lines), **fields} for on in versions]
    (found,) = read_tariffs(yaml.safe_dump({**rules, "versions": dated}, sort_keys=False), file="x.yaml")
    return found


def run(tariff: Tariff, **given_inputs: Any) -> Charges:
    found = charge(tariff, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(**given_inputs))
    assert not found.status.any()
    return found


@st.composite
def rising(draw: st.DrawFn) -> dict[str, Any]:
    """A volume line whose tiers cost more and more."""
    ends = sorted(draw(st.sets(st.integers(1, 40), max_size=4)))
    prices = sorted((draw(PRICES) for _ in range(len(ends) + 1)), key=float)
    tiers: list[dict[str, str]] = [{"to": str(end), "rate": rate} for end, rate in zip(ends, prices, strict=False)]
    tiers.append({"rate": prices[-1]})
    kind = draw(ROUNDINGS) + draw(st.sampled_from(["_line", "_tier"]))
    per = draw(st.sampled_from(["1000 gal", "1 ccf"]))
    quantity = draw(st.sampled_from(["exact", "down", "up", "nearest"]))
    return {"name": "water", "per": per, "tiers": tiers, "round": kind, "quantity": quantity}


@settings(max_examples=50, deadline=None)
@given(rising(), st.lists(st.integers(0, 90_000), min_size=2, max_size=20), st.booleans(), ROUNDINGS)
def test_lines_sum_to_the_total_and_bills_never_fall(
    line: dict[str, Any], used: list[int], once: bool, how: str
) -> None:
    lines = [{"name": "base", "flat": "9.50"}, line, {"name": "tax", "percent": "4.125", "of": "all"}]
    found = run(plan(lines, **({"round_bill": how} if once else {})), gal=sorted(used))
    assert (found.cents.sum(axis=0) == found.total_cents).all()
    assert (np.diff(found.total_cents) >= 0).all()
    assert ([one.name for one in found.lines][-1] == "rounding") == once
    if once:
        assert np.abs(found.cents[-1]).max() <= 3


@settings(max_examples=30, deadline=None)
@given(rising(), st.integers(0, 90_000), st.integers(1, 27), st.booleans())
def test_a_split_without_a_rate_change_moves_no_line(line: dict[str, Any], gal: int, after: int, once: bool) -> None:
    lines = [{"name": "base", "amount": "units * 9.333"}, line, {"name": "tax", "percent": "4.125", "of": "all"}]
    more = {"round_bill": "half_up"} if once else {}
    whole = run(plan(lines, **more), gal=[gal])
    split = run(plan(lines, ("2026-01-01", (FROM + timedelta(days=after)).isoformat()), **more), gal=[gal])
    assert split.of(0) == whole.of(0)


@settings(max_examples=30, deadline=None)
@given(rising(), st.integers(0, 30_000), st.integers(1, 9))
def test_units_scale_exactly(line: dict[str, Any], gal: int, units: int) -> None:
    """So many units that use as much as one cost that many times as much, before rounding: cents on exact prices."""
    exact = {**line, "tiers": [{**tier, "rate": tier["rate"][:-3]} for tier in line["tiers"]], "per": "1 gal"}
    exact |= {"round": "half_up_line"}
    for how in ("limits", "mean"):
        scaled = plan([{**exact, "scale": {"by": "units", "how": how}}])
        one = run(scaled, gal=[gal]).total_cents[0]
        many = run(scaled, gal=[gal * units], facts={"units": [units]}).total_cents[0]
        assert many == one * units


@settings(max_examples=30, deadline=None)
@given(rising(), st.integers(0, 90_000), st.integers(0, 28))
def test_cancel_and_rebill_with_the_same_inputs_is_nothing(line: dict[str, Any], gal: int, days: int) -> None:
    tariff = plan([{"name": "base", "flat": "9.50", "prorate": "by_day"}, line], round_bill="half_even")
    first = run(tariff, gal=[gal], prorate_days=[days])
    again = run(tariff, gal=[gal] * 3, prorate_days=[days] * 3)
    assert (again.cents - first.cents == 0).all()
