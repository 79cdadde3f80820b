/*
title: Billing register
group: Billing
says: Every bill posted in the period, line groups apart; its total is what the roll-forward says was billed by runs.
asks: [from, through, cycle]
columns:
  - {name: posted_on, says: Posted, as: day}
  - {name: cycle, says: Cycle}
  - {name: bill, says: Bill, as: bill}
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: days, says: Days, as: whole}
  - {name: gallons, says: Gallons, as: gallons, sum: "yes"}
  - {name: water, says: Water, as: money, sum: "yes"}
  - {name: sewer, says: Sewer, as: money, sum: "yes"}
  - {name: sanitation, says: Sanitation, as: money, sum: "yes"}
  - {name: other, says: Other, as: money, sum: "yes"}
  - {name: total, says: Bill, as: money, sum: "yes"}
*/
with asked as (
  select b.*, t.posted_on, r.cycle_id from bills_bill b join ledger_transaction t on t.id = b.txn_id join bills_run r on r.id = b.run_id
  where t.posted_on >= %(from_on)s and t.posted_on < %(until_on)s and (%(cycle)s = '' or r.cycle_id = %(cycle)s)),
lines as (
  select a.id, split_part(k.code, '.', 1) as service, sum(p.debit_cents - p.credit_cents) as cents
  from asked a join ledger_posting p on p.txn_id = a.txn_id and p.document_id = a.id and p.account_id = a.account_id and p.sub = 2
  join ledger_kind k on k.id = p.kind_id group by 1, 2)
select a.posted_on, a.cycle_id, a.id, c.number, u.name, a.until_on - a.from_on,
  coalesce((select sum(o.usage_gal) from bills_outcome o where o.bill_id = a.id and o.agreement_id in (
    select g.id from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
    where s.service in ('water', 'irrigation'))), 0)::bigint,
  sum(l.cents) filter (where l.service in ('water', 'irrigation'))::bigint, sum(l.cents) filter (where l.service = 'sewer')::bigint,
  sum(l.cents) filter (where l.service = 'sanitation')::bigint,
  sum(l.cents) filter (where l.service not in ('water', 'irrigation', 'sewer', 'sanitation'))::bigint, sum(l.cents)::bigint
from asked a join customers_account c on c.id = a.account_id join customers_customer u on u.id = c.customer_id
left join lines l on l.id = a.id
group by a.posted_on, a.cycle_id, a.id, c.number, u.name, a.until_on, a.from_on order by 1, 2, 3
