"""Water back after a cut-off: what must be paid, what is added, on which day, and the order for the crew.

``ask_to_restore`` is the counter's first step: it charges what the city charges for coming back and asks for the
deposit's increase, once a cut-off. ``restore`` writes the order when everything is paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from curbstop.office import _orders, deposits, ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office._statements import ask
from curbstop.office.delinquency.facts import Looked, look
from curbstop.office.delinquency.lawful import MEANWHILE
from curbstop.rules.delinquency.restoring import DayBack, find_day_back
from curbstop.rules.money import show
from curbstop.rules.periods import is_business_day
from curbstop.rules.policies import NotSet, Policies

RESTORE = "restore"
PAYS_OFF, SAME_DAY, DEPOSIT, FEE = "restore.pays_off", "restore.same_day", "restore.deposit", "fee.restore"


@dataclass(frozen=True)
class ToRestore:
    """What stands between an account and its water.

    ``must_pay_cents`` is of the balance, ``deposit_cents`` of the deposit that was asked for. ``back_on`` is the day if
    all were paid at this instant, None where the city promises none; ``says`` is the policy's sentence.
    """

    account_id: int
    premise_id: int
    off_on: date | None
    balance_cents: int
    must_pay_cents: int
    deposit_cents: int
    asked: bool
    back_on: date | None
    windows: tuple[str, ...]
    says: str
    day_says: str

    @property
    def left_cents(self) -> int:
        """What is to be paid together."""
        return self.must_pay_cents + self.deposit_cents


def get_to_restore(*, account_id: int, at: datetime) -> ToRestore:
    """What must be paid before water is on again, and the day if it is paid now.

    :raises Refused: water is not off here for what was not paid; or the city has not said what must be paid
    """
    now = _orders.city_time(at)
    found = look([account_id], on=now.date(), without=MEANWHILE)
    off_on = int(found.facts.off_on[0])
    if not off_on:
        raise Refused("Water was not turned off here for a bill that is not paid.", field="account_id")
    rules = policies.load(PAYS_OFF, SAME_DAY, DEPOSIT)
    owed, says = _must_pay(rules, found, account_id, now.date())
    day = _day_back(rules, found, now)
    windows = _orders.get_windows(_orders.get_type(RESTORE), day.on or now.date())[0] or ()
    return ToRestore(
        account_id=account_id,
        premise_id=int(found.premise_ids[0]),
        off_on=date.fromordinal(off_on),
        balance_cents=ledger.get_balance(account_id),
        must_pay_cents=owed,
        deposit_cents=deposits.asked_cents(account_id, due_by=now.date()),
        asked=_was_asked(account_id, date.fromordinal(off_on)),
        back_on=day.on,
        windows=tuple(windows),
        says=says,
        day_says=day.says,
    )


def _must_pay(rules: Policies, found: Looked, account_id: int, on: date) -> tuple[int, str]:
    try:
        what, says = rules.text(PAYS_OFF, on=on), rules.policy(PAYS_OFF).says
    except NotSet as missing:
        told = missing.says or "What must be paid before water is on again is not set for this city."
        raise Refused(
            f"{told} Set restore.pays_off, or write the order by hand (orders).", field="account_id"
        ) from missing
    owed = int(found.facts.owed_cents[0]) if what == "overdue" else ledger.get_balance(account_id)
    return max(owed, 0), says


def _day_back(rules: Policies, found: Looked, now: datetime) -> DayBack:
    holidays = found.setting.holidays
    following = now.date() + timedelta(days=1)
    while not is_business_day(following, holidays):
        following += timedelta(days=1)
    try:
        rows = rules.rows(SAME_DAY, on=now.date())
        says = rules.policy(SAME_DAY).says
    except NotSet:
        return DayBack(None, "")
    same = now.date() if is_business_day(now.date(), holidays) else None
    return find_day_back(rows, now.replace(tzinfo=None), same_on=same, next_on=following, says=says)


_ASKED = """
select exists (select from base_event e where e.act = 'delinquency.ask_to_restore' and not e.denied
  and e.subjects @> array['account:' || %(account)s::bigint] and (e.outcome->>'off_on')::date = %(off)s::date) asked"""


def _was_asked(account_id: int, off_on: date) -> bool:
    return bool(ask(_ASKED, {"account": account_id, "off": off_on.isoformat()})[0][0])


@dataclass(frozen=True)
class AskedToRestore:
    """What was charged and asked for, and what is to be paid together."""

    account_id: int
    off_on: date
    charged_cents: int
    deposit_cents: int
    left_cents: int
    not_set: tuple[str, ...]


@act("delinquency.ask_to_restore")
def ask_to_restore(event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, on: date) -> AskedToRestore:
    """The customer asks for water: charge what coming back costs, ask for more deposit as the city's rule has it.

    :raises Refused: water is not off here, or it was asked already since it was turned off
    """
    refuse_own(by, [account_id])
    event.about(f"account:{account_id}")
    lock_accounts([account_id])
    now = get_to_restore(account_id=account_id, at=at)
    assert now.off_on is not None
    if now.asked:
        raise Refused(
            f"That was asked already: {show(now.left_cents)} is left to pay. Take the payment, then restore.",
            field="account_id",
        )
    not_set: list[str] = []
    charged = 0
    reason = f"Water back after the cut-off of {now.off_on.isoformat()}"
    try:
        charged = ledger.charge_for(event, account_id=account_id, kind=FEE, on=on, reason=reason, due_on=on).cents
    except Refused as refusal:
        not_set.append(str(refusal))
    raised = 0
    try:
        if policies.load(DEPOSIT).yes(DEPOSIT, on=on):
            raised = deposits.raise_for(event, account_id=account_id, on=on, reason=f"Cut off on {now.off_on}.").cents
    except NotSet as missing:
        not_set.append(missing.says or missing.why)
    except Refused as refusal:
        not_set.append(str(refusal))
    then = get_to_restore(account_id=account_id, at=at)
    event.about(says=f"Asked for water back: {show(then.left_cents)} to pay. {then.says}")
    return AskedToRestore(account_id, now.off_on, charged, raised, then.left_cents, tuple(not_set))


@act("delinquency.restore")
def restore(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    window: str = "",
    on: date | None = None,
) -> _orders.Raised:
    """Write the order that brings water back, when everything that must be paid is paid.

    :param window: one of the city's for somebody to be home and sign
    :param on: the day; None: the city's first, today where it is paid by the hour
    :raises Refused: something is left to pay, with the sentence; an open order to restore; a day before the first
    """
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    now = get_to_restore(account_id=account_id, at=at)
    event.about(f"account:{account_id}", f"premise:{now.premise_id}")
    if now.left_cents > 0:
        what = "the whole balance" if now.must_pay_cents == max(now.balance_cents, 0) else "what is past due"
        deposit = f" and deposit {show(now.deposit_cents)}" if now.deposit_cents else ""
        raise Refused(
            f"Restoring needs {what}, {show(now.must_pay_cents)} more{deposit}. {now.says}", field="account_id"
        )
    if on is not None and now.back_on is not None and on < now.back_on:
        raise Refused(f"{now.day_says} The first day is {now.back_on.isoformat()}.", field="on")
    order = _orders.raise_order(
        event,
        type=RESTORE,
        premise_id=now.premise_id,
        account_id=account_id,
        on=on or now.back_on,
        window=window,
        about="Everything is paid: turn water on; somebody home signs",
        given={"fee_charged": True} if now.asked else {},
    )
    when = f" on {order.on.isoformat()}{' ' + order.window if order.window else ''}" if order.on else ""
    event.about(says=f"Everything is paid; water is restored{when}.")
    return order


@dataclass(frozen=True)
class OffRow:
    """An account whose water is off for what was not paid."""

    account_id: int
    number: str
    name: str
    address: str
    off_on: date


def list_off_rows(*, on: date) -> tuple[OffRow, ...]:
    """Accounts whose water is off for what was not paid, the longest first."""
    types = [code for code, type in _orders.load_types().items() if type.unpaid]
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.id, a.number, c.name, p.address, max(e.done_on) from orders_order o"
            " join orders_end e on e.order_id = o.id and e.outcome = 'done' join customers_account a"
            " on a.id = o.account_id join customers_customer c on c.id = a.customer_id"
            " join customers_premise p on p.id = o.premise_id where o.type = any(%s) and e.done_on <= %s"
            " and not exists (select from orders_valve v join customers_servicepoint s on s.id = v.service_point_id"
            "   where s.premise_id = o.premise_id and v.state = 'on' and v.at > e.done_at)"
            " group by a.id, a.number, c.name, p.address order by 5, 1",
            [types, on],
        )
        return tuple(OffRow(*row) for row in cursor.fetchall())
