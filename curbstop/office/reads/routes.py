"""A route's reads of a day, all at once: judged over arrays, written as a set, one event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import act
from curbstop.office.reads._standing import Judgement, Standing, judge_reads, lock_installations, stand
from curbstop.office.reads.entry import BadRead
from curbstop.rules.customers import check_choice, check_text

SOURCES = ("route_file", "hand", "system")


@dataclass(frozen=True, slots=True)
class RouteRead:
    """One row of a route: the number on a register, of the meter with this serial or of the one at a service point.

    ``codes``: what the reader's device noted beside it.
    """

    register: int
    serial: str = ""
    service_point_id: int = 0
    codes: str = ""


@dataclass(frozen=True)
class RowRefused:
    """A row that was not taken, and why. Rows count from 1; ``meter`` is as the row names it."""

    row: int
    meter: str
    why: str


@dataclass(frozen=True)
class RouteRecorded:
    """What came of a route's rows: ``accepted`` count, ``waiting`` wait for a decision, ``duplicates`` were there
    already, ``unknown`` names meters that hang nowhere, ``refused`` rows that cannot be."""

    rows: int
    accepted: int
    waiting: int
    duplicates: int
    unknown: tuple[str, ...]
    refused: tuple[RowRefused, ...]


@act("reads.record_route")
def record_route(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    read_on: date,
    reads: tuple[RouteRead, ...],
    reader: str = "",
    source: str = "route_file",
) -> RouteRecorded:
    """Record the reads of a route or of a whole cycle on a day. What was recorded before is counted, not written again:
    the same file under another key adds nothing.

    A bad row never stops the others; it is named in the outcome.

    :param read_on: the day of the reads, not after the city's today
    :param reads: rows; more than 500 are remembered in the event by count and digest
    :raises BadRead: a day to come, or no rows
    """
    check_choice(source, SOURCES, field="source")
    if not reads:
        raise BadRead(field="reads", value="", why="the route has no rows", remedy="give at least one read")
    outcome = record_rows(event, read_on=read_on, reads=reads, reader=reader, source=source)
    event.about(says=_sentence(outcome, read_on))
    return outcome


def record_rows(event: Acting, *, read_on: date, reads: Sequence[RouteRead], reader: str, source: str) -> RouteRecorded:
    """What :func:`record_route` does, as a part of an act: a file whose rows are of several days.

    :raises BadRead: a day to come
    """
    found = _hanging(reads, read_on)
    places = [row for row, installation in enumerate(found) if installation]
    standings = stand([found[row] for row in places], on=read_on, at=event.at)
    if standings and read_on > standings[0].today:
        why = f"in the future; today is {standings[0].today.isoformat()}"
        raise BadRead(field="read_on", value=read_on.isoformat(), why=why, remedy="record it when it has been read")
    refused, good, duplicates = _sort(reads, places, standings, read_on)
    kept = [standings[index] for index in good]
    registers = [reads[places[index]].register for index in good]
    codes = [reads[places[index]].codes for index in good]
    judged = judge_reads(kept, registers, on=read_on, kind="regular")
    written = _write(kept, registers, judged, read_on, source, check_text(reader, field="reader"), event.id, codes)
    return RouteRecorded(
        rows=len(reads),
        accepted=sum(not waits for waits in written),
        waiting=sum(written),
        duplicates=duplicates + len(good) - len(written),
        unknown=tuple(_name(row) for row, installation in zip(reads, found, strict=True) if not installation),
        refused=tuple(refused),
    )


def _name(row: RouteRead) -> str:
    return row.serial or f"service point {row.service_point_id}"


def _sentence(outcome: RouteRecorded, read_on: date) -> str:
    told = f"Reads of {read_on.isoformat()}: {outcome.rows:,} rows, {outcome.accepted:,} accepted"
    for count, words in (
        (outcome.waiting, "wait for a decision"),
        (outcome.duplicates, "there already"),
        (len(outcome.unknown), "of meters that hang nowhere"),
        (len(outcome.refused), "refused"),
    ):
        told += f", {count:,} {words}" if count else ""
    return f"{told}."


def _hanging(reads: Sequence[RouteRead], read_on: date) -> list[int]:
    """The installation of each row, held; 0 where no such meter hangs on the day."""
    locked = lock_installations(
        service_point_ids=[row.service_point_id for row in reads if not row.serial],
        serials=[row.serial for row in reads if row.serial],
        on=read_on,
    )
    # by id, so that of two on the day of an exchange the new meter is the one at the point
    by_point = {point: installation for installation, point, _ in locked}
    by_serial = {serial: installation for installation, _, serial in locked}
    return [by_serial.get(row.serial, 0) if row.serial else by_point.get(row.service_point_id, 0) for row in reads]


def _sort(
    reads: Sequence[RouteRead], places: Sequence[int], standings: Sequence[Standing], read_on: date
) -> tuple[list[RowRefused], list[int], int]:
    """Rows that cannot be, with why; places of those that can, one a meter; and how many were there already."""
    refused: list[RowRefused] = []
    good: dict[int, int] = {}
    duplicates = 0
    shown = Counter({(standings[i].installation_id, reads[row].register) for i, row in enumerate(places)})
    different = Counter(installation for installation, _ in shown)
    for index, (row, standing) in enumerate(zip(places, standings, strict=True)):
        register = reads[row].register
        why = _why_not(standing, register, read_on)
        if different[standing.installation_id] > 1:
            why = "the file has two different reads of this meter for the day; read it again"
        if why:
            refused.append(RowRefused(row + 1, _name(reads[row]), why))
        elif standing.latest_on == read_on or standing.installation_id in good:
            duplicates += 1
        else:
            good[standing.installation_id] = index
    return refused, list(good.values()), duplicates


def _why_not(standing: Standing, register: int, read_on: date) -> str:
    if isinstance(register, bool) or not isinstance(register, int):
        return f"{register!r} is not a whole number"
    if not 0 <= register < 10**standing.dials:
        return f"{register:,} is not a number that {standing.dials} dials show; check the digits, or the meter's record"
    if standing.latest_on is not None and read_on < standing.latest_on:
        return f"the meter was read later, on {standing.latest_on.isoformat()}: {standing.latest_register:,}"
    if standing.latest_on == read_on and register != standing.latest_register:
        return f"the meter has a read of that day, {standing.latest_register:,}; correct that one if it is wrong"
    return ""


_INSERT = """
insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader, previous_id,
  usage_gal, findings, replaces_id, codes, event_id)
select r.installation, r.point, %s, r.register, 'regular', %s, %s, r.previous, r.usage,
  string_to_array(r.findings, ' '), r.replaces, r.codes, %s
from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[],
  %s::text[]) as r (installation, point, register, previous, usage, findings, replaces, codes)
on conflict (installation_id, read_on) where replaces_id is null do nothing
returning findings <> '{}'"""


def _write(
    standings: Sequence[Standing],
    registers: Sequence[int],
    judged: Judgement,
    read_on: date,
    source: str,
    reader: str,
    event_id: int,
    codes: Sequence[str],
) -> list[bool]:
    """Write the reads; for each one written, whether it waits."""
    columns: list[list[Any]] = [
        [standing.installation_id for standing in standings],
        [standing.service_point_id for standing in standings],
        list(registers),
        [standing.previous_id for standing in standings],
        [int(gal) for gal in judged.usage_gal],
        [" ".join(judged.names(row)) for row in range(len(standings))],
        [standing.rejected_id for standing in standings],
        list(codes),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [read_on, source, reader, event_id, *columns])
        return [row[0] for row in cursor.fetchall()]
