"""A report on the city's paper."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from curbstop.formats.paper.report import report_pdf
from curbstop.office import policies
from curbstop.office.bills.statements import letterhead
from curbstop.rules.reports import Table


def as_pdf(table: Table, *, at: datetime) -> bytes:
    """The report as PDF, by the office of the day."""
    there = at.astimezone(ZoneInfo(policies.get_city().time_zone))
    return report_pdf(table, letterhead(on=there.date()), at=there)
