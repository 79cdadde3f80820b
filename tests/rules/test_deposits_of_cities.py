"""The written guidelines of Owasso, Stroud and Tahlequah, as their packs say them (facts 2.4 to 2.6)."""

from __future__ import annotations

from datetime import date

import pytest

from curbstop.rules.deposits import Applicant, Deposit, DepositNotSet, increase, looks_back, work_out
from tests.rules.cities import policies, policies_under

ON = date(2026, 4, 20)
HOME, SHOP = "residential", "commercial"


@pytest.mark.parametrize(
    ("city", "applicant", "parts", "decided"),
    [
        ("owasso_ok", Applicant(HOME, "own"), (7500,), "deposit.owner.residential"),
        ("owasso_ok", Applicant(HOME, "own", no_ssn=True), (7500,), "deposit.owner.residential"),
        ("owasso_ok", Applicant(HOME, "rent"), (12500,), "deposit.renter.residential"),
        ("owasso_ok", Applicant(SHOP), (12500,), "deposit.commercial"),
        ("stroud_ok", Applicant(HOME, "own", grades=(1,)), (7500,), "deposit.owner.by_credit"),
        ("stroud_ok", Applicant(HOME, "rent", grades=(1, 2), instalments=2), (15000, 15000), "deposit.owner.by_credit"),
        ("stroud_ok", Applicant(HOME, "own", grades=(3,), instalments=3), (20000,) * 3, "deposit.owner.by_credit"),
        ("stroud_ok", Applicant(HOME, "rent", letter_months=12), (7500,), "deposit.letter_of_credit"),
        ("stroud_ok", Applicant(HOME, "rent", late=2), (7500,), "deposit.standing"),
        ("stroud_ok", Applicant(HOME, "own", owed_cents=14327, instalments=2), (15000, 15000), "deposit.prior_debt"),
        ("stroud_ok", Applicant(SHOP, late=0), (10000,), "deposit.commercial"),
        ("stroud_ok", Applicant(SHOP, letter_months=12), (10000,), "deposit.commercial"),
        ("stroud_ok", Applicant(SHOP, late=3, average_cents=20_025), (40_050,), "deposit.commercial"),
        ("stroud_ok", Applicant(SHOP, estimate_cents=9_000), (18_000,), "deposit.commercial"),
        ("tahlequah_ok", Applicant(HOME, "rent"), (5000,), "deposit.renter.residential"),
        ("tahlequah_ok", Applicant(HOME, "own", grades=(2,)), (5000,), "deposit.owner.residential"),
        ("tahlequah_ok", Applicant(SHOP, largest_cents=10_001), (15_002,), "deposit.commercial"),  # 150.015, half up
        ("tahlequah_ok", Applicant(SHOP, largest_cents=3_333), (5000,), "deposit.commercial"),  # 49.995 is below 50.00
        ("tahlequah_ok", Applicant(SHOP, estimate_cents=20_000), (30_000,), "deposit.commercial"),
    ],
)
def test_a_guideline_decides(city: str, applicant: Applicant, parts: tuple[int, ...], decided: str) -> None:
    found = work_out(policies_under(city), applicant, on=ON)
    assert isinstance(found, Deposit), found
    assert (found.instalments_cents, found.policy) == (parts, decided)
    assert found.amount_cents == sum(parts) and found.says.endswith(".") and found.authority


@pytest.mark.parametrize(
    ("city", "applicant", "why"),
    [
        ("stroud_ok", Applicant(HOME, "rent"), "no credit check is on file"),
        ("stroud_ok", Applicant(HOME, "own", no_ssn=True), "Service may not be refused"),
        ("stroud_ok", Applicant(HOME, "rent", late=3), "no credit check is on file"),  # no good standing: the check
        ("stroud_ok", Applicant(SHOP), "estimate a month's bill"),
        ("tahlequah_ok", Applicant(SHOP), "estimate a month's bill"),
    ],
)
def test_what_a_guideline_leaves_open_is_a_persons_decision(city: str, applicant: Applicant, why: str) -> None:
    found = work_out(policies_under(city), applicant, on=ON)
    assert isinstance(found, DepositNotSet) and why in found.why


def test_a_letter_that_is_too_short_says_so() -> None:
    found = work_out(policies_under("stroud_ok"), Applicant(HOME, "rent", letter_months=11, grades=(1,)), on=ON)
    assert found.notes[0] == "The letter is of 11 months on time; 12 are needed."
    moore = work_out(policies(), Applicant(HOME, "rent", letter_months=24), on=ON)
    assert isinstance(moore, Deposit) and moore.amount_cents == 10_000 and "counts for nothing yet" in moore.notes[0]


def test_the_working_of_a_multiple_is_told() -> None:
    found = work_out(policies_under("tahlequah_ok"), Applicant(SHOP, largest_cents=10_001), on=ON)
    assert found.notes == ("1.5 x 100.01, the largest bill here in 12 months, is 150.02; the least is 50.00.",)
    assert looks_back(policies_under("tahlequah_ok"), on=ON) == {"bills": 12, "late": 0}
    assert looks_back(policies_under("stroud_ok"), on=ON) == {"bills": 24, "late": 24}
    assert looks_back(policies(), on=ON) == {"bills": 0, "late": 0}


def test_increments_of_two_cities_and_a_ceiling() -> None:
    more = {"held_cents": 26_500, "asked_cents": 0, "billed_cents": 114_790, "on": ON}
    owasso, tahlequah = increase(policies_under("owasso_ok"), **more), increase(policies_under("tahlequah_ok"), **more)
    assert (owasso.cents, owasso.ceiling_cents) == (2500, None)
    assert (tahlequah.cents, tahlequah.ceiling_cents) == (1000, 28_698)
