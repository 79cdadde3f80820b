"""The credit for a leak: the city's formula over the account's own history."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.faults import BadValue
from curbstop.rules.leaks import LeakRule, NoLeak, leak_credit, next_possible, read_rule, weigh_leak
from curbstop.rules.policies import read_policies, value_on
from tests.rules.cities import CITIES, policies

ON = date(2026, 5, 8)
TULSA = {"baseline": ["sewer_cap", "prior_bills"], "prior_bills": 2, "least_percent": 200, "hidden": True,
         "in_writing": True}  # fmt: skip
RULE = read_rule(TULSA)


def test_the_rule_as_tulsa_publishes_it():
    text = (CITIES / "tulsa_ok" / "policies" / "leak.yaml").read_text()
    found = {policy.id: policy for policy in read_policies(text, file="leak.yaml")}
    assert read_rule(value_on(found["leak.rule"], ON)) == RULE  # type: ignore[arg-type]
    assert found["leak.share"].on(ON).value is None and found["leak.once"].on(ON).value is None  # type: ignore[union-attr]


def test_the_default_is_the_example_towns():
    town = policies(example=True)
    assert read_rule(town.table("leak.rule", on=ON)) == RULE
    assert town.percent("leak.share", on=ON) == 50 and town.whole("leak.once", on=ON) == 12


@pytest.mark.parametrize(
    ("used", "prior", "sewer", "baseline"),
    [
        (31_000, [6_800, 6_200], 5_000, 6_500),
        (31_000, [6_800, 6_200], 8_000, 8_000),
        (13_000, [6_800, 6_200], -1, 6_500),
        (31_000, [6_801, 6_200], 5_000, 6_501),
        (31_000, [6_800, 6_200, 90_000], 5_000, 6_500),
    ],
)
def test_the_baseline_is_the_higher_of_sewer_cap_and_prior_bills(used, prior, sewer, baseline):
    assert weigh_leak(RULE, used_gal=used, prior_gal=prior, sewer_gal=sewer).baseline_gal == baseline


@pytest.mark.parametrize(
    ("used", "prior", "sewer", "why"),
    [
        (12_999, [6_800, 6_200], 5_000, "at least 13,000 gallons, 200 percent of 6,500"),
        (31_000, [6_800], 5_000, "1 bills before this one, where the rule averages 2"),
    ],
)
def test_what_is_no_leak(used, prior, sewer, why):
    with pytest.raises(NoLeak, match=why):
        weigh_leak(RULE, used_gal=used, prior_gal=prior, sewer_gal=sewer)


def test_a_sewer_cap_alone_needs_one():
    rule = LeakRule(("sewer_cap",), 0, 150, False, False)
    assert weigh_leak(rule, used_gal=9_000, prior_gal=[], sewer_gal=6_000).least_gal == 9_000
    with pytest.raises(NoLeak, match="no usual use"):
        weigh_leak(rule, used_gal=9_000, prior_gal=[], sewer_gal=-1)


@pytest.mark.parametrize("value", [{**TULSA, "baseline": []}, {**TULSA, "baseline": ["guess"]},
                                   {**TULSA, "prior_bills": 0}])  # fmt: skip
def test_a_rule_that_cannot_be_followed(value):
    with pytest.raises(BadValue):
        read_rule(value)


def test_the_share_is_rounded_half_up_once():
    assert leak_credit(24858, 3263, Fraction(50)) == 10798
    assert leak_credit(3263, 24858, Fraction(50)) == 0


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 100))
def test_never_more_than_the_water_above_the_baseline(water, usual, share):
    assert 0 <= leak_credit(water, usual, Fraction(share)) <= max(water - usual, 0)


def test_the_next_is_possible_after_the_months():
    assert next_possible(date(2026, 5, 11), 12) == date(2027, 5, 11)
    assert next_possible(date(2024, 2, 29), 12) == date(2025, 2, 28)
