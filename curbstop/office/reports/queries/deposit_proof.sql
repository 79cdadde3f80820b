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
left join payments_till t on t.id = n.till_id left join payments_tillclose c on c.session_id = n.id
left join lateral (select x.confirmed_on, x.reference from payments_slipconfirmed x where x.slip_id = s.id
  and not exists (select from ledger_transaction u where u.reverses_id = x.txn_id) order by x.id desc limit 1) d on true
where s.made_on >= %(from_on)s and s.made_on < %(until_on)s group by s.id, d.confirmed_on, d.reference order by 1, 2
