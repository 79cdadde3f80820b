/*
title: Cut-off lists, with every skip
group: Delinquency
says: Who was on the lists of the period and who was left out, each with what left him out.
asks: [from, through]
columns:
  - {name: cutoff_on, says: Day, as: day}
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: listed, says: Listed}
  - {name: code, says: Why}
  - {name: says, says: In words}
  - {name: cents, says: Owed, as: money, sum: "yes"}
  - {name: hold, says: Hold}
  - {name: signed_on, says: Signed, as: day}
*/
select l.cutoff_on, a.number, c.name, case when r.listed then 'yes' else 'no' end, replace(r.code, '_', ' '), r.says, r.cents, replace(h.reason, '_', ' '), s."on"
from delinquency_cutlist l join delinquency_cutrow r on r.list_id = l.id join customers_account a on a.id = r.account_id join customers_customer c on c.id = a.customer_id
left join delinquency_hold h on h.id = r.hold_id left join delinquency_cutsigned s on s.list_id = l.id
where l.cutoff_on >= %(from_on)s and l.cutoff_on < %(until_on)s order by 1, 4 desc, 2
