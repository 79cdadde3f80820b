/*
title: Returned payments
group: Money
says: Payments that came back in the period, the fee, and until when they are to be made good.
asks: [from, through]
columns:
  - {name: returned_on, says: Returned, as: day}
  - {name: account, says: Account, as: account}
  - {name: tender, says: Tender}
  - {name: code, says: Code}
  - {name: reason, says: Reason}
  - {name: cents, says: Amount, as: money, sum: "yes"}
  - {name: fee, says: Fee, as: money, sum: "yes"}
  - {name: make_good_on, says: Make good by, as: day}
  - {name: times, says: In 12 months, as: whole}
*/
select r.returned_on, a.number, r.tender, r.code, r.reason, r.cents, r.fee_cents, r.make_good_on,
  (select count(*) from payments_returned x where x.account_id = r.account_id and x.returned_on > r.returned_on - interval '12 months' and x.returned_on <= r.returned_on)
from payments_returned r left join customers_account a on a.id = r.account_id
where r.returned_on >= %(from_on)s and r.returned_on < %(until_on)s order by 1, 2
