"""Orders as the desk prints them, for whoever goes without a telephone."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from curbstop.desk.templatetags.desk import phone
from curbstop.formats.paper import words
from curbstop.formats.paper.order import OrderPaper, orders_pdf
from curbstop.office.bills.statements import letterhead
from curbstop.office.orders import OrderPage
from curbstop.rules.orders import MeterThere

ENDS = ("Done at", "By", "Could not be done, because")


def orders_of(pages: Sequence[OrderPage], *, at: datetime) -> bytes:
    """These orders as PDF, a page each."""
    local = timezone.localtime(at)
    papers = [_paper(page) for page in pages]
    return orders_pdf(papers, letterhead=letterhead(on=local.date()), on=local.date(), printed_at=local)


def _paper(page: OrderPage) -> OrderPaper:
    row = page.row
    when = words.day(row.on) if row.on else "When a crew is near"
    return OrderPaper(
        no=str(row.order_id),
        title=row.says,
        address=row.address,
        place=page.place,
        when=f"{when}, {row.window}" if row.window else when,
        priority=row.priority_name.capitalize() + (f"; {row.persons} persons" if row.persons > 1 else ""),
        crew=" and ".join(row.crew) or "Nobody yet",
        hazards=tuple(
            hazard.says + (f" ({hazard.persons} persons)" if hazard.persons > 1 else "") for hazard in row.hazards
        ),
        about=(row.about, *(f"{one.by}, {words.moment(timezone.localtime(one.at))}: {one.words}" for one in page.said)),
        facts=(
            ("Customer", f"{row.name}, {phone(page.phone)}".strip(", ") or "Nobody is responsible here"),
            ("Route", f"{row.route}, stop {row.sequence}"),
            *(("Meter" if len(page.meters) == 1 else meter.label.capitalize(), _meter(meter)) for meter in page.meters),
            *((("Water", page.valve),) if page.valve else ()),
        ),
        blanks=(*(_blank(one.says, one.meter, page) for one in page.fields if one.kind != "picture"), *ENDS),
        written=f"Written by {page.written_by}, {words.moment(timezone.localtime(page.written_at))}.",
    )


def _meter(meter: MeterThere) -> str:
    read = ""
    if meter.register is not None and meter.read_on is not None:
        read = f", read {meter.register:,} on {words.day(meter.read_on)}"
    return f"{meter.serial}, {meter.size} inch{read}"


def _blank(says: str, meter: MeterThere | None, page: OrderPage) -> str:
    return f"{says}, {meter.label}" if meter and len(page.meters) > 1 else says
