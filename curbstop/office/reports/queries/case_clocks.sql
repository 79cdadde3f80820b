/*
title: Cases open, by clock
group: Cases
says: Cases that are not closed, what was promised for when, and who has them.
asks: ["on"]
columns:
  - {name: case, says: Case, as: case}
  - {name: category, says: About}
  - {name: account, says: Account, as: account}
  - {name: opened_on, says: Opened, as: day}
  - {name: promised, says: Promised, as: at}
  - {name: step, says: Stands at}
  - {name: owner, says: With}
  - {name: late, says: Late}
*/
select k.id, replace(k.category, '_', ' '), a.number, k."on", k.promised_at, s.step, u.username, case when k.promised_at::date < %(on_on)s then 'yes' else '' end
from cases_case k left join customers_account a on a.id = k.account_id
left join lateral (select x.step, x.owner_id from cases_casestep x where x.case_id = k.id order by x.no desc limit 1) s on true
left join lateral (select x.owner_id from cases_casestep x where x.case_id = k.id and x.owner_id is not null order by x.no desc limit 1) w on true
left join base_user u on u.id = w.owner_id
where k."on" <= %(on_on)s and coalesce(s.step, '') not in ('close', 'closed', 'merge', 'merged') order by 5 nulls last, 1
