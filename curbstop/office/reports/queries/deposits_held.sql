/*
title: Deposits held
group: Deposits and refunds
says: Every deposit held for a customer on a day, with its interest; the total is the liability in the books.
asks: ["on"]
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: class, says: Class}
  - {name: since, says: Since, as: day}
  - {name: deposit, says: Deposit, as: money, sum: "yes"}
  - {name: interest, says: Interest, as: money, sum: "yes"}
  - {name: together, says: Together, as: money, sum: "yes"}
*/
select a.number, c.name, a.customer_class, min(t.effective_on),
  sum(p.credit_cents - p.debit_cents) filter (where g.object = 2210)::bigint,
  coalesce(sum(p.credit_cents - p.debit_cents) filter (where g.object = 2220), 0)::bigint, sum(p.credit_cents - p.debit_cents)::bigint
from ledger_posting p join ledger_gl g on g.id = p.gl_id and g.object in (2210, 2220) join ledger_transaction t on t.id = p.txn_id
join customers_account a on a.id = p.account_id join customers_customer c on c.id = a.customer_id
where t.posted_on <= %(on_on)s group by a.id, c.id having sum(p.credit_cents - p.debit_cents) <> 0 order by 1
