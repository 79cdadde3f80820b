/*
title: Orders
group: Views
says: Every order, done or not.
columns:
  - {name: order_no, says: Order, as: order}
  - {name: type, says: What}
  - {name: account, says: Account, as: account}
  - {name: address, says: Where}
  - {name: written_on, says: Written, as: day}
  - {name: outcome, says: Outcome}
  - {name: done_on, says: Done, as: day}
  - {name: days, says: Days, as: whole}
*/
select o.id as order_no, replace(o.type, '_', ' ') as type, a.number as account, case when exists (select from customers_mark m where m.account_id = a.id and upper_inf(m.during)) then 'Confidential' else p.address end as address, o.written_on, coalesce(e.outcome, 'open') as outcome, e.done_on,
  (e.done_on - o.written_on)::bigint as days
from orders_order o join customers_premise p on p.id = o.premise_id left join customers_account a on a.id = o.account_id left join orders_end e on e.order_id = o.id
