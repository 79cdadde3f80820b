/*
title: Adjustments by maker and approver
group: Money
says: What was asked for in the period that gives money away, takes it back or moves it; who asked, who decided, and why.
asks: [from, through]
columns:
  - {name: asked_on, says: Asked, as: day}
  - {name: request, says: Request, as: request}
  - {name: kind, says: What}
  - {name: account, says: Account, as: account}
  - {name: cents, says: Amount, as: money, sum: "yes"}
  - {name: reason, says: Reason}
  - {name: words, says: In words}
  - {name: maker, says: Asked by}
  - {name: verdict, says: Outcome}
  - {name: approver, says: Decided by}
  - {name: decided_on, says: Decided, as: day}
*/
select r.asked_on, r.id, replace(r.kind, '_', ' '), (select a.number from customers_account a where a.id = r.account_ids[1]), r.cents,
  replace(r.reason, '_', ' '), r.words, coalesce(nullif(trim(m.first_name || ' ' || m.last_name), ''), m.username), coalesce(v.step, 'waits'),
  coalesce(nullif(trim(d.first_name || ' ' || d.last_name), ''), d.username), v."on"
from ledger_request r join base_user m on m.id = r.asked_by_id left join ledger_verdict v on v.request_id = r.id left join base_user d on d.id = v.by_id
where r.asked_on >= %(from_on)s and r.asked_on < %(until_on)s order by 1, 2
