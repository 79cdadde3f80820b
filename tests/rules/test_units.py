"""Units of volume, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.units import GAL_PER, BadQuantity, from_gal, parse_number, parse_quantity, show_number, to_gal


def test_a_cubic_foot_is_1728_cubic_inches_and_a_gallon_231() -> None:
    assert to_gal(1, "cf") == Fraction(1728, 231)
    assert to_gal(1, "ccf") == 100 * to_gal(1, "cf")
    assert to_gal(1, "kgal") == 1000


@given(st.integers(0, 10**12), st.sampled_from(sorted(GAL_PER)))
def test_there_and_back(amount: int, unit: str) -> None:
    assert from_gal(to_gal(amount, unit), unit) == amount


def test_quantities() -> None:
    assert parse_quantity("1000 gal", field="per").gal == 1000
    assert parse_quantity("1 kgal", field="per").gal == 1000
    assert parse_quantity("7.5 ccf", field="per").gal == Fraction(432000, 77)
    assert str(parse_quantity("1,000 gal", field="per")) == "1,000 gal"


@pytest.mark.parametrize(
    "text", ["", "1000", "gal", "1000 litres", "-1 gal", "1e3 gal", "١ gal", "1.1234567890123456789 gal"]
)
def test_refused(text: str) -> None:
    with pytest.raises(BadQuantity):
        parse_quantity(text, field="per")


def test_numbers() -> None:
    assert parse_number("1,500", field="to") == 1500
    assert parse_number("2.5", field="to") == Fraction(5, 2)
    for bad in ("", "1,50", "2.", "-1", "ten", "nan"):
        with pytest.raises(BadQuantity):
            parse_number(bad, field="to")


def test_shown() -> None:
    assert show_number(12_000) == "12,000"
    assert show_number(Fraction(5, 2)) == "2.5"
    assert show_number(Fraction(-251, 1000)) == "-0.251"
    assert show_number(Fraction(1, 3)) == "0.3333"
