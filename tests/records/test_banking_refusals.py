"""What the database refuses of days, files, the bank and drawers reported up."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from tests.books import person

pytestmark = pytest.mark.django_db

APPEND_ONLY = (
    "ledger_prepared", "ledger_export", "ledger_exportanswer", "ledger_close", "payments_bankaccount",
    "payments_statementfile", "payments_statement", "payments_statementline", "payments_bankmatch",
    "payments_bankmatchline", "payments_bankmatchundone", "payments_banksettled", "payments_tillreport",
    "payments_tillreportseen", "payments_tillhandover",
)  # fmt: skip


def run(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_rows_are_never_taken_away(table):
    with pytest.raises(DatabaseError, match="are never changed"):
        run(f"truncate {table} cascade")


def prepared():
    by = person("fay", "finance").id
    run(
        "insert into ledger_prepared (period, rows, debit_cents, sha256, checks, by, at, event_id)"
        " values ('2026-03-02', 1, 2, 'x', '[]', %s, now(), 1)",
        by,
    )


def test_a_preparation_is_never_changed():
    prepared()
    for sql in ("update ledger_prepared set rows = 2", "delete from ledger_prepared"):
        with pytest.raises(DatabaseError, match="are never changed"):
            run(sql)


FILE = (
    "insert into ledger_export (file_id, previous, at, by, event_id, from_on, until_on, lines, debit_cents,"
    " credit_cents, sha256, body) values (%s, %s, now(), %s, 1, %s, %s, 1, %s, %s, 'x', 'x')"
)


def file(file_id, previous, first, until, *, debit=5, credit=5):
    run(FILE, file_id, previous, person("fay", "finance").id, date(2026, 3, first), date(2026, 3, until), debit, credit)


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (("b", "a", 3, 5), "one_file_a_day"),
        (("b", None, 4, 5), "one_first"),
        (("b", "a", 5, 5), "ledger_export_days"),
    ],
)
def test_a_file_that_overlaps_or_follows_nothing_is_refused(second, why):
    file("a", None, 1, 4)
    with pytest.raises(DatabaseError, match=why):
        file(*second)
    file("b", "a", 4, 5)
    with pytest.raises(DatabaseError, match="one_first"):
        file("c", "a", 5, 6)  # two files cannot follow the same one


def test_a_file_that_does_not_balance_is_refused():
    with pytest.raises(DatabaseError, match="ledger_export_balances"):
        file("a", None, 1, 4, debit=5, credit=6)


def test_a_file_is_taken_once():
    file("a", None, 1, 4)
    into = "insert into ledger_exportanswer (file, taken, reference, at, by, event_id)"
    answer = f"{into} values ('a', true, %s, now(), %s, 1)"
    by = person("fay", "finance").id
    with pytest.raises(DatabaseError, match="reference"):
        run(answer, "", by)
    run(answer, "JE 1", by)
    with pytest.raises(DatabaseError, match="taken_once"):
        run(answer, "JE 2", by)
