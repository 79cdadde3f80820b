"""What comes back of refund checks: number and date, cashed, stopped; by the register's file or one by one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.formats.layouts import BadField, built_in
from curbstop.formats.payables import Returned, read_register
from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts, take_turn
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.refunds.reads import RefundRow, get_refund, refund_of
from curbstop.office.refunds.sending import KIND, PAYABLE, SENT, UNCLAIMED
from curbstop.records.payments.refunds import PayablesReturn, RefundCheck, RefundOutcome
from curbstop.rules.ledger import Leg, credit, debit, reverse
from curbstop.rules.ledger.recipes import BANK
from curbstop.rules.money import show

LAYOUT = "checks_csv"


@dataclass(frozen=True)
class RegisterLoaded:
    """A register taken in: checks numbered, cashed, stopped, and rows that were known already."""

    rows: int
    numbered: int
    cashed: int
    stopped: int
    known: int


@dataclass(frozen=True)
class CheckState:
    """A refund after something came back of its check."""

    refund_id: int
    state: str
    check: str
    txn_id: int | None


@act("refunds.load_register", secret=("text",))
def load_register(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, name: str, text: str, on: date, layout: str = LAYOUT
) -> RegisterLoaded:
    """Take in a register of checks from accounts payable or the bank, whole or not at all; the same bytes once.

    A row that tells nothing new is passed over. What was cashed or stopped is posted on the day, with its own date.

    :param text: the file's text
    :param on: the accounting day
    :raises formats.payables.RegisterErrors: every line that cannot be read
    :raises Refused: the file was taken before; a row that names no refund, another amount, or what cannot be any more
    """
    body = text.encode("utf-8")
    digest = hashlib.sha256(body).digest()
    take_turn("refunds.register")
    before = PayablesReturn.objects.filter(sha256=digest).first()
    if before is not None:
        told = f"This file was taken on {before.received_on.isoformat()} as {before.name}"
        raise Refused(f"{told}; nothing is posted twice.", field="text")
    try:
        rows = read_register(built_in(layout), body, file=name)
    except KeyError as error:
        raise Refused(f"No such layout of a register: {layout}.", field="layout") from error
    except BadField as error:
        raise Refused(f"{name}: {error.field}: {error.why}; {error.remedy}.", field="text") from error
    accounts = {_refund(row, on).account_id for row in rows}
    refuse_own(by, accounts)
    lock_accounts(accounts)
    counts = {"numbered": 0, "cashed": 0, "stopped": 0, "known": 0}
    for row in rows:
        for told in _take(event, row, on):
            counts[told] += 1
    PayablesReturn.objects.create(
        sha256=digest, name=name, layout=layout, received_on=on, rows=len(rows), body=body, event_id=event.id
    )
    event.about(says=f"Register {name}: {counts['numbered']} checks numbered, {counts['cashed']} cashed,"
                     f" {counts['stopped']} stopped, {counts['known']} known before.")  # fmt: skip
    return RegisterLoaded(len(rows), **counts)


def _refund(row: Returned, on: date) -> RefundRow:
    id = refund_of(row.reference)
    try:
        return get_refund(id, on=on)
    except Refused:
        says = (
            f"Line {row.line}: {row.reference!r} is no refund of ours. The file's reference comes back with the check."
        )
        raise Refused(says, field="text") from None


def _take(event: Acting, row: Returned, on: date) -> list[str]:
    """One row: what it tells that is new."""
    refund = _refund(row, on)
    where = f"Line {row.line}, refund {refund.reference}"
    if row.cents is not None and row.cents != refund.cents:
        says = f"{where}: the register says {show(row.cents)}, the refund is {show(refund.cents)}."
        raise Refused(f"{says} Ask accounts payable; nothing of the file is taken.", field="text")
    if row.on > on:
        raise Refused(f"{where}: {row.on.isoformat()} is after {on.isoformat()}.", field="text")
    told = []
    if row.number and not refund.check:
        _number(event, refund, row.number, row.dated_on or row.on, where)
        told.append("numbered")
    elif row.number and row.number != refund.check:
        raise Refused(f"{where}: check {row.number}, where {refund.check} is on file.", field="text")
    refund = get_refund(refund.id, on=on)
    if row.outcome == "cashed" and refund.state != "cashed":
        _cash(event, refund, row.on, on, where)
        told.append("cashed")
    if row.outcome == "stopped" and refund.state != "waiting":
        _stop(event, refund, row.on, on, "Stopped by accounts payable", where)
        told.append("stopped")
    return told or ["known"]


# --- one by one -------------------------------------------------------------------------------------------------------


@act("refunds.record_check")
def record_check(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, refund_id: int, number: str, dated_on: date, on: date
) -> CheckState:
    """Record the check that accounts payable cut for a refund: its number and its date, from which the law's year runs.

    :raises Refused: the refund was not sent, has a check, or the number is another's
    """
    refund = _hold(by, refund_id, on)
    _number(event, refund, number.strip(), dated_on, f"Refund {refund.reference}")
    return CheckState(refund.id, "cut", number.strip(), None)


def _number(event: Acting, refund: RefundRow, number: str, dated_on: date, where: str) -> None:
    if refund.state != "sent":
        raise Refused(f"{where}: {refund.says.lower()}; it waits for no check.", field="refund_id")
    if not number.isascii() or not number.isalnum():
        raise Refused(f"{where}: {number!r} is not the number of a check.", field="number")
    if refund.sent_on is not None and dated_on < refund.sent_on:
        says = f"{where}: a check of {dated_on.isoformat()} is older than the file of {refund.sent_on.isoformat()}."
        raise Refused(says, field="dated_on")
    other = RefundCheck.objects.filter(number=number).select_related("sent").first()
    if other is not None:
        raise Refused(f"{where}: check {number} is refund R-{other.sent.refund_id}'s.", field="number")
    RefundCheck.objects.create(sent_id=refund.sent_id, number=number, dated_on=dated_on, event_id=event.id)
    event.about(f"account:{refund.account_id}", f"refund:{refund.id}")
    event.about(says=f"Refund of {show(refund.cents)}: check {number} of {dated_on.isoformat()}.")


@act("refunds.record_cashed")
def record_cashed(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, refund_id: int, cashed_on: date, on: date
) -> CheckState:
    """The bank paid a refund's check.

    :param cashed_on: the day the bank paid it; posted on ``on``
    :raises Refused: it has no check, or was cashed, stopped or cancelled already
    """
    refund = _hold(by, refund_id, on)
    txn_id = _cash(event, refund, cashed_on, on, f"Refund {refund.reference}")
    return CheckState(refund.id, "cashed", refund.check, txn_id)


def _cash(event: Acting, refund: RefundRow, cashed_on: date, on: date, where: str) -> int:
    if refund.state not in ("cut", "noticed"):
        says = f"{where}: {refund.says.lower()}; no check of it can be cashed."
        raise Refused(f"{says} A check cashed after a stop is the bank's to give back.", field="refund_id")
    if cashed_on > on or (refund.dated_on is not None and cashed_on < refund.dated_on):
        raise Refused(f"{where}: {cashed_on.isoformat()} is not between its date and today.", field="cashed_on")
    legs = (_where_it_stands(refund), credit(BANK, refund.cents, KIND))
    txn_id = ledger._post(event, act="refund_paid", posted_on=on, effective_on=cashed_on, legs=legs)
    _end(event, refund, "cashed", cashed_on, txn_id)
    event.about(says=f"Refund of {show(refund.cents)}: check {refund.check} cashed on {cashed_on.isoformat()}.")
    return txn_id


def _where_it_stands(refund: RefundRow) -> Leg:
    """The money of a refund that was sent: with accounts payable, or held as unclaimed since its notice."""
    if refund.state == "noticed":
        return debit(UNCLAIMED, refund.cents, "unclaimed", account_id=refund.account_id, document=refund.id, line=1)
    return debit(SENT, refund.cents, KIND, document=refund.batch_id, line=refund.line)


@act("refunds.stop")
def stop(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, refund_id: int, stopped_on: date, reason: str, on: date
) -> CheckState:
    """Stop a refund's check, or take it back from accounts payable: it waits again, to be sent again.

    :param reason: why: lost, not delivered, wrong address
    :raises Refused: it was not sent, or is cashed or cancelled already; no reason
    """
    if not reason.strip():
        raise Refused("Say why it is stopped: lost, not delivered, a wrong address.", field="reason")
    refund = _hold(by, refund_id, on)
    txn_id = _stop(event, refund, stopped_on, on, reason.strip(), f"Refund {refund.reference}")
    return CheckState(refund.id, "waiting", refund.check, txn_id)


def _stop(event: Acting, refund: RefundRow, stopped_on: date, on: date, reason: str, where: str) -> int:
    if refund.state not in ("sent", "cut", "noticed"):
        raise Refused(f"{where}: {refund.says.lower()}; there is nothing to stop.", field="refund_id")
    if stopped_on > on:
        raise Refused(f"{where}: {stopped_on.isoformat()} is after {on.isoformat()}.", field="stopped_on")
    if refund.state == "noticed":
        back = credit(PAYABLE, refund.cents, KIND, account_id=refund.account_id, document=refund.id, line=1)
        legs: tuple[Leg, ...] = (_where_it_stands(refund), back)
        txn_id = ledger._post(event, act="refund_stopped", posted_on=on, effective_on=stopped_on, legs=legs)
    else:
        legs = reverse(ledger.get_legs(refund.sent_txn_id))
        txn_id = ledger._post(
            event,
            act="refund_stopped",
            posted_on=on,
            effective_on=stopped_on,
            legs=legs,
            reverses=refund.sent_txn_id,
            kinds_on=refund.sent_on,
        )
    _end(event, refund, "stopped", stopped_on, txn_id, reason)
    check = f"check {refund.check} " if refund.check else ""
    event.about(says=f"Refund of {show(refund.cents)}: {check}stopped: {reason}. It waits to be sent again.")
    return txn_id


def _hold(by: Actor, refund_id: int, on: date) -> RefundRow:
    """The refund with its account held; nobody records what became of his own."""
    refund = get_refund(refund_id, on=on)
    refuse_own(by, [refund.account_id])
    lock_accounts([refund.account_id])
    return get_refund(refund_id, on=on)


def _end(event: Acting, refund: RefundRow, outcome: str, on: date, txn_id: int, reason: str = "") -> None:
    RefundOutcome.objects.create(
        sent_id=refund.sent_id, outcome=outcome, on=on, txn_id=txn_id, reason=reason, event_id=event.id
    )
    event.about(f"account:{refund.account_id}", f"refund:{refund.id}")


def list_registers(*, limit: int = 20) -> tuple[tuple[str, date, int], ...]:
    """The latest registers taken in: name, day, rows."""
    with connection.cursor() as cursor:
        cursor.execute("select name, received_on, rows from payments_payablesreturn order by id desc limit %s", [limit])
        return tuple((name, on, rows) for name, on, rows in cursor.fetchall())
