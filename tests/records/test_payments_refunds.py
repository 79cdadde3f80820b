"""What the database itself refuses about deposits let go, refunds, their checks and debts with an agency."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from curbstop.records.payments import refunds as r
from curbstop.records.payments import writeoffs as w
from tests.records.violations import refused

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
BODY = b"Reference,Check\r\n"
SHA = hashlib.sha256(BODY).digest()

GOOD: dict[type[models.Model], dict[str, Any]] = {
    r.DepositDecision: {
        "account_id": 1, "decided_on": DAY, "why": "start", "cents": 0, "policy": "p", "says": "s", "authority": "a",
        "working": {}, "by_id": 1, "event_id": 1,
    },
    r.DepositWaived: {"demand_id": 1, "request_id": 1, "cents": 1, "event_id": 1},
    r.Refund: {
        "id": 1, "account_id": 1, "request_id": 1, "txn_id": 1, "cents": 1, "source": "deposit", "payee": "R",
        "mail_to": [], "approved_on": DAY, "event_id": 1,
    },
    r.PayablesFile: {
        "id": 1, "file_id": "f", "layout": "l", "made_on": DAY, "rows": 1, "cents": 1, "sha256": SHA, "body": BODY,
        "by_id": 1, "event_id": 1,
    },
    r.RefundSent: {"refund_id": 1, "file_id": 1, "line": 1, "txn_id": 1},
    r.RefundCheck: {"sent_id": 1, "number": "1", "dated_on": DAY, "event_id": 1},
    r.RefundOutcome: {"sent_id": 1, "outcome": "cashed", "on": DAY, "txn_id": 1, "event_id": 1},
    r.RefundNotice: {
        "sent_id": 1, "mailed_on": DAY, "ends_on": DAY + timedelta(90), "mail_to": [], "words": "w", "txn_id": 1,
        "event_id": 1,
    },
    r.PayablesReturn: {
        "sha256": SHA, "name": "n", "layout": "l", "received_on": DAY, "rows": 1, "body": BODY, "event_id": 1,
    },
    w.AgencyFile: {
        "id": 1, "file_id": "f", "agency": "a", "kind": "placement", "on": DAY, "rows": 1, "cents": 1, "sha256": SHA,
        "body": BODY, "event_id": 1,
    },
    w.Placement: {
        "account_id": 1, "agency": "a", "file_id": 1, "placed_on": DAY, "cents": 1, "event_id": 1,
    },
    w.Recall: {"placement_id": 1, "recalled_on": DAY, "reason": "r", "event_id": 1},
    w.AgencyPaid: {"file_id": 1, "line": 1, "placement_id": 1, "cents": 1, "commission_cents": 0, "txn_id": 1},
}  # fmt: skip


def put(of: type[models.Model], **more: Any) -> None:
    of(**{**GOOD[of], **more}).save(force_insert=True)


def twice(of: type[models.Model], **second: Any) -> Callable[[], None]:
    """A good row, and one that differs in these but not in what may stand once."""

    def violate() -> None:
        put(of)
        put(of, **second)

    return violate


def once(of: type[models.Model], **more: Any) -> Callable[[], None]:
    return lambda: put(of, **more)


VIOLATIONS: dict[str, Callable[[], None]] = {
    "payments_depositdecision_cents": once(r.DepositDecision, cents=-1),
    "payments_depositdecision_why": once(r.DepositDecision, why="whim"),
    "payments_depositdecision_authority": once(r.DepositDecision, authority=""),
    "payments_depositdecision_event_id_key": twice(r.DepositDecision),
    "payments_depositwaived_once": twice(r.DepositWaived),
    "payments_depositwaived_positive": once(r.DepositWaived, cents=0),
    "payments_refund_positive": once(r.Refund, cents=0),
    "payments_refund_source": once(r.Refund, source="till"),
    "payments_refund_payee": once(r.Refund, payee=""),
    "payments_refund_request_id_key": twice(r.Refund, id=2, txn_id=2),
    "payments_refund_txn_id_key": twice(r.Refund, id=2, request_id=2),
    "payments_payablesfile_full": once(r.PayablesFile, rows=0),
    "payments_payablesfile_sha256": once(r.PayablesFile, body=b"changed"),
    "payments_payablesfile_file_id_key": twice(r.PayablesFile, id=2),
    "payments_refundsent_line": twice(r.RefundSent, refund_id=2, txn_id=2),
    "payments_refundsent_once": twice(r.RefundSent, line=2, txn_id=2),
    "payments_refundsent_txn_id_key": twice(r.RefundSent, line=2, refund_id=2),
    "payments_refundcheck_number": once(r.RefundCheck, number=""),
    "payments_refundcheck_number_key": twice(r.RefundCheck, sent_id=2),
    "payments_refundoutcome_known": once(r.RefundOutcome, outcome="eaten"),
    "payments_refundoutcome_reason": once(r.RefundOutcome, outcome="stopped"),
    "payments_refundoutcome_txn_id_key": twice(r.RefundOutcome, sent_id=2),
    "payments_refundnotice_days": once(r.RefundNotice, ends_on=DAY),
    "payments_refundnotice_txn_id_key": twice(r.RefundNotice, sent_id=2),
    "payments_payablesreturn_name": once(r.PayablesReturn, name=""),
    "payments_payablesreturn_sha256": once(r.PayablesReturn, body=b"changed"),
    "payments_payablesreturn_sha256_key": twice(r.PayablesReturn),
    "payments_agencyfile_once": twice(w.AgencyFile, id=2, file_id="g"),
    "payments_agencyfile_kind": once(w.AgencyFile, kind="gift"),
    "payments_agencyfile_full": once(w.AgencyFile, cents=0),
    "payments_agencyfile_sha256": once(w.AgencyFile, body=b"changed"),
    "payments_agencyfile_file_id_key": twice(w.AgencyFile, id=2, agency="b"),
    "payments_placement_positive": once(w.Placement, agency=""),
    "payments_placement_one_first": twice(w.Placement),
    "payments_placement_follows_id_key": lambda: [put(w.Placement, follows_id=9), put(w.Placement, follows_id=9)],
    "payments_recall_reason": once(w.Recall, reason=""),
    "payments_agencypaid_line": twice(w.AgencyPaid),
    "payments_agencypaid_amounts": once(w.AgencyPaid, commission_cents=2),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_constraint_refuses_what_violates_it(db, name: str) -> None:
    refused(name, VIOLATIONS[name])


def test_no_constraint_is_forgotten(db) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select conname from pg_constraint where conrelid = any(%(t)s::regclass[]) and contype in ('c', 'x', 'u')"
            " union select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid"
            " where i.indrelid = any(%(t)s::regclass[]) and i.indisunique and not i.indisprimary",
            {"t": [of._meta.db_table for of in GOOD]},
        )
        there = {row[0] for row in cursor.fetchall()}
    assert there == set(VIOLATIONS)


@pytest.mark.parametrize("of", GOOD, ids=lambda of: of._meta.db_table)
@pytest.mark.parametrize("sql", ["update {t} set {c} = {c}", "delete from {t}", "truncate {t} cascade"])
def test_no_row_is_ever_changed(db, of: type[models.Model], sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        put(of)
        cursor.execute("set local session_replication_role = origin")
        column = next(field.column for field in of._meta.fields if not field.primary_key)
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            cursor.execute(sql.format(t=of._meta.db_table, c=column))
        cursor.execute("set local session_replication_role = replica")
