"""An order written inside another act: what starts, stops, re-reads and cut-offs raise, and what ``orders.write`` does.

It stands beneath the nouns that raise orders (moves, reads, delinquency) and imports none of them, so that ``orders``
may call those nouns when the crew is done.
"""

from __future__ import annotations

import functools
import json
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib import resources
from typing import Any

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, plain
from curbstop.office._own import refuse_own
from curbstop.records.orders.models import End, Order, Plan
from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.orders import (
    MOST_WORDS,
    PRIORITIES,
    MeterThere,
    OpenOrder,
    OrderType,
    check_window,
    find_same_trouble,
    read_types,
    say_when,
)
from curbstop.rules.policies import NotSet

OPEN = "not exists (select from orders_end e where e.order_id = o.id)"
"""Of ``orders_order o``: it has not ended."""

HAZARDS = """
select h.premise_id, h.id, h.says, coalesce(x.persons, h.persons), h.waits and x.id is null,
  case when x.id is null then h.review_on else x.review_on end
from orders_hazard h
left join lateral (select * from orders_hazardstep t where t.hazard_id = h.id order by t.no desc limit 1) x on true
where h.premise_id = any(%s::bigint[]) and x.step is distinct from 'ended' order by h.premise_id, h.id"""


def hazard_words(premise: str) -> str:
    """SQL for what stands at the premise of this alias, in words: for heads of screens and for sheets."""
    return (
        f"concat_ws('; ', nullif({premise}.hazard, ''), (select string_agg(hz.says, '; ' order by hz.id)"
        f" from orders_hazard hz where hz.premise_id = {premise}.id and not exists"
        " (select from orders_hazardstep hs where hs.hazard_id = hz.id and hs.step = 'ended')))"
    )


@dataclass(frozen=True)
class HazardThere:
    """A hazard of a premise that nobody ended. ``waits``: for a supervisor's word; ``persons``: how many must go.

    ``hazard_id`` 0: the words that stand with the premise itself.
    """

    premise_id: int
    hazard_id: int
    says: str
    persons: int
    waits: bool
    review_on: date | None


@dataclass(frozen=True)
class Place:
    """Where an order is to be done, as it is now."""

    premise_id: int
    address: str
    place: str
    route: str
    sequence: int
    account_id: int | None
    number: str
    name: str
    phone: str
    since_on: date | None
    meters: tuple[MeterThere, ...]
    valve: str
    hazards: tuple[HazardThere, ...]


@dataclass(frozen=True)
class Raised:
    """An order that was written: its number, and how many people must go."""

    order_id: int
    type: str
    on: date | None
    window: str
    persons: int


class Ended(Refused):
    """The order has its end already."""


# --- types and the city's day -----------------------------------------------------------------------------------------


def load_types() -> Mapping[str, OrderType]:
    """The types of the trade, with the city's own in the place of those of the same name."""
    return _types(policies.get_city().code)


@functools.cache
def _types(city: str) -> Mapping[str, OrderType]:
    folder = resources.files("curbstop") / "cities"
    found = {one.code: one for one in read_types((folder / "orders.yaml").read_text("utf-8"), file="orders.yaml")}
    own = folder / city / "orders.yaml"
    if own.is_file():
        found |= {one.code: one for one in read_types(own.read_text("utf-8"), file=f"{city}/orders.yaml")}
    return found


def get_type(code: str) -> OrderType:
    """The type. :raises BadEntry: there is none of this name"""
    types = load_types()
    if code not in types:
        raise BadEntry(field="type", value=code, why="not a type of order", remedy=f"use one of {', '.join(types)}")
    return types[code]


def city_time(at: datetime) -> datetime:
    """The instant by the city's clock."""
    with connection.cursor() as cursor:
        cursor.execute("select time_zone from decisions_city")
        row = cursor.fetchone()
    return at.astimezone(zoneinfo.ZoneInfo(row[0] if row else "UTC"))


def get_windows(type: OrderType, on: date) -> tuple[tuple[str, ...] | None, str]:
    """The city's windows for appointments of this type, and the sentence; None where it keeps none."""
    if not type.windows:
        return None, ""
    known = policies.load(type.windows)
    try:
        return tuple(str(one) for one in known.rows(type.windows, on=on)), known.policy(type.windows).says
    except NotSet as missing:
        return None, missing.says


PER_WINDOW = "orders.per_window"


@dataclass(frozen=True)
class Window:
    """A window of a day for appointments: how many are promised, and how many the crews take (None: not set)."""

    window: str
    promised: int
    most: int | None

    @property
    def full(self) -> bool:
        """Whether the crews take no more."""
        return self.most is not None and self.promised >= self.most


def list_windows(*, type: str, on: date) -> tuple[Window, ...]:
    """The city's windows of a day for orders of this type, with how many are promised in each.

    None where the type keeps no appointments, the city has set no windows, or the day is one of its holidays.
    """
    kept, _ = get_windows(get_type(type), on)
    if not kept or on in policies.get_holidays(from_on=on, known=policies.load("calendar.holidays")):
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            'select n."window", count(*) from orders_order o join lateral (select * from orders_plan p'
            ' where p.order_id = o.id order by p.no desc limit 1) n on n."on" = %s'
            f" where {OPEN} group by 1",
            [on],
        )
        promised = dict(cursor.fetchall())
    try:
        most: int | None = policies.load(PER_WINDOW).whole(PER_WINDOW, on=on)
    except NotSet:
        most = None
    return tuple(Window(window, promised.get(window, 0), most) for window in kept)


# --- places -----------------------------------------------------------------------------------------------------------


def list_hazards(premise_ids: Sequence[int]) -> Mapping[int, tuple[HazardThere, ...]]:
    """What stands at these premises, by premise: reported hazards, and the words kept with the premise itself.

    For orders, read sheets and the field page.
    """
    found: dict[int, list[HazardThere]] = {id: [] for id in premise_ids}
    with connection.cursor() as cursor:
        cursor.execute(HAZARDS, [list(premise_ids)])
        for row in cursor.fetchall():
            found[row[0]].append(HazardThere(*row))
        cursor.execute(
            "select id, hazard from customers_premise where id = any(%s) and hazard <> ''", [list(premise_ids)]
        )
        for id, says in cursor.fetchall():
            found[id].append(HazardThere(id, 0, says, 1, False, None))
    return {id: tuple(rows) for id, rows in found.items()}


_PLACE = """
select p.id, p.address, p.city || ', ' || p.state || ' ' || p.zip, p.route, p.sequence, w.account_id, a.number, c.name,
  c.phone, w.since_on
from customers_premise p
left join lateral (
  select g.account_id, min(lower(g.during)) since_on from customers_agreement g
  join customers_servicepoint s on s.id = g.service_point_id
  where s.premise_id = p.id and (g.account_id = %(account)s or (%(account)s is null and g.during @> %(on)s::date))
  group by g.account_id order by 2 desc limit 1) w on true
left join customers_account a on a.id = coalesce(%(account)s, w.account_id)
left join customers_customer c on c.id = a.customer_id
where p.id = %(premise)s"""

_METERS = """
select s.id, s.service, s.number, m.serial, m.size, m.dials, r.register, r.read_on
from customers_servicepoint s
join meters_installation i on i.service_point_id = s.id and i.during @> %(on)s::date
join meters_meter m on m.id = i.meter_id
left join lateral (
  select r.register, r.read_on from meters_read r where r.installation_id = i.id
    and not exists (select from meters_read x where x.replaces_id = r.id)
  order by r.read_on desc, r.id desc limit 1) r on true
where s.premise_id = %(premise)s and (%(point)s is null or s.id = %(point)s) order by s.service desc, s.number"""


def load_place(
    premise_id: int, *, on: date, service_point_id: int | None = None, account_id: int | None = None
) -> Place:
    """The premise with its meters, whoever is responsible there (or the account), and what to mind.

    :raises Refused: no such premise, or a service point that is not its
    """
    asked = {"premise": premise_id, "account": account_id, "point": service_point_id, "on": on}
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, asked)
        row = cursor.fetchone()
        if row is None:
            raise Refused(f"There is no premise {premise_id}; find it by its address.", field="premise_id")
        if service_point_id is not None:
            cursor.execute("select premise_id from customers_servicepoint where id = %s", [service_point_id])
            if (point := cursor.fetchone()) is None or point[0] != premise_id:
                says = f"Service point {service_point_id} is not at {row[1]}; choose one of that premise."
                raise Refused(says, field="service_point_id")
        cursor.execute(_METERS, asked)
        meters = tuple(
            MeterThere(id, service if number == 1 else f"{service}{number}", *rest)
            for id, service, number, *rest in cursor.fetchall()
        )
    valves = get_valves([meter.service_point_id for meter in meters] or _water_points(premise_id))
    states = sorted(set(valves.values()))
    _, address, place, route, sequence, responsible, number, name, phone, since_on = row
    return Place(
        premise_id=premise_id,
        address=address,
        place=place,
        route=route,
        sequence=sequence,
        account_id=account_id or responsible,
        number=number or "",
        name=name or "",
        phone=phone or "",
        since_on=since_on,
        meters=meters,
        valve=", ".join(states),
        hazards=list_hazards([premise_id])[premise_id],
    )


def _water_points(premise_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from customers_servicepoint where premise_id = %s and service in ('water', 'irrigation')",
            [premise_id],
        )
        return [row[0] for row in cursor.fetchall()]


def get_valves(service_point_ids: Sequence[int]) -> Mapping[int, str]:
    """Whether water runs at each point, where the field has said: ``on``, ``off``, ``locked``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (service_point_id) service_point_id, state from orders_valve"
            " where service_point_id = any(%s) order by service_point_id, at desc, id desc",
            [list(service_point_ids)],
        )
        return dict(cursor.fetchall())


# --- writing ----------------------------------------------------------------------------------------------------------


def list_open_at(premise_id: int) -> tuple[OpenOrder, ...]:
    """The orders at the premise that nobody ended."""
    types = load_types()
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.id, o.type, o.service_point_id, o.written_on from orders_order o where o.premise_id = %s"
            f" and {OPEN} order by o.id",
            [premise_id],
        )
        return tuple(
            OpenOrder(id, type, types[type].trouble if type in types else type, point, on)
            for id, type, point, on in cursor.fetchall()
        )


def raise_order(
    event: Acting,
    *,
    type: str,
    premise_id: int,
    service_point_id: int | None = None,
    account_id: int | None = None,
    on: date | None = None,
    window: str = "",
    about: str = "",
    priority: int | None = None,
    persons: int = 1,
    given: Mapping[str, Any] | None = None,
    second: str = "",
    owner_id: int | None = None,
    follows: Order | None = None,
) -> Raised:
    """Write an order as part of the act under way.

    :param on: the day it is promised for; None: when a crew is near
    :param window: of that day, one of the city's where the type keeps appointments
    :param given: plain values for the effects of its completion, ``{"agreements": [12, 13]}``
    :param second: why one is written though another is open for the same trouble
    :param owner_id: who answers for it in the office; None: whoever writes it
    :raises Refused: no such place, or an open order for the same trouble
    :raises BadEntry: a type, a window or words that cannot be
    """
    kind = get_type(type)
    today = city_time(event.at).date()
    with connection.cursor() as cursor:  # two orders for one place take turns, so that the second sees the first
        cursor.execute("select id from customers_premise where id = %s for no key update", [premise_id])
    there = load_place(premise_id, on=on or today, service_point_id=service_point_id, account_id=account_id)
    why = check_text(second, field="second", longest=MOST_WORDS)
    same = find_same_trouble(kind, service_point_id, list_open_at(premise_id))
    if same is not None and not why and follows is None:
        raise _doubled(there, same, today)
    if on is not None and on < today:
        remedy = f"today is {today.isoformat()}; choose a day to come"
        raise BadEntry(field="on", value=on.isoformat(), why="in the past", remedy=remedy)
    order = Order.objects.create(
        type=type,
        premise_id=premise_id,
        service_point_id=service_point_id,
        account_id=there.account_id,
        first_id=(follows.first_id or follows.pk) if follows else None,
        follows=follows,
        about=check_text(about, field="about", longest=MOST_WORDS) or kind.about,
        second=why,
        effects=list(kind.effects),
        given=dict(given or {}),
        snapshot=plain(asdict(there)),
        written_on=today,
        at=event.at,
        by_id=event.by.id,
        event_id=event.id,
    )
    must_go = max([persons, *(hazard.persons for hazard in there.hazards)])
    owner = owner_id or (event.by.id if event.by.roles - {"system", "robot"} else None)
    plan(event, order.pk, kind, on=on, window=window, priority=priority, persons=must_go, owner_id=owner)
    event.about(f"order:{order.pk}", f"premise:{premise_id}")
    if there.account_id is not None:
        event.about(f"account:{there.account_id}")
    return Raised(order.pk, type, on, window, must_go)


def _doubled(there: Place, same: OpenOrder, today: date) -> Refused:
    return Refused(
        f"{there.address} already has an open order for the same trouble, {say_when(same.written_on, today)} (order"
        f" {same.order_id}); add the new words to it or say why a second is needed.",
        field="second",
        about=[f"order:{same.order_id}", f"premise:{there.premise_id}"],
    )


def plan(
    event: Acting,
    order_id: int,
    kind: OrderType,
    *,
    on: date | None,
    window: str,
    priority: int | None,
    persons: int,
    owner_id: int | None,
) -> None:
    """Write when an order is to be done, how urgent it is, how many go and who answers for it.

    :raises BadEntry: a window that the city does not keep, or one without a day
    """
    if window and on is None:
        raise BadEntry(field="window", value=window, why="has no day", remedy="choose the day too")
    windows, says = get_windows(kind, on) if on is not None else (None, "")
    kept = check_window(window, windows, says=says)
    if kept and windows is not None and on is not None:
        _refuse_full(kind, on, kept)
    urgent = kind.priority if priority is None else priority
    if urgent not in PRIORITIES.values():
        raise BadEntry(field="priority", value=urgent, why="not a priority", remedy="use 1 (emergency) to 4 (low)")
    last = Plan.objects.filter(order_id=order_id).order_by("-no").values_list("no", flat=True).first() or 0
    Plan.objects.create(
        order_id=order_id,
        no=last + 1,
        on=on,
        window=kept,
        priority=urgent,
        persons=persons,
        owner_id=owner_id,
        event_id=event.id,
    )


def _refuse_full(kind: OrderType, on: date, window: str) -> None:
    """A window that the crews cannot keep is not promised; two who ask for its last place take turns."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 5))", [f"window {on.isoformat()} {window}"])
    found = {one.window: one for one in list_windows(type=kind.code, on=on)}
    if window not in found:
        says = f"{on.isoformat()} is a holiday of this city, and nobody is sent in its windows"
        raise Refused(f"{says}. Choose another day.", field="on")
    if found[window].full:
        says = f"{window} on {on.isoformat()} is full: {found[window].promised} of {found[window].most} are promised"
        raise Refused(f"{says}. Choose another window or day.", field="window")


def meters_of(snapshot: Mapping[str, Any]) -> tuple[MeterThere, ...]:
    """The meters of an order as they were written."""
    return tuple(
        MeterThere(**{**meter, "read_on": meter["read_on"] and date.fromisoformat(meter["read_on"])})
        for meter in snapshot["meters"]
    )


def read_json(value: Any) -> Any:
    """A JSON column as raw SQL gives it."""
    return json.loads(value) if isinstance(value, str) else value


# --- locking and cancelling -------------------------------------------------------------------------------------------


def lock_order(order_id: int, *, ended: bool = False) -> Order:
    """The order, with its premise held so that two ends take turns.

    :param ended: it may have its end already
    :raises Ended: it has one
    :raises Refused: there is none of this number
    """
    order = Order.objects.filter(pk=order_id).select_related("premise").first()
    if order is None:
        raise Refused(f"There is no order {order_id}; the board lists those that are open.", field="order_id")
    if order.account_id is not None:
        lock_accounts([order.account_id])  # accounts before premises, as a start and a stop have it
    with connection.cursor() as cursor:
        cursor.execute("select id from customers_premise where id = %s for no key update", [order.premise_id])
    end = End.objects.filter(pk=order_id).select_related("by").first()
    if end is not None and not ended:
        how = {"done": "done", "failed": "given back as not done", "cancelled": "cancelled"}[end.outcome]
        when = city_time(end.done_at)
        raise Ended(
            f"Order {order_id} was {how} by {end.by} on {when:%Y-%m-%d} at {when:%H:%M}. It ends once; write a new"
            " order if there is more to do.",
            field="order_id",
            about=[f"order:{order_id}", f"premise:{order.premise_id}"],
        )
    return order


def about(event: Acting, order: Order, says: str = "") -> None:
    """Name the order, its premise and its account in the event."""
    event.about(f"order:{order.pk}", f"premise:{order.premise_id}", says=says)
    if order.account_id is not None:
        event.about(f"account:{order.account_id}")


def cancel_order(event: Acting, *, order_id: int, reason: str) -> None:
    """Cancel an order as part of another act: a start that is undone before water was on.

    :raises Refused: there is no such order, or it has ended
    :raises OwnAccount: it is one of the actor's own account, which another act of his would have called off
    :raises BadEntry: no reason
    """
    why = check_text(reason, field="reason", longest=MOST_WORDS, required=True)
    order = lock_order(order_id)
    if order.account_id is not None:
        refuse_own(event.by, [order.account_id])
    about(event, order)
    End.objects.create(
        order=order,
        outcome="cancelled",
        words=why,
        done_on=city_time(event.at).date(),
        done_at=event.at,
        by_id=event.by.id,
        at=event.at,
        event_id=event.id,
    )
