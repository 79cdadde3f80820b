"""Orders written, added to, planned, handed to a crew, taken back. What became of each is a row; none is edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from curbstop.office import _orders, delinquency, refuse
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._orders import (
    Raised,
    about,
    cancel_order,
    get_type,
    list_hazards,
    lock_order,
    plan,
    raise_order,
)
from curbstop.office._own import refuse_own, refuse_own_place
from curbstop.records.base.models import User
from curbstop.records.orders.models import Assigned, Assignment, End, Order, Plan, Word
from curbstop.rules.customers import BadEntry, check_choice, check_text
from curbstop.rules.orders import MOST_WORDS

WORDS = ("report", "question", "answer")
COUNTED = ("nobody", "one person", "two persons", "three persons", "four persons")


@dataclass(frozen=True)
class Assigning:
    """Orders handed to a crew: how many, and the names of everybody who goes."""

    orders: int
    names: tuple[str, ...]


def last_plan(order: Order) -> Plan:
    """When it is to be done, as it stands now."""
    found = Plan.objects.filter(order=order).order_by("-no").first()
    assert found is not None, f"order {order.pk} was written without a plan"
    return found


def get_crew(order_id: int) -> list[User]:
    """Everybody who goes, as it stands now."""
    last = Assignment.objects.filter(order_id=order_id).order_by("-no").first()
    return list(User.objects.filter(id__in=last.people.values("user_id")).order_by("id")) if last else []


@act("orders.write")
def write(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
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
) -> Raised:
    """Write an order for the field.

    :param type: a code of the city's types, ``connect``
    :param service_point_id: of the premise; None: every meter there
    :param account_id: whose it is; None: whoever is responsible there on the day
    :param on: the day it is promised for; None: when a crew is near
    :param window: of that day, one of the city's where the type keeps appointments
    :param priority: 1 (emergency) to 4 (low); None: the type's
    :param persons: how many must go; a hazard may ask for more
    :param second: why one is written though another is open for the same trouble
    :raises Refused: no such place, or an open order for the same trouble
    :raises Refused: carts where a dumpster is the rule, or a pickup beyond the year's free ones
    :raises delinquency.NotLawful: it takes water away where that is not lawful on its day
    :raises BadEntry: a type, a window or words that cannot be
    """
    today = _orders.city_time(at).date()
    if account_id is not None:
        refuse_own(by, [account_id])
    refuse_own_place(by, premise_id, today)
    refuse.refuse_order(type=type, premise_id=premise_id, on=on, today=today)
    if get_type(type).unpaid:
        account_id = account_id or _orders.load_place(premise_id, on=on or today).account_id
        delinquency.refuse_unlawful(type=type, account_id=account_id, on=on, today=today)
    made = raise_order(
        event,
        type=type,
        premise_id=premise_id,
        service_point_id=service_point_id,
        account_id=account_id,
        on=on,
        window=window,
        about=about,
        priority=priority,
        persons=persons,
        given=given,
        second=second,
    )
    when = f" for {on.isoformat()}{' ' + window if window else ''}" if on else ""
    event.about(says=f"{get_type(type).says} order {made.order_id} written{when}: {about or get_type(type).about}.")
    return made


@act("orders.change")
def change(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    order_id: int,
    words: str,
    priority: int | None = None,
    kind: str = "report",
) -> int:
    """Add words to an open order, and raise or lower how urgent it is; every report is kept. Returns the row's id.

    :param kind: ``report``, a ``question`` from the field, an ``answer``
    :raises Refused: there is no such order, or it has ended
    :raises BadEntry: no words, or a priority that cannot be
    """
    told = check_text(words, field="words", longest=MOST_WORDS, required=True)
    check_choice(kind, WORDS, field="kind")
    order = lock_order(order_id)
    word = Word.objects.create(order=order, kind=kind, words=told, by_id=by.id, at=at, event_id=event.id)
    now = last_plan(order)
    if priority is not None and priority != now.priority:
        _plan_again(event, order, now, priority=priority)
    about(event, order, f"Order {order_id}, {kind}: {told}")
    return word.pk


def _plan_again(event: Acting, order: Order, now: Plan, **more: Any) -> None:
    known = {
        "on": now.on,
        "window": now.window,
        "priority": now.priority,
        "persons": now.persons,
        "owner_id": now.owner_id,
    }
    plan(event, order.pk, get_type(order.type), **{**known, **more})


@act("orders.reschedule")
def reschedule(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    order_id: int,
    on: date | None,
    window: str = "",
    words: str = "",
    persons: int | None = None,
) -> Raised:
    """Give an order another day. One that could not be done is written again for it, linked to the first.

    :param on: the new day; None: when a crew is near
    :raises Refused: it was done or cancelled, or was written again already
    :raises BadEntry: a day that is past, a window that the city does not keep
    """
    order = lock_order(order_id, ended=True)
    end = End.objects.filter(pk=order_id).first()
    told = check_text(words, field="words", longest=MOST_WORDS)
    if end is not None and end.outcome != "failed":
        lock_order(order_id)  # says how it ended
    now = last_plan(order)
    today = _orders.city_time(at).date()
    delinquency.refuse_unlawful(type=order.type, account_id=order.account_id, on=on, today=today)
    when = f"{on.isoformat()} {window}".strip() if on else "when a crew is near"
    if end is not None:
        made = _again(event, order, now, on=on, window=window, words=told, persons=persons)
        about(event, order, f"Order {order_id} is written again as {made.order_id}, {when}.")
        return made
    if on is not None and on < today:
        raise BadEntry(field="on", value=on.isoformat(), why="in the past", remedy="choose a day to come")
    must_go = persons or now.persons
    _plan_again(event, order, now, on=on, window=window, persons=must_go)
    if told:
        Word.objects.create(order=order, kind="report", words=told, by_id=by.id, at=at, event_id=event.id)
    about(event, order, f"Order {order_id} is moved to {when}{': ' + told if told else ''}.")
    return Raised(order_id, order.type, on, window, must_go)


def _again(
    event: Acting, order: Order, now: Plan, *, on: date | None, window: str, words: str, persons: int | None
) -> Raised:
    later = Order.objects.filter(follows=order).first()
    if later is not None:
        raise Refused(f"Order {order.pk} was written again as {later.pk}; move that one.", field="order_id")
    return raise_order(
        event,
        type=order.type,
        premise_id=order.premise_id,
        service_point_id=order.service_point_id,
        account_id=order.account_id,
        on=on,
        window=window,
        about=words or order.about,
        priority=now.priority,
        persons=persons or now.persons,
        given=order.given,
        follows=order,
    )


@act("orders.assign")
def assign(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    order_ids: tuple[int, ...],
    user_ids: tuple[int, ...],
    on: date | None = None,
) -> Assigning:
    """Hand orders to a crew: everybody who goes. Nobody: they are taken back. All or none.

    :param on: the day they are for, where they had none
    :raises Refused: somebody who is not of the field, too few for a place that needs more, or an order that has ended
    """
    crew = list(User.objects.filter(id__in=user_ids).order_by("id"))
    names = tuple(str(user) for user in crew)
    if len(crew) != len(set(user_ids)):
        raise Refused("Somebody of this crew is not enrolled; choose from the list.", field="user_ids")
    for user in crew:
        if "field" not in user.roles or not user.is_active:
            raise Refused(f"{user} is not of the field now; an administrator gives that role.", field="user_ids")
    if not order_ids:
        raise Refused("Choose at least one order.", field="order_ids")
    for order_id in sorted(set(order_ids)):
        order = lock_order(order_id)
        now = last_plan(order)
        about(event, order)
        _refuse_too_few(order, now, names)
        if crew and on is not None and now.on is None:
            _plan_again(event, order, now, on=on)
        _hand(event, order_id, crew)
    who = " and ".join(names) if names else "nobody"
    event.about(says=f"{_orders_named(order_ids)} assigned to {who}.")
    return Assigning(len(set(order_ids)), names)


def _orders_named(order_ids: Sequence[int]) -> str:
    if len(set(order_ids)) == 1:
        return f"Order {order_ids[0]}"
    return f"{len(set(order_ids))} orders"


def _refuse_too_few(order: Order, now: Plan, names: Sequence[str]) -> None:
    hazards = list_hazards([order.premise_id])[order.premise_id]
    needed = max([now.persons, *(hazard.persons for hazard in hazards)])
    if names and len(names) < needed:
        why = "; ".join(hazard.says for hazard in hazards if hazard.persons > 1)
        raise Refused(
            f"{order.premise.address} needs {_count(needed)}{f' ({why})' if why else ''}; {' and '.join(names)} has"
            f" {_count(len(names)).partition(' ')[0]} today. Assign more people together.",
            field="user_ids",
        )


def _count(persons: int) -> str:
    return COUNTED[persons] if persons < len(COUNTED) else f"{persons} persons"


def _hand(event: Acting, order_id: int, crew: Sequence[User]) -> None:
    last = Assignment.objects.filter(order_id=order_id).order_by("-no").values_list("no", flat=True).first() or 0
    row = Assignment.objects.create(order_id=order_id, no=last + 1, at=event.at, event_id=event.id)
    Assigned.objects.bulk_create(Assigned(assignment=row, user_id=user.pk) for user in crew)


@act("orders.own")
def own(event: Acting, /, *, key: Key, by: Actor, at: datetime, order_id: int) -> None:
    """Answer for an order in the office from now on.

    :raises Refused: there is no such order, or it has ended
    """
    order = lock_order(order_id)
    _plan_again(event, order, last_plan(order), owner_id=by.id)
    about(event, order, f"{by.name} answers for order {order_id}.")


@act("orders.cancel")
def cancel(event: Acting, /, *, key: Key, by: Actor, at: datetime, order_id: int, reason: str) -> None:
    """Cancel an order that nobody has done, with the reason.

    :raises Refused: there is no such order, or it has ended
    :raises BadEntry: no reason
    """
    order = lock_order(order_id)
    refuse_own_place(by, order.premise_id, _orders.city_time(at).date())
    cancel_order(event, order_id=order_id, reason=reason)
    event.about(says=f"Order {order_id} cancelled: {reason.strip()}")
