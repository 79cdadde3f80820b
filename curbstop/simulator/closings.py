"""The end of days and months: the clock makes a month's days ready, finance closes them; two people close the month."""

from __future__ import annotations

from datetime import date

from curbstop.office import closing, ledger
from curbstop.simulator.crew import CLOCK
from curbstop.simulator.office import Office


def make_ready(office: Office, day: date) -> None:
    """On the first open day of a month, before the office opens: the days of last month.

    An office closes each day; a year's days closed one by one were two thirds of the time of raising a town.
    """
    over = [on for on in ledger.get_open_days() if on < day]
    if over and (over[-1].year, over[-1].month) != (day.year, day.month):
        office.do(closing.prepare_through, who=CLOCK, at=office.at(day, 6, 40), on=over[-1])


def close(office: Office, day: date) -> None:
    """What is ready is closed by finance; a month whose days are all closed by two people, then the ledger's file."""
    over = [on for on in ledger.get_open_days() if on < day]
    ready = closing.get_prepared(over[-1].isoformat()) if over else None
    if ready is None:
        return
    at = office.at(day, 9, 40)
    office.do(closing.close_through, who="hector", at=at, on=over[-1], prepared_id=ready.prepared_id)
    first = day.replace(day=1)
    for row in closing.list_months(limit=3):
        if row.on < first and not row.closed and row.days == row.closed_days:
            _close_month(office, row.on, day)


def _close_month(office: Office, month: date, day: date) -> None:
    ready = office.do(closing.prepare_month, month, who="hector", at=office.at(day, 9, 50), on=month)
    if ready is None:
        return
    given = {"on": month, "prepared_id": ready.prepared_id, "posted_on": day}
    office.do(closing.close_month, month, who="noor", at=office.at(day, 11, 10), **given)
    through = [row.on for row in closing.list_days(through=day, limit=10) if row.state == "closed"]
    made = office.do(closing.export_days, month, who="hector", at=office.at(day, 11, 30), through=through[0])
    if made is not None:
        answer = {"file_id": made.file_id, "taken": True, "reference": f"JE {month:%y%m}"}
        office.do(closing.acknowledge, month, who="hector", at=office.at(day, 15, 5), **answer)
