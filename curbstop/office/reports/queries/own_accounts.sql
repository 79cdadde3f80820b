/*
title: Own and officials' accounts
group: Audit
says: Accounts of employees, of their households and of officials, and what was done on them in the period.
asks: [from, through]
columns:
  - {name: account, says: Account, as: account}
  - {name: who, says: Whose}
  - {name: kind, says: As}
  - {name: user, says: User}
  - {name: acts, says: Acts, as: whole}
  - {name: denied, says: Denied, as: whole}
  - {name: by_self, says: By that user, as: whole}
*/
select a.number, l.who, replace(l.kind, '_', ' '), u.username,
  (select count(*) from base_event e where e.subjects @> array['account:' || a.id] and e.at >= %(from_on)s and e.at < %(until_on)s and not e.denied),
  (select count(*) from base_event e where e.subjects @> array['account:' || a.id] and e.at >= %(from_on)s and e.at < %(until_on)s and e.denied),
  (select count(*) from base_event e where e.subjects @> array['account:' || a.id] and e.at >= %(from_on)s and e.at < %(until_on)s and e.by_id = l.user_id)
from customers_link l join customers_account a on a.id = l.account_id left join base_user u on u.id = l.user_id
where l.during && daterange(%(from_on)s, %(until_on)s) order by 1
