"""Autopay: bank numbers, which bills are drafted on a day and for how much, and the days that banks work.

A draft is never above the limit that the customer set: what is more is asked for, not taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.rules.faults import BadValue
from curbstop.rules.money import MOST_CENTS, show
from curbstop.rules.periods import add_business_days, is_business_day

ACCOUNT_TYPES = {"checking": "Checking", "savings": "Savings"}
SEC_CLASSES = {
    "PPD": "Signed on paper",
    "WEB": "Authorised online",
    "TEL": "Authorised by telephone, recorded",
    "CCD": "A business's account",
}
"""Standard entry classes of a debit, by how it was authorised (NACHA Operating Rules)."""

PRENOTE_BANKING_DAYS = 3
"""Banking days after a prenote settles in which the bank may still refuse it (NACHA Operating Rules)."""

_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{2,16}")
_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7)


class BadBankAccount(BadValue):
    """Bank numbers, or the terms of an autopay, that cannot be used."""


def aba_check_digit(eight: str) -> int:
    """The ninth digit of a routing number: weights 3-7-1, up to the next ten."""
    return -sum(int(digit) * weight for digit, weight in zip(eight, _WEIGHTS, strict=True)) % 10


def check_routing(routing: str) -> str:
    """A routing number as nine digits whose check digit holds. :raises BadBankAccount:"""
    digits = routing.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) == 9):
        remedy = "copy the nine digits at the foot of the check, on the left"
        raise BadBankAccount(field="routing", value=routing, why="not nine digits", remedy=remedy)
    if aba_check_digit(digits[:8]) != int(digits[8]) or digits == "0" * 9:
        remedy = "compare each digit with the check; one of them is another"
        raise BadBankAccount(
            field="routing", value=routing, why="its last digit does not fit the others", remedy=remedy
        )
    return digits


def check_account(number: str) -> str:
    """A bank account number as a NACHA entry holds it: 3 to 17 letters and digits, spaces taken out.

    :raises BadBankAccount:
    """
    bare = number.strip()
    if not _ACCOUNT.fullmatch(bare):
        remedy = "copy the account number from a check or the bank's page"
        raise BadBankAccount(field="bank_account", value="", why="not 3 to 17 digits or letters", remedy=remedy)
    return bare.replace(" ", "")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a customer agreed to: how it was authorised, at most how much at a time, and on which day.

    :ivar draft_day: the day of the month, 1 to 28; none is the due date of the bill
    """

    account_type: str
    sec: str
    limit_cents: int | None
    draft_day: int | None


def check_terms(terms: Terms) -> None:
    """Refuse terms that no draft can follow. :raises BadBankAccount: naming the field"""
    if terms.account_type not in ACCOUNT_TYPES:
        remedy = "choose checking or savings"
        raise BadBankAccount(field="account_type", value=terms.account_type, why="not known", remedy=remedy)
    if terms.sec not in SEC_CLASSES:
        remedy = f"choose how it was authorised: {', '.join(SEC_CLASSES)}"
        raise BadBankAccount(field="sec", value=terms.sec, why="not known", remedy=remedy)
    if terms.limit_cents is not None and not 0 < terms.limit_cents <= MOST_CENTS:
        remedy = "write the most that may be taken at once, or leave it empty for no limit"
        raise BadBankAccount(field="limit_cents", value=terms.limit_cents, why="not an amount", remedy=remedy)
    if terms.draft_day is not None and not 1 <= terms.draft_day <= 28:
        remedy = "choose a day from 1 to 28, which every month has, or the due date"
        raise BadBankAccount(field="draft_day", value=terms.draft_day, why="not a day of every month", remedy=remedy)


# --- banking days -----------------------------------------------------------------------------------------------------


def banking_day(on: date, *, closed: Collection[date]) -> date:
    """The day itself when the Federal Reserve settles on it, else the next day that it does."""
    while not is_business_day(on, closed):
        on += timedelta(1)
    return on


def effective_date(wanted_on: date, *, sent_on: date, closed: Collection[date], same_day: bool = False) -> date:
    """The day on which a file sent on a day can settle: the wanted one, or the first banking day that is possible.

    An ordinary entry settles a banking day after it is sent at the earliest; one marked same-day on the day itself.
    """
    soonest = banking_day(sent_on, closed=closed)
    if not same_day and soonest == sent_on:
        soonest = add_business_days(sent_on, 1, holidays=closed)
    return max(banking_day(wanted_on, closed=closed), soonest)


def prenote_clear_on(settles_on: date, *, closed: Collection[date]) -> date:
    """The first day on which a prenote that nobody refused lets a draft go out."""
    return add_business_days(settles_on, PRENOTE_BANKING_DAYS, holidays=closed)


def draft_on(*, bill_on: date, due_on: date, draft_day: int | None) -> date:
    """The day a bill is drafted: its due date, or the chosen day of the month that comes last up to the due date.

    A cycle of 28 days and a fixed day of the month drift apart; where no such day lies between bill and due date, the
    due date is taken, so that no bill is missed and none is late.
    """
    if draft_day is None:
        return due_on
    chosen = due_on.replace(day=draft_day)
    if chosen > due_on:
        chosen = (due_on.replace(day=1) - timedelta(1)).replace(day=draft_day)
    return chosen if chosen > bill_on else due_on


# --- what is drafted --------------------------------------------------------------------------------------------------

OUTCOMES = {
    "draft": "Drafted",
    "prenote": "Tried with 0.00 first",
    "over_limit_ask": "Above the limit, asked first",
    "prenote_waiting": "Waits for the prenote",
    "prenote_refused": "The bank refused the prenote",
    "again": "A returned draft presented again",
    "cash_only": "Pays by cash, cashier's check or money order only",
    "payments_pending": "Another payment is on its way",
    "stopped": "The bank said that no more drafts may be made",
    "nothing_due": "Nothing is due",
}
"""Every account of a draft run gets one of these."""


@dataclass(frozen=True, slots=True)
class DueBill:
    """An open bill of an account on autopay."""

    document_id: int
    bill_on: date
    due_on: date
    open_cents: int


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An account on autopay as a draft run finds it.

    :ivar prenote: `none` (never sent), `sent`, `passed`, `refused`, or `not_needed`
    :ivar pending_cents: drafts and other payments on their way
    :ivar stopped: the bank's return says that nothing more may be drafted here
    :ivar cash_only: a mark on the account refuses drafts
    """

    account_id: int
    terms: Terms
    bills: tuple[DueBill, ...]
    balance_cents: int
    prenote: str
    pending_cents: int = 0
    stopped: bool = False
    cash_only: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run does with an account: an outcome code, and the cents drafted or asked for."""

    account_id: int
    code: str
    cents: int
    document_ids: tuple[int, ...]
    wanted_on: date | None
    says: str


def plan(enrolled: Enrolled, *, through_on: date) -> Planned:
    """What a run that takes bills with a draft day up to `through_on` does with one account.

    Never more than the account owes (a credit elsewhere on it counts), never twice, never above the limit.
    """
    days = {bill: _day_of(bill, enrolled.terms) for bill in enrolled.bills}
    due = sorted(
        (bill for bill, on in days.items() if on <= through_on), key=lambda bill: (bill.due_on, bill.document_id)
    )
    cents = min(sum(bill.open_cents for bill in due), enrolled.balance_cents) if due else 0
    documents = tuple(bill.document_id for bill in due)
    wanted = min((days[bill] for bill in due), default=None)

    def answer(code: str, says: str, amount: int = cents) -> Planned:
        return Planned(enrolled.account_id, code, amount, documents, wanted, says)

    if enrolled.stopped:
        return answer("stopped", "the bank's return forbids another draft; a new authorisation is needed")
    if enrolled.cash_only:
        return answer("cash_only", "payments came back, and a mark holds: cash, cashier's check or money order")
    if enrolled.prenote == "refused":
        return answer("prenote_refused", "correct the bank numbers with the customer")
    if enrolled.prenote == "none":
        return answer("prenote", "the first draft follows when the bank has not objected", 0)
    if not due or cents <= 0:
        return answer("nothing_due", "", 0)
    if enrolled.prenote == "sent":
        return answer(
            "prenote_waiting", f"{show(cents)} is due and not drafted yet; the customer pays this one himself"
        )
    if enrolled.pending_cents:
        return answer("payments_pending", f"{show(enrolled.pending_cents)} is on its way already")
    limit = enrolled.terms.limit_cents
    if limit is not None and cents > limit:
        return answer(
            "over_limit_ask", f"{show(cents)} is due, and the customer's limit is {show(limit)}: ask before taking it"
        )
    return answer("draft", f"{show(cents)} for {len(due)} bill{'s' if len(due) > 1 else ''}")


def _day_of(bill: DueBill, terms: Terms) -> date:
    return draft_on(bill_on=bill.bill_on, due_on=bill.due_on, draft_day=terms.draft_day)


def total(planned: Sequence[Planned]) -> int:
    """What a run drafts, in cents."""
    return sum(one.cents for one in planned if one.code == "draft")
