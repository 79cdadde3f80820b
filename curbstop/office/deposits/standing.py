"""What is held and what is asked of deposits, as sums of rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection


@dataclass(frozen=True)
class Held:
    """What is held on one item of an account: a deposit (line 1) or its interest (line 2)."""

    account_id: int
    gl: str
    document_id: int
    line: int
    cents: int


_HELD = """
select p.account_id, g.fund || '-' || g.object, p.document_id, p.line_no, sum(p.credit_cents - p.debit_cents)::bigint
from ledger_posting p join ledger_gl g on g.id = p.gl_id
where p.account_id = any(%s) and p.sub = 3 and g.fund = 59 and g.object in (2210, 2220)
group by p.account_id, g.fund, g.object, p.document_id, p.line_no
having sum(p.credit_cents - p.debit_cents) > 0 order by p.account_id, p.document_id, p.line_no"""


def list_held(account_ids: Iterable[int]) -> tuple[Held, ...]:
    """The deposits and the interest held for these accounts, item by item, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [sorted(account_ids)])
        return tuple(Held(*row) for row in cursor.fetchall())


def held_cents(account_id: int) -> int:
    """Deposit and interest held for an account."""
    return sum(one.cents for one in list_held([account_id]))


ASKED = """
select coalesce(sum(greatest(d.cents - coalesce(w.cents, 0) - coalesce(paid.cents, 0), 0)), 0)::bigint
from payments_depositdemand d
left join lateral (select sum(x.cents) cents from payments_depositwaived x where x.demand_id = d.id) w on true
left join lateral (
  select sum(p.credit_cents) - coalesce(sum(p.debit_cents) filter (where t.reverses_id is not null), 0) cents
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.account_id = d.account_id and p.document_id = d.document_id and p.line_no = 1 and p.sub = 3) paid on true
where d.account_id = %s"""


def asked_cents(account_id: int, *, due_by: date | None = None) -> int:
    """What is asked of an account as deposit and not received yet, less what was waived.

    :param due_by: only what is due by this day; None: all of it, what waits for a bill too
    """
    with connection.cursor() as cursor:
        cursor.execute(ASKED + (" and d.due_on <= %s" if due_by else ""), [account_id, *([due_by] if due_by else [])])
        return int(cursor.fetchone()[0])
