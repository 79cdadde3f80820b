"""Carts of a premise: brought, taken, swapped, counted; and how many of them the bill has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own_place
from curbstop.records.orders.refuse import CartChange
from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.policies import NotSet
from curbstop.rules.refuse import carts_left

MOST_UNITS, BILLED_FROM = "carts.most_units", "carts.billed_from"
MOST = 99


@dataclass(frozen=True)
class CartsThere:
    """What stands at a premise on a day. ``left`` None: nobody ever counted; ``billed`` None: no refuse is billed.

    ``since_on`` is the day of the last row that says how many stand there.
    """

    premise_id: int
    left: int | None
    since_on: date | None
    billed: int | None
    agreement_id: int | None
    account_id: int | None


@dataclass(frozen=True)
class CartRow:
    """A change of the carts of a premise, as it was entered."""

    on: date
    kind: str
    count: int
    left: int | None
    order_id: int | None
    words: str


@act("refuse.count_carts")
def count_carts(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, premise_id: int, count: int, on: date, words: str = ""
) -> int:
    """Write how many carts stand at a premise, as somebody counted them. The bill is not changed by it: where it has
    another number, the account audit says so. Returns the row's id.

    :raises Refused: there is no such premise, or it is one's own
    :raises BadEntry: not a number of carts
    """
    _hold(premise_id)
    refuse_own_place(by, premise_id, on)
    made = change(event, premise_id=premise_id, account_id=None, kind="counted", count=count, on=on, words=words)
    event.about(f"premise:{premise_id}", says=f"Carts counted on {on.isoformat()}: {count} stand there.")
    return made.pk


def change(
    event: Acting,
    *,
    premise_id: int,
    account_id: int | None,
    kind: str,
    count: int,
    on: date,
    stated: int | None = None,
    order_id: int | None = None,
    words: str = "",
) -> CartChange:
    """Write carts brought, taken, swapped or counted, as part of the act under way.

    :param stated: how many the crew says stand there after it
    :raises BadEntry: not a number of carts
    :raises rules.refuse.BadRefuse: more are taken than stand there
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST:
        raise BadEntry(field="count", value=count, why="not a number of carts", remedy=f"write 0 to {MOST}")
    there = list_carts([premise_id], on=on)[0]
    return CartChange.objects.create(
        premise_id=premise_id,
        account_id=account_id or there.account_id,
        kind=kind,
        count=count,
        left=carts_left(there.left, kind, count, stated),
        on=on,
        order_id=order_id,
        words=check_text(words, field="words", longest=500),
        event_id=event.id,
    )


def _hold(premise_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select id from customers_premise where id = %s for no key update", [premise_id])
        if cursor.fetchone() is None:
            raise Refused(f"There is no premise {premise_id}; find it by its address.", field="premise_id")


_THERE = """
select p.id, x."left", x."on", g.items, g.id, g.account_id
from customers_premise p
left join lateral (select c."left", c."on" from orders_cartchange c
  where c.premise_id = p.id and c."on" <= %(on)s order by c."on" desc, c.id desc limit 1) x on true
left join lateral (select g.items, g.id, g.account_id from customers_agreement g
  join customers_servicepoint s on s.id = g.service_point_id
  where s.premise_id = p.id and s.service = 'sanitation' and g.during @> %(on)s::date
  order by g.id desc limit 1) g on true
where p.id = any(%(premises)s) order by p.id"""


def list_carts(premise_ids: Sequence[int], *, on: date) -> tuple[CartsThere, ...]:
    """What stands at these premises on a day, and what is billed there."""
    with connection.cursor() as cursor:
        cursor.execute(_THERE, {"premises": list(premise_ids), "on": on})
        return tuple(CartsThere(*row) for row in cursor.fetchall())


def list_changes(*, premise_id: int) -> tuple[CartRow, ...]:
    """What became of a premise's carts, the last first."""
    rows = CartChange.objects.filter(premise_id=premise_id).order_by("-on", "-id")
    return tuple(CartRow(row.on, row.kind, row.count, row.left, row.order_id, row.words) for row in rows)


# --- what the bill has ------------------------------------------------------------------------------------------------


_BILLED = """
select g.id, g.account_id, g.service_point_id, g.tariff_id, g.items, lower(g.during), upper(g.during),
  coalesce(greatest(
    (select max(o.until_on) from bills_outcome o where o.agreement_id = g.id and o.code = 'billed'),
    (select max(r.read_on) from bills_chunk c join bills_run r on r.id = c.run_id
      where c.agreement_ids @> array[g.id] and not exists
        (select from bills_runstep t where t.run_id = c.run_id and t.step = 'posted'))), lower(g.during))
from customers_agreement g where g.id = %s for no key update of g"""


def bill_items(event: Acting, *, agreement_id: int, items: int, from_on: date | None = None) -> tuple[int, date]:
    """Bill another number of carts from a day on: the agreement ends there, and one with the new number follows.

    :param from_on: None: from where it is billed through, so that the next bill has the new number for its whole
        period; a day before that becomes that one
    :returns: the agreement that holds from then on, and the day
    :raises Refused: there is no such agreement, or it ended
    """
    with connection.cursor() as cursor:
        cursor.execute(_BILLED, [agreement_id])
        row = cursor.fetchone()
        if row is None:
            raise Refused(f"There is no agreement {agreement_id}.", field="agreement_id")
        id, account, point, tariff, before, begins, ends, through = row
        day = max(through, from_on or through)
        if ends is not None and day >= ends:
            raise Refused(f"Refuse here ended on {ends.isoformat()}, so no number of carts can be billed.")
        if before == items:
            return id, day
        if day <= begins:
            cursor.execute("update customers_agreement set items = %s where id = %s", [items, id])
            return id, begins
        cursor.execute("update customers_agreement set during = daterange(lower(during), %s) where id = %s", [day, id])
        cursor.execute(
            "insert into customers_agreement (account_id, service_point_id, tariff_id, during, items, attributes,"
            " event_id) select account_id, service_point_id, tariff_id, daterange(%s, %s), %s, attributes, %s"
            " from customers_agreement where id = %s returning id",
            [day, ends, items, event.id, id],
        )
        made = int(cursor.fetchone()[0])
    event.about(f"account:{account}")
    return made, day


def follow_ground(event: Acting, *, premise_id: int, on: date) -> tuple[str, str]:
    """Bill what stands on the ground after carts were brought or taken, as the city says from when.

    :returns: what was done in words, and what was left because the city has not said; one of them is empty
    """
    (there,) = list_carts([premise_id], on=on)
    if there.left is None or there.agreement_id is None or there.left == there.billed or there.left == 0:
        return "", ""
    known = policies.load(BILLED_FROM)
    try:
        rule = known.text(BILLED_FROM, on=on)
    except NotSet as missing:
        return "", f"{missing.says or missing.why} The bill still has {there.billed}; the account audit lists it."
    if rule not in ("next_bill", "day"):
        return "", f"{BILLED_FROM} is {rule!r}, which the office cannot follow; the rules are next_bill and day."
    _, day = bill_items(event, agreement_id=there.agreement_id, items=there.left, from_on=on if rule == "day" else None)
    return f"{there.left} carts are billed from {day.isoformat()}, {there.billed} before.", ""


# --- what is refused when an order is written -------------------------------------------------------------------------


def refuse_carts(premise_id: int, on: date) -> None:
    """A building of many units has a dumpster, not carts.

    :raises Refused: it has as many units as the city's code wants a dumpster for
    """
    with connection.cursor() as cursor:
        cursor.execute("select address, dwelling_units from customers_premise where id = %s", [premise_id])
        row = cursor.fetchone()
    if row is None:
        return  # whoever writes the order says so
    known = policies.load(MOST_UNITS)
    try:
        most = known.whole(MOST_UNITS, on=on)
    except NotSet:
        return
    if row[1] > most:
        why = f"{row[0]} has {row[1]} units; buildings with {most + 1} or more must use a dumpster"
        raise Refused(f"{why}. {known.policy(MOST_UNITS).says}", field="type")
