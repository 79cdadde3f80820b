/*
title: Dumpster calls
group: Refuse
says: Calls for a dumpster in the period, what was pulled or weighed, and what was charged.
asks: [from, through]
columns:
  - {name: day, says: Done, as: day}
  - {name: order, says: Order, as: order}
  - {name: account, says: Account, as: account}
  - {name: outcome, says: Outcome}
  - {name: pulls, says: Pulls, as: whole, sum: "yes"}
  - {name: pounds, says: Pounds, as: whole, sum: "yes"}
  - {name: ticket, says: Ticket}
  - {name: cents, says: Charged, as: money, sum: "yes"}
  - {name: why, says: Not charged because}
*/
select d."on", d.order_id, a.number, d.outcome, d.pulls, d.pounds, d.ticket, d.cents, d.why
from orders_dumpstercall d left join customers_account a on a.id = d.account_id
where d."on" >= %(from_on)s and d."on" < %(until_on)s order by 1, 2
