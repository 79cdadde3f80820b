"""Invariants 28, 29 and 30 hold over deposits, refunds and write-offs that were done, and each is seen to break."""

from datetime import date, timedelta

import pytest
from django.db import connection

from curbstop.office import adjustments, deposits, refunds, writeoffs
from curbstop.office.closing import get_proof
from curbstop.office.payments import PayFirst
from curbstop.records.customers.models import Account
from curbstop.records.payments.models import DepositDemand
from tests.books import DAY, at_on, key, person, set_policy
from tests.office.closed import closed_account, serve
from tests.office.payment_town import bill, check, raise_town, take

pytestmark = pytest.mark.django_db
ENDED = DAY - timedelta(90)
MINE = {"28", "29", "30"}


def broken(on: date = DAY) -> dict[str, tuple[str, ...]]:
    return {one.no: one.faults for one in get_proof(on=on).proved if one.no in MINE and not one.holds}


@pytest.fixture
def town(db) -> dict[str, Account]:
    """One account with a deposit held, one refunded, one written off and partly recovered, placed with the agency."""
    raise_town()
    set_policy("deposit.refund.days", 30)
    set_policy("deposit.unclaimed", {"cancel_at_cents": 500, "after_years": 1, "notice_days": 90})
    set_policy("deposit.renter.residential", {"amount_cents": 10_000, "instalments": 2})
    set_policy("approval.limits", [{"role": "supervisor", "up_to_cents": 25_000, "days": 0}])
    set_policy("writeoff.limits", [{"role": "supervisor", "up_to_cents": 25_000, "days": 0}])
    set_policy("agency.terms", [{"agency": "plains", "name": "Plains", "percent": "25", "remits": "net"}])
    for name in ("csr", "supervisor", "finance"):
        person(name, name)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_city (id, code, name, time_zone, body)"
            " values (1, 'town', 'Town', 'America/Chicago', '{}')"
        )
    holds, gone, owes = (
        closed_account(1_000_001, DAY - timedelta(9)),
        closed_account(1_000_002, DAY - timedelta(9)),
        None,
    )
    for of in (holds, gone):
        DepositDemand.objects.create(account=of, cents=10_000, due_on=DAY, authority="test", event_id=1)
        take(of, 10_000, first=PayFirst(words=("deposit",)))
    _refund(gone)
    owes = closed_account(1_000_003, ENDED, tenure="owner")
    bill(owes, due=-80)
    asked = adjustments.request(
        key=key(), by=person("finance"), at=at_on(DAY), kind="write_off", reason="uncollectible", on=DAY,
        inputs={"account_ids": [owes.id], "days_after_due": 60, "least_cents": 1},
    )  # fmt: skip
    _approve(asked)
    writeoffs.place(key=key(), by=person("finance"), at=at_on(DAY), agency="plains", account_ids=(owes.id,), on=DAY)
    writeoffs.recover(key=key(), by=person("csr"), at=at_on(DAY), account_id=owes.id, on=DAY, cents=1000)
    check()
    assert deposits.list_deposits(on=DAY).differs_cents == 0
    return {"holds": holds, "gone": gone, "owes": owes}


def _approve(asked: adjustments.Requested) -> None:
    adjustments.approve(key=key(), by=person("supervisor"), at=at_on(DAY), request_id=asked.request_id, on=DAY)


def _refund(of: Account) -> None:
    asked = adjustments.request(
        key=key(), by=person("csr"), at=at_on(DAY), kind="refund", reason="closed", on=DAY,
        inputs={"account_id": of.id, "source": "deposit"},
    )  # fmt: skip
    _approve(asked)
    (row,) = refunds.list_refunds(on=DAY)
    refunds.send(key=key(), by=person("finance"), at=at_on(DAY), refund_ids=(row.id,), on=DAY)
    refunds.record_check(
        key=key(), by=person("finance"), at=at_on(DAY), refund_id=row.id, number="4471", dated_on=DAY, on=DAY
    )


def behind(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount, f"nothing was changed, so nothing can be seen: {sql}"
        cursor.execute("set local session_replication_role = origin")


def test_what_was_done_by_the_acts_holds(town) -> None:
    assert broken() == {}
    looked = {one.no: one.looked_at for one in get_proof(on=DAY).proved if one.no in MINE}
    assert looked == {"28": 2, "29": 1, "30": 5}


BREAKS = {
    "a deposit nobody was asked for": (
        "delete from payments_depositdemand where id = (select min(id) from payments_depositdemand)",
        "28", "which asked it for no deposit",
    ),
    "deposits that are not where they should be": (
        "update ledger_posting set debit_cents = debit_cents - 1 where debit_cents > 1 and fund = 59 and sub = 0"
        " and gl_id = (select id from ledger_gl where fund = 59 and object = 1010)",
        "28", "differ from the restricted bank",
    ),
    "a check the books do not know": (
        "update payments_refund set cents = cents + 1", "29", "stands in the books",
    ),
    "a refund that no row names": ("delete from payments_refund", "29", "no refund names it"),
    "a file that was changed": ("update payments_payablesfile set cents = cents - 1", "29", "waits on 10-1003"),
    "a memo that was forgotten": ("delete from ledger_posting where sub = 4 and line_no = 5", "30", "differ"),
    "more came back than was written off": (
        "update ledger_posting set credit_cents = credit_cents + 100000 where sub = 4 and credit_cents > 0",
        "30", "more came back",
    ),
    "a list nobody approved": (
        "delete from ledger_verdict where request_id = (select id from ledger_request where kind = 'write_off')",
        "30", "without an approved list",
    ),
    "another debt than was approved": ("update ledger_request set cents = cents - 1 where kind = 'write_off'",
                                       "30", "other debts were written off"),
    "an agency with a debt that is none": (
        "update payments_placement set account_id = (select min(account_id) from payments_refund)",
        "30", "nothing of it is written off",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_is_caught_and_named(what: str, town) -> None:
    sql, no, says = BREAKS[what]
    behind(sql)
    found = broken()
    assert no in found and any(says in fault for fault in found[no]), found


def test_a_deposit_not_refunded_in_the_days_of_the_law(town) -> None:
    last = DAY - timedelta(9) + timedelta(30)
    assert broken(last) == {}
    found = broken(last + timedelta(1))
    assert list(found) == ["29"] and "its deposit was not refunded" in found["29"][0]


def test_a_check_that_outlives_its_clock(town) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select max(upper(during)) from customers_agreement")
    behind("update customers_agreement set during = daterange(lower(during), null) where account_id ="
           f" {town['holds'].id}")  # fmt: skip
    year = date(2027, 3, 2)
    assert broken(year) == {}
    assert "no notice was mailed" in broken(year + timedelta(1))["29"][0]
    behind("update payments_refundcheck set dated_on = dated_on - 1")
    assert "29" in broken(year)


def test_a_renter_who_was_asked_for_nothing(town) -> None:
    of = closed_account(1_000_009, DAY - timedelta(1), tenure="renter")
    found = broken()
    assert of.number in found["28"][0] and "asked for no deposit" in found["28"][0]
    owner = closed_account(1_000_010, DAY - timedelta(1), tenure="owner")
    serve(owner, DAY)
    assert len(broken()["28"]) == 1
