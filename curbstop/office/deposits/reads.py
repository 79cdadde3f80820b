"""What screens and lists show of deposits: those of an account, all of them against the control account, the review."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office import policies
from curbstop.office.deposits.holding import Restricted, get_ended, get_restricted
from curbstop.office.deposits.reviewing import get_history
from curbstop.office.deposits.standing import held_cents
from curbstop.rules.deposits import Reviewed, review
from curbstop.rules.policies import NotSet
from curbstop.rules.unclaimed import refund_by


@dataclass(frozen=True)
class DepositItem:
    """One part of a deposit: what was asked, waived, received, used, and what is held with its interest."""

    document_id: int
    instalment: int
    due_on: date | None
    asked_cents: int
    waived_cents: int
    received_cents: int
    used_cents: int
    held_cents: int
    interest_cents: int
    received_on: date | None
    authority: str


@dataclass(frozen=True)
class DepositMove:
    """One movement of a deposit in the books. ``cents`` above zero came in."""

    on: date
    posted_on: date
    act: str
    cents: int
    interest: bool
    txn_id: int


@dataclass(frozen=True)
class DepositWhy:
    """Why a deposit was asked for: the decision, its sentence, authority and working."""

    on: date
    why: str
    cents: int
    says: str
    authority: str
    working: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class AccountDeposits:
    """The deposits of an account, on a day.

    ``refund_by`` is the last day for its refund by law, once service has ended. ``interest_says`` tells what the city
    has set of interest, ``review`` where it stands (None: held until the account closes).
    """

    account_id: int
    items: tuple[DepositItem, ...]
    moves: tuple[DepositMove, ...]
    decisions: tuple[DepositWhy, ...]
    held_cents: int
    asked_cents: int
    ended_on: date | None
    final_billed: bool
    refund_by: date | None
    refund_says: str
    interest_says: str
    held_until_says: str
    review: Reviewed | None


_ITEMS = """
select d.document_id, d.instalment, d.due_on, d.cents, coalesce(w.cents, 0)::bigint,
  coalesce(p.received, 0)::bigint, coalesce(p.used, 0)::bigint, coalesce(p.held, 0)::bigint,
  coalesce(p.interest, 0)::bigint, p.received_on, d.authority
from payments_depositdemand d
left join lateral (select sum(x.cents) cents from payments_depositwaived x where x.demand_id = d.id) w on true
left join lateral (
  select sum(p.credit_cents) filter (where p.line_no = 1)
      - coalesce(sum(p.debit_cents) filter (where p.line_no = 1 and t.reverses_id is not null), 0) received,
    sum(p.debit_cents) filter (where p.line_no = 1 and t.reverses_id is null) used,
    sum(p.credit_cents - p.debit_cents) filter (where p.line_no = 1) held,
    sum(p.credit_cents - p.debit_cents) filter (where p.line_no = 2) interest,
    min(t.effective_on) filter (where p.line_no = 1 and p.credit_cents > 0) received_on
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.account_id = d.account_id and p.document_id = d.document_id and p.sub = 3) p on true
where d.account_id = %(account)s order by d.due_on nulls last, d.id"""

_MOVES = """
select t.effective_on, t.posted_on, t.act, sum(p.credit_cents - p.debit_cents)::bigint, g.object = 2220, t.id
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id
where p.account_id = %(account)s and p.sub = 3 and g.fund = 59 and g.object in (2210, 2220)
group by t.id, g.object order by t.effective_on desc, t.id desc, g.object"""

_DECISIONS = """
select d.decided_on, d.why, d.cents, d.says, d.authority, d.working,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username)
from payments_depositdecision d join base_user u on u.id = d.by_id where d.account_id = %(account)s
order by d.id desc"""


def get_deposits(*, account_id: int, on: date) -> AccountDeposits:
    """The deposits of an account: what is held and why, its history, its interest, the clock of its refund."""
    values = {"account": account_id}
    rules = policies.load(
        "deposit.refund.days", "deposit.interest", "deposit.interest.year", "deposit.held_until", "deposit.review"
    )
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, values)
        items = tuple(DepositItem(*row) for row in cursor.fetchall())
        cursor.execute(_MOVES, values)
        moves = tuple(DepositMove(*row) for row in cursor.fetchall())
        cursor.execute(_DECISIONS, values)
        decisions = tuple(_why(row) for row in cursor.fetchall())
    ended = get_ended(account_id)
    closed = ended.is_over(on)
    held = held_cents(account_id)
    try:
        reviewed = review(rules, get_history(account_id, on), on=on) if held and not closed else None
    except NotSet:
        reviewed = None
    by_law = None
    if closed and ended.ended_on is not None:
        try:
            by_law = refund_by(ended.ended_on, rules.whole("deposit.refund.days", on=on))
        except NotSet:
            by_law = None
    return AccountDeposits(
        account_id=account_id,
        items=items,
        moves=moves,
        decisions=decisions,
        held_cents=held,
        asked_cents=sum(max(i.asked_cents - i.waived_cents - i.received_cents, 0) for i in items),
        ended_on=ended.ended_on if closed else None,
        final_billed=ended.billed,
        refund_by=by_law,
        refund_says=_says(rules, "deposit.refund.days"),
        interest_says=_says(rules, "deposit.interest"),
        held_until_says=_says(rules, "deposit.held_until"),
        review=reviewed,
    )


def _says(rules: Any, id: str) -> str:
    return rules.by_id[id].says if id in rules.by_id else f"{id} is not set for this city."


def _why(row: tuple[Any, ...]) -> DepositWhy:
    working = row[5] if isinstance(row[5], dict) else _json(row[5])
    lines = [*working.get("steps", []), *working.get("notes", [])]
    lines += [f"{name} is owed the notice of the credit check." for name in working.get("adverse", [])]
    if working.get("reason"):
        lines.insert(0, str(working["reason"]))
    return DepositWhy(row[0], row[1], row[2], row[3], row[4], tuple(lines), row[6])


def _json(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DepositRow:
    """An account with a deposit held."""

    account_id: int
    number: str
    name: str
    address: str
    held_cents: int
    interest_cents: int
    since: date | None
    ended_on: date | None
    unlisted: bool

    @property
    def total_cents(self) -> int:
        """Deposit and interest."""
        return self.held_cents + self.interest_cents


@dataclass(frozen=True)
class DepositList:
    """Every deposit held, as the books stood on a day, against the control accounts and the money behind them."""

    on: date
    rows: tuple[DepositRow, ...]
    control_cents: int
    control_interest_cents: int
    restricted: Restricted

    @property
    def listed_cents(self) -> int:
        """What the rows add up to."""
        return sum(row.total_cents for row in self.rows)

    @property
    def differs_cents(self) -> int:
        """List less control; anything but zero is a fault."""
        return self.listed_cents - self.control_cents - self.control_interest_cents


_LIST = """
select a.id, a.number, c.name, coalesce(pl.address, ''),
  sum(p.credit_cents - p.debit_cents) filter (where g.object = 2210)::bigint,
  coalesce(sum(p.credit_cents - p.debit_cents) filter (where g.object = 2220), 0)::bigint,
  min(t.effective_on), pl.ended_on,
  bool_or(not exists (select from payments_depositdemand d where d.account_id = a.id
    and d.document_id = p.document_id))
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id
join customers_account a on a.id = p.account_id join customers_customer c on c.id = a.customer_id
left join lateral (
  select (array_agg(pr.address order by upper(x.during) desc nulls first))[1] address,
    case when not bool_or(upper_inf(x.during)) and max(upper(x.during)) <= %(on)s then max(upper(x.during)) end ended_on
  from customers_agreement x join customers_servicepoint s on s.id = x.service_point_id
  join customers_premise pr on pr.id = s.premise_id where x.account_id = a.id) pl on true
where p.sub = 3 and g.fund = 59 and g.object in (2210, 2220) and t.posted_on <= %(on)s
group by a.id, a.number, c.name, pl.address, pl.ended_on
having sum(p.credit_cents - p.debit_cents) <> 0 order by a.number"""

_CONTROL = """
select coalesce(sum(p.credit_cents - p.debit_cents) filter (where g.object = 2210), 0)::bigint,
  coalesce(sum(p.credit_cents - p.debit_cents) filter (where g.object = 2220), 0)::bigint
from ledger_gl g join ledger_posting p on p.gl_id = g.id join ledger_transaction t on t.id = p.txn_id
where g.fund = 59 and g.object in (2210, 2220) and t.posted_on <= %(on)s"""


def list_deposits(*, on: date) -> DepositList:
    """Every deposit held by account as of a day, with the control total and where the money is."""
    with connection.cursor() as cursor:
        cursor.execute(_LIST, {"on": on})
        rows = tuple(DepositRow(*row) for row in cursor.fetchall())
        cursor.execute(_CONTROL, {"on": on})
        control, with_interest = cursor.fetchone()
    return DepositList(on, rows, control, with_interest, get_restricted())
