/*
title: Postings
group: Views
says: Every leg of the journal.
columns:
  - {name: transaction, says: Transaction, as: whole}
  - {name: posted_on, says: Posted, as: day}
  - {name: effective_on, says: Happened, as: day}
  - {name: act, says: Act}
  - {name: fund, says: Fund, as: whole}
  - {name: gl, says: Account string}
  - {name: gl_name, says: Named}
  - {name: kind, says: Kind}
  - {name: account, says: Account, as: account}
  - {name: debit_cents, says: Debit, as: money, sum: "yes"}
  - {name: credit_cents, says: Credit, as: money, sum: "yes"}
*/
select t.id as transaction, t.posted_on, t.effective_on, replace(t.act, '_', ' ') as act, g.fund::bigint as fund, g.fund || '-' || g.object as gl, g.name as gl_name, k.says as kind,
  a.number as account, p.debit_cents, p.credit_cents
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id
left join customers_account a on a.id = p.account_id
