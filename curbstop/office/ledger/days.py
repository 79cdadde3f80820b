"""Accounting days: opened by an act, closed by another; money of a day that is not open goes on the next open one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act


@dataclass(frozen=True)
class DayOpened:
    """A day is open. ``already``: somebody had opened it before, and that is as well."""

    posted_on: date
    already: bool


@act("ledger.open_day")
def open_day(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> DayOpened:
    """Open an accounting day. The clock does it each morning, finance for a day that needs it; twice is once.

    :raises Refused: a later day is closed, or the day itself is: late money goes on an open day
    """
    with connection.cursor() as cursor:
        cursor.execute("select max(posted_on) from ledger_transaction where closes", [])
        closed = cursor.fetchone()[0]
        if closed is not None and closed >= on:
            raise Refused(
                f"{on.isoformat()} cannot be opened: the books are closed through {closed.isoformat()}. Post on an open"
                " day, with the true date as the day it happened.",
                field="on",
            )
        cursor.execute(
            "insert into ledger_day (posted_on, opened_by, opened_at) values (%s, %s, %s)"
            " on conflict (posted_on) do nothing",
            [on, by.id, at],
        )
        already = cursor.rowcount == 0
    if not already:
        event.about(says=f"Accounting day {on.isoformat()} opened.")
    return DayOpened(on, already)


def get_open_days() -> tuple[date, ...]:
    """The days that money can be posted on, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select posted_on from ledger_day where posted_on >"
            " coalesce((select max(posted_on) from ledger_transaction where closes), '-infinity') order by 1"
        )
        return tuple(row[0] for row in cursor.fetchall())
