/*
title: Reads
group: Views
says: Every read of a meter.
columns:
  - {name: read_on, says: Read, as: day}
  - {name: meter, says: Meter}
  - {name: size, says: Size}
  - {name: service, says: Service}
  - {name: route, says: Route}
  - {name: kind, says: Kind}
  - {name: source, says: From}
  - {name: reader, says: Reader}
  - {name: register, says: Register, as: whole}
  - {name: gallons, says: Use, as: gallons, sum: "yes"}
  - {name: findings, says: Findings}
  - {name: estimated, says: Estimated}
*/
select d.read_on, m.serial as meter, m.size, s.service, p.route, d.kind, replace(d.source, '_', ' ') as source, d.reader, d.register, d.usage_gal as gallons,
  array_to_string(d.findings, ', ') as findings, case when e.read_id is null then 'no' else 'yes' end as estimated
from meters_read d join meters_installation i on i.id = d.installation_id join meters_meter m on m.id = i.meter_id
join customers_servicepoint s on s.id = d.service_point_id join customers_premise p on p.id = s.premise_id left join meters_estimate e on e.read_id = d.id
