"""Orders as screens ask for them: what is open, the boards by crew and day, one order whole, what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office._orders import HazardThere, list_hazards, load_types
from curbstop.rules.orders import FAILS, PRIORITIES, OrderType, is_late

NAMED = {number: name for name, number in PRIORITIES.items()}


@dataclass(frozen=True)
class OrderRow:
    """An order in a list, as it stands. ``state``: open, done, failed, cancelled; ``late``: its promise is over."""

    order_id: int
    type: str
    says: str
    premise_id: int
    address: str
    route: str
    sequence: int
    account_id: int | None
    number: str
    name: str
    about: str
    on: date | None
    window: str
    priority: int
    priority_name: str
    persons: int
    crew_ids: tuple[int, ...]
    crew: tuple[str, ...]
    owner_id: int | None
    owner: str
    written_on: date
    state: str
    code: str
    why: str
    done_at: datetime | None
    questions: int
    late: bool
    hazards: tuple[HazardThere, ...] = ()

    @property
    def code_says(self) -> str:
        """Why it could not be done, in words; empty otherwise."""
        return FAILS.get(self.code, "")


_ROWS = """
select o.id, o.type, o.premise_id, p.address, p.route, p.sequence, o.account_id, coalesce(a.number, ''),
  coalesce(c.name, ''), o.about, n."on", n.window, n.priority, n.persons, coalesce(w.ids, '{{}}'),
  coalesce(w.names, '{{}}'), n.owner_id, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username, ''),
  o.written_on, coalesce(e.outcome, 'open'), coalesce(e.code, ''), coalesce(e.words, ''), e.done_at,
  (select count(*) from orders_word q where q.order_id = o.id and q.kind = 'question' and not exists (
     select from orders_word r where r.order_id = o.id and r.kind = 'answer' and r.id > q.id))
from orders_order o
join customers_premise p on p.id = o.premise_id
left join customers_account a on a.id = o.account_id left join customers_customer c on c.id = a.customer_id
join lateral (select * from orders_plan x where x.order_id = o.id order by x.no desc limit 1) n on true
left join base_user u on u.id = n.owner_id
left join lateral (
  select array_agg(d.user_id order by d.user_id) ids,
    array_agg(coalesce(nullif(trim(y.first_name || ' ' || y.last_name), ''), y.username) order by d.user_id) names
  from (select x.id from orders_assignment x where x.order_id = o.id order by x.no desc limit 1) t
  join orders_assigned d on d.assignment_id = t.id join base_user y on y.id = d.user_id) w on true
left join orders_end e on e.order_id = o.id
where {which} order by {order} limit %(most)s"""

_BY_ROUTE = """n.priority, n."on" nulls last, n.window, p.route, p.sequence, o.id"""


def ask_rows(
    which: str, asked: Mapping[str, Any], *, now: datetime, order: str = _BY_ROUTE, most: int = 500
) -> tuple[OrderRow, ...]:
    """Orders in a list, by a condition over ``o`` (the order), ``n`` (its plan), ``w`` (its crew), ``e`` (its end)."""
    types = load_types()
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(which=which, order=order), {**asked, "most": most})
        found = cursor.fetchall()
    hazards = list_hazards(sorted({row[2] for row in found}))
    return tuple(_row(row, types, hazards, now) for row in found)


def _row(
    row: Sequence[Any], types: Mapping[str, OrderType], hazards: Mapping[int, tuple[HazardThere, ...]], now: datetime
) -> OrderRow:
    id, type, premise, address, route, sequence, account, number, name, about, on, window, priority, persons = row[:14]
    crew_ids, crew, owner_id, owner, written_on, state, code, why, done_at, questions = row[14:]
    late = state == "open" and is_late(on, window, today=now.date(), now=now)
    says = types[type].says if type in types else type
    return OrderRow(
        id, type, says, premise, address, route, sequence, account, number, name, about, on, window, priority,
        NAMED[priority], persons, tuple(crew_ids), tuple(crew), owner_id, owner, written_on, state, code, why, done_at,
        questions, late, hazards[premise],
    )  # fmt: skip


def list_open(
    *, now: datetime, premise_id: int | None = None, user_id: int | None = None, on: date | None = None
) -> tuple[OrderRow, ...]:
    """The open orders, the most urgent first and then in route order.

    :param now: the instant by the city's clock, which says what is late
    :param premise_id: only of this premise
    :param user_id: only those this person of the field has
    :param on: only of this day, or of none
    """
    which = [
        "e.order_id is null",
        "(%(premise)s::bigint is null or o.premise_id = %(premise)s)",
        "(%(user)s::bigint is null or %(user)s = any(w.ids))",
        '(%(on)s::date is null or n."on" is null or n."on" = %(on)s or n."on" < %(on)s)',
    ]
    return ask_rows(" and ".join(which), {"premise": premise_id, "user": user_id, "on": on}, now=now)


def list_ended(*, now: datetime, on: date, user_id: int | None = None) -> tuple[OrderRow, ...]:
    """The orders that ended on a day: done, given back, cancelled; the last first."""
    which = "e.done_on = %(on)s and (%(user)s::bigint is null or e.by_id = %(user)s)"
    return ask_rows(which, {"on": on, "user": user_id}, now=now, order="e.done_at desc, o.id desc")


def list_given_back(*, now: datetime) -> tuple[OrderRow, ...]:
    """The orders that could not be done and were not written again: somebody decides what follows."""
    which = (
        "e.outcome = 'failed' and not exists (select from orders_order f where f.follows_id = o.id)"
        " and not exists (select from orders_order g"
        " where (g.premise_id, g.type) = (o.premise_id, o.type) and g.id > o.id)"
    )
    return ask_rows(which, {}, now=now, order="e.done_at desc, o.id desc")


def list_at(*, premise_id: int, now: datetime, most: int = 20) -> tuple[OrderRow, ...]:
    """The orders of a premise, open and ended, the last first."""
    return ask_rows("o.premise_id = %(premise)s", {"premise": premise_id}, now=now, order="o.id desc", most=most)
