/*
title: Late charges, due against assessed
group: Receivables
says: Every bill that was late when its run was looked at, what it was charged, or why it was not.
asks: [from, through]
columns:
  - {name: looked_on, says: Looked at, as: day}
  - {name: cycle, says: Cycle}
  - {name: bill, says: Bill, as: bill}
  - {name: account, says: Account, as: account}
  - {name: billed, says: Bill total, as: money, sum: "yes"}
  - {name: charged, says: Charged, as: money, sum: "yes"}
  - {name: outcome, says: Outcome}
*/
with late as (
  select r.run_id, c.bill_id, c.cents, 'charged' as outcome from delinquency_laterun r join delinquency_latecharge c on c.run_id = r.run_id
  where r."on" >= %(from_on)s and r."on" < %(until_on)s
  union all
  select r.run_id, h.bill_id, null, h.code || coalesce(', then ' || s.outcome, ', waits') from delinquency_laterun r
  join delinquency_lateheld h on h.run_id = r.run_id left join delinquency_latesettled s on s.held_id = h.bill_id
  where r."on" >= %(from_on)s and r."on" < %(until_on)s)
select r."on", n.cycle_id, l.bill_id, a.number, b.total_cents, l.cents, replace(l.outcome, '_', ' ')
from late l join delinquency_laterun r on r.run_id = l.run_id join bills_run n on n.id = l.run_id join bills_bill b on b.id = l.bill_id
join customers_account a on a.id = b.account_id order by 1, 2, 3, l.cents
