"""The second lock: the role that the office works as cannot change what is never changed, trigger or no trigger."""

import pytest
from django.db import DatabaseError, connection, transaction

from tests.books import account, open_books, posting
from tests.records.test_ledger_refusals import EARNS, TABLES, owes


@pytest.fixture
def as_the_office(db):
    """Everything as ``curbstop_app``, with the triggers off: only rights are left to refuse."""
    open_books()
    town = account()
    posting("charge", [owes(town), EARNS])
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")
        cursor.execute("select public.limit_rights()")
        assert cursor.fetchone()[0] >= len(TABLES)
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("set local role curbstop_app")
        yield cursor
        cursor.execute("reset role")
        cursor.execute("set local session_replication_role = origin")


@pytest.mark.parametrize("table", [*TABLES, "base_event"])
def test_the_office_may_add_and_read_and_not_change(as_the_office, table):
    with connection.cursor() as cursor:
        cursor.execute("select column_name from information_schema.columns where table_name = %s", [table])
        column = "event_id" if table == "payments_depositdemand" else cursor.fetchone()[0]
        cursor.execute(f"select count(*) from {table}")
    for statement in (f'update {table} set "{column}" = "{column}"', f"delete from {table}", f"truncate {table}"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_what_may_change_may_be_changed(as_the_office):
    with connection.cursor() as cursor:
        cursor.execute("update customers_customer set phone = '+14055550100'")
        cursor.execute("update payments_series set next_no = next_no")
        cursor.execute("delete from bills_review")
        cursor.execute("update payments_depositdemand set due_on = due_on")  # given once, by the bill that asks for it
        cursor.execute("update ledger_gl set gl_string = '40-000'")
    for statement in (
        "update ledger_gl set sub = 0",
        "delete from ledger_gl",
        "update payments_depositdemand set cents = 1",
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_schema_without_the_rule_is_found_by_it(db):
    """A table that becomes append-only is limited at the next call, and nothing is listed twice."""
    with connection.cursor() as cursor:
        cursor.execute("select public.limit_rights()")
        before = cursor.fetchone()[0]
        cursor.execute(
            "create table tried (n int); create trigger never_changes before update or delete on tried"
            " for each row execute function public.never_changes()"
        )
        cursor.execute("select public.limit_rights()")
        assert cursor.fetchone()[0] == before + 1
