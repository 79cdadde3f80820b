/*
title: Write-offs and recoveries
group: Receivables
says: Debts written off in the period, and what came back of written-off debts.
asks: [from, through]
columns:
  - {name: day, says: Posted, as: day}
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: act, says: What}
  - {name: cents, says: Amount, as: money, sum: "yes"}
  - {name: request, says: Request, as: request}
*/
select t.posted_on, a.number, c.name, replace(t.act, '_', ' '), sum(p.debit_cents - p.credit_cents)::bigint, t.approval_id
from ledger_transaction t join ledger_posting p on p.txn_id = t.id join ledger_gl g on g.id = p.gl_id and g.object = 1295
join customers_account a on a.id = p.account_id join customers_customer c on c.id = a.customer_id
where t.posted_on >= %(from_on)s and t.posted_on < %(until_on)s group by t.id, a.id, c.id order by 1, 2
