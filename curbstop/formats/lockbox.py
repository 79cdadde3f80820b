"""Files of payments from banks and bill-payers: the payments in them, the lines of no use, the totals to be met.

The shape is a layout (`layouts`), with these names for its records: `payment`; `part` (a payment's share for another
account, after it); `batch_total` and `total`, whose `rows` and `cents` must be met; any other name is read and passed
over. A payment's fields: `account_number`, `cents`, `reference`, and `payer` and `paid_on` where the file has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from curbstop.formats.layouts import BadField, Layout, Line, decode, read_lines
from curbstop.rules.faults import Fault, Faults
from curbstop.rules.money import MOST_CENTS, show


class PaymentFileErrors(Faults):
    """What makes a whole file unusable: totals that are not met, a heading that is another layout's."""

    what = "payment file"


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment for one account."""

    line: int
    account_number: str
    cents: int
    reference: str
    payer: str
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that cannot be posted, as it came, and why. `cents` where it is known, or follows from the total."""

    line: int
    text: str
    why: str
    cents: int | None
    account_number: str
    reference: str


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A file whose totals are met: what can be posted, and what goes into quarantine."""

    rows: tuple[PaymentRow, ...]
    bad: tuple[BadRow, ...]
    stated_rows: int | None
    stated_cents: int | None

    @property
    def cents(self) -> int:
        """What the rows that can be posted come to."""
        return sum(row.cents for row in self.rows)


@dataclass(slots=True)
class _Payment:
    """A payment line, with its parts for other accounts."""

    line: Line
    parts: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class _Count:
    rows: int = 0
    cents: int = 0
    unknown: list[int] = field(default_factory=list)

    def add(self, cents: int | None, place: int) -> None:
        self.rows += 1
        self.cents += cents or 0
        if cents is None:
            self.unknown.append(place)


def read_payments(layout: Layout, data: bytes, *, name: str = "file") -> PaymentFile:
    """The payments of a file.

    A row that cannot be used is set apart with its reason, and the rest goes on. A total that is not met refuses the
    file; a single row whose amount cannot be read is worth what the total lacks.

    :raises PaymentFileErrors: nothing of the file may be used, with the line
    """
    try:
        lines = list(read_lines(layout, decode(data)))
    except BadField as bad:
        raise PaymentFileErrors([Fault(name, 0, bad.field, bad.value, bad.why, bad.remedy)]) from None
    reading = _Reading(name)
    for line in lines:
        reading.take(line)
    return reading.end()


class _Reading:
    """A file while it is read: payments so far, counts of the batch and of the file, what is wrong with the whole."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[PaymentRow] = []
        self.bad: list[BadRow] = []
        self.faults: list[Fault] = []
        self.open: _Payment | None = None
        self.batch, self.whole = _Count(), _Count()
        self.stated: tuple[int | None, int | None] | None = None

    def take(self, line: Line) -> None:
        if line.record == "part" and self.open is not None:
            self.open.parts.append(line)
            return
        self._end_payment()
        if line.record == "payment":
            self.open = _Payment(line)
        elif line.record == "batch_total":
            self._meet(line, self.batch, "batch")
            self.batch = _Count()
        elif line.record == "total":
            self._meet(line, self.whole, "file")
            self.stated = (_whole(line, "rows"), _whole(line, "cents"))
        elif line.faults:
            self.bad.append(BadRow(line.no, line.text, "; ".join(line.faults), None, "", ""))

    def _end_payment(self) -> None:
        payment, self.open = self.open, None
        if payment is None:
            return
        line = payment.line
        cents = _whole(line, "cents")
        bad = len(self.bad)
        if line.faults or cents is None or not 0 < cents <= MOST_CENTS:
            self._set_aside(line, line.faults or ("0.00 is no payment" if cents == 0 else "no amount",), cents)
        elif payment.parts:
            self._parts(line, payment.parts, cents)
        elif not _text(line, "account_number"):
            self._set_aside(line, ("no account number",), cents)
        else:
            self.rows.append(_row(line, cents, line))
        place = bad if len(self.bad) > bad else -1
        for count in (self.batch, self.whole):
            count.add(cents, place)

    def _parts(self, line: Line, parts: Sequence[Line], cents: int) -> None:
        faults = [fault for part in parts for fault in part.faults]
        sums = sum(_whole(part, "cents") or 0 for part in parts)
        if faults or sums != cents:
            why = faults or [f"its parts come to {show(sums)}, the payment to {show(cents)}"]
            self._set_aside(line, why, cents)
            return
        self.rows += [_row(part, _whole(part, "cents") or 0, line) for part in parts]

    def _set_aside(self, line: Line, why: Iterable[str], cents: int | None) -> None:
        number, reference = _text(line, "account_number"), _text(line, "reference")
        self.bad.append(BadRow(line.no, line.text, "; ".join(why), cents or None, number, reference))

    def _meet(self, line: Line, count: _Count, what: str) -> None:
        for fault in line.faults:
            self._fault(line, what, "", fault)
        rows, cents = _whole(line, "rows"), _whole(line, "cents")
        if rows is not None and rows != count.rows:
            self._fault(line, f"{what} count", rows, f"the {what} has {count.rows} payments")
        if cents is None:
            return
        lacks = cents - count.cents
        if lacks > 0 and len(count.unknown) == 1:
            place = count.unknown[0]
            row = self.bad[place]
            why = f"{row.why}; by the total of the {what} it is {show(lacks)}"
            self.bad[place] = BadRow(row.line, row.text, why, lacks, row.account_number, row.reference)
            count.cents += lacks
            count.unknown.clear()
            if count is self.batch:
                self.whole.cents += lacks
                self.whole.unknown.remove(place)
        elif lacks or count.unknown:
            self._fault(line, f"{what} total", show(cents), f"the {what} comes to {show(count.cents)}")

    def _fault(self, line: Line, field: str, value: object, why: str) -> None:
        remedy = "ask the bank for the file again; nothing of it was posted"
        self.faults.append(Fault(self.name, line.no, field, str(value), why, remedy))

    def end(self) -> PaymentFile:
        """The last line was taken."""
        self._end_payment()
        if self.faults:
            raise PaymentFileErrors(self.faults)
        if not self.rows and not self.bad:
            fault = Fault(self.name, 0, "file", "", "no payment is in it", "choose the layout of this file")
            raise PaymentFileErrors([fault])
        rows, cents = self.stated or (None, None)
        return PaymentFile(tuple(self.rows), tuple(self.bad), rows, cents)


def _row(line: Line, cents: int, whole: Line) -> PaymentRow:
    paid_on = whole.values.get("paid_on")
    return PaymentRow(
        line.no, _text(line, "account_number"), cents, _text(line, "reference") or _text(whole, "reference"),
        _text(whole, "payer"), paid_on if isinstance(paid_on, date) else None,
    )  # fmt: skip


def _text(line: Line, name: str) -> str:
    value = line.values.get(name)
    return "" if value is None else str(value).strip()


def _whole(line: Line, name: str) -> int | None:
    value = line.values.get(name)
    return value if isinstance(value, int) else None
