/*
title: Water without sewer or refuse
group: Audit
says: Premises with water on a day and no sewer or no sanitation beside it; each is right by a decision, or is money not billed.
asks: ["on", class]
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: address, says: Service address}
  - {name: class, says: Class}
  - {name: missing, says: Missing}
  - {name: since, says: Water since, as: day}
*/
select a.number, c.name, case when exists (select from customers_mark m where m.account_id = a.id and upper_inf(m.during)) then 'Confidential' else p.address end,
  a.customer_class, concat_ws(', ', case when not has.sewer then 'sewer' end, case when not has.sanitation then 'sanitation' end), lower(g.during)
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id and s.service = 'water' join customers_premise p on p.id = s.premise_id
join customers_account a on a.id = g.account_id join customers_customer c on c.id = a.customer_id
join lateral (select coalesce(bool_or(o.service = 'sewer'), false) as sewer, coalesce(bool_or(o.service = 'sanitation'), false) as sanitation
  from customers_servicepoint o join customers_agreement x on x.service_point_id = o.id and x.during @> %(on_on)s::date where o.premise_id = p.id) has on true
where g.during @> %(on_on)s::date and (%(class)s = '' or a.customer_class = %(class)s) and not (has.sewer and has.sanitation) order by 5, 3
