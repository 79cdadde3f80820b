"""A payment at a till: one receipt, any number of accounts and tenders, change out of cash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import LINKED, own_account
from curbstop.office._statements import Asked, Rows, array, ask, words
from curbstop.office.payments.owing import (
    Loaded,
    PaidAccount,
    PayFirst,
    Paying,
    Session,
    asking,
    check_paying,
    in_words,
    load,
    plan,
    read,
)
from curbstop.office.payments.returning import asking_cash_only, check_cash_only, read_cash_only
from curbstop.rules.ledger import Application, Tendered
from curbstop.rules.ledger import take as take_legs
from curbstop.rules.ledger.recipes import DRAWERS, Unapplied
from curbstop.rules.money import show
from curbstop.rules.payments import LINES, Kept, Tender, check_tenders, give_change

CAME_BY = {
    "mail": "by mail",
    "night_drop": "in the night drop",
    "drive_up": "at the drive-up",
    "kiosk": "in the kiosk's cash box",
}
"""How money comes to a till when nobody stands there: opened, and entered with the day it came as the day it counts."""


class TillClosed(Refused):
    """The drawer takes no money: nobody has it open, it is counted, or it is somebody else's."""


@dataclass(frozen=True)
class ReceiptTaken:
    """A payment as taken: what the receipt tells. ``number`` is what people say: the till's series and the number."""

    series: str
    no: int
    number: str
    txn_id: int
    document_id: int
    till: str
    effective_on: date
    posted_on: date
    cents: int
    change_cents: int
    payer: str
    accounts: tuple[PaidAccount, ...]
    tenders: tuple[Kept, ...]


@dataclass(frozen=True)
class PaymentPreview:
    """What :func:`take` would do with the same accounts and tenders on that day. ``says`` is the line to read out."""

    cents: int
    change_cents: int
    accounts: tuple[PaidAccount, ...]
    tenders: tuple[Kept, ...]
    says: str


@dataclass(frozen=True)
class _Drawer:
    till_id: int
    code: str
    series_id: int


def receipt_number(series: str, no: int) -> str:
    """``T1-000123``."""
    return f"{series}-{no:06d}"


def _ahead(given: Mapping[str, Any]) -> list[Asked]:
    """Hold the drawer and the accounts, then look what they owe; and at marks, where something else than cash comes."""
    wanted = [paying.account_id for paying in given["accounts"]]
    asked = [_locking(given["till"], wanted, given["by"]), asking(wanted, on=given["on"], till=given["till"])]
    if any(tender.type != "cash" for tender in given["tenders"]):
        asked.append(asking_cash_only(wanted, on=given["on"]))
    return asked


@act("payments.take", ahead=_ahead)
def take(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    till: str,
    on: date,
    accounts: tuple[Paying, ...],
    tenders: tuple[Tender, ...],
    payer: str = "",
    first: PayFirst | None = None,
    came_by: str = "",
) -> ReceiptTaken:
    """Take a payment at a till and apply it to what the accounts owe, by the city's policy or as the payer asks.

    :param till: the drawer's code; it must be open to ``by``
    :param on: the day the money was handed over; it is posted on the drawer's day
    :param accounts: how much is for each account; what is handed over beyond their sum is change, out of cash
    :param first: what the payer asks to be paid first
    :param came_by: empty over the counter; else one of :data:`CAME_BY`, opened and entered at the till
    :raises TillClosed: the drawer is not open, is counted, or is somebody else's
    :raises BadPayment: amounts or tenders that cannot be taken, naming the field
    :raises Refused: an account pays by cash only, and a check was tendered
    :raises NotSet: the city has not said how money is applied
    """
    check_paying(accounts)
    check_tenders(tenders)
    _check_came_by(came_by)
    kept = give_change(tenders, sum(paying.cents for paying in accounts))
    wanted = [paying.account_id for paying in accounts]
    locked, owed, *marks = event.ahead
    drawer = _locked(locked, till)
    loaded = read(owed, wanted, on=on)
    session = _check_open(drawer, loaded.session, by, on)
    if marks:
        check_cash_only(read_cash_only(marks[0]), (tender.type for tender in tenders))
    paid, applied, rests = _plan(loaded, accounts, on, first)
    legs = take_legs(_tendered(kept, session.document_id), applied, rests)
    posting = ledger._prepare(
        event, act="take", posted_on=session.opened_on, effective_on=on, legs=legs, txn_id=loaded.txn_id
    )
    who = payer.strip() or paid[0].name
    receipt = {
        "series": drawer.series_id,
        "txn": loaded.txn_id,
        "account": wanted[0] if len(wanted) == 1 else None,
        "document": loaded.document_id,
        "on": on,
        "payer": who,
        "instruction": _asked(first),
        "batch": session.document_id,
        "came_by": came_by,
    }
    txn_id, (numbered,) = posting.write(_receipt(receipt, kept))
    no = int(numbered[0][0])
    number = receipt_number(drawer.code, no)
    cents = sum(tender.cents for tender in kept)
    change = sum(tender.change_cents for tender in kept)
    event.about(
        *(f"account:{one.account_id}" for one in paid),
        f"receipt:{loaded.document_id}",
        says=f"Paid {in_words(paid)} at till {till}, receipt {number}.",
    )
    days = (on, session.opened_on)
    return ReceiptTaken(
        drawer.code, no, number, txn_id, loaded.document_id, till, *days, cents, change, who, paid, kept
    )


def get_payment_preview(
    *, accounts: Sequence[Paying], tenders: Sequence[Tender], on: date, first: PayFirst | None = None
) -> PaymentPreview:
    """What :func:`take` would do now, by the same rule; nothing is locked or written.

    :raises BadPayment, Refused, NotSet: as :func:`take`
    """
    check_paying(accounts)
    check_tenders(tenders)
    kept = give_change(tenders, sum(paying.cents for paying in accounts))
    paid, _, _ = _plan(load([paying.account_id for paying in accounts], on=on), accounts, on, first)
    change = sum(tender.change_cents for tender in kept)
    types = " and ".join(f"{show(k.cents)} {k.type.replace('_', ' ')}" for k in kept)
    says = f"Take {types} from {paid[0].name}: {in_words(paid)}"
    says += f"; change {show(change)}." if change else "."
    return PaymentPreview(sum(k.cents for k in kept), change, paid, kept, says)


# The till's row, not its session's, since sessions never change and the office may not lock them; then the accounts.
_LOCK = (
    """
with drawer as materialized (
  select t.id, t.code, t.series_id from payments_till t where t.code = %(till)s::text for no key update),
account as materialized (
  select a.id from customers_account a where a.id = any(%(accounts)s::bigint[]) and (select count(*) from drawer) = 1
  order by a.id for no key update)
select drawer.id, code, series_id, (select count(*) from account), own.id, own.number, own.kind
from drawer left join lateral ("""
    + LINKED
    + """) own on true"""
)


def _lock(till: str, account_ids: Sequence[int], by: Actor) -> _Drawer:
    """Hold the drawer and the accounts, in the one order of locks; raises as :func:`_locked`."""
    return _locked(ask(*_locking(till, account_ids, by)), till)


def _locking(till: str, account_ids: Sequence[int], by: Actor) -> Asked:
    return _LOCK, {"till": till, "accounts": array(sorted(account_ids)), "by": by.id}


def _locked(rows: Rows, till: str) -> _Drawer:
    """The drawer that is held. :raises TillClosed, OwnAccount: there is none; an account is the cashier's own"""
    if not rows:
        raise TillClosed(f"There is no till {till!r}. Choose one of the office's tills.", field="till")
    if rows[0][4] is not None:
        raise own_account(*rows[0][4:7])
    return _Drawer(*rows[0][:3])


def _check_open(drawer: _Drawer, session: Session | None, by: Actor, on: date) -> Session:
    """Whether the drawer, now held, takes money from this person today."""
    code = drawer.code
    if session is None:
        raise TillClosed(f"Till {code} is not open. Count its float and open it.", field="till")
    if session.cashier_id != by.id:
        raise TillClosed(
            f"Till {code} is open to {session.cashier}; a drawer has one cashier. Use your own.", field="till"
        )
    if session.counted:
        raise TillClosed(f"Till {code} is counted and waits to be signed. Open another drawer.", field="till")
    if on > session.opened_on:
        says = f"Till {code} was opened for {session.opened_on.isoformat()}, and it is {on.isoformat()}."
        raise TillClosed(f"{says} Count and close it, and open it for today.", field="till")
    return session


def _plan(
    loaded: Loaded, accounts: Sequence[Paying], on: date, first: PayFirst | None
) -> tuple[tuple[PaidAccount, ...], list[Application], list[Unapplied]]:
    paid: list[PaidAccount] = []
    applied: list[Application] = []
    rests: list[Unapplied] = []
    for paying in accounts:
        one, applications = plan(loaded.accounts[paying.account_id], paying.cents, loaded.policy, on=on, first=first)
        paid.append(one)
        applied += applications
        if one.credit_cents:
            rests.append(Unapplied(one.account_id, loaded.document_id, 1, one.credit_cents))
    return tuple(paid), applied, rests


def _check_came_by(came_by: str) -> None:
    if came_by and came_by not in CAME_BY:
        raise Refused(
            f"There is no way {came_by!r}; money comes over the counter, {', '.join(CAME_BY)}.", field="came_by"
        )


def _tendered(kept: Sequence[Kept], document_id: int) -> list[Tendered]:
    sums: dict[int, int] = {}
    for tender in kept:
        sums[LINES[tender.type]] = sums.get(LINES[tender.type], 0) + tender.cents
    return [Tendered(DRAWERS, document_id, line, cents) for line, cents in sorted(sums.items())]


# The number is taken last, so that only receipts of one series wait for each other, and only this long.
_RECEIPT = """
with taken as (
  update payments_series set next_no = next_no + 1 where id = %(series)s::int returning id, code, next_no - 1 as no),
receipt as (
  insert into payments_receipt (series_id, no, txn_id, account_id, document_id, effective_on, payer, cents, instruction,
    came_by)
  select id, no, %(txn)s::bigint, %(account)s::bigint, %(document)s::bigint, %(on)s::date, %(payer)s::text,
    %(cents)s::bigint, %(instruction)s::text, %(came_by)s::text from taken),
tender as (
  insert into payments_tender (series_id, no, line, type, cents, change_cents, reference, batch_document_id)
  select taken.id, taken.no, t.line, t.type, t.cents, t.change_cents, t.reference, %(batch)s::bigint
  from taken cross join unnest(%(lines)s::smallint[], %(types)s::text[], %(sums)s::bigint[], %(changes)s::bigint[],
    %(references)s::text[]) t(line, type, cents, change_cents, reference))
select no from taken"""


def _asked(first: PayFirst | None) -> str:
    if first is None:
        return ""
    return f"document {first.document_id}" if first.document_id is not None else ", ".join(first.words)


def _write_receipt(receipt: dict[str, Any], kept: Sequence[Kept]) -> int:
    return int(ask(*_receipt(receipt, kept))[0][0])


def _receipt(receipt: dict[str, Any], kept: Sequence[Kept]) -> Asked:
    tenders: dict[str, Any] = {
        "cents": sum(tender.cents for tender in kept),
        "lines": array(range(1, len(kept) + 1)),
        "types": words(tender.type for tender in kept),
        "sums": array(tender.cents for tender in kept),
        "changes": array(tender.change_cents for tender in kept),
        "references": words(tender.reference for tender in kept),
    }
    return _RECEIPT, {"came_by": "", **receipt, **tenders}
