"""Meters: into stock, into the ground, and out of it again, without a day in which two hang at one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office import policies, search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.reads._standing import lock_installations, stand
from curbstop.office.reads.entry import BadRead, ReadEntered, check_day, keep
from curbstop.rules.customers import METERED, BadEntry, check_choice, check_text
from curbstop.rules.policies import NotSet
from curbstop.rules.reads import check_register as check_dials


@dataclass(frozen=True, slots=True)
class MeterEntry:
    """A meter as it comes into stock. ``size`` in inches; one step of the register is ``gal_per_unit`` gallons."""

    serial: str
    size: str = "5/8"
    dials: int = 6
    gal_per_unit: int = 1


@dataclass(frozen=True, slots=True)
class InstallEntry:
    """A meter hung at a service point, and what its register showed."""

    service_point_id: int
    serial: str
    register: int = 0


@dataclass(frozen=True)
class Installed:
    """A meter hung: the installation and its initial read."""

    installation_id: int
    read_id: int


@dataclass(frozen=True)
class Exchanged:
    """A meter exchanged. ``removed`` is the last read of the old one; its use is billed with the new one's."""

    removed: ReadEntered
    installation_id: int
    read_id: int


@dataclass(frozen=True)
class HungRead:
    """A read in a meter's history. ``state``: counts, waits, rejected, replaced."""

    read_id: int
    read_on: date
    register: int
    kind: str
    usage_gal: int
    findings: tuple[str, ...]
    state: str
    reason: str


@dataclass(frozen=True)
class HungMeter:
    """A meter that hangs or hung at a service point, with its reads there, the latest first."""

    installation_id: int
    serial: str
    size: str
    dials: int
    gal_per_unit: int
    from_on: date
    until_on: date | None
    reads: tuple[HungRead, ...]


@dataclass(frozen=True)
class StockRow:
    """A meter that hangs nowhere. ``state`` and ``since_on``: what is to be done with it; ``tested``: its last test."""

    meter_id: int
    serial: str
    size: str
    dials: int
    gal_per_unit: int
    state: str = "in_stock"
    since_on: date | None = None
    reason: str = ""
    tested: str = ""


# --- acts -------------------------------------------------------------------------------------------------------------


@act("meters.enter_stock")
def enter_stock(event: Acting, /, *, key: Key, by: Actor, at: datetime, meters: tuple[MeterEntry, ...]) -> int:
    """Enter meters into stock, all or none; returns how many.

    :raises BadEntry: a value that cannot be, with the row it is in
    :raises Refused: a serial that is there already or stands twice in the list
    """
    if not meters:
        raise BadEntry(field="meters", value="", why="the list is empty", remedy="give at least one meter")
    serials = []
    for row, meter in enumerate(meters, start=1):
        serials.append(check_text(meter.serial, field=f"meters[{row}].serial", longest=40, required=True))
        check_text(meter.size, field=f"meters[{row}].size", longest=10, required=True)
        check_dials(dials=meter.dials, unit_gal=meter.gal_per_unit)
    _refuse_twice("meters", serials)
    columns: list[Any] = [
        serials,
        [meter.size for meter in meters],
        [meter.dials for meter in meters],
        [meter.gal_per_unit for meter in meters],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_meter (serial, size, dials, gal_per_unit, event_id)"
            " select *, %s from unnest(%s::text[], %s::text[], %s::smallint[], %s::int[])"
            " on conflict (serial) do nothing returning serial",
            [event.id, *columns],
        )
        new = {row[0] for row in cursor.fetchall()}
    known = [serial for serial in serials if serial not in new]
    if known:
        raise Refused(
            f"A serial is one meter: {_first(known)} are on file already. Take them out, or correct the serial.",
            field="meters",
        )
    event.about(says=f"{len(meters):,} meters entered into stock.")
    return len(meters)


def _refuse_twice(field: str, serials: Sequence[str]) -> None:
    twice = [serial for serial, count in Counter(serials).items() if count > 1]
    if twice:
        raise Refused(f"{_first(twice)} stand twice in the list; keep one row of each.", field=field)


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}"


@act("meters.install")
def install(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    service_point_id: int,
    serial: str,
    on: date,
    register: int,
    part: int = 1,
) -> Installed:
    """Hang a meter from stock at a service point, with its initial read.

    :param part: 2: the register for small flows of a compound meter, beside the main one

    :raises BadRead: a register that the meter cannot show, or a day to come
    :raises Refused: no such meter or place, a meter hangs there (use an exchange), or this one hangs elsewhere
    """
    event.about(f"service_point:{service_point_id}")
    hung = hang(event, service_point_id=service_point_id, serial=serial, on=on, register=register, part=part)
    event.about(says=f"Meter {serial} installed on {on.isoformat()} at {register:,}.")
    return hung


def hang(event: Acting, *, service_point_id: int, serial: str, on: date, register: int, part: int = 1) -> Installed:
    """Hang a meter as part of another act: an order completed in the field.

    :raises BadRead, Refused: as :func:`install`
    """
    return Installed(*_hang([InstallEntry(service_point_id, serial, register)], on, event.at, event, part)[0])


@act("meters.install_many")
def install_many(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, installs: tuple[InstallEntry, ...], on: date
) -> int:
    """Hang many meters on one day, all or none: a conversion, a new development. Returns how many.

    :raises BadRead: a register that a meter cannot show, or a day to come
    :raises Refused: a row that cannot be, named
    """
    if not installs:
        raise BadEntry(field="installs", value="", why="the list is empty", remedy="give at least one meter")
    _refuse_twice("installs", [row.serial for row in installs])
    hung = _hang(installs, on, at, event)
    event.about(says=f"{len(hung):,} meters installed on {on.isoformat()}.")
    return len(hung)


_PLACES = """
select s.id, s.service, s.premise_id, p.address, m.id, m.serial, m.dials, m.gal_per_unit,
  here.serial, lower(here.during), there.address, lower(there.during),
  (%(at)s::timestamptz at time zone coalesce((select time_zone from decisions_city), 'UTC'))::date,
  (select max(upper(i.during)) from meters_installation i where i.meter_id = m.id),
  (select t.state from meters_meterstate t where t.meter_id = m.id order by t.id desc limit 1)
from unnest(%(points)s::bigint[], %(serials)s::text[]) with ordinality as w (point, serial, n)
left join customers_servicepoint s on s.id = w.point
left join customers_premise p on p.id = s.premise_id
left join meters_meter m on m.serial = w.serial
left join lateral (select k.serial, i.during from meters_installation i join meters_meter k on k.id = i.meter_id
  where i.service_point_id = w.point and i.part = %(part)s and i.during && daterange(%(on)s, null)
  order by i.during limit 1) here on true
left join lateral (select q.address, i.during from meters_installation i
  join customers_servicepoint t on t.id = i.service_point_id join customers_premise q on q.id = t.premise_id
  where i.meter_id = m.id and i.during && daterange(%(on)s, null) order by i.during limit 1) there on true
order by w.n"""


def _hang(
    installs: Sequence[InstallEntry], on: date, at: datetime, event: Acting, part: int = 1
) -> list[tuple[int, int]]:
    """Hang the meters; installation and initial read of each, in order."""
    points = [row.service_point_id for row in installs]
    with connection.cursor() as cursor:
        # two installs at one place or of one meter take turns, so that the second is told of the first
        cursor.execute(
            "select id from customers_servicepoint where id = any(%s) order by id for no key update", [points]
        )
        cursor.execute(
            "select id from meters_meter where serial = any(%s) order by id for no key update",
            [[row.serial for row in installs]],
        )
        cursor.execute(
            _PLACES, {"points": points, "serials": [row.serial for row in installs], "on": on, "at": at, "part": part}
        )
        found = cursor.fetchall()
        for row, place in zip(installs, found, strict=True):
            _refuse_place(row, place, on)
        values: list[Any] = [part, on, event.id, [place[4] for place in found], points]
        values += [on, event.id, points, [row.register for row in installs]]
        cursor.execute(
            "with hung as (insert into meters_installation (meter_id, service_point_id, part, during, event_id)"
            " select m, s, %s, daterange(%s, null), %s from unnest(%s::bigint[], %s::bigint[]) as n (m, s)"
            " returning id, service_point_id)"
            " insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,"
            " usage_gal, findings, event_id) select h.id, h.service_point_id, %s, n.register, 'initial', 'hand', '', 0,"
            " '{}', %s from hung h join unnest(%s::bigint[], %s::bigint[]) as n (point, register)"
            " on n.point = h.service_point_id returning service_point_id, installation_id, id",
            values,
        )
        made = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    _refresh_search(points, on)
    if len(installs) <= 20:
        event.about(*(f"meter:{place[4]}" for place in found), *(f"premise:{place[2]}" for place in found))
    return [made[point] for point in points]


def _refuse_place(row: InstallEntry, place: Any, on: date) -> None:
    point, service, _, address, meter, _, dials, _, here, here_from, there, there_from, today, removed_on, state = place
    if point is None:
        raise Refused(f"There is no service point {row.service_point_id}.", field="service_point_id")
    if service not in METERED:
        raise Refused(
            f"{service.capitalize()} at {address} has no meter of its own; hang it at the water point.",
            field="service_point_id",
        )
    if meter is None:
        raise Refused(f"No meter {row.serial} is on file; enter it into stock first.", field="serial")
    if here is not None:
        raise Refused(
            f"{address} has meter {here} since {here_from.isoformat()}; use an exchange, or correct the place.",
            field="service_point_id",
        )
    if state in ("scrapped", "lost"):
        raise Refused(
            f"Meter {row.serial} is {state}; choose another, or say first that it is in stock again.", field="serial"
        )
    if there is not None:
        raise Refused(
            f"Meter {row.serial} hangs at {there} since {there_from.isoformat()}; were the two places swapped?",
            field="serial",
        )
    _check_new(row.serial, row.register, dials, on, today)


def _check_new(serial: str, register: int, dials: int, on: date, today: date, field: str = "register") -> None:
    if on > today:
        why = f"in the future; today is {today.isoformat()}"
        raise BadRead(field="on", value=on.isoformat(), why=why, remedy="record it when the meter hangs")
    if isinstance(register, bool) or not isinstance(register, int) or not 0 <= register < 10**dials:
        why = f"not a number that the {dials} dials of meter {serial} show"
        raise BadRead(field=field, value=register, why=why, remedy="check the digits, or the meter's record")


def _refresh_search(points: Sequence[int], on: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct account_id from customers_agreement where service_point_id = any(%s)"
            " and during && daterange(%s, null)",
            [list(points), on],
        )
        search.refresh([row[0] for row in cursor.fetchall()])


@act("meters.exchange")
def exchange(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    service_point_id: int,
    on: date,
    removed_register: int,
    serial: str,
    register: int,
    reason: str,
) -> Exchanged:
    """Take down the meter at a service point and hang another on the same day: the old one hangs until ``on``, the new
    one from ``on``. What the old one counted since its last read is kept, and billed with what the new one counts.

    :param removed_register: what the old one shows as it is taken down
    :param register: what the new one shows as it is hung
    :raises BadRead: a register that cannot be, or a day before the old meter's last read
    :raises Refused: nothing hangs there, the new meter is not on file, or hangs elsewhere
    """
    why = check_text(reason, field="reason", required=True)
    event.about(f"service_point:{service_point_id}")
    gone, removed = take_down(event, service_point_id=service_point_id, on=on, register=removed_register)
    hung = hang(event, service_point_id=service_point_id, serial=serial, on=on, register=register)
    event.about(
        says=f"Meter {gone} taken down on {on.isoformat()} at {removed_register:,} ({removed.usage_gal:,} gal),"
        f" {serial} hung at {register:,}: {why}."
    )
    return Exchanged(removed=removed, installation_id=hung.installation_id, read_id=hung.read_id)


def take_down(
    event: Acting, *, service_point_id: int, on: date, register: int, serial: str = "", state: str = "to_test",
    reason: str = "taken down",
) -> tuple[str, ReadEntered]:  # fmt: skip
    """Take down the meter at a service point as part of another act; returns its serial and its last read.

    :param serial: which, where two registers of a compound meter hang

    :param register: what it shows as it is taken down
    :raises BadRead: a register that cannot be, or a day before its last read
    :raises Refused: nothing hangs there, or it was hung on that day or after
    """
    hanging = lock_installations(service_point_ids=[service_point_id], on=on)
    locked = [row for row in hanging if not serial or row[2] == serial]
    if not locked:
        raise Refused(
            f"No meter hangs at service point {service_point_id} on {on.isoformat()}; install one.",
            field="service_point_id",
        )
    old = stand([locked[-1][0]], on=on, at=event.at)[0]
    if old.hung_until is not None or old.hung_from >= on:
        raise Refused(
            f"Meter {old.serial} hangs there from {old.hung_from.isoformat()}; it can be taken down on a later day.",
            field="on",
        )
    check_day(old, on)
    removed = keep(old, register, on=on, kind="removed", source="hand", event_id=event.id, field="removed_register")
    with connection.cursor() as cursor:
        cursor.execute(
            "update meters_installation set during = daterange(lower(during), %s) where id = %s",
            [on, old.installation_id],
        )
    _set_state(old.serial, state, on, reason, event)
    return old.serial, removed


@act("meters.remove")
def remove(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, service_point_id: int, on: date, register: int, reason: str,
    serial: str = "", state: str = "in_stock",
) -> ReadEntered:  # fmt: skip
    """Take down a meter and hang no other. What it counted since its last read is kept and billed.

    :param serial: which, where two registers of a compound meter hang
    :param state: what is to be done with it: ``in_stock``, ``to_test``, ``to_repair``, ``scrapped``, ``lost``
    :raises BadRead: a register that cannot be, or a day before its last read
    :raises Refused: nothing hangs there
    """
    why = check_text(reason, field="reason", longest=300, required=True)
    check_choice(state, tuple(STATES), field="state")
    event.about(f"service_point:{service_point_id}")
    gone, removed = take_down(
        event, service_point_id=service_point_id, on=on, register=register, serial=serial, state=state, reason=why
    )
    event.about(says=f"Meter {gone} taken down on {on.isoformat()} at {register:,} ({removed.usage_gal:,} gal): {why}.")
    return removed


STATES: Mapping[str, str] = {
    "in_stock": "In stock", "to_test": "To test", "to_repair": "To repair", "scrapped": "Scrapped", "lost": "Lost",
}  # fmt: skip


@act("meters.set_state")
def set_state(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, serial: str, state: str, on: date, reason: str
) -> None:
    """Say what is to be done with a meter that hangs nowhere. Each change is a row; a scrapped one is not hung again.

    :raises Refused: no such meter, or it hangs somewhere
    """
    check_choice(state, tuple(STATES), field="state")
    why = check_text(reason, field="reason", longest=300, required=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.address from meters_meter m"
            " join meters_installation i on i.meter_id = m.id and upper_inf(i.during)"
            " join customers_servicepoint s on s.id = i.service_point_id"
            " join customers_premise p on p.id = s.premise_id where m.serial = %s",
            [serial],
        )
        row = cursor.fetchone()
    if row:
        raise Refused(f"Meter {serial} hangs at {row[0]}; take it down first.", field="serial")
    _set_state(serial, state, on, why, event)
    event.about(says=f"Meter {serial}: {STATES[state].lower()}, {why}.")


def _set_state(serial: str, state: str, on: date, why: str, event: Acting) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into meters_meterstate (meter_id, state, "on", reason, event_id)'
            " select id, %s, %s, %s, %s from meters_meter where serial = %s returning meter_id",
            [state, on, why, event.id, serial],
        )
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"No meter {serial} is on file.", field="serial")
    event.about(f"meter:{row[0]}")


@dataclass(frozen=True)
class Tested:
    """A meter as tested. ``says`` tells the result by the limits that held."""

    serial: str
    passed: bool
    says: str


@act("meters.test")
def test(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, serial: str, on: date, low_bp: int = -1,
    middle_bp: int = -1, high_bp: int = -1, note: str = "",
) -> Tested:  # fmt: skip
    """Record a test of a meter at up to three flows, judged by the city's limits (``meters.accuracy``).

    :param low_bp: accuracy at the low flow in hundredths of a percent (9,850 is 98.50 percent); -1: not tested
    :raises Refused: no such meter, no flow tested, or the city has no limits
    """
    measured = {"low": low_bp, "middle": middle_bp, "high": high_bp}
    given = {flow: bp for flow, bp in measured.items() if bp >= 0}
    if not given or any(bp > 20_000 for bp in given.values()):
        raise Refused("Say the accuracy at one flow at least, from 0 to 200 percent.", field="low_bp")
    known = policies.load("meters.accuracy")
    try:
        limits = known.table("meters.accuracy", on=on)
    except NotSet as missing:
        raise Refused(f"{missing.says or missing} A test is judged by the city's limits.", field="low_bp") from None
    least, most = int(str(limits["least_bp"])), int(str(limits["most_bp"]))
    passed = all(least <= bp <= most for bp in given.values())
    told = ", ".join(f"{flow} {bp // 100}.{bp % 100:02} percent" for flow, bp in given.items())
    within = f"from {least // 100}.{least % 100:02} to {most // 100}.{most % 100:02} percent"
    says = f"Meter {serial} {'passed' if passed else 'failed'}: {told}; {within} is right."
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into meters_metertest (meter_id, "on", low_bp, middle_bp, high_bp, passed, limits, note, event_id)'
            " select id, %s, %s, %s, %s, %s, %s, %s, %s from meters_meter where serial = %s returning meter_id",
            [
                on,
                low_bp,
                middle_bp,
                high_bp,
                passed,
                within,
                check_text(note, field="note", longest=300),
                event.id,
                serial,
            ],
        )
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"No meter {serial} is on file.", field="serial")
    event.about(f"meter:{row[0]}", says=says)
    return Tested(serial, passed, says)


# --- reads ------------------------------------------------------------------------------------------------------------


def get_meter_history(*, service_point_id: int, most: int = 60) -> tuple[HungMeter, ...]:
    """The meters of a service point, the one that hangs first, each with its latest reads."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.id, m.serial, m.size, m.dials, m.gal_per_unit, lower(i.during), upper(i.during)"
            " from meters_installation i join meters_meter m on m.id = i.meter_id where i.service_point_id = %s"
            " and not i.mistaken order by i.during desc, i.part",
            [service_point_id],
        )
        meters = cursor.fetchall()
        cursor.execute(
            "select r.installation_id, r.id, r.read_on, r.register, r.kind, r.usage_gal, r.findings,"
            " case when d.outcome = 'reject' then 'rejected' when x.id is not null then 'replaced'"
            "   when r.findings = '{}' or d.outcome = 'accept' then 'counts' else 'waits' end, coalesce(d.reason, '')"
            " from meters_read r left join meters_read x on x.replaces_id = r.id"
            " left join meters_readdecision d on d.read_id = r.id where r.service_point_id = %s"
            " order by r.read_on desc, r.id desc limit %s",
            [service_point_id, most],
        )
        reads: dict[int, list[HungRead]] = {}
        for row in cursor.fetchall():
            reads.setdefault(row[0], []).append(HungRead(*[*row[1:6], tuple(row[6]), *row[7:]]))
    return tuple(HungMeter(*[*row, tuple(reads.get(row[0], ()))]) for row in meters)


def list_stock() -> tuple[StockRow, ...]:
    """The meters that hang nowhere, by size and serial."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select m.id, m.serial, m.size, m.dials, m.gal_per_unit, coalesce(t.state, 'in_stock'), t.on,"
            " coalesce(t.reason, ''), coalesce((select case when x.passed then 'passed ' else 'failed ' end || x.on"
            "   from meters_metertest x where x.meter_id = m.id order by x.id desc limit 1), '')"
            " from meters_meter m left join lateral (select state, s.on, s.reason from meters_meterstate s"
            "   where s.meter_id = m.id order by s.id desc limit 1) t on true where not exists"
            " (select 1 from meters_installation i where i.meter_id = m.id and upper_inf(i.during))"
            " order by m.size, m.serial"
        )
        return tuple(StockRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class PlaceRow:
    """Where a service point is."""

    service_point_id: int
    premise_id: int
    service: str
    address: str
    place: str
    account: str
    name: str


def get_place(*, service_point_id: int) -> PlaceRow | None:
    """A service point that can have a meter, with whoever is responsible there last; None: there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, p.id, s.service, p.address, p.city || ', ' || p.state || ' ' || p.zip,"
            " coalesce(a.number, ''), coalesce(c.name, '') from customers_servicepoint s"
            " join customers_premise p on p.id = s.premise_id"
            " left join lateral (select account_id from customers_agreement g where g.service_point_id = s.id"
            "   and upper_inf(g.during) order by lower(g.during) desc limit 1) g on true"
            " left join customers_account a on a.id = g.account_id"
            " left join customers_customer c on c.id = a.customer_id where s.id = %s and s.service = any(%s)",
            [service_point_id, list(METERED)],
        )
        row = cursor.fetchone()
    return PlaceRow(*row) if row else None
