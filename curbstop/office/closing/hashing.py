"""The hash of a day: SHA-256 over the rows of its books in order, chained to the closing before.

The rows are what PostgreSQL's own ``copy ... to stdout`` prints for :data:`ROWS`, so that an auditor comes to the same
hash without this program: ``(xxd -r -p previous; psql -c "copy (...) to stdout") | sha256sum``. They are streamed, so
that the day of a bill run of a million accounts needs no more memory than any other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office._statements import ask, copy_out

FIRST = bytes(32)
"""What stands before the first closing of a city."""

ROWS = """select t.id, t.act, t.effective, t.micros, t.event_id, t.by, t.reverses_id, t.approval_id, p.leg_no, g.fund,
  g.object, k.code, p.debit_cents, p.credit_cents, p.account_id, p.document_id, p.line_no, p.due_on
from (select id, act, to_char(effective_on, 'YYYY-MM-DD') effective,
    (extract(epoch from posted_at) * 1000000)::bigint micros, event_id, by, reverses_id, approval_id
  from ledger_transaction where posted_on = date '{day}' and not closes offset 0) t
left join ledger_posting p on p.txn_id = t.id left join ledger_gl g on g.id = p.gl_id
left join ledger_kind k on k.id = p.kind_id order by t.id, p.leg_no"""
"""One line a leg of the day, its columns apart by tabs; empty is ``\\N``; dates as ISO 8601 (PostgreSQL's own default).
A transaction without legs is a line too. What is the same for every leg of a transaction is made once: a day of a
million bills has five million legs and a few hundred transactions."""


@dataclass(frozen=True)
class DayFigures:
    """A day's books: rows, debits, the SHA-256 of the rows alone, and debits and credits of each account."""

    rows: int
    debit_cents: int
    sha256: str
    totals: Mapping[str, tuple[int, int]]


def read_day(on: date, *, previous: bytes = b"") -> tuple[int, bytes]:
    """The rows of a day and the SHA-256 of ``previous`` and them."""
    rows, (digest,) = _read(on, previous)
    return rows, digest


def _read(on: date, *before: bytes) -> tuple[int, tuple[bytes, ...]]:
    """The rows of a day, read once, and for each of ``before`` the SHA-256 of it and them."""
    hashes = [hashlib.sha256(first) for first in before]

    def add(lines: bytes) -> None:
        for one in hashes:
            one.update(lines)

    ask("select set_config('datestyle', 'ISO, MDY', true)", {})
    rows = copy_out(f"copy ({ROWS.format(day=on.isoformat())}) to stdout", add)
    return rows, tuple(one.digest() for one in hashes)


def get_day_figures(on: date) -> DayFigures:
    """What a day's books come to now."""
    return read_closing_day(on, previous=b"")[0]


def read_closing_day(on: date, *, previous: bytes) -> tuple[DayFigures, bytes]:
    """What a day's books come to, and their SHA-256 after the closing ``previous``: its rows are read once for both."""
    rows, (digest, chain) = _read(on, b"", previous)
    with connection.cursor() as cursor:
        cursor.execute(
            "select to_char(g.fund, 'FM00') || '-' || to_char(g.object, 'FM0000'), sum(p.debit_cents)::bigint,"
            " sum(p.credit_cents)::bigint from ledger_transaction t join ledger_posting p on p.txn_id = t.id"
            " join ledger_gl g on g.id = p.gl_id where t.posted_on = %s group by g.fund, g.object order by 1",
            [on],
        )
        totals = {account: (debits, credits) for account, debits, credits in cursor.fetchall()}
    return DayFigures(rows, sum(debits for debits, _ in totals.values()), digest.hex(), totals), chain


def chained(previous: bytes, body: Mapping[str, Any]) -> bytes:
    """The hash of a month: the closing before it, then its figures as JSON with sorted keys and no spaces."""
    return hashlib.sha256(previous + canonical(body)).digest()


def canonical(body: Mapping[str, Any]) -> bytes:
    """The figures of a closing in the one form that is hashed."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def last_hash() -> bytes:
    """The hash of the closing made last. Whoever is about to close holds the chain until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(current_schema() || ':ledger_close', 2))")
        cursor.execute("select sha256 from ledger_close order by id desc limit 1")
        row = cursor.fetchone()
    return bytes(row[0]) if row else FIRST


_CLOSES = """
select t.id, t.act, t.effective_on, c.period, c.sha256, c.previous_sha256, c.checks::text, c.rows
from ledger_transaction t left join ledger_close c on c.id = t.id
where t.act in ('close', 'close_month') order by t.id"""


def find_tampered(*, from_on: date | None = None, until_on: date | None = None) -> tuple[int, list[str]]:
    """Compute the hash of every closing again: how many there are, and what is not as it was closed.

    :param from_on: with ``until_on``, only closings of days in [from_on, until_on) are computed again
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLOSES)
        closes = cursor.fetchall()
    faults = []
    before = FIRST
    for _id, act, on, period, sha256, previous, checks, rows in closes:
        if sha256 is None:
            faults.append(f"the closing of {on.isoformat()} has no hash")
            continue
        if bytes(previous) != before:
            faults.append(f"the closing of {period} does not follow the one before it: the chain is broken")
        before = bytes(sha256)
        if from_on is not None and until_on is not None and not from_on <= on < until_on:
            continue
        fault = _fault(act, on, period, before, bytes(previous), json.loads(checks), rows)
        if fault:
            faults.append(fault)
    return len(closes), faults


def _fault(
    act: str, on: date, period: str, sha256: bytes, previous: bytes, checks: Mapping[str, Any], rows: int
) -> str | None:
    if act == "close_month":
        return None if chained(previous, checks) == sha256 else f"the figures of {period} were changed since it closed"
    found, digest = read_day(on, previous=previous)
    if found != rows:
        return f"the day {period} was closed with {rows} rows and has {found}"
    return None if digest == sha256 else f"rows of the day {period} were changed since it closed"
