"""What is on a printed bill, and what keeps one from being printed."""

from dataclasses import dataclass
from datetime import date

from curbstop.formats.paper.letterhead import Letterhead
from curbstop.formats.paper.words import day
from curbstop.formats.usage_chart import UsagePeriod
from curbstop.rules.money import show


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
    charged = sum(group.total_cents for group in paper.charges)
    if charged != paper.current_charges_cents:
        found.append(
            f"current charges are {show(paper.current_charges_cents)}, but the charges printed add up to "
            f"{show(charged)}; print every charge, or correct the sum"
        )
    owed = (
        paper.previous_balance_cents
        - sum(payment.amount_cents for payment in paper.payments)
        + sum(adjustment.amount_cents for adjustment in paper.adjustments)
        + paper.current_charges_cents
        + (paper.deposit_instalment.amount_cents if paper.deposit_instalment else 0)
    )
    if owed != paper.amount_due_cents:
        found.append(
            f"amount due is {show(paper.amount_due_cents)}, but balance, payments, adjustments and charges come to "
            f"{show(owed)}; a payment or an adjustment since the last bill is missing or is there twice"
        )
    for payment in paper.payments:
        if payment.amount_cents < 0:
            found.append(
                f"payment of {day(payment.on)} is {show(payment.amount_cents)}; a payment taken back is an adjustment"
            )
    found.extend(_due_faults(paper))
    if paper.period_until <= paper.period_from:
        found.append(f"period ends {day(paper.period_until)}, not after {day(paper.period_from)}; correct its days")
    if not 1 <= len(paper.mailing_lines) <= 5:
        found.append(f"mailing address has {len(paper.mailing_lines)} lines; the envelope's window shows one to five")
    elif not all(line.strip() for line in paper.mailing_lines):
        found.append("mailing address has an empty line; leave it out")
    if not paper.dispute.strip():
        found.append(
            "dispute text is empty; a bill says how to dispute it (Memphis Light v. Craft, 436 U.S. 1): "
            "set the city's policy text"
        )
    line = paper.scan_line
    if not (line.isascii() and line.isdigit() and _digits(paper.account_no) in line):
        found.append(f"scan line {line!r} lacks the digits of the account; write it by formats.scanline")
    if not paper.qr_payload:
        found.append("QR payload is empty; give the pay link or the scan line")
    return [f"bill {paper.bill_no}, account {paper.account_no}: {fault}" for fault in found]


def _due_faults(paper: BillPaper) -> list[str]:
    if paper.amount_due_cents <= 0:
        return []
    found: list[str] = []
    if paper.due_on is None:
        found.append(f"{show(paper.amount_due_cents)} is due, but no due date is given; set the city's due days")
    if paper.amount_after_due_cents is None and not paper.after_due_words:
        found.append("no amount after the due date and no words why; say that the late rule is not set for this city")
    if paper.amount_after_due_cents is not None and paper.amount_after_due_cents < paper.amount_due_cents:
        found.append(
            f"amount after the due date is {show(paper.amount_after_due_cents)}, less than the "
            f"{show(paper.amount_due_cents)} due; correct it"
        )
    return found


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
