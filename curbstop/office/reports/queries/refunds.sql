/*
title: Refunds and their clocks
group: Deposits and refunds
says: "Every refund approved in the period: when it is due by law, its check, and where the unclaimed clock stands (11 O.S. 35-107)."
asks: [from, through]
columns:
  - {name: approved_on, says: Approved, as: day}
  - {name: account, says: Account, as: account}
  - {name: payee, says: Payee}
  - {name: source, says: From}
  - {name: cents, says: Amount, as: money, sum: "yes"}
  - {name: due_on, says: Due by, as: day}
  - {name: sent, says: Times sent, as: whole}
  - {name: check_no, says: Check}
  - {name: dated_on, says: Check dated, as: day}
  - {name: outcome, says: Outcome}
  - {name: notice_ends_on, says: Notice ends, as: day}
*/
select r.approved_on, a.number, r.payee, r.source, r.cents, r.due_on, count(s.id), max(k.number), max(k.dated_on),
  coalesce(max(o.outcome), case when count(s.id) > 0 then 'sent' else 'to send' end), max(n.ends_on)
from payments_refund r join customers_account a on a.id = r.account_id left join payments_refundsent s on s.refund_id = r.id
left join payments_refundcheck k on k.sent_id = s.id left join payments_refundoutcome o on o.sent_id = s.id left join payments_refundnotice n on n.sent_id = s.id
where r.approved_on >= %(from_on)s and r.approved_on < %(until_on)s group by r.id, a.id order by 1, 2
