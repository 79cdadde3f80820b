/*
title: Bills
group: Views
says: Every bill that was posted.
columns:
  - {name: bill, says: Bill, as: bill}
  - {name: account, says: Account, as: account}
  - {name: cycle, says: Cycle}
  - {name: bill_on, says: Dated, as: day}
  - {name: due_on, says: Due, as: day}
  - {name: from_on, says: From, as: day}
  - {name: until_on, says: Until, as: day}
  - {name: previous_cents, says: Owed before, as: money, sum: "yes"}
  - {name: total_cents, says: Bill, as: money, sum: "yes"}
  - {name: cancelled, says: Cancelled}
*/
select b.id as bill, a.number as account, r.cycle_id as cycle, r.bill_on, b.due_on, b.from_on, b.until_on, b.previous_cents, b.total_cents,
  case when x.bill_id is null then 'no' else 'yes' end as cancelled
from bills_bill b join bills_run r on r.id = b.run_id join customers_account a on a.id = b.account_id left join bills_cancelled x on x.bill_id = b.id
