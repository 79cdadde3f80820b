"""The bills of a run as they were issued: what goes to the printer, to the bank's drafts, and to whoever follows up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection


@dataclass(frozen=True)
class IssuedBill:
    """A bill as issued. ``previous_cents`` is what the account owed just before (below zero: a credit), and
    ``deposit_cents`` the deposit that was asked for with it, less what an exception let go, and is not part of its
    total."""

    bill_id: int
    run: int
    account_id: int
    number: str
    read_on: date
    bill_on: date
    due_on: date
    total_cents: int
    previous_cents: int
    deposit_cents: int

    @property
    def asked_cents(self) -> int:
        """What the paper asks for."""
        return self.total_cents + self.previous_cents + self.deposit_cents


def list_issued(*, from_on: date, until_on: date) -> tuple[IssuedBill, ...]:
    """The bills with a bill date in ``[from_on, until_on)``, by bill."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select b.id, r.id, b.account_id, a.number, r.read_on, r.bill_on, b.due_on, b.total_cents,"
            " b.previous_cents, coalesce(d.cents, 0)::bigint from bills_run r join bills_bill b on b.run_id = r.id"
            " join customers_account a on a.id = b.account_id"
            " left join (select x.account_id, x.due_on, sum(x.cents - coalesce(w.cents, 0)) cents"
            "   from payments_depositdemand x left join (select demand_id, sum(cents) cents from payments_depositwaived"
            "     group by 1) w on w.demand_id = x.id group by 1, 2) d"
            "   on d.account_id = b.account_id and d.due_on = b.due_on"
            " where r.bill_on >= %s and r.bill_on < %s order by b.id",
            [from_on, until_on],
        )
        return tuple(IssuedBill(*row) for row in cursor.fetchall())


def list_unowned(*, run: int) -> tuple[int, ...]:
    """The accounts that a calculated run holds out and that nobody owns yet, by id: somebody takes them on, then the
    run can be approved."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct account_id from bills_review where run_id = %s and owner_id is null"
            " and (held or finding like 'held%%') order by 1",
            [run],
        )
        return tuple(row[0] for row in cursor.fetchall())
