"""Money comes in: at the tills, in the files of the bank and the card processor; some checks come back.

What people mean to pay follows from their bills alone (:mod:`payers`), so a town that is taken up again knows it from
the bills that were issued. Files are recorded by the clock each morning the office is open, counters take money one
by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from curbstop.office import customers, ledger, payments
from curbstop.office.bills.issued import IssuedBill
from curbstop.office.pages.history import get_payments
from curbstop.simulator import tills
from curbstop.simulator.chance import happens, number
from curbstop.simulator.crew import CLOCK
from curbstop.simulator.imagined import Town
from curbstop.simulator.office import Office
from curbstop.simulator.payers import COUNTER, Intent, intents
from curbstop.simulator.people import Stay
from curbstop.simulator.workdays import next_workday

FORGET = timedelta(days=120)
"""Nobody acts on a bill that is older."""
_BY_CHECK = ("check", "split", "lockbox")


@dataclass(frozen=True, slots=True)
class Meant:
    """A payment somebody means to make on a day; ``cents`` 0: whatever is owed then."""

    account_id: int
    channel: str
    cents: int


@dataclass(frozen=True, slots=True)
class Bounce:
    """A payment of ``paid_on`` that the bank sends back."""

    account_id: int
    channel: str
    paid_on: date


@dataclass
class Plans:
    """What people mean to do, by the day on which the office sees it."""

    pays: dict[date, list[Meant]] = field(default_factory=lambda: defaultdict(list))
    bounces: dict[date, list[Bounce]] = field(default_factory=lambda: defaultdict(list))

    def add_bills(self, office: Office, town: Town, bills: Iterable[IssuedBill]) -> None:
        """What the payers make of these bills."""
        for bill in bills:
            stay = office.stay_of.get(bill.account_id)
            if stay is not None:
                self._add_bill(town, stay, bill)

    def _add_bill(self, town: Town, stay: Stay, bill: IssuedBill) -> None:
        seed = town.recipe.seed
        meant = intents(
            seed,
            stay.payer,
            stay=stay.key,
            run_on=bill.bill_on,
            due_on=bill.due_on,
            cents=bill.asked_cents,
            bill_no=(bill.read_on - stay.from_on).days // 28,
            final=stay.until_on is not None and stay.until_on <= bill.read_on,
        )
        for intent in meant:
            day = _seen_on(intent)
            self.pays[day].append(Meant(bill.account_id, intent.channel, intent.cents))
            self._add_bounce(seed, stay, bill.account_id, intent, day)

    def _add_bounce(self, seed: int, stay: Stay, account_id: int, intent: Intent, day: date) -> None:
        """A check without funds or a draft refused comes back in a week, and is made good in cash some days later."""
        risk = stay.payer.check_bounces_permille if intent.channel in _BY_CHECK else 0
        risk = 4 if intent.channel == "autopay" else risk
        if not risk or not happens(seed, "bounce", stay.key, intent.on, permille=risk):
            return
        back = next_workday(day, after=4 + number(seed, "back", stay.key, intent.on, below=4))
        self.bounces[back].append(Bounce(account_id, intent.channel, day))
        if number(seed, "amends", stay.key, intent.on, below=10) < 8:
            again = next_workday(back, after=2 + number(seed, "again", stay.key, intent.on, below=9))
            self.pays[again].append(Meant(account_id, "cash", 0))


_FILE_DAYS = {"lockbox": (0, 2, 4), "bill_pay": (1, 3)}
"""Weekdays (Monday is 0) on which the bank sends a file; of the other channels it comes every open day."""


def _seen_on(intent: Intent) -> date:
    """The day on which the office sees the money: at the counter when it opens, in a file when the bank sends it."""
    day = next_workday(intent.on)
    weekdays = _FILE_DAYS.get(intent.channel)
    while weekdays and day.weekday() not in weekdays:
        day = next_workday(day + timedelta(days=1))
    return day


_WHY_RETURNED = ("check returned: insufficient funds", "R01 insufficient funds")


def take_returns(office: Office, plans: Plans, day: date) -> None:
    """The bank's returns of the day: each payment taken back line by line, by the supervisor."""
    for order, bounce in enumerate(plans.bounces.get(day, ())):
        for paid in get_payments(account_id=bounce.account_id, limit=12):
            if paid.paid_on != bounce.paid_on or paid.reversed_on is not None or not _is_of(paid.how, bounce.channel):
                continue
            office.do(
                payments.reverse,
                bounce.account_id,
                bounce.paid_on,
                who="ruth",
                at=office.at(day, 11, number=order),
                series=paid.series,
                no=paid.no,
                on=day,
                why="returned",
                reason=_WHY_RETURNED[bounce.channel == "autopay"],
            )
            text = f"Payment of {paid.paid_on:%d %b} came back from the bank; called, will pay in cash."
            at = office.at(day, 11, 1, number=order)
            subject = ("returned", bounce.account_id, paid.paid_on)
            office.do(customers.note, *subject, who="priya", at=at, account_id=bounce.account_id, text=text)
            break


def _is_of(how: str, channel: str) -> bool:
    types = {"check": "check", "split": "check", "lockbox": "lockbox", "autopay": "ach"}
    return types[channel] in how


def record_files(office: Office, town: Town, plans: Plans, day: date) -> None:
    """The morning's files, one a channel: what the mail, the bank and the card processor brought since yesterday."""
    by_channel: dict[str, list[Meant]] = defaultdict(list)
    for meant in plans.pays.get(day, ()):
        if meant.channel not in COUNTER:
            by_channel[meant.channel].append(meant)
    for order, channel in enumerate(sorted(by_channel)):
        rows = _amounts(by_channel[channel])
        if rows:
            _record_file(office, town, channel, rows, day, order)


def _amounts(meant: Sequence[Meant]) -> list[tuple[int, int]]:
    """Account and cents of those who still owe something; a person who paid meanwhile does not pay again."""
    owed = ledger.get_balances({one.account_id for one in meant})
    found: list[tuple[int, int]] = []
    for one in meant:
        cents = one.cents or owed[one.account_id]
        if owed[one.account_id] > 0 and cents > 0:
            found.append((one.account_id, cents))
            owed[one.account_id] -= cents
    return found


def _record_file(office: Office, town: Town, channel: str, rows: list[tuple[int, int]], day: date, order: int) -> None:
    """One file. Now and then a payer by mail or through his bank writes an account number that nobody has."""
    seed = town.recipe.seed
    made = []
    for place, (account_id, cents) in enumerate(rows, start=1):
        account = office.account_of[account_id].number
        if channel in ("lockbox", "bill_pay") and number(seed, "wrong", account_id, day, below=2500) == 0:
            account = f"9{account[1:]}"
        made.append(payments.FileRow(account, cents, f"{channel[:2].upper()}{day:%y%m%d}-{place:05d}"))
    office.do(
        payments.record_batch,
        channel,
        who=CLOCK,
        at=office.at(day, 10, number=order),
        channel=channel,
        name=f"{channel}-{day:%Y%m%d}.txt",
        rows=made,
        on=day,
    )


def at_counters(plans: Plans, day: date) -> list[Meant]:
    """Who means to come to a window on a day; once each."""
    meant = [one for one in plans.pays.get(day, ()) if one.channel in COUNTER]
    return list({one.account_id: one for one in reversed(meant)}.values())[::-1]


def serve(office: Office, town: Town, plans: Plans, day: date) -> None:
    """The day at the windows: people served one after another, each by the cashier who is free."""
    coming = at_counters(plans, day)
    channel = {one.account_id: one.channel for one in coming}
    for order, (account_id, cents) in enumerate(_amounts(coming)):
        if office.drawers:
            drawer = office.drawers[order % len(office.drawers)]
            how = channel[account_id]
            tills.take(office, town.recipe.seed, drawer, day, order, account_id=account_id, cents=cents, channel=how)


def pay_old_debt(office: Office, town: Town, account_id: int, cents: int, day: date, order: int) -> None:
    """Somebody pays what an earlier account owes before another one starts: by check, at the first window."""
    if office.drawers:
        drawer, seed = office.drawers[0], town.recipe.seed
        tills.take(office, seed, drawer, day, 800 + order, account_id=account_id, cents=cents, channel="check")
