"""The proof of approvals: it holds over requests of every kind, and each invariant is seen to break."""

import pytest
from django.db import connection

from curbstop.office import links
from curbstop.office.closing import get_proof
from curbstop.office.payments import Tender
from tests.books import DAY, account, at_on, key, person, set_policy
from tests.office.payment_town import bill, check, raise_town, reverse, take
from tests.office.requests import approve, ask, people, refuse, set_limits, withdraw

NUMBERS = {"19", "20", "21", "22", "23"}


@pytest.fixture
def town(db):
    """Every kind of request, approved, refused, withdrawn and waiting; a moved payment that came back."""
    raise_town()
    people()
    set_limits()
    set_policy("void.when", "same day, drawer still open")
    of, other, own = account(1_000_001), account(1_000_002), account(1_000_003)
    for one in (of, other, own):
        bill(one)
    approve(ask(account_id=of.id, cents=18000 // 2))
    approve(ask(account_id=of.id, cents=459))
    refuse(ask(account_id=other.id, cents=100))
    withdraw(ask(account_id=other.id, cents=100))
    ask(account_id=other.id, cents=100)
    approve(ask("cashier", kind="void", reason="wrong_amount", series="T1", no=take(other, 300).no))
    receipt = take(of, 2000, Tender("check", 2000, "7"))
    approve(
        ask(
            kind="move_payment", reason="wrong_account", series="T1", no=receipt.no, from_account_id=of.id,
            to_account_id=other.id,
        )
    )  # fmt: skip
    reverse(receipt)
    links.link(key=key(), by=person("supervisor"), at=at_on(DAY), account_id=own.id, username="clerk", on=DAY)
    take(own, 100)
    check()
    return own


def broken():
    return {one.no: one.faults for one in get_proof(on=DAY).proved if not one.holds and one.no in NUMBERS}


def test_it_holds_and_was_looked_at(town):
    proved = {one.no: one for one in get_proof(on=DAY).proved if one.no in NUMBERS}
    assert [(no, one.faults) for no, one in proved.items() if not one.holds] == []
    assert {no: one.looked_at for no, one in proved.items() if no != "20"} == {"19": 4, "21": 1, "22": 2, "23": 1}


A_REQUEST = "(select min(request_id) from ledger_verdict where step = 'approved')"
A_VOID = "(select id from ledger_transaction where act = 'void')"
BREAKS = {
    "a credit that nobody approved": (
        f"delete from ledger_verdict where request_id = {A_REQUEST}",
        "19",
        "names no approved request",
    ),
    "a refused request that was posted all the same": (
        f"update ledger_verdict set step = 'refused', reason = 'x' where request_id = {A_REQUEST}",
        "19",
        "names no approved request",
    ),
    "another asker put in afterwards": (
        f"update ledger_request set asked_by_id = (select by_id from ledger_verdict where request_id = {A_REQUEST})"
        f" where id = {A_REQUEST}",
        "19",
        "was approved by whoever asked",
    ),
    "the paper is gone": (
        f"delete from ledger_evidence where request_id = {A_REQUEST}",
        "19",
        "was approved without evidence",
    ),
    "above a supervisor's limit": (
        'update decisions_policyvalue set value = \'[{"role": "supervisor", "up_to_cents": 9458, "days": 30}]\''
        " where policy = 'approval.limits'",
        "19",
        "whose limit does not reach so far",
    ),
    "approved as a role that approves nothing": (
        f"update ledger_verdict set level = 'csr' where request_id = {A_REQUEST}",
        "19",
        "approved as csr, whose limit does not reach",
    ),
    "no limits at all": (
        "update decisions_policyvalue set value = null, not_set = 'x' where policy = 'approval.limits'",
        "19",
        "whose limit does not reach so far",
    ),
    "more given than approved": (
        f"update ledger_request set cents = cents - 1 where id = {A_REQUEST}",
        "19",
        "other cents were posted than approved",
    ),
    "a clerk's own payment": (
        "update base_event set by_id = (select id from base_user where username = 'clerk') where id ="
        " (select max(id) from base_event where act = 'payments.take')",
        "21",
        "payments.take by clerk",
    ),
    "a void on another day": (
        f"update ledger_transaction set posted_on = posted_on + 1 where id = {A_VOID}",
        "23",
        "another day",
    ),
    "a void by the cashier": (
        "update ledger_verdict set by_id = (select id from base_user where username = 'cashier'), asked_by_id ="
        f" (select id from base_user where username = 'clerk') where request_id = (select approval_id from"
        f" ledger_transaction where id = {A_VOID})",
        "23",
        "no second person",
    ),
    "a void after the drawer was counted": (
        "insert into payments_tillcount (session_id, by_id, at, denominations, cash_cents, check_cents,"
        " money_order_cents, event_id) select id, cashier_id, opened_at - interval '1 hour', '{}', 0, 0, 0, 1"
        " from payments_tillsession limit 1",
        "23",
        "the drawer was counted already",
    ),
    "a voided receipt that does not say so": (
        f"delete from payments_reversal where txn_id = {A_VOID}",
        "23",
        "the receipt is not marked",
    ),
    "a void that is no mirror": (
        f"update ledger_posting set debit_cents = debit_cents + 1 where txn_id = {A_VOID} and debit_cents > 0",
        "22",
        "does not mirror",
    ),
    "a return that gives back less": (
        "update ledger_posting set debit_cents = debit_cents - 1 where sub = 2 and debit_cents > 1 and txn_id ="
        " (select id from ledger_transaction where act = 'return')",
        "22",
        "does not give back what",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_is_caught_and_named(town, what):
    sql, no, says = BREAKS[what]
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount, "nothing was changed, so nothing can be seen"
        cursor.execute("set local session_replication_role = origin")
        found = broken()
        assert any(says in fault for fault in found.get(no, ())), found
        cursor.execute("set constraints all deferred")
