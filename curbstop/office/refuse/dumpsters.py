"""Dumpsters on call: brought and taken away, emptied or found blocked, and what that puts on the next bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office import ledger, policies
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.records.orders.models import Order
from curbstop.records.orders.refuse import DumpsterCall, DumpsterChange
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.refuse import DumpsterLine, charge_pull, find_price

CALL, BLOCKED, KIND = "dumpster.call", "dumpster.blocked", "sanitation.dumpster"


@dataclass(frozen=True)
class Called:
    """What a call came to: the waiting charges, the sum, what it says, and why nothing was charged where it was not."""

    charge_ids: tuple[int, ...]
    cents: int
    says: str
    why: str


@dataclass(frozen=True)
class CallRow:
    """A call in the list of a month: its order, the place, what came of it, and what was charged or why not."""

    order_id: int
    premise_id: int
    address: str
    number: str
    name: str
    on: date
    outcome: str
    pulls: int
    pounds: int | None
    ticket: str
    cents: int
    billed: bool
    why: str


@dataclass(frozen=True)
class DumpsterThere:
    """A dumpster that stands at a premise."""

    premise_id: int
    address: str
    number: str
    name: str
    yards: int
    where: str
    since_on: date


def move(
    event: Acting, *, premise_id: int, account_id: int | None, kind: str, fields: Mapping[str, Any], on: date,
    order_id: int | None = None,
) -> str:  # fmt: skip
    """Write a dumpster brought or taken away, as part of the act under way; what was done in words."""
    DumpsterChange.objects.create(
        premise_id=premise_id,
        account_id=account_id,
        kind=kind,
        yards=fields.get("yards"),
        where=fields.get("where", ""),
        on=on,
        order_id=order_id,
        event_id=event.id,
    )
    if kind == "removed":
        return "The dumpster is taken away."
    return f"A dumpster of {fields['yards']} cubic yards stands there."


def pulled(event: Acting, *, order: Order, fields: Mapping[str, Any], on: date) -> Called:
    """Charge what emptying a dumpster comes to, with the next bill; kept with the reason where nothing is charged.

    A pull is charged by the price list of the day; ``dumpster.call`` not set, or nobody responsible: it is kept, and
    says so.
    """
    pulls, pounds = int(fields["pulls"]), fields.get("pounds")
    known = policies.load(CALL)
    lines: Sequence[DumpsterLine] = ()
    why, authority = "", ""
    try:
        rows = [row for row in known.rows(CALL, on=on) if isinstance(row, dict)]
        price = find_price(rows, _yards_at(order.premise_id, on))
        authority = known.policy(CALL).authority
        if price is None:
            why = "The price list has no dumpster of this size; finance adds it."
        else:
            lines = charge_pull(price, pulls=pulls, pounds=pounds)
            why = "" if lines else "Nothing was pulled, so nothing is charged."
    except NotSet as missing:
        why = missing.says or missing.why
    return _keep(event, order, on, "pulled", lines, authority, why, fields)


def blocked(event: Acting, *, order: Order, on: date) -> Called:
    """Charge a trip to a dumpster that could not be reached, with the next bill."""
    known = policies.load(BLOCKED)
    try:
        lines = (DumpsterLine("blocked, trip", known.cents(BLOCKED, on=on)),)
        policy = known.policy(BLOCKED)
        return _keep(event, order, on, "blocked", lines, policy.authority, "", {"pulls": 0}, policy.says)
    except NotSet as missing:
        return _keep(event, order, on, "blocked", (), "", missing.says or missing.why, {"pulls": 0})


def _keep(
    event: Acting,
    order: Order,
    on: date,
    outcome: str,
    lines: Sequence[DumpsterLine],
    authority: str,
    why: str,
    fields: Mapping[str, Any],
    says: str = "",
) -> Called:
    charges: list[int] = []
    if lines and order.account_id is None:
        why, lines = "Nobody is responsible here, so nothing is charged.", ()
    ticket = str(fields.get("ticket", ""))
    told = f" of {on.isoformat()}, order {order.pk}{f', ticket {ticket}' if ticket else ''}"
    try:
        for line in lines:
            charges.append(
                ledger.wait_for_bill(
                    event, account_id=int(order.account_id or 0), kind=KIND, cents=line.cents, on=on,
                    reason=line.says + told, authority=authority,
                )
            )  # fmt: skip
    except Refused as refusal:
        why, lines = str(refusal), ()
    cents = sum(line.cents for line in lines)
    DumpsterCall.objects.create(
        order=order,
        premise_id=order.premise_id,
        account_id=order.account_id,
        outcome=outcome,
        pulls=int(fields.get("pulls", 0)),
        pounds=fields.get("pounds"),
        ticket=ticket,
        charges=charges,
        cents=cents,
        why=why,
        on=on,
        event_id=event.id,
    )
    spoken = "; ".join(f"{line.says} {show(line.cents)}" for line in lines)
    return Called(tuple(charges), cents, says or (f"With the next bill: {spoken}." if spoken else ""), why)


def _yards_at(premise_id: int, on: date) -> int | None:
    last = DumpsterChange.objects.filter(premise_id=premise_id, on__lte=on).order_by("-on", "-id").first()
    return last.yards if last is not None and last.kind == "delivered" else None


_CALLS = """
select k.order_id, k.premise_id, p.address, coalesce(a.number, ''), coalesce(c.name, ''), k."on", k.outcome, k.pulls,
  k.pounds, k.ticket, k.cents, k.charges <> '{}' and not exists (select from unnest(k.charges) x
    where not exists (select from bills_chargebilled b where b.charge_id = x)), k.why
from orders_dumpstercall k join customers_premise p on p.id = k.premise_id
left join customers_account a on a.id = k.account_id left join customers_customer c on c.id = a.customer_id
where k."on" >= %(from)s and k."on" < %(until)s order by k."on" desc, k.order_id desc limit 500"""


def list_calls(*, from_on: date, until_on: date) -> tuple[CallRow, ...]:
    """The calls of ``[from_on, until_on)``: every pull with its charge, or the reason there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, {"from": from_on, "until": until_on})
        return tuple(CallRow(*row) for row in cursor.fetchall())


_STANDING = """
select d.premise_id, p.address, coalesce(a.number, ''), coalesce(c.name, ''), d.yards, d."where", d."on"
from (select distinct on (premise_id) * from orders_dumpsterchange where "on" <= %(on)s
      order by premise_id, "on" desc, id desc) d
join customers_premise p on p.id = d.premise_id
left join customers_account a on a.id = d.account_id left join customers_customer c on c.id = a.customer_id
where d.kind = 'delivered' order by p.address limit 500"""


def list_dumpsters(*, on: date) -> tuple[DumpsterThere, ...]:
    """The dumpsters that stand somewhere on a day."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"on": on})
        return tuple(DumpsterThere(*row) for row in cursor.fetchall())
