/*
title: Senior and other programmes
group: Audit
says: Accounts in a programme on a day, until when, and what proved it.
asks: ["on"]
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: programme, says: Programme}
  - {name: from_on, says: From, as: day}
  - {name: until_on, says: Until, as: day}
  - {name: left, says: Days left, as: whole}
  - {name: proof, says: Proof}
  - {name: request, says: Request, as: request}
*/
select a.number, c.name, replace(g.code, '_', ' '), lower(g.during), upper(g.during), upper(g.during) - %(on_on)s::date, g.proof, g.request_id
from customers_programme g join customers_account a on a.id = g.account_id join customers_customer c on c.id = a.customer_id
left join customers_programmeended e on e.programme_id = g.id
where g.during @> %(on_on)s::date and (e.programme_id is null or e."on" > %(on_on)s) order by 5 nulls last, 1
