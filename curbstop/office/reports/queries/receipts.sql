/*
title: Receipts by tender and cashier
group: Money
says: What was taken in the period, by day, drawer or channel, cashier and tender; what was taken back stands apart.
asks: [from, through, cashier]
bars: [taken, day]
columns:
  - {name: day, says: Day, as: day}
  - {name: series, says: Drawer or channel}
  - {name: cashier, says: Cashier}
  - {name: tender, says: Tender}
  - {name: receipts, says: Receipts, as: whole, sum: "yes", opens: receipts_list, given: [from=day, through=day]}
  - {name: taken, says: Taken, as: money, sum: "yes"}
  - {name: back, says: Taken back, as: money, sum: "yes"}
*/
with session as (select s.id, s.document_id, u.username, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username) as name
  from payments_tillsession s join base_user u on u.id = s.cashier_id),
one as (
  select t.posted_on as day, s.code as series, x.series_id, x.no, replace(x.type, '_', ' ') as type, x.cents, coalesce(d.name, '') as cashier, coalesce(d.username, '') as login
  from payments_tender x join payments_series s on s.id = x.series_id
  join lateral (select r.txn_id from payments_receipt r where r.series_id = x.series_id and r.no = x.no limit 1) r on true
  join ledger_transaction t on t.id = r.txn_id
  left join session d on d.document_id = x.batch_document_id
  where t.posted_on >= %(from_on)s and t.posted_on < %(until_on)s)
select day, series, cashier, type, count(distinct no), sum(cents)::bigint,
  coalesce(sum(cents) filter (where exists (select from payments_reversal v where v.series_id = one.series_id and v.no = one.no)), 0)::bigint
from one where %(cashier)s = '' or login = %(cashier)s group by 1, 2, 3, 4 order by 1, 2, 3, 4
