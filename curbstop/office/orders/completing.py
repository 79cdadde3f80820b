"""What the crew did: an order completed with what was collected, or given back with a code. Each ends once."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection

from curbstop.office import delinquency, policies, refuse
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._orders import (
    Place,
    about,
    city_time,
    get_type,
    load_place,
    lock_order,
)
from curbstop.office._own import refuse_own_place
from curbstop.office.orders.effects import EFFECTS, Doing
from curbstop.records.orders.models import Attachment, End, Hazard, Order
from curbstop.rules.adjustments import BadEvidence, media_of
from curbstop.rules.customers import BadEntry, check_choice, check_text
from curbstop.rules.money import show
from curbstop.rules.orders import FAILS, MOST_WORDS, OrderType, check_fields, field_names
from curbstop.rules.policies import NotSet

MOST_FILES = 8
EARLY = timedelta(minutes=10)
"""A telephone's clock may run ahead of the office's by so much."""


@dataclass(frozen=True)
class Taken:
    """A picture or a signature as the telephone sent it; its bytes in base64."""

    kind: str
    name: str
    body: str


@dataclass(frozen=True)
class Completed:
    """An order done: what that did in words, and what was left because the city has not set it."""

    order_id: int
    done_on: date
    says: tuple[str, ...]
    not_set: tuple[str, ...]


@act("orders.complete", secret=("taken",))
def complete(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    order_id: int,
    fields: Mapping[str, Any],
    done_at: datetime | None = None,
    words: str = "",
    taken: tuple[Taken, ...] = (),
    latitude: str = "",
    longitude: str = "",
) -> Completed:
    """Complete an order: everything that follows from it happens now, with no second entry in the office.

    :param fields: what was collected, by the names of the type's fields (``register``; of several meters
        ``register.irrigation``)
    :param done_at: when the crew wrote it; None: now. The day of its effects is the city's day then
    :param taken: pictures and signatures
    :param latitude: where the telephone was, in degrees, as text
    :raises Ended: it has ended already; it ends once
    :raises delinquency.NotLawful: it takes water away, and that is not lawful at this moment: ``paid 6 minutes ago``
    :raises Refused: another meter than the order is for, nobody home where somebody must be, or whatever its effects
        refuse; the order stays open
    :raises BadEntry: a field that is missing or cannot be
    """
    order = lock_order(order_id)
    kind = get_type(order.type)
    written = _written_at(done_at, order, at)
    on = city_time(written).date()
    about(event, order)
    refuse_own_place(by, order.premise_id, on)
    delinquency.refuse_at_meter(type=order.type, account_id=order.account_id, at=written)
    place = load_place(order.premise_id, on=on, service_point_id=order.service_point_id, account_id=order.account_id)
    meters = place.meters if kind.meters else ()
    _refuse_unfit(kind, order, place)
    kept = check_fields(kind, meters, fields, attached=[one.kind for one in taken])
    _refuse_other_meter(kind, order, place, kept)
    _refuse_empty_house(kind, kept, taken, on)
    doing = Doing(
        event, order_id, kind, place.address, order.premise_id, order.service_point_id, order.account_id, order.given,
        meters, _points(order), kept, on, written,
    )  # fmt: skip
    effect: dict[str, Any] = {}
    says: list[str] = []
    not_set: list[str] = []
    for name in order.effects:
        done = EFFECTS[name](doing)
        effect[name] = {**{noun: list(ids) for noun, ids in done.rows.items()}, "says": list(done.says)}
        says.extend(done.says)
        if done.not_set:
            effect[name]["not_set"] = done.not_set
            not_set.append(done.not_set)
    told = check_text(words, field="words", longest=MOST_WORDS)
    _end(event, order, "done", written, told, latitude, longitude, fields=kept, effect=effect)
    keep_taken(event, taken, order_id=order_id)
    left = f" Not done: {' '.join(not_set)}" if not_set else ""
    event.about(says=f"{kind.says} order {order_id} done on {on.isoformat()}. {' '.join(says)}{left}".strip())
    return Completed(order_id, on, tuple(says), tuple(not_set))


@act("orders.cannot_complete", secret=("taken",))
def cannot_complete(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    order_id: int,
    code: str,
    words: str = "",
    done_at: datetime | None = None,
    taken: tuple[Taken, ...] = (),
    latitude: str = "",
    longitude: str = "",
) -> date:
    """Give an order back: it could not be done, and why. ``reschedule`` writes it again.

    A dumpster that was ``blocked`` is charged for the trip, with the next bill, where the city has a price.

    ``unsafe`` makes a hazard of the premise, which waits for a supervisor's word and is shown meanwhile.

    :param code: one of ``rules.orders.FAILS``
    :raises Ended: it has ended already
    :raises BadEntry: no such code, or no words where something else stood in the way
    """
    check_choice(code, tuple(FAILS), field="code")
    told = check_text(words, field="words", longest=MOST_WORDS, required=code in ("other", "unsafe"))
    order = lock_order(order_id)
    kind = get_type(order.type)
    written = _written_at(done_at, order, at)
    _end(event, order, "failed", written, told, latitude, longitude, code=code)
    keep_taken(event, taken, order_id=order_id)
    on = city_time(written).date()
    if code == "unsafe":
        Hazard.objects.create(
            premise_id=order.premise_id, says=told, from_on=on, waits=True, order=order, by_id=by.id, at=at,
            event_id=event.id,
        )  # fmt: skip
    why = "stopped: unsafe" if code == "unsafe" else f"cannot complete: {FAILS[code].lower()}"
    also = _trip(event, order, code, on)
    about(event, order, f"{kind.says} order {order_id} {why}{'. ' + told if told else ''}.{also}")
    return on


def _trip(event: Acting, order: Order, code: str, on: date) -> str:
    """What a trip in vain costs: of a dumpster that could not be reached; the customer called for it."""
    if (order.type, code) != ("dumpster_empty", "blocked"):
        return ""
    called = refuse.blocked(event, order=order, on=on)
    return f" {called.says or called.why}"


def _written_at(done_at: datetime | None, order: Order, at: datetime) -> datetime:
    """When the crew wrote it: not before the order, not after it arrived."""
    if done_at is None:
        return at
    if done_at.tzinfo is None:
        raise BadEntry(field="done_at", value=done_at.isoformat(), why="has no time zone", remedy="send one with it")
    if done_at > at + EARLY:
        remedy = "set the telephone's clock, and send it again"
        raise BadEntry(field="done_at", value=done_at.isoformat(), why="is to come", remedy=remedy)
    if done_at < order.at:
        remedy = "set the telephone's clock, and send it again"
        why = f"before the order was written, {city_time(order.at):%Y-%m-%d %H:%M}"
        raise BadEntry(field="done_at", value=done_at.isoformat(), why=why, remedy=remedy)
    return done_at


def _points(order: Order) -> tuple[int, ...]:
    """The service points that the order is about where no meter hangs: its own, or those that could have one."""
    if order.service_point_id is not None:
        return (order.service_point_id,)
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from customers_servicepoint where premise_id = %s and service in ('water', 'irrigation')"
            " order by service desc, number",
            [order.premise_id],
        )
        return tuple(row[0] for row in cursor.fetchall())


# --- what stands in the way -------------------------------------------------------------------------------------------


def _refuse_unfit(kind: OrderType, order: Order, place: Place) -> None:
    needs = [one.says for one in kind.fields if one.kind in ("register", "serial") and one.needed]
    if kind.meters and needs and not place.meters and kind.code not in ("connect", "disconnect"):
        says = f"No meter hangs at {place.address}, so there is nothing to {kind.says.lower()}"
        raise Refused(f"{says}. Give the order back as “meter not found”.", field="order_id")


def _refuse_other_meter(kind: OrderType, order: Order, place: Place, kept: Mapping[str, Any]) -> None:
    """The meter typed or scanned is the one that the order is for: no valve is turned at the wrong door."""
    for name, one, meter in field_names(kind, place.meters if kind.meters else ()):
        if not one.match or name not in kept or meter is None or kept[name] == meter.serial:
            continue
        said = _where_it_hangs(str(kept[name]))
        raise Refused(f"{said}; the order is for {meter.serial} at {place.address}.", field=name)


def _where_it_hangs(serial: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_HANGS, [serial])
        row = cursor.fetchone()
    if row is None:
        return f"Meter {serial} hangs nowhere that the office knows"
    address, number, cents = row
    if not number:
        return f"{serial} is at {address}, where nobody is responsible"
    owes = f"owes {show(cents)}" if cents > 0 else "owes nothing"
    return f"{serial} is at {address}, {number}, which {owes}"


_HANGS = """
select p.address, coalesce(a.number, ''), coalesce((
    select sum(x.debit_cents - x.credit_cents) from ledger_posting x join ledger_gl l on l.id = x.gl_id
    where x.account_id = a.id and (x.sub = 2 or l.object in (2310, 2320))), 0)::bigint
from meters_meter m join meters_installation i on i.meter_id = m.id and upper_inf(i.during)
join customers_servicepoint s on s.id = i.service_point_id join customers_premise p on p.id = s.premise_id
left join customers_agreement g on g.service_point_id = s.id and upper_inf(g.during)
left join customers_account a on a.id = g.account_id
where m.serial = %s limit 1"""


def _refuse_empty_house(kind: OrderType, kept: Mapping[str, Any], taken: Sequence[Taken], on: date) -> None:
    """Where the city turns water on only with somebody there, somebody is there and signs."""
    if not kind.home:
        return
    known = policies.load(kind.home)
    try:
        asked, says = known.yes(kind.home, on=on), known.policy(kind.home).says
    except NotSet:
        return
    if not asked:
        return
    if kept.get("someone_home") is not True:
        raise Refused(f"{says} Give the order back as “nobody home”.", field="someone_home")
    if not kept.get("signed_by") and not any(one.kind == "signature" for one in taken):
        raise Refused(f"{says} Take the signature, or write who signed on paper.", field="signed_by")


# --- rows -------------------------------------------------------------------------------------------------------------


def _end(
    event: Acting,
    order: Order,
    outcome: str,
    written: datetime,
    words: str,
    latitude: str,
    longitude: str,
    *,
    code: str = "",
    fields: Mapping[str, Any] | None = None,
    effect: Mapping[str, Any] | None = None,
) -> None:
    north, east = _degrees("latitude", latitude, 90), _degrees("longitude", longitude, 180)
    End.objects.create(
        order=order,
        outcome=outcome,
        code=code,
        words=words,
        fields=dict(fields or {}),
        effect=dict(effect or {}),
        done_on=city_time(written).date(),
        done_at=written,
        latitude=north if east is not None else None,
        longitude=east if north is not None else None,
        by_id=event.by.id,
        at=event.at,
        event_id=event.id,
    )


def _degrees(field: str, text: str, most: int) -> Decimal | None:
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > most:
        remedy = f"send degrees between -{most} and {most}, or nothing"
        raise BadEntry(field=field, value=text, why="not degrees", remedy=remedy)
    return found.quantize(Decimal("0.000001"))


def keep_taken(
    event: Acting, taken: Sequence[Taken], *, order_id: int | None = None, hazard_id: int | None = None
) -> None:
    """Keep pictures and signatures of an order or a hazard; the same bytes sent twice are kept once.

    :raises BadEvidence: a file that is neither a PDF nor a picture, is empty or too large, or too many of them
    """
    if len(taken) > MOST_FILES:
        remedy = f"send at most {MOST_FILES}"
        raise BadEvidence(field="taken", value=str(len(taken)), why="too many pictures", remedy=remedy)
    known: set[bytes] = set()
    for one in taken:
        check_choice(one.kind, ("picture", "signature"), field="taken")
        try:
            body = base64.b64decode(one.body, validate=True)
        except binascii.Error:
            remedy = "send the file's bytes in base64"
            raise BadEvidence(field="taken", value=one.name, why="not base64", remedy=remedy) from None
        name = check_text(one.name, field="taken", longest=200, required=True)
        media, sha256 = media_of(name, body), hashlib.sha256(body).digest()
        if sha256 in known:
            continue
        known.add(sha256)
        Attachment.objects.create(
            order_id=order_id, hazard_id=hazard_id, kind=one.kind, name=name, media=media, sha256=sha256, body=body,
            event_id=event.id,
        )  # fmt: skip
