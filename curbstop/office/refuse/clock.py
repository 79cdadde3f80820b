"""What the night does about private haulers: letters before a certificate ends, its lapse, and city refuse billed, or
no longer billed, from the first period that begins after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from curbstop.office import policies, tariffs
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._orders import raise_order
from curbstop.office.refuse.haulers import next_read, says_order, tell
from curbstop.office.refuse.standing import CertificateRow, Standing, list_standing
from curbstop.records.orders.refuse import HaulerNotice
from curbstop.rules.faults import BadValue
from curbstop.rules.moves import choose_tariff
from curbstop.rules.policies import NotSet
from curbstop.rules.refuse import LAPSED, notice_due

LETTERS, LAPSE, NEXT_PERIOD = "hauler.letters", "hauler.lapse", "next_period"


@dataclass(frozen=True)
class Reminded:
    """A night of certificates: requests that were written to, those that lapsed, and what is not set."""

    reminded: tuple[int, ...]
    lapsed: tuple[int, ...]
    not_set: str


@dataclass(frozen=True)
class Turned:
    """Places where city refuse is billed again from a period's first day, and where it no longer is."""

    begun: tuple[int, ...]
    ended: tuple[int, ...]
    not_set: str


@act("refuse.remind_haulers")
def remind_haulers(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> Reminded:
    """Write to businesses and haulers whose certificate ends in so many days (``hauler.letters``), once each; and where
    one has ended, mark the lapse and have the city's cart brought before the next period. What is missed one night is
    done the next."""
    days, not_set = _letter_days(on)
    reminded, lapsed = [], []
    for standing in list_standing(on=on):
        last = max(standing.certificates, key=lambda one: one.ends_on, default=None)
        if last is None:
            continue
        if last.ends_on < on:
            if LAPSED not in last.notices and standing.state == "lapsed":
                _lapse(event, standing, last, on)
                lapsed.append(standing.request_id)
            continue
        due = notice_due(last.ends_on, last.notices, days, on)
        if due is not None:
            _remind(event, standing, last, due, on)
            reminded.append(standing.request_id)
    event.about(says=f"Certificates of haulers: {len(reminded)} reminded, {len(lapsed)} lapsed.")
    return Reminded(tuple(reminded), tuple(lapsed), not_set)


def _letter_days(on: date) -> tuple[tuple[int, ...], str]:
    try:
        rows = policies.load(LETTERS).rows(LETTERS, on=on)
    except NotSet as missing:
        return (), missing.says or missing.why
    return tuple(int(str(row["days"])) for row in rows if isinstance(row, dict)), ""


def _remind(event: Acting, standing: Standing, last: CertificateRow, due: int, on: date) -> None:
    left = (last.ends_on - on).days
    event.about(f"hauler:{standing.request_id}", f"account:{standing.account_id}")
    tell(
        event, standing, "hauler_reminder",
        f"The insurance certificate of {standing.hauler} ends on {last.ends_on.isoformat()}, in {left} days.",
        (says_order(on), "Please have a new one filed with the city clerk before that day.", _lapse_says(on)), on,
    )  # fmt: skip
    HaulerNotice.objects.create(certificate_id=last.id, days=due, on=on, event_id=event.id)


def _lapse(event: Acting, standing: Standing, last: CertificateRow, on: date) -> None:
    lock_accounts([standing.account_id])
    begins = next_read(standing.premise_id, on)
    event.about(f"hauler:{standing.request_id}", f"account:{standing.account_id}")
    before = f" before {begins.isoformat()}" if begins else ""
    try:
        order = raise_order(
            event, type="cart_deliver", premise_id=standing.premise_id, account_id=standing.account_id,
            on=_last_workday(begins, on) if begins else None,
            about=f"Deliver a city cart{before}: the hauler's certificate has ended", owner_id=standing.owner_id,
            second="The private hauler's certificate has ended",
        ).order_id  # fmt: skip
        not_sent = ""
    except (Refused, BadValue) as refusal:
        order, not_sent = None, str(refusal)
    tell(
        event, standing, "hauler_lapsed",
        f"The insurance certificate of {standing.hauler} ended on {last.ends_on.isoformat()}; it may not haul.",
        (_lapse_says(on), says_order(on)), on,
    )  # fmt: skip
    HaulerNotice.objects.create(
        certificate_id=last.id, days=LAPSED, on=on, order_id=order, not_sent=not_sent, event_id=event.id
    )


def _last_workday(before: date, on: date) -> date:
    day = before - timedelta(days=1)
    while day.weekday() >= 5 and day > on:
        day -= timedelta(days=1)
    return max(day, on)


def _lapse_says(on: date) -> str:
    known = policies.load(LAPSE)
    try:
        known.text(LAPSE, on=on)
        return known.policy(LAPSE).says
    except NotSet:
        return ""


# --- city refuse, from period to period -------------------------------------------------------------------------------


_AT = """
select max(o.until_on), (select s.id from customers_servicepoint s where s.premise_id = %(premise)s
    and s.service = 'sanitation' order by s.number limit 1), (select customer_class from customers_account
    where id = %(account)s)
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
join bills_outcome o on o.agreement_id = g.id and o.code = 'billed'
where g.account_id = %(account)s and s.premise_id = %(premise)s and s.service in ('water', 'irrigation')
  and g.during @> %(on)s::date"""

_REFUSE_AT = """
select g.id, lower(g.during) from customers_agreement g
where g.account_id = %(account)s and g.service_point_id = %(point)s and g.during && daterange(%(on)s, null)
order by lower(g.during) limit 1"""


@act("refuse.turn_haulers")
def turn_haulers(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> Turned:
    """Bill city refuse from the first period that begins while no hauler is authorised, and stop it from the first that
    begins while one is (``hauler.lapse: next_period``). A period begins where the water of the place is billed through,
    so nothing that was billed is changed."""
    try:
        rule = policies.load(LAPSE).text(LAPSE, on=on)
    except NotSet as missing:
        return Turned((), (), missing.says or missing.why)
    if rule != NEXT_PERIOD:
        return Turned((), (), f"{LAPSE} is {rule!r}, which the office cannot follow; the rule is {NEXT_PERIOD}.")
    begun: list[int] = []
    ended: list[int] = []
    for standing in list_standing(on=on, ended=True):
        if standing.approved_from is None or not standing.certificates:
            continue
        done = _turn(event, standing, on)
        if done:
            (begun if done == "begun" else ended).append(standing.premise_id)
    event.about(says=f"City refuse begins at {len(begun)} places without a hauler and ends at {len(ended)}.")
    return Turned(tuple(begun), tuple(ended), "")


def _turn(event: Acting, standing: Standing, on: date) -> str:
    asked: dict[str, Any] = {"account": standing.account_id, "premise": standing.premise_id, "on": on}
    with connection.cursor() as cursor:
        cursor.execute(_AT, asked)
        begins, point, customer_class = cursor.fetchone()
        if begins is None or point is None or begins < standing.certificates[0].from_on:
            return ""
        cursor.execute(_REFUSE_AT, {**asked, "point": point, "on": begins})
        there = cursor.fetchone()
    if standing.covers(begins):
        return _stop(event, standing, there, begins)
    if there is not None:
        return ""
    lock_accounts([standing.account_id])
    choice = choose_tariff(
        tariffs.load_tariffs().values(), service="sanitation", customer_class=customer_class, on=begins
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into customers_agreement (account_id, service_point_id, tariff_id, during, items, attributes,"
            " event_id) values (%s, %s, %s, daterange(%s, null), 1, '{}', %s)",
            [standing.account_id, point, choice.code, begins, event.id],
        )
    event.about(f"hauler:{standing.request_id}", f"account:{standing.account_id}")
    return "begun"


def _stop(event: Acting, standing: Standing, there: tuple[int, date] | None, begins: date) -> str:
    if there is None or there[1] >= begins:
        return ""
    lock_accounts([standing.account_id])
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_agreement set during = daterange(lower(during), %s) where id = %s and upper_inf(during)",
            [begins, there[0]],
        )
        if not cursor.rowcount:
            return ""
    event.about(f"hauler:{standing.request_id}", f"account:{standing.account_id}")
    return "ended"
