"""Premises and the points at which they are served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.rules.customers import CLASSES, SERVICES, BadEntry, check_choice, check_text


@dataclass(frozen=True)
class PremiseEntry:
    """A premise as it is entered. ``services`` are those it can be served with, one service point each."""

    address: str
    city: str
    state: str
    zip: str
    cycle: str
    route: str
    sequence: int
    kind: str = "residential"
    services: tuple[str, ...] = ("water", "sewer", "sanitation")
    inside_city: bool = True
    dwelling_units: int = 1
    parcel: str = ""
    hazard: str = ""


@dataclass(frozen=True)
class PremisesEntered:
    """How many were entered, and their ids in the order given."""

    service_points: int
    premise_ids: tuple[int, ...]


@dataclass(frozen=True)
class ServicePointRow:
    """A service point. ``measured_by_id`` is the point whose meter measures it (sewer: the water point)."""

    id: int
    premise_id: int
    service: str
    measured_by_id: int | None


@act("customers.enter_premises")
def enter_premises(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, premises: tuple[PremiseEntry, ...]
) -> PremisesEntered:
    """Enter premises with their service points, all or none. Sewer is measured by the premise's water point.

    :raises BadEntry: a value that cannot be taken, with the row it is in
    :raises Refused: an address that is there already or stands twice in the list, or a cycle that there is not
    """
    rows = [_checked(entry, row) for row, entry in enumerate(premises, start=1)]
    _refuse_known(rows)
    with connection.cursor() as cursor:
        ids = _reserve(cursor, "customers_premise", len(rows))
        columns: list[list[Any]] = [
            [row.address for row in rows],
            [row.city for row in rows],
            [row.state for row in rows],
            [row.zip for row in rows],
            [row.parcel for row in rows],
            [row.inside_city for row in rows],
            [row.dwelling_units for row in rows],
            [row.kind for row in rows],
            [row.cycle for row in rows],
            [row.route for row in rows],
            [row.sequence for row in rows],
            [row.hazard for row in rows],
        ]
        cursor.execute(
            "insert into customers_premise (id, address, city, state, zip, parcel, inside_city, dwelling_units, kind,"
            " cycle_id, route, sequence, hazard, event_id) select *, %s from unnest(%s::bigint[], %s::text[],"
            " %s::text[], %s::text[], %s::text[], %s::text[], %s::bool[], %s::smallint[], %s::text[], %s::text[],"
            " %s::text[], %s::int[], %s::text[])",
            [event.id, ids, *columns],
        )
        count = _enter_service_points(cursor, ids, rows, event.id)
    event.about(says=f"{len(ids)} premises entered with {count} service points.")
    if len(ids) <= 20:
        event.about(*(f"premise:{id}" for id in ids))
    return PremisesEntered(service_points=count, premise_ids=tuple(ids))


def _checked(entry: PremiseEntry, row: int) -> PremiseEntry:
    """The entry with its texts in one spelling; a value that cannot be taken names its row."""
    try:
        for service in entry.services:
            check_choice(service, SERVICES, field="services")
        if "sewer" in entry.services and "water" not in entry.services:
            why = "sewer is measured by the water that goes in, and there is no water point"
            raise BadEntry(field="services", value=entry.services, why=why, remedy="add water, or leave sewer out")
        if len(set(entry.services)) != len(entry.services):
            raise BadEntry(field="services", value=entry.services, why="one stands twice", remedy="name each once")
        check_choice(entry.kind, CLASSES, field="kind")
        if not 1 <= entry.dwelling_units <= 32_000:
            why = "not a number of dwellings"
            raise BadEntry(field="dwelling_units", value=entry.dwelling_units, why=why, remedy="write 1 or more")
        return replace(
            entry,
            address=check_text(entry.address, field="address", longest=100, required=True),
            zip=check_text(entry.zip, field="zip", longest=10, required=True),
            route=check_text(entry.route, field="route", longest=20, required=True),
            city=check_text(entry.city, field="city", longest=60, required=True),
            state=check_text(entry.state, field="state", longest=30, required=True),
            parcel=check_text(entry.parcel, field="parcel", longest=40),
            hazard=check_text(entry.hazard, field="hazard", longest=400),
        )
    except BadEntry as fault:
        raise BadEntry(
            field=f"premises[{row}].{fault.field}", value=fault.value, why=fault.why, remedy=fault.remedy
        ) from None


def _refuse_known(rows: Sequence[PremiseEntry]) -> None:
    """All addresses new, all cycles known."""
    if not rows:
        raise BadEntry(field="premises", value="", why="the list is empty", remedy="give at least one premise")
    seen: set[tuple[str, str]] = set()
    twice = []
    for row in rows:
        if (row.address, row.zip) in seen:
            twice.append(f"{row.address}, {row.zip}")
        seen.add((row.address, row.zip))
    with connection.cursor() as cursor:
        cursor.execute(
            "select address || ', ' || zip from customers_premise"
            " where (address, zip) in (select * from unnest(%s::text[], %s::text[])) order by 1",
            [[row.address for row in rows], [row.zip for row in rows]],
        )
        twice += [found[0] for found in cursor.fetchall()]
        if twice:
            first = "; ".join(twice[:5])
            more = f" and {len(twice) - 5} more" if len(twice) > 5 else ""
            raise Refused(
                f"An address is entered once: {first}{more} stand twice or are there already. Take them out.",
                field="premises",
            )
        cycles = sorted({row.cycle for row in rows})
        cursor.execute("select c from unnest(%s::text[]) c where c not in (select code from decisions_cycle)", [cycles])
        unknown = [found[0] for found in cursor.fetchall()]
    if unknown:
        raise Refused(
            f"The city has no cycle {', '.join(unknown)}; plan the calendar first, or correct the rows.",
            field="premises",
        )


def _reserve(cursor: CursorWrapper, table: str, count: int) -> list[int]:
    cursor.execute("select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)", [table, count])
    return [row[0] for row in cursor.fetchall()]


def _enter_service_points(
    cursor: CursorWrapper, ids: Sequence[int], rows: Sequence[PremiseEntry], event_id: int
) -> int:
    places = [(id, service) for id, row in zip(ids, rows, strict=True) for service in row.services]
    points = _reserve(cursor, "customers_servicepoint", len(places))
    water = {id: point for point, (id, service) in zip(points, places, strict=True) if service == "water"}
    cursor.execute(
        "insert into customers_servicepoint (id, premise_id, service, measured_by_id, number, event_id)"
        " select *, 1, %s from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[])",
        [
            event_id,
            points,
            [id for id, _ in places],
            [service for _, service in places],
            [water[id] if service == "sewer" else None for id, service in places],
        ],
    )
    return len(points)


def list_service_points(*, premise_ids: Sequence[int]) -> tuple[ServicePointRow, ...]:
    """The service points of premises, by premise and in the order of a bill's lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, premise_id, service, measured_by_id from customers_servicepoint where premise_id = any(%s)"
            " order by premise_id, array_position(%s::text[], service), number",
            [list(premise_ids), list(SERVICES)],
        )
        return tuple(ServicePointRow(*row) for row in cursor.fetchall())
