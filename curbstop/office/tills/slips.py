"""Signed drawers made up into bank deposits, and what the bank shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.records.payments.banking import BankSettled
from curbstop.records.payments.models import Slip, SlipConfirmed, SlipSession
from curbstop.rules.ledger import Tendered, bank_confirmed, bank_deposit
from curbstop.rules.ledger.recipes import DRAWERS
from curbstop.rules.money import show
from curbstop.rules.payments import LINES


@dataclass(frozen=True)
class SlipReceipt:
    """A receipt whose tenders are in a deposit."""

    number: str
    payer: str
    cash_cents: int
    check_cents: int
    money_order_cents: int
    references: tuple[str, ...]


@dataclass(frozen=True)
class SlipMade:
    """A bank deposit: its total by type of tender, the drawers in it, every receipt of theirs."""

    slip_id: int
    made_on: date
    cash_cents: int
    check_cents: int
    money_order_cents: int
    tills: tuple[str, ...]
    receipts: tuple[SlipReceipt, ...]
    confirmed_on: date | None

    @property
    def total_cents(self) -> int:
        """What the bank should show."""
        return self.cash_cents + self.check_cents + self.money_order_cents


@act("tills.deposit")
def deposit(event: Acting, /, *, key: Key, by: Actor, at: datetime, session_ids: tuple[int, ...], on: date) -> SlipMade:
    """Make up a bank deposit from signed drawers; everything in them but the float goes into it.

    :raises Refused: a drawer that is not signed, is in another deposit, or holds nothing
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.id from payments_till t where t.id in"
            " (select s.till_id from payments_tillsession s where s.id = any(%s)) order by t.id for no key update",
            [list(session_ids)],
        )
    waiting = {row.session_id: row for row in list_sessions_to_deposit()}
    missing = [id for id in session_ids if id not in waiting]
    if missing or not session_ids:
        raise Refused(
            f"These drawers are not signed, or are in a deposit already: {missing}. Choose among those that wait.",
            field="session_ids",
        )
    chosen = [waiting[id] for id in dict.fromkeys(session_ids)]
    _refuse_short(chosen)
    lines = [
        Tendered(DRAWERS, row.document_id, LINES[type], cents)
        for row in chosen
        for type, cents in (
            ("cash", row.cash_cents),
            ("check", row.check_cents),
            ("money_order", row.money_order_cents),
        )
    ]
    if not any(line.cents for line in lines):
        raise Refused("There is nothing in these drawers to take to the bank.", field="session_ids")
    (slip_id,) = ledger.reserve_documents(1)
    txn_id = ledger._post(event, act="bank_deposit", posted_on=on, effective_on=on, legs=bank_deposit(slip_id, lines))
    slip = Slip.objects.create(
        id=slip_id,
        txn_id=txn_id,
        made_on=on,
        cash_cents=sum(row.cash_cents for row in chosen),
        check_cents=sum(row.check_cents for row in chosen),
        money_order_cents=sum(row.money_order_cents for row in chosen),
        by_id=by.id,
        event_id=event.id,
    )
    SlipSession.objects.bulk_create(SlipSession(session_id=row.session_id, slip=slip) for row in chosen)
    made = get_slip(slip_id)
    event.about(f"slip:{slip_id}", says=f"Bank deposit of {show(made.total_cents)} from till {', '.join(made.tills)}.")
    return made


def _refuse_short(chosen: Sequence[SlipRow]) -> None:
    """:raises Refused: a drawer holds less than its float; nothing of it can go to the bank"""
    for row in chosen:
        for what, cents in (("cash", row.cash_cents), ("checks", row.check_cents), ("orders", row.money_order_cents)):
            if cents < 0:
                says = f"Till {row.till} of {row.opened_on.isoformat()} holds {show(-cents)} less {what} than its float"
                raise Refused(
                    f"{says}, so nothing of it can go to the bank. Make its float up from the change fund first"
                    " (tills.restore_float), then make up the deposit.",
                    field="session_ids",
                )


@act("tills.confirm")
def confirm(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, slip_id: int, on: date, cents: int, reference: str = ""
) -> SlipMade:
    """The bank statement shows a deposit: what was on the way is in the bank.

    :param cents: what the statement shows; it must be the slip's total
    :raises Refused: no such deposit, it is confirmed already, or the bank shows another amount
    """
    take_turn(f"tills.slip:{slip_id}")
    slip = get_slip(slip_id)
    if slip.confirmed_on is not None:
        says = f"This deposit was confirmed on {slip.confirmed_on.isoformat()}"
        raise Refused(f"{says}; look for another deposit of the same amount.", field="slip_id")
    if cents != slip.total_cents:
        says = (
            f"The slip says {show(slip.total_cents)}, the bank {show(cents)}: {show(cents - slip.total_cents)} apart."
        )
        raise Refused(f"{says} Ask the bank for its advice before anything is posted.", field="cents")
    lines = {1: slip.cash_cents, 2: slip.check_cents, 3: slip.money_order_cents}
    txn_id = ledger._post(
        event, act="bank_confirmed", posted_on=on, effective_on=on, legs=bank_confirmed(slip_id, lines)
    )
    before = SlipConfirmed.objects.filter(slip_id=slip_id).order_by("id").last()
    SlipConfirmed.objects.create(
        slip_id=slip_id, after_id=undone_of(before.txn_id) if before else None, txn_id=txn_id, confirmed_on=on,
        reference=reference, by_id=by.id, event_id=event.id,
    )  # fmt: skip
    event.about(f"slip:{slip_id}", says=f"The bank shows the deposit of {show(cents)}.")
    return replace(slip, confirmed_on=on)


@dataclass(frozen=True)
class SlipRow:
    """A signed drawer that waits for the bank: what it holds beside the float."""

    session_id: int
    document_id: int
    till: str
    cashier: str
    opened_on: date
    cash_cents: int
    check_cents: int
    money_order_cents: int


_TO_DEPOSIT = """
select s.id, s.document_id, t.code, trim(u.first_name || ' ' || u.last_name), s.opened_on,
  coalesce(sum(p.debit_cents - p.credit_cents) filter (where p.line_no = 1), 0)::bigint,
  coalesce(sum(p.debit_cents - p.credit_cents) filter (where p.line_no = 2), 0)::bigint,
  coalesce(sum(p.debit_cents - p.credit_cents) filter (where p.line_no = 3), 0)::bigint
from payments_tillclose x join payments_tillsession s on s.id = x.session_id
join payments_till t on t.id = s.till_id join base_user u on u.id = s.cashier_id
left join ledger_posting p on p.document_id = s.document_id and p.sub = 1
where not exists (select from payments_slipsession d where d.session_id = s.id)
group by s.id, t.code, u.id order by s.opened_on, t.code"""


def list_sessions_to_deposit() -> tuple[SlipRow, ...]:
    """Signed drawers that are in no bank deposit yet, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_TO_DEPOSIT)
        return tuple(SlipRow(*row) for row in cursor.fetchall())


_SLIP_RECEIPTS = """
select e.code || '-' || lpad(r.no::text, 6, '0'), r.payer,
  coalesce(sum(x.cents) filter (where x.type = 'cash'), 0)::bigint,
  coalesce(sum(x.cents) filter (where x.type = 'check'), 0)::bigint,
  coalesce(sum(x.cents) filter (where x.type = 'money_order'), 0)::bigint,
  array_remove(array_agg(x.reference order by x.line), '')
from payments_slipsession d join payments_tillsession s on s.id = d.session_id
join payments_tender x on x.batch_document_id = s.document_id
join payments_receipt r on (r.series_id, r.no) = (x.series_id, x.no) join payments_series e on e.id = r.series_id
where d.slip_id = %s group by e.code, r.no, r.payer order by e.code, r.no"""


_STANDS = Q(txn__reversed_by__isnull=True)
"""Of the bank's confirmations, the one that was not undone."""


def get_slip(slip_id: int) -> SlipMade:
    """A bank deposit with every receipt in it. :raises Refused: there is no such deposit"""
    slip = Slip.objects.filter(id=slip_id).first()
    if slip is None:
        raise Refused(f"There is no bank deposit {slip_id}.", field="slip_id")
    tills = (
        SlipSession.objects.filter(slip=slip)
        .order_by("session_id")
        .values_list("session__session__till__code", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(_SLIP_RECEIPTS, [slip_id])
        receipts = tuple(
            SlipReceipt(row[0], row[1], row[2], row[3], row[4], tuple(row[5])) for row in cursor.fetchall()
        )
    confirmed = slip.confirmations.filter(_STANDS).first()
    return SlipMade(
        slip.id,
        slip.made_on,
        slip.cash_cents,
        slip.check_cents,
        slip.money_order_cents,
        tuple(tills),
        receipts,
        confirmed.confirmed_on if confirmed else None,
    )


def undone_of(txn_id: int) -> int | None:
    """The undone match that had posted this; None where none was."""
    found = BankSettled.objects.filter(txn_id=txn_id, match__undone__isnull=False).values_list("match_id", flat=True)
    return found.first()


def list_slips(*, unconfirmed_only: bool = False) -> tuple[SlipMade, ...]:
    """Bank deposits, newest first."""
    slips = Slip.objects.order_by("-id")
    if unconfirmed_only:
        shown = SlipConfirmed.objects.filter(_STANDS, slip=OuterRef("id"))
        slips = slips.filter(~Exists(shown))
    return tuple(get_slip(id) for id in slips.values_list("id", flat=True))
