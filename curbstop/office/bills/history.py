"""The picture of a bill's usage: its meters' reads, and the thirteen periods that end with it."""

from __future__ import annotations

from datetime import date

from django.db import connection

from curbstop.formats.paper.bill import MeterLine
from curbstop.formats.paper.words import day, gallons
from curbstop.formats.usage_chart import UsagePeriod
from curbstop.office.bills.loading import IssuedRow, ReadRow, ServiceRow

PERIODS = 13
NEAR_DAYS = 21
"""A period is that of a year before when it ends within three weeks of 52 weeks earlier."""
METERED = {"water": "Water", "irrigation": "Sprinkler"}


def meter_lines(row: IssuedRow) -> tuple[MeterLine, ...]:
    """The reads of each meter on the bill: of an exchanged one the meter that is there now, the other in a note."""
    found = []
    for service in row.services:
        reads = [read for read in row.reads if read.agreement_id == service.agreement_id]
        if service.service in METERED and reads:
            found.append(_meter_line(service, reads))
    return tuple(found)


def _meter_line(service: ServiceRow, reads: list[ReadRow]) -> MeterLine:
    last = reads[-1]
    now = [read for read in reads if read.installation_id == last.installation_id]
    first = now[0]
    before_on = first.previous_on or first.read_on
    before = first.register if first.previous_register is None else first.previous_register
    on_old = sum(read.gal for read in reads if read.installation_id != last.installation_id)
    note = ""
    if len(now) < len(reads):
        note = f"Meter exchanged {day(first.read_on)}: {gallons(on_old)} on the old one are included"
    return MeterLine(
        service=METERED[service.service],
        serial=last.serial,
        previous_on=before_on,
        previous_read=last.shown(before),
        present_on=last.read_on,
        present_read=last.shown(last.register),
        usage_gal=service.gal,
        estimated=last.kind == "estimated",
        note=note,
    )


_USAGE = """
select b.until_on, sum(o.usage_gal)::bigint, max(r.kind) = 'estimated',
  (select max(w.average_gal) from bills_outcome w join customers_agreement wg on wg.id = w.agreement_id
     join customers_servicepoint ws on ws.id = wg.service_point_id
   where w.bill_id = b.id and ws.service = 'sewer' and w.average_gal >= 0)
from bills_bill b join bills_outcome o on o.bill_id = b.id
join customers_agreement g on g.id = o.agreement_id join customers_servicepoint s on s.id = g.service_point_id
left join meters_read r on r.id = o.to_read_id
where b.account_id = %(account)s and b.until_on <= %(until)s and s.service = 'water'
group by b.id, b.until_on order by b.until_on desc, b.id desc limit %(periods)s"""


def usage_periods(row: IssuedRow) -> tuple[UsagePeriod, ...]:
    """The last thirteen bills' water, this one last, each beside the period a year before where the account had one."""
    with connection.cursor() as cursor:
        cursor.execute(_USAGE, {"account": row.account_id, "until": row.until_on, "periods": 2 * PERIODS + 2})
        found = cursor.fetchall()
    return tuple(
        UsagePeriod(
            end_on=until_on,
            used_gal=gal,
            year_before_gal=_year_before(until_on, found),
            average_gal=average,
            estimated=bool(estimated),
        )
        for until_on, gal, estimated, average in reversed(found[:PERIODS])
    )


def _year_before(until_on: date, rows: list[tuple[date, int, bool, int | None]]) -> int | None:
    near = [(abs((until_on - end_on).days - 364), gal) for end_on, gal, _, _ in rows]
    found = min(near, default=(NEAR_DAYS + 1, 0))
    return found[1] if found[0] <= NEAR_DAYS else None
