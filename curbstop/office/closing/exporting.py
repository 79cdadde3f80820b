"""Closed days to the city's general ledger: each in exactly one file, stored as sent, sent again byte for byte."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from curbstop.formats import gl
from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.office.closing.hashing import last_hash
from curbstop.records.ledger.models import Export, ExportAnswer
from curbstop.rules.money import show


@dataclass(frozen=True)
class Exported:
    """A file as made: the days [from_on, until_on), its lines, its totals, the SHA-256 of its bytes."""

    file_id: str
    previous_file_id: str
    from_on: date
    until_on: date
    lines: int
    debit_cents: int
    sha256: str


@dataclass(frozen=True)
class Acknowledged:
    """What the general ledger said of a file."""

    file_id: str
    taken: bool
    reference: str


@act("closing.export_days")
def export_days(event: Acting, /, *, key: Key, by: Actor, at: datetime, through: date) -> Exported:
    """Make the file of every closed day that is in none yet, until and with ``through``.

    :raises Refused: the day is not closed, or is in a file already
    """
    last_hash()  # holds the chain: no day closes meanwhile, and no two files are made at once
    before = Export.objects.order_by("-from_on").first()
    from_on = _first_day() if before is None else before.until_on
    _check_closed(through, before)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from ledger_export")
        number = cursor.fetchone()[0] + 1
    file_id = f"{policies.get_city().code}-{through:%Y%m%d}-{number}"
    until_on = through + timedelta(days=1)
    file = gl.GlFile(file_id, before.file_id if before else "", from_on, until_on, _lines(from_on, until_on))
    body = gl.write_csv(file)
    made = Export.objects.create(
        file_id=file_id,
        previous=before,
        at=at,
        by_id=by.id,
        event_id=event.id,
        from_on=from_on,
        until_on=until_on,
        lines=len(file.rows),
        debit_cents=file.debit_cents,
        credit_cents=file.credit_cents,
        sha256=_digest(body),
        body=body,
    )
    says = f"{len(file.rows)} lines, {show(file.debit_cents)} each side, {from_on.isoformat()} to {through.isoformat()}"
    event.about(f"gl:{file_id}", says=f"General-ledger file {file_id}: {says}.")
    return Exported(
        file_id, file.previous_file_id, from_on, until_on, made.lines, made.debit_cents, _digest(body).hex()
    )


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _first_day() -> date:
    with connection.cursor() as cursor:
        cursor.execute("select min(posted_on) from ledger_day")
        first = cursor.fetchone()[0]
    if first is None:
        raise Refused("No accounting day was ever opened; there is nothing to export.", field="through")
    return date.fromisoformat(first.isoformat())


def _check_closed(through: date, before: Export | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select max(posted_on) from ledger_transaction where closes")
        closed = cursor.fetchone()[0]
    if closed is None or closed < through:
        until = f"the books are closed through {closed.isoformat()}" if closed else "no day is closed yet"
        raise Refused(f"{through.isoformat()} is not closed: {until}. Close it first.", field="through")
    if before is not None and through < before.until_on:
        says = f"{through.isoformat()} is in the file {before.file_id} already"
        raise Refused(f"{says}, or in one before it. Send that file again instead.", field="through")


_LINES = """
select t.posted_on, coalesce(nullif(g.gl_string, ''), to_char(g.fund, 'FM00') || '-' || to_char(g.object, 'FM0000')) s,
  min(g.name), sum(p.debit_cents)::bigint, sum(p.credit_cents)::bigint
from ledger_transaction t join ledger_posting p on p.txn_id = t.id join ledger_gl g on g.id = p.gl_id
where t.posted_on >= %s and t.posted_on < %s and g.class <> 'M' group by t.posted_on, s order by t.posted_on, s"""


def _lines(from_on: date, until_on: date) -> tuple[gl.GlLine, ...]:
    """Memo accounts stay here: they are no part of the city's books."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [from_on, until_on])
        return tuple(gl.GlLine(*row) for row in cursor.fetchall())


@act("closing.acknowledge")
def acknowledge(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, file_id: str, taken: bool, reference: str
) -> Acknowledged:
    """Write down what the general ledger said of a file: taken under its number, or refused with its reason.

    A file that was refused is sent again as it is; what is wrong in it is corrected by postings of an open day.

    :raises Refused: no such file, no reference, or it was taken before
    """
    take_turn(f"closing.export:{file_id}")
    get_export(file_id)
    reference = reference.strip()
    if not reference:
        field = "Type the journal number that the ledger gave it." if taken else "Type why the ledger refused it."
        raise Refused(field, field="reference")
    if taken and ExportAnswer.objects.filter(file_id=file_id, taken=True).exists():
        raise Refused(f"{file_id} was taken by the general ledger before.", field="file_id")
    ExportAnswer.objects.create(
        file_id=file_id, taken=taken, reference=reference, at=at, by_id=by.id, event_id=event.id
    )
    says = f"taken by the general ledger as {reference}" if taken else f"refused by the general ledger: {reference}"
    event.about(f"gl:{file_id}", says=f"{file_id} {says}.")
    return Acknowledged(file_id, taken, reference)


def get_export(file_id: str) -> bytes:
    """A file as it was sent, byte for byte. :raises Refused: there is none of this id"""
    row = Export.objects.filter(file_id=file_id).first()
    if row is None:
        raise Refused(f"There is no general-ledger file {file_id}.", field="file_id")
    return bytes(row.body)


@dataclass(frozen=True)
class ExportRow:
    """A file as it is listed. ``answer``: what the ledger said last, empty before; ``taken``: whether it is in."""

    file_id: str
    from_on: date
    through: date
    lines: int
    debit_cents: int
    sha256: str
    by: str
    at: datetime
    taken: bool
    answer: str


def list_exports(*, limit: int = 31) -> tuple[ExportRow, ...]:
    """The files, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.file_id, e.from_on, e.until_on - 1, e.lines, e.debit_cents, encode(e.sha256, 'hex'),"
            " trim(u.first_name || ' ' || u.last_name), e.at, coalesce(a.taken, false), coalesce(a.reference, '')"
            " from ledger_export e join base_user u on u.id = e.by left join lateral (select taken, reference from"
            " ledger_exportanswer x where x.file = e.file_id order by x.taken desc, x.id desc limit 1) a on true"
            " order by e.from_on desc limit %s",
            [limit],
        )
        return tuple(ExportRow(*row) for row in cursor.fetchall())
