"""What an account owes, by document and line: the items of the ledger that are open, with the words of their kinds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from curbstop.office.pages.rows import ask, ask_value


@dataclass(frozen=True)
class OwedLine:
    """What is still open of one service or charge of a document. ``open_cents`` below zero is a credit held."""

    document_id: int
    bill_id: int | None
    billed_on: date | None
    due_on: date | None
    part: str  # water, sewer, sewer-surcharge, late...: also the anchor of the line on the bill
    says: str
    usage_gal: int | None
    open_cents: int
    charged_cents: int


@dataclass(frozen=True)
class OwedDocument:
    """A bill, charge or credit of which something is open."""

    document_id: int
    bill_id: int | None
    billed_on: date | None
    due_on: date | None
    past_due: bool
    says: str
    open_cents: int
    charged_cents: int
    lines: tuple[OwedLine, ...]


_OPEN = """
select document_id, bill_id, bill_on, due_on, part, string_agg(distinct says, ', '), max(usage_gal),
  sum(open)::bigint, sum(charged)::bigint
from (
  select p.document_id, b.id bill_id, r.bill_on, max(p.due_on) due_on,
    case when k.code ~ '^late\\.' then 'late' when k.code ~ '\\.(base|volume)$' then split_part(k.code, '.', 1)
      else replace(k.code, '.', '-') end part,
    case when k.code ~ '^late\\.' then 'Late charge'
      when k.code ~ '\\.(base|volume)$' then initcap(split_part(k.code, '.', 1)) else k.says end says,
    o.usage_gal, sum(p.debit_cents - p.credit_cents) as open, sum(p.debit_cents) charged, p.line_no
  from ledger_posting p join ledger_kind k on k.id = p.kind_id join ledger_gl l on l.id = p.gl_id
  left join bills_bill b on b.id = p.document_id and b.account_id = p.account_id
  left join bills_run r on r.id = b.run_id
  left join lateral (
    select max(case when o.average_gal >= 0 then least(o.usage_gal, o.average_gal) else o.usage_gal end) usage_gal
    from bills_outcome o
    join customers_agreement g on g.id = o.agreement_id join customers_servicepoint s on s.id = g.service_point_id
    where o.bill_id = b.id and s.service || '.volume' = k.code) o on true
  where p.account_id = %(account)s and (p.sub = 2 or l.object in (2310, 2320))
  group by p.document_id, p.line_no, p.gl_id, b.id, r.bill_on, k.code, k.says, o.usage_gal
  having sum(p.debit_cents - p.credit_cents) <> 0) item
group by document_id, bill_id, bill_on, due_on, part
order by due_on nulls first, document_id, min(line_no)"""


def get_owed(*, account_id: int, on: date) -> tuple[OwedDocument, ...]:
    """What is open on ``on``, oldest due first; their sum is the balance."""
    lines = ask(OwedLine, _OPEN, {"account": account_id})
    return tuple(_document(list(of), on) for _, of in groupby(lines, key=lambda line: line.document_id))


def _document(lines: list[OwedLine], on: date) -> OwedDocument:
    first = lines[0]
    open_cents = sum(line.open_cents for line in lines)
    due_on = _latest(line.due_on for line in lines)
    return OwedDocument(
        document_id=first.document_id,
        bill_id=first.bill_id,
        billed_on=first.billed_on,
        due_on=due_on,
        past_due=due_on is not None and due_on < on and open_cents > 0,
        says=first.says if first.bill_id is None else "",
        open_cents=open_cents,
        charged_cents=sum(line.charged_cents for line in lines),
        lines=tuple(lines),
    )


def _latest(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day is not None), default=None)


_ASKED = """
select coalesce(sum(d.cents - coalesce(w.cents, 0) - coalesce(paid.cents, 0)), 0)::bigint from payments_depositdemand d
left join lateral (select sum(x.cents) cents from payments_depositwaived x where x.demand_id = d.id) w on true
left join lateral (select sum(p.credit_cents) - coalesce(sum(p.debit_cents) filter (where t.reverses_id is not null), 0)
    cents from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.account_id = d.account_id and p.document_id = d.document_id and p.sub = 3) paid on true
where d.account_id = %(account)s and d.cents > coalesce(w.cents, 0) + coalesce(paid.cents, 0)"""


def get_asked(*, account_id: int) -> int:
    """What is asked of the account as deposit and not received yet: never part of the balance."""
    return int(ask_value(_ASKED, {"account": account_id}))
