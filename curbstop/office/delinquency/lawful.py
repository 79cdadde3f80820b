"""Whether water may be taken away for what is not paid: one question, asked when a list is frozen, when an order is
written or moved by anybody, and at the meter before the valve is turned.

Something is owed still, at this moment, above the city's least; no hold reaches it; nothing is on its way; a notice
that said how to dispute was mailed long enough before; and the day is one of the city's (Memphis Light v. Craft, 436
U.S. 1; the city's policies ``delinquency.*``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import connection

from curbstop.office import _holds, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._orders import OPEN, cancel_order, city_time, get_type, load_types, lock_order
from curbstop.office.delinquency.facts import Looked, look
from curbstop.office.delinquency.setting import Setting
from curbstop.rules.delinquency.ladder import Line, why_not_lawful
from curbstop.rules.money import show
from curbstop.rules.periods import show_on

MEANWHILE = ("listed", "ordered")
DISPUTED = "Nothing is turned off for an amount in dispute until someone who can correct the bill has answered."
SAYS = {0: "Monday", 1: "Tuesday", 2: "Wednesday", 3: "Thursday", 4: "Friday", 5: "Saturday", 6: "Sunday"}


class NotLawful(Refused):
    """Water may not be taken away here now."""


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way of a cut-off: a code of the ladder's outcomes or ``no_notice``, ``too_soon``, ``no_day``;
    in words; the hold and the day it moves to, where there is one."""

    code: str
    says: str
    hold_id: int | None = None
    moves_to: date | None = None


def find_obstacle(found: Looked, place: int, cutoff_on: date) -> Obstacle | None:
    """What stands in the way of closing the valve of this account on the day, the first that counts; None: nothing.

    ``found`` was looked at without the marks of lists and orders.
    """
    facts, ladder = found.facts, found.ladder(place)
    account, least = int(found.account_ids[place]), max(ladder.least_cents or 0, 1)
    owed, free = int(facts.owed_cents[place]), int(facts.cutoff_cents[place])
    if owed < least:
        under = f", under {show(least)} (delinquency.notice.minimum)" if ladder.least_cents else ""
        says = f"owes {show(owed)} past due{under}" if owed > 0 else "nothing is past due"
        return Obstacle("under_minimum" if owed > 0 else "nothing_due", says)
    if ladder.least_cents is None or ladder.stops is not None:
        return Obstacle("not_set", _not_set(ladder.stops))
    if free < least:
        return _held(found, account, owed)
    if facts.pending[place]:
        return Obstacle("payment_pending", "a payment is on its way")
    if not facts.noticed_on[place]:
        return Obstacle("no_notice", "no notice of this debt was mailed")
    noticed_on, told_on = date.fromordinal(int(facts.noticed_on[place])), int(facts.told_on[place])
    moves_to = date.fromordinal(int(found.climbed.cutoff_on[place]))
    if too_soon := why_not_lawful(ladder, noticed_on, cutoff_on):
        return Obstacle("too_soon", too_soon, moves_to=moves_to)
    if told_on > cutoff_on.toordinal():
        says = f"its notice names {date.fromordinal(told_on).isoformat()}, which is later"
        return Obstacle("too_soon", says, moves_to=moves_to)
    return no_day(found.setting, found.of(place), cutoff_on)


def no_day(setting: Setting, of: str, cutoff_on: date) -> Obstacle | None:
    """Why no valve of this class of customers is closed on the day; None: it may be."""
    days, ladder = setting.days[of], setting.ladders[of]
    if days.is_lawful(cutoff_on):
        return None
    if cutoff_on in setting.weather:
        return Obstacle("no_day", f"{setting.weather[cutoff_on]} on {show_on(cutoff_on)}")
    if ladder.weekdays is None:
        return Obstacle("no_day", _not_set(ladder.stops))
    closing = " and not on the day before a holiday closing" if ladder.not_before_closing else ""
    says = f"cut-offs are {_weekdays(ladder.weekdays)}{closing}, never on a holiday"
    (next_on,) = days.lawful_from(np.array([cutoff_on.toordinal()], dtype=np.int64))
    return Obstacle("no_day", says, moves_to=date.fromordinal(int(next_on)))


def _weekdays(days: Sequence[int]) -> str:
    """``Monday to Thursday``, or the days by name."""
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{SAYS[days[0]]} to {SAYS[days[-1]]}"
    return ", ".join(SAYS[day] for day in days) or "on no weekday"


def _not_set(line: Line | None) -> str:
    return f"{line.says.rstrip('.')} ({line.policy})" if line else "the least that is followed up is not set"


def _held(found: Looked, account: int, owed: int) -> Obstacle:
    """In the words of the hold that reaches it; a dispute says that nobody has answered."""
    holds = [hold for hold in found.holds.get(account, ()) if hold.held.cutoff]
    for hold in sorted(holds, key=lambda hold: hold.reason != "dispute"):
        return Obstacle("held", say_hold(hold), hold.hold_id)
    return Obstacle("held", f"{show(found.disputed.get(account, 0))} is under a dispute without a finding")


def say_hold(hold: _holds.HoldThere) -> str:
    """A hold as lists have it: what, since when, until when, whose."""
    waits = ", no finding yet" if hold.reason == "dispute" else ""
    until = f" until {hold.until_on.isoformat()}" if hold.until_on else ""
    words = hold.says.partition(" since ")[0].lower() if hold.cents is None else hold.reason.replace("_", " ")
    return f"{words} since {hold.from_on.isoformat()}{until}, owner {hold.owner}{waits}"


# --- an order by hand, or moved ---------------------------------------------------------------------------------------


def refuse_unlawful(*, type: str, account_id: int | None, on: date | None, today: date) -> None:
    """Refuse an order to take water away from an account where that is not lawful on its day. Other types, and places
    where nobody is responsible, pass.

    :raises NotLawful: what stands in the way, and what to do
    """
    if account_id is None or not get_type(type).unpaid:
        return
    found = look([account_id], on=today, without=MEANWHILE)
    obstacle = find_obstacle(found, 0, on or today)
    if obstacle is None:
        return
    about = [f"account:{account_id}"]
    if obstacle.code == "no_day":
        then = f" The next such day is {show_on(obstacle.moves_to)}." if obstacle.moves_to else " Choose another day."
        raise NotLawful(f"{obstacle.says[0].upper()}{obstacle.says[1:]}.{then}", field="on", about=about)
    number = _number(account_id)
    if obstacle.code == "held" and "finding" in obstacle.says:
        cents = show(int(found.facts.owed_cents[0]))
        told = f"{number}'s balance of {cents} is under a dispute without a finding. {DISPUTED}"
        raise NotLawful(told, field="type", about=about)
    then = f" The first lawful day is {obstacle.moves_to.isoformat()}." if obstacle.moves_to else ""
    raise NotLawful(
        f"{number} is not shut off: {obstacle.says}.{then} Its page says where it stands.", field="type", about=about
    )


def _number(account_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select number from customers_account where id = %s", [account_id])
        return str(cursor.fetchone()[0])


# --- at the meter -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AtMeter:
    """Whether the order stands at this moment; if not, why, and that it was closed."""

    order_id: int
    stands: bool
    says: str


def find_live_obstacle(account_id: int, *, at: datetime) -> Obstacle | None:
    """What stands in the way of the valve at the instant, money that came up to then counted; None: nothing."""
    now = city_time(at)
    found = look([account_id], on=now.date(), until=at, without=MEANWHILE)
    obstacle = find_obstacle(found, 0, now.date())
    if obstacle is not None and obstacle.code in ("nothing_due", "under_minimum"):
        paid_at = _last_paid(account_id, at)
        if paid_at is not None and city_time(paid_at).date() == now.date():
            ago = int((at - paid_at).total_seconds()) // 60
            when = "just now" if ago < 1 else f"{ago} minute{'s' if ago != 1 else ''} ago"
            return Obstacle(obstacle.code, f"paid {when}: do not shut off|paid {city_time(paid_at):%H:%M}")
    return obstacle


def _last_paid(account_id: int, at: datetime) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select max(t.posted_at) from ledger_posting p join ledger_transaction t on t.id = p.txn_id"
            " where p.account_id = %s and p.credit_cents > 0 and t.posted_at <= %s and t.act in"
            " ('take', 'identify', 'apply_credit', 'agency')",
            [account_id, at],
        )
        found: datetime | None = cursor.fetchone()[0]
    return found


def refuse_at_meter(*, type: str, account_id: int | None, at: datetime) -> None:
    """Refuse to complete an order that takes water away when that is no longer lawful at the instant it was done.

    :raises NotLawful: ``paid 6 minutes ago: do not shut off``
    """
    if account_id is None or not get_type(type).unpaid:
        return
    obstacle = find_live_obstacle(account_id, at=at)
    if obstacle is not None:
        raise NotLawful(say_live(obstacle), field="order_id", about=[f"account:{account_id}"])


def say_live(obstacle: Obstacle) -> str:
    """As the crew reads it."""
    words = obstacle.says.partition("|")[0]
    return f"{words[0].upper()}{words[1:]}." if "do not shut off" in words else f"Do not shut off: {words}."


@act("delinquency.check_at_meter")
def check_at_meter(event: Acting, /, *, key: Key, by: Actor, at: datetime, order_id: int) -> AtMeter:
    """Ask at the meter whether the valve may be turned now. An order that no longer stands is closed by it.

    :raises Ended: the order has ended already
    :raises Refused: no such order, or one that takes no water away
    """
    order = lock_order(order_id)
    if not get_type(order.type).unpaid:
        raise Refused(f"Order {order_id} takes no water away; there is nothing to ask.", field="order_id")
    obstacle = find_live_obstacle(order.account_id, at=at) if order.account_id else None
    event.about(f"order:{order_id}", f"premise:{order.premise_id}")
    if obstacle is None:
        event.about(says=f"Order {order_id} stands: the valve may be turned.")
        return AtMeter(order_id, True, "Nothing was paid: the valve may be turned now.")
    reason = obstacle.says.partition("|")[2] or obstacle.says
    cancel_order(event, order_id=order_id, reason=f"not needed, {reason}"[:500])
    event.about(says=f"Order {order_id} closed at the meter: not needed, {reason}.")
    return AtMeter(order_id, False, say_live(obstacle))


# --- orders that no longer stand --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CalledOff:
    """Orders to take water away that were cancelled because they no longer stand, and how many stand."""

    order_ids: tuple[int, ...]
    standing: int


_OPEN_ORDERS = f"""
select o.id, o.account_id from orders_order o
where o.type = any(%s) and o.account_id is not null and {OPEN} order by o.id"""


def list_unlawful(*, on: date) -> tuple[tuple[int, int, Obstacle], ...]:
    """Open orders that take water away where that is not lawful now: order, account, what stands in the way. The day
    itself is not asked about: an order that is late is written again."""
    rows = list_open_orders()
    if not rows:
        return ()
    found = look({account for _, account in rows}, on=on, without=MEANWHILE)
    places = {int(account): place for place, account in enumerate(found.account_ids)}
    wrong = []
    for order, account in rows:
        place = places[account]
        day = date.fromordinal(max(int(found.climbed.cutoff_on[place]), on.toordinal()))
        obstacle = find_obstacle(found, place, day)
        if obstacle is not None and obstacle.code != "no_day":
            wrong.append((order, account, obstacle))
    return tuple(wrong)


def list_open_orders() -> list[tuple[int, int]]:
    """Open orders that take water away: each with its account."""
    if not policies.is_installed():
        return []  # nor are there types of orders
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ORDERS, [[code for code, type in load_types().items() if type.unpaid]])
        return list(cursor.fetchall())


@act("delinquency.call_off")
def call_off(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> CalledOff:
    """Cancel every open order to shut off that no longer stands: paid since, held, or with money on its way. The clock
    does it every few minutes, so that no crew drives there."""
    wrong = list_unlawful(on=on)
    for order, _, obstacle in wrong:
        cancel_order(event, order_id=order, reason=f"not needed, {obstacle.says}"[:500])
    if wrong:
        event.about(says=f"{len(wrong)} shut-off orders called off: they no longer stand.")
    return CalledOff(tuple(order for order, _, _ in wrong), len(list_open_orders()))
