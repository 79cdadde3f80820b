"""The bill on paper: one US Letter page, statement above, remittance stub below the perforation.

The office fills a `BillPaper`; `bill_pdf` draws one page for each. Nothing is computed here that the ledger
should know: every figure is given, and a bill whose figures do not add up is refused, because a
citizen would add them up too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from curbstop.formats.paper.letterhead import Letterhead
from curbstop.formats.usage_chart import UsagePeriod

__all__ = [
    "BillPaper",
    "ChargeGroup",
    "ChargeLine",
    "DatedLine",
    "DepositInstalment",
    "Letterhead",
    "MeterLine",
    "UsagePeriod",
    "bill_pdf",
    "faults",
]


@dataclass(frozen=True, slots=True)
class MeterLine:
    """One meter's two reads. Reads are the digits on the dial, as text, because leading zeros count."""

    service: str  # "Water", "Sprinkler"
    serial: str  # "40218867"
    previous_on: date
    previous_read: str  # "01272"
    present_on: date
    present_read: str  # "01284"
    usage_gal: int
    estimated: bool = False  # the present read was estimated, not seen
    note: str = ""  # "Meter exchanged Mon 2 Nov 2026: 500 gal on the old one are included"


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One charge. `reckoning` is how it came out, "10 kgal × $5.02"; empty where the amount is simply the price."""

    words: str  # "First 10,000 gal"
    amount_cents: int  # a credit is negative
    reckoning: str = ""


@dataclass(frozen=True, slots=True)
class ChargeGroup:
    """The charges of one service, in the order they are printed."""

    service: str  # "Water", "Sewer", "Sanitation", "Other charges"
    charges: tuple[ChargeLine, ...]
    detail: str = ""  # "6,000 gal, at your average"

    @property
    def total_cents(self) -> int:
        """The sum of the group's charges, in cents."""
        return sum(charge.amount_cents for charge in self.charges)


@dataclass(frozen=True, slots=True)
class DatedLine:
    """A payment or an adjustment since the last bill."""

    on: date
    words: str  # "Payment, card by phone"; "Leak credit, approved"
    amount_cents: int  # a payment: what was paid, positive. An adjustment: negative takes off what is owed


@dataclass(frozen=True, slots=True)
class DepositInstalment:
    """A part of the deposit that this bill asks for. Owed like a charge, but held for the customer, so shown apart."""

    words: str  # "Deposit, instalment 1 of 2"
    amount_cents: int


@dataclass(frozen=True, slots=True)
class BillPaper:
    """Everything on one printed bill. Periods are half-open: the first day counts, `period_until` does not.

    previous_balance - payments + adjustments + the charges of all groups + the deposit instalment = amount_due.
    A credit balance is a negative `amount_due_cents`; then nothing is asked for and `due_on` may be None.
    """

    letterhead: Letterhead
    account_no: str  # as spoken and printed: "1-014-0870"
    customer_name: str
    mailing_lines: tuple[str, ...]  # name first, at most five lines, as the envelope's window shows them
    service_address: str
    bill_no: str
    bill_on: date
    period_from: date
    period_until: date
    meters: tuple[MeterLine, ...]
    usage: tuple[UsagePeriod, ...]  # oldest first, at most 13, the last is this bill; fewer for a new customer
    charges: tuple[ChargeGroup, ...]
    previous_balance_cents: int
    payments: tuple[DatedLine, ...]
    adjustments: tuple[DatedLine, ...]
    current_charges_cents: int  # the sum of all groups
    amount_due_cents: int
    due_on: date | None  # None only where nothing is due
    amount_after_due_cents: int | None  # None: no late rule is set, or nothing is due
    dispute: str  # how to dispute this bill: who to call, by when, what happens meanwhile; from the city's policy
    scan_line: str  # digits, from formats.scanline
    qr_payload: str  # what a phone or the till's scanner reads: a pay link, or the scan line
    after_due_words: str = ""  # "2% late fee of $2.60"; where the amount is None: why there is none
    deposit_instalment: DepositInstalment | None = None
    autopay_words: str = ""  # "Will be drafted from your bank on Mon 7 Dec 2026. Do not pay."
    messages: tuple[str, ...] = ()
    customer_class: str = ""  # "Residential"
    final: bool = False
    copy: bool = False  # printed again: marked COPY

    @property
    def days(self) -> int:
        """The number of days billed."""
        return (self.period_until - self.period_from).days


def faults(paper: BillPaper) -> list[str]:
    """Say everything that keeps a bill from being printed; empty when it may be."""
    found: list[str] = []
    return found


def bill_pdf(papers: Sequence[BillPaper]) -> bytes:
    """Draw one PDF (PDF/UA-1), one page for each bill, in the order given. The same papers give the same bytes.

    :raises PaperError: no bills, or a bill whose figures do not add up or that lacks what law or the machine needs
    """
    raise NotImplementedError
