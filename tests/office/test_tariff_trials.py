"""The dry run: what a draft would have brought on the bills that were issued."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.db import connection

import curbstop
from curbstop.office import _trials, tariffs
from curbstop.office._once import Refused
from curbstop.rules.periods import BadPeriod
from curbstop.rules.rating import Inputs, charge
from curbstop.rules.tariffs import TariffErrors, read_tariffs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_town")]

WATER = Path(curbstop.__file__).parent / "cities" / "moore_ok" / "tariffs" / "water.yaml"
YEAR = {"from_on": date(2024, 1, 1), "until_on": date(2027, 1, 1)}


def water() -> str:
    return WATER.read_text().split("\n---")[0]


def billed() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.account_id, g.tariff_id, o.from_on, o.until_on, o.usage_gal, o.average_gal, o.items,"
            " o.prorate_days, o.cents from bills_outcome o join customers_agreement g on g.id = o.agreement_id"
            " where o.code = 'billed'"
        )
        return cursor.fetchall()


def test_the_tariff_in_force_changes_nothing() -> None:
    found = tariffs.try_draft(text=water(), file="water.yaml", **YEAR)
    assert found.now_cents == found.would_cents == sum(row[-1] for row in billed())
    assert [bin.households for bin in found.bins if bin.from_cents == 0] == [found.households]
    assert found.most_more == found.most_less == () and not found.unrated


def test_a_dearer_tier_comes_to_what_rating_one_by_one_comes_to() -> None:
    text = water().replace('rate: "5.02"', 'rate: "6.37"')
    draft = read_tariffs(text, file="x")[0]
    draft = replace(draft, versions=(replace(draft.versions[0], period=replace(draft.versions[0].period,
                    from_on=date(1990, 1, 1))),))  # fmt: skip
    now, would = {}, {}
    for account, code, from_on, until_on, gal, average, items, days, cents in billed():
        new = cents
        if code == "W-RES":
            inputs = Inputs.of(gal=[gal], average_gal=[average], count=[items], prorate_days=[days])
            new = int(charge(draft, from_on=from_on, until_on=until_on, inputs=inputs).total_cents[0])
        now[account], would[account] = now.get(account, 0) + cents, would.get(account, 0) + new
    found = tariffs.try_draft(text=text, file="x", **YEAR)
    assert (found.now_cents, found.would_cents) == (sum(now.values()), sum(would.values()))
    rows = tariffs.list_changes(found)
    assert {row.account_id: (row.now_cents, row.would_cents) for row in rows} == {
        account: (now[account], would[account]) for account in now
    }
    gains = sorted((would[account] - now[account] for account in now), reverse=True)
    assert [row.change_cents for row in found.most_more] == [gain for gain in gains[:20] if gain > 0]
    assert all(row.number and row.address for row in found.most_more)
    assert {row.service for row in found.services if row.change_cents} == {"water"}
    assert sum(bin.households for bin in found.bins) == found.households - found.left_out


def test_a_draft_that_asks_for_dates_is_rated_period_by_period() -> None:
    text = water().replace('flat: "9.50", prorate: by_day', 'flat: "9.50", prorate: by_day, months: [1, 2]', 1)
    if text == water():
        pytest.fail("the base line of Moore's water is written otherwise now: adapt this test")
    text = text.split("    examples:")[0]
    found = tariffs.try_draft(text=text, file="x", **YEAR)
    assert found.would_cents < found.now_cents


def test_what_cannot_be_rated_is_counted_and_left_out() -> None:
    text = water().split("    examples:")[0].replace('flat: "9.50"', "flat: not set, why_not_set: Not read", 1)
    found = tariffs.try_draft(text=text, file="x", **YEAR)
    rows = [row for row in billed() if row[1] == "W-RES"]
    assert [(row.status, row.bills, row.now_cents) for row in found.unrated] == [
        ("not_set", len(rows), sum(row[-1] for row in rows))
    ]
    assert found.left_out == len({row[0] for row in rows})
    assert found.now_cents == found.would_cents == sum(row[-1] for row in billed()) - sum(row[-1] for row in rows)


def test_a_draft_may_ask_for_what_the_office_knows() -> None:
    text = """
code: W-RES
service: water
authority: A
inputs: {meter: required}
versions:
  - from: 2027-01-01
    lines:
      - {name: base, flat: {by: meter, values: {"5/8": "12.00"}, otherwise: "99.00"}}
"""
    try:
        read_tariffs(text, file="x")
    except TariffErrors as wrong:
        pytest.fail(str(wrong))
    found = tariffs.try_draft(text=text, file="x", **YEAR)
    assert not found.unrated and any("known for the last day of its period" in note for note in found.notes)
    rows = sum(row[1] == "W-RES" for row in billed())
    water_row = next(row for row in found.services if (row.service, row.customer_class) == ("water", "residential"))
    assert water_row.would_cents == rows * 1200


def test_examples_that_do_not_come_out_are_named() -> None:
    found = tariffs.try_draft(text=water().replace('rate: "5.02"', 'rate: "6.37"'), file="x", **YEAR)
    assert found.versions[0].wrong and "expected" in found.versions[0].wrong[0]


def test_a_code_that_nobody_has_changes_nothing() -> None:
    found = tariffs.try_draft(text=water().replace("code: W-RES", "code: W-NEW"), file="x", **YEAR)
    assert not found.versions[0].known and "changes no figure" in found.notes[0] and not found.change_cents


def test_faults_days_and_no_bills() -> None:
    with pytest.raises(TariffErrors):
        tariffs.try_draft(text="code: x", file="x", **YEAR)
    with pytest.raises(BadPeriod):
        tariffs.try_draft(text=water(), file="x", from_on=date(2026, 1, 1), until_on=date(2026, 1, 1))
    with pytest.raises(Refused, match="No bill was issued"):
        tariffs.try_draft(text=water(), file="x", from_on=date(2001, 1, 1), until_on=date(2002, 1, 1))


def test_bins_mirror_each_other_and_lose_nobody() -> None:
    change = np.array([0, 0, 1, 50, 51, -1, -50, -51, 900], dtype=np.int64)
    bins = _trials._bins(change)
    assert sum(bin.households for bin in bins) == len(change)
    assert next(bin.households for bin in bins if bin.from_cents == 0) == 2
    for bin in bins:
        low = -(10**9) if bin.from_cents is None else bin.from_cents
        high = 10**9 if bin.until_cents is None else bin.until_cents
        assert bin.households == ((change >= low) & (change <= high)).sum()
    assert _trials._bins(np.empty(0, dtype=np.int64)) == ()
