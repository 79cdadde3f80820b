"""Files of payments through one door: kept as they came, posted once, bad rows set apart until one settles them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Max

from curbstop.formats import layouts, lockbox
from curbstop.formats.bai2_payments import read_bai2_payments
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.office._sealing import seal, unseal
from curbstop.office.payments.files import (
    CHANNELS,
    FileRow,
    _post_rows,
    _Row,
    account_ids,
    keep_rows,
    post_blocks,
)
from curbstop.records.base.models import User
from curbstop.records.payments.models import Batch, BatchRow
from curbstop.records.payments.received import BankFile, MoneyOwner, Quarantined, QuarantineSettled
from curbstop.rules.faults import Fault, Faults
from curbstop.rules.money import show
from curbstop.rules.payments import check_cents

SHOWN = 20
"""Faults of a refused file that are told; the file has them all."""


class FileRefused(Refused):
    """A file that is used in no part. ``faults`` has each with its line."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        told = "\n".join(f"line {f.line}: {f.field} {f.value}: {f.why}; {f.remedy}" for f in faults[:SHOWN])
        super().__init__(f"{name} is refused whole, and nothing of it is posted.\n{told}", field="content")
        self.faults = tuple(faults)


@dataclass(frozen=True)
class FileKept:
    """A file as kept: its batch, and how many rows went into quarantine. `already`: it had been loaded before."""

    file_id: int
    batch_id: int
    rows: int
    cents: int
    unidentified: int
    quarantined: int
    quarantined_cents: int
    already: bool


@dataclass(frozen=True)
class Settled:
    """A quarantined row that was settled: the receipt it became, or none when it was dropped."""

    row_id: int
    how: str
    receipt: str
    cents: int


def load_file(
    *,
    key: Key,
    by: Actor,
    at: datetime,
    name: str,
    layout: str,
    data: bytes,
    on: date,
    posted_on: date | None = None,
    channel: str = "",
) -> FileKept:
    """Load a file of payments: keep it, post every row that can be posted, set the others apart.

    Sent again it posts nothing; interrupted, it goes on where it stopped.

    :param layout: one of ``formats.layouts.names()``
    :param on: the day the money came; posted on ``posted_on``, by default the same day
    :param channel: where the money waits, when it is not the layout's own
    :raises FileRefused: totals that are not met, or no row that can be used: nothing is posted
    """
    kept = keep_file(
        key=key, by=by, at=at, name=name, layout=layout, content=data.decode("latin-1"), on=on, channel=channel
    )  # fmt: skip
    post_blocks(
        key=Key(f"payments.load_file:{kept.file_id}"), by=by, at=at, batch_id=kept.batch_id, on=on,
        posted_on=posted_on or on,
    )  # fmt: skip
    return kept


def post_file(*, key: Key, by: Actor, at: datetime, file_id: int, posted_on: date) -> None:
    """Post what of a kept file is not posted yet, from where an earlier try stopped.

    :raises Refused: there is no such file, or it holds no payments
    """
    found = BankFile.objects.filter(id=file_id, batch_id__isnull=False).first()
    if found is None:
        raise Refused(f"There is no file {file_id} of payments.", field="file_id")
    post_blocks(key=key, by=by, at=at, batch_id=found.batch_id or 0, on=found.received_on, posted_on=posted_on)


@act("payments.load_file", secret=("content",))
def keep_file(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, name: str, layout: str, content: str, on: date,
    channel: str = "",
) -> FileKept:  # fmt: skip
    """Keep a file of payments whole, its rows and its quarantine; nothing is posted yet.

    :param content: the file's bytes as Latin-1 text, one character a byte
    """
    shape = _layout(layout)
    data = content.encode("latin-1")
    sha256 = hashlib.sha256(data).digest()
    take_turn(f"bank_file:{sha256.hex()}")
    before = BankFile.objects.filter(layout=layout, sha256=sha256).first()
    if before is not None:
        event.about(f"bank_file:{before.pk}", says=f"{name}: loaded before, as {before.name}; nothing is posted twice.")
        return _kept(before, already=True)
    found = _read(shape, data, name)
    rows = [FileRow(row.account_number, row.cents, row.reference) for row in found.rows]
    received = keep_rows(event, channel or shape.channel, name, rows, sha256=sha256, on=on)
    file = BankFile.objects.create(
        layout=layout, name=name, sha256=sha256, body_box=seal(content, about=f"bank file {sha256.hex()}"),
        received_on=on, rows=len(rows), cents=found.cents, quarantined=len(found.bad), batch_id=received.batch_id,
        event_id=event.id,
    )  # fmt: skip
    Quarantined.objects.bulk_create(
        Quarantined(
            file=file, line=bad.line, text=bad.text, why=bad.why, cents=bad.cents, account_number=bad.account_number,
            reference=bad.reference,
        )
        for bad in found.bad
    )  # fmt: skip
    apart = f"; {len(found.bad)} set apart" if found.bad else ""
    event.about(f"bank_file:{file.pk}", says=f"{name}: {len(rows)} payments, {show(found.cents)}{apart}.")
    return _kept(file, already=received.already)


def _layout(name: str) -> layouts.Layout:
    try:
        shape = layouts.built_in(name)
    except KeyError:
        raise Refused(
            f"There is no layout {name!r}; there are {', '.join(payment_layouts())}.", field="layout"
        ) from None
    if not any(record.name == "payment" for record in shape.records):
        raise Refused(f"The layout {name} is not one of payments; use {', '.join(payment_layouts())}.", field="layout")
    return shape


def payment_layouts() -> dict[str, str]:
    """The layouts of payment files by name, each with its sentence."""
    found = {name: layouts.built_in(name) for name in layouts.names()}
    return {
        name: shape.says
        for name, shape in found.items()
        if shape.channel in CHANNELS and any(record.name == "payment" for record in shape.records)
    }


def _read(shape: layouts.Layout, data: bytes, name: str) -> lockbox.PaymentFile:
    try:
        read = read_bai2_payments if shape.kind == "bai2" else lockbox.read_payments
        found = read(shape, data, name=name)
    except Faults as error:
        raise FileRefused(name, error.faults) from None
    if not found.rows:
        why = f"none of its {len(found.bad)} rows can be used: {found.bad[0].why}"
        raise FileRefused(name, [Fault(name, found.bad[0].line, "rows", "", why, "choose the layout of this file")])
    return found


def _kept(file: BankFile, *, already: bool) -> FileKept:
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from payments_batchrow b where b.batch_id = %s and b.account_id is null),"
            " (select coalesce(sum(q.cents), 0)::bigint from payments_quarantined q where q.file_id = %s)",
            [file.batch_id, file.pk],
        )
        unidentified, apart = cursor.fetchone()
    return FileKept(file.pk, file.batch_id or 0, file.rows, file.cents, unidentified, file.quarantined, apart, already)


# --- what waits, and who settles it -----------------------------------------------------------------------------------


@act("payments.own_money")
def own_money(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, owner_id: int, row_id: int | None = None,
    document_id: int | None = None,
) -> None:  # fmt: skip
    """Say who looks after a quarantined row, or after unidentified money under a document.

    :raises Refused: nobody of this id, or not exactly one of the two is named
    """
    if (row_id is None) == (document_id is None):
        raise Refused("Name the row or the document that somebody shall look after.", field="row_id")
    owner = User.objects.filter(id=owner_id, is_active=True).first()
    if owner is None:
        raise Refused("There is nobody of this name in the office.", field="owner_id")
    if row_id is not None and not Quarantined.objects.filter(id=row_id).exists():
        raise Refused("There is no such row in quarantine.", field="row_id")
    MoneyOwner.objects.create(row_id=row_id, document_id=document_id, owner=owner, event_id=event.id)
    what = f"row {row_id} in quarantine" if row_id is not None else f"money under document {document_id}"
    event.about(says=f"{owner} looks after {what}.")


@act("payments.settle_quarantined")
def settle_quarantined(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    row_id: int,
    how: str,
    reason: str,
    on: date,
    account_number: str = "",
    cents: int = 0,
    posted_on: date | None = None,
) -> Settled:
    """Settle a quarantined row: post it as a payment of its file, or drop it because it is none.

    :param how: ``posted`` with account and amount, or ``dropped``
    :param on: the day the money came
    :raises Refused: no such row, settled already, no reason, an account that nobody knows
    :raises BadPayment: an amount that cannot be
    """
    if how not in ("posted", "dropped"):
        raise Refused("Say what shall happen with the row: posted, or dropped.", field="how")
    if not reason.strip():
        raise Refused("Say how you know: what the bank or the payer said.", field="reason")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('quarantined', %s))", [row_id])
    row = Quarantined.objects.select_related("file").filter(id=row_id).first()
    if row is None or QuarantineSettled.objects.filter(row_id=row_id).exists():
        raise Refused("There is no such row in quarantine; somebody may have settled it.", field="row_id")
    if how == "dropped":
        QuarantineSettled.objects.create(row=row, how=how, reason=reason.strip(), event_id=event.id)
        event.about(f"bank_file:{row.file_id}", says=f"Line {row.line} of {row.file.name} dropped: {reason.strip()}.")
        return Settled(row_id, how, "", 0)
    return _post_row(event, row, reason.strip(), account_number, cents, on, posted_on or on)


def _post_row(
    event: Acting, row: Quarantined, reason: str, account_number: str, cents: int, on: date, posted_on: date
) -> Settled:
    check_cents(cents, field="cents")
    account_id = account_ids([account_number]).get(account_number)
    if account_id is None:
        raise Refused(f"There is no account {account_number!r}. Search for the payer first.", field="account_number")
    batch = Batch.objects.select_related("series").get(id=row.file.batch_id or 0)
    with connection.cursor() as cursor:  # two rows of one file take turns: each gets the next number
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('batch', %s))", [batch.pk])
    last = BatchRow.objects.filter(batch=batch).aggregate(no=Max("row_no"), block=Max("block_no"))
    added = _Row((last["no"] or 0) + 1, account_id, account_number, cents, row.reference)
    block = (last["block"] or 0) + 1
    BatchRow.objects.create(
        batch=batch, row_no=added.row_no, block_no=block, account_id=account_id, cents=cents,
        account_number=account_number, reference=row.reference,
    )  # fmt: skip
    _post_rows(event, batch, block, [added], on=on, posted_on=posted_on)
    QuarantineSettled.objects.create(
        row=row, how="posted", reason=reason, batch_row_no=added.row_no, event_id=event.id
    )  # fmt: skip
    event.about(f"bank_file:{row.file_id}", says=f"Line {row.line} of {row.file.name} posted, {show(cents)}: {reason}.")
    with connection.cursor() as cursor:
        cursor.execute(
            "select receipt_no from payments_batchrowdone where (batch_id, row_no) = (%s, %s)", [batch.pk, added.row_no]
        )
        no = cursor.fetchone()[0]
    return Settled(row.pk, "posted", f"{batch.series.code}-{no:06d}", cents)


# --- reads ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BankFileRow:
    """A file as received, and how far it is posted."""

    id: int
    layout: str
    name: str
    received_on: date
    at: datetime
    by: str
    rows: int
    cents: int
    posted: int
    unidentified: int
    quarantined: int
    waiting: int
    remarks: str


@dataclass(frozen=True)
class QuarantinedRow:
    """A row that waits to be settled, with who looks after it."""

    id: int
    file_id: int
    file: str
    line: int
    text: str
    why: str
    cents: int | None
    account_number: str
    reference: str
    received_on: date
    owner_id: int
    owner: str


@dataclass(frozen=True)
class UnidentifiedRow:
    """Money on 10-2340 that is nobody's yet, with who looks after it."""

    document_id: int
    cents: int
    came_on: date
    source: str
    said: str
    receipt: str
    owner_id: int
    owner: str


_FILES = """
select f.id, f.layout, f.name, f.received_on, v.at, trim(u.first_name || ' ' || u.last_name), f.rows, f.cents,
  (select count(*) from payments_batchrowdone d where d.batch_id = f.batch_id),
  (select count(*) from payments_batchrow r where r.batch_id = f.batch_id and r.account_id is null),
  f.quarantined, (select count(*) from payments_quarantined q where q.file_id = f.id and not exists (
    select from payments_quarantinesettled s where s.row_id = q.id)), f.remarks
from payments_bankfile f join base_event v on v.id = f.event_id join base_user u on u.id = v.by_id
where (%(file)s::bigint is null or f.id = %(file)s) order by f.id desc limit %(limit)s"""

_WAITING = """
select q.id, f.id, f.name, q.line, q.text, q.why, q.cents, q.account_number, q.reference, f.received_on,
  o.id, trim(o.first_name || ' ' || o.last_name)
from payments_quarantined q join payments_bankfile f on f.id = q.file_id join base_event v on v.id = f.event_id
join base_user o on o.id = coalesce(
  (select m.owner_id from payments_moneyowner m where m.row_id = q.id order by m.id desc limit 1), v.by_id)
where not exists (select from payments_quarantinesettled s where s.row_id = q.id)
  and (%(file)s::bigint is null or f.id = %(file)s) order by f.received_on, f.id, q.line limit %(limit)s"""

_UNIDENTIFIED = """
select i.document_id, i.cents, i.came_on, coalesce(b.name, ''), coalesce(r.payer, ''), coalesce(s.code, ''),
  r.no, o.id, trim(o.first_name || ' ' || o.last_name)
from (select p.document_id, sum(p.credit_cents - p.debit_cents)::bigint cents, min(t.effective_on) came_on,
        min(t.by) by
      from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_transaction t on t.id = p.txn_id
      where g.fund = 10 and g.object = 2340 group by p.document_id
      having sum(p.credit_cents - p.debit_cents) > 0) i
left join payments_receipt r on r.document_id = i.document_id left join payments_series s on s.id = r.series_id
left join payments_tender x on (x.series_id, x.no, x.line) = (r.series_id, r.no, 1)
left join payments_batch b on b.id = x.batch_document_id
join base_user o on o.id = coalesce(
  (select m.owner_id from payments_moneyowner m where m.document_id = i.document_id order by m.id desc limit 1), i.by)
order by i.came_on, i.document_id limit %(limit)s"""


def list_bank_files(*, limit: int = 100) -> tuple[BankFileRow, ...]:
    """Files of the bank as received, the newest first."""
    return _bank_files(None, limit)


def get_bank_file(file_id: int) -> BankFileRow:
    """A file as received. :raises Refused: there is none of this number"""
    found = _bank_files(file_id, 1)
    if not found:
        raise Refused(f"There is no file {file_id}.", field="file")
    return found[0]


def _bank_files(file_id: int | None, limit: int) -> tuple[BankFileRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_FILES, {"file": file_id, "limit": limit})
        return tuple(BankFileRow(*row) for row in cursor.fetchall())


def list_quarantined(*, file_id: int | None = None, limit: int = 500) -> tuple[QuarantinedRow, ...]:
    """Rows in quarantine that nobody settled yet, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"file": file_id, "limit": limit})
        return tuple(QuarantinedRow(*row) for row in cursor.fetchall())


def list_unidentified(*, limit: int = 500) -> tuple[UnidentifiedRow, ...]:
    """Money that waits on 10-2340 for its owner, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_UNIDENTIFIED, {"limit": limit})
        rows = cursor.fetchall()
    return tuple(UnidentifiedRow(*[*row[:5], f"{row[5]}-{row[6]:06d}" if row[5] else "", *row[7:]]) for row in rows)


def get_original(file_id: int) -> bytes:
    """The bytes of a file as they came. :raises Refused, CannotOpen:"""
    found = BankFile.objects.filter(id=file_id).first()
    if found is None:
        raise Refused(f"There is no file {file_id}.", field="file")
    return unseal(bytes(found.body_box), about=f"bank file {bytes(found.sha256).hex()}").encode("latin-1")
