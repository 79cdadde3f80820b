"""What can hurt somebody at a place: reported by whoever sees it, confirmed and ended by a supervisor."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._orders import city_time, list_hazards, lock_order
from curbstop.office.orders.completing import Taken, keep_taken
from curbstop.records.orders.models import Hazard, HazardStep, Warned
from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.policies import NotSet

REVIEW = "hazard.review_days"
SIGNED = frozenset({"supervisor"})


@act("orders.report_hazard", secret=("taken",))
def report_hazard(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    premise_id: int,
    says: str,
    persons: int = 1,
    taken: tuple[Taken, ...] = (),
) -> int:
    """Report a hazard at a premise: it goes with every order, sheet and page of that place. Returns its id.

    It is to be looked at again after ``hazard.review_days``; a city that has set none is told so on the list.

    :param persons: how many must go; more than one is a supervisor's to say
    :raises Refused: no such premise, the same words stand there already, or a crew asks for two persons
    :raises BadEntry: no words, or a number of persons that cannot be
    """
    told = check_text(says, field="says", longest=200, required=True)
    _check_persons(by, persons)
    _hold_premise(premise_id)
    there = [hazard.says.casefold() for hazard in list_hazards([premise_id])[premise_id]]
    if told.casefold() in there:
        raise Refused(f"“{told}” stands at this place already; confirm it instead.", field="says")
    on = city_time(at).date()
    row = Hazard.objects.create(
        premise_id=premise_id,
        says=told,
        persons=persons,
        from_on=on,
        review_on=_review_on(on),
        by_id=by.id,
        at=at,
        event_id=event.id,
    )
    keep_taken(event, taken, hazard_id=row.pk)
    event.about(f"premise:{premise_id}", f"hazard:{row.pk}", says=f"Hazard reported by {by.name}: {told}.")
    return row.pk


@act("orders.confirm_hazard")
def confirm_hazard(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, hazard_id: int, reason: str, persons: int | None = None
) -> None:
    """Say that a hazard stands: after a visit, or a supervisor's word on one that waits for it.

    :param persons: how many must go from now on; None: as before
    :raises Refused: no such hazard, it has ended, or somebody who is no supervisor changes how many must go
    :raises BadEntry: no reason
    """
    hazard, now = _locked(hazard_id)
    must_go = now.persons if now else hazard.persons
    if persons is not None and persons != must_go:
        _refuse_clerk(by, "How many must go is set by the supervisor with a reason.")
        _check_persons(by, persons)
        must_go = persons
    if hazard.waits and now is None:
        _refuse_clerk(by, "This hazard waits for the supervisor's word.")
    _step(event, hazard, now, "confirmed", must_go, _review_on(city_time(at).date()), reason)


@act("orders.end_hazard")
def end_hazard(event: Acting, /, *, key: Key, by: Actor, at: datetime, hazard_id: int, reason: str) -> None:
    """End a hazard: it goes with no order any more, and stays on file with who ended it and why.

    :raises Refused: no such hazard, it has ended, or it asks for two persons and its ender is no supervisor
    :raises BadEntry: no reason
    """
    hazard, now = _locked(hazard_id)
    if (now.persons if now else hazard.persons) > 1:
        _refuse_clerk(by, "A two-person mark is ended by the supervisor with a reason.")
    if hazard.waits and now is None:
        _refuse_clerk(by, "This hazard waits for the supervisor's word.")
    _step(event, hazard, now, "ended", 1, None, reason)


@act("orders.confirm_warning")
def confirm_warning(event: Acting, /, *, key: Key, by: Actor, at: datetime, order_id: int) -> tuple[int, ...]:
    """Say that one saw the warnings of the place, before the order opens to one. Returns the hazards seen.

    :raises Refused: there is no such order, or it has ended
    """
    order = lock_order(order_id)
    seen = tuple(hazard.hazard_id for hazard in list_hazards([order.premise_id])[order.premise_id])
    Warned.objects.get_or_create(
        order=order, user_id=by.id, hazards=list(seen), defaults={"at": at, "event_id": event.id}
    )
    event.about(f"order:{order_id}", f"premise:{order.premise_id}", says=f"{by.name} saw the warnings of the place.")
    return seen


def _locked(hazard_id: int) -> tuple[Hazard, HazardStep | None]:
    hazard = Hazard.objects.filter(pk=hazard_id).first()
    if hazard is None:
        raise Refused(f"There is no hazard {hazard_id}; the place lists its own.", field="hazard_id")
    _hold_premise(hazard.premise_id)
    now = HazardStep.objects.filter(hazard=hazard).order_by("-no").first()
    if now is not None and now.step == "ended":
        raise Refused(f"“{hazard.says}” has ended: {now.reason} Report it anew if it is back.", field="hazard_id")
    return hazard, now


def _step(
    event: Acting, hazard: Hazard, now: HazardStep | None, step: str, persons: int, review_on: date | None, reason: str
) -> None:
    why = check_text(reason, field="reason", longest=200, required=True)
    HazardStep.objects.create(
        hazard=hazard,
        no=now.no + 1 if now else 1,
        step=step,
        persons=persons,
        review_on=review_on,
        reason=why,
        by_id=event.by.id,
        at=event.at,
        event_id=event.id,
    )
    must_go = f", {persons} must go" if step == "confirmed" and persons > 1 else ""
    event.about(f"premise:{hazard.premise_id}", f"hazard:{hazard.pk}")
    event.about(says=f"Hazard “{hazard.says}” {step} by {event.by.name}{must_go}: {why}")


def _hold_premise(premise_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select id from customers_premise where id = %s for no key update", [premise_id])
        if cursor.fetchone() is None:
            raise Refused(f"There is no premise {premise_id}; find it by its address.", field="premise_id")


def _check_persons(by: Actor, persons: int) -> None:
    if isinstance(persons, bool) or not isinstance(persons, int) or not 1 <= persons <= 9:
        raise BadEntry(field="persons", value=persons, why="not a number of persons", remedy="write 1 to 9")
    if persons > 1:
        _refuse_clerk(by, "That two persons must go is the supervisor's to say.")


def _refuse_clerk(by: Actor, says: str) -> None:
    if not by.roles & SIGNED:
        raise Refused(f"{says} Ask one.", field="persons")


def _review_on(on: date) -> date | None:
    try:
        return on + timedelta(days=policies.load(REVIEW).whole(REVIEW, on=on))
    except NotSet:
        return None
