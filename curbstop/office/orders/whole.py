"""One order whole, for its page, its paper and a telephone: as written, as it stands, what to collect, what it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from curbstop.office import _masks
from curbstop.office._once import Refused
from curbstop.office._orders import HazardThere, Place, load_types, meters_of
from curbstop.office.orders.reads import OrderRow, ask_rows
from curbstop.records.orders.models import Attachment, End, Order, Warned, Word
from curbstop.rules.orders import FAILS, MeterThere, field_names


@dataclass(frozen=True)
class ToCollect:
    """A field of the form: its name there, what stands beside it, what it can be, and the meter that it is of."""

    name: str
    says: str
    kind: str
    needed: bool
    options: tuple[str, ...]
    meter: MeterThere | None

    @property
    def entry(self) -> str:
        """Its name in a form of the desk."""
        return f"f.{self.name}"

    @property
    def is_file(self) -> bool:
        """Whether it is a picture or a signature."""
        return self.kind in ("picture", "signature")


@dataclass(frozen=True)
class Said:
    """Words added to an order: a report, a question from the field, an answer."""

    kind: str
    words: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Kept:
    """A picture or a signature that came with an order."""

    id: int
    kind: str
    name: str
    media: str


@dataclass(frozen=True)
class Ending:
    """How an order ended: what was collected, what that did, where the telephone was."""

    outcome: str
    code: str
    words: str
    fields: tuple[tuple[str, str], ...]
    says: tuple[str, ...]
    not_set: tuple[str, ...]
    done_at: datetime
    arrived_at: datetime
    by: str
    latitude: str
    longitude: str


@dataclass(frozen=True)
class OrderPage:
    """An order whole. ``written`` is what its writer saw; ``row`` how it stands; ``confirmed`` who saw the warnings."""

    row: OrderRow
    place: str
    phone: str
    type_about: str
    second: str
    home: str
    written: Place
    meters: tuple[MeterThere, ...]
    valve: str
    fields: tuple[ToCollect, ...]
    said: tuple[Said, ...]
    kept: tuple[Kept, ...]
    end: Ending | None
    written_by: str
    written_at: datetime
    follows_id: int | None
    followed_by_id: int | None
    confirmed: frozenset[int]


def get_order(*, order_id: int, now: datetime) -> OrderPage:
    """The order with everything on it.

    :raises Refused: there is none of this number
    """
    return get_orders(order_ids=[order_id], now=now)[0]


def get_orders(*, order_ids: Sequence[int], now: datetime) -> tuple[OrderPage, ...]:
    """Several orders whole, in the order asked; for a day's paper, and for a telephone before it leaves.

    :raises Refused: there is none of one of these numbers
    """
    rows = {row.order_id: row for row in ask_rows("o.id = any(%(ids)s)", {"ids": list(order_ids)}, now=now)}
    missing = [id for id in order_ids if id not in rows]
    if missing:
        raise Refused(f"There is no order {missing[0]}; the board lists those that are open.", field="order_id")
    asked = list(rows)
    found = {order.pk: order for order in Order.objects.filter(id__in=asked).select_related("by")}
    said = _by_order(Word.objects.filter(order_id__in=asked).select_related("by").order_by("id"))
    kept = _by_order(Attachment.objects.filter(order_id__in=asked).defer("body").order_by("id"))
    warned = _by_order(Warned.objects.filter(order_id__in=asked))
    ends = {end.pk: end for end in End.objects.filter(order_id__in=asked).select_related("by")}
    later = dict(Order.objects.filter(follows_id__in=asked).values_list("follows_id", "id"))
    return tuple(
        _page(rows[id], found[id], said, kept, warned, ends.get(id), later.get(id)) for id in dict.fromkeys(order_ids)
    )


def _by_order(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.order_id, []).append(row)
    return found


def _page(
    row: OrderRow,
    order: Order,
    said: Mapping[int, list[Any]],
    kept: Mapping[int, list[Any]],
    warned: Mapping[int, list[Any]],
    end: End | None,
    later: int | None,
) -> OrderPage:
    kind = load_types().get(order.type)
    meters = meters_of(order.snapshot)
    hidden = row.name == _masks.NAME  # what the writer saw was before the mark
    seen = {hazard.hazard_id for hazard in row.hazards}
    return OrderPage(
        row=row,
        place=order.snapshot["place"],
        phone="" if hidden else order.snapshot["phone"],
        type_about=kind.about if kind else "",
        second=order.second,
        home=kind.home if kind else "",
        written=replace(_written(order, meters), name=_masks.NAME, phone="") if hidden else _written(order, meters),
        meters=meters,
        valve=order.snapshot["valve"],
        fields=tuple(
            ToCollect(name, one.says, one.kind, one.needed, one.options, meter)
            for name, one, meter in (field_names(kind, meters if kind.meters else ()) if kind else ())
        ),
        said=tuple(Said(one.kind, one.words, str(one.by), one.at) for one in said.get(order.pk, ())),
        kept=tuple(Kept(one.pk, one.kind, one.name, one.media) for one in kept.get(order.pk, ())),
        end=_ending(end, order) if end else None,
        written_by=str(order.by),
        written_at=order.at,
        follows_id=order.follows_id,
        followed_by_id=later,
        confirmed=frozenset(one.user_id for one in warned.get(order.pk, ()) if seen <= set(one.hazards)),
    )


def _written(order: Order, meters: tuple[MeterThere, ...]) -> Place:
    """The place as the writer saw it."""
    kept = order.snapshot
    hazards = tuple(
        HazardThere(**{**one, "review_on": one["review_on"] and date.fromisoformat(one["review_on"])})
        for one in kept["hazards"]
    )
    since = kept["since_on"] and date.fromisoformat(kept["since_on"])
    return Place(**{**kept, "since_on": since, "meters": meters, "hazards": hazards})


def _ending(end: End, order: Order) -> Ending:
    kind = load_types().get(order.type)
    says = {one.name: one.says for one in kind.fields} if kind else {}
    collected = tuple((_named(name, says), _told(value)) for name, value in end.fields.items())
    done = [one for name in order.effects for one in end.effect.get(name, {}).get("says", ())]
    left = [one["not_set"] for one in end.effect.values() if one.get("not_set")]
    return Ending(
        end.outcome,
        FAILS.get(end.code, ""),
        end.words,
        collected,
        tuple(done),
        tuple(left),
        end.done_at,
        end.at,
        str(end.by),
        "" if end.latitude is None else str(end.latitude),
        "" if end.longitude is None else str(end.longitude),
    )


def _named(name: str, says: Mapping[str, str]) -> str:
    field, _, meter = name.partition(".")
    return says.get(field, field) + (f", {meter}" if meter else "")


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def get_attachment(*, id: int) -> tuple[str, str, bytes]:
    """A picture or a signature: its name, what it is, its bytes.

    :raises Refused: there is none
    """
    found = Attachment.objects.filter(pk=id).first()
    if found is None:
        raise Refused(f"There is no picture {id}; the order lists its own.", field="id")
    return found.name, found.media, bytes(found.body)


def list_crew() -> tuple[tuple[int, str], ...]:
    """Everybody of the field who can be sent: id and name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, coalesce(nullif(trim(first_name || ' ' || last_name), ''), username) from base_user"
            " where is_active and 'field' = any(roles) order by 2"
        )
        return tuple(cursor.fetchall())


@dataclass(frozen=True)
class HazardToSee:
    """A hazard that waits for a supervisor's word, or whose day to be looked at again has come."""

    hazard: HazardThere
    address: str
    by: str
    from_on: date


def list_hazards_to_see(*, on: date, soon: timedelta = timedelta(0)) -> tuple[HazardToSee, ...]:
    """Hazards that wait for a supervisor's word, and those to be looked at again by the day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select h.premise_id, h.id, h.says, coalesce(x.persons, h.persons), h.waits and x.id is null,"
            " case when x.id is null then h.review_on else x.review_on end due, p.address,"
            " coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), h.from_on"
            " from orders_hazard h join customers_premise p on p.id = h.premise_id join base_user u on u.id = h.by_id"
            " left join lateral (select * from orders_hazardstep t where t.hazard_id = h.id order by t.no desc limit 1)"
            "   x on true"
            " where x.step is distinct from 'ended' and ((h.waits and x.id is null)"
            "   or case when x.id is null then h.review_on else x.review_on end <= %s) order by 5 desc, 6, 1",
            [on + soon],
        )
        return tuple(HazardToSee(HazardThere(*row[:6]), *row[6:]) for row in cursor.fetchall())


def list_points(*, premise_ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
    """Where premises are, as the last telephone there said: latitude and longitude in degrees, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (o.premise_id) o.premise_id, e.latitude::text, e.longitude::text from orders_end e"
            " join orders_order o on o.id = e.order_id where o.premise_id = any(%s) and e.latitude is not null"
            " order by o.premise_id, e.done_at desc",
            [list(premise_ids)],
        )
        return {premise: (latitude, longitude) for premise, latitude, longitude in cursor.fetchall()}


@dataclass(frozen=True)
class WaitingOrders:
    """What of the field waits this morning: open orders of ``mine``, undone ones, late ones, questions, hazards."""

    mine: int
    undone: int
    late: int
    questions: int
    hazards: int


def get_waiting(*, on: date, user_id: int) -> WaitingOrders:
    """What waits, for the first page of the day; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"on": on, "user": user_id})
        return WaitingOrders(*cursor.fetchone())


_WAITING = """
with o as (
  select o.id, n."on",
    exists (select from orders_assigned d where d.user_id = %(user)s and d.assignment_id = (
      select a.id from orders_assignment a where a.order_id = o.id order by a.no desc limit 1)) mine,
    exists (select from orders_word q where q.order_id = o.id and q.kind = 'question' and not exists (
      select from orders_word r where r.order_id = o.id and r.kind = 'answer' and r.id > q.id)) asks
  from orders_order o
  join lateral (select p."on" from orders_plan p where p.order_id = o.id order by p.no desc limit 1) n on true
  where not exists (select from orders_end e where e.order_id = o.id))
select (select count(*) from o where mine), (
    select count(*) from orders_end e join orders_order f on f.id = e.order_id where e.outcome = 'failed'
      and not exists (select from orders_order x where x.follows_id = f.id)
      and not exists (
        select from orders_order g where (g.premise_id, g.type) = (f.premise_id, f.type) and g.id > f.id)),
  (select count(*) from o where "on" < %(on)s), (select count(*) from o where asks), (
    select count(*) from orders_hazard h
    where h.waits and not exists (select from orders_hazardstep t where t.hazard_id = h.id))"""
