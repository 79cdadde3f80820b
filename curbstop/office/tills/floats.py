"""Floats: the change fund they come from, a drawer handed from one cashier to the next, differences reported up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.office.tills.drawers import (
    CHANGE_FUND,
    _lock,
    _received,
    _session_to_close,
    _sign,
    get_change_fund,
)
from curbstop.office.tills.slips import list_sessions_to_deposit
from curbstop.records.payments.banking import TillHandOver, TillReport, TillReportSeen
from curbstop.records.payments.models import Till, TillCount, TillSession
from curbstop.rules.ledger import change_fund, float_made_up
from curbstop.rules.money import show
from curbstop.rules.tills import Counted, Piece, compare, over_and_short


@dataclass(frozen=True)
class ChangeFundSet:
    """The change fund after it was set up, raised or lowered."""

    cents: int
    change_cents: int
    txn_id: int


@dataclass(frozen=True)
class FloatRestored:
    """A drawer that held less than its float: what was missing came off the change fund."""

    session_id: int
    cents: int
    txn_id: int


@dataclass(frozen=True)
class HandedOver:
    """A drawer that goes on with another cashier: the session that ended, the one that began with its float."""

    till: str
    before_id: int
    after_id: int
    float_cents: int


@dataclass(frozen=True)
class ReportSeen:
    """A difference that was reported up, looked at."""

    session_id: int
    words: str


@act("tills.set_change_fund")
def set_change_fund(event: Acting, /, *, key: Key, by: Actor, at: datetime, cents: int, on: date) -> ChangeFundSet:
    """Set the change fund of the office: the difference comes from the bank or goes back to it.

    :raises Refused: below zero, less than what is in drawers, or what it is already
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    take_turn(CHANGE_FUND)
    fund, out = get_change_fund()
    if cents < out:
        says = f"Floats of {show(out)} are in drawers, so the fund cannot be {show(cents)}"
        raise Refused(f"{says}. Sign the drawers first.", field="cents")
    if cents == fund:
        raise Refused(f"The change fund is {show(fund)} already.", field="cents")
    legs = change_fund(cents - fund)
    txn_id = ledger._post(event, act="change_fund", posted_on=on, effective_on=on, legs=legs)
    event.about(
        says=f"The change fund is {show(cents)}, {show(abs(cents - fund))} {'more' if cents > fund else 'less'}."
    )
    return ChangeFundSet(cents, cents - fund, txn_id)


@act("tills.restore_float")
def restore_float(event: Acting, /, *, key: Key, by: Actor, at: datetime, session_id: int, on: date) -> FloatRestored:
    """Make up the float of a signed drawer that held less than it, from the change fund.

    :raises Refused: the drawer lacks nothing, or the fund does not reach
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    till = Till.objects.filter(sessions__id=session_id).first()
    if till is not None:
        _lock(till.code)  # nobody else makes it up, or makes up a deposit from it
    take_turn(CHANGE_FUND)
    row = next((one for one in list_sessions_to_deposit() if one.session_id == session_id), None)
    lacks = -row.cash_cents if row else 0
    if row is None or lacks <= 0:
        raise Refused("This drawer lacks nothing of its float; make up the deposit.", field="session_id")
    fund, out = get_change_fund()
    if lacks > fund - out:
        says = f"The safe holds {show(fund - out)} of the change fund, and {show(lacks)} are missing"
        raise Refused(f"{says}. Finance raises the fund first (tills.set_change_fund).", field="session_id")
    legs = float_made_up(row.document_id, lacks)
    txn_id = ledger._post(event, act="change_fund", posted_on=on, effective_on=on, legs=legs)
    event.about(says=f"Float of till {row.till} made up by {show(lacks)} from the change fund.")
    return FloatRestored(session_id, lacks, txn_id)


@act("tills.hand_over")
def hand_over(event: Acting, /, *, key: Key, by: Actor, at: datetime, till: str, count_id: int, on: date) -> HandedOver:
    """Take over a counted drawer from its cashier: what it took goes to the bank, its float stays and is yours.

    Only a drawer that agrees is handed over; a difference is signed by a supervisor, who sees it first.

    :param count_id: the count as the new cashier saw it; it must be the last
    :raises Refused: it is one's own drawer, it is not counted, a later count was made, or it is over or short
    :raises DayNotOpen: the accounting day is not open
    """
    drawer = _lock(till)
    session = _session_to_close(drawer)
    if session.cashier_id == by.id:
        raise Refused(f"Till {till} is your own; whoever takes it over does this.", field="by")
    last = TillCount.objects.filter(session_id=session.id).order_by("-id").first()
    if last is None or last.pk != count_id:
        says = "is not counted; its cashier counts it first" if last is None else "was counted again since"
        raise Refused(f"Till {till} {says}.", field="count_id")
    seen = Counted((Piece(1, last.cash_cents),), 0, last.check_cents, last.money_order_cents)
    differences = compare(seen, _received(session.document_id), session.float_cents)
    over, short = over_and_short(differences)
    if over or short:
        says = f"Till {till} is over {show(over)} and short {show(short)}"
        raise Refused(f"{says}. A supervisor signs a difference; then you open the drawer.", field="till")
    if on not in ledger.get_open_days():
        raise ledger.DayNotOpen(f"The accounting day {on.isoformat()} is not open; finance opens it.", field="on")
    _sign(event, by, at, till, session, last, differences, "")
    made = TillSession.objects.create(
        till=drawer,
        cashier_id=by.id,
        opened_on=on,
        opened_at=at,
        float_cents=session.float_cents,
        follows_id=session.id,
        event_id=event.id,
    )
    TillHandOver.objects.create(before_id=session.id, after=made, event_id=event.id)
    event.says = f"Till {till} handed over by {session.cashier} to {by.name}, float {show(session.float_cents)}."
    return HandedOver(till, session.id, made.pk, session.float_cents)


@act("tills.see_report")
def see_report(event: Acting, /, *, key: Key, by: Actor, at: datetime, session_id: int, words: str) -> ReportSeen:
    """Say what follows from a difference that was reported up.

    :raises Refused: nothing was reported of this drawer, it was looked at, it is one's own, or no words
    """
    words = words.strip()
    report = TillReport.objects.select_related("session").filter(session_id=session_id).first()
    if report is None:
        raise Refused("Nothing was reported up of this drawer.", field="session_id")
    if TillReportSeen.objects.filter(report=report).exists():
        raise Refused("This difference was looked at already.", field="session_id")
    if report.session.cashier_id == by.id:
        raise Refused("It is your own drawer; another person looks at it.", field="by")
    if not words:
        raise Refused("Say what you found and what follows.", field="words")
    TillReportSeen.objects.create(report=report, words=words, by_id=by.id, at=at, event_id=event.id)
    event.about(f"till:{report.session.till_id}", says=f"Difference at a till looked at by {by.name}: {words}.")
    return ReportSeen(session_id, words)
