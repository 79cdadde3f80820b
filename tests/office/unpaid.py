"""Accounts that did not pay, for tests of orders and of the ladder: a bill of a run, past due, and its notice."""

from datetime import date, timedelta

from curbstop.office import ledger
from curbstop.office.delinquency.facts import look
from curbstop.records.bills.models import Bill, Run, RunStep
from curbstop.records.decisions.models import Cycle
from curbstop.records.delinquency.ladder import Step
from curbstop.records.ledger.models import Day
from curbstop.rules.ledger import credit, debit
from tests.books import at_on, clock, key, posting


def posted_run(bill_on: date, due_on: date) -> int:
    """A run of cycle 1 whose bills are posted; one a day."""
    if (run := Run.objects.filter(bill_on=bill_on).first()) is not None:
        return run.pk
    cycle, _ = Cycle.objects.get_or_create(code="1", defaults={"name": "Cycle 1", "every_days": 28})
    run = Run.objects.create(
        cycle=cycle, read_on=bill_on - timedelta(1), bill_on=bill_on, due_on=due_on, at=at_on(bill_on),
        by_id=clock().id, event_id=1, finish_event_id=1,
    )  # fmt: skip
    RunStep.objects.create(
        event_id=run.pk, run=run, step="posted", bills=1, cents=1, on=bill_on, by_id=clock().id, at=at_on(bill_on)
    )
    return run.pk


def bill(account_id: int, cents: int, *, bill_on: date, due_on: date) -> int:
    """A posted bill of so much water; returns its document."""
    if not Day.objects.filter(posted_on=bill_on).exists():
        ledger.open_day(key=key(), by=clock(), at=at_on(bill_on), on=bill_on)
    run = posted_run(bill_on, due_on)
    (document,) = ledger.reserve_documents(1)
    item = {"account_id": account_id, "document": document, "line": 1, "due_on": due_on}
    legs = [debit("51-1210", cents, "water.volume", **item), credit("51-4020", cents, "water.volume")]
    txn = posting("bill", legs, on=bill_on)
    Bill.objects.create(
        id=document, account_id=account_id, txn_id=txn, run_id=run, total_cents=cents, previous_cents=0, chunk_no=1,
        from_on=bill_on - timedelta(29), until_on=bill_on - timedelta(1), due_on=due_on,
    )  # fmt: skip
    return document


def noticed(account_id: int, anchor: int, *, on: date, cutoff_on: date, cents: int) -> Step:
    """The notice of a debt, as mailed on a day."""
    return Step.objects.create(
        account_id=account_id, anchor=anchor, rung="notice", on=on, cents=cents, cutoff_on=cutoff_on, event_id=1
    )


def unpaid(account_id: int, *, on: date, cents: int = 12_975) -> int:
    """Past due and lawfully told, so that water may be turned off on the day; returns the bill's document."""
    document = bill(account_id, cents, bill_on=on - timedelta(40), due_on=on - timedelta(20))
    anchor = int(look([account_id], on=on).anchors[0])  # something older may be owed
    noticed(account_id, anchor, on=on - timedelta(15), cutoff_on=on - timedelta(5), cents=cents)
    return document
