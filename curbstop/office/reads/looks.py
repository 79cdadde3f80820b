"""Reads as screens look at them: usage of a period, what waits, a route's sheet, a read while it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office._counting import COUNTS
from curbstop.office._orders import hazard_words
from curbstop.office.reads._standing import WAITS, judge_reads, stand
from curbstop.office.reads.entry import check_day, check_register, explain_findings, parse_register
from curbstop.rules.faults import BadValue


@dataclass(frozen=True)
class ReadRow:
    """A read in a list."""

    read_id: int
    meter: str
    read_on: date
    register: int
    kind: str
    usage_gal: int


@dataclass(frozen=True)
class UsageBetween:
    """What was used after ``from_on`` and up to ``until_on``, and the reads it is the sum of. ``waiting``: reads of
    these days that somebody must decide first."""

    usage_gal: int
    reads: tuple[ReadRow, ...]
    waiting: int


@dataclass(frozen=True)
class UndecidedRead:
    """A read that waits for a decision, with what was found against it. ``account`` is empty where there is none."""

    read_id: int
    read_on: date
    meter: str
    address: str
    premise_id: int
    service: str
    cycle: str
    route: str
    account_id: int | None
    account: str
    name: str
    register: int
    previous_register: int | None
    previous_on: date | None
    usage_gal: int
    findings: tuple[str, ...]


@dataclass(frozen=True)
class SheetRow:
    """A line of a route's sheet, in walking order. ``register`` None: not read on the day yet."""

    premise_id: int
    service_point_id: int
    sequence: int
    address: str
    hazard: str
    service: str
    meter: str
    dials: int
    last_register: int | None
    last_on: date | None
    register: int | None
    waits: bool
    part: int = 1


@dataclass(frozen=True)
class ReadPreview:
    """What :func:`enter` would find. ``fault`` says why it would refuse, and ``field`` which entry is at fault."""

    meter: str
    previous_register: int | None
    previous_on: date | None
    days: int | None
    usage_gal: int | None
    average_gal: int | None
    waits: bool
    says: tuple[str, ...]
    fault: str
    field: str


def get_usage_between(*, service_point_id: int, from_on: date, until_on: date) -> UsageBetween:
    """The use at a service point of the period ``[from_on, until_on)``: the counting reads with
    ``from_on < read_on <= until_on``, whatever meters they are of."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select r.id, m.serial, r.read_on, r.register, r.kind, r.usage_gal, {WAITS}, {COUNTS}"
            " from meters_read r join meters_installation i on i.id = r.installation_id"
            " join meters_meter m on m.id = i.meter_id"
            " where r.service_point_id = %s and r.read_on > %s and r.read_on <= %s order by r.read_on, r.id",
            [service_point_id, from_on, until_on],
        )
        rows = cursor.fetchall()
    reads = tuple(ReadRow(*row[:6]) for row in rows if row[7])
    return UsageBetween(sum(read.usage_gal for read in reads), reads, sum(row[6] for row in rows))


def list_undecided(*, cycle: str | None = None) -> tuple[UndecidedRead, ...]:
    """The edit list: reads that wait for a decision, by day, route and walking order."""
    with connection.cursor() as cursor:
        cursor.execute(
            # the few that wait first: whose they are is looked up for them alone
            f"with waiting as materialized (select r.* from meters_read r where {WAITS})"
            " select r.id, r.read_on, m.serial, p.address, p.id, s.service, p.cycle_id, p.route, a.id,"
            " coalesce(a.number, ''), coalesce(c.name, ''), r.register, b.register, b.read_on, r.usage_gal, r.findings"
            " from waiting r join meters_installation i on i.id = r.installation_id"
            " join meters_meter m on m.id = i.meter_id join customers_servicepoint s on s.id = r.service_point_id"
            " join customers_premise p on p.id = s.premise_id left join meters_read b on b.id = r.previous_id"
            " left join customers_agreement g on g.service_point_id = s.id and g.during @> (r.read_on - 1)"
            " left join customers_account a on a.id = g.account_id"
            " left join customers_customer c on c.id = a.customer_id"
            " where %s::text is null or p.cycle_id = %s"
            " order by r.read_on, p.cycle_id, p.route, p.sequence, s.service, r.id",
            [cycle, cycle],
        )
        return tuple(UndecidedRead(*[*row[:15], tuple(row[15])]) for row in cursor.fetchall())


def get_read_sheet(*, cycle: str, route: str | None, on: date) -> tuple[SheetRow, ...]:
    """The meters of a route, or of all routes of a cycle, in walking order, with the last read and that of the day."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select p.id, s.id, p.sequence, p.address, {hazard_words('p')}, s.service, m.serial, m.dials, b.register,"
            " b.read_on, t.register, coalesce(t.waits, false), i.part"
            " from customers_premise p join customers_servicepoint s on s.premise_id = p.id"
            " join meters_installation i on i.service_point_id = s.id and i.during @> %(on)s"
            " join meters_meter m on m.id = i.meter_id"
            f" left join lateral (select r.register, r.read_on from meters_read r where r.installation_id = i.id"
            f"   and r.read_on < %(on)s and {COUNTS} order by r.read_on desc, r.id desc limit 1) b on true"
            f" left join lateral (select r.register, {WAITS} as waits from meters_read r where r.installation_id = i.id"
            "   and r.read_on = %(on)s and not exists (select 1 from meters_read y where y.replaces_id = r.id)"
            "   order by r.id desc limit 1) t on true"
            " where p.cycle_id = %(cycle)s and (%(route)s::text is null or p.route = %(route)s)"
            " order by p.route, p.sequence, p.id, s.service, i.part",
            {"on": on, "cycle": cycle, "route": route},
        )
        return tuple(SheetRow(*row) for row in cursor.fetchall())


def preview_read(
    *, service_point_id: int, read_on: date, register: str, at: datetime, kind: str = "regular"
) -> ReadPreview:
    """What entering this read would find, for a screen that shows it while it is typed. Nothing typed raises."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from meters_installation where service_point_id = %s and during @> %s",
            [service_point_id, read_on],
        )
        row = cursor.fetchone()
    if row is None:
        fault = f"No meter hangs here on {read_on.isoformat()}."
        return ReadPreview("", None, None, None, None, None, False, (), fault, "read_on")
    standing = stand([row[0]], on=read_on, at=at)[0]
    days = (read_on - standing.previous_on).days if standing.previous_on else None
    known = (standing.serial, standing.previous_register, standing.previous_on, days)
    try:
        number = parse_register(register)
        check_day(standing, read_on)
        check_register(standing, number)
    except BadValue as fault_found:
        says = f"{fault_found.why}; {fault_found.remedy}"
        return ReadPreview(*known, None, None, False, (), says, fault_found.field)
    judged = judge_reads([standing], [number], on=read_on, kind=kind)
    average = int(judged.average_gal[0])
    return ReadPreview(
        *known,
        usage_gal=int(judged.usage_gal[0]),
        average_gal=average if average >= 0 else None,
        waits=judged.waits(0),
        says=explain_findings(standing, number, read_on, judged),
        fault="",
        field="",
    )
