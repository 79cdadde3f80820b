"""BAI2: the bank's statements. The library ``bai2`` reads the records; here they become days, balances and lines.

Amounts are whole cents. A line's type code says which column it stands in: 100 to 399 came in, 400 to 699 went out
(BAI Cash Management Balance Reporting, version 2). Control totals and counts must meet; a file that cannot be read
says at which of its lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from bai2.exceptions import IntegrityException, NotSupportedYetException, ParsingException
from bai2.helpers import IteratorHelper
from bai2.models import Account, Bai2File, TransactionDetail
from bai2.parsers import Bai2FileParser

OPENING, CLOSING = ("010", "040"), ("015", "045")
"""Type codes of the opening and closing balance: ledger first, then available."""


class Bai2Fault(ValueError):
    """A file that is no statement; ``line_no`` is the line that was being read, from 1 (0: the file as a whole)."""

    def __init__(self, line_no: int, line: str, why: str) -> None:
        self.line_no = line_no
        self.line = line
        self.why = why
        at = f"line {line_no}, {line!r}: " if line_no else ""
        super().__init__(f"{at}{why}")


@dataclass(frozen=True, slots=True)
class BankLine:
    """A line of a statement: money that came in (credit, as banks say) or went out (debit), above zero in one."""

    line_no: int
    type_code: str
    debit_cents: int
    credit_cents: int
    bank_reference: str
    customer_reference: str
    text: str


@dataclass(frozen=True, slots=True)
class BankDay:
    """One account on one day. Balances are None where the bank gave none."""

    account: str
    on: date
    currency: str
    opening_cents: int | None
    closing_cents: int | None
    lines: tuple[BankLine, ...]


def read_bai2(body: bytes, *, check_totals: bool = True) -> tuple[BankDay, ...]:
    """The days of a file, in its order.

    :param check_totals: counts and control totals must meet those of the trailers
    :raises Bai2Fault: naming the line
    """
    lines = _lines(body)
    reading = _Reading(lines)
    try:
        helper = IteratorHelper(iter(reading))
        file = Bai2FileParser(helper, check_integrity=check_totals).parse()
    except (IntegrityException, NotSupportedYetException, ParsingException) as error:
        raise reading.fault(_first_words(error)) from error
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise reading.fault(f"this record cannot be read ({_first_words(error)})") from error
    return tuple(_days(file))


class _Reading:
    """The lines as the library takes them, so that a fault can name where it was."""

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        self.lines = lines
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        for _no, line in self.lines:
            self.taken += 1
            yield line

    def fault(self, why: str) -> Bai2Fault:
        # the library reads one record ahead to see whether it goes on
        at = max(self.taken - 2, 0)
        while at and self.lines[at][1].startswith("88"):  # where the record begins that goes on here
            at -= 1
        no, line = self.lines[at]
        return Bai2Fault(no, line[:120], why)


def _lines(body: bytes) -> list[tuple[int, str]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    found = [(no, line.strip()) for no, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not found:
        raise Bai2Fault(0, "", "the file is empty")
    if not found[0][1].startswith("01,"):
        raise Bai2Fault(found[0][0], found[0][1][:120], "a BAI2 file begins with a record 01")
    ends = next((at for at, (_, line) in enumerate(found) if line.startswith("99,")), len(found))
    more = [(no, line) for no, line in found[ends + 1 :] if not line.startswith("88")]
    if more:  # the library would stop at the trailer and say nothing
        raise Bai2Fault(more[0][0], more[0][1][:120], f"{len(more)} lines follow the end of the file")
    return found


def _first_words(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _days(file: Bai2File) -> Iterator[BankDay]:
    no = 0
    for group in file.children:
        for account in group.children:
            lines = []
            for detail in account.children:
                no += 1
                line = _line(no, detail)
                if line is not None:
                    lines.append(line)
            currency = account.header.currency or group.header.currency or "USD"
            yield BankDay(
                account.header.customer_account_number or "",
                group.header.as_of_date,
                currency,
                _balance(account, OPENING),
                _balance(account, CLOSING),
                tuple(lines),
            )


def _balance(account: Account, codes: tuple[str, ...]) -> int | None:
    found: dict[str, Any] = {s.type_code.code: s.amount for s in account.header.summary_items if s.type_code}
    return next((int(found[code]) for code in codes if found.get(code) is not None), None)


def _line(no: int, detail: TransactionDetail) -> BankLine | None:
    """A line that moves money; None for one that only tells (no amount, or a code that is neither in nor out)."""
    code, cents = detail.type_code.code, int(detail.amount or 0)
    comes = 100 <= int(code) <= 399
    if not cents or not 100 <= int(code) <= 699:
        return None
    if cents < 0:  # a correction stands in the other column
        comes, cents = not comes, -cents
    return BankLine(
        no,
        code,
        0 if comes else cents,
        cents if comes else 0,
        (detail.bank_reference or "").strip(),
        (detail.customer_reference or "").strip(),
        " ".join((detail.text or "").rstrip("/").split()),
    )
