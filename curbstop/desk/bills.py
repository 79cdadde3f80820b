"""The bill: every line from read to amount, why it is different from another, what to say; and on paper."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock, papers, pictures, runs
from curbstop.desk.forms import id_of
from curbstop.formats.paper import words
from curbstop.office import bills as office
from curbstop.office import pages

SAID = {
    "days": "Days",
    "usage": "Usage",
    "average": "Average",
    "items": "Number",
    "facts": "Account",
    "rates": "Rates",
    "services": "Services",
    "one_time": "One-time",
    "previous_balance": "Owed before",
    "other": "Other",
}
"""The causes of a difference, as rows of the table."""


def bill(request: HttpRequest, id: int) -> HttpResponse:
    """One bill, explained."""
    year = request.GET.get("with") == "year"
    page = pages.get_bill(bill_id=id, on=clock.today(), year_before=year)
    picture, causes = "", []
    difference = page.why.difference if page.why else None
    if difference and page.why and page.why.against_on:
        causes = [(SAID.get(part.code, part.code), part) for part in difference.parts]
        then = "A year ago" if year else "Last bill"
        picture = pictures.bridge(
            last=(f"{then}, {words.day(page.why.against_on)}", difference.last_cents),
            this=(f"This bill, {words.day(page.head.issued_on)}", difference.this_cents),
            parts=[(says, part.cents) for says, part in causes if part.cents],
        )
    values = {"page": page, "header": page.header, "head": page.head, "difference": difference, "picture": picture}
    return render(
        request,
        "desk/bills/bill.html",
        {**values, "causes": causes, "year": year, "what": "bills", "on": clock.today()},
    )


def by_number(request: HttpRequest, number: str) -> HttpResponse:
    """The bill with the number that is printed on it."""
    return redirect("bills-bill", id=office.find_bill(number))


def bill_pdf(request: HttpRequest, id: int) -> HttpResponse:
    """The bill as it is printed."""
    return papers.pdf(office.statement_pdf([id], copy="copy" in request.GET), name=f"bill-{id}.pdf")


def batch_pdf(request: HttpRequest, id: int) -> HttpResponse:
    """The bills of a run, in the order of the paper, ``runs.SHEET`` to a file: ``?from=`` is the first."""
    start = request.GET.get("from", "0")
    first = id_of(start) or 0
    ids = pages.get_bill_ids(run=id, first=first, limit=runs.SHEET)
    if not ids:
        raise pages.NotThere(f"Run {id} has no bills from number {first + 1} on.")
    return papers.pdf(office.statement_pdf(ids), name=f"run-{id}-bills-{first + 1}-{first + len(ids)}.pdf")
