"""A lockbox in BAI2: the items of a deposit as payments.

A layout of kind `bai2` says by type code which details are payments and which are the deposits that they come to
(`batch_total`); other details of the file are passed over. The scan line of a stub, where it stands in the reference,
is read for its account. Counts and control totals of the file must meet, and the items of an account's day must come
to its deposits (BAI Cash Management Balance Reporting, version 2: 115 a lockbox deposit, 116 an item in one).
"""

from __future__ import annotations

from curbstop.formats import scanline
from curbstop.formats.bai2 import Bai2Fault, BankDay, BankLine, read_bai2
from curbstop.formats.layouts import Layout, Record
from curbstop.formats.lockbox import BadRow, PaymentFile, PaymentFileErrors, PaymentRow
from curbstop.rules.faults import Fault
from curbstop.rules.money import MOST_CENTS, show

REMEDY = "ask the bank for the file again; nothing of it was posted"


def read_bai2_payments(layout: Layout, data: bytes, *, name: str = "file") -> PaymentFile:
    """The payments of a BAI2 file. A detail that cannot be posted is set apart with its reason, and the rest goes on.

    A row's `line` is the place of its detail among those of the file, from 1.

    :raises PaymentFileErrors: nothing of the file may be used: it cannot be read, its totals are not met, its items do
        not come to their deposits, or no detail is a payment
    """
    try:
        days = read_bai2(data)
    except Bai2Fault as bad:
        raise PaymentFileErrors([Fault(name, bad.line_no, "file", bad.line, bad.why, REMEDY)]) from None
    records = {record.begins: record for record in layout.records}
    rows: list[PaymentRow] = []
    bad_rows: list[BadRow] = []
    faults: list[Fault] = []
    for day in days:
        named = [(records[line.type_code], line) for line in day.lines if line.type_code in records]
        items = [(record, line) for record, line in named if record.name == "payment"]
        deposits = [line for record, line in named if record.name == "batch_total"]
        if not items:
            bad_rows += [_apart(line, "a deposit without its items: ask the bank for them") for line in deposits]
            continue
        came, told = sum(_cents(line) for _, line in items), sum(_cents(line) for line in deposits)
        if deposits and came != told:
            why = f"the items of {day.on.isoformat()} come to {show(came)}"
            faults.append(Fault(name, deposits[0].line_no, "deposit total", show(told), why, REMEDY))
        for record, line in items:
            made = _payment(day, record, line)
            (rows if isinstance(made, PaymentRow) else bad_rows).append(made)  # type: ignore[arg-type]
    if faults:
        raise PaymentFileErrors(faults)
    if not rows and not bad_rows:
        codes = ", ".join(record.begins for record in layout.records)
        remedy = "choose the layout of this file; a statement goes to the bank's page"
        raise PaymentFileErrors([Fault(name, 0, "file", "", f"no detail has one of the codes {codes}", remedy)])
    return PaymentFile(tuple(rows), tuple(bad_rows), None, None)


def _cents(line: BankLine) -> int:
    return line.credit_cents - line.debit_cents


def _payment(day: BankDay, record: Record, line: BankLine) -> PaymentRow | BadRow:
    if line.debit_cents:
        return _apart(line, "it takes money out, which is no payment: reverse the payment that it corrects")
    if line.credit_cents > MOST_CENTS:
        return _apart(line, f"{show(line.credit_cents)} is more than a payment can be")
    if day.currency not in ("USD", ""):
        return _apart(line, f"{day.currency} is not the currency of the books")
    number = _value(record, "account_number", line)
    digits = "".join(number.split())
    if len(digits) == scanline.DEFAULT_LAYOUT.length:
        try:
            number = scanline.parse(digits).account
        except scanline.ScanLineError as wrong:
            return _apart(line, str(wrong))
    if not number:
        return _apart(line, "no account number and no scan line")
    reference, payer = _value(record, "reference", line), _value(record, "payer", line)
    return PaymentRow(line.line_no, number, line.credit_cents, reference, payer, day.on)


def _value(record: Record, name: str, line: BankLine) -> str:
    """A field of the detail: its column is `customer_reference`, `bank_reference` or `text`."""
    field = record.field(name)
    if field is None:
        return ""
    told = {"customer_reference": line.customer_reference, "bank_reference": line.bank_reference, "text": line.text}
    return told.get(field.column, "").strip()


def _apart(line: BankLine, why: str) -> BadRow:
    cents = line.credit_cents or line.debit_cents
    told = f"16,{line.type_code},{cents},,{line.bank_reference},{line.customer_reference},{line.text}"
    return BadRow(line.line_no, told, why, line.credit_cents or None, line.customer_reference, line.bank_reference)
