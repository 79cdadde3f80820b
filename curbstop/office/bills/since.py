"""What happened on an account between its last bill and this one, and which deposits this one asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.formats.paper.bill import DatedLine
from curbstop.formats.paper.words import day
from curbstop.office.bills.loading import IssuedRow
from curbstop.rules.ledger import RECIPES

PAYMENTS = ("take", "batch", "identify", "agency", "apply_deposit")
TENDERS = {
    "cash": "cash", "check": "check", "money_order": "money order", "card": "card", "online_card": "card, online",
    "ach": "bank draft", "autopay": "autopay", "lockbox": "by mail", "bill_pay": "bank bill-pay", "mail": "by mail",
}  # fmt: skip
LATE_ENTRIES = 6
"""How many transactions may have come between the approval of a bill and its posting."""


@dataclass(frozen=True)
class Since:
    """The balance after the last bill, and what changed it: balance - payments + adjustments is what was owed
    before this bill."""

    balance_cents: int
    payments: tuple[DatedLine, ...]
    adjustments: tuple[DatedLine, ...]


@dataclass(frozen=True)
class _Entry:
    """A transaction of the account: what it added to what is owed (below zero: took off)."""

    txn_id: int
    act: str
    effective_on: date
    posted_at: datetime
    bill_id: int | None
    cents: int
    tenders: str
    says: str


_ENTRIES = """
select t.id, t.act, t.effective_on, t.posted_at, b.id, e.cents, coalesce(w.tenders, ''), e.says
from (select p.txn_id, sum(p.debit_cents - p.credit_cents)::bigint cents, min(k.says) says
      from ledger_posting p join ledger_kind k on k.id = p.kind_id
      where p.account_id = %(account)s
        and (p.sub = 2 or p.gl_id in (select id from ledger_gl where sub = 3 and object in (2310, 2320)))
      group by p.txn_id) e
join ledger_transaction t on t.id = e.txn_id
left join bills_bill b on b.txn_id = t.id and b.account_id = %(account)s
left join lateral (select string_agg(distinct x.type, ', ' order by x.type) tenders from payments_receipt r
  join payments_tender x on x.series_id = r.series_id and x.no = r.no where r.txn_id = t.id) w on true
where e.cents <> 0 or b.id is not null order by t.posted_at, t.id"""


def what_happened_since(row: IssuedRow) -> Since:
    """Payments and adjustments between the account's last bill and this one.

    A bill carries the instant of its approval, and is posted a little later: what came in between is found by the
    balance that the bill itself kept.
    """
    entries = _entries(row.account_id)
    here = next(place for place, entry in enumerate(entries) if entry.bill_id == row.id)
    last = max((place for place, entry in enumerate(entries[:here]) if entry.bill_id is not None), default=-1)
    balance = 0
    if last >= 0:
        balance = _previous_cents(entries[last].bill_id) + entries[last].cents
    chosen = _between(entries, last, here, row.previous_cents - balance)
    payments, adjustments = [], []
    for entry in chosen:
        if entry.act in PAYMENTS and entry.cents < 0:
            payments.append(DatedLine(entry.effective_on, _payment(entry), -entry.cents))
        else:
            adjustments.append(DatedLine(entry.effective_on, _adjustment(entry), entry.cents))
    return Since(balance, tuple(payments), tuple(adjustments))


def _entries(account_id: int) -> list[_Entry]:
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, {"account": account_id})
        return [_Entry(*row) for row in cursor.fetchall()]


def _previous_cents(bill_id: int | None) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select previous_cents from bills_bill where id = %s", [bill_id])
        return int(cursor.fetchone()[0])


def _between(entries: Sequence[_Entry], last: int, here: int, change: int) -> list[_Entry]:
    """The entries that make up ``change``: those between the two bills, a few of which may stand just behind a bill
    that did count them, because its approval is earlier than its posting."""
    for skip in range(LATE_ENTRIES):
        for extra in range(LATE_ENTRIES):
            chosen = [*entries[last + 1 + skip : here], *entries[here + 1 : here + 1 + extra]]
            if any(entry.bill_id is not None for entry in chosen):
                continue
            if sum(entry.cents for entry in chosen) == change:
                return chosen
    raise ValueError(f"the entries before bill {entries[here].bill_id} do not come to what it says was owed")


def _payment(entry: _Entry) -> str:
    said = [TENDERS.get(tender, tender.replace("_", " ")) for tender in entry.tenders.split(", ") if tender]
    return f"Payment, {' and '.join(said)}" if said else "Payment"


def _adjustment(entry: _Entry) -> str:
    if entry.act in ("charge", "late_charge"):
        return entry.says.partition(",")[0]
    recipe = RECIPES.get(entry.act)
    return recipe.says if recipe else f"{entry.act.replace('_', ' ').capitalize()} {day(entry.effective_on)}"


# --- deposits ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """An instalment of a deposit that is asked for, and what of it was not received by then."""

    instalment: int
    of: int
    left_cents: int


_ASKED = """
select d.instalment,
  (select count(*) from payments_depositdemand x where x.event_id = d.event_id and x.account_id = d.account_id),
  (d.cents - coalesce(w.cents, 0) - coalesce(paid.cents, 0))::bigint
from payments_depositdemand d
left join lateral (
  select sum(x.cents) cents from payments_depositwaived x join base_event e on e.id = x.event_id
  where x.demand_id = d.id and e.at <= %(at)s) w on true
left join lateral (
  select sum(p.credit_cents) - coalesce(sum(p.debit_cents) filter (where t.reverses_id is not null), 0) cents
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.account_id = d.account_id and p.document_id = d.document_id and p.sub = 3
    and t.posted_at <= %(at)s) paid on true
where d.account_id = %(account)s and d.due_on <= %(due)s and d.cents > coalesce(w.cents, 0) + coalesce(paid.cents, 0)
order by d.due_on, d.instalment, d.id"""


def deposits_asked(row: IssuedRow) -> list[Asked]:
    """The instalments asked for with this bill or before it, and not received before it."""
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, {"account": row.account_id, "due": row.due_on, "at": row.posted_at})
        return [Asked(*found) for found in cursor.fetchall()]
