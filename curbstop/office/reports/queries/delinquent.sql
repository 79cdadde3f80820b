/*
title: Delinquent accounts
group: Delinquency
says: Accounts with something past due on a day by more than so many days, and by at least so many cents; with the hold that keeps them, if any.
asks: ["on", days, least, class]
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: class, says: Class}
  - {name: oldest, says: Oldest due, as: day}
  - {name: late, says: Days late, as: whole}
  - {name: past_due, says: Past due, as: money, sum: "yes"}
  - {name: paid_on, says: Last payment, as: day}
  - {name: hold, says: Hold}
*/
with item as (
  select p.account_id, max(p.due_on) as due_on, sum(p.debit_cents - p.credit_cents) as cents from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.sub = 2 and t.posted_on <= %(on_on)s group by p.account_id, p.gl_id, p.document_id, p.line_no having sum(p.debit_cents - p.credit_cents) > 0),
late as (select account_id, min(due_on) as oldest, sum(cents)::bigint as cents from item where due_on < %(on_on)s group by 1)
select a.number, c.name, a.customer_class, l.oldest, %(on_on)s::date - l.oldest, l.cents,
  (select max(r.effective_on) from payments_receipt r where r.account_id = a.id and r.effective_on <= %(on_on)s),
  (select string_agg(replace(h.reason, '_', ' '), ', ') from delinquency_hold h left join delinquency_holdrelease x on x.hold_id = h.id
   where h.account_id = a.id and h.from_on <= %(on_on)s and (h.until_on is null or h.until_on > %(on_on)s) and (x.hold_id is null or x."on" > %(on_on)s))
from late l join customers_account a on a.id = l.account_id join customers_customer c on c.id = a.customer_id
where %(on_on)s::date - l.oldest > %(days)s and l.cents >= %(least)s and (%(class)s = '' or a.customer_class = %(class)s) order by 6 desc, 1
