"""Stop: an account's responsibility for a premise ends, with a final read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.reads.entry import ReadEntered, enter_moving
from curbstop.rules.customers import METERED, BadEntry, check_mail_to


@dataclass(frozen=True)
class StoppedService:
    """A service that ended."""

    agreement_id: int
    service: str
    from_on: date
    until_on: date


@dataclass(frozen=True)
class Stopped:
    """What a stop did. ``unread`` names the meters without a read of the last day: the final bill waits for it."""

    agreements: tuple[StoppedService, ...]
    reads: tuple[ReadEntered, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True)
class _Held:
    """An agreement of the account at the premise."""

    agreement_id: int
    service_point_id: int
    service: str
    from_on: date
    until_on: date | None
    billed_until: date | None
    meter: str
    last_on: date | None


@act("moves.stop")
def stop(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    premise_id: int,
    on: date,
    registers: Mapping[str, int] | None = None,
    mail_to: tuple[str, ...] = (),
) -> Stopped:
    """Stop service: the account is responsible for the premise until the day, which is the first that it is not.

    :param on: the day service ends; use up to the read of that day is the account's. It may be to come, without reads
    :param registers: service to what its meter shows on the day
    :param mail_to: where the final bill goes; none: as before
    :raises Refused: the account holds nothing there, has a stop on file, began on that day or after, or is billed
        beyond it
    :raises rules.faults.BadValue: a register that cannot be
    """
    lines = check_mail_to(mail_to)
    event.about(f"account:{account_id}", f"premise:{premise_id}")
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    held = _held(account_id, premise_id, on)
    for agreement in held:
        _refuse(agreement, on)
    reads = _final_reads(held, registers or {}, on, at, event)
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_agreement set during = daterange(lower(during), %s) where id = any(%s)",
            [on, [agreement.agreement_id for agreement in held]],
        )
        if lines:
            cursor.execute("update customers_account set mail_to = %s where id = %s", [list(lines), account_id])
    search.refresh([account_id])
    read = {read.meter for read in reads}
    unread = tuple(a.meter for a in held if a.meter and a.meter not in read and a.last_on != on)
    services = ", ".join(agreement.service for agreement in held)
    waits = f" No final read yet of meter {', '.join(unread)}." if unread else ""
    event.about(says=f"Service ends on {on.isoformat()}: {services}.{waits}")
    return Stopped(
        agreements=tuple(StoppedService(a.agreement_id, a.service, a.from_on, on) for a in held),
        reads=reads,
        unread=unread,
    )


def _held(account_id: int, premise_id: int, on: date) -> list[_Held]:
    """What the account holds at the premise, or will."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select g.id, s.id, s.service, lower(g.during), upper(g.during),"
            " (select max(o.until_on) from bills_outcome o where o.agreement_id = g.id and o.code = 'billed'),"
            " coalesce(m.serial, ''), (select max(r.read_on) from meters_read r where r.installation_id = i.id)"
            " from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id"
            " left join meters_installation i on i.service_point_id = s.id and i.during @> %s"
            " left join meters_meter m on m.id = i.meter_id"
            " where g.account_id = %s and s.premise_id = %s and (upper_inf(g.during) or upper(g.during) > %s)"
            " order by s.id",
            [on, account_id, premise_id, on],
        )
        held = [_Held(*row) for row in cursor.fetchall()]
    if not held:
        raise Refused(
            f"The account holds nothing at this premise on {on.isoformat()}; look at its agreements.",
            field="premise_id",
        )
    return held


def _refuse(agreement: _Held, on: date) -> None:
    service = agreement.service.capitalize()
    if agreement.until_on is not None:
        raise Refused(f"{service} has a stop on file for {agreement.until_on.isoformat()}.", field="on")
    if on <= agreement.from_on:
        raise Refused(f"{service} begins on {agreement.from_on.isoformat()}; it can end on a later day.", field="on")
    if agreement.billed_until is not None and on < agreement.billed_until:
        raise Refused(
            f"{service} is billed through {agreement.billed_until.isoformat()}. Stop on that day or later; what"
            " was billed beyond the day is corrected by cancel and rebill.",
            field="on",
        )


def _final_reads(
    held: list[_Held], registers: Mapping[str, int], on: date, at: datetime, event: Acting
) -> tuple[ReadEntered, ...]:
    points = {a.service: a.service_point_id for a in held if a.service in METERED}
    for service in registers:
        if service not in points:
            remedy = f"name {' or '.join(sorted(points)) or 'no register'}"
            raise BadEntry(field="registers", value=service, why="has no meter that stops here", remedy=remedy)
    if not registers:
        return ()
    by_point = {points[service]: register for service, register in registers.items()}
    return enter_moving(by_point, on=on, at=at, kind="final", event_id=event.id)
