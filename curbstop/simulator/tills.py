"""Two windows with a drawer each: opened in the morning, counted blind in the evening, signed, taken to the bank.

A count is short or over now and then, by a little; both are explained and neither is hidden in the other.
"""

from __future__ import annotations

from datetime import date

from curbstop.office import payments, policies, tills
from curbstop.simulator.chance import number
from curbstop.simulator.office import Drawer, Office

ONE_CASHIER_SERVES = 12
"""Payments a day after which the second window opens."""
WINDOWS = (("T1", "Window 1", "imani"), ("T2", "Window 2 and drive-up", "luis"))
_PIECES = (10_000, 5_000, 2_000, 1_000, 500, 100, 25, 10, 5, 1)
_REASONS = ("Change given wrong, drawer counted twice", "Unknown; counted three times", "A roll of quarters was short")


def install(office: Office, on: date) -> None:
    """Both drawers, on the town's first day."""
    for order, (code, name, _) in enumerate(WINDOWS):
        office.must(tills.install, code, who="wes", at=office.at(on, 7, number=order), code=code, name=name)


def open_drawers(office: Office, day: date, *, busy: bool) -> None:
    """Open the first window, and on a busy day the second."""
    float_cents = policies.load("till.float").cents("till.float", on=day)
    office.drawers = []
    for code, _, cashier in WINDOWS[: 2 if busy else 1]:
        at = office.at(day, 7, 55)
        if office.do(tills.open, code, who=cashier, at=at, till=code, on=day, float_cents=float_cents) is not None:
            office.drawers.append(Drawer(code, cashier, float_cents))


def take(
    office: Office, seed: int, drawer: Drawer, day: date, order: int, *, account_id: int, cents: int, channel: str
) -> None:
    """One payment at a window, in cash (with change), by check, or both."""
    tenders = _tenders(seed, account_id, day, cents, channel)
    taken = office.do(
        payments.take,
        account_id,
        order,
        who=drawer.cashier,
        at=office.at(day, 8, 15, number=order),
        till=drawer.code,
        on=day,
        accounts=(payments.Paying(account_id, cents),),
        tenders=tenders,
    )
    for kept in taken.tenders if taken is not None else ():
        if kept.type == "cash":
            drawer.cash_cents += kept.cents
        else:
            drawer.check_cents += kept.cents


def _tenders(seed: int, account_id: int, day: date, cents: int, channel: str) -> tuple[payments.Tender, ...]:
    check_no = str(1000 + number(seed, "check", account_id, day, below=8000))
    if channel == "check":
        return (payments.Tender("check", cents, check_no),)
    if channel == "split" and cents > 4000:
        by_check = cents // 2000 * 1000
        return (payments.Tender("check", by_check, check_no), payments.Tender("cash", _handed(cents - by_check)))
    return (payments.Tender("cash", _handed(cents)),)


def _handed(cents: int) -> int:
    """What somebody hands over for an amount: whole fives for small sums, twenties for larger ones."""
    note = 500 if cents < 4000 else 2000
    return -(-cents // note) * note


def count_drawers(office: Office, seed: int, day: date) -> None:
    """Count each drawer without knowing what should be in it; the supervisor signs."""
    for order, drawer in enumerate(office.drawers):
        off = (
            _off(seed, day, drawer.code) if drawer.cash_cents > 2000 else 0
        )  # change is given wrong only where some is
        cash = max(drawer.float_cents + drawer.cash_cents + off, 0)
        counted = tills.Counted(pieces(cash), check_cents=drawer.check_cents)
        at = office.at(day, 17, 5, number=order)
        told = office.do(tills.count, drawer.code, who=drawer.cashier, at=at, till=drawer.code, counted=counted)
        if told is None:
            continue
        why = _REASONS[number(seed, "why", day, drawer.code, below=len(_REASONS))] if off else ""
        at = office.at(day, 17, 20, number=order)
        office.do(tills.close, drawer.code, who="ruth", at=at, till=drawer.code, count_id=told.count_id, reason=why)
    office.drawers = []


def _off(seed: int, day: date, code: str) -> int:
    """Cents that a drawer is over (or, below zero, short): mostly nothing."""
    chance = number(seed, "off", day, code, below=1000)
    if chance < 26:
        return -(1 + number(seed, "short", day, code, below=500))
    return 1 + number(seed, "over", day, code, below=200) if chance < 40 else 0


def pieces(cents: int) -> tuple[tills.Piece, ...]:
    """An amount in as few notes and coins as it takes."""
    found = []
    for piece in _PIECES:
        count, cents = divmod(cents, piece)
        if count:
            found.append(tills.Piece(piece, count))
    return tuple(found)


def go_to_bank(office: Office, day: date) -> None:
    """In the morning: yesterday's drawers made up into a deposit. The bank shows it on its statement."""
    waiting = tills.list_sessions_to_deposit()
    if any(row.cash_cents or row.check_cents or row.money_order_cents for row in waiting):
        sessions = tuple(row.session_id for row in waiting)
        office.do(tills.deposit, who="hector", at=office.at(day, 7, 40), session_ids=sessions, on=day)
