"""Papers as the desk hands them out: a slip for a receipt, as PDF."""

from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone

from curbstop.formats.paper import words
from curbstop.formats.paper.receipt import PaidAccount, PaidItem, ReceiptPaper, TenderLine, receipt_pdf
from curbstop.formats.paper.receipt import receipt_text as thermal_text
from curbstop.formats.paper.slip import SlipLine, SlipPaper, slip_pdf
from curbstop.office import pages, tills
from curbstop.office.bills.statements import letterhead

TENDERS = {
    "cash": "Cash",
    "check": "Check",
    "money_order": "Money order",
    "card": "Card",
    "online_card": "Card, online",
    "ach": "Bank draft",
    "autopay": "Autopay",
    "lockbox": "Lockbox",
    "bill_pay": "Bank bill-pay",
    "mail": "Mail",
}
"""How each type of tender is said, on screen and on paper."""


def receipt(found: pages.Receipt, *, copy: bool = False, given: bool = False) -> bytes:
    """The slip of a receipt as PDF; one that was taken back says so, unless asked for as it was ``given``."""
    return receipt_pdf([_receipt(found, copy, given)])


def receipt_text(found: pages.Receipt, *, copy: bool = False, given: bool = False) -> str:
    """The same slip as lines of 42 characters, for a thermal printer."""
    return thermal_text(_receipt(found, copy, given))


def _receipt(found: pages.Receipt, copy: bool, given: bool) -> ReceiptPaper:
    read = found.read
    void = f"Voided {words.day(read.reversed_on)}: {read.reversed_why}" if read.reversed_on and not given else ""
    head = letterhead(on=timezone.localdate(read.taken_at))
    return ReceiptPaper(
        letterhead=head,
        receipt_no=read.number,
        taken_at=timezone.localtime(read.taken_at),
        till=read.till or read.series,
        cashier=read.taken_by,
        accounts=tuple(_account(one) for one in found.accounts),
        tenders=tuple(
            TenderLine(f"{TENDERS.get(t.type, t.type)} {t.reference}".strip(), t.cents + t.change_cents, t.change_cents)
            for t in read.tenders
        ),
        copy=copy,
        void_words=void,
        thanks="" if head.phone else "Thank you.",
    )


def _account(one: pages.PaidAccount) -> PaidAccount:
    items = tuple(PaidItem(_words(line), line.cents) for line in one.lines)
    return PaidAccount(one.read.number, one.read.name, one.read.address, items, one.read.owed_after_cents)


def _words(line: pages.PaidLine) -> str:
    return f"Bill of {words.day(line.billed_on)}" if line.billed_on else line.says


def slip(found: tills.SlipMade, *, at: datetime) -> bytes:
    """A bank deposit as PDF."""
    lines = tuple(
        SlipLine(r.number, r.payer, r.cash_cents, r.check_cents, r.money_order_cents, r.references)
        for r in found.receipts
    )
    return slip_pdf(
        SlipPaper(
            letterhead=letterhead(on=found.made_on),
            slip_no=str(found.slip_id),
            made_on=found.made_on,
            printed_at=timezone.localtime(at),
            tills=found.tills,
            cash_cents=found.cash_cents,
            check_cents=found.check_cents,
            money_order_cents=found.money_order_cents,
            lines=lines,
        )
    )


def pdf(body: bytes, *, name: str) -> HttpResponse:
    """A PDF to look at in the browser, under a name to keep it by."""
    return HttpResponse(
        body, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


def text(body: str, *, name: str) -> HttpResponse:
    """A text for a printer, as a file under a name."""
    return HttpResponse(
        body,
        content_type="text/plain; charset=us-ascii",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
