"""The clock of 11 O.S. 35-107 on uncashed refund checks: the notice, the ninety days, the end of the claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from curbstop.office import ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.payments.returning import queue_letter
from curbstop.office.refunds.checks import _end, _hold
from curbstop.office.refunds.reads import RefundRow, list_refunds
from curbstop.office.refunds.sending import KIND, SENT, UNCLAIMED
from curbstop.records.payments.refunds import RefundNotice
from curbstop.rules.ledger import Leg, credit, debit, interfund
from curbstop.rules.money import show
from curbstop.rules.unclaimed import read_statute

UNCLAIMED_KIND = "unclaimed"


@dataclass(frozen=True)
class Noticed:
    """The written notice of an uncashed check: to whom, its words, and when the check ends unless it is cashed."""

    refund_id: int
    mailed_on: date
    ends_on: date
    mail_to: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Cancelled:
    """A check that was never cashed: void, and the money the city's."""

    refund_id: int
    cents: int
    on: date
    txn_ids: tuple[int, ...]


@dataclass(frozen=True)
class ClockRun:
    """What one turn of the clock did."""

    noticed: tuple[int, ...]
    cancelled: tuple[int, ...]


@act("refunds.notify")
def notify(event: Acting, /, *, key: Key, by: Actor, at: datetime, refund_id: int, on: date) -> Noticed:
    """Mail the written notice of a deposit's check that was not cashed in a year; its money is held as unclaimed.

    The check can still be cashed until the days of the notice have passed.

    :raises Refused: the clock does not ask for a notice today
    """
    refund = _due(by, refund_id, "notify", on)
    days = read_statute(policies.load("deposit.unclaimed"), on=on).notice_days
    ends_on = on + timedelta(days=days)
    txn_id = ledger._post(event, act="unclaimed", posted_on=on, effective_on=on, legs=_held(refund))
    words = (
        f"Our check {refund.check} of {_long(refund.dated_on)} for {show(refund.cents)} dollars, your utility deposit,"
        f" was not cashed. Please cash it, or ask us for a new one, before {_long(ends_on)}. After that day it is"
        " cancelled and the claim ends (11 O.S. 35-107)."
    )
    RefundNotice.objects.create(
        sent_id=refund.sent_id, mailed_on=on, ends_on=ends_on, mail_to=list(refund.mail_to), words=words, txn_id=txn_id,
        event_id=event.id,
    )  # fmt: skip
    queue_letter(
        event, account_id=refund.account_id, kind="unclaimed_notice", says=words,
        facts={"mail_to": list(refund.mail_to), "law": "11 O.S. 35-107"}, on=on,
    )  # fmt: skip
    event.about(f"account:{refund.account_id}", f"refund:{refund.id}")
    event.about(says=f"Notice mailed: check {refund.check} of {show(refund.cents)} ends on {ends_on.isoformat()}.")
    return Noticed(refund.id, on, ends_on, refund.mail_to, words)


def _long(on: date | None) -> str:
    return f"{on:%B} {on.day}, {on.year}" if on else ""


@act("refunds.cancel_unclaimed")
def cancel_unclaimed(event: Acting, /, *, key: Key, by: Actor, at: datetime, refund_id: int, on: date) -> Cancelled:
    """Cancel a deposit's check whose time has run out: small ones at a year, others after their notice (E52, E53).

    :raises Refused: the clock has not come to it
    :raises ChartLacks: the chart does not say which fund forfeited refunds fall to
    """
    refund = _due(by, refund_id, "cancel", on)
    txns = []
    if refund.state != "noticed":
        txns.append(ledger._post(event, act="unclaimed", posted_on=on, effective_on=on, legs=_held(refund)))
    revenue = next((kind.contra for kind in ledger.list_kinds(on=on) if kind.code == UNCLAIMED_KIND), None)
    if revenue is None:
        raise ledger.ChartLacks(f"The chart does not say where forfeited refunds fall; give {UNCLAIMED_KIND} a contra.")
    legs = interfund(
        [
            debit(UNCLAIMED, refund.cents, UNCLAIMED_KIND, account_id=refund.account_id, document=refund.id, line=1),
            credit(revenue, refund.cents, UNCLAIMED_KIND),
        ]
    )
    txns.append(ledger._post(event, act="forfeit", posted_on=on, effective_on=on, legs=legs))
    _end(event, refund, "unclaimed", on, txns[-1], refund.step.says if refund.step else "")
    event.about(
        says=f"Check {refund.check} of {show(refund.cents)} cancelled: {refund.step.says if refund.step else ''}"
    )
    return Cancelled(refund.id, refund.cents, on, tuple(txns))


def _due(by: Actor, refund_id: int, code: str, on: date) -> RefundRow:
    refund = _hold(by, refund_id, on)
    if refund.step is None:
        says = f"Refund {refund.reference}: {refund.says.lower()}; no clock runs on it."
        law = "" if refund.source == "deposit" else " The law of deposits does not reach it: ask counsel."
        raise Refused(f"{says}{law}", field="refund_id")
    if refund.step.code != code:
        raise Refused(f"Refund {refund.reference}: {refund.step.says}", field="on")
    return refund


def _held(refund: RefundRow) -> tuple[Leg, ...]:
    """The check's money is held as unclaimed (E52)."""
    return (
        debit(SENT, refund.cents, KIND, document=refund.batch_id, line=refund.line),
        credit(UNCLAIMED, refund.cents, UNCLAIMED_KIND, account_id=refund.account_id, document=refund.id, line=1),
    )


def run_clock(*, by: Actor, at: datetime, on: date) -> ClockRun:
    """One turn of the clock: every notice and every cancellation that is due, an act each; begun again, it goes on."""
    noticed, cancelled = [], []
    for row in list_refunds(on=on, states=("cut", "noticed")):
        if row.step is None or row.step.code not in ("notify", "cancel"):
            continue
        key = Key(f"refunds.clock:{row.step.code}:{row.sent_id}")
        if row.step.code == "notify":
            noticed.append(notify(key=key, by=by, at=at, refund_id=row.id, on=on).refund_id)
        else:
            cancelled.append(cancel_unclaimed(key=key, by=by, at=at, refund_id=row.id, on=on).refund_id)
    return ClockRun(tuple(noticed), tuple(cancelled))
