"""The bill on paper: one US Letter page, statement above, remittance stub below the perforation.

The office fills a `BillPaper`; `bill_pdf` draws one page for each. Nothing is computed here that the ledger
should know: every figure is given, and a bill whose figures do not add up is refused, because a
citizen would add them up too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from curbstop.formats.paper.letterhead import Letterhead, PaperError
from curbstop.formats.paper.qr import qr_svg
from curbstop.formats.paper.typeset import typeset
from curbstop.formats.paper.words import amount, day, printable, short_day
from curbstop.formats.usage_chart import UsagePeriod, usage_chart_print_svg, usage_unit, usage_words
from curbstop.rules import money

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
    charged = sum(group.total_cents for group in paper.charges)
    if charged != paper.current_charges_cents:
        found.append(
            f"current charges are {_plain(paper.current_charges_cents)}, but the charges printed add up to "
            f"{_plain(charged)}; print every charge, or correct the sum"
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
            f"amount due is {_plain(paper.amount_due_cents)}, but balance, payments, adjustments and charges come to "
            f"{_plain(owed)}; a payment or an adjustment since the last bill is missing or is there twice"
        )
    for payment in paper.payments:
        if payment.amount_cents < 0:
            found.append(
                f"payment of {day(payment.on)} is {_plain(payment.amount_cents)}; a payment taken back is an adjustment"
            )
    found.extend(_due_faults(paper))
    if paper.period_until <= paper.period_from:
        found.append(f"period ends {day(paper.period_until)}, not after {day(paper.period_from)}; correct its days")
    if not 1 <= len(paper.mailing_lines) <= 5:
        found.append(f"mailing address has {len(paper.mailing_lines)} lines; the envelope's window shows one to five")
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
        found.append(f"{_plain(paper.amount_due_cents)} is due, but no due date is given; set the city's due days")
    if paper.amount_after_due_cents is None and not paper.after_due_words:
        found.append("no amount after the due date and no words why; say that the late rule is not set for this city")
    if paper.amount_after_due_cents is not None and paper.amount_after_due_cents < paper.amount_due_cents:
        found.append(
            f"amount after the due date is {_plain(paper.amount_after_due_cents)}, less than the "
            f"{_plain(paper.amount_due_cents)} due; correct it"
        )
    return found


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
        "pages": [_page(paper) for paper in papers],
    }
    return typeset("bill.typ", data, on=on)


def _plain(cents: int) -> str:
    return money.show(cents)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _page(paper: BillPaper) -> dict[str, object]:
    """Every word and figure of one page, finished; the template only places them."""
    head = paper.letterhead
    reach = [", ".join(map(printable, head.address_lines)), printable(head.phone), printable(head.hours)]
    return {
        "heading": "Final bill" if paper.final else "Utility bill",
        "copy": "COPY" if paper.copy else "",
        "city": printable(head.city),
        "office": printable(head.office) + (f" \u00b7 {printable(head.web)}" if head.web else ""),
        "reach": " \u00b7 ".join(part for part in reach if part),
        "facts": _facts(paper),
        "mailing": [printable(line) for line in paper.mailing_lines],
        "due": _due(paper),
        "sum": _sum(paper),
        "total": ["Credit" if paper.amount_due_cents < 0 else "Amount due", amount(paper.amount_due_cents)],
        "charges": [row for group in paper.charges for row in _charge_rows(group)],
        "charges-total": ["This bill", amount(paper.current_charges_cents)],
        "chart": _chart(paper.usage),
        "meters": [_meter(meter) for meter in paper.meters],
        "messages": [printable(message) for message in paper.messages],
        "dispute": printable(paper.dispute),
        "stub": _stub(paper),
        "qr": qr_svg(paper.qr_payload),
        "qr-alt": f"QR code to pay or find account {printable(paper.account_no)}",
        "scan": paper.scan_line,
    }


def _facts(paper: BillPaper) -> list[tuple[str, str]]:
    account = printable(paper.account_no)
    if paper.customer_class:
        account += f", {printable(paper.customer_class)}"
    span = f"{day(paper.period_from)} to {day(paper.period_until)}, {paper.days} days"
    return [
        ("Account", account),
        ("Customer", printable(paper.customer_name)),
        ("Service at", printable(paper.service_address)),
        ("Period", span),
        ("Bill", f"{printable(paper.bill_no)} of {day(paper.bill_on)}"),
    ]


def _due(paper: BillPaper) -> dict[str, str]:
    cents = paper.amount_due_cents
    if cents <= 0:
        when = "Credit. Do not pay." if cents < 0 else "Nothing to pay"
        label = "Your credit" if cents < 0 else "Amount due"
        return {"label": label, "figure": f"${amount(cents)}", "when": when, "autopay": "", "after": "", "words": ""}
    assert paper.due_on is not None  # `faults` has refused a bill that asks for money by no day
    after = ""
    if paper.amount_after_due_cents is not None:
        after = f"After that day: ${_plain(paper.amount_after_due_cents)}"
    return {
        "label": "Amount due",
        "figure": f"${_plain(cents)}",
        "when": f"by {day(paper.due_on)}",
        "after": after,
        "autopay": printable(paper.autopay_words),
        "words": printable(paper.after_due_words),
    }


def _sum(paper: BillPaper) -> list[tuple[str, str]]:
    """The arithmetic from the last bill to this one. More than two of a kind are printed as one sum."""
    rows = [("Previous balance", amount(paper.previous_balance_cents))]
    paid = [DatedLine(line.on, line.words, -line.amount_cents) for line in paper.payments]
    for kind, lines in (("payments", paid), ("adjustments", list(paper.adjustments))):
        if len(lines) > 2:
            last = max(line.on for line in lines)
            words = f"{len(lines)} {kind} to {short_day(last)}"
            rows.append((words, amount(sum(line.amount_cents for line in lines))))
        else:
            rows.extend((f"{printable(line.words)}, {short_day(line.on)}", amount(line.amount_cents)) for line in lines)
    if len(rows) > 1:
        carried = paper.previous_balance_cents + sum(line.amount_cents for line in (*paid, *paper.adjustments))
        rows.append(("Carried over", amount(carried)))
    rows.append(("This bill", amount(paper.current_charges_cents)))
    if part := paper.deposit_instalment:
        rows.append((printable(part.words), amount(part.amount_cents)))
    return rows


def _charge_rows(group: ChargeGroup) -> list[dict[str, str]]:
    """A service with one charge is one row; with several, a row with its total and a row for each part."""
    service, detail = printable(group.service), printable(group.detail)

    def row(kind: str, words: str, how: str, part: str, total: str, note: str = "") -> dict[str, str]:
        return {"kind": kind, "words": words, "how": how, "part": part, "total": total, "note": note}

    if len(group.charges) == 1:
        charge = group.charges[0]
        words = printable(charge.words)
        how = ", ".join(part for part in (words if words != service else "", printable(charge.reckoning)) if part)
        return [row("single", service, how, "", amount(charge.amount_cents), detail)]
    return [row("group", service, detail, "", amount(group.total_cents))] + [
        row("part", printable(charge.words), printable(charge.reckoning), amount(charge.amount_cents), "")
        for charge in group.charges
    ]


def _chart(usage: Sequence[UsagePeriod]) -> dict[str, object] | None:
    if not usage:
        return None
    return {
        "svg": usage_chart_print_svg(usage),
        "alt": usage_words(usage),
        "heading": f"Water used, {usage_unit(usage)}",
        "ghost": any(period.year_before_gal for period in usage),
        "average": any(period.average_gal is not None for period in usage),
        "estimated": any(period.estimated for period in usage),
    }


def _meter(meter: MeterLine) -> dict[str, object]:
    return {
        "service": printable(meter.service),
        "serial": printable(meter.serial),
        "previous": (printable(meter.previous_read), short_day(meter.previous_on)),
        "present": (printable(meter.present_read), short_day(meter.present_on)),
        "estimated": meter.estimated,
        "usage": f"{meter.usage_gal:,}",
        "note": printable(meter.note),
    }


def _stub(paper: BillPaper) -> dict[str, object]:
    head, cents = paper.letterhead, paper.amount_due_cents
    due = [("Amount due" if cents >= 0 else "Your credit", f"${amount(cents)}")]
    if cents > 0 and paper.due_on is not None:
        due.append(("Due", day(paper.due_on)))
        if paper.amount_after_due_cents is not None:
            due.append(("After that day", f"${_plain(paper.amount_after_due_cents)}"))
    instead = "Credit. Do not pay." if cents < 0 else "Nothing to pay."
    asks = cents > 0 and not paper.autopay_words
    payee = printable(head.payee or head.city)
    return {
        "tear": "Tear off here and send this part with your payment." if asks else "Keep this part with your records.",
        "heading": "Ways to pay",
        "ways": [printable(way) for way in head.how_to_pay],
        "check": f"Make checks to {payee}; write {printable(paper.account_no)} on them. No cash by mail.",
        "remit": [printable(line) for line in (head.remit_lines or (head.city, *head.address_lines))],
        "account": printable(paper.account_no),
        "who": [
            printable(paper.customer_name),
            printable(paper.service_address),
            f"Bill {printable(paper.bill_no)} of {day(paper.bill_on)}",
        ],
        "due": due,
        "enclosed": "Amount enclosed" if asks else "",
        "instead": printable(paper.autopay_words) if cents > 0 else instead,
    }
