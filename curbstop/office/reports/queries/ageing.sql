/*
title: Ageing by account
group: Receivables
says: What each account owed on a day, by age of its items, as the books knew it on another day; days close, so a past answer never changes.
asks: ["on", known, class]
buckets: "yes"
columns:
  - {name: account, says: Account, as: account}
  - {name: name, says: Name}
  - {name: class, says: Class}
  - {name: current, says: "{age_0}", as: money, sum: "yes"}
  - {name: first, says: "{age_1}", as: money, sum: "yes"}
  - {name: second, says: "{age_2}", as: money, sum: "yes"}
  - {name: third, says: "{age_3}", as: money, sum: "yes"}
  - {name: older, says: "{age_4}", as: money, sum: "yes"}
  - {name: owed, says: Together, as: money, sum: "yes"}
  - {name: credit, says: Credit on account, as: money, sum: "yes"}
*/
with item as (
  select p.account_id, p.sub, p.document_id, sum(p.debit_cents - p.credit_cents) as cents,
    case when %(age_by)s = 'bill' then min(t.effective_on) filter (where p.due_on is not null) else max(p.due_on) end as since
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id
  where t.effective_on <= %(on_on)s and t.posted_on <= %(known_on)s and (p.sub = 2 or g.object in (2310, 2320))
  group by p.account_id, p.sub, p.document_id, p.line_no, p.gl_id having sum(p.debit_cents - p.credit_cents) <> 0),
aged as (select i.*, case when i.sub = 3 then null when i.since is null then 0 else %(on_on)s::date - i.since end as age from item i)
select a.number, c.name, a.customer_class,
  coalesce(sum(i.cents) filter (where i.age <= %(age_0)s), 0)::bigint,
  coalesce(sum(i.cents) filter (where i.age > %(age_0)s and i.age <= %(age_1)s), 0)::bigint,
  coalesce(sum(i.cents) filter (where i.age > %(age_1)s and i.age <= %(age_2)s), 0)::bigint,
  coalesce(sum(i.cents) filter (where i.age > %(age_2)s and i.age <= %(age_3)s), 0)::bigint,
  coalesce(sum(i.cents) filter (where i.age > %(age_3)s), 0)::bigint,
  coalesce(sum(i.cents) filter (where i.sub = 2), 0)::bigint, coalesce(sum(i.cents) filter (where i.sub = 3), 0)::bigint
from aged i join customers_account a on a.id = i.account_id join customers_customer c on c.id = a.customer_id
where %(class)s = '' or a.customer_class = %(class)s
group by a.id, c.id order by 9 desc, 1
