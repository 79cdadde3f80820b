"""The night's work on deposits: once, on an open day, and again without anything happening twice."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from curbstop.office import deposits, ledger
from curbstop.office.payments import PayFirst
from curbstop.records.base.models import Event, User
from curbstop.records.payments.models import DepositDemand
from curbstop.worker.deposits import night
from tests.books import DAY, at_on, key, person, set_policy
from tests.office.closed import closed_account
from tests.office.payment_town import bill, raise_town, take, ties

pytestmark = pytest.mark.django_db


@pytest.fixture
def leaver(db):
    raise_town()
    User.objects.create(username="system", roles=["system"])
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_city (id, code, name, time_zone, body)"
            " values (1, 'town', 'Town', 'America/Chicago', '{}')"
        )
    of = closed_account(1_000_001, DAY - timedelta(3))
    DepositDemand.objects.create(account=of, cents=10_000, due_on=DAY, authority="test", event_id=1)
    take(of, 10_000, first=PayFirst(words=("deposit",)))
    bill(of)
    return of


def at_night(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp())


def test_the_final_bill_is_paid_once_however_often_the_night_is_begun(leaver) -> None:
    night(timestamp=at_night(DAY))
    assert (ledger.get_balance(leaver.id), deposits.held_cents(leaver.id)) == (0, 541)
    night(timestamp=at_night(DAY))
    assert Event.objects.filter(act="deposits.apply").count() == 1
    ties()


def test_on_a_day_that_nobody_opened_nothing_is_done(leaver) -> None:
    night(timestamp=at_night(DAY + timedelta(5)))
    assert deposits.held_cents(leaver.id) == 10_000 and not Event.objects.filter(act="deposits.apply").exists()


def test_interest_is_added_on_the_first_of_a_month_where_the_city_pays_it(leaver) -> None:
    first = date(2026, 4, 1)
    ledger.open_day(key=key(), by=person("clock"), at=at_on(first), on=first)
    set_policy("deposit.interest", "3.65")
    set_policy("deposit.interest.year", "365")
    from tests.books import account

    stays = account(1_000_002)
    DepositDemand.objects.create(account=stays, cents=10_000, due_on=DAY, authority="test", event_id=1)
    take(stays, 10_000, first=PayFirst(words=("deposit",)))
    night(timestamp=at_night(first))
    assert deposits.held_cents(stays.id) == 10_030  # 30 days at 0.01 a day
    night(timestamp=at_night(first))
    assert deposits.held_cents(stays.id) == 10_030
