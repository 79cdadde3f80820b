/*
title: Deposit proof
group: Money
says: Every deposit slip of the period, what its drawers counted, and the day the bank confirmed it.
asks: [from, through]
columns:
  - {name: made_on, says: Made, as: day}
  - {name: slip, says: Slip, as: whole}
  - {name: drawers, says: Drawers}
  - {name: cash, says: Cash, as: money, sum: "yes"}
  - {name: checks, says: Checks, as: money, sum: "yes"}
  - {name: orders, says: Money orders, as: money, sum: "yes"}
  - {name: total, says: Slip total, as: money, sum: "yes"}
  - {name: short, says: Short, as: money, sum: "yes"}
  - {name: over, says: Over, as: money, sum: "yes"}
  - {name: confirmed_on, says: At the bank, as: day}
  - {name: reference, says: Reference}
*/
select s.made_on, s.id, string_agg(t.code, ', ' order by t.code), s.cash_cents, s.check_cents, s.money_order_cents,
  s.cash_cents + s.check_cents + s.money_order_cents, coalesce(sum(c.short_cents), 0)::bigint, coalesce(sum(c.over_cents), 0)::bigint,
  d.confirmed_on, d.reference
from payments_slip s left join payments_slipsession x on x.slip_id = s.id left join payments_tillsession n on n.id = x.session_id
left join payments_till t on t.id = n.till_id left join payments_tillclose c on c.session_id = n.id left join payments_slipconfirmed d on d.slip_id = s.id
where s.made_on >= %(from_on)s and s.made_on < %(until_on)s group by s.id, d.slip_id order by 1, 2
