"""The two sides, read: what waits for the bank, what the bank shows, what is matched, and how the account stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office._once import Refused
from curbstop.records.payments.banking import StatementFile

ON_THE_WAY = (1030, 1040, 1050, 1060)
"""Objects where money waits for the bank: deposits, cards, ACH, lockbox and the like."""


@dataclass(frozen=True)
class BankAccountRow:
    """An account at a bank."""

    id: int
    number: str
    name: str
    gl: str


def list_bank_accounts() -> tuple[BankAccountRow, ...]:
    """The city's accounts at banks, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select b.id, b.number, b.name, to_char(g.fund, 'FM00') || '-' || to_char(g.object, 'FM0000')"
            " from payments_bankaccount b join ledger_gl g on g.id = b.gl_id order by b.name"
        )
        return tuple(BankAccountRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class WaitingRow:
    """Something of ours that the bank has not shown. Below zero: a return that the bank will take back."""

    gl: str
    document_id: int
    on: date
    cents: int
    says: str

    @property
    def place(self) -> str:
        """The item as a form names it: ``10-1030@17``."""
        return f"{self.gl}@{self.document_id}"


# All that ever waited is added up by its index, what was posted since the day is taken off, and only what is left is
# looked at: of thousands of documents a few wait. ``infinity`` says that few rows lie beyond the day.
_WAITING = """
with since as (
  select p.gl_id, p.document_id, p.credit_cents - p.debit_cents cents
  from ledger_transaction t join ledger_posting p on p.txn_id = t.id and p.sub = 1
  where t.posted_on between %(known)s::date + 1 and 'infinity'),
open as materialized (
  select gl_id, document_id, sum(cents)::bigint cents from (
    select p.gl_id, p.document_id, sum(p.debit_cents - p.credit_cents) cents from ledger_posting p
    where p.sub = 1 group by p.document_id, p.gl_id
    union all select * from since) x
  where gl_id = any(array(select id from ledger_gl where fund = 10 and object = any(%(objects)s)))
  group by gl_id, document_id having sum(cents) <> 0)
select to_char(g.fund, 'FM00') || '-' || to_char(g.object, 'FM0000'), o.document_id, d.on_day, o.cents,
  case when s.id is not null then 'Deposit ' || s.id || ', till ' || (
         select string_agg(t.code, ', ' order by t.code) from payments_slipsession d
         join payments_tillsession n on n.id = d.session_id join payments_till t on t.id = n.till_id
         where d.slip_id = s.id)
       when b.id is not null then initcap(replace(b.channel, '_', ' ')) || ' file ' || b.name
       when o.cents < 0 then 'Returned payment' || coalesce(', receipt ' || (
         select e.code || '-' || lpad(v.no::text, 6, '0') from ledger_posting q
         join payments_reversal v on v.txn_id = q.txn_id join payments_series e on e.id = v.series_id
         where q.document_id = o.document_id and q.gl_id = o.gl_id limit 1), '')
       when g.object = 1040 then 'Card batch ' || o.document_id
       else g.name || ' ' || o.document_id end
from open o join ledger_gl g on g.id = o.gl_id
join lateral (
  select min(t.effective_on) on_day from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.document_id = o.document_id and p.gl_id = o.gl_id and p.sub = 1 and t.posted_on <= %(known)s) d on true
left join payments_slip s on s.id = o.document_id
left join payments_batch b on b.id = o.document_id order by d.on_day, o.document_id"""


def list_waiting(*, known_on: date) -> tuple[WaitingRow, ...]:
    """What waits for the bank, oldest first, as the books had it at the end of a day."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"objects": list(ON_THE_WAY), "known": known_on})
        return tuple(WaitingRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class LineRow:
    """A line of the bank. ``cents`` below zero went out. ``match_id`` None: it shows nothing of ours yet."""

    line_id: int
    account_id: int
    on: date
    cents: int
    type_code: str
    says: str
    match_id: int | None


_LINES = """
select l.id, s.account_id, s.on, l.credit_cents - l.debit_cents, l.type_code,
  trim(concat_ws(' ', nullif(l.text, ''), nullif(l.customer_reference, ''), nullif(l.bank_reference, ''))), m.match_id
from payments_statementline l join payments_statement s on s.id = l.statement_id
left join payments_bankmatchline m on m.line_id = l.id
  and not exists (select from payments_bankmatchundone u where u.match_id = m.match_id)
where (%(all)s or m.match_id is null) and s.on <= %(until)s and (%(file)s::bigint is null or s.file_id = %(file)s)
order by s.on, l.id"""


def list_lines(*, until: date, unmatched_only: bool = True, file_id: int | None = None) -> tuple[LineRow, ...]:
    """Lines of the bank until a day, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"all": not unmatched_only, "until": until, "file": file_id})
        return tuple(LineRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class StatementRow:
    """A statement file as it came. ``days`` of our accounts, lines and how many of those are matched."""

    file_id: int
    name: str
    at: datetime
    by: str
    fault: str
    days: int
    first_on: date | None
    last_on: date | None
    lines: int
    matched: int


_FILES = """
select f.id, f.name, f.at, trim(u.first_name || ' ' || u.last_name), f.fault, count(distinct s.id), min(s.on),
  max(s.on), count(l.id), count(m.line_id)
from payments_statementfile f join base_user u on u.id = f.by_id left join payments_statement s on s.file_id = f.id
left join payments_statementline l on l.statement_id = s.id left join payments_bankmatchline m on m.line_id = l.id
  and not exists (select from payments_bankmatchundone u where u.match_id = m.match_id)
group by f.id, u.id order by f.id desc limit %s"""


def list_statement_files(*, limit: int = 20) -> tuple[StatementRow, ...]:
    """The files of statements, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_FILES, [limit])
        return tuple(StatementRow(*row) for row in cursor.fetchall())


def get_statement_file(file_id: int) -> tuple[str, bytes]:
    """Name and bytes of a file as it came. :raises Refused: there is none"""
    row = StatementFile.objects.filter(id=file_id).first()
    if row is None:
        raise Refused(f"There is no bank statement {file_id}.", field="file_id")
    return row.name, bytes(row.body)


@dataclass(frozen=True)
class MatchRow:
    """A match: what the bank showed, what of ours it was, the fee, the reason where a person decided.

    :ivar undone_on: the day it was undone, with why and by whom; None: it stands
    """

    match_id: int
    on: date
    lines_cents: int
    fee_cents: int
    says: str
    reason: str
    by: str
    undone_on: date | None
    undone_reason: str
    undone_by: str


_MATCHES = """
select m.id, m.on, coalesce((select sum(l.credit_cents - l.debit_cents)::bigint from payments_bankmatchline x
    join payments_statementline l on l.id = x.line_id where x.match_id = m.id), 0), m.fee_cents,
  coalesce((select string_agg(g.name || ' ' || s.document_id, ', ' order by s.id) from payments_banksettled s
    join ledger_gl g on g.id = s.gl_id where s.match_id = m.id), ''), m.reason,
  trim(u.first_name || ' ' || u.last_name), n.on, coalesce(n.reason, ''),
  coalesce(trim(w.first_name || ' ' || w.last_name), '')
from payments_bankmatch m join base_user u on u.id = m.by_id left join payments_bankmatchundone n on n.match_id = m.id
left join base_user w on w.id = n.by_id order by m.id desc limit %s"""


def list_matches(*, limit: int = 50) -> tuple[MatchRow, ...]:
    """The matches made last."""
    with connection.cursor() as cursor:
        cursor.execute(_MATCHES, [limit])
        return tuple(MatchRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class StatementDay:
    """A day of an account at the bank. ``fault``: its own figures do not add up, or a day is missing before it."""

    on: date
    opening_cents: int | None
    in_cents: int
    out_cents: int
    closing_cents: int | None
    fault: str


_DAYS = """
select s.on, s.opening_cents, coalesce(sum(l.credit_cents), 0)::bigint, coalesce(sum(l.debit_cents), 0)::bigint,
  s.closing_cents, lag(s.closing_cents) over (order by s.on)
from payments_statement s left join payments_statementline l on l.statement_id = s.id
where s.account_id = %s and s.on <= %s group by s.id order by s.on"""


def list_statements(account_id: int, *, until: date) -> tuple[StatementDay, ...]:
    """The days of an account that are on file, oldest first, each with what is wrong with it."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [account_id, until])
        found = []
        for on, opening, came, went, closing, before in cursor.fetchall():
            fault = ""
            if opening is not None and closing is not None and opening + came - went != closing:
                fault = "its lines do not lead from opening to closing"
            elif before is not None and opening is not None and before != opening:
                fault = "it does not begin where the day before ended: a statement is missing"
            found.append(StatementDay(on, opening, came, went, closing, fault))
        return tuple(found)


@dataclass(frozen=True)
class Reconciliation:
    """How a bank account stands on a day: bank + on the way - unmatched = books, each part a list.

    :ivar bank_cents: the closing balance of the last statement; None where the bank gave none
    :ivar opening_cents: what was at the bank before the first statement on file; the books do not have it
    :ivar way_cents: what waits for the bank (returns taken off); ``out_cents`` what payables have not cashed
    :ivar unmatched_cents: lines of the bank that show nothing of ours yet
    :ivar others_cents: lines that were found to be none of the office's
    :ivar booked_cents: the bank account in the books; ``other_cents`` what stands there and no line was matched to
    """

    account: BankAccountRow
    on: date
    statement_on: date | None
    bank_cents: int | None
    opening_cents: int
    way_cents: int
    out_cents: int
    unmatched_cents: int
    others_cents: int
    booked_cents: int
    other_cents: int
    faults: tuple[str, ...]

    @property
    def difference_cents(self) -> int | None:
        """What remains when opening, unmatched lines and the money of others are taken off the bank, and what no line
        shows off the books."""
        if self.bank_cents is None:
            return None
        at_bank = self.bank_cents - self.opening_cents - self.unmatched_cents - self.others_cents
        return at_bank - (self.booked_cents - self.other_cents)


# as it stood on the day: a line of the last day of a month is matched, and booked, in the next
_NOT_OURS = """
select coalesce(sum(l.credit_cents - l.debit_cents) filter (where m.id is null), 0)::bigint,
  coalesce(sum(l.credit_cents - l.debit_cents) filter (where m.fee_cents = 0
    and not exists (select from payments_banksettled y where y.match_id = m.id)), 0)::bigint
from payments_statementline l
join payments_statement s on s.id = l.statement_id left join lateral (
  select m.id, m.fee_cents from payments_bankmatchline x join payments_bankmatch m on m.id = x.match_id
  left join payments_bankmatchundone u on u.match_id = m.id
  where x.line_id = l.id and m.on <= %(on)s and (u.on is null or u.on > %(on)s)) m on true
where s.account_id = %(account)s and s.on <= %(on)s"""

_BOOKED = """
select coalesce(sum(p.debit_cents - p.credit_cents), 0)::bigint,
  coalesce(sum(p.debit_cents - p.credit_cents) filter (where not exists (
    select from payments_banksettled s join payments_bankmatch m on m.id = s.match_id where s.txn_id = p.txn_id)
    and not exists (select from payments_bankmatch m where m.event_id = t.event_id)
    and not exists (select from payments_bankmatchundone u where u.event_id = t.event_id)), 0)::bigint
from ledger_posting p join ledger_transaction t on t.id = p.txn_id
join payments_bankaccount b on b.gl_id = p.gl_id where b.id = %s and t.posted_on <= %s"""


def get_reconciliation(account_id: int, *, on: date) -> Reconciliation:
    """The reconciliation of a bank account at the end of a day. :raises Refused: there is no such account"""
    account = next((one for one in list_bank_accounts() if one.id == account_id), None)
    if account is None:
        raise Refused(f"There is no bank account {account_id}.", field="account")
    days = list_statements(account_id, until=on)
    way = sum(row.cents for row in list_waiting(known_on=on))
    with connection.cursor() as cursor:
        cursor.execute(_NOT_OURS, {"account": account_id, "on": on})
        unmatched, others = cursor.fetchone()
        cursor.execute(_BOOKED, [account_id, on])
        booked, other = cursor.fetchone()
        cursor.execute(
            "select coalesce(sum(p.credit_cents - p.debit_cents), 0)::bigint from ledger_posting p"
            " join ledger_gl g on g.id = p.gl_id join ledger_transaction t on t.id = p.txn_id"
            " where g.object = 1003 and t.posted_on <= %s",
            [on],
        )
        (out,) = cursor.fetchone()
    last = days[-1] if days else None
    opening = days[0].opening_cents or 0 if days else 0
    faults = tuple(f"{day.on.isoformat()}: {day.fault}" for day in days if day.fault)
    return Reconciliation(
        account,
        on,
        last.on if last else None,
        last.closing_cents if last else None,
        opening,
        way,
        out,
        unmatched,
        others,
        booked,
        other,
        faults,
    )
