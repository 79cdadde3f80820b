"""Statement files of the bank: kept as they came, taken once, their lines written down for matching."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from curbstop.formats.bai2 import Bai2Fault, BankDay, read_bai2
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.records.ledger.models import Gl
from curbstop.records.payments.banking import BankAccount, Statement, StatementFile, StatementLine
from curbstop.rules.ledger import fund_of, object_of

MOST_BYTES = 8_000_000
"""A statement of more is refused: a day of a large city is a tenth of it."""


@dataclass(frozen=True)
class AccountOpened:
    """An account at a bank, and the account of the chart that it is."""

    account_id: int
    number: str
    name: str
    gl: str


@dataclass(frozen=True)
class Loaded:
    """What became of a file. ``fault``: it is kept and could not be read, and why. ``already``: it came before.

    :ivar skipped: days that were left out, each with its reason: an account that is not ours, a day that is on file
    """

    file_id: int
    name: str
    days: int
    lines: int
    fault: str
    skipped: tuple[str, ...]
    already: bool


@act("banking.open_account")
def open_account(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, number: str, name: str, gl: str = "10-1001"
) -> AccountOpened:
    """Name an account that the city has at a bank: its number as statements give it, and its account of the chart.

    :raises Refused: no number or name, a number that is on file, or no such account of the chart
    """
    number, name = number.strip(), name.strip()
    if not number or not name:
        field = "number" if not number else "name"
        raise Refused("A bank account needs its number, as statements print it, and a name.", field=field)
    if BankAccount.objects.filter(number=number).exists():
        raise Refused(f"The account {_masked(number)} is on file already.", field="number")
    account = Gl.objects.filter(fund_id=fund_of(gl), object=object_of(gl), gl_class="A", sub=0).first()
    if account is None:
        raise Refused(f"The chart has no bank account {gl}; choose one of its asset accounts.", field="gl")
    row = BankAccount.objects.create(number=number, name=name, gl=account, event_id=event.id)
    event.about(f"bank:{row.pk}", says=f"Bank account {name} ({_masked(number)}) is {gl} of the books.")
    return AccountOpened(row.pk, number, name, gl)


def _masked(number: str) -> str:
    return f"ending {number[-4:]}"


@act("banking.load", secret=("body",))
def load(event: Acting, /, *, key: Key, by: Actor, at: datetime, name: str, body: str) -> Loaded:
    """Take a BAI2 statement. It is kept byte for byte even when it cannot be read; the answer then says where.

    The same bytes are taken once, and so is a day of an account: a second file for it is told and left out.

    :param body: the bytes of the file as latin-1 text, one character a byte
    :raises Refused: an empty file, or one too large to be a statement
    """
    data = body.encode("latin-1")
    if not data.strip() or len(data) > MOST_BYTES:
        says = "empty" if not data.strip() else f"{len(data):,} bytes long, more than a statement"
        raise Refused(f"{name} is {says}. Take the file again from the bank.", field="body")
    sha256 = hashlib.sha256(data).digest()
    take_turn("banking.load")  # the same bytes once, and a day of an account once
    before = StatementFile.objects.filter(sha256=sha256).first()
    if before is not None:
        event.about(f"statement:{before.pk}", says=f"{name}: this statement was taken before, as {before.name}.")
        return _loaded(before, (), already=True)
    days: Sequence[BankDay] = ()
    fault = ""
    try:
        days = read_bai2(data)
    except Bai2Fault as bad:
        fault = str(bad)
    file = StatementFile.objects.create(
        name=name.strip() or "statement", sha256=sha256, body=data, fault=fault, at=at, by_id=by.id, event_id=event.id
    )
    skipped = _write_days(file, days)
    loaded = _loaded(file, tuple(skipped), already=False)
    told = f"could not be read: {fault}" if fault else f"{loaded.days} days, {loaded.lines} lines"
    event.about(f"statement:{file.pk}", says=f"Bank statement {file.name}: {told}.")
    return loaded


def _write_days(file: StatementFile, days: Sequence[BankDay]) -> list[str]:
    accounts = {account.number: account for account in BankAccount.objects.all()}
    skipped = []
    for day in days:
        account = accounts.get(day.account) or accounts.get(day.account.lstrip("0"))
        if account is None:
            skipped.append(f"{day.on.isoformat()}: account {_masked(day.account)} is not one of the office's")
            continue
        if day.currency not in ("USD", ""):
            skipped.append(f"{day.on.isoformat()}: {day.currency} is not the currency of the books")
            continue
        if Statement.objects.filter(account=account, on=day.on).exists():
            skipped.append(f"{day.on.isoformat()}: the day is on file from another statement")
            continue
        made = Statement.objects.create(
            file=file, account=account, on=day.on, opening_cents=day.opening_cents, closing_cents=day.closing_cents
        )
        StatementLine.objects.bulk_create(
            StatementLine(
                statement=made,
                line_no=line.line_no,
                type_code=line.type_code,
                debit_cents=line.debit_cents,
                credit_cents=line.credit_cents,
                bank_reference=line.bank_reference,
                customer_reference=line.customer_reference,
                text=line.text,
            )
            for line in day.lines
        )
    return skipped


def _loaded(file: StatementFile, skipped: tuple[str, ...], *, already: bool) -> Loaded:
    days = Statement.objects.filter(file=file).count()
    lines = StatementLine.objects.filter(statement__file=file).count()
    return Loaded(file.pk, file.name, days, lines, file.fault, skipped, already)
