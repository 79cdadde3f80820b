"""Statements in one trip: they are prepared once, fail as any statement does, and leave the connection as it was."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.office._statements import array, ask, ask_all, words

pytestmark = pytest.mark.django_db

COUNT = "select count(*) from pg_prepared_statements where statement = %(text)s::text"
ADDED = "select %(a)s::int + 1"


def prepared(text):
    ((count,),) = ask(COUNT, {"text": text})
    return count


def test_rows_come_back_as_they_are_whatever_their_type():
    asked = (
        "select %(n)s::bigint, %(n)s::text, %(day)s::date, %(no)s::boolean, null::text, %(words)s::text[], '100%%',"
        " (%(json)s::jsonb)::text"
    )
    given = {"n": 12, "day": "2026-11-23", "no": False, "words": ["a", None], "json": '{"a": 1}'}
    ((n, text, day, no, nothing, some, percent, json),) = ask(asked, given)
    assert (n, text, day.isoformat(), no, nothing) == (12, "12", "2026-11-23", False, None)
    assert (some, percent, json) == (["a", None], "100%", '{"a": 1}')


def test_a_statement_is_prepared_once_and_several_go_in_one_trip():
    one, two = ask_all((ADDED, {"a": 1}), ("select generate_series(1, %(n)s::int)", {"n": 3}))
    assert (one, two) == ([(2,)], [(1,), (2,), (3,)])
    assert ask(ADDED, {"a": 41}) == [(42,)]
    assert prepared("select $1::int + 1") == 1


def test_the_first_failure_is_told_and_nothing_after_it_is_done():
    new = "insert into payments_series (code) values (%(code)s::text)"
    with pytest.raises(IntegrityError, match="payments_series_code"), transaction.atomic():
        ask_all((new, {"code": "A"}), (new, {"code": ""}), (new, {"code": "B"}))
    assert ask("select count(*) from payments_series where code in ('A', 'B')", {}) == [(0,)]
    for _ in range(2):  # what could not be prepared is not taken for prepared
        with pytest.raises(DatabaseError, match="syntax error"), transaction.atomic():
            ask_all((ADDED, {"a": 1}), ("selec %(a)s::int", {"a": 1}))
    assert ask(ADDED, {"a": 1}) == [(2,)]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_each_stands_for_itself_and_inside_it_begins_with_the_first():
    mine = "select pg_current_xact_id()::text"
    assert ask(mine, {}) != ask(mine, {})
    with transaction.atomic():
        first, second = ask_all((mine, {}), (mine, {}))
        assert first == second == ask(mine, {})
        with connection.cursor() as cursor:
            cursor.execute(mine)
            assert cursor.fetchall() == first


@pytest.mark.django_db(transaction=True)
def test_a_trip_that_was_broken_off_closes_the_connection(monkeypatch):
    ask(ADDED, {"a": 1})
    link = connection.connection

    def interrupted(trip):
        next(trip)
        trip.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(link, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask("select pg_sleep(0.01), %(text)s::text", {"text": "x" * 1_000_000})
    assert link.closed
    connection.close()
    assert ask(ADDED, {"a": 1}) == [(2,)]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)))
def test_any_words_are_an_array(db, texts):
    assert ask("select %(texts)s::text[]", {"texts": words(texts)}) == [(texts,)]


def test_numbers_and_nothing_are_an_array():
    assert ask("select %(n)s::bigint[]", {"n": array([1, None, -3])}) == [([1, None, -3],)]
