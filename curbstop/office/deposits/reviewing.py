"""The review of a deposit after good history: what the books know of how an account paid."""

from __future__ import annotations

from datetime import date

from django.db import connection

from curbstop.office import policies
from curbstop.office._once import Refused
from curbstop.office.deposits.standing import asked_cents
from curbstop.rules.deposits import History, Reviewed, review
from curbstop.rules.policies import NotSet

_WHOLE = """
select max(t.effective_on) from ledger_posting p join ledger_transaction t on t.id = p.txn_id
join ledger_gl g on g.id = p.gl_id
where p.account_id = %(account)s and p.sub = 3 and g.fund = 59 and g.object = 2210 and p.credit_cents > 0"""

_SINCE = """
select
  (select count(*) from delinquency_latecharge l join bills_bill b on b.id = l.bill_id
   join delinquency_laterun r on r.run_id = l.run_id where b.account_id = %(account)s and r.on >= %(since)s),
  (select count(distinct (v.series_id, v.no)) from payments_reversal v join ledger_transaction t on t.id = v.txn_id
   where v.why = 'returned' and t.effective_on >= %(since)s and exists (
     select from ledger_posting p where p.txn_id = v.txn_id and p.account_id = %(account)s)),
  (select count(*) from bills_charge c join ledger_kind k on k.id = c.kind_id
   where c.account_id = %(account)s and k.code = 'fee.cutoff' and c.on >= %(since)s)
  + (select count(distinct p.document_id) from ledger_posting p join ledger_kind k on k.id = p.kind_id
     join ledger_transaction t on t.id = p.txn_id where p.account_id = %(account)s and p.sub = 2 and t.act = 'charge'
     and k.code = 'fee.cutoff' and p.debit_cents > 0 and t.effective_on >= %(since)s),
  (select coalesce(sum(open), 0)::bigint from (
     select sum(p.debit_cents - p.credit_cents) open from ledger_posting p
     where p.account_id = %(account)s and p.sub = 2
     group by p.gl_id, p.document_id, p.line_no having max(p.due_on) < %(on)s) item)"""


def get_history(account_id: int, on: date) -> History:
    """How the account paid since its deposit was whole. A cut-off is known by its fee."""
    with connection.cursor() as cursor:
        cursor.execute(_WHOLE, {"account": account_id})
        (whole,) = cursor.fetchone()
        since = whole or on
        cursor.execute(_SINCE, {"account": account_id, "since": since, "on": on})
        late, returned, cutoffs, overdue = cursor.fetchone()
    return History(None if asked_cents(account_id) else whole, late, returned, cutoffs, overdue)


def get_review(*, account_id: int, on: date) -> Reviewed:
    """Whether the deposit goes back before the account closes.

    :raises Refused: the city holds deposits until the account closes, or has not said
    """
    try:
        return review(policies.load("deposit.review"), get_history(account_id, on), on=on)
    except NotSet as missing:
        says = missing.says or "When a deposit goes back before the account closes is not set for this city."
        raise Refused(f"{says} The office sets deposit.review.", field=missing.policy) from missing
