"""The receipt: an 80 mm slip as PDF, and the same words for a 42-column thermal printer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from curbstop.formats.paper.letterhead import Letterhead

__all__ = ["Letterhead", "PaidAccount", "PaidItem", "ReceiptPaper", "TenderLine", "receipt_pdf", "receipt_text"]


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


def receipt_pdf(papers: Sequence[ReceiptPaper]) -> bytes:
    """Draw one slip for each receipt, 80 mm wide, as long as it needs.

    :raises PaperError: a receipt whose items are not what was tendered less change
    """
    raise NotImplementedError


def receipt_text(paper: ReceiptPaper, *, columns: int = 42) -> str:
    """The receipt as lines of at most `columns` characters, for a thermal printer."""
    raise NotImplementedError
