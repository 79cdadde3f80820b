"""The deposit slip: what goes to the bank from which drawers, and every receipt behind it, on letter paper."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from curbstop.formats.paper.letterhead import Letterhead, PaperError
from curbstop.formats.paper.typeset import typeset
from curbstop.formats.paper.words import amount, day, moment, printable
from curbstop.rules import money


@dataclass(frozen=True, slots=True)
class SlipLine:
    """A receipt in the deposit: its number, who paid, cents by type of tender, the checks' numbers."""

    receipt_no: str
    payer: str
    cash_cents: int
    check_cents: int
    money_order_cents: int
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlipPaper:
    """Everything on a deposit slip: the sums that go to the bank, and every receipt behind them."""

    letterhead: Letterhead
    slip_no: str
    made_on: date
    printed_at: datetime
    tills: tuple[str, ...]
    cash_cents: int
    check_cents: int
    money_order_cents: int
    lines: tuple[SlipLine, ...]
    bank: str = ""

    @property
    def total_cents(self) -> int:
        """What the bank should count."""
        return self.cash_cents + self.check_cents + self.money_order_cents


def slip_pdf(paper: SlipPaper) -> bytes:
    """Draw the slip as PDF/UA-1. The same paper gives the same bytes.

    :raises PaperError: nothing to deposit
    """
    if paper.total_cents <= 0:
        raise PaperError([f"deposit {paper.slip_no}: {money.show(paper.total_cents)} is nothing to take to the bank"])
    head = paper.letterhead
    data = {
        "title": f"Deposit {printable(paper.slip_no)} of {day(paper.made_on)}, {printable(head.city)}",
        "author": printable(head.city),
        "year": paper.made_on.year,
        "month": paper.made_on.month,
        "day": paper.made_on.day,
        "city": printable(head.city),
        "office": printable(head.office),
        "slip_no": printable(paper.slip_no),
        "made_on": day(paper.made_on),
        "printed": f"Printed {moment(paper.printed_at)}",
        "tills": ", ".join(map(printable, paper.tills)),
        "bank": printable(paper.bank),
        "sums": [
            ("Cash", amount(paper.cash_cents)),
            ("Checks", amount(paper.check_cents)),
            ("Money orders", amount(paper.money_order_cents)),
        ],
        "total": amount(paper.total_cents),
        "lines": [asdict(_Line(*_fields(line))) for line in paper.lines],
        "receipts": _receipts(paper),
        "apart": _apart(paper),
    }
    return typeset("slip.typ", data, on=paper.made_on)


@dataclass(frozen=True, slots=True)
class _Line:
    receipt: str
    payer: str
    cash: str
    check: str
    order: str
    numbers: str


def _fields(line: SlipLine) -> Sequence[str]:
    sums = (amount(cents) if cents else "" for cents in (line.cash_cents, line.check_cents, line.money_order_cents))
    return (printable(line.receipt_no), printable(line.payer), *sums, ", ".join(map(printable, line.references)))


def _receipts(paper: SlipPaper) -> list[str]:
    """The receipts' sums by type of tender."""
    return [
        amount(sum(getattr(line, name) for line in paper.lines))
        for name in ("cash_cents", "check_cents", "money_order_cents")
    ]


def _apart(paper: SlipPaper) -> str:
    """What the drawers were over or short, by type of tender, in a sentence; empty when every type agrees."""
    said = []
    for says, name, cents in (
        ("cash", "cash_cents", paper.cash_cents),
        ("checks", "check_cents", paper.check_cents),
        ("money orders", "money_order_cents", paper.money_order_cents),
    ):
        off = cents - sum(getattr(line, name) for line in paper.lines)
        if off:
            said.append(f"{says} {money.show(abs(off))} {'over' if off > 0 else 'short'}")
    return f"Against the receipts: {', '.join(said)}, posted as over and short." if said else ""
