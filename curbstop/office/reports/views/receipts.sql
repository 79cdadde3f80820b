/*
title: Receipts
group: Views
says: Every receipt with its account and how it was paid.
columns:
  - {name: posted_on, says: Posted, as: day}
  - {name: effective_on, says: Tendered, as: day}
  - {name: series, says: Drawer or channel}
  - {name: no, says: Receipt, as: whole}
  - {name: account, says: Account, as: account}
  - {name: tender, says: Tender}
  - {name: cents, says: Paid, as: money, sum: "yes"}
  - {name: taken_back, says: Taken back}
*/
select t.posted_on, r.effective_on, s.code as series, r.no, a.number as account,
  (select string_agg(distinct replace(x.type, '_', ' '), ', ') from payments_tender x where x.series_id = r.series_id and x.no = r.no) as tender, r.cents,
  case when exists (select from payments_reversal v where v.series_id = r.series_id and v.no = r.no) then 'yes' else 'no' end as taken_back
from payments_receipt r join ledger_transaction t on t.id = r.txn_id join payments_series s on s.id = r.series_id left join customers_account a on a.id = r.account_id
