"""Files between the office and a collection agency: debts placed and recalled, and what was collected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from curbstop.formats.layouts import Layout, Values, decode, read_lines
from curbstop.formats.payables import write_csv
from curbstop.rules.faults import Fault, Faults


class RemittanceErrors(Faults):
    """Everything wrong with an agency's remittance; nothing of it is taken."""

    what = "remittance"


@dataclass(frozen=True, slots=True)
class Placed:
    """One debt as the agency is told of it: the debtor and the last address, not what was used or when."""

    account: str
    debtor: str
    address: str
    phone: str
    closed_on: date | None
    written_off_on: date | None
    cents: int


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """What was collected on an account, and the agency's commission (None: by its contract)."""

    line: int
    account: str
    cents: int
    commission_cents: int | None


def write_placement(layout: Layout, rows: Sequence[Placed], *, file_id: str, kind: str, made_on: date) -> bytes:
    """A file of debts placed, or recalled (``kind``).

    :raises formats.layouts.BadField: a value that the layout cannot hold
    """
    lines: list[tuple[str, Values]] = [
        (
            "detail",
            {
                "line": no,
                "file_id": file_id,
                "kind": kind,
                "made_on": made_on,
                "account": row.account,
                "debtor": row.debtor,
                "address": row.address,
                "phone": row.phone.removeprefix("+"),
                "closed_on": row.closed_on,
                "written_off_on": row.written_off_on,
                "amount": row.cents,
            },
        )
        for no, row in enumerate(rows, 1)
    ]
    return write_csv(layout, lines)


def read_remittance(layout: Layout, data: bytes, *, file: str) -> tuple[AgencyRow, ...]:
    """What an agency collected, row by row; taken whole or not at all.

    :raises RemittanceErrors: every line that cannot be read, with what is wrong
    """
    found: list[AgencyRow] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for line in read_lines(layout, decode(data)):
        wrong = list(line.faults)
        cents, share = line.values.get("amount"), line.values.get("commission")
        account = str(line.values.get("account") or "")
        if not wrong and (not isinstance(cents, int) or cents <= 0):
            wrong.append("nothing was collected")
        if isinstance(cents, int) and isinstance(share, int) and share > cents:
            wrong.append("the commission is more than was collected")
        if account in seen:
            wrong.append(f"account {account} stands twice; add the two amounts up")
        seen.add(account)
        if wrong or not isinstance(cents, int):
            faults += [
                Fault(file, line.no, "", line.text[:60], why, "ask the agency for a correct file") for why in wrong
            ]
            continue
        found.append(AgencyRow(line.no, account, cents, share if isinstance(share, int) else None))
    if not found and not faults:
        faults = [Fault(file, 0, "", "", "no row of an account", "look whether it is the right file")]
    if faults:
        raise RemittanceErrors(faults)
    return tuple(found)
