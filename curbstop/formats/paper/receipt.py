"""The receipt: an 80 mm slip as PDF, and the same words for a 42-column thermal printer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from textwrap import wrap

from curbstop.formats.paper.letterhead import Letterhead, PaperError
from curbstop.formats.paper.typeset import typeset
from curbstop.formats.paper.words import amount, day, moment, plain, printable
from curbstop.rules import money

__all__ = [
    "Letterhead",
    "PaidAccount",
    "PaidItem",
    "ReceiptPaper",
    "TenderLine",
    "faults",
    "receipt_pdf",
    "receipt_text",
]


@dataclass(frozen=True, slots=True)
class PaidItem:
    """One thing a payment paid: "Bill of Mon 19 Oct 2026", "Late fee", "Left on account as credit"."""

    words: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class PaidAccount:
    """What was paid on one account, and what it owes now (negative: a credit)."""

    account_no: str
    customer_name: str
    service_address: str
    items: tuple[PaidItem, ...]
    owed_now_cents: int


@dataclass(frozen=True, slots=True)
class TenderLine:
    """One tender as it came over the counter. For cash, `handed_cents` is before change is taken off."""

    words: str  # "Cash", "Check 2187", "Card ending 4242"
    handed_cents: int
    change_cents: int = 0


@dataclass(frozen=True, slots=True)
class ReceiptPaper:
    """Everything on one receipt. The items of all accounts = the tenders handed over less the change.

    `taken_at` is printed as given: the caller turns it into the city's time zone.
    """

    letterhead: Letterhead
    receipt_no: str  # "R-104417"
    taken_at: datetime
    till: str  # "3"
    cashier: str  # "D. Whitlock"
    accounts: tuple[PaidAccount, ...]
    tenders: tuple[TenderLine, ...]
    copy: bool = False  # printed again: marked COPY
    void_words: str = ""  # "Voided Mon 23 Nov 2026 12:05 by L. Ames: wrong account"; marked VOID
    thanks: str = ""  # a last line; empty: "Thank you. Questions: PHONE"


def faults(paper: ReceiptPaper) -> list[str]:
    """Say everything that keeps a receipt from being printed; empty when it may be."""
    found: list[str] = []
    paid, taken = _paid_cents(paper), sum(tender.handed_cents - tender.change_cents for tender in paper.tenders)
    if paid != taken:
        found.append(
            f"items come to {money.show(paid)}, tenders less change to {money.show(taken)}; "
            "print every item and tender, or correct the change"
        )
    for tender in paper.tenders:
        if not 0 <= tender.change_cents <= tender.handed_cents:
            found.append(
                f"tender {tender.words}: change {money.show(tender.change_cents)} of {money.show(tender.handed_cents)} "
                "handed over; change is never more than what was handed over"
            )
    if not paper.accounts:
        found.append("no account was paid; name at least one")
    return [f"receipt {paper.receipt_no}: {fault}" for fault in found]


def receipt_pdf(papers: Sequence[ReceiptPaper]) -> bytes:
    """Draw one slip (PDF/UA-1) for each receipt, 80 mm wide, as long as it needs. The same papers give the same bytes.

    :raises PaperError: no receipts, or one whose items are not what was tendered less change
    """
    _refuse_faulty(papers)
    city = printable(papers[0].letterhead.city)
    name = f"Receipt {printable(papers[0].receipt_no)} of {moment(papers[0].taken_at)}, {city}"
    on = max(paper.taken_at for paper in papers).date()
    data = {
        "title": name if len(papers) == 1 else f"{len(papers)} receipts, {city}, {day(on)}",
        "author": city,
        "year": on.year,
        "month": on.month,
        "day": on.day,
        "pages": [asdict(_page(paper)) for paper in papers],
    }
    return typeset("receipt.typ", data, on=on)


def receipt_text(paper: ReceiptPaper, *, columns: int = 42) -> str:
    """The receipt as lines of at most `columns` ASCII characters, for a thermal printer.

    :raises PaperError: items that are not what was tendered less change; fewer than 24 columns
    """
    _refuse_faulty([paper])
    if columns < 24:
        raise PaperError([f"receipt {paper.receipt_no}: {columns} columns; a slip needs 24 or more"])
    page = _page(paper)
    rule = "-" * columns
    lines: list[str] = []
    for mark in page.marks:
        lines += [f"*** {mark} ***".center(columns).rstrip()]
    if page.void:
        lines += [*_wrapped(page.void, columns), ""]
    for line in (page.city, page.office, *page.reach):
        lines += _wrapped(line, columns)
    lines.append(rule)
    for label, value in page.facts:
        lines += _labelled(label, value, columns)
    for account in page.accounts:
        lines.append(rule)
        for label, value in account.facts:
            lines += _labelled(label, value, columns)
        for words, shown in account.items:
            lines += _figured(words, shown, columns)
        if len(page.accounts) > 1:
            lines += _figured(*account.owed, columns)
    lines += [rule, *_figured(*page.paid, columns)]
    for words, shown in page.tenders:
        lines += _figured(words, shown, columns)
    lines += [rule]
    if len(page.accounts) == 1:
        lines += [*_figured(*page.accounts[0].owed, columns), ""]
    lines += _wrapped(page.thanks, columns)
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Account:
    facts: tuple[tuple[str, str], ...]
    items: tuple[tuple[str, str], ...]
    owed: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Page:
    """Every word and figure of one slip, finished; template and thermal text only place them."""

    marks: tuple[str, ...]
    void: str
    city: str
    office: str
    reach: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    accounts: tuple[_Account, ...]
    paid: tuple[str, str]
    tenders: tuple[tuple[str, str], ...]
    thanks: str


def _page(paper: ReceiptPaper) -> _Page:
    head = paper.letterhead
    thanks = paper.thanks or f"Thank you. Questions: {head.phone}"
    return _Page(
        marks=("VOID",) * bool(paper.void_words) + ("COPY",) * paper.copy,
        void=printable(paper.void_words),
        city=printable(head.city),
        office=printable(head.office),
        reach=(", ".join(map(printable, head.address_lines)),),
        facts=(
            ("Receipt", printable(paper.receipt_no)),
            ("Date", moment(paper.taken_at)),
            ("Till", f"{printable(paper.till)}, {printable(paper.cashier)}"),
        ),
        accounts=tuple(_account(account) for account in paper.accounts),
        paid=("Paid", amount(_paid_cents(paper))),
        tenders=tuple(_tender(tender) for tender in paper.tenders),
        thanks=printable(thanks),
    )


def _account(account: PaidAccount) -> _Account:
    return _Account(
        facts=(
            ("Account", printable(account.account_no)),
            ("For", printable(account.customer_name)),
            ("At", printable(account.service_address)),
        ),
        items=tuple((printable(item.words), amount(item.amount_cents)) for item in account.items),
        owed=("Credit on the account" if account.owed_now_cents < 0 else "You owe now", amount(account.owed_now_cents)),
    )


def _tender(tender: TenderLine) -> tuple[str, str]:
    words = printable(tender.words)
    if tender.change_cents:
        words += f" {money.show(tender.handed_cents)}, less change {money.show(tender.change_cents)}"
    return words, amount(tender.handed_cents - tender.change_cents)


def _paid_cents(paper: ReceiptPaper) -> int:
    return sum(item.amount_cents for account in paper.accounts for item in account.items)


def _refuse_faulty(papers: Sequence[ReceiptPaper]) -> None:
    found = [fault for paper in papers for fault in faults(paper)]
    if not papers:
        found.append("no receipts to print; choose at least one")
    if found:
        raise PaperError(found)


def _wrapped(text: str, columns: int) -> list[str]:
    return wrap(plain(text), columns) or [""]


def _labelled(label: str, value: str, columns: int) -> list[str]:
    """`Account 1-009-2231`, the value in its own column, wrapped there."""
    lines = _wrapped(value, columns - 9)
    return [f"{plain(label):<9}{lines[0]}", *(" " * 9 + line for line in lines[1:])]


def _figured(words: str, shown: str, columns: int) -> list[str]:
    """`Bill of 19 Oct 2026       81.10`, the figure at the right of the last line."""
    lines = _wrapped(words, columns - len(shown) - 1)
    return [*lines[:-1], f"{lines[-1]:<{columns - len(shown)}}{shown}"]
