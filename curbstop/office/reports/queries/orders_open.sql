/*
title: Orders open, by age
group: Field
says: Orders not yet done, how long they wait, for which day they are planned and with whom they are.
asks: ["on"]
bars: [age, type]
columns:
  - {name: order, says: Order, as: order}
  - {name: type, says: What}
  - {name: address, says: Where}
  - {name: written_on, says: Written, as: day}
  - {name: age, says: Days open, as: whole}
  - {name: planned_on, says: Planned, as: day}
  - {name: crew, says: With}
*/
select o.id, replace(o.type, '_', ' '), case when exists (select from customers_mark m where m.account_id = o.account_id and upper_inf(m.during)) then 'Confidential' else p.address end,
  o.written_on, %(on_on)s::date - o.written_on, n."on",
  (select string_agg(u.username, ', ') from orders_assigned d join base_user u on u.id = d.user_id
   where d.assignment_id = (select max(x.id) from orders_assignment x where x.order_id = o.id))
from orders_order o join customers_premise p on p.id = o.premise_id left join orders_end e on e.order_id = o.id
left join lateral (select l."on" from orders_plan l where l.order_id = o.id order by l.no desc limit 1) n on true
where o.written_on <= %(on_on)s and (e.order_id is null or e.done_on > %(on_on)s) order by 5 desc, 1
