"""Deposits held: the sums, the interest, the final bill, the restricted bank account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import connection

from curbstop.office import ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.deposits.reviewing import get_review
from curbstop.office.deposits.standing import Held, list_held
from curbstop.office.payments.owing import load as load_owing
from curbstop.rules.deposits import Movement, Rate, interest, read_rates
from curbstop.rules.ledger import Leg, credit, debit, interfund
from curbstop.rules.ledger.recipes import BANK
from curbstop.rules.money import show
from curbstop.rules.payments import apply
from curbstop.rules.policies import NotSet

DEPOSITS, INTEREST, RESTRICTED, CLAIM = "59-2210", "59-2220", "59-1110", "59-1010"
DEPOSIT_KIND, INTEREST_KIND, PAYMENT_KIND = "deposit", "deposit.interest", "payment"
BLOCK = 500
"""Accounts that one accrual takes: each block is an act of its own, so that a stopped run goes on where it stood."""


# --- interest ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Accrued:
    """Interest added: on how many deposits, of how many accounts, and how much."""

    accounts: int
    deposits: int
    cents: int
    until_on: date
    last_account_id: int


@act("deposits.accrue")
def accrue(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, until_on: date, on: date, account_ids: tuple[int, ...]
) -> Accrued:
    """Add the interest that deposits of these accounts have earned until a day and that was not added before.

    It is reckoned from the first day each time, so that an accrual done twice, or in parts, adds up to the same.

    :param until_on: the first day that does not count
    :param on: the accounting day
    :raises Refused: interest, or the year it counts by, is not set for this city; the day is ahead
    """
    if until_on > on:
        raise Refused(f"Interest until {until_on.isoformat()} is not earned on {on.isoformat()}.", field="until_on")
    rates, year = get_rates(on)
    lock_accounts(account_ids)
    found = _earned(account_ids, rates, year, until_on)
    postings = [
        ledger.Posting("interest", on, _interest_legs(account_id, found[account_id], on)) for account_id in found
    ]
    ledger._post_many(event, posted_on=on, postings=postings)
    cents = sum(cents for parts in found.values() for _, cents in parts)
    event.about(*(f"account:{account_id}" for account_id in found))
    event.about(says=f"Interest of {show(cents)} on deposits of {len(found)} accounts, until {until_on.isoformat()}.")
    deposits = sum(len(parts) for parts in found.values())
    return Accrued(len(found), deposits, cents, until_on, max(account_ids, default=0))


def accrue_all(*, by: Actor, at: datetime, until_on: date, on: date) -> Accrued:
    """Add interest to every deposit, block by block; begun again, it adds what is missing.

    :raises Refused: as :func:`accrue`
    """
    get_rates(on)  # refused before anything is begun
    accounts, deposits, cents, last = 0, 0, 0, 0
    while block := _block(last):
        name = f"deposits.accrue:{until_on.isoformat()}:{on.isoformat()}:{block[0]}-{block[-1]}:{len(block)}"
        done = accrue(key=Key(name), by=by, at=at, until_on=until_on, on=on, account_ids=tuple(block))
        accounts, deposits, cents = accounts + done.accounts, deposits + done.deposits, cents + done.cents
        last = block[-1]
    return Accrued(accounts, deposits, cents, until_on, last)


def _block(after: int) -> list[int]:
    """The next accounts that hold a deposit, by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.account_id from ledger_posting p join ledger_gl g on g.id = p.gl_id"
            " where p.account_id > %s and g.fund = 59 and g.object = 2210 group by p.account_id"
            " having sum(p.credit_cents - p.debit_cents) > 0 order by p.account_id limit %s",
            [after, BLOCK],
        )
        return [row[0] for row in cursor.fetchall()]


def get_rates(on: date) -> tuple[tuple[Rate, ...], str]:
    """The dated rates of interest and the year they count by.

    :raises Refused: either is not set for this city
    """
    rules = policies.load("deposit.interest", "deposit.interest.year")
    try:
        rules.value("deposit.interest", on=on)
        return read_rates(rules.policy("deposit.interest")), rules.text("deposit.interest.year", on=on)
    except NotSet as missing:
        raise Refused(f"{missing.says} {missing.why} Finance sets {missing.policy}.", field=missing.policy) from missing


_MOVED = """
select p.account_id, p.document_id, p.line_no, t.effective_on, sum(p.credit_cents - p.debit_cents)::bigint
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id
where p.account_id = any(%s) and p.sub = 3 and g.fund = 59 and (g.object = 2210
  or g.object = 2220 and t.act = 'interest')
group by p.account_id, p.document_id, p.line_no, t.effective_on order by p.account_id, p.document_id, t.effective_on"""

_ENDED = """
select account_id, max(upper(during)) from customers_agreement where account_id = any(%s)
group by account_id having not bool_or(upper_inf(during))"""


def _earned(
    account_ids: Iterable[int], rates: Sequence[Rate], year: str, until_on: date
) -> dict[int, list[tuple[int, int]]]:
    """What each account's deposits have earned and not been given: (document, cents) by account.

    A deposit earns until service ends, and not while its refund is on the way.
    """
    moves: dict[tuple[int, int], list[Movement]] = {}
    given: dict[tuple[int, int], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [sorted(account_ids)])
        for account_id, document, line, on, cents in cursor.fetchall():
            if line == 1:
                moves.setdefault((account_id, document), []).append(Movement(on, cents))
            else:
                given[account_id, document] = given.get((account_id, document), 0) + cents
        cursor.execute(_ENDED, [sorted(account_ids)])
        ended = dict(cursor.fetchall())
    found: dict[int, list[tuple[int, int]]] = {}
    for (account_id, document), movements in moves.items():
        until = min(until_on, ended.get(account_id, until_on))
        earned, _ = interest(movements, rates, until_on=until, year=year)
        if (rest := earned - given.get((account_id, document), 0)) > 0:
            found.setdefault(account_id, []).append((document, rest))
    return found


def _interest_legs(account_id: int, parts: Sequence[tuple[int, int]], on: date) -> tuple[Leg, ...]:
    expense = next((kind.contra for kind in ledger.list_kinds(on=on) if kind.code == INTEREST_KIND), None)
    if expense is None:
        raise ledger.ChartLacks(f"The chart does not say where interest falls; give the kind {INTEREST_KIND} a contra.")
    total = sum(cents for _, cents in parts)
    legs = [debit(expense, total, INTEREST_KIND)]
    legs += [
        credit(INTEREST, cents, INTEREST_KIND, account_id=account_id, document=document, line=2)
        for document, cents in parts
    ]
    return interfund(legs)


# --- applied to what is owed ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DepositApplied:
    """A deposit put on what was owed: the interest added before, what was applied, what is still held and owed."""

    account_id: int
    txn_id: int | None
    interest_cents: int
    applied_cents: int
    credit_cents: int
    held_cents: int
    owed_cents: int


@dataclass(frozen=True)
class Ended:
    """An account's service: its last day (None: it goes on, or there never was any), and whether all of it is billed.

    :ivar never: nothing was ever started, so there is nothing to bill: a deposit taken for a move that did not come
    """

    ended_on: date | None
    billed: bool
    never: bool = False

    def is_over(self, on: date) -> bool:
        """Whether no service runs on the day."""
        return self.never or (self.ended_on is not None and self.ended_on <= on)


def get_ended(account_id: int) -> Ended:
    """When the account's last service ended, and whether every day of it is billed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select case when bool_or(upper_inf(g.during)) then null else max(upper(g.during)) end,"
            " bool_and(not upper_inf(g.during) and exists (select from bills_outcome o where o.agreement_id = g.id"
            "   and o.code = 'billed' and o.until_on >= upper(g.during))), count(*)"
            " from customers_agreement g where g.account_id = %s",
            [account_id],
        )
        ended_on, billed, count = cursor.fetchone()
    return Ended(ended_on, bool(billed) or not count, never=not count)


WHY = {"final": "final bill", "good_history": "good history"}


@act("deposits.apply")
def apply_deposit(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, on: date, why: str = "final"
) -> DepositApplied:
    """Put a deposit and its interest on what the account owes, in the city's order of application.

    ``final``: service has ended and every day is billed; what is left stays held until its refund is approved.
    ``good_history``: the review says so (``deposit.review``); what is left becomes credit for the next bills.

    :param on: the accounting day, and the day the deposit counts as paid
    :raises Refused: nothing is held; service goes on, or its last days are not billed yet
    :raises NotSet: the city has not said how money is applied
    """
    event.about(f"account:{account_id}")
    if why not in WHY:
        raise Refused(f"Say why: {' or '.join(WHY)}.", field="why")
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    if why == "final":
        _check_final(account_id, on)
    else:
        _check_review(account_id, on)
    added = _accrue_last(event, account_id, on)
    held = list_held([account_id])
    total = sum(one.cents for one in held)
    if not total:
        raise Refused("No deposit is held for this account.", field="account_id")
    owing = load_owing([account_id], on=on)
    targets = [target for target in owing.accounts[account_id].targets if not target.is_demand]
    applications, rest = apply(total, targets, owing.policy, on=on)
    applied = total - rest
    if why == "final" and not applied:
        raise Refused("Nothing is owed; what is held goes back by a refund that is approved.", field="account_id")
    to_credit = rest if why == "good_history" else 0
    legs = _used(held, applied + to_credit)
    legs += [
        credit(a.gl, a.cents, a.kind, account_id=account_id, document=a.document, line=a.line) for a in applications
    ]
    if to_credit:
        (document,) = ledger.reserve_documents(1)
        legs.append(credit("10-2310", to_credit, "credit", account_id=account_id, document=document, line=1))
    txn_id = None
    if legs:
        txn_id = ledger._post(event, act="apply_deposit", posted_on=on, effective_on=on, legs=interfund(legs))
    left = total - applied - to_credit
    says = f"Deposit applied to the {WHY[why]}: {show(applied)}"
    event.about(says=f"{says}; {show(left)} still held." if left else f"{says}; nothing is held any more.")
    owed = ledger.get_balance(account_id)
    return DepositApplied(account_id, txn_id, added, applied, to_credit, left, owed)


def _check_final(account_id: int, on: date) -> None:
    ended = get_ended(account_id)
    if not ended.is_over(on):
        raise Refused(
            "Service goes on at this account. A deposit is applied when it ends (moves.stop), or by the city's review.",
            field="account_id",
        )
    if not ended.billed:
        raise Refused(
            f"Service ended on {ended.ended_on} and its last days are not billed yet. Bill them first.",
            field="account_id",
        )


def _check_review(account_id: int, on: date) -> None:
    reviewed = get_review(account_id=account_id, on=on)
    if reviewed.outcome != "good" or reviewed.then != "apply":
        how = " The city's rule refunds it instead." if reviewed.outcome == "good" else ""
        raise Refused(f"The deposit stays: {reviewed.says}{how}", field="account_id")


def _accrue_last(event: Acting, account_id: int, on: date) -> int:
    """Interest up to the day; nothing where the city has set none."""
    legs = interest_due(account_id, on)
    if legs:
        ledger._post(event, act="interest", posted_on=on, effective_on=on, legs=legs)
    return sum(leg.credit_cents for leg in legs if leg.gl == INTEREST)


def interest_due(account_id: int, on: date) -> tuple[Leg, ...]:
    """The legs of the interest that an account's deposits have earned until the day and were not given.

    None where the city has set no interest.
    """
    try:
        rates, year = get_rates(on)
    except Refused:
        return ()
    parts = _earned([account_id], rates, year, on).get(account_id, [])
    return _interest_legs(account_id, parts, on) if parts else ()


def _used(held: Sequence[Held], cents: int) -> list[Leg]:
    """The debits that use so much of what is held: the deposits themselves first, then their interest."""
    legs = []
    for one in sorted(held, key=lambda one: (one.line, one.document_id)):
        part = min(one.cents, cents)
        if part:
            kind = DEPOSIT_KIND if one.line == 1 else INTEREST_KIND
            item = {"account_id": one.account_id, "document": one.document_id, "line": one.line}
            legs.append(debit(one.gl, part, kind, **item))  # type: ignore[arg-type]
            cents -= part
    return legs


def used(held: Sequence[Held], cents: int) -> tuple[Leg, ...]:
    """The debits of a refund of so much of what is held."""
    return tuple(_used(held, cents))


@dataclass(frozen=True)
class ToApply:
    """A closed account whose deposit is still held: when service ended, and whether its last days are billed."""

    account_id: int
    number: str
    name: str
    ended_on: date
    billed: bool
    held_cents: int
    owed_cents: int


_TO_APPLY = """
with held as materialized (
  select p.account_id, sum(p.credit_cents - p.debit_cents)::bigint cents from ledger_posting p
  where p.sub = 3 and p.gl_id = any(array(select id from ledger_gl where fund = 59 and object in (2210, 2220)))
  group by p.account_id having sum(p.credit_cents - p.debit_cents) > 0),
ended as materialized (
  select g.account_id, max(upper(g.during)) ended_on
  from held h join customers_agreement g on g.account_id = h.account_id group by g.account_id
  having not bool_or(upper_inf(g.during)) and max(upper(g.during)) <= %(on)s)
select a.id, a.number, c.name, e.ended_on,
  (select bool_and(exists (select from bills_outcome o where o.agreement_id = g.id and o.code = 'billed'
     and o.until_on >= upper(g.during))) from customers_agreement g where g.account_id = e.account_id),
  h.cents, coalesce(o.cents, 0)::bigint
from ended e join held h on h.account_id = e.account_id join customers_account a on a.id = e.account_id
join customers_customer c on c.id = a.customer_id
left join lateral (
  select sum(p.debit_cents - p.credit_cents) cents from ledger_posting p join ledger_gl g on g.id = p.gl_id
  where p.account_id = a.id and (p.sub = 2 or g.object in (2310, 2320))) o on true
order by e.ended_on, a.number"""


def list_to_settle(*, on: date) -> tuple[ToApply, ...]:
    """Closed accounts whose deposit is still held, the longest closed first: to apply, then to refund."""
    with connection.cursor() as cursor:
        cursor.execute(_TO_APPLY, {"on": on})
        return tuple(ToApply(*row) for row in cursor.fetchall())


def apply_finals(*, by: Actor, at: datetime, on: date) -> tuple[DepositApplied, ...]:
    """Apply the deposit of every closed account that owes and whose last days are billed; an act an account."""
    return tuple(
        apply_deposit(
            key=Key(f"deposits.apply:final:{row.account_id}:{on.isoformat()}"),
            by=by,
            at=at,
            account_id=row.account_id,
            on=on,
        )
        for row in list_to_settle(on=on)
        if row.billed and row.owed_cents > 0
    )


# --- the restricted bank account --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Restricted:
    """What is held for customers, and where its money is: the restricted bank account, and the pool.

    ``liability_cents`` = ``bank_cents`` + ``claim_cents``, always: ``claim_cents`` is what is to be moved to the bank
    account, or, below zero, back from it.
    """

    liability_cents: int
    bank_cents: int
    claim_cents: int


def get_restricted() -> Restricted:
    """The deposits' liability against the restricted bank account and the claim on pooled cash."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(p.credit_cents - p.debit_cents) filter (where g.object in (2210, 2220)), 0)::bigint,"
            " coalesce(sum(p.debit_cents - p.credit_cents) filter (where g.object = 1110), 0)::bigint,"
            " coalesce(sum(p.debit_cents - p.credit_cents) filter (where g.object = 1010), 0)::bigint"
            " from ledger_gl g join ledger_posting p on p.gl_id = g.id where g.fund = 59"
        )
        return Restricted(*cursor.fetchone())


@act("deposits.fund")
def fund(event: Acting, /, *, key: Key, by: Actor, at: datetime, cents: int, on: date, reference: str) -> Restricted:
    """Money was moved between the operating bank and the restricted one, so that deposits are where they belong.

    :param cents: above zero: to the restricted account; below: released from it
    :param reference: the bank's reference of the transfer
    :raises Refused: nothing to move, more than is there, or no reference
    """
    if not reference.strip():
        raise Refused("Give the bank's reference of the transfer.", field="reference")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('deposits.fund', 3))")
    before = get_restricted()
    if not cents:
        raise Refused("There is nothing to move.", field="cents")
    if cents > 0 and cents > before.claim_cents:
        raise Refused(
            f"The pool holds {show(before.claim_cents)} of deposits; {show(cents)} is not customers' money.",
            field="cents",
        )
    if cents < 0 and -cents > before.bank_cents:
        raise Refused(f"The restricted account holds {show(before.bank_cents)} only.", field="cents")
    if cents > 0:
        legs = [debit(RESTRICTED, cents, PAYMENT_KIND), credit(BANK, cents, PAYMENT_KIND)]
    else:
        legs = [debit(BANK, -cents, PAYMENT_KIND), credit(RESTRICTED, -cents, PAYMENT_KIND)]
    ledger._post(event, act="fund_deposits", posted_on=on, effective_on=on, legs=interfund(legs))
    told = "to" if cents > 0 else "from"
    event.about(says=f"{show(abs(cents))} moved {told} the restricted account of deposits, {reference.strip()}.")
    return replace(before, bank_cents=before.bank_cents + cents, claim_cents=before.claim_cents - cents)
