/*
title: Use that was billed
group: Views
says: What each service used in each bill.
columns:
  - {name: account, says: Account, as: account}
  - {name: bill, says: Bill, as: bill}
  - {name: service, says: Service}
  - {name: customer_class, says: Class}
  - {name: bill_on, says: Dated, as: day}
  - {name: gallons, says: Gallons, as: gallons, sum: "yes"}
  - {name: cents, says: Charged, as: money, sum: "yes"}
  - {name: outcome, says: Outcome}
*/
select a.number as account, o.bill_id as bill, s.service, a.customer_class, r.bill_on, o.usage_gal as gallons, o.cents, replace(o.code, '_', ' ') as outcome
from bills_outcome o join bills_run r on r.id = o.run_id join customers_account a on a.id = o.account_id
join customers_agreement g on g.id = o.agreement_id join customers_servicepoint s on s.id = g.service_point_id
