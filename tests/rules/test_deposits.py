"""Deposits: who pays what, why, and what nobody has set."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.deposits import Applicant, Deposit, DepositNotSet, work_out
from curbstop.rules.faults import BadValue
from tests.rules.cities import policies

ON = date(2026, 3, 16)
LETTER = date(2026, 3, 20)


def asked(applicant: Applicant, *, on: date = ON, example: bool = False) -> Deposit:
    found = work_out(policies(example=example), applicant, on=on)
    assert isinstance(found, Deposit), found
    return found


def test_a_renter_in_two_parts() -> None:
    found = asked(Applicant("residential", "rent", instalments=2))
    assert (found.amount_cents, found.instalments_cents) == (10000, (5000, 5000))
    assert found.says == "Residential renters pay a $100 deposit, which may be split over two months."
    assert "FAQ" in found.authority


def test_no_more_parts_than_the_policy_allows() -> None:
    with pytest.raises(BadValue) as refused:
        asked(Applicant("residential", "rent", instalments=3))
    assert refused.value.field == "instalments" and refused.value.remedy == "choose 2 or fewer"


@pytest.mark.parametrize(
    ("applicant", "policy"),
    [
        (Applicant("residential", "own"), "deposit.owner.by_credit"),
        (Applicant("residential", "own", grades=(1,)), "deposit.owner.by_credit"),
        (Applicant("commercial"), "deposit.commercial"),
    ],
)
def test_what_moore_has_not_published_is_a_persons_decision(applicant: Applicant, policy: str) -> None:
    found = work_out(policies(), applicant, on=ON)
    assert isinstance(found, DepositNotSet)
    assert found.policy == policy and found.why and found.says


def test_the_worst_grade_decides() -> None:
    found = asked(Applicant("residential", "own", grades=(1, 2), instalments=2), example=True)
    assert (found.amount_cents, found.instalments_cents) == (30000, (15000, 15000))
    assert "Grade 2 decides" in found.notes[0]


def test_an_owner_without_a_credit_check_or_with_an_unknown_grade() -> None:
    for grades in ((), (9,)):
        found = work_out(policies(example=True), Applicant("residential", "own", grades=grades), on=ON)
        assert isinstance(found, DepositNotSet)


def test_an_old_debt_comes_first() -> None:
    found = asked(Applicant("residential", "rent", owed_cents=14327, instalments=2), example=True)
    assert (found.amount_cents, found.debt_first_cents, found.policy) == (30000, 14327, "deposit.prior_debt")
    assert found.instalments_cents == (15000, 15000)
    without_rule = asked(Applicant("residential", "rent", owed_cents=14327))
    assert without_rule.amount_cents == 10000 and "143.27 is left owing" in without_rule.notes[0]


def test_a_waiver_by_law_says_nothing_of_its_reason() -> None:
    """11 O.S. 35-107; story 21-1: the letter ends on 2026-06-18."""
    letter = Applicant("residential", "rent", paper="certification_letter", paper_on=LETTER)
    found = asked(letter, on=date(2026, 6, 18))
    assert (found.amount_cents, found.instalments_cents, found.confidential) == (0, (), True)
    assert found.says == "No deposit is needed for this account."
    late = asked(letter, on=date(2026, 6, 19))
    assert late.amount_cents == 10000
    assert late.notes == ("The letter ended on 2026-06-18; ask for a new one, or the deposit.",)


def test_a_protective_order_does_not_end_by_days() -> None:
    order = Applicant("residential", "rent", paper="protective_order", paper_on=LETTER)
    assert asked(order, on=date(2027, 3, 1)).amount_cents == 0


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"customer_class": "industrial"}, "class"),
        ({"customer_class": "residential"}, "tenure"),
        ({"customer_class": "residential", "tenure": "squat"}, "tenure"),
        ({"customer_class": "commercial", "paper": "certification_letter"}, "paper_on"),
        ({"customer_class": "commercial", "owed_cents": -1}, "owed"),
        ({"customer_class": "commercial", "instalments": 0}, "instalments"),
    ],
)
def test_facts_that_cannot_be(facts: dict[str, object], field: str) -> None:
    with pytest.raises(BadValue) as refused:
        Applicant(**facts)  # type: ignore[arg-type]
    assert refused.value.field == field and refused.value.remedy


def test_a_paper_of_tomorrow_is_refused() -> None:
    with pytest.raises(BadValue):
        asked(Applicant("residential", "rent", paper="protective_order", paper_on=LETTER), on=ON)


@given(st.integers(1, 2))
def test_parts_add_up(parts: int) -> None:
    found = asked(Applicant("residential", "rent", instalments=parts))
    assert sum(found.instalments_cents) == found.amount_cents and len(found.instalments_cents) == parts
