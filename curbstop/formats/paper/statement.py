"""The statement of account: where an account stood on any day, as the books knew it on any other, on letter paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from curbstop.formats.paper.letterhead import Letterhead, PaperError
from curbstop.formats.paper.typeset import typeset
from curbstop.formats.paper.words import amount, day, moment, printable, short_day
from curbstop.rules import money


@dataclass(frozen=True, slots=True)
class StatementPaperLine:
    """A transaction: the day it happened, what, its charge or credit, and what was owed after it."""

    on: date
    booked_on: date
    says: str
    charge_cents: int
    credit_cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True)
class OpenLine:
    """An item open at the end; below zero: a credit."""

    says: str
    due_on: date | None
    age: str
    cents: int


@dataclass(frozen=True, slots=True)
class StatementPaper:
    """Everything on a statement. ``known_on`` is the day whose books it is read from; ``late``: lines that came later
    than ``as_of``."""

    letterhead: Letterhead
    account_no: str
    name: str
    to_lines: tuple[str, ...]
    from_on: date | None
    as_of: date
    known_on: date
    printed_at: datetime
    opening_cents: int
    charges_cents: int
    credits_cents: int
    closing_cents: int
    lines: tuple[StatementPaperLine, ...]
    items: tuple[OpenLine, ...]
    late: int = 0


def statement_pdf(paper: StatementPaper) -> bytes:
    """Draw the statement as PDF/UA-1. The same paper gives the same bytes.

    :raises PaperError: it does not add up: opening, charges and credits, or the open items, are not the closing
    """
    _check(paper)
    head = paper.letterhead
    data = {
        "title": f"Statement of account {printable(paper.account_no)}, {short_day(paper.as_of)}",
        "author": printable(head.city),
        "year": paper.known_on.year,
        "month": paper.known_on.month,
        "day": paper.known_on.day,
        "city": printable(head.city),
        "office": printable(head.office),
        "from": [printable(line) for line in (*head.address_lines, head.phone, head.hours)],
        "to": [printable(line) for line in (paper.name, *paper.to_lines) if line],
        "account_no": printable(paper.account_no),
        "as_of": day(paper.as_of),
        "known": day(paper.known_on) if paper.known_on != paper.as_of else "",
        "since": day(paper.from_on) if paper.from_on else "the beginning",
        "printed": f"Printed {moment(paper.printed_at)}",
        "opening": amount(paper.opening_cents),
        "charges": amount(paper.charges_cents),
        "credits": amount(paper.credits_cents),
        "closing": amount(paper.closing_cents),
        "lines": [_line(line) for line in paper.lines],
        "items": [_item(item) for item in paper.items],
        "late": paper.late,
    }
    return typeset("statement.typ", data, on=paper.known_on)


def _check(paper: StatementPaper) -> None:
    sums = paper.opening_cents + paper.charges_cents - paper.credits_cents
    items = sum(item.cents for item in paper.items)
    if not sums == items == paper.closing_cents:
        shown = ", ".join(money.show(cents) for cents in (sums, items, paper.closing_cents))
        raise PaperError([f"statement of {paper.account_no}: its lines, its open items and its closing are {shown}"])


def _line(line: StatementPaperLine) -> Sequence[str]:
    booked = f", booked {short_day(line.booked_on)}" if line.booked_on != line.on else ""
    return (
        short_day(line.on),
        printable(line.says) + booked,
        amount(line.charge_cents) if line.charge_cents else "",
        amount(line.credit_cents) if line.credit_cents else "",
        amount(line.balance_cents),
    )


def _item(item: OpenLine) -> Sequence[str]:
    return (printable(item.says), short_day(item.due_on) if item.due_on else "", item.age, amount(item.cents))
