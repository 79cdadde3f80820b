"""One read at a time: entered by hand, decided, corrected. Nothing is overwritten: a correction is another read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own_place
from curbstop.office.reads._standing import NOT_REJECTED, Judgement, Standing, judge_reads, lock_installations, stand
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.faults import BadValue
from curbstop.rules.reads import Finding, check_reading, judge_one, usage_gal

KINDS = ("regular", "opening", "final", "check")
_REGISTER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12}")


class BadRead(BadValue):
    """A read that cannot be taken as it stands."""


@dataclass(frozen=True)
class ReadEntered:
    """A read as it was kept. ``waits``: somebody decides before it counts; ``says`` has a sentence for each reason."""

    read_id: int
    meter: str
    read_on: date
    register: int
    previous_register: int | None
    previous_on: date | None
    usage_gal: int
    average_gal: int | None
    findings: tuple[str, ...]
    says: tuple[str, ...]
    waits: bool


def parse_register(text: str, *, field: str = "register") -> int:
    """The number on a register as somebody typed it: ``207200``, ``207,200``.

    :raises BadRead: anything else: decimals, signs, words
    """
    found = text.strip().lstrip("\ufeff").strip() if isinstance(text, str) else ""
    if not _REGISTER.fullmatch(found):
        remedy = "write the digits of the register, for example 207200"
        raise BadRead(field=field, value=text, why="not the number of a register", remedy=remedy)
    return int(found.replace(",", ""))


# --- acts -------------------------------------------------------------------------------------------------------------


@act("reads.enter")
def enter(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    service_point_id: int,
    read_on: date,
    register: int,
    kind: str = "regular",
    reader: str = "",
    serial: str = "",
) -> ReadEntered:
    """Enter one read by hand. With findings it waits for a decision, and does not count until then.

    :param service_point_id: of the water or irrigation point that the meter hangs at
    :param read_on: the day it was read, not after the city's today
    :param register: the number on the register, in its own units
    :param kind: ``regular`` on the route, ``opening`` or ``final`` of somebody who moves, ``check`` on request
    :param serial: which meter, where two registers of a compound meter hang at the point
    :raises BadRead: a day or a number that cannot be
    :raises Refused: no meter hangs there on that day
    """
    check_choice(kind, KINDS, field="kind")
    hanging = lock_installations(service_point_ids=[service_point_id], on=read_on)
    locked = [id for id, _, hung in hanging if not serial or hung == serial]
    if not locked:
        raise Refused(
            f"No meter hangs at service point {service_point_id} on {read_on.isoformat()}; look at its meters, or"
            " install one.",
            field="service_point_id",
        )
    standing = stand([locked[-1]], on=read_on, at=at, kind=kind)[0]
    check_day(standing, read_on)
    refuse_own_place(by, standing.premise_id, read_on)
    entered = keep(standing, register, on=read_on, kind=kind, source="hand", reader=reader, event_id=event.id)
    event.about(f"meter:{_meter_id(standing)}", f"premise:{standing.premise_id}", says=_sentence(entered))
    return entered


def _meter_id(standing: Standing) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select meter_id from meters_installation where id = %s", [standing.installation_id])
        return int(cursor.fetchone()[0])


def _sentence(read: ReadEntered) -> str:
    told = f"Meter {read.meter} read {read.register:,} on {read.read_on.isoformat()}: {read.usage_gal:,} gal."
    return f"{told} Waits for a decision: {'; '.join(read.says)}." if read.waits else told


def check_day(standing: Standing, read_on: date) -> None:
    """The day can be: not to come, and after the meter's last read.

    :raises BadRead: it cannot, with what to do
    """
    meter = f"meter {standing.serial}"
    if read_on > standing.today:
        why = f"in the future; today is {standing.today.isoformat()}"
        raise BadRead(field="read_on", value=read_on.isoformat(), why=why, remedy="enter it when it has been read")
    if standing.latest_on is not None and read_on < standing.latest_on:
        why = f"before the last read of {meter}, {standing.latest_register:,} on {standing.latest_on.isoformat()}"
        remedy = "check the day, or correct that read"
        raise BadRead(field="read_on", value=read_on.isoformat(), why=why, remedy=remedy)
    if standing.latest_on == read_on:
        why = f"{meter} has a read of that day, {standing.latest_register:,}"
        raise BadRead(field="read_on", value=read_on.isoformat(), why=why, remedy="correct that read if it is wrong")


def check_register(standing: Standing, register: int, *, field: str = "register") -> None:
    """The register can show the number.

    :raises BadValue: it cannot, with what it shows
    """
    if isinstance(register, bool) or not isinstance(register, int):
        raise BadRead(field=field, value=register, why="not a whole number", remedy="write the digits of the register")
    check_reading(register, dials=standing.dials, field=field)


def keep(
    standing: Standing,
    register: int,
    *,
    on: date,
    kind: str,
    source: str,
    event_id: int,
    reader: str = "",
    replaces: int | None = None,
    field: str = "register",
    rolled_over: bool = False,
) -> ReadEntered:
    """Judge a read and write its row. The caller holds the installation and has checked the day.

    :param rolled_over: somebody says that the register turned over; the usage is then counted so, and nothing is found
    """
    check_register(standing, register, field=field)
    judged = judge_reads([standing], [register], on=on, kind=kind)
    usage, names, says = int(judged.usage_gal[0]), judged.names(0), explain_findings(standing, register, on, judged)
    if rolled_over:
        usage, names, says = _over(standing, register), [], ()
    place = [standing.installation_id, standing.service_point_id]
    values: list[Any] = [*place, on, register, kind, source, check_text(reader, field="reader")]
    values += [standing.previous_id, usage, names, replaces or standing.rejected_id, event_id]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,"
            " previous_id, usage_gal, findings, replaces_id, event_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
            values,
        )
        read_id = cursor.fetchone()[0]
    average = int(judged.average_gal[0])
    return ReadEntered(
        read_id=read_id,
        meter=standing.serial,
        read_on=on,
        register=register,
        previous_register=standing.previous_register,
        previous_on=standing.previous_on,
        usage_gal=usage,
        average_gal=average if average >= 0 else None,
        findings=tuple(names),
        says=says,
        waits=bool(names),
    )


def _over(standing: Standing, register: int) -> int:
    return usage_gal(
        previous=standing.previous_register or 0,
        current=register,
        dials=standing.dials,
        unit_gal=standing.gal_per_unit,
        rolled_over=True,
    )


def explain_findings(standing: Standing, register: int, on: date, judged: Judgement) -> tuple[str, ...]:
    """A sentence for each finding, in the words of the rule."""
    if not int(judged.findings[0]) or standing.previous_register is None or standing.previous_on is None:
        return ()
    verdict = judge_one(
        previous=standing.previous_register,
        current=register,
        dials=standing.dials,
        unit_gal=standing.gal_per_unit,
        history_gal=standing.history_gal,
        bands=judged.bands[standing.customer_class],
        days=max((on - standing.previous_on).days, 1),
        history_days=standing.history_days,
    )
    found = int(judged.findings[0])
    kept = zip(verdict.findings, verdict.says, strict=True)
    return tuple(says for finding, says in kept if found & int(finding))


@dataclass(frozen=True)
class _Found:
    """A read as it is stored, with what happened to it since."""

    id: int
    installation_id: int
    service_point_id: int
    premise_id: int
    serial: str
    read_on: date
    register: int
    kind: str
    previous_id: int | None
    findings: list[str]
    replaced: bool
    decided: str
    billed_on: int | None


def _find(read_id: int) -> _Found:
    """The read, its meter held.

    :raises Refused: there is no such read, or another replaces it
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.id from meters_installation i join meters_read r on r.installation_id = i.id where r.id = %s"
            " for no key update of i",
            [read_id],
        )
        cursor.execute(
            "select r.id, r.installation_id, r.service_point_id, s.premise_id, m.serial, r.read_on, r.register, r.kind,"
            " r.previous_id, r.findings, exists (select 1 from meters_read x where x.replaces_id = r.id),"
            " coalesce(d.outcome, ''), (select min(o.bill_id) from customers_agreement g"
            "   join bills_outcome o on o.agreement_id = g.id and o.code = 'billed'"
            "   where g.service_point_id = r.service_point_id and o.from_on < r.read_on and r.read_on <= o.until_on)"
            " from meters_read r join meters_installation i on i.id = r.installation_id"
            " join meters_meter m on m.id = i.meter_id join customers_servicepoint s on s.id = r.service_point_id"
            " left join meters_readdecision d on d.read_id = r.id where r.id = %s",
            [read_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no read {read_id}; the meter's history lists them.", field="read_id")
    found = _Found(*row)
    if found.replaced:
        raise Refused(
            f"Read {read_id} of meter {found.serial} was replaced by another; the meter's history shows which.",
            field="read_id",
        )
    return found


def _later(found: _Found) -> list[tuple[int, date, int]]:
    """Reads of the meter after this one that stand: id, day, register."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.id, r.read_on, r.register from meters_read r where r.installation_id = %s"
            " and (r.read_on, r.id) > (%s, %s)"
            f" and {NOT_REJECTED} order by r.read_on, r.id",
            [found.installation_id, found.read_on, found.id],
        )
        return list(cursor.fetchall())


@act("reads.decide")
def decide(event: Acting, /, *, key: Key, by: Actor, at: datetime, read_id: int, outcome: str, reason: str) -> None:
    """Decide a read that waits: ``accept`` it as it stands, or ``reject`` it. Both stay on file with the reason.

    A register that is below its last read cannot be accepted as it stands: there is no use to bill. Say with
    :func:`correct` what it shows, or that it turned over.

    :raises Refused: the read does not wait, or a later read has counted the use since
    """
    check_choice(outcome, ("accept", "reject"), field="outcome")
    why = check_text(reason, field="reason", longest=500, required=True)
    found = _find(read_id)
    event.about(f"premise:{found.premise_id}", f"read:{read_id}")
    refuse_own_place(by, found.premise_id, found.read_on)
    read = f"Read {found.register:,} of meter {found.serial} on {found.read_on.isoformat()}"
    if found.decided:
        raise Refused(f"{read} is decided already ({found.decided}).", field="read_id")
    if not found.findings:
        raise Refused(f"{read} does not wait; nothing was found against it. A wrong one is corrected.", field="read_id")
    if outcome == "accept":
        if Finding.BELOW_LAST.name.lower() in found.findings:
            raise Refused(
                f"{read} is below the read before it. Correct it, with 'rolled over' if the register turned over, or"
                " reject it.",
                field="outcome",
            )
        if later := _later(found):
            raise Refused(
                f"{read} cannot count any more: the read {later[0][2]:,} of {later[0][1].isoformat()} covers the same"
                " use. Reject one of the two.",
                field="outcome",
            )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_readdecision (read_id, outcome, reason, by_id, event_id) values (%s, %s, %s, %s, %s)",
            [read_id, outcome, why, by.id, event.id],
        )
    event.about(says=f"{read}: {'accepted' if outcome == 'accept' else 'rejected'}. {why}")


@act("reads.correct")
def correct(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    read_id: int,
    register: int,
    reason: str,
    rolled_over: bool = False,
    reader: str = "",
) -> ReadEntered:
    """Put another read in the place of one that was wrong, for the same day. Both stay on file.

    :param register: what the register showed
    :param rolled_over: the register turned over since the read before; its use is counted so
    :raises Refused: the read is on an issued bill, or later reads were counted from it
    """
    why = check_text(reason, field="reason", longest=500, required=True)
    found = _find(read_id)
    event.about(f"premise:{found.premise_id}", f"read:{read_id}")
    refuse_own_place(by, found.premise_id, found.read_on)
    read = f"Read {found.register:,} of meter {found.serial} on {found.read_on.isoformat()}"
    if found.billed_on is not None:
        raise Refused(
            f"{read} is on bill {found.billed_on}. A billed read is corrected with its bill: cancel and rebill.",
            field="read_id",
        )
    if later := _later(found):
        raise Refused(
            f"{read} is followed by {later[0][2]:,} on {later[0][1].isoformat()}, which was counted from it. Correct"
            " the last read, or reject it, first.",
            field="read_id",
        )
    standing = stand([found.installation_id], on=found.read_on, at=at, kind=found.kind, without=read_id)[0]
    entered = keep(
        standing,
        register,
        on=found.read_on,
        kind=found.kind,
        source="hand",
        reader=reader,
        event_id=event.id,
        replaces=read_id,
        rolled_over=rolled_over,
    )
    event.about(f"read:{entered.read_id}", says=f"{read} corrected: {why}. {_sentence(entered)}")
    return entered


def enter_moving(
    registers: Mapping[int, int], *, on: date, at: datetime, kind: str, event_id: int
) -> tuple[ReadEntered, ...]:
    """The opening or final reads of somebody who moves: register by service point.

    A read of that day that shows the same is theirs too, and no second one is written.

    :raises BadRead: a day or a number that cannot be
    :raises Refused: no meter hangs at one of the points
    """
    locked = lock_installations(service_point_ids=list(registers), on=on)
    hanging = {point: installation for installation, point, _ in locked}
    missing = sorted(set(registers) - set(hanging))
    if missing:
        raise Refused(
            f"No meter hangs at service point {missing[0]} on {on.isoformat()}, so it has no read. Leave the read out,"
            " or install the meter first.",
            field="registers",
        )
    entered = []
    for standing in stand([hanging[point] for point in sorted(registers)], on=on, at=at, kind=kind):
        register = registers[standing.service_point_id]
        if standing.latest_on == on and standing.latest_register == register:
            continue
        check_day(standing, on)
        entered.append(keep(standing, register, on=on, kind=kind, source="hand", event_id=event_id, field="registers"))
    return tuple(entered)
