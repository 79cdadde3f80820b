"""The review of a deposit after good history: what the books know of how an account paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from curbstop.office import policies
from curbstop.office._once import Refused
from curbstop.office.deposits.standing import ASKED, asked_cents
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


@dataclass(frozen=True)
class GoodHistory:
    """A deposit that the city's review gives back: whose, since when it was whole, how much is held, and why."""

    account_id: int
    number: str
    name: str
    whole_since: date
    held_cents: int
    reviewed: Reviewed


# Only what is held and whole for long enough is looked at, by the same questions as one account.
_OLD = """
with held as (
  select p.account_id, sum(p.credit_cents - p.debit_cents)::bigint cents,
    max(t.effective_on) filter (where p.credit_cents > 0 and g.object = 2210) whole
  from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_transaction t on t.id = p.txn_id
  where p.sub = 3 and g.fund = 59 and g.object in (2210, 2220) group by p.account_id
  having sum(p.credit_cents - p.debit_cents) > 0)
select h.account_id, a.number, c.name, h.whole, h.cents, s.*, ({asked})
from held h join customers_account a on a.id = h.account_id join customers_customer c on c.id = a.customer_id
cross join lateral ({since}) s(late, returned, cutoffs, overdue)
where h.whole <= %(on)s::date - make_interval(months => %(months)s)
  and exists (select from customers_agreement e where e.account_id = h.account_id and upper_inf(e.during))
order by h.whole, h.account_id"""


def list_good_history(*, on: date) -> tuple[GoodHistory, ...]:
    """Every deposit of a service that goes on, which the review gives back on the day; the oldest first.

    :raises Refused: the city holds deposits until the account closes, or has not said
    """
    rules = policies.load("deposit.review")
    try:
        months = rules.table("deposit.review", on=on)["after_months"]
    except NotSet as missing:
        says = missing.says or "When a deposit goes back before the account closes is not set for this city."
        raise Refused(says, field=missing.policy) from missing
    assert isinstance(months, int)
    since = _SINCE.replace("%(account)s", "h.account_id").replace("%(since)s", "h.whole")
    query = _OLD.format(asked=ASKED.replace("%s", "h.account_id"), since=since)
    with connection.cursor() as cursor:
        cursor.execute(query, {"on": on, "months": months})
        rows = cursor.fetchall()
    found = []
    for id, number, name, whole, held, late, returned, cutoffs, overdue, asked in rows:
        told = review(rules, History(None if asked else whole, late, returned, cutoffs, overdue), on=on)
        if told.outcome == "good":
            found.append(GoodHistory(id, number, name, whole, held, told))
    return tuple(found)
