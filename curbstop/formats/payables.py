"""Files of refunds: to accounts payable, to the bank that pays only what it was told of, and the register that returns.

Each file's shape is a layout (``formats.layouts``), because every finance system and bank has its own. A layout may
have three records: ``header`` and ``trailer`` (with the totals) around one ``detail`` a refund. The bytes are made
once, stored by the office and sent again as they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from curbstop.formats.layouts import BadField, Field, Layout, Value, Values, decode, read_lines, write_line
from curbstop.rules.faults import Fault, Faults

OUTCOMES = ("issued", "cashed", "stopped")
WORDS = {
    "issued": "issued", "i": "issued", "outstanding": "issued", "cashed": "cashed", "cleared": "cashed", "c": "cashed",
    "paid": "cashed", "stopped": "stopped", "stop": "stopped", "void": "stopped", "voided": "stopped", "v": "stopped",
}  # fmt: skip
"""What registers call the state of a check, by the three outcomes that the office knows."""

MOST_ADDRESS = 4


class RegisterErrors(Faults):
    """Everything wrong with a register of checks; nothing of it is taken."""

    what = "register"


@dataclass(frozen=True, slots=True)
class Payable:
    """One refund as accounts payable is asked to pay it. ``reference`` comes back with the check."""

    reference: str
    account: str
    payee: str
    mail_to: tuple[str, ...]
    cents: int
    reason: str
    approved_on: date
    gl: str


@dataclass(frozen=True, slots=True)
class CheckIssued:
    """A check for the bank's list of what it may pay."""

    number: str
    payee: str
    cents: int
    dated_on: date
    void: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """One row of a register: which refund, its check, and what became of it on which day."""

    line: int
    reference: str
    number: str
    cents: int | None
    outcome: str
    on: date
    dated_on: date | None


def write_payables(layout: Layout, rows: Sequence[Payable], *, file_id: str, made_on: date) -> bytes:
    """The file to accounts payable.

    :raises BadField: a name or an address that the layout cannot hold; nothing is cut in silence
    """
    details: list[Values] = []
    for no, row in enumerate(rows, 1):
        lines = [*row.mail_to, *[""] * MOST_ADDRESS][:MOST_ADDRESS]
        if len(row.mail_to) > MOST_ADDRESS:
            lines[-1] = ", ".join(row.mail_to[MOST_ADDRESS - 1 :])
        details.append(
            {
                "line": no,
                "file_id": file_id,
                "reference": row.reference,
                "account": row.account,
                "payee": row.payee,
                **{f"address_{n}": text for n, text in enumerate(lines, 1)},
                "amount": row.cents,
                "reason": row.reason,
                "approved_on": row.approved_on,
                "gl": row.gl,
            }
        )
    return _file(layout, details, file_id=file_id, made_on=made_on, cents=sum(row.cents for row in rows))


def write_positive_pay(
    layout: Layout, rows: Sequence[CheckIssued], *, bank_account: str, file_id: str, made_on: date
) -> bytes:
    """The bank's list of checks that it may pay, and of those that it may not any more (``void``)."""
    details: list[Values] = [
        {
            "line": no,
            "code": "C" if row.void else "I",
            "bank_account": bank_account,
            "check": row.number,
            "dated_on": row.dated_on,
            "amount": row.cents,
            "payee": row.payee,
        }
        for no, row in enumerate(rows, 1)
    ]
    return _file(layout, details, file_id=file_id, made_on=made_on, cents=sum(row.cents for row in rows))


def _file(layout: Layout, details: Sequence[Values], *, file_id: str, made_on: date, cents: int) -> bytes:
    totals: Values = {"file_id": file_id, "made_on": made_on, "rows": len(details), "total": cents}
    names = {record.name for record in layout.records}
    lines = [("header", totals)] if "header" in names else []
    lines += [("detail", values) for values in details]
    lines += [("trailer", totals)] if "trailer" in names else []
    if layout.kind == "fixed":
        return "".join(write_line(layout, name, values) + "\r\n" for name, values in lines).encode("ascii")
    return write_csv(layout, lines)


def write_csv(layout: Layout, lines: Iterable[tuple[str, Values]]) -> bytes:
    """Lines of a layout of commas, with its heading when it has one: UTF-8, ended by CR LF as RFC 4180 has it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=layout.separator, lineterminator="\r\n")
    if layout.header:
        writer.writerow([field.column for field in layout.records[0].fields])
    for name, values in lines:
        writer.writerow([_cell(field, values.get(field.name)) for field in layout.record(name).fields])
    return out.getvalue().encode("utf-8")


def _cell(field: Field, value: Value) -> str:
    if field.type == "const":
        return field.form
    if value is None or field.type == "blank":
        return ""
    if field.type == "on" and isinstance(value, date):
        return f"{value:{field.form.split('|')[0]}}"
    if field.type == "amount" and isinstance(value, int):
        return f"{value // 100}.{value % 100:02d}"
    text = str(value)
    if text and text[0] in "=+-@\t":  # a spreadsheet would take it for a formula
        text = f"'{text}"
    if field.length and len(text) > field.length:
        remedy = "shorten it on the account, or choose another layout"
        raise BadField(field=field.name, value=text, why=f"longer than {field.length} places", remedy=remedy)
    return text


def read_register(layout: Layout, data: bytes, *, file: str) -> tuple[Returned, ...]:
    """A register of checks as it came back; it is taken whole or not at all.

    :raises RegisterErrors: every line that cannot be read, with what is wrong
    """
    found: list[Returned] = []
    faults: list[Fault] = []
    for line in read_lines(layout, decode(data)):
        if line.record != "detail" and line.record:
            continue
        wrong = list(line.faults)
        values = line.values
        outcome = WORDS.get(str(values.get("status", "issued") or "issued").strip().lower(), "")
        if not outcome:
            wrong.append(f"status {values.get('status')!r}: not one of {', '.join(OUTCOMES)}")
        on = values.get("on") or values.get("dated_on")
        if not isinstance(on, date) and not wrong:
            wrong.append("no date")
        if wrong or not isinstance(on, date):
            faults += [
                Fault(file, line.no, "", line.text[:60], why, "correct it and send the file again") for why in wrong
            ]
            continue
        cents, dated_on = values.get("amount"), values.get("dated_on")
        found.append(
            Returned(
                line=line.no,
                reference=str(values.get("reference") or ""),
                number=str(values.get("check") or ""),
                cents=cents if isinstance(cents, int) else None,
                outcome=outcome,
                on=on,
                dated_on=dated_on if isinstance(dated_on, date) else None,
            )
        )
    if not found and not faults:
        faults = [Fault(file, 0, "", "", "no row of a check", "look whether it is the right file")]
    if faults:
        raise RegisterErrors(faults)
    return tuple(found)
