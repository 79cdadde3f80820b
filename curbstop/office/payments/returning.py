"""What follows a payment that the bank did not pay: the fee, the count and its mark, the letter or door hanger.

Everything is the city's policy; what is not set does not happen, and the outcome says so. The balance is what it was
line by line: that is :mod:`.undoing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office import ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._statements import Asked, Rows, array, ask
from curbstop.records.payments.received import CashOnly, CashOnlyLifted, Letter, LetterMade, Returned
from curbstop.rules.ledger import charge, debit
from curbstop.rules.money import show
from curbstop.rules.periods import add_business_days
from curbstop.rules.policies import NotSet, Policies
from curbstop.rules.returns import CountRule, Mark, count_in, mark

FEE_KIND = "fee.returned"
FEE, COUNT, COUNTS, MAKE_GOOD, NOTICE = (
    "fee.returned_payment",
    "returned.count",
    "returned.counts",
    "returned.make_good",
    "returned.notice",
)
CERTIFIED = ("cash", "cashier's check", "money order")
COUNTED = ("check", "ach", "lockbox", "mail", "bill_pay")
"""Types of tender whose return counts, and that a mark refuses, until a city says otherwise."""

PLEDGE = "pledge"
"""A tender that is an agency's promise; the customer's own payments are counted, an agency's are not."""

_WORDS = {"check": "check", "ach": "bank draft", "lockbox": "check", "mail": "check", "bill_pay": "bank payment"}


@dataclass(frozen=True)
class Followed:
    """What followed a returned payment on one account.

    :ivar returns_in_months: how many came back in the policy's months, this one too; 0 where no count is set
    :ivar cash_only_until_on: the mark it brought; none where it brought none
    :ivar not_set: the policies that would have done something, and are not set
    """

    account_id: int
    fee_cents: int
    make_good_on: date | None
    returns_in_months: int
    cash_only_until_on: date | None
    letters: tuple[str, ...]
    not_set: tuple[str, ...]


@dataclass(frozen=True)
class CameBack:
    """A receipt that came back, as :mod:`.undoing` took it back."""

    series_id: int
    no: int
    number: str
    cents: int
    tender: str
    account_ids: tuple[int, ...]
    txn_id: int


def follow(
    event: Acting,
    back: CameBack,
    *,
    reason: str,
    on: date,
    day: date,
    code: str = "",
    trace: str = "",
    file_id: int | None = None,
    line: int | None = None,
) -> tuple[Followed, ...]:
    """Write what follows for the act under way; the accounts are locked. The fee falls on the first account alone.

    A pledge that is not kept was no payment of the customer's: no fee, no count, only the letter.

    :param on: the day the bank returned it; the fee is posted on ``day``
    """
    known = policies.load(FEE, COUNT, COUNTS, MAKE_GOOD, NOTICE, "calendar.holidays", "office.hours", "office.phone")
    done = []
    for place, account_id in enumerate(back.account_ids):
        cents = back.cents if len(back.account_ids) == 1 else _part(back.txn_id, account_id)
        missing: list[str] = []
        due = _make_good_on(known, on, missing)
        charged = place == 0 and back.tender != PLEDGE
        fee, fee_document = _charge_fee(event, account_id, known, on, day, due, missing) if charged else (0, None)
        Returned.objects.create(
            file_id=file_id, line=line, code=code, reason=reason, trace=trace, outcome="returned",
            account_id=account_id, series_id=back.series_id, no=back.no, cents=cents, tender=back.tender,
            returned_on=on, txn_id=back.txn_id, fee_cents=fee, fee_document_id=fee_document, make_good_on=due,
            event_id=event.id,
        )  # fmt: skip
        count, until_on, letters = (
            (0, None, ()) if back.tender == PLEDGE else _mark(event, account_id, known, on, missing)
        )
        told = _Told(back, reason, cents, fee, due, on)
        letters = (*_notify(event, account_id, known, told), *letters)
        done.append(Followed(account_id, fee, due, count, until_on, letters, tuple(missing)))
    return tuple(done)


def _part(txn_id: int, account_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(debit_cents - credit_cents), 0)::bigint from ledger_posting"
            " where txn_id = %s and account_id = %s",
            [txn_id, account_id],
        )
        return max(0, int(cursor.fetchone()[0]))


def _make_good_on(known: Policies, on: date, missing: list[str]) -> date | None:
    """By when it is made good: so many working days of the city after it came back."""
    try:
        days = known.table(NOTICE, on=on)["working_days"]
    except NotSet:
        missing.append(NOTICE)
        return None
    assert isinstance(days, int)
    return add_business_days(on, days, holidays=policies.get_holidays(from_on=on, known=known))


def _charge_fee(
    event: Acting, account_id: int, known: Policies, on: date, day: date, due: date | None, missing: list[str]
) -> tuple[int, int | None]:
    try:
        cents = known.cents(FEE, on=on)
    except NotSet:
        missing.append(FEE)
        return 0, None
    if not cents:
        return 0, None
    kind = next((kind for kind in ledger.list_kinds(on=day) if kind.code == FEE_KIND), None)
    if kind is None or kind.control is None or kind.contra is None:
        raise ledger.ChartLacks(f"The chart has no kind {FEE_KIND!r} with its two accounts; add it and adopt it.")
    (document,) = ledger.reserve_documents(1)
    line = debit(
        kind.control, cents, FEE_KIND, account_id=account_id, document=document, line=1, due_on=max(due or on, on)
    )
    legs = charge([line], {FEE_KIND: kind.contra})
    ledger._post(event, act="charge", posted_on=day, effective_on=on, legs=legs)
    return cents, document


# --- the count and the mark -------------------------------------------------------------------------------------------


def _mark(
    event: Acting, account_id: int, known: Policies, on: date, missing: list[str]
) -> tuple[int, date | None, tuple[str, ...]]:
    try:
        value = known.table(COUNT, on=on)
    except NotSet:
        missing.append(COUNT)
        return 0, None, ()
    rule = CountRule(*(int(str(value[name])) for name in ("times", "months", "mark_months")))
    counted = _counted(known, on)
    with connection.cursor() as cursor:
        cursor.execute(
            "select returned_on, tender from payments_returned where account_id = %s and tender = any(%s)"
            " and outcome = 'returned'",
            [account_id, list(counted)],
        )
        rows = cursor.fetchall()
    days = [row[0] for row in rows]
    what = "checks" if {_WORDS.get(row[1]) for row in rows} == {"check"} else "payments"
    count = count_in(days, months=rule.months, on=on)
    found = mark(days, rule, on=on)
    if found is None:
        return count, None, ()
    _write_mark(event, account_id, found, counted)
    says = (
        f"{_many(found.count)} {what} came back within {_many(rule.months).lower()} months, so we cannot take checks"
        f" until {_spoken(found.until_on)}. {_listed(known, on)} is fine today."
    )
    _queue(event, account_id, "cash_only", says, {
        "until_on": found.until_on.isoformat(), "reason": found.reason, "tenders": list(_tenders(known, on)),
        "object": "Ask for the supervisor, who can look at the payments and lift this.",
    }, on)  # fmt: skip
    return count, found.until_on, ("cash_only",)


def _counted(known: Policies, on: date) -> tuple[str, ...]:
    try:
        return tuple(str(word) for word in known.rows(COUNTS, on=on))
    except NotSet:
        return COUNTED


def _write_mark(event: Acting, account_id: int, found: Mark, refuses: Sequence[str]) -> None:
    CashOnly.objects.create(
        account_id=account_id, from_on=found.from_on, until_on=found.until_on, reason=found.reason,
        refuses=" ".join(refuses), event_id=event.id,
    )  # fmt: skip


# --- letters ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    back: CameBack
    reason: str
    cents: int
    fee_cents: int
    due_on: date | None
    on: date


def _notify(event: Acting, account_id: int, known: Policies, told: _Told) -> tuple[str, ...]:
    """Queue the door hanger or letter that tells of the payment."""
    try:
        document = str(known.table(NOTICE, on=told.on)["document"])
    except NotSet:
        document = "letter"
    if told.back.tender == PLEDGE:
        document = "pledge_failed"
    kind = {"hanger": "returned_hanger", "pledge_failed": "pledge_failed"}.get(document, "returned_letter")
    amount = told.cents + told.fee_cents
    by = f" by {_spoken(told.due_on, year=False)}" if told.due_on else ""
    words = _WORDS.get(told.back.tender, "payment")
    once = "A check is presented once. " if told.back.tender == "check" else f"Your {words} came back. "
    if told.back.tender == PLEDGE:
        once = f"The agency that pledged ${show(told.cents)} for you does not pay it, so it is owed again. "
    says = f"{once}Please bring ${show(amount)} in {_listed(known, told.on, first=False)}{by}."
    _queue(event, account_id, kind, says, {
        "amount_cents": amount, "returned_cents": told.cents, "fee_cents": told.fee_cents, "reason": told.reason,
        "receipt": told.back.number, "make_good_on": told.due_on.isoformat() if told.due_on else None,
        "tenders": list(_tenders(known, told.on)), "hours": _text(known, "office.hours", told.on),
        "phone": _text(known, "office.phone", told.on),
        "dispute": "If you think this is wrong, tell us before that day: a supervisor looks at it.",
    }, told.on)  # fmt: skip
    return (kind,)


def _queue(event: Acting, account_id: int, kind: str, says: str, facts: dict[str, Any], on: date) -> None:
    Letter.objects.create(
        account_id=account_id, kind=kind, says=says, facts=facts, queued_on=on, event_id=event.id
    )  # fmt: skip


def queue_letter(event: Acting, *, account_id: int, kind: str, says: str, facts: dict[str, Any], on: date) -> None:
    """Queue a letter for the act under way."""
    _queue(event, account_id, kind, says, facts, on)


def _text(known: Policies, id: str, on: date) -> str:
    try:
        return known.text(id, on=on)
    except NotSet:
        return ""


def _tenders(known: Policies, on: date) -> tuple[str, ...]:
    try:
        return tuple(str(word) for word in known.rows(MAKE_GOOD, on=on))
    except NotSet:
        return CERTIFIED


def _listed(known: Policies, on: date, *, first: bool = True) -> str:
    """ "Cash, a cashier's check or a money order"."""
    words = [word if word == "cash" else f"a {word}" for word in _tenders(known, on)]
    listed = " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
    return listed[:1].upper() + listed[1:] if first else listed


def _many(count: int) -> str:
    return {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 12: "Twelve"}.get(count, str(count))


def _spoken(on: date, *, year: bool = True) -> str:
    """ "April 22" or "June 11, 2027", as a clerk reads it aloud."""
    return f"{on:%B} {on.day}, {on.year}" if year else f"{on:%B} {on.day}"


# --- what a till asks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CashOnlyMark:
    """A mark in force: no check or draft until the day. ``says`` is read aloud."""

    id: int
    account_id: int
    number: str
    from_on: date
    until_on: date
    reason: str
    refuses: tuple[str, ...]
    says: str


_MARKS = """
select distinct on (m.account_id) m.id, m.account_id, a.number, m.from_on, m.until_on, m.reason, m.refuses,
  coalesce((select l.says from payments_letter l where l.account_id = m.account_id and l.kind = 'cash_only'
    and l.event_id = m.event_id order by l.id desc limit 1), '')
from payments_cashonly m join customers_account a on a.id = m.account_id
where m.account_id = any(%(accounts)s::bigint[]) and m.from_on <= %(on)s::date and m.until_on > %(on)s::date
  and not exists (select from payments_cashonlylifted x where x.mark_id = m.id and x.lifted_on <= %(on)s::date)
order by m.account_id, m.until_on desc, m.id desc"""


def get_cash_only(*, account_ids: Iterable[int], on: date) -> dict[int, CashOnlyMark]:
    """The marks in force on the day, by account; of several on an account, the one that lasts longest."""
    return read_cash_only(ask(*asking_cash_only(account_ids, on=on)))


def asking_cash_only(account_ids: Iterable[int], *, on: date) -> Asked:
    """The statement of :func:`get_cash_only`, for an act that sends it with others."""
    return _MARKS, {"accounts": array(account_ids), "on": on}


def read_cash_only(rows: Rows) -> dict[int, CashOnlyMark]:
    """What :func:`asking_cash_only` found."""
    return {row[1]: CashOnlyMark(*[*row[:6], tuple(row[6].split()), row[7]]) for row in rows}


def check_cash_only(marks: Mapping[int, CashOnlyMark], types: Iterable[str]) -> None:
    """Refuse tenders that a mark does not let in.

    :raises Refused: naming the account, the tenders that are taken, and the day it ends
    """
    given = set(types)
    for found in marks.values():
        if given & set(found.refuses):
            until = found.until_on.isoformat()
            raise Refused(
                f"{found.number} pays by cash, cashier's check or money order until {until}. {found.says}".rstrip(),
                field="tenders",
            )


@act("payments.lift_cash_only")
def lift_cash_only(event: Acting, /, *, key: Key, by: Actor, at: datetime, mark_id: int, reason: str, on: date) -> None:
    """End a mark before its day.

    :raises Refused: there is no such mark, it is over, or no reason was given
    """
    found = CashOnly.objects.filter(id=mark_id, until_on__gt=on, lifted__isnull=True).first()
    if found is None:
        raise Refused("There is no such mark in force; it may have ended by its own date.", field="mark_id")
    if not reason.strip():
        raise Refused("Say why the mark is lifted; the sentence stays in the timeline.", field="reason")
    CashOnlyLifted.objects.create(mark=found, lifted_on=on, reason=reason.strip(), event_id=event.id)
    event.about(f"account:{found.account_id}", says=f"Checks are taken again: {reason.strip()}.")


@act("payments.make_letter")
def make_letter(event: Acting, /, *, key: Key, by: Actor, at: datetime, letter_id: int, how: str, on: date) -> None:
    """Say that a queued letter or door hanger was made: printed, hung, mailed.

    :raises Refused: there is no such letter, it was made already, or it is not said how
    """
    letter = Letter.objects.filter(id=letter_id).first()
    if letter is None or LetterMade.objects.filter(letter_id=letter_id).exists():
        raise Refused("There is no such letter waiting; somebody may have made it already.", field="letter_id")
    if not how.strip():
        raise Refused("Say how it went out: hung on the door, mailed.", field="how")
    LetterMade.objects.create(letter=letter, made_on=on, how=how.strip(), event_id=event.id)
    event.about(f"account:{letter.account_id}", says=f"{letter.kind.replace('_', ' ').capitalize()}: {how.strip()}.")


def get_returned_fee(*, on: date) -> int | None:
    """What a returned payment costs on the day; none where the city has not set it."""
    try:
        return policies.load(FEE).cents(FEE, on=on)
    except NotSet:
        return None
