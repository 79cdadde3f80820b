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
from curbstop.office.moves.following import send_field
from curbstop.office.moves.recording import end, record, send_mail_to
from curbstop.office.moves.reverting import Reverted, lock_premise, revert
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
    """What a stop did. ``unread`` names the meters without a read of the last day: the final bill waits for it.

    ``reverted``: the landlord who signed for it is responsible from the day.
    """

    agreements: tuple[StoppedService, ...]
    reads: tuple[ReadEntered, ...]
    unread: tuple[str, ...]
    reverted: Reverted | None = None
    move_id: int = 0
    order_id: int | None = None


@dataclass(frozen=True)
class Held:
    """An agreement of the account at the premise."""

    agreement_id: int
    service_point_id: int
    service: str
    from_on: date
    until_on: date | None
    tariff: str
    items: int
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
    lock_premise(premise_id)
    held = load_held(account_id, premise_id, on)
    for agreement in held:
        refuse_end(agreement, on)
    reads = final_reads(held, registers or {}, on, at, event)
    ended = [agreement.agreement_id for agreement in held]
    end(event, ended, on)
    send_mail_to(event, account_id, lines)
    reverted = revert(event, account_id=account_id, premise_id=premise_id, ended=ended, on=on)
    begun = reverted.agreement_ids if reverted else ()
    move_id = record(
        event, kind="stop", account_id=account_id, premise_id=premise_id, on=on, begun=begun, ended=ended
    )  # fmt: skip
    search.refresh([account_id])
    read = {read.meter for read in reads}
    unread = tuple(a.meter for a in held if a.meter and a.meter not in read and a.last_on != on)
    services = ", ".join(agreement.service for agreement in held)
    waits = f" No final read yet of meter {', '.join(unread)}." if unread else ""
    whose = f" {reverted.name} (account {reverted.account}) is responsible from then." if reverted else ""
    event.about(says=f"Service ends on {on.isoformat()}: {services}.{waits}{whose}")
    order_id = send_field(
        event, kind="disconnect", premise_id=premise_id, account_id=account_id, on=on, unread=unread
    )  # fmt: skip
    return Stopped(
        agreements=tuple(StoppedService(a.agreement_id, a.service, a.from_on, on) for a in held),
        reads=reads,
        unread=unread,
        reverted=reverted,
        move_id=move_id,
        order_id=order_id,
    )


def load_held(account_id: int, premise_id: int, on: date) -> list[Held]:
    """What the account holds at the premise, or will.

    :raises Refused: nothing
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select g.id, s.id, s.service, lower(g.during), upper(g.during),"
            " g.tariff_id, g.items,"
            " (select max(o.until_on) from bills_outcome o where o.agreement_id = g.id and o.code = 'billed'),"
            " coalesce(m.serial, ''), (select max(r.read_on) from meters_read r where r.installation_id = i.id)"
            " from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id"
            " left join meters_installation i on i.service_point_id = s.id and i.during @> %s"
            " left join meters_meter m on m.id = i.meter_id"
            " where g.account_id = %s and s.premise_id = %s and (upper_inf(g.during) or upper(g.during) > %s)"
            " order by s.id",
            [on, account_id, premise_id, on],
        )
        held = [Held(*row) for row in cursor.fetchall()]
    if not held:
        raise Refused(
            f"The account holds nothing at this premise on {on.isoformat()}; look at its agreements.",
            field="premise_id",
        )
    return held


def refuse_end(agreement: Held, on: date) -> None:
    """An agreement that cannot end on the day.

    :raises Refused: it has a stop on file, began on that day or after, or is billed beyond it
    """
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


def final_reads(
    held: list[Held], registers: Mapping[str, int], on: date, at: datetime, event: Acting
) -> tuple[ReadEntered, ...]:
    """The last reads of whoever ends, by service.

    :raises rules.faults.BadValue: a service without a meter that stops here, a register that cannot be
    """
    points = {a.service: a.service_point_id for a in held if a.service in METERED}
    for service in registers:
        if service not in points:
            remedy = f"name {' or '.join(sorted(points)) or 'no register'}"
            raise BadEntry(field="registers", value=service, why="has no meter that stops here", remedy=remedy)
    if not registers:
        return ()
    by_point = {points[service]: register for service, register in registers.items()}
    return enter_moving(by_point, on=on, at=at, kind="final", event_id=event.id)
