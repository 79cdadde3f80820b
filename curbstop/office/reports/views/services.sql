/*
title: Services
group: Views
says: Every service agreement that is or was, with its rate and place.
columns:
  - {name: account, says: Account, as: account}
  - {name: service, says: Service}
  - {name: tariff, says: Rate}
  - {name: customer_class, says: Class}
  - {name: address, says: Service address}
  - {name: cycle, says: Cycle}
  - {name: route, says: Route}
  - {name: items, says: Items, as: whole, sum: "yes"}
  - {name: from_on, says: From, as: day}
  - {name: until_on, says: Until, as: day}
*/
select a.number as account, s.service, g.tariff_id as tariff, a.customer_class, case when exists (select from customers_mark m where m.account_id = a.id and upper_inf(m.during)) then 'Confidential' else p.address end as address,
  p.cycle_id as cycle, p.route, g.items::bigint as items, lower(g.during) as from_on, upper(g.during) as until_on
from customers_agreement g join customers_account a on a.id = g.account_id join customers_servicepoint s on s.id = g.service_point_id
join customers_premise p on p.id = s.premise_id
