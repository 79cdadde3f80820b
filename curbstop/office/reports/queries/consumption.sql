/*
title: Consumption by class and block
group: Billing
says: How many services of each class used how much in the bills of the period, by blocks of a thousand gallons.
asks: [from, through, cycle]
bars: [gallons, block]
columns:
  - {name: class, says: Class}
  - {name: service, says: Service}
  - {name: block, says: Block}
  - {name: services, says: Services, as: whole, sum: "yes"}
  - {name: gallons, says: Gallons, as: gallons, sum: "yes"}
*/
with used as (
  select a.customer_class, s.service, o.usage_gal, case when o.usage_gal = 0 then 0 when o.usage_gal > 20000 then 21 else (o.usage_gal + 999) / 1000 end as block
  from bills_outcome o join bills_run r on r.id = o.run_id join customers_account a on a.id = o.account_id
  join customers_agreement g on g.id = o.agreement_id join customers_servicepoint s on s.id = g.service_point_id
  where o.code = 'billed' and s.service in ('water', 'irrigation') and r.bill_on >= %(from_on)s and r.bill_on < %(until_on)s
    and (%(cycle)s = '' or r.cycle_id = %(cycle)s)
    and not exists (select from bills_cancelled x where x.bill_id = o.bill_id))
select customer_class, service, case block when 0 then 'none' when 21 then 'above 20,000' else to_char((block - 1) * 1000 + 1, 'FM99,999') || ' to ' || to_char(block * 1000, 'FM99,999') end,
  count(*), sum(usage_gal)::bigint
from used group by customer_class, service, block order by 1, 2, used.block
