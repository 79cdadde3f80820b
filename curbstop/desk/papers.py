"""Papers as the desk hands them out: a slip for a receipt, as PDF."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from django.http import HttpResponse
from django.utils import timezone

from curbstop.formats.paper import words
from curbstop.formats.paper.letter import Figure, LetterPaper, letter_pdf
from curbstop.formats.paper.letterhead import Letterhead
from curbstop.formats.paper.receipt import PaidAccount, PaidItem, ReceiptPaper, TenderLine, receipt_pdf
from curbstop.formats.paper.receipt import receipt_text as thermal_text
from curbstop.formats.paper.slip import SlipLine, SlipPaper, slip_pdf
from curbstop.formats.paper.statement import OpenLine, StatementPaper, StatementPaperLine, statement_pdf
from curbstop.office import ledger, pages, tills
from curbstop.office.bills.statements import account_no, letterhead
from curbstop.office.payments import LetterRow

ISO = re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")
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
    "pledge": "Pledge",
}
"""How each type of tender is said, on screen and on paper."""


LETTERS = {
    "welcome": ("Letter: welcome", "Welcome: your new service"),
    "adverse_action": ("Notice of a credit decision", "Your deposit and your credit report"),
    "landlord_reverted": ("Letter to the landlord", "The service is yours until the next tenant"),
    "leak_letter": ("Letter: leak credit", "Your leak credit"),
    "rebill_letter": ("Letter: corrected bill", "Your bill was corrected"),
    "unclaimed_notice": ("Notice of 11 O.S. 35-107", "Your deposit's check was not cashed"),
    "pledge_failed": ("Letter: a pledge was not kept", "A pledge was not kept"),
    "returned_hanger": ("Door hanger", "Your payment came back"),
    "returned_letter": ("Letter", "Your payment came back"),
    "cash_only": ("Letter", "How you can pay until then"),
    "autopay_over_limit": ("Letter", "May we draft this bill?"),
    "autopay_stopped": ("Letter", "Your autopay waits"),
    "master_change": ("Letter: account changed", "Your account was changed"),
    "programme_letter": ("Letter: programme", "Your rate"),
    "programme_renewal": ("Letter: programme ends", "Your rate ends soon"),
    "back_bill_letter": ("Letter: back-billing", "What was not billed"),
    "hauler_authorised": ("Letter: private hauler", "Your private hauler is authorised"),
    "hauler_refused": ("Letter: private hauler", "Your request for a private hauler"),
    "hauler_reminder": ("Letter: certificate", "Your hauler's insurance certificate"),
    "hauler_lapsed": ("Letter: certificate", "Your hauler's insurance certificate has ended"),
}
"""Kinds of letters: what the list calls them, and their heading. Any other is a word from the office."""


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


def statement(found: ledger.Standing, header: pages.Header, *, at: datetime) -> bytes:
    """A statement of account as PDF, by the office of the day it is known on."""
    head = letterhead(on=found.known_on)
    postal = pages.get_postal(header)
    return statement_pdf(
        StatementPaper(
            letterhead=head,
            account_no=account_no(found.number),
            name=postal.name,
            to_lines=tuple(line for line in postal.lines if line)[:4],
            from_on=found.from_on,
            as_of=found.as_of,
            known_on=found.known_on,
            printed_at=timezone.localtime(at),
            opening_cents=found.opening_cents,
            charges_cents=found.charges_cents,
            credits_cents=found.credits_cents,
            closing_cents=found.closing_cents,
            lines=tuple(
                StatementPaperLine(
                    line.effective_on,
                    line.posted_on,
                    line.says,
                    line.charge_cents,
                    line.credit_cents,
                    line.balance_cents,
                )
                for line in found.lines
            ),
            items=tuple(OpenLine(item.says, item.due_on, item.bucket, item.open_cents) for item in found.items),
            late=found.late,
        )
    )


def letters(rows: Sequence[LetterRow], *, on: date) -> bytes:
    """Letters, or door hangers, as PDF. They say what they said when they were queued, by the office of the day."""
    head = letterhead(on=on)
    return letter_pdf([_letter(row, head, on) for row in rows])


def _letter(row: LetterRow, head: Letterhead, on: date) -> LetterPaper:
    header = pages.get_header(account_id=row.account_id, on=on)
    facts = row.facts
    figures = []
    if facts.get("amount_cents"):
        figures.append(Figure(f"Returned: {facts['reason']}", int(facts["returned_cents"])))
        if facts.get("fee_cents"):
            figures.append(Figure("Fee for a returned payment", int(facts["fee_cents"])))
    open_on = ". ".join(str(facts[name]) for name in ("hours", "phone") if facts.get(name))
    told = [str(facts[name]) for name in ("dispute", "object") if facts.get(name)]
    postal = pages.get_postal(header)
    lines = facts.get("mail_to") or postal.lines
    return LetterPaper(
        letterhead=head,
        on=row.queued_on,
        to_lines=tuple(line for line in (postal.name, *lines) if line)[:5],
        account_no=account_no(row.number),
        service_address=postal.service_address,
        title=LETTERS.get(row.kind, ("", "A word from the office"))[1],
        paragraphs=(row.says, *(dated_words(str(text)) for text in facts.get("paragraphs", ()))),
        figures=tuple(figures),
        total=Figure("Please bring", int(facts["amount_cents"])) if figures else None,
        closing=(*told, f"{open_on}." if open_on else f"Questions: {head.phone}." if head.phone else "Ask the office."),
        hanger=is_hanger(row),
    )


def application(page: pages.AccountPage, *, on: date) -> bytes:
    """The application for service, to be signed: who, where, what, from when, deposit and fees as they were decided.

    Of a deposit that the law waives it says 0.00 and nothing else.
    """
    header = page.header
    postal = pages.get_postal(header)
    running = [row for row in page.agreements if not row.until_on]
    services = "; ".join(f"{row.service}, {row.tariff_name}, from {words.day(row.from_on)}" for row in running)
    figures = [Figure(f"{charge.says}, with the first bill", charge.cents) for charge in page.waiting]
    figures.append(Figure("Deposit, given back after the final bill", sum(row.asked_cents for row in page.deposits)))
    paper = LetterPaper(
        letterhead=letterhead(on=on),
        on=on,
        to_lines=tuple(line for line in (postal.name, *postal.lines) if line)[:5],
        account_no=account_no(header.number),
        service_address=postal.service_address,
        title="Application for service",
        paragraphs=(
            f"I ask for service at {header.address}: {services}.",
            "I am responsible for it from the first day until the day that I give notice for.",
            "What I have told the office is true.",
        ),
        figures=tuple(figures),
        total=Figure("Asked for", sum(figure.cents for figure in figures)),
        closing=("Signed ______________________________   Date ______________   Seen by ______________",),
    )
    return letter_pdf([paper])


def is_hanger(row: LetterRow) -> bool:
    """Whether it is hung on the door; anything else is a letter."""
    return row.kind.endswith("_hanger")


def dated_words(text: str) -> str:
    """A sentence of the office with its days as people write them."""
    return ISO.sub(lambda found: words.day(date.fromisoformat(found.group())), text)


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
