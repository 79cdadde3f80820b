"""Debt written off, kept, brought back; the agency's share; the provision. No cent is lost on the way."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.faults import BadValue
from curbstop.rules.ledger import check_balance, check_recipe, object_of
from curbstop.rules.writeoffs import (
    Criteria,
    Debt,
    Item,
    agency_invoice,
    agency_paid,
    by_fund,
    provide,
    provision,
    recover,
    take,
    why_not,
    write_off,
)

ON = date(2026, 3, 2)
A3 = (Item(3, "52-1210", 6, 3, "sewer.volume", 1000), Item(3, "53-1210", 6, 5, "sanitation.cart", 1150))
LINES = st.tuples(st.sampled_from([51, 52, 53]), st.sampled_from([1210, 1220, 1230]), st.integers(1, 50_000))


def items_of(rows: list[tuple[int, int, int]]) -> tuple[Item, ...]:
    return tuple(Item(1, f"{fund}-{object}", 9, n, "k", cents) for n, (fund, object, cents) in enumerate(rows, 1))


ITEMS = st.lists(LINES, min_size=1, max_size=6).map(items_of)


def told(legs) -> list[str]:
    return [f"{'D' if leg.debit_cents else 'C'}{leg.gl} {leg.debit_cents or leg.credit_cents}" for leg in legs]


def test_the_worked_examples() -> None:
    """E64, E65 and E66 of the design of the books."""
    assert told(write_off(A3)) == [
        "D52-1290 1000", "C52-1210 1000", "D52-1295 1000", "C52-1296 1000",
        "D53-1290 1150", "C53-1210 1150", "D53-1295 1150", "C53-1296 1150",
    ]  # fmt: skip
    assert told(recover(A3[:1])) == ["D52-1210 1000", "C52-1290 1000", "C52-1295 1000", "D52-1296 1000"]
    assert told(agency_paid(A3[:1], batch=7, line=1, commission_cents=250)) == [
        "D10-1060 750", "D52-5130 250", "C52-1210 1000", "C10-2852 750", "D52-1010 750",
    ]  # fmt: skip
    assert told(agency_invoice(A3[:1], 250)) == ["D52-5130 250", "C52-2140 250"]
    assert told(provide({52: 1500, 53: 1500})) == ["D52-4390 1500", "C52-1290 1500", "D53-4390 1500", "C53-1290 1500"]


@given(ITEMS)
def test_written_off_and_recovered_leaves_every_item_as_it_was(items) -> None:
    off, back = write_off(items), recover(items)
    check_balance(off), check_balance(back), check_recipe("write_off", off), check_recipe("recover", back)
    sums: dict[tuple[str, int | None], int] = {}
    for leg in (*off, *back):
        sums[leg.gl, leg.line] = sums.get((leg.gl, leg.line), 0) + leg.net_cents
    assert set(sums.values()) == {0}


@given(ITEMS, st.data())
def test_what_an_agency_collected_is_what_it_paid_and_kept(items, data) -> None:
    gross = sum(item.cents for item in items)
    commission = data.draw(st.integers(0, gross))
    legs = agency_paid(items, batch=7, line=1, commission_cents=commission)
    check_balance(legs), check_recipe("agency", legs)
    assert sum(leg.debit_cents for leg in legs if leg.gl == "10-1060") == gross - commission
    assert sum(leg.debit_cents for leg in legs if object_of(leg.gl) == 5130) == commission
    assert sum(leg.credit_cents for leg in legs if object_of(leg.gl) in (1210, 1220, 1230)) == gross


@given(ITEMS, st.integers(0, 500_000))
def test_a_share_over_funds_loses_no_cent(items, cents: int) -> None:
    shares = by_fund(items, cents)
    assert sum(shares.values()) == cents and all(share > 0 for share in shares.values())


@given(ITEMS, st.integers(0, 500_000))
def test_an_amount_reaches_items_in_order(items, cents: int) -> None:
    reached, rest = take(items, cents)
    assert sum(item.cents for item in reached) + rest == cents
    assert rest == 0 or sum(item.cents for item in items) == cents - rest
    assert all(part.cents == whole.cents for part, whole in zip(reached[:-1], items, strict=False))


def test_a_commission_above_what_was_collected_is_refused() -> None:
    with pytest.raises(BadValue, match="more than the 10.00 collected"):
        agency_paid(A3[:1], batch=7, line=1, commission_cents=1001)


GOOD = Debt(1, ON - timedelta(90), ON - timedelta(60), 2150, 0, 0, 0)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, ""),
        ({"closed_on": None}, "Its service goes on"),
        ({"closed_on": ON + timedelta(1)}, "Its service goes on"),
        ({"open_cents": 0}, "owes nothing"),
        ({"stayed_cents": 1}, "stayed by a bankruptcy"),
        ({"deposit_cents": 1}, "deposit of 0.01 is held"),
        ({"credit_cents": 1}, "credit of 0.01 is unapplied"),
        ({"last_due_on": ON - timedelta(59)}, "not 60 days past due"),
        ({"last_due_on": None}, "not 60 days past due"),  # a blank date is never taken for an old one
        ({"open_cents": 99}, "0.99 is under 1.00"),
        ({"open_cents": 50_001}, "500.01 is over 500.00"),
    ],
)
def test_why_an_account_cannot_be_on_a_list(changed: dict[str, object], says: str) -> None:
    from dataclasses import replace

    found = why_not(replace(GOOD, **changed), Criteria(60, 100, 50_000), on=ON)  # type: ignore[arg-type]
    assert says in found and bool(says) == bool(found)


@pytest.mark.parametrize("given_", [(-1, 1, None), (60, 0, None), (60, 200, 100)])
def test_criteria_that_cannot_be(given_: tuple[int, int, int | None]) -> None:
    with pytest.raises(BadValue):
        Criteria(*given_)


def test_the_provision_follows_age_and_never_takes_back() -> None:
    rows = [{"bucket": "over 90", "percent": "50"}, {"bucket": "61-90", "percent": "10"}]
    found = provision({(51, "over 90"): 1001, (51, "61-90"): 1000, (52, "current"): 9999}, rows, {51: 0, 52: 700})
    assert [(one.fund, one.wanted_cents, one.add_cents) for one in found] == [(51, 601, 601), (52, 0, 0)]
