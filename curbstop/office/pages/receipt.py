"""A receipt for the screen: what ``payments.get_receipt`` tells, by document, with the bills that it paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from curbstop.office import payments
from curbstop.office.pages.found import NotThere
from curbstop.office.pages.rows import ask, ask_one
from curbstop.office.payments import ReceiptAccount, ReceiptItem, ReceiptRead
from curbstop.office.payments.moving import MovedRow, list_moved

CREDIT, DEPOSITS = "10-2310", ("59-2210", "59-2220")


@dataclass(frozen=True)
class PaidLine:
    """What part of a receipt went to one document: a bill, a charge, a deposit; or stayed as credit."""

    document_id: int
    billed_on: date | None  # of a bill
    says: str
    cents: int
    deposit: bool


@dataclass(frozen=True)
class PaidAccount:
    """An account on a receipt, its lines by document."""

    read: ReceiptAccount
    lines: tuple[PaidLine, ...]


@dataclass(frozen=True)
class TakenBack:
    """Who took a receipt back and when. ``request_id``: the request of two people that voided it; None without one."""

    at: datetime
    by: str
    why: str  # voided, returned, misposted
    reason: str
    asked_by: str
    request_id: int | None


@dataclass(frozen=True)
class Receipt:
    """A receipt with its lines by document.

    :ivar came_by: empty over the counter; else one of ``payments.CAME_BY``
    :ivar moved: what was put on the right account since
    """

    read: ReceiptRead
    accounts: tuple[PaidAccount, ...]
    moved: tuple[MovedRow, ...] = ()
    came_by: str = ""
    taken_by_id: int = 0
    taken_back: TakenBack | None = None


@dataclass(frozen=True)
class _Place:
    series_id: int
    series: str
    no: int
    came_by: str
    taken_by_id: int
    back_at: datetime | None
    back_by: str
    back_why: str
    back_reason: str
    asked_by: str
    request_id: int | None

    @property
    def taken_back(self) -> TakenBack | None:
        if self.back_at is None:
            return None
        return TakenBack(self.back_at, self.back_by, self.back_why, self.back_reason, self.asked_by, self.request_id)


@dataclass(frozen=True)
class _Billed:
    id: int
    on: date


_PLACE = """
select r.series_id, s.code, r.no, r.came_by, t.by, vt.posted_at,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username, ''), coalesce(v.why, ''),
  coalesce(v.reason, ''), coalesce(nullif(trim(w.first_name || ' ' || w.last_name), ''), w.username, ''), q.id
from payments_receipt r join payments_series s on s.id = r.series_id join ledger_transaction t on t.id = r.txn_id
left join payments_reversal v on (v.series_id, v.no) = (r.series_id, r.no)
left join ledger_transaction vt on vt.id = v.txn_id left join base_user u on u.id = vt.by
left join ledger_request q on q.id = vt.approval_id left join base_user w on w.id = q.asked_by_id
where r.document_id = %(receipt)s"""

_BILLED = """
select b.id, r.bill_on from bills_bill b join bills_run r on r.id = b.run_id where b.id = any(%(documents)s)"""


def get_receipt(*, document_id: int) -> Receipt:
    """The receipt with this document id.

    :raises NotThere: there is none
    """
    place = ask_one(_Place, _PLACE, {"receipt": document_id})
    if place is None:
        raise NotThere(f"There is no receipt {document_id}. The account's payments lead to its receipts.")
    read = payments.get_receipt(place.series, place.no)
    documents = [item.document_id for account in read.accounts for item in account.items]
    billed = {bill.id: bill.on for bill in ask(_Billed, _BILLED, {"documents": documents})}
    accounts = tuple(PaidAccount(account, _lines(account.items, billed)) for account in read.accounts)
    moved = list_moved(place.series_id, place.no)
    return Receipt(read, accounts, moved, place.came_by, place.taken_by_id, place.taken_back)


def _lines(items: tuple[ReceiptItem, ...], billed: dict[int, date]) -> tuple[PaidLine, ...]:
    """The items by document, a bill as one line; credit last."""

    def place(item: ReceiptItem) -> tuple[bool, date, int, str]:
        on = billed.get(item.document_id, date.max)
        return item.gl == CREDIT, on, item.document_id, "" if item.document_id in billed else item.says

    found = []
    for (credit, _, document, _), of in groupby(sorted(items, key=place), key=place):
        paid = list(of)
        deposit = all(item.gl in DEPOSITS for item in paid)
        says = "Left on the account as credit" if credit else "Deposit" if deposit else paid[0].says
        found.append(PaidLine(document, billed.get(document), says, sum(item.cents for item in paid), deposit))
    return tuple(found)


@dataclass(frozen=True)
class LatestReceipt:
    """A receipt in a list of the whole office."""

    document_id: int
    series: str
    no: int
    at: datetime
    by: str
    name: str
    number: str
    cents: int
    how: str
    reversed: bool


_LATEST = """
select r.document_id, s.code, r.no, t.posted_at,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username),
  coalesce(c.name, 'Several accounts'), coalesce(a.number, ''), r.cents, coalesce((
    select string_agg(x.type || coalesce(nullif(' ' || x.reference, ' '), ''), ', ' order by x.line)
    from payments_tender x where x.series_id = r.series_id and x.no = r.no), ''),
  exists (select from payments_reversal v where v.series_id = r.series_id and v.no = r.no)
from (select * from payments_receipt order by document_id desc limit %(limit)s) r
join payments_series s on s.id = r.series_id join ledger_transaction t on t.id = r.txn_id
join base_user u on u.id = t.by left join customers_account a on a.id = r.account_id
left join customers_customer c on c.id = a.customer_id order by t.posted_at desc, r.document_id desc"""


def get_latest_receipts(*, limit: int) -> tuple[LatestReceipt, ...]:
    """The receipts that were given last, by any till or channel."""
    return ask(LatestReceipt, _LATEST, {"limit": limit})
