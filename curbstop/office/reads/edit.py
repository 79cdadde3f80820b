"""The edit list as a screen works it: each waiting read with the uses before it, what is found by route, reader and
file, and use where nobody is responsible."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection

from curbstop.office._counting import COUNTS, STANDS
from curbstop.office.reads.looks import UndecidedRead, list_undecided

PICTURED = 13
FEW_DAYS = 35
"""What is counted by route and reader: a cycle and a week."""


@dataclass(frozen=True)
class PastUse:
    """An earlier use at the place, by the day of the read that ended it."""

    read_on: date
    gal: int
    estimated: bool


@dataclass(frozen=True)
class EditRow:
    """A read that waits, with the uses before it, the latest last. ``asked``: its re-read is under way."""

    read: UndecidedRead
    service_point_id: int
    reader: str
    codes: str
    asked: str
    uses: tuple[PastUse, ...] = field(default=())

    @property
    def usual_gal(self) -> int | None:
        """The average of the uses shown."""
        return sum(use.gal for use in self.uses) // len(self.uses) if self.uses else None


@dataclass(frozen=True)
class Counted:
    """How many reads of a route, a reader or a file were found remarkable lately."""

    name: str
    reads: int
    found: int

    @property
    def per_thousand(self) -> int:
        """Found, of a thousand."""
        return self.found * 1000 // self.reads if self.reads else 0


@dataclass(frozen=True)
class UnusedPlace:
    """Use on a meter at which nobody is responsible."""

    service_point_id: int
    premise_id: int
    address: str
    meter: str
    read_on: date
    register: int
    usage_gal: int


def list_edit(
    *, cycle: str = "", route: str = "", finding: str = "", read_id: int = 0, most: int = 500
) -> tuple[tuple[EditRow, ...], int]:
    """The reads that wait, in walking order, with their history; and how many there are. Three queries."""
    waiting = [
        row
        for row in list_undecided(cycle=cycle or None)
        if (not route or row.route == route)
        and (not finding or finding in row.findings)
        and (not read_id or row.read_id == read_id)
    ]
    shown = waiting[:most]
    more = _more([row.read_id for row in shown])
    uses = _uses([row.read_id for row in shown])
    return tuple(EditRow(row, *more[row.read_id], tuple(uses[row.read_id])) for row in shown), len(waiting)


def _more(read_ids: list[int]) -> dict[int, tuple[int, str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.id, r.service_point_id, r.reader, r.codes, coalesce((select x.asked_by from meters_reread x"
            "   where x.read_id = r.id and not exists (select from meters_rereadanswer y where y.reread_id = x.id)"
            "   limit 1), '') from meters_read r where r.id = any(%s)",
            [read_ids],
        )
        return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}


def _uses(read_ids: list[int]) -> dict[int, list[PastUse]]:
    found: dict[int, list[PastUse]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "select w.id, r.read_on, r.usage_gal, r.kind = 'estimated' from meters_read w join lateral ("
            "   select r.id, r.read_on, r.usage_gal, r.kind from meters_read r"
            "   where r.service_point_id = w.service_point_id and r.read_on < w.read_on and r.previous_id is not null"
            f"  and {COUNTS} order by r.read_on desc, r.id desc limit {PICTURED}) r on true"
            " where w.id = any(%s) order by w.id, r.read_on, r.id",
            [read_ids],
        )
        for id, on, gal, estimated in cursor.fetchall():
            found[id].append(PastUse(on, gal, estimated))
    return found


_BY = f"""
select {{name}}, count(*), count(*) filter (where r.findings <> '{{{{}}}}')
from meters_read r join customers_servicepoint s on s.id = r.service_point_id
join customers_premise p on p.id = s.premise_id
where r.read_on > %s and r.kind = 'regular' and {STANDS} group by 1 having {{name}} <> '' order by 3 desc, 1 limit 12"""


def count_found(*, on: date) -> dict[str, tuple[Counted, ...]]:
    """What was found lately, by ``route`` and by ``reader``: a bad route or a hurried reader shows."""
    since = on - timedelta(days=FEW_DAYS)
    names = {"route": "'Cycle ' || p.cycle_id || ', route ' || p.route", "reader": "r.reader"}
    found = {}
    with connection.cursor() as cursor:
        for by, name in names.items():
            cursor.execute(_BY.format(name=name), [since])
            found[by] = tuple(Counted(*row) for row in cursor.fetchall() if row[2])
    return found


def list_unused(*, on: date, least_gal: int = 1) -> tuple[UnusedPlace, ...]:
    """Use of the last weeks at places where nobody is responsible, the most first: a leak, or somebody who did not sign
    up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, p.id, p.address, m.serial, r.read_on, r.register, r.usage_gal"
            " from meters_read r join meters_installation i on i.id = r.installation_id"
            " join meters_meter m on m.id = i.meter_id join customers_servicepoint s on s.id = r.service_point_id"
            " join customers_premise p on p.id = s.premise_id"
            f" where r.read_on > %s and r.usage_gal >= %s and r.kind in ('regular', 'check') and {COUNTS}"
            " and not exists (select from customers_agreement g where g.service_point_id = s.id"
            "   and g.during @> (r.read_on - 1))"
            " and not exists (select from customers_agreement g where g.service_point_id = s.id and g.during @> %s)"
            " order by r.usage_gal desc, s.id limit 50",
            [on - timedelta(days=FEW_DAYS), least_gal, on],
        )
        return tuple(UnusedPlace(*row) for row in cursor.fetchall())
