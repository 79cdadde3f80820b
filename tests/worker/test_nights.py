"""The night plans drafts by the city's lead days and assesses late charges, once each."""

import logging
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from curbstop.records.base.models import User
from curbstop.records.bills.models import Run, RunStep
from curbstop.records.delinquency.models import LateCharge
from curbstop.records.payments.autopay import DraftFile, DraftPlan
from curbstop.worker import nights
from tests.books import account, at_on, person, set_policy
from tests.office.draft_town import BILLED, bill, enrol, raise_town

pytestmark = pytest.mark.django_db
NIGHT, LATE = date(2026, 4, 18), date(2026, 4, 22)
"""Three days before the bill is due, and the day after it."""


@pytest.fixture
def owing(db):
    raise_town()
    User.objects.create(username="system", roles=["system"])
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_city (id, code, name, time_zone, body)"
            " values (1, 'town', 'Town', 'America/Chicago', '{}')"
        )
    of = account()
    bill(of)
    RunStep.objects.create(
        event_id=1, run=Run.objects.get(), step="posted", bills=1, cents=9459, on=BILLED, by_id=person("clock").id,
        at=at_on(BILLED),
    )  # fmt: skip
    return of


def at_night(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 11, tzinfo=UTC).timestamp())


def test_the_drafts_of_the_days_that_the_city_gives_the_bank_are_planned_once(owing, caplog):
    caplog.set_level(logging.INFO)
    enrol(owing)
    nights.plan_drafts(at_night(NIGHT))
    assert "autopay.lead_days" in caplog.text and not DraftPlan.objects.exists()
    set_policy("autopay.lead_days", 2)
    nights.plan_drafts(at_night(NIGHT))
    assert not DraftPlan.objects.exists()  # due in three days
    nights.plan_drafts(at_night(date(2026, 4, 19)))
    nights.plan_drafts(at_night(date(2026, 4, 19)))
    (row,) = DraftPlan.objects.all()
    assert (row.code, row.cents) == ("draft", 9459) and DraftFile.objects.count() == 1


def test_late_bills_are_charged_on_their_day(owing, caplog):
    caplog.set_level(logging.INFO)
    nights.assess_late(at_night(LATE))
    assert "No late charges" in caplog.text
    for id, value in (("late.percent", "2"), ("late.day", 1), ("bill.due_days", 20)):
        set_policy(id, value)
    nights.assess_late(at_night(date(2026, 4, 21)))
    assert not LateCharge.objects.exists()
    nights.assess_late(at_night(LATE))
    nights.assess_late(at_night(LATE))
    assert LateCharge.objects.get().cents == 189


def test_promises_are_looked_at_and_what_is_not_set_is_said(owing, caplog):
    caplog.set_level(logging.INFO)
    nights.look_at_promises(at_night(NIGHT))
    nights.look_at_promises(at_night(NIGHT))  # begun again: nothing twice
    assert "settle_promises: PromisesSettled(kept=0, broken=0, reminded=0)" in caplog.text
    assert "catchup.offer is not set" in caplog.text and "follow_petitions: 0" in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
