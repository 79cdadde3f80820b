"""Users and events: a key once, and an event for ever."""

import pytest
from django.db import connection

from curbstop.records.base.models import Event, User
from curbstop.records.base.reports import (
    MadeReport,
    ReportSchedule,
    ReportScheduleEnd,
    SavedReport,
    SavedReportEnd,
)
from tests.books import AT, DAY
from tests.records.violations import all_constraints, refused

pytestmark = pytest.mark.django_db


def event(**more) -> Event:
    user, _ = User.objects.get_or_create(username="ann", defaults={"roles": ["csr"]})
    return Event.objects.create(**{"act": "a.b", "key": "k", "by": user, "at": AT, "inputs": {}, **more})


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def twice() -> None:
    event()
    event()


def user_twice() -> None:
    User.objects.create(username="ann")
    User.objects.create(username="ann")


def saved() -> SavedReport:
    user, _ = User.objects.get_or_create(username="ann", defaults={"roles": ["csr"]})
    return SavedReport.objects.create(name="n", code="users", by=user, at=AT, event_id=1)


def schedule(**more: object) -> ReportSchedule:
    kept = saved()
    given = {"saved": kept, "every": "day", "media": "csv", "to": "a@b.example", "from_on": DAY, "by": kept.by}
    return ReportSchedule.objects.create(**{**given, "event_id": 1, **more})


def made(of: ReportSchedule) -> MadeReport:
    return MadeReport.objects.create(
        code="users", title="t", asked={}, name="n", media="csv", rows=0, sha256=b"1", body=b"", on=DAY, schedule=of,
        by=of.by, at=AT, event_id=1,
    )  # fmt: skip


def made_twice() -> None:
    one = schedule()
    made(one)
    made(one)


def forget(*rows: object) -> None:
    for row in rows:
        run(f"delete from {row._meta.db_table}")


VIOLATIONS = {
    "base_savedreport_never_changes": lambda: forget(saved()),
    "base_savedreportend_never_changes": lambda: forget(SavedReportEnd.objects.create(saved=saved(), event_id=1)),
    "base_reportschedule_never_changes": lambda: forget(schedule()),
    "base_reportscheduleend_never_changes": lambda: forget(
        ReportScheduleEnd.objects.create(schedule=schedule(), event_id=1)
    ),
    "base_madereport_never_changes": lambda: forget(made(schedule())),
    "base_madereport_once_a_day": made_twice,
    "base_reportschedule_every": lambda: schedule(every="hour"),
    "base_reportschedule_media": lambda: schedule(media="exe"),
    "base_event_key": twice,
    "base_event_never_changes": lambda: (event(), run("update base_event set says = 'x'")),
    "base_user_username_key": user_twice,
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_constraint_refuses(name):
    refused(name, VIOLATIONS[name])


def test_no_constraint_without_its_violation():
    # the two tables by which Django joins users to its own groups and permissions are not ours to fill;
    # the outbox is tried beside what it sends, in test_payments_asks.py
    ours = {name for name in all_constraints("base") if not name.startswith("base_outbox")}
    assert ours == set(VIOLATIONS)


def test_an_event_is_not_taken_away_either():
    refused("base_event_never_changes", lambda: run("truncate base_event cascade"))
    refused("base_event_never_changes", lambda: (event(), run("delete from base_event")))


def test_events_without_a_key_are_many():
    event(key=None)
    event(key=None)
    assert Event.objects.count() == 2
