"""Bills: why one differs from another, split to the cent; late charges; due dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curbstop.rules.bills import Billed, OneTime, Rated, due_on, late_cents, why_different
from curbstop.rules.faults import BadValue
from curbstop.rules.tariffs import read_tariffs
from tests.rules.cities import tariffs


def bill(from_on: date, days: int, gal: int, *, average: int = -1, carts: int = 1, **given: object) -> Billed:
    until_on = from_on + timedelta(days=days)
    prorate = int(given.pop("prorate_days", -1))  # type: ignore[call-overload]
    one_time = tuple(given.pop("one_time", ()))  # type: ignore[arg-type]
    parts = (
        Rated("water", tariffs()["W-RES"], from_on, until_on, gal=gal, prorate_days=prorate),
        Rated("sewer", tariffs()["S-RES"], from_on, until_on, gal=gal, average_gal=average, prorate_days=prorate),
        Rated("sanitation", tariffs()["SAN-RES"], from_on, until_on, count=carts, prorate_days=prorate),
    )
    return Billed(until_on + timedelta(days=1), parts, one_time, **given)  # type: ignore[arg-type]


def test_the_page_that_shows_it() -> None:
    """94.59 to 129.92: two more days 2.51, usage 30.93, rates nothing, a late charge of 1.89."""
    last = bill(date(2026, 9, 16), 28, 7000, average=6000)
    late = OneTime("Late fee on the bill of Mon 19 Oct 2026", late_cents(9459, Fraction(2)))
    this = bill(date(2026, 10, 14), 30, 12_000, average=6000, one_time=(late,))
    found = why_different(this, last)
    assert (found.last_cents, found.this_cents, found.cents) == (9459, 12992, 3533)
    assert [(part.code, part.cents) for part in found.parts] == [
        ("days", 251), ("usage", 3093), ("rates", 0), ("one_time", 189),
    ]  # fmt: skip
    days, usage, rates, _ = found.parts
    assert days.says == "28 days, now 30. At 250 gal a day that is 500 gal more"
    assert days.how == ("0.5 kgal × $5.02 = 2.51",)
    assert usage.says == "250 gal a day, now 400: 12,000 gal where 7,500 was usual"
    assert usage.how == ("2.5 kgal × $5.02 = 12.55", "2 kgal × $9.19 = 18.38")
    assert rates.says == "No rate changed"
    assert found.spoken.startswith(
        "This bill is $35.33 more than your last one. $30.93 is for 4,500 gallons above your usual daily use. "
        "$2.51 is for two more days."
    )


def test_story_01_3() -> None:
    last = bill(date(2026, 3, 3), 28, 7000, one_time=(OneTime("New service", 2500),))
    this = bill(date(2026, 3, 31), 28, 14_500)
    found = why_different(this, last, order=("days", "rates", "usage"))
    assert (found.last_cents, found.this_cents, found.cents) == (11959, 15101, 3142)
    assert {part.code: part.cents for part in found.parts} == {"days": 0, "rates": 0, "usage": 5642, "one_time": -2500}
    assert "New service, $25.00, was on the last bill only." in found.spoken


def test_a_first_bill_by_days_and_a_full_one() -> None:
    last = bill(date(2026, 3, 17), 14, 3100, prorate_days=14)
    this = bill(date(2026, 3, 31), 28, 6200)
    found = why_different(this, last)
    assert {part.code: part.cents for part in found.parts if part.cents} == {"days": found.cents}
    assert "Water, base: 4.75, now 9.50" in found.parts[0].how


def test_a_new_average_and_a_second_cart_stand_apart() -> None:
    last = bill(date(2026, 3, 3), 28, 9000)
    this = bill(date(2026, 3, 31), 28, 9000, average=5000, carts=2)
    found = why_different(this, last)
    assert found.part("average") == -345 and found.part("items") == 700
    assert found.cents == 355


def test_a_rate_change() -> None:
    text = """\
code: W-RES
service: water
authority: Resolution 1(26)
versions:
  - from: 2025-07-01
    lines: [{name: water, per: 1000 gal, rate: "5.00"}]
  - from: 2026-03-31
    lines: [{name: water, per: 1000 gal, rate: "6.00"}]
"""
    (tariff,) = read_tariffs(text, file="w.yaml")
    last = Billed(date(2026, 4, 1), (Rated("water", tariff, date(2026, 3, 3), date(2026, 3, 31), gal=1000),))
    this = Billed(date(2026, 4, 29), (Rated("water", tariff, date(2026, 3, 31), date(2026, 4, 28), gal=2000),))
    usage_first = why_different(this, last, order=("days", "usage", "rates"))
    rates_first = why_different(this, last, order=("days", "rates", "usage"))
    assert (usage_first.part("usage"), usage_first.part("rates")) == (500, 200)
    assert (rates_first.part("usage"), rates_first.part("rates")) == (600, 100)
    assert usage_first.parts[2].says == "Rates changed for water"
    assert usage_first.parts[2].how == ("2 kgal × $6.00, was $5.00",)
    assert "No rate changed" not in usage_first.spoken


def test_services_that_come_and_go_and_what_was_owed() -> None:
    last = bill(date(2026, 3, 3), 28, 7000)
    only_water = replace(bill(date(2026, 3, 31), 28, 7000, previous_cents=1234), services=last.services[:1])
    found = why_different(only_water, last)
    assert found.part("services") == -(3845 + 1150)
    assert found.part("previous_balance") == 1234
    assert found.cents == 1234 - 3845 - 1150


def test_a_bill_that_was_billed_otherwise() -> None:
    last = bill(date(2026, 3, 3), 28, 7000)
    water, *rest = bill(date(2026, 3, 31), 28, 7000).services
    trued = replace(water, billed_cents=4464 + 6774)
    found = why_different(Billed(date(2026, 4, 29), (trued, *rest)), last)
    assert found.part("other") == 6774 == found.cents


amounts = st.integers(-5000, 5000)


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(1, 60), st.integers(0, 40_000), st.integers(-1, 9000), st.integers(0, 4), amounts),
    st.tuples(st.integers(1, 60), st.integers(0, 40_000), st.integers(-1, 9000), st.integers(0, 4), amounts),
    st.sampled_from(list(permutations(("days", "usage", "rates", "average", "items")))),
    st.integers(-1, 28),
)
def test_the_parts_always_add_up(
    one: tuple[int, int, int, int, int], two: tuple[int, int, int, int, int], order: tuple[str, ...], part: int
) -> None:
    bills = [
        bill(
            date(2026, 3, 3), days, gal, average=average, carts=carts, prorate_days=part,
            one_time=(OneTime("Fee", fee),), previous_cents=fee // 2,
        )
        for days, gal, average, carts, fee in (one, two)
    ]  # fmt: skip
    found = why_different(bills[0], bills[1], order=order)
    assert sum(part.cents for part in found.parts) == found.cents == found.this_cents - found.last_cents
    assert found.part("other") == 0


def test_what_cannot_be_compared() -> None:
    good = bill(date(2026, 3, 3), 28, 7000)
    with pytest.raises(BadValue, match="explain.order"):
        why_different(good, good, order=("days", "dazes"))
    with pytest.raises(BadValue):
        why_different(bill(date(2026, 3, 3), 28, 7000, carts=5), good)


def test_late_charges() -> None:
    assert [late_cents(cents, Fraction(2)) for cents in (9459, 12458, 9726, 0, -500, 25)] == [189, 249, 195, 0, 0, 1]
    for percent in (Fraction(-1), Fraction(101)):
        with pytest.raises(BadValue):
            late_cents(100, percent)


def test_due_dates() -> None:
    assert due_on(date(2026, 4, 1), 20) == date(2026, 4, 21)
    for days in (0, -1, 367):
        with pytest.raises(BadValue):
            due_on(date(2026, 4, 1), days)
