/*
title: Accounts
group: Views
says: Every account with its holder, its class and where it has service now.
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: kind, says: Kind}
  - {name: customer_class, says: Class}
  - {name: tenure, says: Tenure}
  - {name: opened_on, says: Opened, as: day}
  - {name: address, says: Service address}
  - {name: zip, says: ZIP}
  - {name: cycle, says: Cycle}
  - {name: route, says: Route}
  - {name: active, says: Active}
*/
select a.number as account, c.name, c.kind, a.customer_class, a.tenure, a.opened_on,
  case when exists (select from customers_mark m where m.account_id = a.id and upper_inf(m.during)) then 'Confidential' else p.address end as address, p.zip, p.cycle_id as cycle, p.route,
  case when g.premise_id is null then 'no' else 'yes' end as active
from customers_account a join customers_customer c on c.id = a.customer_id
left join lateral (select s.premise_id from customers_agreement x join customers_servicepoint s on s.id = x.service_point_id
  where x.account_id = a.id and upper_inf(x.during) order by s.service = 'water' desc, x.id limit 1) g on true
left join customers_premise p on p.id = g.premise_id
