"""Changes of many accounts by a file: looked at first, named row by row where something is wrong, applied once."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from curbstop.office import _masks
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office.customers.asking import Asked
from curbstop.office.customers.changing import apply, told_of, write_rows
from curbstop.office.customers.postal import postal_form
from curbstop.records.customers.models import Account
from curbstop.records.customers.people import ChangeFile
from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.faults import BadValue

COLUMNS = ("account", "name", "phone", "email", "language", "mail_1", "mail_2", "mail_3", "mail_4")
MOST_ROWS = 5_000
CHANNEL = "file"


@dataclass(frozen=True)
class RowSeen:
    """A row of the file: what it would change, from and to; or why it cannot be taken. ``line`` as a sheet counts."""

    line: int
    account: str
    changes: tuple[tuple[str, str, str], ...]
    fault: str


@dataclass(frozen=True)
class FileSeen:
    """A file as it would be applied. ``applied_on``: these very bytes were applied already."""

    rows: tuple[RowSeen, ...]
    faults: int
    changed: int
    applied_on: date | None


@dataclass(frozen=True)
class ManyChanged:
    """What a file changed."""

    rows: int
    changed: int


def look_at_file(*, body: str) -> FileSeen:
    """What a file would change, row by row; nothing is written.

    :param body: the bytes in base64: CSV in UTF-8, with or without a byte-order mark, with the columns :data:`COLUMNS`
    :raises BadEntry: no CSV, a column that there is not, or no row
    """
    raw = _bytes(body)
    before = ChangeFile.objects.filter(sha256=hashlib.sha256(raw).digest()).first()
    seen = tuple(row for row, _, _ in _read(raw))
    faults = sum(bool(row.fault) for row in seen)
    return FileSeen(seen, faults, sum(bool(row.changes) for row in seen), before.on if before else None)


def _bytes(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise BadEntry(field="file", value="", why="not base64", remedy="send the file's bytes in base64") from None


Told = Mapping[str, tuple[Any, Any]]


def _read(raw: bytes) -> list[tuple[RowSeen, Account | None, Told]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        remedy = "save it as CSV in UTF-8"
        raise BadEntry(field="file", value="", why="not text in UTF-8", remedy=remedy) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = [str(name).strip().lower() for name in reader.fieldnames or ()]
    if "account" not in names or (unknown := [name for name in names if name not in COLUMNS]):
        why = f"no column {unknown[0]!r} is known" if "account" in names else "no column is called account"
        raise BadEntry(field="file", value="", why=why, remedy=f"name the columns {', '.join(COLUMNS)}")
    reader.fieldnames = names
    rows = list(reader)
    if not 0 < len(rows) <= MOST_ROWS:
        remedy = f"send from 1 to {MOST_ROWS:,} rows"
        raise BadEntry(field="file", value=str(len(rows)), why="not a number of rows that is taken", remedy=remedy)
    wanted = {_digits(row) for row in rows}
    accounts = {one.number: one for one in Account.objects.filter(number__in=wanted)}
    met: dict[str, int] = {}
    return [_row(line, row, accounts, met) for line, row in enumerate(rows, start=2)]


def _digits(row: Mapping[str, Any]) -> str:
    return str(row.get("account") or "").replace("-", "").replace(" ", "")


def _row(
    line: int, row: Mapping[str, Any], accounts: Mapping[str, Account], met: dict[str, int]
) -> tuple[RowSeen, Account | None, Told]:
    number = _digits(row)
    account = accounts.get(number)
    if None in row:
        return RowSeen(line, number, (), "has more cells than there are columns"), None, {}
    if account is None:
        return RowSeen(line, number, (), "there is no such account"), None, {}
    if number in met:
        return RowSeen(line, number, (), f"the account stands in line {met[number]} already"), None, {}
    met[number] = line
    changes: dict[str, Any] = {
        name: str(row[name]).strip()
        for name in ("name", "phone", "email", "language")
        if str(row.get(name) or "").strip()
    }
    if mail := [str(row[name]).strip() for name in COLUMNS[5:] if str(row.get(name) or "").strip()]:
        changes["mail_to"] = mail
    marked = _masks.load_marked([account.pk]).get(account.pk)
    if marked is not None:
        return RowSeen(line, number, (), "is confidential; change it by hand, with who asks"), None, {}
    try:
        told = told_of(changes, _masks.load_truth(account.customer_id), account)
    except BadValue as fault:
        return RowSeen(line, number, (), f"{fault.field} {fault.value!r}: {fault.why}; {fault.remedy}"), None, {}
    shown = tuple((what, _text(before), _text(after)) for what, (before, after) in told.items())
    return RowSeen(line, number, shown, ""), account, told


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


@act("customers.change_many", secret=("body",))
def change_many(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, name: str, body: str, authority: str, on: date
) -> ManyChanged:
    """Apply a file of changes, every row of it or none; the same bytes once. No letters go out: the city changed it.

    :param authority: why the city changes it: the post office's new addresses, a merger of streets
    :raises Refused: a row cannot be taken (named by its line), nothing would change, or it was applied already
    """
    raw = _bytes(body)
    why = check_text(authority, field="authority", longest=200, required=True)
    read = _read(raw)
    if bad := [row for row, _, _ in read if row.fault]:
        first = "; ".join(f"line {row.line} ({row.account or 'no account'}): {row.fault}" for row in bad[:3])
        more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise Refused(f"Nothing was changed. {first}{more}. Correct the file and load it again.", field="file")
    changed = [(account, told) for _, account, told in read if account is not None and told]
    if not changed:
        raise Refused("Nothing would change: the accounts say so already.", field="file")
    lock_accounts(account.pk for account, _ in changed)
    try:
        with transaction.atomic():
            ChangeFile.objects.create(
                name=check_text(name, field="file", longest=200, required=True), sha256=hashlib.sha256(raw).digest(),
                authority=why, rows=len(read), changed=len(changed), by_id=by.id, on=on, event_id=event.id,
            )  # fmt: skip
    except IntegrityError as error:
        if "customers_changefile_sha256_key" not in str(error):
            raise
        raise Refused("This very file was applied already; nothing was changed again.", field="file") from error
    city = Asked(0, "the city", "city", ())
    for account, told in changed:
        postal = postal_form(told["mail_to"][1]) if "mail_to" in told else ""
        write_rows(event, account, told, city, CHANNEL, "correction", on, None, postal)
        truth = _masks.load_truth(account.customer_id)
        apply(event, account, truth, {what: after for what, (_, after) in told.items()})
        event.about(f"account:{account.pk}")
    event.about(says=f"{len(changed)} accounts changed by the file {name}: {why}.")
    return ManyChanged(len(read), len(changed))
