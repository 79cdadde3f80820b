"""Reports read from the books as they are now: each one query, in a transaction that can only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from django.db import OperationalError, connection, transaction

from curbstop.office import policies
from curbstop.office._once import Refused
from curbstop.office.bills.numbers import bill_number
from curbstop.rules.policies import NotSet
from curbstop.rules.reports import (
    ASKS,
    USUAL_BUCKETS,
    Buckets,
    Cell,
    Question,
    Report,
    Table,
    as_table,
    ask_view,
    check_asked,
    read_buckets,
    read_report,
)

HERE = Path(__file__).resolve().parent
LONGEST_MS = 30_000
"""How long a query may take before it is stopped: the counter's work comes first."""
MOST_ROWS = 100_000
T = TypeVar("T")
AGEING = "ageing.buckets"


class BadQuestion(Refused):
    """A question that cannot be answered: too long, too large."""


@cache
def _read(folder: str) -> Mapping[str, Report]:
    found = sorted((HERE / folder).glob("*.sql"))
    return {path.stem: read_report(path.stem, path.read_text(), file=f"{folder}/{path.name}") for path in found}


def list_reports() -> tuple[Report, ...]:
    """Every report, by heading and title."""
    return tuple(sorted(_read("queries").values(), key=lambda one: (one.group, one.title)))


def list_views() -> tuple[Report, ...]:
    """What questions can be asked of, by title."""
    return tuple(sorted(_read("views").values(), key=lambda one: one.title))


def get_report(code: str) -> Report:
    """A report by its code. :raises Refused: there is none"""
    found = _read("queries").get(code)
    if found is None:
        raise Refused(f"There is no report “{code[:60]}”; choose one from the list of reports.", field="report")
    return found


def get_view(code: str) -> Report:
    """A view by its code. :raises Refused: there is none"""
    found = _read("views").get(code)
    if found is None:
        raise Refused(f"There is no view “{code[:60]}”; choose one from the list.", field="view")
    return found


def run(*, code: str, asked: Mapping[str, str], today: date) -> Table:
    """What a report comes to now.

    :param asked: as typed, by the names of ``rules.reports.ASKS``; what is left out has its usual value
    :raises Refused: there is no such report, or it takes too long
    :raises BadAsk: something asked that cannot be
    """
    report = get_report(code)
    values = check_asked(report, asked, today=today)
    told = _told(report, asked, values)
    if report.buckets:
        buckets = _buckets(today)
        named = tuple(replace(column, says=column.says.format(**buckets.names)) for column in report.columns)
        report, values = replace(report, columns=named), {**values, **buckets.values}
        told.append(("Days", "since the bill's date" if buckets.by == "bill" else "past the due date"))
        if buckets.by == "bill":
            return _without(as_table(report, told, _rows(report, values)), "current")
    return as_table(report, told, _rows(report, values))


def _without(table: Table, name: str) -> Table:
    """A table without one of its columns."""
    place = next(place for place, column in enumerate(table.columns) if column.name == name)

    def cut(cells: tuple[T, ...]) -> tuple[T, ...]:
        return (*cells[:place], *cells[place + 1 :])

    return replace(table, columns=cut(table.columns), rows=tuple(cut(row) for row in table.rows), sums=cut(table.sums))


def run_question(*, question: Question) -> Table:
    """What a question of one's own over a view comes to now.

    :raises BadAsk: a column or a value that cannot be
    :raises BadQuestion: it takes too long
    """
    report, values = ask_view(get_view(question.view), question)
    told = [
        (one.column.replace("_", " "), f"{one.how.replace('_', ' ')} {one.value}".strip()) for one in question.tests
    ]
    return as_table(report, told, _rows(report, values))


def _buckets(on: date) -> Buckets:
    try:
        return read_buckets(policies.load(AGEING).table(AGEING, on=on))
    except NotSet:
        return USUAL_BUCKETS


def _told(report: Report, asked: Mapping[str, str], values: Mapping[str, str | int | date]) -> list[tuple[str, str]]:
    told = []
    for name in report.asks:
        value = asked.get(name, "").strip()
        if not value:
            found = values.get(f"{name}_on", values.get(name, ""))
            value = "all" if found == "" else str(found)
        told.append((ASKS[name], value))
    if "until_on" in values and not asked.get("through", "").strip():
        until = values["until_on"]
        last = date.fromordinal(until.toordinal() - 1) if isinstance(until, date) else until
        told = [(says, str(last) if says == ASKS["through"] else value) for says, value in told]
    return told


def _rows(report: Report, values: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set transaction read only")
            cursor.execute(f"set local statement_timeout = {LONGEST_MS}")
            cursor.execute(report.sql, dict(values))
            rows = cursor.fetchmany(MOST_ROWS + 1)
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise BadQuestion(
                "This took longer than half a minute and was stopped, so that nobody at the counter waits for it. Ask"
                " for a shorter period or fewer columns.",
                field="form",
            ) from error
        raise
    if len(rows) > MOST_ROWS:
        raise BadQuestion(
            f"More than {MOST_ROWS:,} rows; ask for a shorter period, or for sums instead of rows.", field="form"
        )
    bills = [place for place, column in enumerate(report.columns) if column.kind == "bill"]
    return [_numbered(row, bills) for row in rows] if bills else rows


def _numbered(row: tuple[Cell, ...], bills: list[int]) -> tuple[Cell, ...]:
    """Bills by the number that people see."""
    return tuple(
        bill_number(int(str(cell))) if place in bills and cell is not None else cell for place, cell in enumerate(row)
    )


_CHOICES = {
    "cycle": "select code, name from decisions_cycle order by 1",
    "route": "select distinct route, route from customers_premise where route <> '' order by 1",
    "class": "select distinct customer_class, initcap(customer_class) from customers_account order by 1",
    "cashier": "select distinct u.username, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username)"
    " from payments_tillsession s join base_user u on u.id = s.cashier_id order by 2",
}


def choices(report: Report) -> dict[str, tuple[tuple[str, str], ...]]:
    """What may be chosen for those of a report's asks that have a list."""
    found = {}
    with connection.cursor() as cursor:
        for name in report.asks:
            if name in _CHOICES:
                cursor.execute(_CHOICES[name])
                found[name] = tuple((row[0], row[1]) for row in cursor.fetchall())
    return found


def make_views() -> None:
    """Lay the views into the city's schema, so that an auditor finds in ``psql`` what the screen asks.

    They are laid anew whenever tables have changed; whoever reads through one needs the right to its tables.
    """
    with connection.cursor() as cursor:
        for code, view in _read("views").items():
            cursor.execute(f"drop view if exists {code}")
            sql = view.sql.replace("%%", "%")
            cursor.execute(f"create view {code} with (security_invoker = true) as {sql}")


def drop_views() -> None:
    """Take the views away, so that a migration may change what they look at."""
    with connection.cursor() as cursor:
        for code in _read("views"):
            cursor.execute(f"drop view if exists {code}")
