/*
title: Revenue by service and fund
group: Money
says: What was earned in the period, by fund, account of the ledger and kind; it is the general ledger's revenue to the cent.
asks: [from, through]
bars: [earned, kind]
columns:
  - {name: fund, says: Fund}
  - {name: gl, says: Account string}
  - {name: account_name, says: Named}
  - {name: kind, says: Kind}
  - {name: earned, says: Earned, as: money, sum: "yes"}
*/
select f.id || ' ' || f.name, g.fund || '-' || g.object, g.name, k.says, sum(p.credit_cents - p.debit_cents)::bigint
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id and g.class = 'R' join ledger_fund f on f.id = g.fund
join ledger_kind k on k.id = p.kind_id
where t.posted_on >= %(from_on)s and t.posted_on < %(until_on)s group by f.id, g.id, k.id having sum(p.credit_cents - p.debit_cents) <> 0 order by 1, 2, 4
