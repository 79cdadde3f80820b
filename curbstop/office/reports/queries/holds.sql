/*
title: Holds by owner and expiry
group: Delinquency
says: What keeps an account from its next step on a day, on whose authority, until when, and who answers for it.
asks: ["on"]
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: reason, says: Reason}
  - {name: authority, says: Authority}
  - {name: from_on, says: From, as: day}
  - {name: until_on, says: Until, as: day}
  - {name: part, says: Part held, as: money}
  - {name: owner, says: Owner}
*/
select a.number, c.name, replace(h.reason, '_', ' '), h.authority, h.from_on, h.until_on, h.cents, u.username
from delinquency_hold h join customers_account a on a.id = h.account_id join customers_customer c on c.id = a.customer_id join base_user u on u.id = h.owner_id
left join delinquency_holdrelease r on r.hold_id = h.id
where h.from_on <= %(on_on)s and (h.until_on is null or h.until_on > %(on_on)s) and (r.hold_id is null or r."on" > %(on_on)s) order by 6 nulls last, 1
