"""A city for office tests: Moore's pack with the example overlay, people with roles, ten empty houses with meters.

House n is ``n Sage Wren Dr``; its water meter has serial ``4000000n`` and reads ``1000 * n`` since 1 December 2025.
Meters ``40000011`` to ``40000020`` are in stock. Every test asks for the fixture ``city``.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import curbstop
from curbstop.office import customers, ledger, meters, policies, staff, tariffs
from curbstop.office._events import Actor, Key

HUNG_ON = date(2025, 12, 1)
TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
HOUSES = 10
PEOPLE = {
    "cleo": ("csr",), "sue": ("supervisor",), "finn": ("field",), "cass": ("cashier",), "otto": ("auditor",),
    "fay": ("finance",), "clock": ("system",), "adam": ("administrator",),
}  # fmt: skip
CHART = Path(curbstop.__file__).parent / "cities" / "moore_ok" / "chart.yaml"


def key() -> Key:
    """A key that nobody used before."""
    return Key(uuid4().hex)


def at_on(day: date, hour: int = 15) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def by(name: str) -> Actor:
    return staff.get_actor(username=name)


def build() -> None:
    """Raise the city by its own acts."""
    ada = staff.first_administrator(username="ada", name="Ada Min", at=AT)
    for name, roles in PEOPLE.items():
        staff.enrol(key=key(), by=ada, at=AT, username=name, first_name=name.title(), last_name="Test", roles=roles)
    moore = policies.read_pack("moore_ok")
    policies.install_city(key=key(), by=ada, at=AT, pack=moore, overlays=(policies.read_pack("example"),))
    for file in moore.tariffs:
        tariffs.adopt(key=key(), by=ada, at=AT, file=file.name, text=file.text)
    ledger.adopt_chart(key=key(), by=ada, at=AT, text=CHART.read_text())
    policies.plan_calendar(key=key(), by=ada, at=AT, from_on=date(2025, 7, 1), until_on=date(2027, 1, 1))
    entered = customers.enter_premises(
        key=key(), by=ada, at=AT, premises=tuple(house(number) for number in range(1, HOUSES + 1))
    )
    stock = tuple(meters.MeterEntry(serial=f"400000{number:02}") for number in range(1, HOUSES + 11))
    meters.enter_stock(key=key(), by=ada, at=AT, meters=stock)
    water = [p.id for p in customers.list_service_points(premise_ids=entered.premise_ids) if p.service == "water"]
    hung = tuple(
        meters.InstallEntry(point, f"400000{number:02}", 1000 * number) for number, point in enumerate(water, start=1)
    )
    meters.install_many(key=key(), by=ada, at=AT, installs=hung, on=HUNG_ON)


def house(number: int, **more: object) -> customers.PremiseEntry:
    given = {
        "address": f"{number} Sage Wren Dr", "city": "Moore", "state": "OK", "zip": "73160", "cycle": "1",
        "route": "01", "sequence": number,
    }  # fmt: skip
    return customers.PremiseEntry(**{**given, **more})  # type: ignore[arg-type]


def premise(number: int) -> int:
    from curbstop.records.customers.models import Premise

    return Premise.objects.get(address=f"{number} Sage Wren Dr").pk


def point(number: int, service: str = "water") -> int:
    from curbstop.records.customers.models import ServicePoint

    return ServicePoint.objects.get(premise__address=f"{number} Sage Wren Dr", service=service).pk


def open_account(name: str = "Rosa Ortiz", on: date = TODAY, **more: object) -> customers.Opened:
    given = {"key": key(), "by": by("cleo"), "at": at_on(on), "on": on, "name": name}
    return customers.open(**{**given, **more})  # type: ignore[arg-type]


def move_in(number: int, on: date, register: int | None = None, name: str = "Rosa Ortiz", **more: object) -> int:
    """Open an account and start it at a house; returns the account's id."""
    from curbstop.office import moves

    opened = open_account(name, on=on, **{k: more.pop(k) for k in ("customer_class", "tenure") if k in more})
    given = {"registers": {} if register is None else {"water": register}}
    moves.start(
        key=key(), by=by("cleo"), account_id=opened.account_id, premise_id=premise(number), on=on,
        **{"at": at_on(on), **given, **more},
    )  # fmt: skip
    return opened.account_id


def read(number: int, on: date, register: int, **more: object):
    from curbstop.office import reads

    given = {"key": key(), "by": by("cleo"), "at": at_on(on, 20), "service_point_id": point(number)}
    return reads.enter(**{**given, "read_on": on, "register": register, **more})
