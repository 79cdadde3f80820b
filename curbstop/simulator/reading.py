"""Meters read by the route, read again where it went wrong, decided by the supervisor; meters exchanged; averages
set."""

from __future__ import annotations

from datetime import date, timedelta

from curbstop.office import customers, meters, reads
from curbstop.simulator import field as ground
from curbstop.simulator.chance import number
from curbstop.simulator.crew import CLOCK
from curbstop.simulator.imagined import Life, Town
from curbstop.simulator.office import Office
from curbstop.simulator.workdays import next_workday

SETTLED = timedelta(days=70)
"""A home whose people came more lately has too short a history for a misread to show."""
PATIENCE = timedelta(days=5)
"""Days after which the supervisor decides what she had put aside."""


def read_routes(office: Office, town: Town, cycle: int, read_on: date, day: date) -> None:
    """The reader drives the routes of a cycle early in the morning and brings home what he could read."""
    for order, (route, lives) in enumerate(sorted(town.routes.get(cycle, {}).items())):
        rows, _ = _walk(town, lives, read_on)
        if rows:
            office.do(
                reads.record_route,
                route,
                who="terrell",
                at=office.at(day, 6, 10, number=order),
                read_on=read_on,
                reads=tuple(rows),
                reader="T. Boone",
            )


def read_missed(office: Office, town: Town, cycle: int, read_on: date, day: date) -> None:
    """In the afternoon three of four that were missed are read after all; the rest wait for the next round."""
    for _, lives in sorted(town.routes.get(cycle, {}).items()):
        for order, (life, service) in enumerate(_walk(town, lives, read_on)[1]):
            if number(town.recipe.seed, "again", life.place.no, service, read_on, below=4):
                _read_again(office, town, life, service, read_on, day, order)


def _walk(town: Town, lives: list[Life], read_on: date) -> tuple[list[reads.RouteRead], list[tuple[Life, str]]]:
    """What the reader writes down, and where he could not read."""
    rows, missed = [], []
    for life in lives:
        for service in life.meters:
            hung = life.hung(service, read_on)
            true = life.register(service, read_on, town.recipe.began_on)
            seen = ground.misread(town.recipe.seed, hung, read_on, true, may_err=_may_err(life, read_on))
            if seen is None:
                missed.append((life, service))
            else:
                rows.append(reads.RouteRead(seen, serial=hung.serial))
    return rows, missed


def _may_err(life: Life, on: date) -> bool:
    """A misread must be one that the edit list finds, since a wrong read that was billed cannot be mended yet."""
    stay = next((stay for stay in reversed(life.stays) if stay.from_on <= on), None)
    return life.place.kind == "residential" and stay is not None and not stay.vacant and stay.from_on + SETTLED <= on


def _read_again(office: Office, town: Town, life: Life, service: str, read_on: date, day: date, order: int) -> None:
    office.do(
        reads.enter,
        life.place.no,
        service,
        who="terrell",
        at=office.at(day, 15, number=order),
        service_point_id=office.points[life.place.no, service],
        read_on=read_on,
        register=life.register(service, read_on, town.recipe.began_on),
        reader="T. Boone",
    )


def decide_reads(office: Office, town: Town, day: date) -> set[int]:
    """The supervisor goes through the edit list. A few reads she puts aside for some days: they are held meanwhile.

    Returns the cycles of which something put aside was decided today, so that it can be billed.
    """
    again: set[int] = set()
    for order, waiting in enumerate(reads.list_undecided()):
        life = town.lives[office.place_of[waiting.premise_id]]
        if _put_aside(town, life, waiting.read_on):
            if day < waiting.read_on + PATIENCE:
                continue
            again.add(life.place.cycle)
        _decide(office, town, life, waiting, day, order)
    return again


def _put_aside(town: Town, life: Life, read_on: date) -> bool:
    """One in four; never where another read follows soon, which would cover the same use."""
    soon = read_on + PATIENCE + PATIENCE
    follows = [stay.from_on for stay in life.stays]
    follows += [stay.until_on for stay in life.stays if stay.until_on is not None]
    follows += [meter.from_on for meters in life.meters.values() for meter in meters]
    if any(read_on <= day <= soon for day in follows):
        return False
    return number(town.recipe.seed, "aside", life.place.no, read_on, below=4) == 0


def _decide(office: Office, town: Town, life: Life, waiting: reads.UndecidedRead, day: date, order: int) -> None:
    hung = next(m for m in life.meters[waiting.service] if m.serial == waiting.meter)
    true = ground.register(hung, life.used[waiting.service], town.recipe.began_on, waiting.read_on)
    at = office.at(day, 9, 30, number=order)
    if true != waiting.register:
        corrected = office.do(
            reads.correct,
            waiting.read_id,
            who="dana",
            at=at,
            read_id=waiting.read_id,
            register=true,
            reason="read again: a digit was written down wrong",
            reader="T. Boone",
        )
        if corrected is not None and corrected.waits:
            _accept(office, corrected.read_id, "read twice, the register is right", day, order)
    elif "below_last" in waiting.findings:
        office.do(
            reads.correct,
            waiting.read_id,
            who="dana",
            at=at,
            read_id=waiting.read_id,
            register=true,
            reason="the register turned over; picture on file",
            rolled_over=True,
        )
    else:
        _accept(office, waiting.read_id, _why(waiting, hung), day, order)
        if "high" in waiting.findings and waiting.account_id is not None:
            _tell(office, waiting, waiting.account_id, day, order)


def _accept(office: Office, read_id: int, reason: str, day: date, order: int) -> None:
    at = office.at(day, 9, 31, number=order)
    office.do(reads.decide, read_id, who="ruth", at=at, read_id=read_id, outcome="accept", reason=reason)


def _tell(office: Office, waiting: reads.UndecidedRead, account_id: int, day: date, order: int) -> None:
    """Customer service calls about a read that is far above the usual."""
    text = f"Called about {waiting.usage_gal:,} gal read on {waiting.read_on:%d %b}: may leak, will have it looked at."
    at = office.at(day, 9, 35, number=order)
    office.do(customers.note, waiting.read_id, who="dana", at=at, account_id=account_id, text=text)


def _why(waiting: reads.UndecidedRead, hung: ground.Hung) -> str:
    if hung.stuck_on is not None and hung.stuck_on < waiting.read_on:
        return "the register stands still; exchange ordered"
    if waiting.service == "irrigation" and {"zero", "low"} & set(waiting.findings):
        return "sprinklers are off: the season is over"
    if "zero" in waiting.findings:
        return "nobody home: mail held, meter turns with a tap open"
    if "high" in waiting.findings:
        return "read again the same; leak note left at the door"
    return "called the customer: fewer people in the house" if waiting.account else "nobody lives there"


def exchange_meters(office: Office, town: Town, day: date) -> None:
    """Meters taken down for their age, or because they stand still."""
    for order, (place, old, new) in enumerate(town.changes.get(day, ())):
        entry = meters.MeterEntry(new.serial, new.size, new.dials, new.gal_per_unit)
        at = office.at(day, 7, 40, number=order)
        office.do(meters.enter_stock, new.serial, who="wes", at=at, meters=(entry,))
        life = town.lives[place.no]
        exchanged = office.do(
            meters.exchange,
            place.no,
            new.service,
            who="terrell",
            at=office.at(day, 13, number=order),
            service_point_id=office.points[place.no, new.service],
            on=day,
            removed_register=ground.register(old, life.used[new.service], town.recipe.began_on, day),
            serial=new.serial,
            register=new.starts,
            reason="register stands still" if old.stuck_on is not None else "fifteen years in the ground",
        )
        if exchanged is not None and exchanged.removed.waits:
            _accept(office, exchanged.removed.read_id, "read as it was taken down", day, 500 + order)


def set_averages(office: Office, day: date) -> None:
    """In April the sewer averages are set again, before the first bills of the month."""
    if day == next_workday(date(day.year, 4, 1)):
        office.do(reads.set_averages, who=CLOCK, at=office.at(day, 5, 45), on=day)
