"""When people have left: the deposit pays the final bill, and what is left is refunded by three people and a check."""

from __future__ import annotations

from datetime import date, timedelta

from curbstop.office import adjustments, deposits, refunds
from curbstop.simulator.chance import number
from curbstop.simulator.crew import CLOCK
from curbstop.simulator.office import Office

_CUT_AFTER, _CASHED_AFTER = timedelta(days=4), timedelta(days=9)
_FIRST_CHECK = 10_400
_FORGOTTEN_PER_100 = 3
"""Checks that nobody takes to the bank, of a hundred."""


def settle(office: Office, seed: int, day: date) -> None:
    """A day's work on deposits of closed accounts, from the final bill to the check that the bank paid."""
    _apply_and_ask(office, day)
    _approve(office, day)
    _send(office, day)
    _checks(office, seed, day)


def _apply_and_ask(office: Office, day: date) -> None:
    asked = {id for row in adjustments.list_waiting(on=day) if row.kind == "refund" for id in row.account_ids}
    for order, row in enumerate(one for one in deposits.list_to_settle(on=day) if one.billed):
        if row.owed_cents > 0:
            at = office.at(day, 15, number=order)
            office.do(deposits.apply, row.number, who=CLOCK, at=at, account_id=row.account_id, on=day)
        elif row.account_id not in asked:
            _ask(office, row, "deposit", day, order)
            if row.owed_cents < 0:
                _ask(office, row, "credit", day, order)


def _ask(office: Office, row: deposits.ToApply, source: str, day: date, order: int) -> None:
    office.do(
        adjustments.request,
        source,
        row.number,
        who="dana",
        at=office.at(day, 15, 20, number=order),
        kind="refund",
        inputs={"account_id": row.account_id, "source": source},
        reason="closed",
        on=day,
    )


def _approve(office: Office, day: date) -> None:
    waiting = [row for row in adjustments.list_waiting(on=day) if row.kind == "refund" and row.asked_on < day]
    for order, row in enumerate(waiting):
        at = office.at(day, 16, number=order)
        who = "ruth" if row.cents <= _SUPERVISOR_CENTS else "noor"
        office.do(adjustments.approve, row.id, who=who, at=at, request_id=row.id, on=day)


_SUPERVISOR_CENTS = 25_000


def _send(office: Office, day: date) -> None:
    """On Thursdays, to accounts payable."""
    rows = refunds.list_refunds(on=day, states=("waiting",)) if day.weekday() == 3 else ()
    if rows:
        ids = tuple(row.id for row in rows)
        office.do(refunds.send, who="hector", at=office.at(day, 16, 40), refund_ids=ids, on=day)


def _checks(office: Office, seed: int, day: date) -> None:
    for order, row in enumerate(refunds.list_refunds(on=day, states=("sent", "cut"))):
        at = office.at(day, 16, 45, number=order)
        if row.state == "sent" and row.sent_on is not None and row.sent_on + _CUT_AFTER <= day:
            office.do(
                refunds.record_check,
                row.id,
                who="hector",
                at=at,
                refund_id=row.id,
                number=str(_FIRST_CHECK + row.sent_id),
                dated_on=day,
                on=day,
            )
        elif row.state == "cut" and row.dated_on is not None and row.dated_on + _CASHED_AFTER <= day:
            if number(seed, "forgotten check", row.sent_id, below=100) >= _FORGOTTEN_PER_100:
                office.do(refunds.record_cashed, row.id, who="hector", at=at, refund_id=row.id, cashed_on=day, on=day)
