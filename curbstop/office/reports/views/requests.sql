/*
title: Requests for approval
group: Views
says: Everything that somebody asked another to approve.
columns:
  - {name: request, says: Request, as: request}
  - {name: asked_on, says: Asked, as: day}
  - {name: kind, says: What}
  - {name: account, says: Account, as: account}
  - {name: cents, says: Amount, as: money, sum: "yes"}
  - {name: reason, says: Reason}
  - {name: asked_by, says: Asked by}
  - {name: outcome, says: Outcome}
  - {name: decided_by, says: Decided by}
  - {name: decided_on, says: Decided, as: day}
*/
select r.id as request, r.asked_on, replace(r.kind, '_', ' ') as kind, (select a.number from customers_account a where a.id = r.account_ids[1]) as account, r.cents,
  replace(r.reason, '_', ' ') as reason, m.username as asked_by, coalesce(v.step, 'waits') as outcome, d.username as decided_by, v."on" as decided_on
from ledger_request r join base_user m on m.id = r.asked_by_id left join ledger_verdict v on v.request_id = r.id left join base_user d on d.id = v.by_id
