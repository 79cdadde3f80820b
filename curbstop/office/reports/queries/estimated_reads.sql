/*
title: Estimated reads
group: Reads
says: Reads of the period that were estimated, how many in a row, and why.
asks: [from, through, route]
columns:
  - {name: read_on, says: Read, as: day}
  - {name: route, says: Route}
  - {name: address, says: Service address}
  - {name: meter, says: Meter}
  - {name: register, says: Register, as: whole}
  - {name: gallons, says: Use, as: gallons, sum: "yes"}
  - {name: in_row, says: In a row, as: whole}
  - {name: method, says: How}
  - {name: reason, says: Why}
*/
select d.read_on, p.route, case when exists (select from customers_agreement g join customers_mark k on k.account_id = g.account_id and upper_inf(k.during)
    where g.service_point_id = s.id and g.during @> d.read_on) then 'Confidential' else p.address end,
  m.serial, d.register, d.usage_gal, e.in_row, replace(e.method, '_', ' '), e.reason
from meters_estimate e join meters_read d on d.id = e.read_id join meters_installation i on i.id = d.installation_id join meters_meter m on m.id = i.meter_id
join customers_servicepoint s on s.id = d.service_point_id join customers_premise p on p.id = s.premise_id
where d.read_on >= %(from_on)s and d.read_on < %(until_on)s and (%(route)s = '' or p.route = %(route)s) order by 1, 2, 3
