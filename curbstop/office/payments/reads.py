"""Receipts and payments as they were taken, for screens and paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office.payments.taking import receipt_number
from curbstop.rules.ledger import gl


class NoReceipt(LookupError):
    """There is no such receipt."""


@dataclass(frozen=True)
class ReceiptItem:
    """What a receipt paid of a document, or left as credit."""

    document_id: int
    line: int
    gl: str
    kind: str
    says: str
    due_on: date | None
    cents: int


@dataclass(frozen=True)
class ReceiptAccount:
    """An account on a receipt, and what it owed when the receipt was printed (below zero: a credit)."""

    account_id: int
    number: str
    name: str
    address: str
    cents: int
    owed_after_cents: int
    items: tuple[ReceiptItem, ...]


@dataclass(frozen=True)
class ReceiptTender:
    """A tender of a receipt; cash handed over is ``cents + change_cents``."""

    type: str
    cents: int
    change_cents: int
    reference: str


@dataclass(frozen=True)
class ReceiptRead:
    """A receipt as issued. ``reversed_on`` and ``reversed_why`` tell that the money went back; the number stays."""

    series: str
    no: int
    number: str
    txn_id: int
    document_id: int
    effective_on: date
    posted_on: date
    taken_at: datetime
    taken_by: str
    till: str
    payer: str
    cents: int
    change_cents: int
    instruction: str
    accounts: tuple[ReceiptAccount, ...]
    tenders: tuple[ReceiptTender, ...]
    reversed_on: date | None
    reversed_why: str


_HEAD = """
select r.series_id, s.code, r.no, r.txn_id, r.document_id, r.effective_on, t.posted_on, t.posted_at,
  trim(u.first_name || ' ' || u.last_name), coalesce(l.name, ''), r.payer, r.cents, r.instruction, vt.posted_on,
  coalesce(v.why || ': ' || v.reason, '')
from payments_receipt r join payments_series s on s.id = r.series_id join ledger_transaction t on t.id = r.txn_id
join base_user u on u.id = t.by left join payments_till l on l.series_id = s.id
left join payments_reversal v on (v.series_id, v.no) = (r.series_id, r.no)
left join ledger_transaction vt on vt.id = v.txn_id
where s.code = %s and r.no = %s"""

_PAID = """
select p.account_id, a.number, c.name, coalesce(place.address, ''), g.fund, g.object, p.document_id, p.line_no, k.code,
  k.says, due.due_on, p.credit_cents, owed.cents
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id
join customers_account a on a.id = p.account_id join customers_customer c on c.id = a.customer_id
left join lateral (
  select m.address from customers_agreement e join customers_servicepoint o on o.id = e.service_point_id
  join customers_premise m on m.id = o.premise_id where e.account_id = a.id
  order by upper(e.during) desc nulls first limit 1
) place on true
left join lateral (
  select max(x.due_on) due_on from ledger_posting x where x.account_id = p.account_id and x.document_id = p.document_id
    and x.line_no = p.line_no and x.gl_id = p.gl_id) due on true
join lateral (
  select coalesce(sum(x.debit_cents - x.credit_cents), 0)::bigint cents from ledger_posting x
  join ledger_transaction xt on xt.id = x.txn_id join ledger_gl xg on xg.id = x.gl_id
  where x.account_id = p.account_id and (xt.posted_at, xt.id) <= (%(at)s, %(txn)s)
    and (x.sub = 2 or xg.object in (2310, 2320))) owed on true
where p.txn_id = %(txn)s and p.credit_cents > 0 and p.account_id is not null order by p.leg_no"""


def get_receipt(series: str, no: int) -> ReceiptRead:
    """A receipt by its series and number, as it was issued.

    :raises NoReceipt: there is none
    """
    with connection.cursor() as cursor:
        cursor.execute(_HEAD, [series, no])
        head = cursor.fetchone()
        if head is None:
            raise NoReceipt(f"There is no receipt {receipt_number(series, no)}. Look the payment up on the account.")
        series_id, code, no, txn_id, document_id, effective_on, posted_on, at, by, till, payer, cents, asked, *v = head
        cursor.execute(
            "select type, cents, change_cents, reference from payments_tender where (series_id, no) = (%s, %s)"
            " order by line",
            [series_id, no],
        )
        tenders = tuple(ReceiptTender(*row) for row in cursor.fetchall())
        cursor.execute(_PAID, {"txn": txn_id, "at": at})
        accounts = _accounts(cursor.fetchall())
    change = sum(tender.change_cents for tender in tenders)
    number = receipt_number(code, no)
    days = (effective_on, posted_on, at)
    return ReceiptRead(
        code,
        no,
        number,
        txn_id,
        document_id,
        *days,
        by,
        till,
        payer,
        cents,
        change,
        asked,
        accounts,
        tenders,
        v[0],
        v[1],
    )


def _accounts(rows: list[tuple[object, ...]]) -> tuple[ReceiptAccount, ...]:
    found: dict[tuple[object, ...], list[ReceiptItem]] = {}
    for account_id, number, name, address, fund, object_, document, line, kind, says, due_on, cents, owed in rows:
        item = ReceiptItem(document, line, gl(fund, object_), kind, says, due_on, cents)  # type: ignore[arg-type]
        found.setdefault((account_id, number, name, address, owed), []).append(item)
    return tuple(
        ReceiptAccount(id, number, name, address, sum(item.cents for item in items), owed, tuple(items))  # type: ignore[arg-type]
        for (id, number, name, address, owed), items in found.items()
    )


@dataclass(frozen=True)
class PaymentRow:
    """A payment on an account: ``cents`` is what came to this account, of a receipt that may be for several."""

    series: str
    no: int
    number: str
    document_id: int
    txn_id: int
    effective_on: date
    posted_on: date
    cents: int
    receipt_cents: int
    types: tuple[str, ...]
    payer: str
    reversed_on: date | None
    reversed_why: str


_PAYMENTS = """
select s.code, r.no, r.document_id, r.txn_id, r.effective_on, t.posted_on, came.cents, r.cents,
  (select array_agg(distinct x.type) from payments_tender x where (x.series_id, x.no) = (r.series_id, r.no)),
  r.payer, vt.posted_on, coalesce(v.why || ': ' || v.reason, '')
from (select txn_id, sum(credit_cents)::bigint cents from ledger_posting
      where account_id = %(account)s and credit_cents > 0 group by txn_id) came
join payments_receipt r on r.txn_id = came.txn_id join payments_series s on s.id = r.series_id
join ledger_transaction t on t.id = r.txn_id
left join payments_reversal v on (v.series_id, v.no) = (r.series_id, r.no)
left join ledger_transaction vt on vt.id = v.txn_id
order by t.posted_at desc, r.txn_id desc limit %(limit)s"""


def list_payments(account_id: int, *, limit: int | None = None) -> tuple[PaymentRow, ...]:
    """The payments of an account, those taken back too, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS, {"account": account_id, "limit": limit})
        return tuple(_payment(*row) for row in cursor.fetchall())


def _payment(series: str, no: int, *rest: Any) -> PaymentRow:
    values = (*rest[:6], tuple(rest[6]), *rest[7:])
    return PaymentRow(series, no, receipt_number(series, no), *values)
