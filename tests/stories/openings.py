"""Openings of the stories as bills of a run: what an account owed before its first day, so that late charges see it."""

from datetime import date, timedelta

from django.db import connection

from curbstop.office import ledger
from curbstop.records.bills.models import Bill, Run, RunStep
from curbstop.records.decisions.models import Cycle
from curbstop.rules.ledger import credit, debit
from tests.books import at_on, clock, posting


def posted_run(bill_on: date, due_on: date) -> int:
    """A run of cycle 1 whose bills are posted."""
    cycle, _ = Cycle.objects.get_or_create(code="1", defaults={"name": "Cycle 1", "every_days": 28})
    run = Run.objects.create(
        cycle=cycle, read_on=bill_on - timedelta(1), bill_on=bill_on, due_on=due_on, at=at_on(bill_on),
        by_id=clock().id, event_id=1, finish_event_id=1,
    )  # fmt: skip
    RunStep.objects.create(
        event_id=run.pk, run=run, step="posted", bills=1, cents=1, on=bill_on, by_id=clock().id, at=at_on(bill_on)
    )
    return run.pk


def opening(of, cents: int, run: int, *, kind: str = "water.volume") -> int:
    """A bill of the run that stands as the opening balance; returns its document."""
    (document,) = ledger.reserve_documents(1)
    billed = Run.objects.get(pk=run)
    owed, earned = ("51-1210", "51-4020") if kind.startswith("water") else ("52-1210", "52-4020")
    due = {"account_id": of.id, "document": document, "line": 1, "due_on": billed.due_on}
    txn = posting("bill", [debit(owed, cents, kind, **due), credit(earned, cents, kind)], on=billed.bill_on)
    Bill.objects.create(
        id=document, account_id=of.id, txn_id=txn, run=billed, total_cents=cents, previous_cents=0, chunk_no=1,
        from_on=billed.read_on - timedelta(28), until_on=billed.read_on, due_on=billed.due_on,
    )  # fmt: skip
    return document


def check() -> None:
    """What the database checks at commit."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")
