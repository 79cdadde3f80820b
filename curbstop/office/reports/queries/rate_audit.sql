/*
title: Rate codes in use
group: Audit
says: Every active service with its rate, and what does not fit together of class, rate and service.
asks: ["on", class]
columns:
  - {name: account, says: Account, as: account}
  - {name: address, says: Service address}
  - {name: class, says: Class}
  - {name: service, says: Service}
  - {name: tariff, says: Rate}
  - {name: tariff_class, says: Rate's class}
  - {name: meter, says: Meter}
  - {name: size, says: Size}
  - {name: since, says: Since, as: day}
  - {name: finding, says: Finding}
*/
select a.number, case when exists (select from customers_mark m where m.account_id = a.id and upper_inf(m.during)) then 'Confidential' else p.address end,
  a.customer_class, s.service, t.code, t.customer_class, m.serial, m.size, lower(g.during),
  case when t.customer_class not in (a.customer_class, '', 'any') then 'rate of another class' when t.service <> s.service then 'rate of another service'
    when s.service = 'water' and m.serial is null then 'no meter' end
from customers_agreement g join customers_account a on a.id = g.account_id join customers_servicepoint s on s.id = g.service_point_id
join customers_premise p on p.id = s.premise_id join decisions_tariff t on t.code = g.tariff_id
left join meters_installation i on i.service_point_id = coalesce(s.measured_by_id, s.id) and i.during @> %(on_on)s::date and i.part = 0 left join meters_meter m on m.id = i.meter_id
where g.during @> %(on_on)s::date and (%(class)s = '' or a.customer_class = %(class)s) order by 10 nulls last, 1, 4
