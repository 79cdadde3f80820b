"""The checklist before a day or a month closes: what was looked at, and the rows that do not balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from curbstop.office import banking
from curbstop.office.closing import proving
from curbstop.office.closing.hashing import find_tampered
from curbstop.rules.ledger import RECEIVABLES
from curbstop.rules.money import show

LISTED = 50
"""Rows that one line of a checklist lists; all are counted."""


@dataclass(frozen=True)
class Fault:
    """One row behind a line of the checklist. ``about`` leads to it: ``till:T1``, ``day:2026-04-14``, ``txn:17``."""

    says: str
    about: str
    cents: int | None


@dataclass(frozen=True)
class Checked:
    """One line of a checklist: ``ok``; ``look``, which somebody should know and which bars nothing; or ``bad``."""

    code: str
    says: str
    level: str
    count: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Checklist:
    """Everything that was looked at before a day or a month closes."""

    period: str
    lines: tuple[Checked, ...]

    @property
    def balances(self) -> bool:
        """Whether nothing bars the close."""
        return not self.bars

    @property
    def bars(self) -> tuple[Checked, ...]:
        """The lines that do not balance."""
        return tuple(line for line in self.lines if line.level == "bad")

    def say(self) -> str:
        """What bars the close, in one sentence a line."""
        return " ".join(_said(line) for line in self.bars)


def _said(line: Checked) -> str:
    first = "; ".join(fault.says for fault in line.faults[:3])
    more = f" and {line.count - 3} more" if line.count > 3 else ""
    return f"{line.says}: {first}{more}." if first else f"{line.says}."


def get_day_checklist(on: date, *, since: date | None = None) -> Checklist:
    """What stands in the way of closing the day, with the rows; or the days from ``since`` through it."""
    first = since or on
    lines = (
        _rows("order", "Days before it are closed", "Days before it are open", _EARLIER, [first]),
        _rows("tills", "Every drawer of the day is counted and signed", "Drawers are not signed", _TILLS, [on]),
        _rows("files", "Every file of payments is posted whole", "Files are not posted whole", _FILES, [on]),
        _rows("deposits", "Every drawer is in a bank deposit", "Drawers wait for the bank", _DRAWERS, [on], "look"),
        _rows("named", "Every payment has its payer", "Payments without a payer", _UNNAMED, [on], "look"),
        _rows("late", "Nothing came late", "Posted today, happened before", _LATE, [first, on], "look"),
        *_proofs(on),
    )
    return Checklist(on.isoformat(), lines)


def _rows(code: str, fine: str, amiss: str, sql: str, params: Sequence[Any], level: str = "bad") -> Checked:
    """A line from a query whose columns are: what is said, where it leads, cents."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchall()
    faults = tuple(Fault(*row) for row in found[:LISTED])
    return Checked(code, amiss if found else fine, level if found else "ok", len(found), faults)


def _proofs(on: date) -> list[Checked]:
    """The invariants that must hold at every close; those that do, in one line."""
    proof = proving.get_proof(on=on, only=proving.AT_CLOSE)
    lines = [
        Checked(
            f"proof-{one.no}",
            f"Proof {one.no} fails: {one.shows}",
            "bad",
            one.at_fault,
            tuple(Fault(says, f"proof:{one.no}", None) for says in one.faults),
        )
        for one in proof.proved
        if not one.holds
    ]
    held = sum(one.holds for one in proof.proved)
    return [Checked("proofs", f"{held} of {len(proof.proved)} proofs of the books hold", "ok", 0, ()), *lines]


_EARLIER = """
select to_char(posted_on, 'YYYY-MM-DD') || ' is open', 'day:' || to_char(posted_on, 'YYYY-MM-DD'), null::bigint
from ledger_day where posted_on < %s
  and posted_on > coalesce((select max(posted_on) from ledger_transaction where closes), '-infinity')
order by posted_on"""

_TILLS = """
select format('till %%s of %%s, %%s', t.code, trim(u.first_name || ' ' || u.last_name),
    case when exists (select from payments_tillcount c where c.session_id = s.id) then 'counted and not signed'
         else 'not counted' end), 'till:' || t.code, null::bigint
from payments_tillsession s join payments_till t on t.id = s.till_id join base_user u on u.id = s.cashier_id
where s.opened_on <= %s and not exists (select from payments_tillclose x where x.session_id = s.id) order by t.code"""

_FILES = """
select format('%%s file %%s: %%s of %%s payments are not posted', b.channel, b.name, count(*), b.rows),
  'batch:' || b.id, sum(r.cents)::bigint
from payments_batch b join payments_batchrow r on r.batch_id = b.id
where b.received_on <= %s
  and not exists (select from payments_batchrowdone d where (d.batch_id, d.row_no) = (r.batch_id, r.row_no))
group by b.id order by b.id"""

_DRAWERS = """
select format('till %%s of %%s', t.code, to_char(s.opened_on, 'YYYY-MM-DD')), 'till:' || t.code,
  sum(p.debit_cents - p.credit_cents)::bigint
from payments_tillclose x join payments_tillsession s on s.id = x.session_id join payments_till t on t.id = s.till_id
join ledger_posting p on p.document_id = s.document_id and p.sub = 1
where s.opened_on <= %s and not exists (select from payments_slipsession d where d.session_id = s.id)
group by s.id, t.code having sum(p.debit_cents - p.credit_cents) <> 0 order by s.opened_on, t.code"""

_UNNAMED = """
select format('document %%s since %%s', p.document_id, to_char(min(t.effective_on), 'YYYY-MM-DD')),
  'document:' || p.document_id, sum(p.credit_cents - p.debit_cents)::bigint
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_transaction t on t.id = p.txn_id
where g.object = 2340 and t.posted_on <= %s group by p.document_id, p.line_no
having sum(p.credit_cents - p.debit_cents) <> 0 order by 1"""

_LATE = """
select format('%%s of %%s', t.act, to_char(t.effective_on, 'YYYY-MM-DD')), 'txn:' || t.id,
  (select sum(p.debit_cents)::bigint from ledger_posting p where p.txn_id = t.id)
from ledger_transaction t
where t.posted_on between %s and %s and t.effective_on < t.posted_on and t.act not in ('close', 'close_month')
order by t.id"""

# --- months -----------------------------------------------------------------------------------------------------------

_OLD_ITEMS = """
select format('%%s, document %%s since %%s', g.name, p.document_id, to_char(min(t.effective_on), 'YYYY-MM-DD')),
  'document:' || p.document_id, sum(p.debit_cents - p.credit_cents)::bigint
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_transaction t on t.id = p.txn_id
where p.sub = 1 and t.posted_on < %s group by g.id, p.document_id
having sum(p.debit_cents - p.credit_cents) <> 0 and max(t.posted_on) < %s order by min(t.effective_on)"""

CLEARED_IN = timedelta(days=10)
"""What is on its way longer than this at the end of a month is listed. It bars nothing: the policy's age does."""


def get_month_checklist(from_on: date, until_on: date, accounts_cents: int, control_cents: int | None) -> Checklist:
    """What stands in the way of closing the month [from_on, until_on).

    :param accounts_cents: what the customers' accounts add up to
    :param control_cents: what the closed days say the control accounts are; None while a day is not closed
    """
    _, tampered = find_tampered(from_on=from_on, until_on=until_on)
    lines = [
        _rows("days", "Every day of the month is closed", "Days are not closed", _EARLIER, [until_on]),
        Checked(
            "untouched",
            "The days are as they were closed" if not tampered else "Closed days were changed",
            "bad" if tampered else "ok",
            len(tampered),
            tuple(Fault(says, "proof:34", None) for says in tampered[:LISTED]),
        ),
        _tie(accounts_cents, control_cents),
        _bank(until_on - timedelta(days=1)),
        _rows(
            "clearing",
            "Nothing is on its way for long",
            "On its way for long",
            _OLD_ITEMS,
            [until_on, until_on - CLEARED_IN],
            "look",
        ),
        *_proofs(until_on - timedelta(days=1)),
    ]
    return Checklist(f"{from_on:%Y-%m}", tuple(lines))


def _bank(on: date) -> Checked:
    """Each bank account against the books: a difference bars the close, what is not matched or missing is told."""
    faults, level = [], "ok"
    for account in banking.list_bank_accounts():
        found = banking.get_reconciliation(account.id, on=on)
        if found.difference_cents:
            level = "bad"
            says = f"{account.name}: bank and books are {show(found.difference_cents)} apart"
            faults.append(Fault(says, f"bank:{account.id}", found.difference_cents))
        elif found.bank_cents is None:
            faults.append(Fault(f"{account.name}: no statement is on file", f"bank:{account.id}", None))
        elif found.unmatched_cents:
            says = f"{account.name}: lines of the bank are not matched"
            faults.append(Fault(says, f"bank:{account.id}", found.unmatched_cents))
        faults += [Fault(f"{account.name}, {fault}", f"bank:{account.id}", None) for fault in found.faults]
    if faults and level == "ok":
        level = "look"
    says = "Bank and books differ" if level == "bad" else "The bank, to look at" if faults else "Bank and books agree"
    return Checked("bank", says, level, len(faults), tuple(faults))


def _tie(accounts_cents: int, control_cents: int | None) -> Checked:
    if control_cents is None:
        return Checked("ties", "Accounts and control are compared when every day is closed", "ok", 0, ())
    difference = accounts_cents - control_cents
    says = f"accounts {show(accounts_cents)}, control {show(control_cents)}, difference {show(abs(difference))}"
    if not difference:
        return Checked("ties", says[:1].upper() + says[1:], "ok", 0, ())
    faults = find_suspects()
    return Checked("ties", says[:1].upper() + says[1:], "bad", len(faults), faults)


_SUSPECTS = """
with lines as (
  select p.document_id, p.account_id, p.txn_id, sum(p.debit_cents) cents from ledger_posting p
  join ledger_transaction t on t.id = p.txn_id where t.act = 'bill' and p.sub = 2 group by 1, 2, 3),
bills as (
  select l.account_id, format('bill %%s: its lines are %%s cents off', b.id, l.cents - b.total_cents) says,
    l.cents - b.total_cents off
  from bills_bill b join lines l on (l.document_id, l.account_id, l.txn_id) = (b.id, b.account_id, b.txn_id)
  where l.cents <> b.total_cents),
odd as (
  select p.txn_id, sum(p.debit_cents - p.credit_cents) off from ledger_posting p
  group by p.txn_id having sum(p.debit_cents - p.credit_cents) <> 0),
rows as (
  select distinct p.account_id, format('transaction %%s is %%s cents off', o.txn_id, o.off) says, o.off
  from odd o join ledger_posting p on p.txn_id = o.txn_id
  join ledger_gl g on g.id = p.gl_id where g.object = any(%s) and p.account_id is not null
    and not exists (select from bills))
select format('account %%s, %%s', a.number, x.says), 'account:' || a.id, x.off::bigint
from (select * from bills union all select * from rows) x join customers_account a on a.id = x.account_id
order by a.number"""


def find_suspects() -> tuple[Fault, ...]:
    """The accounts whose rows no longer agree with their bill, or with the other side of their transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_SUSPECTS, [sorted(RECEIVABLES)])
        return tuple(Fault(*row) for row in cursor.fetchmany(LISTED))
