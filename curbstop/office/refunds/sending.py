"""Refunds go to accounts payable: one file, stored as it was sent, by somebody who neither asked nor approved."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.formats.layouts import BadField, built_in
from curbstop.formats.payables import CheckIssued, Payable, write_payables, write_positive_pay
from curbstop.office import ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.refunds.reads import RefundRow, list_refunds
from curbstop.records.payments.refunds import PayablesFile, RefundSent
from curbstop.rules.ledger import credit, debit
from curbstop.rules.money import show

PAYABLE, SENT, UNCLAIMED, KIND = "10-2100", "10-1003", "10-2110", "refund"
LAYOUT = "payables_csv"
MOST_ROWS = 9_999
REASONS = {"deposit": "Refund of a deposit", "credit": "Refund of a credit"}


@dataclass(frozen=True)
class FileSent:
    """A file to accounts payable: its id, its digest and its totals. The bytes are read with ``refunds.get_file``."""

    id: int
    file_id: str
    sha256: str
    rows: int
    cents: int


@act("refunds.send")
def send(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    refund_ids: tuple[int, ...],
    on: date,
    layout: str = LAYOUT,
) -> FileSent:
    """Send approved refunds to accounts payable in one file; their money waits on 10-1003 until a check is cashed.

    :param refund_ids: those that wait to be sent, or to be sent again after a stop
    :raises Refused: one that does not wait, or that the sender asked for or approved; a layout nobody knows
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    _hold()
    rows = _waiting(refund_ids, on, by)
    lock_accounts({row.account_id for row in rows})
    file_id = _file_id(on)
    (batch,) = ledger.reserve_documents(1)
    postings = [
        ledger.Posting(
            "refund_sent",
            on,
            (
                debit(PAYABLE, row.cents, KIND, account_id=row.account_id, document=row.id, line=1),
                credit(SENT, row.cents, KIND, document=batch, line=line),
            ),
        )
        for line, row in enumerate(rows, 1)
    ]
    txns = ledger._post_many(event, posted_on=on, postings=postings)
    body = _body(layout, rows, file_id, on)
    digest = hashlib.sha256(body).digest()
    cents = sum(row.cents for row in rows)
    file = PayablesFile.objects.create(
        id=batch, file_id=file_id, layout=layout, made_on=on, rows=len(rows), cents=cents, sha256=digest, body=body,
        by_id=by.id, event_id=event.id,
    )  # fmt: skip
    RefundSent.objects.bulk_create(
        RefundSent(refund_id=row.id, file=file, line=line, txn_id=txn)
        for (line, row), txn in zip(enumerate(rows, 1), txns, strict=True)
    )
    event.about(*(f"account:{row.account_id}" for row in rows), f"file:{batch}")
    event.about(says=f"{len(rows)} refunds, {show(cents)}, sent to accounts payable in file {file_id}.")
    return FileSent(batch, file_id, digest.hex(), len(rows), cents)


def _hold() -> None:
    """One file at a time: two of one day take their numbers in turn."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('refunds.send', 4))")


def _waiting(refund_ids: Sequence[int], on: date, by: Actor) -> tuple[RefundRow, ...]:
    wanted = list(dict.fromkeys(refund_ids))
    if not wanted or len(wanted) > MOST_ROWS:
        raise Refused(f"Choose the refunds to send, at most {MOST_ROWS:,} in a file.", field="refund_ids")
    rows = {row.id: row for row in list_refunds(on=on, ids=wanted)}
    missing = [id for id in wanted if id not in rows or rows[id].state != "waiting"]
    if missing:
        says = f"Refund R-{missing[0]} does not wait to be sent"
        state = rows[missing[0]].says.lower() if missing[0] in rows else "there is none of this number"
        raise Refused(f"{says}: {state}. Choose among those that wait.", field="refund_ids")
    refuse_own(by, [row.account_id for row in rows.values()])
    for row in rows.values():
        if by.id in (row.asked_by_id, row.approved_by_id):
            did = "asked for" if by.id == row.asked_by_id else "approved"
            raise Refused(
                f"You {did} refund {row.reference} of {show(row.cents)}; who asks, who approves and who pays are three"
                " people. Somebody else sends it.",
                field="refund_ids",
            )
    return tuple(rows[id] for id in wanted)


def _file_id(on: date) -> str:
    """``moore_ok-AP-20260715-1``: the city, the day, and which file of the day."""
    begins = f"{policies.get_city().code}-AP-{on:%Y%m%d}-"
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from payments_payablesfile where starts_with(file_id, %s)", [begins])
        return f"{begins}{cursor.fetchone()[0] + 1}"


def _body(layout: str, rows: Sequence[RefundRow], file_id: str, on: date) -> bytes:
    payables = [
        Payable(
            reference=row.reference,
            account=row.number,
            payee=row.payee,
            mail_to=row.mail_to,
            cents=row.cents,
            reason=REASONS[row.source],
            approved_on=row.approved_on,
            gl=SENT,
        )
        for row in rows
    ]
    try:
        return write_payables(built_in(layout), payables, file_id=file_id, made_on=on)
    except KeyError as error:
        raise Refused(f"No such layout of a payables file: {layout}.", field="layout") from error
    except BadField as error:
        raise Refused(
            f"The file cannot be written: {error.field} {error.value!r}: {error.why}; {error.remedy}."
        ) from error


def get_positive_pay(*, from_on: date, until_on: date, bank_account: str, layout: str = "positive_pay_csv") -> bytes:
    """The bank's list of refund checks dated in ``[from_on, until_on)``; those stopped since are marked as void.

    :raises BadField: a payee or a number that the layout cannot hold
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.number, r.payee, r.cents, c.dated_on, coalesce(o.outcome in ('stopped', 'unclaimed'), false)"
            " from payments_refundcheck c join payments_refundsent s on s.id = c.sent_id"
            " join payments_refund r on r.id = s.refund_id left join payments_refundoutcome o on o.sent_id = s.id"
            " where c.dated_on >= %s and c.dated_on < %s order by c.number",
            [from_on, until_on],
        )
        rows = [CheckIssued(*row) for row in cursor.fetchall()]
    name = f"positive-pay-{from_on.isoformat()}"
    return write_positive_pay(built_in(layout), rows, bank_account=bank_account, file_id=name, made_on=until_on)
