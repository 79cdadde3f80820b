"""Meters and reads: one meter a place, one place a meter, one read a day, and no read ever changed."""

from datetime import date

import pytest
from django.db import connection

from curbstop.records.base.models import User
from curbstop.records.customers.models import Agreement
from curbstop.records.meters.models import Average, Installation, Meter, Read, ReadDecision
from tests.records.test_customers import agreement, point
from tests.records.violations import all_constraints, refused

pytestmark = pytest.mark.django_db

SPRING, SUMMER, AUTUMN = date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1)


def meter(**more) -> Meter:
    return Meter.objects.create(**{"serial": "M1", "size": "5/8", "dials": 6, "gal_per_unit": 1, "event_id": 1, **more})


def hung(**more) -> Installation:
    given = {"during": (SPRING, None), "event_id": 1}
    there = {"meter": Meter.objects.first() or meter(), "service_point": point_()}
    return Installation.objects.create(**{**there, **given, **more})


def point_():
    from curbstop.records.customers.models import ServicePoint

    return ServicePoint.objects.first() or point()


def read(**more) -> Read:
    at = Installation.objects.first() or hung()
    given = {"read_on": SPRING, "register": 5, "kind": "regular", "source": "hand", "event_id": 1}
    return Read.objects.create(**{"installation": at, "service_point": at.service_point, **given, **more})


def decision(**more) -> ReadDecision:
    user, _ = User.objects.get_or_create(username="ann")
    given = {"outcome": "accept", "reason": "seen", "by": user, "event_id": 1}
    return ReadDecision.objects.create(**{"read": Read.objects.first() or read(), **given, **more})


def average(**more) -> Average:
    given = {"agreement": Agreement.objects.first() or agreement(), "during": (SPRING, None), "gal": 1, "event_id": 1}
    return Average.objects.create(**{**given, **more})


def itself() -> None:
    one = read()
    read(id=one.pk + 1000, replaces_id=one.pk + 1000, read_on=SUMMER)


def replaced_twice() -> None:
    one = read()
    read(replaces=one)
    read(replaces=one)


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


VIOLATIONS = {
    "meters_meter_serial_key": lambda: (meter(), meter()),
    "meters_meter_register": lambda: meter(dials=2),
    "meters_installation_one_meter": lambda: (hung(), hung(meter=meter(serial="M2"), during=(SUMMER, AUTUMN))),
    "meters_installation_one_place": lambda: (
        hung(),
        hung(service_point=point(service="irrigation"), during=(SUMMER, AUTUMN)),
    ),
    "meters_installation_days": lambda: hung(during=(SPRING, SPRING)),
    "meters_read_register": lambda: read(register=-1),
    "meters_read_not_itself": itself,
    "meters_read_kind": lambda: read(kind="guess"),
    "meters_read_once_a_day": lambda: (read(), read()),
    "meters_read_replaces_id_key": replaced_twice,
    "meters_read_never_changes": lambda: (read(), run("update meters_read set register = 6")),
    "meters_readdecision_says_why": lambda: decision(reason=""),
    "meters_readdecision_never_changes": lambda: (decision(), run("delete from meters_readdecision")),
    "meters_average_no_overlap": lambda: (average(), average(during=(SUMMER, AUTUMN))),
    "meters_average_gal": lambda: average(gal=-1),
    "meters_average_days": lambda: average(during=(SPRING, SPRING)),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_constraint_refuses(name):
    refused(name, VIOLATIONS[name])


def test_no_constraint_without_its_violation():
    assert all_constraints("meters") == set(VIOLATIONS)


@pytest.mark.parametrize("table", ["meters_read", "meters_readdecision"])
def test_a_read_is_not_taken_away(table):
    refused(f"{table}_never_changes", lambda: run(f"truncate {table} cascade"))
    refused(f"{table}_never_changes", lambda: (decision(), run(f"delete from {table}")))


def test_a_read_is_decided_once():
    refused("meters_readdecision_pkey", lambda: (decision(), decision()))


def test_an_exchange_leaves_no_day_without_a_meter_and_none_with_two():
    hung(during=(SPRING, SUMMER))
    hung(meter=meter(serial="M2"), during=(SUMMER, None))
    assert Installation.objects.count() == 2


def test_a_correction_of_the_same_day_names_what_it_replaces():
    one = read()
    assert read(replaces=one).read_on == one.read_on
