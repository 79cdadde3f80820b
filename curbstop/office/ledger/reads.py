"""What is read from the books. Nothing is stored that can be added up, so every figure here is a sum of rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from curbstop.rules.ledger import (
    BUCKETS,
    OpenItem,
    Row,
    StatementLine,
    gl,
    statement,
)
from curbstop.rules.ledger import roll_forward as _roll_forward
from curbstop.rules.ledger.items import IN_BALANCE, RollForwardLine
from curbstop.rules.ledger.legs import RECEIVABLES, Leg

_ITEMS = """
select p.account_id, g.fund, g.object, p.document_id, p.line_no, min(k.code),
  abs(sum(p.debit_cents - p.credit_cents))::bigint,
  coalesce(sum(case when p.sub = 2 then p.debit_cents else p.credit_cents end) filter (where p.due_on is not null),
    max(case when p.sub = 2 then p.debit_cents else p.credit_cents end))::bigint,
  max(p.due_on)
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id
where p.account_id = any(%s) and p.sub in (2, 3)
group by p.account_id, p.gl_id, g.fund, g.object, p.document_id, p.line_no
having sum(p.debit_cents - p.credit_cents) <> 0
order by p.account_id, p.document_id, p.line_no, g.fund, g.object"""


def get_open_items(account_id: int) -> tuple[OpenItem, ...]:
    """The items of an account that are not settled: what it owes, and what it is owed (``owed_to``).

    One read by index. ``open_cents`` is above zero in the item's own direction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, [[account_id]])
        return tuple(
            OpenItem(account, gl(fund, object), document, line, kind, open_cents, charged, due_on)
            for account, fund, object, document, line, kind, open_cents, charged, due_on in cursor.fetchall()
        )


def get_balance(account_id: int) -> int:
    """What an account owes in cents; below zero: it has a credit. Deposits and refunds are not in it."""
    return get_balances([account_id])[account_id]


def get_balances(account_ids: Iterable[int]) -> dict[int, int]:
    """What each account owes in cents, 0 for one without rows."""
    wanted = list(account_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.account_id, sum(p.debit_cents - p.credit_cents)::bigint from ledger_posting p"
            " join ledger_gl g on g.id = p.gl_id where p.account_id = any(%s) and g.object = any(%s) group by 1",
            [wanted, sorted(IN_BALANCE)],
        )
        found = dict(cursor.fetchall())
    return {account_id: found.get(account_id, 0) for account_id in wanted}


@dataclass(frozen=True)
class StatementRead:
    """The statement of an account over [from_on, until_on) as known on a day: opening + charges - credits = closing."""

    account_id: int
    from_on: date
    until_on: date
    known_on: date
    opening_cents: int
    charges_cents: int
    credits_cents: int
    closing_cents: int
    lines: tuple[StatementLine, ...]


def get_statement(account_id: int, from_on: date, until_on: date, known_on: date) -> StatementRead:
    """The account's transactions over [from_on, until_on), by the accounting day, as posted until ``known_on``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.txn_id, t.act, t.posted_on, t.effective_on, g.fund, g.object, p.debit_cents, p.credit_cents,"
            " k.code, p.account_id, p.document_id, p.line_no, p.due_on"
            " from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id"
            " join ledger_kind k on k.id = p.kind_id where p.account_id = %s and t.posted_on <= %s"
            " order by t.posted_on, p.txn_id, p.leg_no",
            [account_id, known_on],
        )
        rows = [Row(row[0], row[1], row[2], row[3], Leg(gl(row[4], row[5]), *row[6:])) for row in cursor.fetchall()]
    made = statement(rows, from_on=from_on, until_on=until_on)
    sums = (made.opening_cents, made.charges_cents, made.credits_cents, made.closing_cents)
    return StatementRead(account_id, from_on, until_on, known_on, *sums, made.lines)


@dataclass(frozen=True)
class AgeingLine:
    """Open receivables of a control account by how long they are past due; ``cents`` follows :data:`BUCKETS`."""

    gl: str
    name: str
    cents: tuple[int, ...]
    total_cents: int


_AGEING = """
with item as (
  select p.gl_id, max(p.due_on) due_on, sum(p.debit_cents - p.credit_cents) open_cents
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.sub = 2 and t.effective_on <= %(as_of)s and t.posted_on <= %(known)s
  group by p.account_id, p.gl_id, p.document_id, p.line_no having sum(p.debit_cents - p.credit_cents) <> 0)
select g.fund, g.object, g.name, case when due_on is null or due_on >= %(as_of)s then 0
    when %(as_of)s - due_on <= 30 then 1 when %(as_of)s - due_on <= 60 then 2 when %(as_of)s - due_on <= 90 then 3
    else 4 end,
  sum(open_cents)::bigint
from item join ledger_gl g on g.id = item.gl_id group by 1, 2, 3, 4 order by 1, 2"""


def get_ageing(as_of: date, known_on: date) -> tuple[AgeingLine, ...]:
    """Open receivables by control account and age, as of any day and as it was known on any other."""
    found: dict[tuple[str, str], list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_AGEING, {"as_of": as_of, "known": known_on})
        for fund, object, name, bucket, cents in cursor.fetchall():
            found.setdefault((gl(fund, object), name), [0] * len(BUCKETS))[bucket] += cents
    return tuple(AgeingLine(account, name, tuple(cents), sum(cents)) for (account, name), cents in found.items())


_MOVED = """
with moved as materialized (
  select p.gl_id, p.kind_id, t.act, t.posted_on < %(from_on)s opening, sum(p.debit_cents - p.credit_cents) cents
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.sub = 2 and t.posted_on < %(until_on)s group by 1, 2, 3, 4)
select g.fund, g.object, split_part(k.code, '.', case when k.code like 'late.%%' then 2 else 1 end) service, m.act,
  m.opening, sum(m.cents)::bigint
from moved m join ledger_gl g on g.id = m.gl_id join ledger_kind k on k.id = m.kind_id
where g.object = any(%(objects)s) group by 1, 2, 3, 4, 5"""
"""Postings are added up before they are told in words: there are a thousand times as many of them as of sums."""


def get_roll_forward(from_on: date, until_on: date) -> tuple[RollForwardLine, ...]:
    """What happened to receivables over [from_on, until_on), by fund, type and service: opening + columns = closing."""
    opening: dict[tuple[int, int, str], int] = {}
    moved = []
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, {"from_on": from_on, "until_on": until_on, "objects": sorted(RECEIVABLES)})
        for fund, object, service, act, before, cents in cursor.fetchall():
            if before:
                key = (fund, object, service)
                opening[key] = opening.get(key, 0) + cents
            else:
                moved.append((fund, object, service, act, cents))
    return _roll_forward(opening, moved)


@dataclass(frozen=True)
class TrialBalanceLine:
    """An account of the chart with its debits and credits through a day."""

    fund: int
    gl: str
    name: str
    klass: str
    debit_cents: int
    credit_cents: int


def get_trial_balance(through_on: date) -> tuple[TrialBalanceLine, ...]:
    """Every account that was posted to through the day, by fund; debits = credits in each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select g.fund, g.object, g.name, g.class, sum(p.debit_cents)::bigint, sum(p.credit_cents)::bigint"
            " from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id"
            " where t.posted_on <= %s group by g.id order by g.fund, g.object",
            [through_on],
        )
        return tuple(TrialBalanceLine(row[0], gl(row[0], row[1]), *row[2:]) for row in cursor.fetchall())
