/*
title: Haulers' certificates
group: Refuse
says: Outside haulers of commercial accounts with the newest certificate of insurance of each and how long it holds.
asks: ["on"]
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: hauler, says: Hauler}
  - {name: insurer, says: Insurer}
  - {name: from_on, says: From, as: day}
  - {name: ends_on, says: Ends, as: day}
  - {name: left, says: Days left, as: whole}
*/
select a.number, c.name, r.hauler, k.insurer, k.from_on, k.ends_on, k.ends_on - %(on_on)s::date
from orders_haulerrequest r join customers_account a on a.id = r.account_id join customers_customer c on c.id = a.customer_id
left join lateral (select x.* from orders_haulercertificate x where x.request_id = r.id order by x.ends_on desc limit 1) k on true
where r.asked_on <= %(on_on)s order by 6 nulls first, 1
