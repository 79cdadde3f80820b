"""The late charge: the city's percent of the bill, split so that no cent is lost."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.bills import late_cents
from curbstop.rules.delinquency import late_charge

AMOUNTS = st.dictionaries(st.sampled_from(["water", "sewer", "sanitation", "stormwater"]), st.integers(0, 10_000_000))


def test_two_percent_of_94_59_by_largest_remainder() -> None:
    assert late_charge({"water": 4464, "sewer": 3845, "sanitation": 1150}, Fraction(2)) == {
        "water": 89,
        "sewer": 77,
        "sanitation": 23,
    }


@given(AMOUNTS, st.fractions(0, 25))
def test_the_parts_add_up_and_none_is_more_than_a_cent_off_its_share(billed: dict[str, int], percent: Fraction) -> None:
    parts = late_charge(billed, percent)
    total = sum(billed.values())
    assert sum(parts.values()) == late_cents(total, percent)
    for service, cents in parts.items():
        assert abs(cents - Fraction(sum(parts.values()) * billed[service], total)) < 1


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        late_charge({"water": -1}, Fraction(2))
