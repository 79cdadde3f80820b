"""A close and what is in flight: it waits for a posting on its day; a posting that waited for it is refused."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from curbstop.office import closing, ledger
from curbstop.office._once import Refused
from curbstop.records.ledger.models import Close
from tests.books import DAY, at_on, key, open_books, person, posting
from tests.office.test_closing_days import change_fund

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(transactional_db):
    open_books(DAY, DAY + timedelta(1))
    for name in ("fay", "finn"):
        person(name, "finance")


def prepare():
    return closing.prepare_day(key=key(), by=person("fay"), at=at_on(DAY), on=DAY)


def close(prepared):
    return closing.close_day(key=key(), by=person("finn"), at=at_on(DAY, 20), on=DAY, prepared_id=prepared.prepared_id)


def beside(do):
    """Run something on a connection of its own; returns the thread and what it came to."""
    came: list[object] = []

    def run():
        try:
            came.append(do())
        except Exception as error:
            came.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came


def waits_for_a_lock():
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted")
            if cursor.fetchone()[0]:
                return True
            cursor.execute("select pg_sleep(0.005)")
    return False


def test_a_close_waits_for_a_posting_in_flight_and_then_sees_it(town):
    prepared = prepare()
    with transaction.atomic():
        posting("change_fund", change_fund())
        thread, came = beside(lambda: close(prepared))
        assert waits_for_a_lock()
    thread.join()
    assert isinstance(came[0], Refused) and "2 rows were posted on 2026-03-02 since Fay" in str(came[0])
    assert not Close.objects.exists()
    close(prepare())
    assert closing.get_proof(on=DAY, only={"1", "34", "37"}).holds


def test_a_posting_that_waited_for_the_close_is_refused(town):
    prepared = prepare()
    with connection.cursor() as cursor:
        cursor.execute("select hashtext(current_schema() || ':day'), %s::date - date '2000-01-01'", [DAY])
        city, day = cursor.fetchone()
        cursor.execute("select pg_advisory_lock_shared(%s, %s)", [city, day])  # an act in flight
        closer, closed = beside(lambda: close(prepared))
        assert waits_for_a_lock()
        poster, posted = beside(lambda: posting("change_fund", change_fund()))
        cursor.execute("select pg_advisory_unlock_shared(%s, %s)", [city, day])
    closer.join()
    poster.join()
    assert isinstance(closed[0], closing.Closed) and isinstance(posted[0], ledger.DayClosed)
    assert closing.get_proof(on=DAY, only={"1", "34", "37"}).holds


def test_two_people_close_one_day_once(town):
    prepared = prepare()
    person("sue", "finance")
    pair = [
        beside(
            lambda by=by: closing.close_day(
                key=key(), by=person(by), at=at_on(DAY, 20), on=DAY, prepared_id=prepared.prepared_id
            )
        )
        for by in ("finn", "sue")
    ]
    for thread, _ in pair:
        thread.join()
    came = [came[0] for _, came in pair]
    assert sum(isinstance(one, closing.Closed) for one in came) == 1
    assert sum(isinstance(one, Refused) for one in came) == 1
    assert Close.objects.count() == 1
