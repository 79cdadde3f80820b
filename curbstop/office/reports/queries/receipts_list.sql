/*
title: Receipts, one by one
group: Money
says: Every receipt of the period with its account, and whether it was taken back.
asks: [from, through]
columns:
  - {name: day, says: Posted, as: day}
  - {name: effective_on, says: Tendered, as: day}
  - {name: series, says: Drawer or channel}
  - {name: no, says: Receipt, as: whole}
  - {name: account, says: Account, as: account}
  - {name: payer, says: Payer}
  - {name: tenders, says: Tenders}
  - {name: cents, says: Paid, as: money, sum: "yes"}
  - {name: back, says: Taken back}
*/
select t.posted_on, r.effective_on, s.code, r.no, a.number, r.payer,
  (select string_agg(distinct replace(x.type, '_', ' '), ', ') from payments_tender x where x.series_id = r.series_id and x.no = r.no), r.cents,
  (select v.why from payments_reversal v where v.series_id = r.series_id and v.no = r.no limit 1)
from payments_receipt r join ledger_transaction t on t.id = r.txn_id join payments_series s on s.id = r.series_id
left join customers_account a on a.id = r.account_id
where t.posted_on >= %(from_on)s and t.posted_on < %(until_on)s order by 1, 3, 4
