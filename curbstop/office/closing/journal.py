"""The journal as it leaves for auditors: every transaction in order, and where every account stood after each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db import connection, transaction

from curbstop.formats import journal
from curbstop.formats.journal import DayEnds, JournalAccount, JournalEntry, JournalLeg
from curbstop.rules.ledger import RECIPES

OPENING = "Where accounts stood before"

_ROWS = """
select t.id, t.posted_on, t.effective_on, t.act, t.reverses_id,
  to_char(g.fund, 'FM00') || '-' || to_char(g.object, 'FM0000'),
  k.code, p.debit_cents, p.credit_cents, coalesce(a.number, ''),
  coalesce(p.document_id || '.' || p.line_no, '')
from ledger_transaction t join ledger_posting p on p.txn_id = t.id join ledger_gl g on g.id = p.gl_id
join ledger_kind k on k.id = p.kind_id left join customers_account a on a.id = p.account_id
where t.posted_on >= %(from_on)s and t.posted_on < %(until_on)s order by t.posted_on, t.id, p.leg_no"""

_BALANCES = """
with day as (
  select t.posted_on, p.gl_id, sum(p.debit_cents - p.credit_cents) cents
  from ledger_transaction t join ledger_posting p on p.txn_id = t.id where t.posted_on < %(until_on)s group by 1, 2),
run as (select posted_on, gl_id, sum(cents) over (partition by gl_id order by posted_on) cents from day)
select r.posted_on, to_char(g.fund, 'FM00') || '-' || to_char(g.object, 'FM0000'), r.cents::bigint
from run r join ledger_gl g on g.id = r.gl_id where r.posted_on >= %(from_on)s order by 1, 2"""


@dataclass(frozen=True)
class JournalCounts:
    """What was written."""

    transactions: int
    rows: int
    days: int


def write_journal(form: str, *, title: str, from_on: date, until_on: date, counted: list[int]) -> Iterator[str]:
    """The journal of [from_on, until_on) in one of :data:`curbstop.formats.journal.FORMATS`, a piece at a time.

    Where something was posted before, the first entry says where accounts stood. ``counted`` gets the transactions,
    rows and days that were written, when all is.
    """
    accounts = _accounts()
    counts = JournalCounts(0, 0, 0)

    def counting() -> Iterator[JournalEntry | DayEnds]:
        nonlocal counts
        for one in read_journal(from_on, until_on):
            if isinstance(one, DayEnds):
                counts = JournalCounts(counts.transactions, counts.rows, counts.days + 1)
            else:
                counts = JournalCounts(counts.transactions + 1, counts.rows + len(one.legs), counts.days)
            yield one

    since = min(from_on, get_first_day() or from_on)
    yield from journal.FORMATS[form](title, accounts, counting(), since=since)
    counted[:] = [counts.transactions, counts.rows, counts.days]


def get_first_day() -> date | None:
    """The first accounting day that was ever opened."""
    with connection.cursor() as cursor:
        cursor.execute("select min(posted_on) from ledger_day")
        found: date | None = cursor.fetchone()[0]
        return found


def _accounts() -> tuple[JournalAccount, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select to_char(fund, 'FM00') || '-' || to_char(object, 'FM0000'), name, class from ledger_gl"
            " order by fund, object"
        )
        return tuple(JournalAccount(*row) for row in cursor.fetchall())


def read_journal(from_on: date, until_on: date) -> Iterator[JournalEntry | DayEnds]:
    """Every transaction of [from_on, until_on) in order, and after each day where the accounts that moved stand.

    The two come from two queries: the sums are the database's, not the reader's.
    """
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as ahead:
        if alone:  # one snapshot for both queries; inside another transaction it sees what that sees
            ahead.execute("set transaction isolation level repeatable read, read only")
        ends = {on: dict(rows) for on, rows in _grouped(read_balances(from_on, until_on))}
        opening = _opening(from_on)
        if opening is not None:
            yield opening
        for on, entries in groupby(_entries(from_on, until_on), key=lambda entry: entry.on):
            yield from entries
            if on in ends:
                yield DayEnds(on, ends[on])


def _grouped(rows: list[tuple[date, str, int]]) -> Iterator[tuple[date, list[tuple[str, int]]]]:
    for on, of_day in groupby(rows, key=lambda row: row[0]):
        yield on, [(gl, cents) for _, gl, cents in of_day]


def read_balances(from_on: date, until_on: date) -> list[tuple[date, str, int]]:
    """Where each account that moved on a day of [from_on, until_on) stood after it: day, account, debit less credit."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, {"from_on": from_on, "until_on": until_on})
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]


def _opening(from_on: date) -> JournalEntry | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select to_char(g.fund, 'FM00') || '-' || to_char(g.object, 'FM0000'),"
            " sum(p.debit_cents - p.credit_cents)::bigint from ledger_transaction t join ledger_posting p on"
            " p.txn_id = t.id join ledger_gl g on g.id = p.gl_id where t.posted_on < %s group by g.fund, g.object"
            " having sum(p.debit_cents - p.credit_cents) <> 0 order by g.fund, g.object",
            [from_on],
        )
        legs = tuple(JournalLeg(gl, "", max(c, 0), max(-c, 0), "", "") for gl, c in cursor.fetchall())
    return JournalEntry(0, from_on, from_on, "opening", OPENING, None, legs) if legs else None


def _entries(from_on: date, until_on: date) -> Iterator[JournalEntry]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS, {"from_on": from_on, "until_on": until_on})
        for head, rows in groupby(_fetched(cursor), key=lambda row: row[:5]):
            txn_id, on, effective_on, act, reverses = head
            legs = tuple(JournalLeg(*row[5:]) for row in rows)
            recipe = RECIPES.get(act)
            yield JournalEntry(txn_id, on, effective_on, act, recipe.says if recipe else act, reverses, legs)


def _fetched(cursor: object) -> Iterator[tuple]:  # type: ignore[type-arg]
    while rows := cursor.fetchmany(5000):  # type: ignore[attr-defined]
        yield from rows
