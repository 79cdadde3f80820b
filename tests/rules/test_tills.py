"""Drawers: counts by denomination, and over and short that are never netted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.tills import BadCount, Counted, Piece, check_counted, compare, over_and_short

T1 = Counted((Piece(10000, 4), Piece(2000, 8), Piece(1000, 3), Piece(500, 4)), coin_cents=35, check_cents=88010)


def test_a_blind_count_by_denomination():
    assert T1.cash_cents == 61035
    cash, checks, orders = compare(T1, {"cash": 41235, "check": 88010}, 20000)
    assert (cash.expected_cents, cash.short_cents, cash.over_cents) == (61235, 200, 0)
    assert (checks.short_cents, checks.over_cents, orders.expected_cents) == (0, 0, 0)


def test_cash_short_and_checks_over_are_both_told():
    counted = Counted((Piece(100, 98),), check_cents=10200)
    assert over_and_short(compare(counted, {"cash": 10000, "check": 10000}, 0)) == (200, 200)


@given(
    st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**5)
)
def test_what_is_over_less_what_is_short_is_the_whole_difference(cash, checks, got_cash, got_checks, float_cents):
    differences = compare(Counted((), cash, checks), {"cash": got_cash, "check": got_checks}, float_cents)
    over, short = over_and_short(differences)
    assert over - short == cash + checks - got_cash - got_checks - float_cents
    assert all(d.over_cents == 0 or d.short_cents == 0 for d in differences)


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (Counted((Piece(300, 1),)), "no such note or coin"),
        (Counted((Piece(100, 1), Piece(100, 2))), "counted twice"),
        (Counted((Piece(100, -1),)), "fewer than none"),
        (Counted((), coin_cents=-5), "not an amount that a drawer holds"),
        (Counted((), check_cents=10**9), "not an amount that a drawer holds"),
    ],
)
def test_counts_that_cannot_be(counted, said):
    with pytest.raises(BadCount, match=said):
        check_counted(counted)


def test_a_count_that_can_be():
    check_counted(T1)
