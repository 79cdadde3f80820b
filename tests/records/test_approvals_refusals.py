"""What the database itself refuses about requests, verdicts, evidence, links and moved payments, past the office."""

from datetime import date, timedelta
from hashlib import sha256

import pytest
from django.db import connection

from curbstop.records.customers.models import Link
from curbstop.records.ledger.models import Evidence, Request, Verdict
from curbstop.records.payments.models import Moved, Reversal, Series
from tests.books import AT, DAY, account, approval, open_books, person
from tests.records.test_ledger_refusals import check, header, refused


@pytest.fixture(autouse=True)
def town(db):
    open_books(DAY)


def request(**more):
    given = {
        "kind": "adjust", "account_ids": [1], "cents": 1, "reason": "billing_error", "words": "", "inputs": {},
        "weighed": {}, "asked_by_id": person("asker", "csr").id, "asked_on": DAY, "at": AT, "event_id": 1,
    }  # fmt: skip
    return Request.objects.create(**{**given, **more})


def verdict(of=None, **more):
    of = of or request()
    given = {
        "request": of, "step": "approved", "level": "supervisor", "by_id": person("other", "supervisor").id,
        "asked_by_id": of.asked_by_id, "on": DAY, "at": AT, "event_id": 1,
    }  # fmt: skip
    return Verdict.objects.create(**{**given, **more})


def evidence(**more):
    body = more.pop("body", b"%PDF-")
    given = {"request": request(), "name": "a.pdf", "media": "application/pdf", "sha256": sha256(body).digest()}
    return Evidence.objects.create(**{**given, "body": body, **more})


def link(of=None, **more):
    given = {
        "account": of or account(), "user_id": person("nell").id, "who": "Nell", "kind": "own", "mark": "employee",
        "during": (DAY, None), "event_id": 1,
    }  # fmt: skip
    return Link.objects.create(**{**given, **more})


WRONG = {
    "ledger_request_positive": lambda: request(cents=0),
    "ledger_request_reason": lambda: request(reason=""),
    "ledger_request_accounts": lambda: request(account_ids=[]),
    "ledger_verdict_step": lambda: verdict(step="maybe"),
    "ledger_verdict_two_people": lambda: verdict(by_id=person("asker").id),
    "ledger_verdict_reason": lambda: verdict(step="refused"),
    "ledger_verdict_own": lambda: verdict(step="withdrawn"),
    "ledger_verdict_as_asked": lambda: verdict(asked_by_id=person("third", "csr").id),
    "ledger_verdict_pkey": lambda: [verdict(of) for of in [request()] * 2],
    "ledger_evidence_sha256": lambda: evidence(sha256=sha256(b"other").digest()),
    "ledger_evidence_named": lambda: evidence(name=""),
    "ledger_evidence_once": lambda: [evidence(request=of) for of in [request()] * 2],
    "customers_link_kind": lambda: link(kind="friend"),
    "customers_link_mark": lambda: link(mark="cousin"),
    "customers_link_user": lambda: link(user_id=None),
    "customers_link_days": lambda: link(who=""),
    "customers_link_once": lambda: [link(of) for of in [account()] * 2],
    "payments_moved_positive": lambda: moved(cents=0),
    "payments_moved_elsewhere": lambda: moved(to=0),
    "payments_moved_receipt_key": lambda: moved(),
    "payments_reversal_why": lambda: Reversal.objects.create(
        series=Series.objects.create(code="X"), no=1, txn=header("move", approval_id=approval()), why="lost",
        reason="x", event_id=1,
    ),
}  # fmt: skip


def moved(cents=1, to=1):
    one, other = account(1_000_001), account(1_000_002)
    return Moved.objects.create(
        txn=header("move", approval_id=approval()), no=1, series=Series.objects.create(code="S"), cents=cents,
        from_account=one, to_account=other if to else one, event_id=1,
    )  # fmt: skip


@pytest.mark.parametrize("constraint", WRONG)
def test_the_database_refuses(constraint):
    with refused(constraint):
        WRONG[constraint]()


def test_an_empty_file_and_a_second_end_are_refused():
    with refused("ledger_evidence_sha256"):
        evidence(body=b"")
    of = request()
    verdict(of, step="refused", reason="no")
    with refused("ledger_verdict_pkey"):
        verdict(of)


def test_a_link_may_end_and_nothing_else_of_it_changes():
    row = link()
    Link.objects.filter(id=row.pk).update(during=(DAY, DAY + timedelta(9)))
    link(row.account, during=(DAY + timedelta(9), None))
    for change in ({"who": "X"}, {"user_id": None}, {"kind": "household"}, {"mark": "official"}, {"event_id": 2}):
        with refused("are never changed"):
            Link.objects.filter(id=row.pk).update(**change)
    with refused("are never changed"):
        Link.objects.filter(id=row.pk).delete()
    check()
    with refused("are never changed"), connection.cursor() as cursor:
        cursor.execute("truncate customers_link")


def test_approved_is_worked_out_and_cannot_be_written():
    row = verdict(step="refused", reason="no")
    row.refresh_from_db()
    assert row.approved_id is None and row.on == date(2026, 3, 2)
    with refused("approved_id"), connection.cursor() as cursor:
        cursor.execute("update ledger_verdict set approved_id = request_id")
