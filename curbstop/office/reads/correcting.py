"""Reads on issued bills put right: part of an approved rebill (``office.bills.rebilling``), never an act alone.

Nothing is overwritten. The wrong read and whatever was counted from it are each replaced by another row; their bills
are then cancelled and made again from what counts now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office._counting import COUNTS, STANDS
from curbstop.office._once import Refused
from curbstop.office.reads._standing import NOT_REJECTED
from curbstop.rules.reads import check_reading, usage_gal


@dataclass(frozen=True)
class Changed:
    """A read that another took the place of: where and when it counted, and what changed."""

    service_point_id: int
    read_on: date
    read_id: int
    meter: str
    was_register: int
    register: int
    entered_by: int


_READ = f"""
select r.id, r.installation_id, r.service_point_id, r.read_on, r.register, r.kind, r.source, r.reader, r.previous_id,
  p.register, m.serial, m.dials, m.gal_per_unit, coalesce(e.by_id, 0),
  case when exists (select from meters_readdecision d where d.read_id = r.id) then '{{}}' else r.findings end
from meters_read r join meters_installation i on i.id = r.installation_id join meters_meter m on m.id = i.meter_id
left join meters_read p on p.id = r.previous_id left join base_event e on e.id = r.event_id
where {STANDS} and """
_NEXT = f"""r.installation_id = %s and (r.read_on, r.id) > (%s, %s) and {NOT_REJECTED}
order by r.read_on, r.id limit 1"""


@dataclass(frozen=True)
class _Stored:
    id: int
    installation_id: int
    service_point_id: int
    read_on: date
    register: int
    kind: str
    source: str
    reader: str
    previous_id: int | None
    previous_register: int | None
    serial: str
    dials: int
    gal_per_unit: int
    entered_by: int
    waiting: list[str]


def _one(where: str, values: Sequence[Any]) -> _Stored | None:
    with connection.cursor() as cursor:
        cursor.execute(_READ + where, values)
        row = cursor.fetchone()
    return _Stored(*row) if row else None


def correct_billed(*, read_id: int, register: int, rolled_over: bool, event_id: int) -> tuple[Changed, ...]:
    """Put another register in the place of a read that was billed, and count the next read of the meter from it.

    :raises Refused: there is no such read, another replaces it, or a use would come below zero
    :raises BadValue: a number that the dials do not show
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.id from meters_installation i join meters_read r on r.installation_id = i.id where r.id = %s"
            " for no key update of i",
            [read_id],
        )
    wrong = _one("r.id = %s", [read_id])
    if wrong is None:
        raise Refused(
            f"There is no read {read_id}, or another replaces it already; the meter's history shows which.",
            field="read_id",
        )
    if wrong.register == register and not rolled_over:
        raise Refused(f"The read of meter {wrong.serial} is {register:,} already.", field="register")
    check_reading(register, dials=wrong.dials, field="register")
    following = _one(_NEXT, [wrong.installation_id, wrong.read_on, wrong.id])
    used = _used(wrong, wrong.previous_register, register, rolled_over)
    right = _put(wrong, register, wrong.previous_id, used, [], event_id)
    changed = [_changed(wrong, register)]
    if following is not None:
        used = _used(following, register, following.register, following.register < _turned_from(following))
        _put(following, following.register, right, used, following.waiting, event_id)
        changed.append(_changed(following, following.register))
    return tuple(changed)


def _turned_from(read: _Stored) -> int:
    """The register that a read had turned over from; below it, it turns over again. 0: it had not turned over."""
    before = read.previous_register
    return before if before is not None and read.register < before else 0


def _changed(read: _Stored, register: int) -> Changed:
    return Changed(
        read.service_point_id, read.read_on, read.id, read.serial, read.register, register, read.entered_by
    )  # fmt: skip


def _used(read: _Stored, before: int | None, register: int, rolled_over: bool) -> int:
    if before is None:
        return 0
    if register < before and not rolled_over:
        raise Refused(
            f"Meter {read.serial} would read {register:,} on {read.read_on.isoformat()}, below {before:,} before it."
            " Check the digits, or say that the register turned over.",
            field="register",
        )
    return usage_gal(
        previous=before, current=register, dials=read.dials, unit_gal=read.gal_per_unit, rolled_over=rolled_over
    )


def _put(read: _Stored, register: int, previous_id: int | None, gal: int, findings: list[str], event_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,"
            " previous_id, usage_gal, findings, replaces_id, event_id)"
            " values (%s, %s, %s, %s, %s, 'hand', %s, %s, %s, %s, %s, %s) returning id",
            [read.installation_id, read.service_point_id, read.read_on, register, read.kind, read.reader, previous_id,
             gal, findings, read.id, event_id],
        )  # fmt: skip
        return int(cursor.fetchone()[0])


@dataclass(frozen=True)
class BilledRead:
    """A read that an issued bill of an account counts."""

    read_id: int
    service_point_id: int
    meter: str
    read_on: date
    register: int
    usage_gal: int


def list_billed(*, account_id: int, most: int = 8) -> tuple[BilledRead, ...]:
    """The reads that the account's bills in force count, the latest first: what a rebill can put right."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct r.id, r.service_point_id, m.serial, r.read_on, r.register, r.usage_gal"
            " from bills_outcome o join customers_agreement g on g.id = o.agreement_id"
            " join meters_read r on r.service_point_id = g.service_point_id and r.read_on > o.from_on"
            "   and r.read_on <= o.until_on"
            " join meters_installation i on i.id = r.installation_id join meters_meter m on m.id = i.meter_id"
            f" where o.account_id = %s and o.code = 'billed' and {COUNTS}"
            "   and not exists (select from bills_cancelled z where z.bill_id = o.bill_id)"
            " order by r.read_on desc, r.id desc limit %s",
            [account_id, most],
        )
        return tuple(BilledRead(*row) for row in cursor.fetchall())


# --- two meters at each other's house ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Hung:
    id: int
    meter_id: int
    serial: str
    service_point_id: int
    from_on: date
    until_on: date | None


def swap_places(
    *, service_point_ids: tuple[int, int], from_on: date, reason: str, event_id: int
) -> tuple[Changed, ...]:
    """Put two meters that were noted at each other's house where they hang, from the day of the mistake on.

    Their reads go with them: each is replaced by the same read at the other house. What was noted stays readable.

    :param from_on: the day from which they were noted wrong: both were hung, or both read, on it
    :raises Refused: the places are not two with a meter each since that day, or the meters were not read on it
    """
    first, second = (_hung(point, from_on) for point in sorted(service_point_ids))
    if first.id == second.id:
        raise Refused("A meter cannot be swapped with itself; name two places.", field="swap")
    changed: list[Changed] = []
    for hung in (first, second):
        whole = hung.from_on == from_on
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into meters_correction (installation_id, was_during, reason, event_id)"
                " select id, during, %s, %s from meters_installation where id = %s",
                [reason, event_id, hung.id],
            )
            cursor.execute(
                "update meters_installation set mistaken = %s, during = daterange(lower(during), %s) where id = %s",
                [whole, from_on, hung.id],
            )
    for hung, there in ((first, second), (second, first)):
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into meters_installation (meter_id, service_point_id, during, event_id)"
                " values (%s, %s, daterange(%s, %s), %s) returning id",
                [hung.meter_id, there.service_point_id, from_on, hung.until_on, event_id],
            )
            placed = int(cursor.fetchone()[0])
        changed += _take_along(hung, placed, there.service_point_id, from_on, event_id)
    return tuple(changed)


def _hung(point: int, on: date) -> _Hung:
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.id, i.meter_id, m.serial, i.service_point_id, lower(i.during), upper(i.during)"
            " from meters_installation i join meters_meter m on m.id = i.meter_id"
            " where i.service_point_id = %s and i.part = 1 and i.during @> %s for no key update of i",
            [point, on],
        )
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"No meter is noted at service point {point} on {on.isoformat()}.", field="swap")
    return _Hung(*row)


def _take_along(hung: _Hung, placed: int, point: int, from_on: date, event_id: int) -> list[Changed]:
    whole = hung.from_on == from_on
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.id, r.read_on, r.register, r.kind, r.source, r.reader, r.previous_id, r.usage_gal, r.findings,"
            f" coalesce(e.by_id, 0), ({COUNTS}) from meters_read r left join base_event e on e.id = r.event_id"
            f" where r.installation_id = %s and r.read_on >= %s and {STANDS} and not exists (select from"
            "   meters_readdecision d where d.read_id = r.id and d.outcome = 'reject') order by r.read_on, r.id",
            [hung.id, from_on],
        )
        rows = cursor.fetchall()
    if not rows or rows[0][1] != from_on:
        raise Refused(
            f"Meter {hung.serial} was not read on {from_on.isoformat()}, so its use cannot be told apart there."
            " Choose a day on which both meters were read or hung.",
            field="from_on",
        )
    changed, new_id = [], dict[int, int]()
    for read in rows:
        first = read[1] == from_on
        kept = whole or not first  # where it hung right before, that day's read stays there and begins here again
        id = _copy(read, placed, point, new_id, kept=kept, first=first, event_id=event_id)
        new_id[read[0]] = id
        if kept and not first:  # the first read of a meter at a place has no use
            changed += [
                Changed(place, read[1], read[0], hung.serial, read[2], read[2], read[9])
                for place in (hung.service_point_id, point)
            ]
    return changed


def _copy(
    read: tuple[Any, ...], placed: int, point: int, new_id: Mapping[int, int], *, kept: bool, first: bool, event_id: int
) -> int:
    id, on, register, kind, source, reader, previous, gal, findings, _, counts = read
    kind, previous, gal = ("initial", None, 0) if first else (kind, new_id.get(previous, previous), gal)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,"
            " previous_id, usage_gal, findings, replaces_id, event_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
            [placed, point, on, register, kind, source, reader, previous, gal, [] if counts else findings,
             id if kept else None, event_id],
        )  # fmt: skip
        return int(cursor.fetchone()[0])
