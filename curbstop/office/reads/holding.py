"""Reads of a cycle's day that nobody decided: which there are, and each one held by name until somebody has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import _orders
from curbstop.office._counting import COUNTS
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own_place
from curbstop.office.reads._standing import WAITS
from curbstop.rules.customers import BadEntry, check_text

GRACE_DAYS = 3
"""As a bill run has it: a read may be this many days older than the day of its route."""


@dataclass(frozen=True)
class OpenRead:
    """A service that somebody is responsible for, whose meter has no read that counts for the day. ``why``: missing, or
    what was found; ``held_by``: who owns it, empty while nobody does."""

    service_point_id: int
    premise_id: int
    account_id: int
    account: str
    name: str
    address: str
    route: str
    meter: str
    read_id: int | None
    why: str
    held_by: str
    owner_id: int | None
    until_on: date | None
    reason: str


_OPEN = f"""
with due as (
  select distinct on (i.id) s.id point, p.id premise, a.id account, a.number, c.name, p.address, p.route, p.sequence,
    m.serial, i.id installation
  from customers_premise p join customers_servicepoint s on s.premise_id = p.id and s.service in ('water', 'irrigation')
  join meters_installation i on i.service_point_id = s.id and i.during @> %(on)s::date
  join meters_meter m on m.id = i.meter_id
  join customers_agreement g on g.service_point_id = s.id and g.during @> (%(on)s::date - 1)
  join customers_account a on a.id = g.account_id join customers_customer c on c.id = a.customer_id
  where p.cycle_id = %(cycle)s order by i.id, lower(g.during) desc)
select d.point, d.premise, d.account, d.number, d.name, d.address, d.route, d.serial, w.id,
  case when w.id is null then 'missing' else array_to_string(w.findings, ' ') end,
  coalesce(h.owner, k.owner, ''), coalesce(h.owner_id, k.by_id), h.until_on,
  coalesce(h.reason, case when k.id is not null then 're-read' end, '')
from due d
left join lateral (select r.id, r.findings from meters_read r where r.installation_id = d.installation
  and r.read_on > %(on)s::date - {GRACE_DAYS + 1} and r.read_on <= %(on)s::date and {WAITS}
  order by r.read_on desc, r.id desc limit 1) w on true
left join lateral (select x.owner_id, x.until_on, x.reason,
    coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username) as owner
  from meters_readhold x join base_user u on u.id = x.owner_id
  where x.service_point_id = d.point and x.read_on = %(on)s::date order by x.id desc limit 1) h on true
left join lateral (select x.id, x.by_id,
    coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username) as owner
  from meters_reread x join base_user u on u.id = x.by_id
  where x.read_id = w.id and not exists (select from meters_rereadanswer y where y.reread_id = x.id)
  order by x.id desc limit 1) k on true
where w.id is not null or not exists (
  select from meters_read r where r.installation_id = d.installation and r.read_on > %(on)s::date - {GRACE_DAYS + 1}
    and r.read_on <= %(on)s::date and {COUNTS})
order by d.route, d.sequence, d.point"""


def list_open(*, cycle: str, read_on: date) -> tuple[OpenRead, ...]:
    """What is missing or undecided among the reads of a cycle's day, in walking order."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"cycle": cycle, "on": read_on})
        return tuple(OpenRead(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class Held:
    """A read held by name. ``order_id``: the order to read the meter, where one was written."""

    service_point_id: int
    read_on: date
    owner_id: int
    until_on: date
    order_id: int | None


@act("reads.hold")
def hold(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    service_point_id: int,
    read_on: date,
    reason: str,
    until_on: date,
    owner_id: int = 0,
    with_order: bool = False,
) -> Held:
    """Hold one undecided read: its account is left out of the cycle's bills, and the owner clears it.

    :param owner_id: who clears it; 0: whoever holds it
    :param until_on: the day by which it is cleared
    :param with_order: write an order to read the meter
    :raises Refused: no such place or owner, or the read of that day counts already
    """
    why = check_text(reason, field="reason", longest=300, required=True)
    if until_on <= read_on:
        raise BadEntry(
            field="until_on", value=until_on.isoformat(), why="not after the day of the read",
            remedy="choose the day by which it is cleared",
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("select premise_id from customers_servicepoint where id = %s", [service_point_id])
        row = cursor.fetchone()
        if row is None:
            raise Refused(f"There is no service point {service_point_id}.", field="service_point_id")
        owner = owner_id or by.id
        cursor.execute("select 1 from base_user where id = %s and is_active", [owner])
        if cursor.fetchone() is None:
            raise Refused(f"There is no active user {owner} to own this.", field="owner_id")
        cursor.execute(
            "select exists (select from meters_read r where r.service_point_id = %s and r.read_on > %s::date - 4"
            f" and r.read_on <= %s and {COUNTS}), exists (select from meters_read r where r.service_point_id = %s"
            f" and r.read_on <= %s and {WAITS})",
            [service_point_id, read_on, read_on, service_point_id, read_on],
        )
        counts, waits = cursor.fetchone()
    if counts and not waits:
        raise Refused(
            "The read of that day counts already; there is nothing to hold. A bill is held in its run.", field="read_on"
        )
    premise_id = int(row[0])
    refuse_own_place(by, premise_id, read_on)
    event.about(f"service_point:{service_point_id}", f"premise:{premise_id}")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_readhold (service_point_id, read_on, reason, owner_id, until_on, event_id)"
            " values (%s, %s, %s, %s, %s, %s)",
            [service_point_id, read_on, why, owner, until_on, event.id],
        )
    order = None
    if with_order:
        order = _orders.raise_order(
            event, type="reread", premise_id=premise_id, service_point_id=service_point_id, about=why, owner_id=owner
        ).order_id
    event.about(says=f"Read of {read_on.isoformat()} held until {until_on.isoformat()}: {why}.")
    return Held(service_point_id, read_on, owner, until_on, order)
