"""An order of the field on paper: hazards first, what to do, what is there, and lines to write on. A page an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from curbstop.formats.paper.letterhead import Letterhead, PaperError
from curbstop.formats.paper.typeset import typeset
from curbstop.formats.paper.words import day, moment, printable


@dataclass(frozen=True, slots=True)
class OrderPaper:
    """Everything on the paper of an order. ``facts`` are pairs of words; ``blanks`` what is written by hand."""

    no: str
    title: str
    address: str
    place: str
    when: str
    priority: str
    crew: str
    hazards: tuple[str, ...]
    about: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    blanks: tuple[str, ...]
    written: str


def orders_pdf(papers: Sequence[OrderPaper], *, letterhead: Letterhead, on: date, printed_at: datetime) -> bytes:
    """Draw orders as PDF/UA-1, a page each. The same papers give the same bytes.

    :raises PaperError: there is none
    """
    if not papers:
        raise PaperError(["orders: there is none to print"])
    first = papers[0]
    title = f"Order {first.no}, {first.address}" if len(papers) == 1 else f"{len(papers)} orders of {day(on)}"
    data = {
        "title": printable(title),
        "author": printable(letterhead.city),
        "year": on.year,
        "month": on.month,
        "day": on.day,
        "city": printable(letterhead.city),
        "office": printable(letterhead.office),
        "printed": f"Printed {moment(printed_at)}",
        "orders": [_data(paper) for paper in papers],
    }
    return typeset("order.typ", data, on=on)


def _data(paper: OrderPaper) -> dict[str, object]:
    return {
        "no": printable(paper.no),
        "title": printable(paper.title),
        "address": printable(paper.address),
        "place": printable(paper.place),
        "when": printable(paper.when),
        "priority": printable(paper.priority),
        "crew": printable(paper.crew),
        "hazards": [printable(one) for one in paper.hazards],
        "about": [printable(one) for one in paper.about],
        "facts": [(printable(name), printable(value)) for name, value in paper.facts],
        "blanks": [printable(one) for one in paper.blanks],
        "written": printable(paper.written),
    }
