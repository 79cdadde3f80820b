"""The bill on paper: one US Letter page, statement above, remittance stub below the perforation.

The office fills a `BillPaper`; `bill_pdf` draws one page for each. Nothing is computed here that the ledger
should know: every figure is given, and a bill whose figures do not add up is refused, because a
citizen would add them up too.
"""

from collections.abc import Sequence

from curbstop.formats.paper.bill_page import page
from curbstop.formats.paper.bill_paper import (
    BillPaper,
    ChargeGroup,
    ChargeLine,
    DatedLine,
    DepositInstalment,
    MeterLine,
    faults,
)
from curbstop.formats.paper.letterhead import Letterhead, PaperError
from curbstop.formats.paper.typeset import typeset
from curbstop.formats.paper.words import day, printable
from curbstop.formats.usage_chart import UsagePeriod

__all__ = [
    "BillPaper",
    "ChargeGroup",
    "ChargeLine",
    "DatedLine",
    "DepositInstalment",
    "Letterhead",
    "MeterLine",
    "PaperError",
    "UsagePeriod",
    "bill_pdf",
    "faults",
]


def bill_pdf(papers: Sequence[BillPaper]) -> bytes:
    """Draw one PDF (PDF/UA-1), one page for each bill, in the order given. The same papers give the same bytes.

    :raises PaperError: no bills, or a bill whose figures do not add up or that lacks what law or the machine needs
    """
    found = [fault for paper in papers for fault in faults(paper)]
    if not papers:
        found.append("no bills to print; choose at least one")
    if found:
        raise PaperError(found)
    first = papers[0]
    city = printable(first.letterhead.city)
    name = f"Bill {printable(first.bill_no)} of {day(first.bill_on)}, account {printable(first.account_no)}, {city}"
    on = max(paper.bill_on for paper in papers)
    data = {
        "title": name if len(papers) == 1 else f"{len(papers)} utility bills, {city}, {day(on)}",
        "author": city,
        "year": on.year,
        "month": on.month,
        "day": on.day,
        "pages": [page(paper) for paper in papers],
    }
    return typeset("bill.typ", data, on=on)
