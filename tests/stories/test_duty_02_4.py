"""Story 02-4: the account audit finds a second cart that nobody bills: asked, approved, charged, then billed."""

from datetime import date

import pytest

from curbstop.office import adjustments, auditing, ledger, payments, refuse
from curbstop.office._once import Refused
from curbstop.records.customers.models import Agreement
from tests.office.conftest import city as city
from tests.office.scene import at_on, by, key, move_in, point, premise, read
from tests.stories.meter_town import FEB, LAST_MARCH, MARCH, last_bill, lines, open_days, run_bills, set_policy

APRIL, ASKED, APPROVED = date(2026, 4, 28), date(2026, 4, 6), date(2026, 4, 7)
BEGINS, BILLED = date(2026, 1, 6), (date(2026, 2, 4), date(2026, 3, 4), date(2026, 4, 1))


def found(on: date, account: int, code: str = "carts_more") -> list[str]:
    checks = {check.code: check for check in auditing.audit(on=on, account_id=account)}
    return [row.figure for row in checks[code].findings]


@pytest.mark.django_db
def test_a_second_cart_that_nobody_bills(city: None) -> None:
    set_policy("backbill.limit_months", 12)
    set_policy("backbill.plan", "as_long")
    open_days(*BILLED, ASKED, APPROVED, date(2026, 4, 29))
    a4 = move_in(4, BEGINS, 4_000, name="A4", tenure="owner")
    refuse.count_carts(
        key=key(), by=by("finn"), at=at_on(BEGINS), premise_id=premise(4), count=2, on=BEGINS, words="delivered"
    )
    for day, bill_on, register in zip((FEB, MARCH, LAST_MARCH), BILLED, (9_200, 14_500, 19_600), strict=True):
        read(4, day, register)
        run_bills(bill_on)
    before = ledger.get_balance(a4)
    assert found(ASKED, a4) == ["carts on the ground 2, carts billed 1"]
    asked = adjustments.request(
        key=key(), by=by("cleo"), at=at_on(ASKED), kind="back_bill", reason="carts", on=ASKED,
        inputs={"account_id": a4, "premise_id": premise(4)},
    )  # fmt: skip
    assert asked.cents == 3 * (1850 - 1150) == 2100 and ledger.get_balance(a4) == before
    given = {"key": key(), "at": at_on(APPROVED), "request_id": asked.request_id, "on": APPROVED}
    with pytest.raises(Refused):
        adjustments.approve(**given, by=by("cleo"))
    done = adjustments.approve(**given, by=by("sue"))
    assert adjustments.approve(**given, by=by("sue")) == done
    assert ledger.get_balance(a4) - before == 2100
    assert done.letter[0] == (
        "Two carts are $18.50. Three bills had one cart at $11.50, so $21.00 was missing; you may pay it over three"
        " bills."
    )
    assert "$7.00 on each of 3 bills" in done.letter[-1]
    assert "back_bill_letter" in {row.kind for row in payments.list_letters() if row.account_id == a4}
    held = Agreement.objects.filter(account_id=a4, service_point_id=point(4, "sanitation")).order_by("id")
    assert [(row.items, row.during.lower) for row in held] == [(1, BEGINS), (2, LAST_MARCH)]

    read(4, APRIL, 24_800)
    run_bills(date(2026, 4, 29))
    assert lines(last_bill(a4)) == {
        "water.base": 950, "water.volume": 2610, "sewer.volume": 1794, "sewer.surcharge": 1775, "sanitation.cart": 1850
    }  # fmt: skip
    assert last_bill(a4).total_cents == 8979 and ledger.get_balance(a4) - before == 2100 + 8979
    assert found(date(2026, 4, 29), a4) == []
    with pytest.raises(Refused, match="No bill of this time had too few carts"):
        adjustments.request(
            key=key(), by=by("cleo"), at=at_on(APRIL), kind="back_bill", reason="carts", on=date(2026, 4, 29),
            inputs={"account_id": a4, "premise_id": premise(4)},
        )  # fmt: skip
