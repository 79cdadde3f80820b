"""What completing an order does, by the names that its type lists. Each runs inside the completing act, in order.

A noun that owns what happens in the ground (meters, reads, moves, the books) does it; here stands only which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office import delinquency, ledger, meters, policies, refuse
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._orders import get_valves, raise_order
from curbstop.office.reads.entry import ReadEntered, enter_moving
from curbstop.office.reads.rereading import answer
from curbstop.records.orders.models import Order, Valve
from curbstop.rules.customers import BadEntry
from curbstop.rules.money import show
from curbstop.rules.orders import MeterThere, OrderType
from curbstop.rules.policies import NotSet


@dataclass(frozen=True)
class Doing:
    """An order being completed: what it is about, what was collected, and the day the crew wrote.

    ``given`` is what its writer handed over. ``meters`` hang there now, where the type is about meters.
    """

    event: Acting
    order_id: int
    type: OrderType
    address: str
    premise_id: int
    service_point_id: int | None
    account_id: int | None
    given: Mapping[str, Any]
    meters: tuple[MeterThere, ...]
    points: tuple[int, ...]
    fields: Mapping[str, Any]
    on: date
    done_at: datetime

    def by_point(self, name: str) -> dict[int, Any]:
        """A field that each meter has for itself, by service point; what was left empty is left out."""
        if len(self.meters) == 1:
            return {self.meters[0].service_point_id: self.fields[name]} if name in self.fields else {}
        named = {f"{name}.{meter.label}": meter.service_point_id for meter in self.meters}
        return {point: self.fields[label] for label, point in named.items() if label in self.fields}

    def only_point(self) -> int:
        """The one service point it is about.

        :raises Refused: the premise has several, and the order names none
        """
        if self.service_point_id is not None:
            return self.service_point_id
        if len(self.points) != 1:
            says = f"{self.address} has {len(self.points)} service points with a meter; the order names none of them"
            raise Refused(f"{says}. Write it again for one.", field="order_id")
        return self.points[0]


@dataclass(frozen=True)
class Effected:
    """What an effect did: ids of the rows it made, by noun; sentences; and what was left because it is not set."""

    rows: Mapping[str, Sequence[int]] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    not_set: str = ""


Effect = Callable[[Doing], Effected]


# --- reads ------------------------------------------------------------------------------------------------------------


def _said(read: ReadEntered) -> str:
    told = f"Meter {read.meter} read {read.register:,}: {read.usage_gal:,} gal."
    return f"{told} It waits for a decision: {'; '.join(read.says)}." if read.waits else told


def _read(kind: str) -> Effect:
    def read(doing: Doing) -> Effected:
        registers = doing.by_point("register")
        if not registers:
            return Effected(says=("No register was read.",))
        entered = enter_moving(
            registers, on=doing.on, at=doing.event.at, kind=kind, event_id=doing.event.id
        )  # a read of that day that shows the same is theirs, and no second one is written
        return Effected({"read": [one.read_id for one in entered]}, tuple(_said(one) for one in entered))

    return read


def _check_read(doing: Doing) -> Effected:
    """A read beside those of the route; of one that was asked for again, the answer to it (``given["reread"]``)."""
    asked = doing.given.get("reread")
    registers = doing.by_point("register")
    if not asked or len(registers) != 1:
        return _read("check")(doing)
    (register,) = registers.values()
    found = answer(doing.event, reread_id=int(asked), register=register, seen_on=doing.on)
    return Effected({"read": [found.read_id]}, (found.says,))


# --- water on and off -------------------------------------------------------------------------------------------------


def _valve(state: str) -> Effect:
    def turn(doing: Doing) -> Effected:
        locked = state == "off" and doing.fields.get("locked") is True
        return _set_valve(doing, "locked" if locked else state)

    return turn


def _as_written(doing: Doing) -> Effected:
    state = doing.fields.get("state")
    return _set_valve(doing, str(state)) if state else Effected()


def _set_valve(doing: Doing, state: str) -> Effected:
    points = [doing.service_point_id] if doing.service_point_id is not None else list(doing.points)
    before = get_valves(points)
    made = [
        Valve.objects.create(
            service_point_id=point,
            state=state,
            on=doing.on,
            at=doing.done_at,
            order_id=doing.order_id,
            event_id=doing.event.id,
        ).pk
        for point in points
    ]
    was = sorted({before.get(point, "") for point in points} - {"", state})
    words = {"on": "Water is on", "off": "Water is off", "locked": "Water is off and locked"}[state]
    return Effected({"valve": made}, (f"{words}{', it was ' + was[0] if was else ''}.",))


def _begin_service(doing: Doing) -> Effected:
    """Agreements that waited for water begin on the day that it runs: billing begins when the water does."""
    waiting = [int(one) for one in doing.given.get("agreements", ())]
    if not waiting:
        return Effected()
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.bill_id, lower(g.during) from customers_agreement g join bills_outcome o on o.agreement_id = g.id"
            " and o.code = 'billed' where g.id = any(%s) and lower(g.during) <> %s limit 1",
            [waiting, doing.on],
        )
        if billed := cursor.fetchone():
            says = f"Service here is billed from {billed[1].isoformat()} (bill {billed[0]}), before water was on"
            raise Refused(f"{says}. Cancel that bill first, then complete the order.", field="order_id")
        cursor.execute(
            "update customers_agreement set during = daterange(%s, upper(during)) where id = any(%s)"
            " and (upper_inf(during) or upper(during) > %s) returning id",
            [doing.on, waiting, doing.on],
        )
        begun = [row[0] for row in cursor.fetchall()]
    return Effected({"agreement": begun}, (f"Service begins on {doing.on.isoformat()}.",))


# --- meters -----------------------------------------------------------------------------------------------------------


def _hang(doing: Doing) -> Effected:
    point, serial = doing.only_point(), doing.fields["serial"]
    _check_dials(serial, doing.fields.get("dials"), doing.fields.get("size"))
    hung = meters.hang(
        doing.event, service_point_id=point, serial=serial, on=doing.on, register=doing.fields["register"]
    )
    says = f"Meter {serial} hangs at {doing.fields['register']:,}."
    return Effected({"installation": [hung.installation_id], "read": [hung.read_id]}, (says,))


def _check_dials(serial: str, dials: int | None, size: str | None) -> None:
    """What the crew sees on the meter is what stands on file."""
    with connection.cursor() as cursor:
        cursor.execute("select dials, size from meters_meter where serial = %s", [serial])
        row = cursor.fetchone()
    if row is None:
        return  # meters.hang says that it is not on file
    for name, seen, kept in (("dials", dials, row[0]), ("size", size, row[1])):
        if seen not in (None, "", kept):
            why = f"meter {serial} is on file with {kept}"
            remedy = "look at the serial again, or have its record corrected"
            raise BadEntry(field=name, value=seen, why=why, remedy=remedy)


def _take(doing: Doing) -> Effected:
    reads, says = [], []
    for point, register in doing.by_point("removed_register").items():
        serial, read = meters.take_down(doing.event, service_point_id=point, on=doing.on, register=register)
        reads.append(read.read_id)
        says.append(f"Meter {serial} taken down at {register:,}: {read.usage_gal:,} gal since its last read.")
    return Effected({"read": reads}, tuple(says))


def _exchange(doing: Doing) -> Effected:
    if len(doing.meters) != 1:
        says = f"{doing.address} has {len(doing.meters)} meters, and an exchange is of one"
        raise Refused(f"{says}. Write it again for its service point.", field="order_id")
    taken = _take(doing)
    point, serial = doing.meters[0].service_point_id, doing.fields["serial"]
    hung = meters.hang(
        doing.event, service_point_id=point, serial=serial, on=doing.on, register=doing.fields["register"]
    )
    rows = {"read": [*taken.rows["read"], hung.read_id], "installation": [hung.installation_id]}
    return Effected(rows, (*taken.says, f"Meter {serial} hangs at {doing.fields['register']:,}."))


def _find_tampering(doing: Doing) -> Effected:
    """Water that runs where it was turned off, a lock that is cut, or water used since: it is investigated."""
    used = _used_since_off(doing)
    signs = [
        words
        for found, words in (
            (doing.fields.get("state") == "on", "water is on"),
            (doing.fields.get("lock_cut") is True, "the lock is cut or gone"),
            (used > 0, f"{used:,} gal went through since it was turned off"),
        )
        if found
    ]
    if not signs:
        return Effected(says=("It is off, and nothing went through.",))
    order = raise_order(
        doing.event,
        type="investigate",
        premise_id=doing.premise_id,
        account_id=doing.account_id,
        about=f"Off for what is not paid, and {' and '.join(signs)}",
        second=f"Found by order {doing.order_id}",
    )
    says = f"Tampering? {'; '.join(signs)}. Order {order.order_id} investigates."
    return Effected({"order": [order.order_id]}, (says,))


def _used_since_off(doing: Doing) -> int:
    """Gallons that the meters of the place show since the valve was closed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(r.usage_gal), 0)::bigint from meters_read r"
            " join meters_installation i on i.id = r.installation_id"
            " join customers_servicepoint s on s.id = i.service_point_id"
            " where s.premise_id = %(premise)s and not exists (select from meters_read x where x.replaces_id = r.id)"
            " and r.read_on > (select max(v.on) from orders_valve v join customers_servicepoint p"
            "   on p.id = v.service_point_id where p.premise_id = %(premise)s and v.state <> 'on')",
            {"premise": doing.premise_id},
        )
        return int(cursor.fetchone()[0])


# --- charges ----------------------------------------------------------------------------------------------------------


def _charge(doing: Doing) -> Effected:
    """What the city charges for it. What is not set is not charged, and said; the order is done all the same."""
    if doing.account_id is None:
        return Effected(not_set="Nobody is responsible here, so nothing is charged.")
    if doing.given.get("fee_charged"):
        return Effected(says=("Its fee was charged when it was processed.",))
    kind = doing.type.charge
    if doing.type.unpaid and kind == delinquency.FEE:
        kind = delinquency.fee_kind(doing.account_id, doing.on)
    if kind not in {one.code for one in ledger.list_kinds(on=doing.on)}:
        return Effected(not_set=_without_kind(kind, doing.on))
    days = ledger.get_open_days()
    reason = f"{doing.type.says} at {doing.address} on {doing.on.isoformat()}, order {doing.order_id}"
    later = [day for day in days if day >= doing.on]
    try:
        charged = ledger.charge_for(
            doing.event,
            account_id=doing.account_id,
            kind=kind,
            on=later[0] if later else doing.on,
            reason=reason,
            with_bill=not later,  # no accounting day is open: it waits for the next bill
        )
    except Refused as refusal:
        return Effected(not_set=str(refusal))
    made = {"charge": [charged.charge_id]} if charged.charge_id else {"document": [charged.document_id or 0]}
    when = f", due {charged.due_on.isoformat()}" if charged.due_on else " with the next bill"
    return Effected(made, (f"{charged.says} {show(charged.cents)}{when}.",))


# --- refuse -----------------------------------------------------------------------------------------------------------


def _move_carts(doing: Doing) -> Effected:
    """Carts brought, taken or swapped: what stands there now, and on the bill where the city says from when."""
    kind = {"cart_deliver": "delivered", "cart_remove": "removed"}.get(doing.type.code, "swapped")
    made = refuse.change(
        doing.event, premise_id=doing.premise_id, account_id=doing.account_id, kind=kind, count=doing.fields["count"],
        on=doing.on, stated=doing.fields.get("left"), order_id=doing.order_id, words=doing.fields.get("number", ""),
    )  # fmt: skip
    there = "nobody has counted how many stand there" if made.left is None else f"{made.left} stand there now"
    says, not_set = refuse.follow_ground(doing.event, premise_id=doing.premise_id, on=doing.on)
    told = f"{made.count} {'cart' if made.count == 1 else 'carts'} {kind}; {there}."
    return Effected({"cart": [made.pk]}, (told, says) if says else (told,), not_set)


def _charge_cart(doing: Doing) -> Effected:
    """A cart damaged by abuse is charged; wear and theft are the city's own (Moore City Code 17-202)."""
    if doing.fields.get("cause") != "damaged by abuse":
        return Effected(says=("Wear and theft are at the city's cost.",))
    known = policies.load("carts.damage")
    try:
        cents = known.cents("carts.damage", on=doing.on)
    except NotSet as missing:
        return Effected(not_set=missing.says or missing.why)
    if doing.account_id is None:
        return Effected(not_set="Nobody is responsible here, so nothing is charged.")
    charge_id = ledger.wait_for_bill(
        doing.event, account_id=doing.account_id, kind="misc.damaged_cart", cents=cents, on=doing.on,
        reason=f"order {doing.order_id}", authority=known.policy("carts.damage").authority,
    )  # fmt: skip
    return Effected({"charge": [charge_id]}, (f"Damaged cart {show(cents)} with the next bill.",))


def _move_dumpster(doing: Doing) -> Effected:
    kind = "removed" if doing.type.code == "dumpster_remove" else "delivered"
    said = refuse.move(
        doing.event, premise_id=doing.premise_id, account_id=doing.account_id, kind=kind, fields=doing.fields,
        on=doing.on, order_id=doing.order_id,
    )  # fmt: skip
    return Effected(says=(said,))


def _charge_pull(doing: Doing) -> Effected:
    order = Order.objects.get(pk=doing.order_id)
    called = refuse.pulled(doing.event, order=order, fields=doing.fields, on=doing.on)
    return Effected({"charge": list(called.charge_ids)}, (called.says,) if called.says else (), called.why)


def _without_kind(kind: str, on: date) -> str:
    """Why nothing is charged where the chart has no such kind: the city has no such fee, or no account for it."""
    try:
        policies.get_policy(kind, on)
    except NotSet as missing:
        return missing.says or missing.why
    return f"The chart of accounts has no kind {kind}, so nothing was charged; finance adds it."


EFFECTS: Mapping[str, Effect] = {
    "opening_read": _read("opening"),
    "final_read": _read("final"),
    "moving_read": _read("final"),
    "check_read": _check_read,
    "turn_on": _valve("on"),
    "turn_off": _valve("off"),
    "lock": _valve("locked"),
    "set_valve": _as_written,
    "begin_service": _begin_service,
    "hang_meter": _hang,
    "take_meter": _take,
    "exchange_meter": _exchange,
    "find_tampering": _find_tampering,
    "charge": _charge,
    "move_carts": _move_carts,
    "charge_cart": _charge_cart,
    "move_dumpster": _move_dumpster,
    "charge_pull": _charge_pull,
}
"""By the names of ``rules.orders.EFFECTS``. To do something else when an order of a type is done, change the function
here, or add one with a name of its own and list it with the type."""
