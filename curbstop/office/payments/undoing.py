"""Money that goes back or goes on: returned and misposted payments, unidentified money, unapplied credit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.payments.moving import released, standing_legs
from curbstop.office.payments.owing import Owing, PaidAccount, load, plan
from curbstop.office.payments.returning import CameBack, Followed, follow
from curbstop.office.payments.taking import receipt_number
from curbstop.records.payments.models import Reversal
from curbstop.rules.ledger import Leg, Tendered, credit, debit, fund_of, interfund, object_of, returned, reverse
from curbstop.rules.ledger import apply_credit as credit_legs
from curbstop.rules.ledger import identify as identify_legs
from curbstop.rules.ledger.legs import CREDIT
from curbstop.rules.ledger.recipes import UNIDENTIFIED, Unapplied
from curbstop.rules.money import show
from curbstop.rules.payments import LINES, Policy, apply

RETURNED_TO = {
    "check": "10-1030", "money_order": "10-1030", "card": "10-1040", "ach": "10-1050", "lockbox": "10-1060",
    "bill_pay": "10-1060", "mail": "10-1060", "pledge": "10-1070",
}  # fmt: skip
"""Where a returned tender waits for the bank's debit. Cash does not come back."""

PLEDGES = "10-1070"

OWED_AGAIN = "returned.owed"


@dataclass(frozen=True)
class Undone:
    """A payment taken back. ``undone`` are the transactions that had used its remainder, newest first, undone before.

    :ivar waiting_document_id: the item on 10-2340 that holds a misposted payment until it is identified
    :ivar returned_cents: what of it the bank did not pay; cash that came with it is not part of that
    :ivar followed: fee, count, mark and letter, for each account; empty for a misposted payment
    """

    number: str
    txn_id: int
    why: str
    cents: int
    undone: tuple[int, ...]
    owed_again_cents: int
    waiting_document_id: int | None
    account_ids: tuple[int, ...]
    series_id: int
    no: int
    tender: str
    returned_cents: int
    followed: tuple[Followed, ...]


@dataclass(frozen=True)
class Identified:
    """Unidentified money that was found to be an account's."""

    txn_id: int
    account: PaidAccount


@dataclass(frozen=True)
class CreditApplied:
    """Unapplied credit put on open items: how many accounts had some that went to something, and how much."""

    accounts: int
    cents: int


@dataclass(frozen=True)
class _Receipt:
    series_id: int
    no: int
    number: str
    txn_id: int
    document_id: int
    cents: int
    posted_on: date
    tenders: tuple[tuple[str, int], ...]
    batch_document_id: int


@act("payments.reverse")
def reverse_payment(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    series: str,
    no: int,
    why: str,
    reason: str,
    on: date,
    posted_on: date | None = None,
) -> Undone:
    """Take back a payment: what it paid is owed again, line by line, as it was.

    ``returned``: the bank did not pay it; cash that came with it stays as credit and is applied again. The fee, the
    count, the mark and the letter of the city's policies follow (:mod:`.returning`).
    ``misposted``: the money is here but is somebody else's; it waits on 10-2340 until :func:`identify` names whose.
    What had been applied since from its remainder is undone first, newest first; what was refunded meanwhile is owed
    again on 1260. The receipt keeps its number.

    :param on: the day the bank returned it, or the mistake was found; posted on ``posted_on``, by default the same day
    :raises Refused: no such receipt, taken back already, no reason, or cash that cannot be returned
    """
    undone = take_back(event, series=series, no=no, why=why, reason=reason, on=on, day=posted_on or on)
    if why != "returned":
        return undone
    return replace(undone, followed=follow(event, came_back(undone), reason=reason.strip(), on=on, day=posted_on or on))


def came_back(undone: Undone) -> CameBack:
    """What :func:`.returning.follow` needs to know of a payment taken back."""
    return CameBack(
        undone.series_id,
        undone.no,
        undone.number,
        undone.returned_cents,
        undone.tender,
        undone.account_ids,
        undone.txn_id,
    )


def take_back(event: Acting, *, series: str, no: int, why: str, reason: str, on: date, day: date) -> Undone:
    """Take a payment back for the act under way: lock, mirror, mark the receipt. See :func:`reverse_payment`."""
    if why not in ("returned", "misposted"):
        raise Refused("Say why: returned (by the bank) or misposted (somebody else's money).", field="why")
    if not reason.strip():
        raise Refused("Say what happened: the bank's return code and words, or whose money it was.", field="reason")
    receipt = _find(series, no)
    _hold_document(receipt.document_id)
    if why == "returned" and all(type == "cash" for type, _ in receipt.tenders):
        raise Refused("Cash is not returned by a bank; if it was somebody else's, it is misposted.", field="why")
    legs = standing_legs(receipt.series_id, receipt.no, receipt.txn_id)
    uses = _lock(legs)
    _check_not_reversed(receipt)
    touched = _accounts_of([*legs, *(leg for use in uses for leg in use.legs)])
    refuse_own(event.by, touched)
    again, debt = _undo(event, uses, on, day)
    kept, owed_again = _taken_back(legs, receipt.document_id, on)
    accounts = sorted(_accounts_of(legs) or touched)  # of money that had waited for its payer, who that was
    stands_for, waiting = _cash_back(receipt, why, accounts)
    txn_id = ledger._post(
        event,
        act="return" if why == "returned" else "mispost",
        posted_on=day,
        effective_on=on,
        legs=interfund((*returned(kept, stands_for), *owed_again)),
        reverses=receipt.txn_id,
        kinds_on=receipt.posted_on,
    )
    Reversal.objects.create(
        series_id=receipt.series_id, no=no, txn_id=txn_id, why=why, reason=reason.strip(), event_id=event.id
    )
    _apply_all(event, sorted(again | _accounts_of(stands_for)), on, day)
    event.about(
        *(f"account:{id}" for id in sorted(touched)),
        f"receipt:{receipt.document_id}",
        says=f"Payment of {show(receipt.cents)}, receipt {receipt.number}, {why}: {reason.strip()}.",
    )
    undone = tuple(use.txn_id for use in uses)
    debt += sum(leg.debit_cents for leg in owed_again)
    back = [(type, cents) for type, cents in receipt.tenders if type in RETURNED_TO]
    return Undone(
        receipt.number, txn_id, why, receipt.cents, undone, debt, waiting, tuple(accounts), receipt.series_id, no,
        back[0][0] if back else "", sum(cents for _, cents in back), (),
    )  # fmt: skip


def _find(series: str, no: int) -> _Receipt:
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.series_id, r.no, r.txn_id, r.document_id, r.cents, t.posted_on,"
            " array_agg(x.type order by x.line), array_agg(x.cents order by x.line), min(x.batch_document_id)"
            " from payments_receipt r"
            " join payments_series s on s.id = r.series_id join ledger_transaction t on t.id = r.txn_id"
            " join payments_tender x on (x.series_id, x.no) = (r.series_id, r.no)"
            " where s.code = %s and r.no = %s group by r.series_id, r.no, t.posted_on",
            [series, no],
        )
        row = cursor.fetchone()
    if row is None:
        says = f"There is no receipt {receipt_number(series, no)}."
        raise Refused(f"{says} Look the payment up on the account.", field="no")
    series_id, no, txn_id, document_id, cents, posted_on, types, sums, batch = row
    tenders = tuple(zip(types, sums, strict=True))
    return _Receipt(series_id, no, receipt_number(series, no), txn_id, document_id, cents, posted_on, tenders, batch)


def _hold_document(document_id: int) -> None:
    """Hold money that waits to be identified: it has no account to lock, and two may name its owner at once."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('document', %s))", [document_id])


def _check_not_reversed(receipt: _Receipt) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select v.reason, t.posted_on from payments_reversal v join ledger_transaction t on t.id = v.txn_id"
            " where v.series_id = %s and v.no = %s",
            [receipt.series_id, receipt.no],
        )
        row = cursor.fetchone()
    if row is not None:
        says = f"Receipt {receipt.number} was taken back on {row[1].isoformat()}: {row[0]}."
        raise Refused(f"{says} A payment is taken back once.", field="no")


@dataclass(frozen=True)
class _Use:
    """A later transaction that used what a payment left: credit on 10-2310, or money that waited to be identified.

    :ivar legs: as posted; what it paid of a bill that was cancelled since, as the credit it was released to
    """

    txn_id: int
    posted_on: date
    legs: tuple[Leg, ...]
    as_posted: bool


_USES = """
select distinct t.id, t.posted_on from ledger_posting p join ledger_transaction t on t.id = p.txn_id
join ledger_gl g on g.id = p.gl_id
where p.document_id = any(%(documents)s) and p.debit_cents > 0 and t.act in ('apply_credit', 'identify')
  and (p.account_id = any(%(accounts)s) and g.object = 2310 or p.sub = 1 and g.object = 2340)
  and not exists (select from ledger_transaction v where v.reverses_id = t.id)"""


def _uses(legs: Iterable[Leg]) -> list[_Use]:
    """Every transaction that used what these legs left, and what used what those left, newest first."""
    left = [leg for leg in legs if leg.credit_cents and leg.gl in (CREDIT, UNIDENTIFIED)]
    if not left:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _USES,
            {"documents": [leg.document for leg in left], "accounts": [leg.account_id or 0 for leg in left]},
        )
        found = [_use(*row) for row in cursor.fetchall()]
    further = [more for use in found for more in _uses(use.legs)]
    return sorted({use.txn_id: use for use in (*found, *further)}.values(), key=lambda use: -use.txn_id)


def _use(txn_id: int, posted_on: date) -> _Use:
    posted = ledger.get_legs(txn_id)
    legs = released(posted)
    return _Use(txn_id, posted_on, legs, legs == posted)


def undone_legs(use: _Use) -> tuple[Leg, ...]:
    """The mirror of a use: exact, or with the credit that a cancelled bill released in place of its lines."""
    if use.as_posted:
        return reverse(use.legs)
    return interfund(reverse([leg for leg in use.legs if not _between_funds(leg)]))


def _lock(legs: Sequence[Leg]) -> list[_Use]:
    """Hold every account that taking the payment back touches, at once and in order; returns the uses to undo."""
    seen = _uses(legs)
    lock_accounts(_accounts_of([*legs, *(leg for use in seen for leg in use.legs)]))
    uses = _uses(legs)
    if uses != seen:
        raise Refused("Credit of this payment was being used at this very moment. Try again.")
    return uses


def _accounts_of(legs: Iterable[Leg]) -> set[int]:
    return {leg.account_id for leg in legs if leg.account_id is not None}


def _undo(event: Acting, uses: Sequence[_Use], on: date, day: date) -> tuple[set[int], int]:
    """Undo the uses, each by its mirror, newest first; returns the accounts that have credit again, and what had been
    refunded of them and is owed again."""
    touched: set[int] = set()
    debt = 0
    for use in uses:
        kept, owed_again = _taken_back(use.legs, 0, on)
        ledger._post(
            event,
            act="unapply",
            posted_on=day,
            effective_on=on,
            legs=interfund((*reverse(kept), *owed_again)) if owed_again else undone_legs(use),
            reverses=use.txn_id,
            kinds_on=use.posted_on,
        )
        touched |= _accounts_of(use.legs)
        debt += sum(leg.debit_cents for leg in owed_again)
    return touched, debt


def _taken_back(legs: Sequence[Leg], document: int, on: date) -> tuple[list[Leg], list[Leg]]:
    """The legs that can be mirrored, and what is no longer there to take back (refunded) owed again on 1260.

    The legs between funds are left out: they are made again, since the funds may differ now.

    :param document: of the new debt; 0: that of the credit that was refunded
    """
    kept: list[Leg] = []
    owed_again: list[Leg] = []
    for leg in legs:
        if _between_funds(leg):
            continue
        gone = leg.credit_cents - _left(leg) if leg.account_id is not None and _is_held(leg) else 0
        if gone:
            owed_again.append(_owed_again(leg, gone, document or leg.document or 0, on))
        if leg.debit_cents or leg.credit_cents > gone:
            kept.append(replace(leg, credit_cents=leg.credit_cents - gone))
    return kept, owed_again


def _between_funds(leg: Leg) -> bool:
    return 2851 <= object_of(leg.gl) <= 2859 or (object_of(leg.gl) == 1010 and fund_of(leg.gl) != 10)


def _is_held(leg: Leg) -> bool:
    return leg.credit_cents > 0 and object_of(leg.gl) in (2310, 2210)


def _left(leg: Leg) -> int:
    """What is still held on the item that the leg made, of what the leg brought."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(p.credit_cents - p.debit_cents), 0)::bigint from ledger_posting p"
            " join ledger_gl g on g.id = p.gl_id where p.account_id = %s and p.document_id = %s and p.line_no = %s"
            " and g.fund = %s and g.object = %s",
            [leg.account_id, leg.document, leg.line, fund_of(leg.gl), object_of(leg.gl)],
        )
        return min(int(cursor.fetchone()[0]), leg.credit_cents)


def _owed_again(leg: Leg, cents: int, document: int, on: date) -> Leg:
    """New debt on 1260 for money that was given back before the payment was, due at once."""
    owed_on = next((kind.control for kind in ledger.list_kinds(on=on) if kind.code == OWED_AGAIN), None)
    if owed_on is None:
        raise ledger.ChartLacks(f"The chart has no kind {OWED_AGAIN!r} with its control account; add it and adopt it.")
    line = 9 if leg.gl == CREDIT else 8
    return debit(owed_on, cents, OWED_AGAIN, account_id=leg.account_id, document=document, line=line, due_on=on)


def _cash_back(receipt: _Receipt, why: str, accounts: Sequence[int]) -> tuple[list[Leg], int | None]:
    """What stands for the cash rows in the mirror, and the document of money that waits for its owner."""
    (document,) = ledger.reserve_documents(1)
    if why == "misposted":
        return [credit(UNIDENTIFIED, receipt.cents, "unidentified", document=document, line=1)], document
    sums: dict[tuple[str, int], int] = {}
    for type, cents in receipt.tenders:
        if type in RETURNED_TO:
            place = (RETURNED_TO[type], LINES.get(type, 1))
            sums[place] = sums.get(place, 0) + cents
    back = [
        # a pledge that is not kept closes its own item; a bank's debit waits on an item of the return
        credit(gl, cents, "payment", document=receipt.batch_document_id if gl == PLEDGES else document, line=line)
        for (gl, line), cents in sums.items()
    ]
    stays = sum(cents for type, cents in receipt.tenders if type not in RETURNED_TO)
    if stays:
        if not accounts:
            back.append(credit(UNIDENTIFIED, stays, "unidentified", document=document, line=2))
        else:
            back.append(credit(CREDIT, stays, "credit", account_id=accounts[0], document=document, line=1))
    return back, None


@act("payments.identify")
def identify(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    document_id: int,
    account_id: int,
    on: date,
    posted_on: date | None = None,
) -> Identified:
    """Give unidentified money to the account it is for. What is due there is paid by policy, the rest stays as credit.

    :param document_id: the item on 10-2340: a receipt of a file, or a misposted payment
    :param on: the day the money had come, which is when it counts as paid
    :raises Refused: nothing waits under this document
    """
    _hold_document(document_id)
    lock_accounts([account_id])
    refuse_own(by, [account_id])
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.line_no, sum(p.credit_cents - p.debit_cents)::bigint, min(k.code) from ledger_posting p"
            " join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id"
            " where p.document_id = %s and p.sub = 1 and g.object = 2340"
            " group by p.line_no having sum(p.credit_cents - p.debit_cents) > 0 order by p.line_no",
            [document_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise Refused("No money waits under this document; somebody may have named its owner.", field="document_id")
    line, cents, _ = row
    loaded = load([account_id], on=on, till="")
    paid, applied = plan(loaded.accounts[account_id], cents, loaded.policy, on=on)
    rest = [Unapplied(account_id, loaded.document_id, 1, paid.credit_cents)] if paid.credit_cents else []
    legs = identify_legs(Tendered(UNIDENTIFIED, document_id, line, cents), applied, rest)
    txn_id = ledger._post(event, act="identify", posted_on=posted_on or on, effective_on=on, legs=legs)
    event.about(f"account:{account_id}", says=f"Unidentified {show(cents)} found to be for account {paid.number}.")
    return Identified(txn_id, paid)


@act("payments.apply_credit")
def apply_credit(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, account_ids: tuple[int, ...], on: date
) -> CreditApplied:
    """Put unapplied credit of these accounts on what they owe, by policy; one transaction an account.

    The bill run asks for it after a chunk; at other times somebody asks for it, it never happens by itself.

    :raises NotSet: the city has not said how money is applied
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    refuse_own(by, account_ids)
    lock_accounts(account_ids)
    done = _apply_all(event, account_ids, on, on)
    if done.accounts:
        event.about(says=f"Credit of {show(done.cents)} applied on {done.accounts} accounts.")
    return done


_SOURCES = """
select p.account_id, p.document_id, p.line_no, sum(p.credit_cents - p.debit_cents)::bigint
from ledger_posting p join ledger_gl g on g.id = p.gl_id
where p.account_id = any(%s) and p.sub = 3 and g.object = 2310
group by p.account_id, p.document_id, p.line_no having sum(p.credit_cents - p.debit_cents) > 0
order by p.account_id, p.document_id, p.line_no"""


def _apply_all(event: Acting, account_ids: Iterable[int], on: date, day: date) -> CreditApplied:
    """Apply what is unapplied on accounts that are locked, in one block of transactions."""
    sources: dict[int, list[Unapplied]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, [list(account_ids)])
        for account_id, document, line, cents in cursor.fetchall():
            sources.setdefault(account_id, []).append(Unapplied(account_id, document, line, cents))
    if not sources:
        return CreditApplied(0, 0)
    loaded = load(sources, on=on)
    postings, cents = [], 0
    for account_id, held in sources.items():
        legs = _applied(loaded.accounts[account_id], held, loaded.policy, on)
        if legs:
            postings.append(ledger.Posting("apply_credit", on, legs))
            cents += sum(leg.debit_cents for leg in legs if leg.gl == CREDIT)
            event.about(f"account:{account_id}")
    ledger._post_many(event, posted_on=day, postings=postings)
    return CreditApplied(len(postings), cents)


def _applied(owing: Owing, held: Sequence[Unapplied], policy: Policy, on: date) -> tuple[Leg, ...]:
    """The legs that use an account's credit, oldest first; none where nothing is owed."""
    amount = sum(source.cents for source in held)
    applications, rest = apply(amount, owing.targets, policy, on=on)
    used, left = [], amount - rest
    for source in held:
        cents = min(source.cents, left)
        left -= cents
        if cents:
            used.append(replace(source, cents=cents))
    return credit_legs(used, applications) if used else ()
