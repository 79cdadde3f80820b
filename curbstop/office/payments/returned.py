"""Returned payments, marks and letters as the screens show them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office.payments.taking import receipt_number


@dataclass(frozen=True)
class ReturnedRow:
    """A payment that came back on an account, or an entry of a bank's file that is nobody's.

    :ivar outcome: `returned`; or what a line of a file came to (`rules` of `office.autopay`): `unknown_trace`, ...
    :ivar owed_cents: what is still owed of the items that it opened again, and of its fee
    :ivar made_good: nothing of them is owed any more
    """

    id: int
    account_id: int | None
    number: str
    name: str
    code: str
    reason: str
    outcome: str
    receipt: str
    document_id: int | None
    tender: str
    cents: int
    fee_cents: int
    returned_on: date
    make_good_on: date | None
    owed_cents: int

    @property
    def made_good(self) -> bool:
        """Whether it is paid in the meantime."""
        return self.outcome == "returned" and self.owed_cents == 0


_RETURNED = """
select r.id, r.account_id, coalesce(a.number, ''), coalesce(c.name, ''), r.code, r.reason, r.outcome, s.code, r.no,
  t.document_id, r.tender, r.cents, r.fee_cents, r.returned_on, r.make_good_on, coalesce(open.cents, 0)::bigint
from payments_returned r
left join customers_account a on a.id = r.account_id left join customers_customer c on c.id = a.customer_id
left join payments_series s on s.id = r.series_id
left join payments_receipt t on (t.series_id, t.no) = (r.series_id, r.no)
left join lateral (
  select sum(p.debit_cents - p.credit_cents) cents from ledger_posting p
  where p.account_id = r.account_id and p.sub = 2 and (p.document_id = r.fee_document_id
    or (p.document_id, p.line_no, p.gl_id) in (
      select o.document_id, o.line_no, o.gl_id from ledger_posting o
      where o.txn_id = r.txn_id and o.account_id = r.account_id and o.sub = 2 and o.debit_cents > 0))) open on true
where (%(account)s::bigint is null or r.account_id = %(account)s)
  and (not %(open)s or (r.outcome = 'returned' and coalesce(open.cents, 0) > 0)
    or r.outcome in ('unknown_trace', 'amount_differs', 'by_hand', 'not_posted'))
order by r.returned_on desc, r.id desc limit %(limit)s"""


def list_returned(
    *, account_id: int | None = None, open_only: bool = False, limit: int = 200
) -> tuple[ReturnedRow, ...]:
    """Returned payments, the newest first.

    :param open_only: only those that are not made good, or that a person must look at
    """
    values = {"account": account_id, "open": open_only, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_RETURNED, values)
        return tuple(_row(*row) for row in cursor.fetchall())


def _row(*row: Any) -> ReturnedRow:
    values = [*row[:7], receipt_number(row[7], row[8]) if row[7] else "", *row[9:]]
    return ReturnedRow(*values)


@dataclass(frozen=True)
class LetterRow:
    """A letter or door hanger that waits to be made."""

    id: int
    account_id: int
    number: str
    name: str
    kind: str
    says: str
    facts: dict[str, Any]
    queued_on: date


def list_letters(*, waiting_only: bool = True, limit: int = 200) -> tuple[LetterRow, ...]:
    """Letters and door hangers in the queue, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.id, l.account_id, a.number, c.name, l.kind, l.says, l.facts::text, l.queued_on"
            " from payments_letter l join customers_account a on a.id = l.account_id"
            " join customers_customer c on c.id = a.customer_id"
            " where not %(waiting)s or not exists (select from payments_lettermade m where m.letter_id = l.id)"
            " order by l.queued_on, l.id limit %(limit)s",
            {"waiting": waiting_only, "limit": limit},
        )
        return tuple(LetterRow(*[*row[:6], _json(row[6]), row[7]]) for row in cursor.fetchall())


def _json(text: str) -> dict[str, Any]:
    found = json.loads(text)
    assert isinstance(found, dict)
    return found
