"""Money: what is taken as an amount, and the named roundings, alone and over arrays."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curbstop.rules.money import (
    MOST_CENTS,
    BadAmount,
    MoneyOverflow,
    Rounding,
    parse_amount,
    parse_price,
    round_array,
    round_cents,
    show,
    show_price,
)

DECIMAL = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.UP: ROUND_UP,
}


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12", 1200),
        ("12.50", 1250),
        ("1,234.50", 123450),
        ("$12.50", 1250),
        (" $ 0.01 ", 1),
        ("0", 0),
        ("007.00", 700),
        ("9,999,999.99", MOST_CENTS),
    ],
)
def test_taken(text: str, cents: int) -> None:
    assert parse_amount(text, field="amount") == cents


@pytest.mark.parametrize(
    "text",
    ["12.5", "12.505", "12.", ".50", "NaN", "nan", "inf", "-inf", "1e3", "12,34", "1,2345", "1.234,50", "", "  ", "$",
     "12 50", "twelve", "١٢.٥٠", "１２", "²", "1_000", "0x10", "10,000,000.00", "99999999999999999999", "-5.00",
     "--5", "$-5", "12.50 USD", "12\n50"],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(BadAmount) as refused:
        parse_amount(text, field="amount")
    error = refused.value
    assert (error.field, error.value) == ("amount", text)
    assert error.why and error.remedy


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(BadAmount):
        parse_amount(12.5, field="amount")  # type: ignore[arg-type]


def test_below_zero_only_where_it_may_be() -> None:
    assert parse_amount("-5.00", field="amount", allow_negative=True) == -500


@given(st.integers(-MOST_CENTS, MOST_CENTS))
def test_what_is_shown_is_read_back(cents: int) -> None:
    assert parse_amount(show(cents), field="amount", allow_negative=True) == cents


def test_prices() -> None:
    assert parse_price("5.02", field="rate") == 502
    assert parse_price("2.595", field="rate") == Fraction(519, 2)
    assert show_price(Fraction(519, 2)) == "2.595"
    assert show_price(Fraction(950)) == "9.50"
    assert show_price(Fraction(-100, 3)) == "-0.333333..."
    for bad in ("1.1234567890123456789", "1,000", "$5", "nan", "1e2", "", "99999999"):
        with pytest.raises(BadAmount):
            parse_price(bad, field="rate")


@pytest.mark.parametrize(
    ("cents", "half_up", "half_even", "down", "up"),
    [("1.5", 2, 2, 1, 2), ("2.5", 3, 2, 2, 3), ("2.4", 2, 2, 2, 3), ("-2.5", -3, -2, -2, -3), ("0.5", 1, 0, 0, 1),
     ("189.18", 189, 189, 189, 190), ("1069.5", 1070, 1070, 1069, 1070)],
)  # fmt: skip
def test_a_table_of_roundings(cents: str, half_up: int, half_even: int, down: int, up: int) -> None:
    exact = Fraction(cents)
    found = [round_cents(rounding, exact.numerator, exact.denominator) for rounding in Rounding]
    assert found == [half_up, half_even, down, up]


@given(st.sampled_from(Rounding), st.integers(-(10**24), 10**24), st.integers(1, 10**9))
def test_roundings_are_decimals_roundings(rounding: Rounding, numerator: int, denominator: int) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = (Decimal(numerator) / denominator).quantize(Decimal("1e-20")).quantize(Decimal(1), DECIMAL[rounding])
    assert round_cents(rounding, numerator, denominator) == int(exact)


@example(Rounding.HALF_UP, [-(2**63)], 1)
@example(Rounding.HALF_UP, [-(2**63), 0], 1)
@given(
    st.sampled_from(Rounding),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=8),
    st.one_of(st.integers(1, 10_000), st.integers(1, 2**62)),
)
def test_an_array_is_its_elements(rounding: Rounding, numerators: list[int], denominator: int) -> None:
    expected = [round_cents(rounding, numerator, denominator) for numerator in numerators]
    if any(abs(cents) > 2**63 - 1 for cents in expected):
        with pytest.raises(MoneyOverflow):
            round_array(rounding, np.array(numerators, dtype=np.int64), denominator)
        return
    assert round_array(rounding, np.array(numerators, dtype=np.int64), denominator).tolist() == expected


def test_what_does_not_fit_is_refused_and_not_wrapped() -> None:
    wide = np.array([10**30], dtype=object)
    with pytest.raises(MoneyOverflow):
        round_array(Rounding.HALF_UP, wide, 1)
    assert round_array(Rounding.HALF_UP, wide, 10**25).tolist() == [100_000]


def test_a_denominator_is_above_zero() -> None:
    for denominator in (0, -1):
        with pytest.raises(ValueError, match="above zero"):
            round_cents(Rounding.DOWN, 1, denominator)
        with pytest.raises(ValueError, match="above zero"):
            round_array(Rounding.DOWN, np.array([1]), denominator)
