/*
title: Services that used nothing
group: Reads
says: Active services billed in the period for no use at all, with how many bills in a row.
asks: [from, through, route]
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: address, says: Service address}
  - {name: route, says: Route}
  - {name: service, says: Service}
  - {name: meter, says: Meter}
  - {name: bills, says: Bills without use, as: whole}
  - {name: last_on, says: Last billed, as: day}
*/
select a.number, c.name, case when exists (select from customers_mark m where m.account_id = a.id and upper_inf(m.during)) then 'Confidential' else p.address end,
  p.route, s.service, max(m.serial), count(*), max(r.bill_on)
from bills_outcome o join bills_run r on r.id = o.run_id join customers_agreement g on g.id = o.agreement_id join customers_servicepoint s on s.id = g.service_point_id
join customers_premise p on p.id = s.premise_id join customers_account a on a.id = o.account_id join customers_customer c on c.id = a.customer_id
left join meters_installation i on i.service_point_id = s.id and upper_inf(i.during) and i.part = 0 left join meters_meter m on m.id = i.meter_id
where o.code = 'billed' and o.usage_gal = 0 and s.service in ('water', 'irrigation') and r.bill_on >= %(from_on)s and r.bill_on < %(until_on)s
  and (%(route)s = '' or p.route = %(route)s)
group by a.id, c.id, p.id, s.id order by 7 desc, 4, 1
