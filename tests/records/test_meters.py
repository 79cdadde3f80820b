"""Meters and reads: one meter a place, one place a meter, one read a day, and no read ever changed."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from curbstop.records.base.models import User
from curbstop.records.customers.models import Agreement
from curbstop.records.meters.models import (
    Average,
    Correction,
    Estimate,
    Installation,
    Meter,
    MeterState,
    MeterTest,
    Read,
    ReadDecision,
    ReadFile,
    ReadHold,
    ReadQuarantined,
    ReadQuarantineSettled,
    Reread,
    RereadAnswer,
)
from tests.records.test_customers import agreement, point
from tests.records.violations import all_constraints, refused

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 15, tzinfo=UTC)
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


def user() -> User:
    return User.objects.get_or_create(username="ann")[0]


def correction(**more) -> Correction:
    given = {"installation": hung(), "was_during": (SPRING, None), "reason": "wrong house", "event_id": 1}
    return Correction.objects.create(**{**given, **more})


def state(**more) -> MeterState:
    return MeterState.objects.create(
        **{"meter": meter(), "state": "to_test", "on": SPRING, "reason": "slow", "event_id": 1, **more}
    )


def trial() -> MeterTest:
    return MeterTest.objects.create(meter=meter(), on=SPRING, passed=True, limits="AWWA", event_id=1)


def estimate(**more) -> Estimate:
    return Estimate.objects.create(
        **{"read": read(), "method": "average", "made_from": [1], "in_row": 1, "reason": "buried", **more}
    )


def reread(**more) -> Reread:
    given = {"asked_by": "office", "told": "", "fee_cents": 0, "on": SPRING, "by": user(), "event_id": 1}
    return Reread.objects.create(**{"read": Read.objects.first() or read(), **given, **more})


def answer(**more) -> RereadAnswer:
    one = reread()
    given = {"outcome": "wrong", "read": one.read, "seen_on": SUMMER, "register": 6, "says": "seen", "event_id": 1}
    return RereadAnswer.objects.create(**{"reread": one, **given, **more})


def hold(**more) -> ReadHold:
    given = {"read_on": SPRING, "until_on": SUMMER, "reason": "stuck", "owner": user(), "event_id": 1}
    return ReadHold.objects.create(**{"service_point": point_(), **given, **more})


def file(**more) -> ReadFile:
    counts = {"rows": 1, "accepted": 0, "waiting": 0, "duplicates": 0}
    given = {"layout": "meters_csv", "name": "r.csv", "sha256": b"1", "at": AT, "by": user(), "event_id": 1}
    return ReadFile.objects.create(**{**counts, **given, **more})


def apart() -> ReadQuarantined:
    return ReadQuarantined.objects.create(file=file(), line=2, text="x", why="no such meter")


def settled(**more) -> ReadQuarantineSettled:
    return ReadQuarantineSettled.objects.create(
        **{"row": apart(), "how": "entered", "by": user(), "event_id": 1, **more}
    )


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
    "meters_installation_part": lambda: hung(part=3),
    "meters_correction_says_why": lambda: correction(reason=""),
    "meters_meterstate_state": lambda: state(state="somewhere"),
    "meters_estimate_counted": lambda: estimate(in_row=0),
    "meters_reread_told": lambda: reread(asked_by="customer"),
    "meters_rereadanswer_outcome": lambda: answer(outcome="perhaps"),
    "meters_readhold_says_why": lambda: hold(until_on=SPRING),
    "meters_readfile_once": lambda: (file(), file()),
    "meters_readquarantinesettled_says_how": lambda: settled(how=""),
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


KEPT = {
    "meters_correction": correction, "meters_meterstate": state, "meters_metertest": trial,
    "meters_estimate": estimate, "meters_reread": reread, "meters_rereadanswer": answer, "meters_readhold": hold,
    "meters_readfile": file, "meters_readquarantined": apart, "meters_readquarantinesettled": settled,
}  # fmt: skip
VIOLATIONS |= {
    f"{table}_never_changes": lambda table=table, make=make: (make(), run(f"delete from {table}"))
    for table, make in KEPT.items()
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
