"""Story 02-3, its money: a final bill, the deposit applied, the refund by three people, the clock of 11 O.S. 35-107.

The final bill's lines are posted as the story prints them; the bill run has stories of its own. Events are spelled
``deposits.apply``, ``adjustments.request`` and ``adjustments.approve`` of the kind refund, ``refunds.record_check``,
``refunds.notify`` here.
"""

from datetime import date, timedelta

import pytest
from django.db import connection

from curbstop.office import adjustments, deposits, ledger, refunds, tills
from curbstop.office._once import Refused
from curbstop.office.payments import PayFirst
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account
from curbstop.records.payments.models import DepositDemand
from tests.books import account, at_on, key, open_books, person, set_policy
from tests.office.closed import serve
from tests.office.payment_town import bill, take

PAID, ENDED, FINAL = date(2026, 5, 8), date(2026, 7, 10), date(2026, 7, 13)
ASKED, APPROVED, CHECK = date(2026, 7, 14), date(2026, 7, 15), date(2026, 7, 22)
YEAR, OVER = date(2027, 7, 22), date(2027, 10, 20)
LINES = [
    ("water.base", "51-1210", "51-4010", 577),
    ("water.volume", "51-1210", "51-4020", 1481),
    ("sewer.volume", "52-1210", "52-4020", 1018),
    ("sewer.surcharge", "52-1210", "52-4010", 1078),
    ("sanitation.cart", "53-1210", "53-4010", 698),
]


@pytest.fixture
def a1(db) -> Account:
    """A1 at P2 with 100.00 of deposit held and nothing owed."""
    open_books(PAID, FINAL, ASKED, APPROVED, CHECK, YEAR, OVER)
    set_policy("payments.application", "oldest_first")
    set_policy("deposit.refund.days", 30)
    set_policy("deposit.unclaimed", {"cancel_at_cents": 500, "after_years": 1, "notice_days": 90})
    set_policy("approval.limits", [{"role": "supervisor", "up_to_cents": 25_000, "days": 0}])
    for name, role in (("cashier", "cashier"), ("csr", "csr"), ("supervisor", "supervisor"), ("finance", "finance")):
        person(name, role)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_city (id, code, name, time_zone, body)"
            " values (1, 'moore_ok', 'Moore', 'America/Chicago', '{}')"
        )
    of = account(name="R1")
    Account.objects.filter(id=of.id).update(tenure="renter", mail_to=["PO Box 9", "Norman, OK 73069"])
    DepositDemand.objects.create(account=of, cents=10_000, due_on=PAID, authority="Moore", event_id=1)
    clerk = person("cashier")
    tills.install(key=key(), by=person("clock"), at=at_on(PAID), code="T1", name="Till 1")
    tills.open(key=key(), by=clerk, at=at_on(PAID), till="T1", on=PAID, float_cents=0)
    take(of, 10_000, on=PAID, at=at_on(PAID), first=PayFirst(words=("deposit",)))
    serve(of, date(2026, 5, 12), ENDED)
    assert (deposits.held_cents(of.id), ledger.get_balance(of.id)) == (10_000, 0)
    return of


def act_of(name: str) -> Event:
    return Event.objects.filter(act=name, denied=False).latest("id")


def test_final_bill_deposit_applied_refund_and_its_clock(a1: Account) -> None:
    # 2026-07-13 final bill 48.52; the deposit pays it, 51.48 is still held
    assert sum(cents for *_, cents in LINES) == 4852
    bill(a1, LINES, on=FINAL)
    clock = person("clock")
    (applied,) = deposits.apply_finals(by=clock, at=at_on(FINAL), on=FINAL)
    assert (applied.applied_cents, applied.owed_cents, applied.held_cents) == (4852, 0, 5148)
    assert 10_000 - 4852 == 5148 == deposits.held_cents(a1.id) and ledger.get_balance(a1.id) == 0
    seen = deposits.get_deposits(account_id=a1.id, on=FINAL)
    assert seen.refund_by == date(2026, 8, 9) == ENDED + timedelta(30)
    assert deposits.apply_finals(by=clock, at=at_on(FINAL), on=FINAL) == ()

    # 2026-07-14 the clerk requests; waiting, nothing posted
    waiting = adjustments.request(
        key=key(), by=person("csr"), at=at_on(ASKED), kind="refund", reason="closed", on=ASKED,
        inputs={"account_id": a1.id, "source": "deposit"},
    )  # fmt: skip
    assert waiting.cents == 5148 and deposits.held_cents(a1.id) == 5148
    assert "due by 2026-08-09 (11 O.S. 35-107)" in waiting.says
    assert act_of("adjustments.request").by_id == person("csr").id

    # 2026-07-15 the supervisor approves; a check to the account holder only, to the forwarding address
    with pytest.raises(Refused):
        approve(waiting, "csr")
    approve(waiting, "supervisor")
    (row,) = refunds.list_refunds(on=APPROVED)
    assert (row.cents, row.payee, row.mail_to) == (5148, "R1", ("PO Box 9", "Norman, OK 73069"))
    assert deposits.held_cents(a1.id) == 0  # deposit liability of A1 0.00
    refunds.send(key=key(), by=person("finance"), at=at_on(APPROVED), refund_ids=(row.id,), on=APPROVED)

    # 2026-07-22 finance records the check that came back, dated that day
    refunds.record_check(
        key=key(), by=person("finance"), at=at_on(CHECK), refund_id=row.id, number="10442", dated_on=CHECK, on=CHECK
    )
    assert refunds.list_refunds(on=CHECK, account_id=a1.id)[0].state == "cut"
    assert act_of("refunds.record_check").by_id == person("finance").id

    # 2027-07-22 not cashed at one year: more than 5.00, so a notice; cancelled on 2027-10-20 unless cashed before
    assert 5148 - 500 == 4648 and YEAR + timedelta(90) == OVER
    assert refunds.run_clock(by=clock, at=at_on(YEAR - timedelta(1)), on=YEAR - timedelta(1)).noticed == ()
    assert refunds.run_clock(by=clock, at=at_on(YEAR), on=YEAR).noticed == (row.id,)
    noticed = refunds.get_refund(row.id, on=YEAR)
    assert (noticed.state, noticed.noticed_on, noticed.ends_on) == ("noticed", YEAR, OVER)
    assert act_of("refunds.notify").by_id == clock.id
    assert refunds.run_clock(by=clock, at=at_on(OVER), on=OVER).cancelled == (row.id,)


def approve(waiting: adjustments.Requested, who: str) -> adjustments.Decided:
    return adjustments.approve(
        key=key(), by=person(who), at=at_on(APPROVED), request_id=waiting.request_id, on=APPROVED
    )
