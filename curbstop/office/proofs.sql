-- What must be empty: one query an invariant of the books, each giving the rows at fault. An auditor may run them himself.
--
-- Each begins with its number (section 7 of the design of the books) and what it shows. The first statement counts what is
-- looked at; the second gives the rows at fault: the first column says what is wrong in words, the rest are the figures.
-- :on is the day of the proof. Read-only, set-based, one pass each. What a trigger already refuses is proved again here: a
-- trigger can be switched off.

-- 1: every transaction balances in every fund
select count(*) from ledger_transaction;
select format('transaction %s, fund %s: debits and credits differ', txn_id, fund), sum(debit_cents) as debit_cents,
       sum(credit_cents) as credit_cents
from ledger_posting
where (txn_id, fund) in (select txn_id, fund from ledger_posting group by txn_id, fund having sum(debit_cents - credit_cents) <> 0)
group by txn_id, fund order by txn_id;

-- 2: what the pool owes each fund is what that fund claims on it
select count(*) from ledger_gl where partner is not null and object between 2850 and 2899;
with net as (select gl_id, sum(debit_cents - credit_cents) cents from ledger_posting group by gl_id)
select format('fund %s: due from the pool and claim on it differ', claim.fund), coalesce(d.cents, 0) as due_cents,
       coalesce(c.cents, 0) as claim_cents
from ledger_gl due join ledger_gl claim on claim.fund = due.partner and claim.object = 1010
left join net d on d.gl_id = due.id left join net c on c.gl_id = claim.id
where due.object between 2850 and 2899 and coalesce(d.cents, 0) + coalesce(c.cents, 0) <> 0;

-- 3: every posting has its header, its account of the chart, its kind and its customer account
select count(*) from ledger_posting;
select format('transaction %s leg %s: %s', p.txn_id, p.leg_no,
              case when t.id is null then 'no such transaction' when g.id is null then 'no such account string'
                   when k.id is null then 'no such kind' else 'no such customer account' end), p.gl_id, p.kind_id, p.account_id
from ledger_posting p
left join ledger_transaction t on t.id = p.txn_id
left join ledger_gl g on (g.id, g.fund, g.sub) = (p.gl_id, p.fund, p.sub)
left join ledger_kind k on k.id = p.kind_id
left join customers_account a on a.id = p.account_id
where t.id is null or g.id is null or k.id is null or (p.account_id is not null and a.id is null);

-- 3b: every bill and every outcome has its run, account, agreement, transaction and reads
select count(*) from bills_outcome;
select format('bill %s: %s', b.id, case when r.id is null then 'no such run' when a.id is null then 'no such account'
              else 'no such transaction' end), b.run_id, b.account_id
from bills_bill b left join bills_run r on r.id = b.run_id left join customers_account a on a.id = b.account_id
left join ledger_transaction t on t.id = b.txn_id
where r.id is null or a.id is null or t.id is null
union all
select format('outcome of agreement %s in run %s: %s', o.agreement_id, o.run_id,
              case when r.id is null then 'no such run' when g.id is null then 'no such agreement of the account'
                   when o.bill_id is not null and b.id is null then 'no such bill of the account in the run'
                   else 'a read that is not there' end), o.run_id, o.account_id
from bills_outcome o left join bills_run r on r.id = o.run_id
left join customers_agreement g on (g.id, g.account_id) = (o.agreement_id, o.account_id)
left join bills_bill b on (b.id, b.account_id, b.run_id) = (o.bill_id, o.account_id, o.run_id)
left join meters_read f on f.id = o.from_read_id left join meters_read u on u.id = o.to_read_id
where r.id is null or g.id is null or (o.bill_id is not null and b.id is null)
   or (o.from_read_id is not null and f.id is null) or (o.to_read_id is not null and u.id is null);

-- 4: no item is paid beyond what it was, no credit used beyond what was held, every receivable has a due date
select count(*) from ledger_posting where sub in (2, 3);
select format('account %s, document %s line %s: %s', a.number, i.document_id, i.line_no,
              case when i.sub = 2 and i.cents < 0 then 'paid beyond what it was'
                   when i.sub = 3 and i.cents > 0 then 'used beyond what was held' else 'no due date' end), i.cents
from (select account_id, document_id, line_no, gl_id, sub, sum(debit_cents - credit_cents) cents, max(due_on) due_on
      from ledger_posting where sub in (2, 3) group by account_id, document_id, line_no, gl_id, sub
      having sub = 2 and (sum(debit_cents - credit_cents) < 0 or max(due_on) is null)
          or sub = 3 and sum(debit_cents - credit_cents) > 0) i
left join customers_account a on a.id = i.account_id;

-- 5: every kind of charge billed is the same kind of revenue
select count(*) from ledger_transaction where act = 'bill';
with one as (select p.txn_id, p.kind_id, sum(p.debit_cents) debits, sum(p.credit_cents) credits
             from ledger_posting p join ledger_transaction t on t.id = p.txn_id where t.act = 'bill' group by 1, 2)
select format('transaction %s, kind %s: charges and revenue differ', one.txn_id, k.code), sum(one.debits) as debit_cents,
       sum(one.credits) as credit_cents
from one join ledger_kind k on k.id = one.kind_id group by one.txn_id, k.code having sum(one.debits) <> sum(one.credits);

-- 6: the pool holds no income or expense, and memo accounts come to nothing
select count(*) from ledger_gl where class in ('R', 'X', 'M');
select format('account %s-%s is %s in the pool', g.fund, g.object, g.name), sum(debit_cents - credit_cents) as cents
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_fund f on f.id = g.fund
where g.class in ('R', 'X') and exists (select 1 from ledger_fund x where x.pooled_in = f.id) group by g.id
union all
select format('memo accounts of fund %s do not come to nothing', g.fund), sum(debit_cents - credit_cents)
from ledger_posting p join ledger_gl g on g.id = p.gl_id where g.class = 'M' group by g.fund
having sum(debit_cents - credit_cents) <> 0;

-- 7: the receivable of every control account is the sum of the customers' accounts
select count(*) from customers_account;
with one as (select gl_id, account_id, sum(debit_cents - credit_cents) cents from ledger_posting where sub in (2, 3) group by 1, 2),
     both_sums as (select one.gl_id, sum(one.cents) control, coalesce(sum(one.cents) filter (where a.id is not null), 0) listed
                   from one left join customers_account a on a.id = one.account_id group by one.gl_id)
select format('%s-%s %s: control and list differ', g.fund, g.object, g.name), b.control as control_cents,
       b.listed as listed_cents
from both_sums b join ledger_gl g on g.id = b.gl_id where b.control <> b.listed;

-- 8: every bill is the sum of its lines in the books, and no billed line is without its bill
select count(*) from bills_bill;
select format('bill %s of account %s: %s', coalesce(b.id, i.document_id), coalesce(b.account_id, i.account_id),
              case when b.id is null then 'lines without a bill' when i.document_id is null then 'no lines'
                   else 'lines and total differ' end), b.total_cents, i.cents as lines_cents
from bills_bill b
full join (select p.document_id, p.account_id, p.txn_id, sum(p.debit_cents) cents
           from ledger_posting p join ledger_transaction t on t.id = p.txn_id
           where t.act = 'bill' and p.sub = 2 group by p.document_id, p.account_id, p.txn_id) i
  on (i.document_id, i.account_id, i.txn_id) = (b.id, b.account_id, b.txn_id)
where (b.id is null or i.document_id is null or b.total_cents <> i.cents)
  and not (i.document_id is null and b.total_cents = 0);

-- 9: every planned chunk of an approved run is posted, with the bills, lines and cents it wrote down
select count(*) from bills_chunk;
with approved as (select distinct run_id from bills_runstep where step = 'approved'),
     bills as (select run_id, chunk_no, count(*) bills, sum(total_cents) cents from bills_bill
               where run_id not in (select id from bills_run where rebills is not null) group by 1, 2),
     lines as (select txn_id, count(*) lines from ledger_posting where sub = 2 and debit_cents > 0 and txn_id in
                 (select txn_id from bills_chunk) group by txn_id),
     outs as (select run_id, chunk_no, count(*) outcomes, count(*) filter (where code <> 'billed') exceptions
              from bills_outcome where rebills is null group by 1, 2)
select format('run %s, chunk %s: %s', coalesce(c.run_id, d.run_id, b.run_id), coalesce(c.no, d.chunk_no, b.chunk_no),
              case when c.no is null then 'bills that no plan knows' when d.chunk_no is null then 'planned and not posted'
                   when coalesce(b.bills, 0) <> d.bills then 'bills are missing or added'
                   when coalesce(b.cents, 0) <> d.cents then 'cents are missing or added'
                   when coalesce(l.lines, 0) <> d.lines then 'lines are missing or added'
                   else 'outcomes are missing or added' end),
       cardinality(c.agreement_ids) as planned, d.bills as written_bills, b.bills, d.cents as written_cents, b.cents,
       o.outcomes
from (select c.* from bills_chunk c join approved using (run_id)) c
full join bills_chunkdone d on (d.run_id, d.chunk_no) = (c.run_id, c.no)
full join bills b on (b.run_id, b.chunk_no) = (coalesce(c.run_id, d.run_id), coalesce(c.no, d.chunk_no))
left join outs o on (o.run_id, o.chunk_no) = (coalesce(c.run_id, d.run_id), coalesce(c.no, d.chunk_no))
left join lines l on l.txn_id = c.txn_id
where c.no is null or d.chunk_no is null or coalesce(l.lines, 0) <> d.lines or coalesce(b.bills, 0) <> d.bills or coalesce(b.cents, 0) <> d.cents
   or coalesce(o.outcomes, 0) <> cardinality(c.agreement_ids) or coalesce(o.exceptions, 0) <> d.exceptions;

-- 9b: every cancelled bill is mirrored to the cent, by an approved request, and has one bill of the same days in its place
select count(*) from bills_cancelled;
select format('bill %s cancelled for bill %s: %s', z.bill_id, z.replaced_by_id,
              case when v.request_id is null then 'no approved request' when c.cents is distinct from b.total_cents
                   then 'not cancelled whole' when (n.account_id, n.from_on, n.until_on) <> (b.account_id, b.from_on, b.until_on)
                   then 'another account or other days' else 'lines of it are still open' end),
       b.total_cents, c.cents as cancelled_cents, i.cents as open_cents
from bills_cancelled z join bills_bill b on b.id = z.bill_id join bills_bill n on n.id = z.replaced_by_id
left join ledger_verdict v on v.approved_id = z.request_id
left join lateral (select sum(p.credit_cents)::bigint cents from ledger_posting p
                   where p.txn_id = z.txn_id and p.document_id = b.id and p.sub = 2) c on true
left join lateral (select sum(p.debit_cents - p.credit_cents)::bigint cents from ledger_posting p
                   where p.document_id = b.id and p.sub = 2) i on true
where v.request_id is null or c.cents is distinct from b.total_cents or coalesce(i.cents, 0) <> 0
   or (n.account_id, n.from_on, n.until_on) <> (b.account_id, b.from_on, b.until_on)
union all
select format('run %s says that it makes bill %s again, which is not cancelled', r.id, r.rebills), null, null, null
from bills_run r where r.rebills is not null and not exists (select from bills_cancelled z where z.bill_id = r.rebills);

-- 10: every active service is billed through its cycle's last read, or excepted with a reason and an owner
select count(*) from customers_agreement where lower(during) < :on;
with due as (select distinct on (cycle_id) cycle_id, read_on, bill_on from decisions_cycledate
             where bill_on < :on order by cycle_id, bill_on desc),
     billed as (select agreement_id, max(until_on) through from bills_outcome where code = 'billed' group by agreement_id),
     excepted as (select o.agreement_id, r.cycle_id, r.bill_on from bills_outcome o join bills_run r on r.id = o.run_id
                  where o.code <> 'billed' and o.owner_id is not null)
select format('account %s, %s at %s: billed through %s, due through %s, no exception with an owner', a.number, s.service,
              p.address, coalesce(b.through::text, 'never'), least(d.read_on, upper(g.during))),
       g.id as agreement
from customers_agreement g
join customers_account a on a.id = g.account_id
join customers_servicepoint s on s.id = g.service_point_id
join customers_premise p on p.id = s.premise_id
join due d on d.cycle_id = p.cycle_id
left join billed b on b.agreement_id = g.id
where lower(g.during) < d.read_on
  and coalesce(b.through, lower(g.during)) < least(d.read_on, coalesce(upper(g.during), d.read_on))
  and not exists (select 1 from excepted e where (e.agreement_id, e.cycle_id, e.bill_on) = (g.id, d.cycle_id, d.bill_on))
order by a.number;

-- 12: every day of a service is billed once: no gap, no overlap, to whoever was responsible
select count(*) from bills_outcome where code = 'billed';
select format('%s at service point %s: billed from %s after being billed through %s', s.service, s.id, x.from_on, x.before),
       x.agreement_id, x.bill_id
from (select o.agreement_id, o.bill_id, g.service_point_id, o.from_on, o.until_on, lower(g.during) starts,
             lag(o.until_on) over (partition by o.agreement_id order by o.from_on) before_same,
             lag(o.until_on) over (partition by g.service_point_id order by o.from_on) before
      from bills_outcome o join customers_agreement g on g.id = o.agreement_id where o.code = 'billed'
        and not exists (select from bills_cancelled z where z.bill_id = o.bill_id)) x
join customers_servicepoint s on s.id = x.service_point_id
where x.from_on < x.before or (x.before_same is not null and x.from_on <> x.before_same)
   or (x.before_same is null and x.from_on <> x.starts);

-- 12b: every counting read inside a billed period is billed once, with its gallons
select count(*) from meters_read;
with counting as (select r.* from meters_read r left join meters_readdecision d on d.read_id = r.id
                  where (r.findings = '{}' or d.outcome = 'accept')
                    and not exists (select 1 from meters_read c where c.replaces_id = r.id)),
     period as (select o.bill_id, o.agreement_id, o.from_on, o.until_on, s.id point,
                  o.usage_gal + coalesce((select sum(u.gal) from bills_trueup u where u.bill_id = o.bill_id), 0) usage_gal
                from bills_outcome o join customers_agreement g on g.id = o.agreement_id
                join customers_servicepoint s on s.id = g.service_point_id
                where o.code = 'billed' and s.service in ('water', 'irrigation')
                  and not exists (select from bills_cancelled z where z.bill_id = o.bill_id))
select format('bill %s: %s gallons billed, the reads say %s', p.bill_id, p.usage_gal, coalesce(sum(r.usage_gal), 0)),
       p.agreement_id, p.from_on, p.until_on
from period p left join counting r on r.service_point_id = p.point and r.read_on > p.from_on and r.read_on <= p.until_on
group by p.bill_id, p.agreement_id, p.from_on, p.until_on, p.usage_gal, p.point
having p.usage_gal <> coalesce(sum(r.usage_gal), 0);

-- 13: receipt numbers have no gap, and every receipt has its transaction and every payment its receipt
select count(*) from payments_receipt;
select format('series %s: %s receipts, last number %s', s.code, count(r.no), coalesce(max(r.no), 0)), s.next_no
from payments_series s left join payments_receipt r on r.series_id = s.id
group by s.id having count(r.no) <> coalesce(max(r.no), 0) or s.next_no <> coalesce(max(r.no), 0) + 1
union all
select format('transaction %s took money without a receipt', t.id), null from ledger_transaction t
where t.act = 'take' and not exists (select 1 from payments_receipt r where r.txn_id = t.id);

-- 14: every receipt is the sum of its tenders
select count(*) from payments_tender;
select format('receipt %s-%s: tenders differ', r.series_id, r.no), r.cents, sum(t.cents) as tenders_cents
from payments_receipt r left join payments_tender t on (t.series_id, t.no) = (r.series_id, r.no)
group by r.series_id, r.no, r.cents having r.cents is distinct from sum(t.cents);

-- 15: every signed drawer goes to the bank whole, in one deposit, in the days that policy gives (till.deposit_days)
select count(*) from payments_tillclose;
with gives as (select (value #>> '{}')::int days from decisions_policyvalue
               where policy = 'till.deposit_days' and valid @> :on and value is not null)
select format('till %s of %s: signed and in no deposit', t.code, s.opened_on), sum(p.debit_cents - p.credit_cents) as cents
from gives cross join payments_tillclose x join payments_tillsession s on s.id = x.session_id
join payments_till t on t.id = s.till_id join ledger_posting p on p.document_id = s.document_id and p.sub = 1
where not exists (select from payments_slipsession d where d.session_id = s.id)
  and (select count(*) from ledger_day d where d.posted_on > s.opened_on and d.posted_on < :on) >= gives.days
group by s.id, t.code having sum(p.debit_cents - p.credit_cents) <> 0
union all
select format('till %s of %s: deposited and not empty', t.code, s.opened_on), sum(p.debit_cents - p.credit_cents)
from payments_slipsession d join payments_tillsession s on s.id = d.session_id join payments_till t on t.id = s.till_id
join ledger_posting p on p.document_id = s.document_id and p.sub = 1
group by s.id, t.code having sum(p.debit_cents - p.credit_cents) <> 0
union all
select format('receipt %s-%s waits in a batch that the books do not know', x.series_id, x.no), x.cents from payments_tender x
where not exists (select from ledger_posting p where p.document_id = x.batch_document_id and p.sub = 1);

-- 15b: what the bank showed of ours is what was posted of it: lines and the processor's fee are the items they matched
select count(*) from payments_bankmatch;
with shown as (select x.match_id, sum(l.credit_cents - l.debit_cents) cents from payments_bankmatchline x
               join payments_statementline l on l.id = x.line_id group by 1),
     ours as (select s.match_id, sum(s.cents) cents from payments_banksettled s group by 1)
select format('match %s: lines, fee and items differ', m.id), coalesce(s.cents, 0) as shown_cents, m.fee_cents,
       coalesce(o.cents, 0) as items_cents
from payments_bankmatch m left join shown s on s.match_id = m.id left join ours o on o.match_id = m.id
where coalesce(s.cents, 0) + m.fee_cents <> coalesce(o.cents, 0) and (o.cents is not null or m.fee_cents > 0)
union all
select format('settled %s of document %s is not what was posted', s.id, s.document_id), s.cents, s.fee_cents,
       sum(p.credit_cents - p.debit_cents)
from payments_banksettled s join ledger_posting p on p.txn_id = s.txn_id and p.document_id = s.document_id and p.sub = 1
group by s.id having s.cents <> sum(p.credit_cents - p.debit_cents)
union all
select format('match %s was undone, and what it posted of document %s stands', u.match_id, s.document_id), s.cents, null, null
from payments_bankmatchundone u join payments_banksettled s on s.match_id = u.match_id
where not exists (select from ledger_transaction t where t.reverses_id = s.txn_id);

-- 16: every bank deposit is, by type of tender, what was tendered into its drawers, with over and short as posted
select count(*) from payments_slip;
with inside as (select d.slip_id, x.type, sum(x.cents) cents from payments_slipsession d
                join payments_tillsession s on s.id = d.session_id
                join payments_tender x on x.batch_document_id = s.document_id group by 1, 2),
     other as (select d.slip_id, p.line_no, sum(p.debit_cents - p.credit_cents) cents from payments_slipsession d
               join payments_tillsession s on s.id = d.session_id
               join ledger_posting p on p.document_id = s.document_id and p.sub = 1
               join ledger_transaction t on t.id = p.txn_id
               where t.act <> 'bank_deposit' and not exists (select from payments_receipt r where r.txn_id = t.id)
               group by 1, 2)
select format('deposit %s of %s: its %s is not what was tendered', b.id, b.made_on, v.type), v.cents as slip_cents,
       coalesce(i.cents, 0) + coalesce(o.cents, 0) as tendered_cents
from payments_slip b
cross join lateral (values ('cash', 1, b.cash_cents), ('check', 2, b.check_cents), ('money_order', 3, b.money_order_cents))
  v (type, line, cents)
left join inside i on (i.slip_id, i.type) = (b.id, v.type) left join other o on (o.slip_id, o.line_no) = (b.id, v.line)
where v.cents <> coalesce(i.cents, 0) + coalesce(o.cents, 0);

-- 16b: what a gateway or a robot reported is one receipt of its amount, on the batch of its processor's day and its ask's account
select count(*) from payments_cardpayment;
select format('%s payment %s: %s', c.gateway, c.payment_ref,
              case when r.no is null then 'has no receipt' when t.cents is distinct from c.cents then 'is not its receipt''s amount'
                   when d.id is null then 'waits in no batch of its processor''s day'
                   else 'was posted to another account than it was asked for' end), c.cents, t.cents as receipt_cents
from payments_cardpayment c left join payments_receipt r on (r.series_id, r.no) = (c.series_id, c.no)
left join payments_tender t on (t.series_id, t.no, t.type) = (c.series_id, c.no, 'card')
left join payments_cardday d on (d.id, d.gateway, d.on) = (t.batch_document_id, c.gateway, r.effective_on)
left join payments_ask a on a.id = c.ask_id
where r.no is null or t.cents is distinct from c.cents or d.id is null
  or (a.id is not null and a.account_id is distinct from r.account_id and not exists (
        select from payments_reversal v where (v.series_id, v.no) = (c.series_id, c.no)))
union all
select format('batch %s of %s waits with %s, its payments are %s', d.id, d.gateway, coalesce(p.cents, 0), coalesce(c.cents, 0)),
       coalesce(p.cents, 0), coalesce(c.cents, 0)
from payments_cardday d
left join (select p.document_id, sum(p.debit_cents)::bigint cents from ledger_posting p
           join ledger_transaction x on x.id = p.txn_id and x.act = 'take' where p.sub = 1 group by 1) p on p.document_id = d.id
left join (select t.batch_document_id, sum(c.cents)::bigint cents from payments_cardpayment c
           join payments_tender t on (t.series_id, t.no) = (c.series_id, c.no) group by 1) c on c.batch_document_id = d.id
where p.cents is distinct from c.cents;

-- 17: nothing is on its way longer than policy gives the bank (bank.clear_days)
select count(*) from (select 1 from ledger_posting where sub = 1 group by gl_id, document_id) i;
with gives as (select (value #>> '{}')::int days from decisions_policyvalue
               where policy = 'bank.clear_days' and valid @> :on and value is not null)
select format('%s, document %s: open since %s', g.name, p.document_id, min(t.effective_on)),
       sum(p.debit_cents - p.credit_cents) as cents
from gives cross join ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_transaction t on t.id = p.txn_id
where p.sub = 1 and (g.object between 1003 and 1070 or g.object = 2340) group by g.id, p.document_id, gives.days
having sum(p.debit_cents - p.credit_cents) <> 0 and min(t.effective_on) < :on - gives.days;

-- 18: every signed drawer counted what it should, with over and short posted as they are, never set off
select count(*) from payments_tillclose;
with got as (select s.id, p.line_no,
               sum(p.debit_cents - p.credit_cents) filter (where t.act not in ('over_short', 'bank_deposit', 'change_fund')) cents,
               sum(p.debit_cents) filter (where t.act = 'over_short') over_cents,
               sum(p.credit_cents) filter (where t.act = 'over_short') short_cents
             from payments_tillsession s join ledger_posting p on p.document_id = s.document_id and p.sub = 1
             join ledger_transaction t on t.id = p.txn_id group by 1, 2),
     posted as (select p.txn_id, sum(p.credit_cents) filter (where g.object = 4220) over_cents,
                  sum(p.debit_cents) filter (where g.object = 5110) short_cents
                from ledger_posting p join ledger_gl g on g.id = p.gl_id
                where p.txn_id in (select txn_id from payments_tillclose) group by 1)
select format('till %s of %s: %s counted is not float, receipts, over and short', t.code, s.opened_on, v.type),
       v.cents as counted_cents, v.float_cents + coalesce(g.cents, 0) as expected_cents
from payments_tillclose x join payments_tillsession s on s.id = x.session_id join payments_till t on t.id = s.till_id
join payments_tillcount c on c.id = x.count_id
cross join lateral (values ('cash', 1, c.cash_cents, s.float_cents), ('check', 2, c.check_cents, 0),
                           ('money_order', 3, c.money_order_cents, 0)) v (type, line, cents, float_cents)
left join got g on (g.id, g.line_no) = (s.id, v.line)
where v.cents <> v.float_cents + coalesce(g.cents, 0) + coalesce(g.over_cents, 0) - coalesce(g.short_cents, 0)
union all
select format('till %s of %s: over and short are not posted as they were signed', t.code, s.opened_on),
       x.over_cents - x.short_cents, coalesce(p.over_cents, 0) - coalesce(p.short_cents, 0)
from payments_tillclose x join payments_tillsession s on s.id = x.session_id join payments_till t on t.id = s.till_id
left join posted p on p.txn_id = x.txn_id
where (x.over_cents, x.short_cents) <> (coalesce(p.over_cents, 0), coalesce(p.short_cents, 0));

-- 19: what gives money away was asked by one, approved by another within the limits, on evidence, and posted as approved
select count(*) from ledger_verdict where step = 'approved';
select format('transaction %s (%s) names no approved request', t.id, t.act), t.approval_id as request, null::bigint as cents
from ledger_transaction t left join ledger_verdict v on v.approved_id = t.approval_id
where t.act in ('adjust', 'waive', 'write_off', 'refund', 'void', 'move') and v.request_id is null
union all
select format('request %s was approved by whoever asked', v.request_id), v.request_id, r.cents
from ledger_verdict v join ledger_request r on r.id = v.request_id where v.step = 'approved' and v.by_id = r.asked_by_id
union all
select format('request %s was approved without evidence', v.request_id), v.request_id, r.cents
from ledger_verdict v join ledger_request r on r.id = v.request_id
where v.step = 'approved' and r.needs_evidence and not exists (select 1 from ledger_evidence e where e.request_id = r.id)
union all
select format('request %s was approved as %s, whose limit does not reach so far', v.request_id, v.level), v.request_id, r.cents
from ledger_verdict v join ledger_request r on r.id = v.request_id and r.limits <> ''
left join decisions_policyvalue pv on pv.policy = r.limits and pv.valid @> v."on" and jsonb_typeof(pv.value) = 'array'
where v.step = 'approved' and (
  not exists (select 1 from jsonb_array_elements(pv.value) l where l ->> 'role' = v.level)
  or exists (
    select 1 from jsonb_array_elements(pv.value) l
    where l ->> 'role' = v.level and (l ->> 'up_to_cents')::bigint < (case when coalesce((l ->> 'days')::int, 0) = 0 then r.cents
      else (select max(x.cents) from (
        select sum(b.cents) cents from unnest(r.account_ids) a(id)
        join ledger_request b on b.account_ids @> array[a.id] and b.limits = r.limits
        join ledger_verdict w on w.approved_id = b.id and w."on" > v."on" - (l ->> 'days')::int
          and (w."on", w.at, w.request_id) <= (v."on", v.at, v.request_id)
        group by a.id) x) end)))
union all
select format('request %s: other cents were posted than approved', r.id), r.id, sum(p.debit_cents - p.credit_cents)::bigint
from ledger_transaction t join ledger_request r on r.id = t.approval_id
join ledger_posting p on p.txn_id = t.id join ledger_gl g on g.id = p.gl_id and g.object = 4310
where t.act in ('adjust', 'waive') group by r.id having abs(sum(p.debit_cents - p.credit_cents)) <> r.cents;

-- 20: nothing a customer owes was credited without a tender, an applied credit, an approval or a cancellation
select count(*) from ledger_posting where sub = 2 and credit_cents > 0;
select format('transaction %s credits account %s by act %s', t.id, p.account_id, t.act), sum(p.credit_cents) as cents
from ledger_posting p join ledger_transaction t on t.id = p.txn_id
where p.sub = 2 and p.credit_cents > 0 and t.approval_id is null
  and t.act not in ('take', 'identify', 'apply_credit', 'apply_deposit', 'cancel', 'agency', 'discount', 'petition', 'level')
  and not (t.reverses_id is not null)
group by t.id, p.account_id, t.act;

-- 21: nobody helped money or service on his own or his household's account
select count(*) from customers_link;
select format('%s by %s on account %s, his own or his household''s', e.act, u.username, a.number), e.id as event
from customers_link l join base_event e on e.by_id = l.user_id and e.subjects @> array['account:' || l.account_id]
join base_user u on u.id = l.user_id join customers_account a on a.id = l.account_id
where not e.denied and e.id > l.event_id and (upper_inf(l.during) or e.at::date < upper(l.during))
  and (e.act ~ '^(adjustments|payments|moves|deposits|refunds|writeoffs)[.]' or e.act in ('bills.hold', 'bills.release'));

-- 22: every reversal is the exact mirror of what it reverses, but for the cash that a return replaces
select count(*) from ledger_transaction where reverses_id is not null;
select format('transaction %s does not mirror %s', t.id, t.reverses_id), count(*) as legs
from ledger_transaction t
join lateral (
  (select gl_id, account_id, document_id, line_no, debit_cents, credit_cents, kind_id from ledger_posting where txn_id = t.id
   except all
   select gl_id, account_id, document_id, line_no, credit_cents, debit_cents, kind_id from ledger_posting
   where txn_id = t.reverses_id)
  union all
  (select gl_id, account_id, document_id, line_no, credit_cents, debit_cents, kind_id from ledger_posting
   where txn_id = t.reverses_id
   except all
   select gl_id, account_id, document_id, line_no, debit_cents, credit_cents, kind_id from ledger_posting where txn_id = t.id)
) odd on true
where t.reverses_id is not null and t.act not in ('return', 'mispost')
  -- credit that had paid a bill cancelled since, or was refunded, is taken back from where it is: item by item, below
  and (t.act <> 'unapply' or not exists (
    select from ledger_posting p join ledger_gl g on g.id = p.gl_id where p.txn_id = t.id and g.object = 1260
    union all
    select from ledger_posting p join ledger_posting q on (q.account_id, q.document_id, q.line_no, q.gl_id) = (
      p.account_id, p.document_id, p.line_no, p.gl_id) and q.sub = 2 and q.debit_cents > 0
    join ledger_transaction c on c.id = q.txn_id and c.act = 'release' and c.id < t.id where p.txn_id = t.reverses_id))
group by t.id
union all
-- a payment comes back from where its money is: what it paid, with what was moved of it since, item by item. Its cash
-- waits elsewhere; what was credit or was refunded meanwhile is owed as it stands (the transaction balances as a whole).
-- A line that was cancelled had its money released before: it takes nothing back.
select format('transaction %s does not give back what %s paid', t.id, t.reverses_id), count(*)
from ledger_transaction t
join lateral (
  select p.gl_id, p.account_id, p.document_id, p.line_no
  from (select t.reverses_id id union all
        select m.txn_id from payments_moved m join payments_receipt r on (r.series_id, r.no) = (m.series_id, m.no)
        where r.txn_id = t.reverses_id union all select t.id) s
  join ledger_posting p on p.txn_id = s.id join ledger_gl g on g.id = p.gl_id
  where p.sub = 2 and g.object <> 1260 group by 1, 2, 3, 4 having sum(p.debit_cents - p.credit_cents) <> 0
    and (bool_or(p.txn_id = t.id) or not exists (
      select from ledger_posting q join ledger_transaction c on c.id = q.txn_id and c.act = 'release' and c.id < t.id
      where (q.gl_id, q.account_id, q.document_id, q.line_no) = (p.gl_id, p.account_id, p.document_id, p.line_no)
        and q.debit_cents > 0))) odd on true
where t.act in ('return', 'mispost', 'unapply') group by t.id;

-- 23: every void is of the same day, out of a drawer not yet counted, by a second person who did not take the payment
select count(*) from ledger_transaction where act = 'void';
select format('void %s of receipt %s-%s: %s', t.id, c.code, r.no,
         case when o.id is null or r.no is null then 'it voids no receipt'
              when o.posted_on <> t.posted_on or s.opened_on is distinct from t.posted_on then 'another day'
              when exists (select 1 from payments_tillcount n where n.session_id = s.id and n.at < t.posted_at)
                then 'the drawer was counted already'
              when v.request_id is null or v.by_id = v.asked_by_id or v.by_id = o.by then 'no second person'
              else 'the receipt is not marked' end),
       r.cents
from ledger_transaction t left join ledger_transaction o on o.id = t.reverses_id
left join ledger_verdict v on v.approved_id = t.approval_id
left join payments_receipt r on r.txn_id = o.id left join payments_series c on c.id = r.series_id
left join payments_tillsession s on s.document_id = (select min(x.batch_document_id) from payments_tender x
                                                     where (x.series_id, x.no) = (r.series_id, r.no))
where t.act = 'void' and (
  o.id is null or r.no is null or o.posted_on <> t.posted_on or s.opened_on is distinct from t.posted_on
  or exists (select 1 from payments_tillcount n where n.session_id = s.id and n.at < t.posted_at)
  or v.request_id is null or v.by_id = v.asked_by_id or v.by_id = o.by
  or not exists (select 1 from payments_reversal x where x.txn_id = t.id and x.why = 'voided'));

-- a returned payment's cash waits elsewhere, and the tenders that did not come back stay as the customer's credit
where t.reverses_id is not null
  and not (t.act in ('return', 'mispost') and (g.sub = 1 or (odd.side = 'added' and g.object = 2310 and odd.credit_cents > 0)))
group by t.id;

-- 28: every deposit held is one that was asked of its account, none is used twice, and its money is there
select count(*) from payments_depositdemand;
select format('account %s holds %s on document %s, which asked it for no deposit', a.number,
              case when g.object = 2210 then 'a deposit' else 'interest' end, p.document_id),
       sum(p.credit_cents - p.debit_cents) as cents, null::bigint as behind_cents
from ledger_posting p join ledger_gl g on g.id = p.gl_id left join customers_account a on a.id = p.account_id
where p.sub = 3 and g.object in (2210, 2220) and not exists (
  select 1 from payments_depositdemand d where d.account_id = p.account_id and d.document_id = p.document_id)
  and not exists (select 1 from ledger_transaction t where t.id = p.txn_id and t.act = 'convert')
group by a.number, g.object, p.document_id
union all
select format('demand of document %s: more was let go than was asked', d.document_id), sum(w.cents)::bigint, d.cents
from payments_depositdemand d join payments_depositwaived w on w.demand_id = d.id group by d.id having sum(w.cents) > d.cents
union all
select format('fund %s: deposits payable differ from the restricted bank and the claim on the pool', g.fund),
       sum(p.credit_cents - p.debit_cents) filter (where g.object in (2210, 2220)),
       sum(p.debit_cents - p.credit_cents) filter (where g.object in (1010, 1110))
from ledger_posting p join ledger_gl g on g.id = p.gl_id
where g.fund in (select fund from ledger_gl where object = 2210) and g.object in (2210, 2220, 1010, 1110, 3010)
group by g.fund
having coalesce(sum(p.credit_cents - p.debit_cents) filter (where g.object in (2210, 2220)), 0)
    <> coalesce(sum(p.debit_cents - p.credit_cents) filter (where g.object in (1010, 1110, 3010)), 0)
union all
select format('account %s began as a renter''s and was asked for no deposit, nor let off', a.number), null, null
from customers_account a join customers_agreement g on g.account_id = a.id
join decisions_policyvalue v on v.policy = 'deposit.renter.residential' and v.valid @> lower(g.during) and v.value is not null
where a.customer_class = 'residential' and a.tenure = 'renter' and lower(g.during) <= :on
  and not exists (select 1 from payments_depositdemand d where d.account_id = a.id)
  and not exists (select 1 from payments_depositdecision d where d.account_id = a.id)
group by a.number;

-- 29: every refund is paid once to the account holder, in the days of the law, and no uncashed check outlives its clock
select count(*) from payments_refund;
with law as (
  select (select (value #>> '{}')::int from decisions_policyvalue where policy = 'deposit.refund.days' and valid @> :on::date) days,
         (select value from decisions_policyvalue where policy = 'deposit.unclaimed' and valid @> :on::date) clock),
last as (select distinct on (refund_id) * from payments_refundsent order by refund_id, id desc)
select format('refund R-%s of account %s: no check by %s', r.id, a.number, r.due_on), r.cents, r.approved_on
from payments_refund r join customers_account a on a.id = r.account_id left join last s on s.refund_id = r.id
left join payments_refundcheck c on c.sent_id = s.id left join payments_refundoutcome o on o.sent_id = s.id
where r.due_on < :on and (c.sent_id is null or o.outcome = 'stopped') and coalesce(o.outcome, '') <> 'cashed'
union all
select format('account %s: service ended on %s, and its deposit was not refunded', a.number, e.ended_on), h.cents, e.ended_on
from (select account_id, sum(credit_cents - debit_cents)::bigint cents from ledger_posting p join ledger_gl g on g.id = p.gl_id
      where p.sub = 3 and g.object in (2210, 2220) group by account_id having sum(credit_cents - debit_cents) > 0) h
join (select account_id, max(upper(during)) ended_on from customers_agreement group by account_id
      having not bool_or(upper_inf(during))) e on e.account_id = h.account_id
join customers_account a on a.id = h.account_id cross join law where e.ended_on + law.days < :on
union all
select format('refund R-%s: check %s is not cashed a year after %s, and %s', r.id, c.number, c.dated_on,
              case when n.sent_id is null then 'no notice was mailed' else 'its notice has run out' end), r.cents, c.dated_on
from payments_refund r join last s on s.refund_id = r.id join payments_refundcheck c on c.sent_id = s.id
left join payments_refundnotice n on n.sent_id = s.id left join payments_refundoutcome o on o.sent_id = s.id cross join law
where r.source = 'deposit' and o.sent_id is null
  and (c.dated_on + make_interval(years => (law.clock ->> 'after_years')::int))::date < :on
  and (n.sent_id is null or n.ends_on < :on)
union all
select format('refund R-%s: %s was approved, %s stands in the books', r.id, r.cents, coalesce(p.cents, 0)), r.cents, r.approved_on
from payments_refund r left join lateral (
  select sum(p.credit_cents) cents from ledger_posting p where p.txn_id = r.txn_id and p.document_id = r.id
    and p.account_id = r.account_id and p.sub = 3) p on true where p.cents is distinct from r.cents
union all
select format('transaction %s refunds money, and no refund names it', t.id), null, t.posted_on from ledger_transaction t
where t.act = 'refund' and not exists (select 1 from payments_refund r where r.txn_id = t.id)
union all
select format('file %s: its lines are not what waits on 10-1003', f.file_id), f.cents, f.made_on
from payments_payablesfile f
where f.cents is distinct from (select sum(r.cents) from payments_refundsent s join payments_refund r on r.id = s.refund_id
                                where s.file_id = f.id)
   or f.cents is distinct from (select sum(p.credit_cents) from ledger_posting p join ledger_transaction t on t.id = p.txn_id
                                where p.document_id = f.id and p.sub = 1 and t.act = 'refund_sent');

-- 30: no debt is written off without an approved list, and every line of it is kept until it is recovered
select count(*) from (select 1 from ledger_posting where sub = 4 group by account_id, document_id, line_no, gl_id) i;
with memo as (
  select p.account_id, p.fund, p.document_id, p.line_no, sum(p.debit_cents) off, sum(p.credit_cents) back
  from ledger_posting p where p.sub = 4 group by 1, 2, 3, 4),
credited as (
  select p.account_id, p.fund, p.document_id, p.line_no, sum(p.credit_cents) filter (where t.act = 'write_off') off,
    sum(p.debit_cents) filter (where t.act = 'recover') back
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.sub = 2 and t.act in ('write_off', 'recover') group by 1, 2, 3, 4)
select format('account %s, document %s line %s: %s', a.number, coalesce(m.document_id, c.document_id),
              coalesce(m.line_no, c.line_no),
              case when m.back > m.off then 'more came back than was written off'
                   else 'what was written off and what is kept differ' end),
       coalesce(m.off, 0)::bigint as kept_cents, coalesce(c.off, 0)::bigint as written_cents
from memo m full join credited c using (account_id, fund, document_id, line_no)
left join customers_account a on a.id = coalesce(m.account_id, c.account_id)
where coalesce(m.off, 0) <> coalesce(c.off, 0) or coalesce(m.back, 0) <> coalesce(c.back, 0) or m.back > m.off
union all
select format('transaction %s writes off without an approved list', t.id), null, null from ledger_transaction t
where t.act = 'write_off' and not exists (
  select 1 from ledger_verdict v join ledger_request r on r.id = v.request_id
  where v.approved_id = t.approval_id and r.kind = 'write_off')
union all
select format('list %s: other debts were written off than were approved', r.id), sum(p.credit_cents)::bigint, r.cents
from ledger_request r join ledger_verdict v on v.approved_id = r.id left join ledger_transaction t on t.approval_id = r.id
left join ledger_posting p on p.txn_id = t.id and p.sub = 2 where r.kind = 'write_off'
group by r.id having coalesce(sum(p.credit_cents), 0) <> r.cents
union all
select format('account %s is with an agency and nothing of it is written off', a.number), x.cents, null
from payments_placement x join customers_account a on a.id = x.account_id
where not exists (select 1 from ledger_posting p where p.account_id = x.account_id and p.sub = 4);

-- 32: every payment that came back is written down with its accounts, its transaction and its fee in the books
select count(*) from payments_reversal where why = 'returned';
select format('receipt %s-%s came back, and no account has it written down', s.code, v.no), r.cents, null::bigint as fee_cents
from payments_reversal v join payments_series s on s.id = v.series_id
join payments_receipt r on (r.series_id, r.no) = (v.series_id, v.no)
where v.why = 'returned' and exists (select 1 from ledger_posting p where p.txn_id = v.txn_id and p.account_id is not null)
  and not exists (select 1 from payments_returned x where (x.series_id, x.no, x.txn_id) = (v.series_id, v.no, v.txn_id))
union all
select format('returned payment %s of account %s: %s', x.id, a.number,
              case when v.txn_id is null then 'nothing took it back' else 'its fee is not in the books as written' end),
       x.cents, x.fee_cents
from payments_returned x join customers_account a on a.id = x.account_id
left join payments_reversal v on (v.series_id, v.no, v.txn_id) = (x.series_id, x.no, x.txn_id) and v.why = 'returned'
left join lateral (select sum(p.debit_cents) cents from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.document_id = x.fee_document_id and p.account_id = x.account_id and p.sub = 2 and t.act = 'charge') fee on true
where x.outcome = 'returned' and (v.txn_id is null or coalesce(fee.cents, 0) <> x.fee_cents);

-- 33: no draft is above its customer's limit, presented again more than twice or too late, or posted as another amount
select count(*) from payments_draftentry;
select format('draft %s of account %s: above the limit the customer set', e.trace, a.number), e.cents, n.limit_cents
from payments_draftentry e join payments_enrolment n on n.id = e.enrolment_id join customers_account a on a.id = e.account_id
join payments_draftrun r on r.id = e.run_id
where e.cents > n.limit_cents and not exists (
  select 1 from payments_draftallowed w where w.account_id = e.account_id and w.cents >= e.cents and w.event_id < r.event_id)
union all
select format('draft %s presents %s again: %s', e.trace, f.trace, case when e.cents <> f.cents then 'another amount'
              when e.times > 2 or e.times <> f.times + 1 then 'more than twice' when x.id is null then 'it never came back'
              when x.code not in ('R01', 'R09') then 'it did not come back for want of funds'
              else 'more than 180 days after it was first drafted' end), e.cents, f.cents
from payments_draftentry e join payments_draftentry f on f.trace = e.again_of_id
join payments_draftentry first on first.trace = coalesce(f.again_of_id, f.trace)
join payments_draftrun r on r.id = e.run_id join payments_draftrun o on o.id = first.run_id
left join payments_returned x on x.trace = f.trace and x.outcome = 'returned'
where e.cents <> f.cents or e.times > 2 or e.times <> f.times + 1 or x.id is null or x.code not in ('R01', 'R09')
   or r.planned_on > o.effective_on + 180
union all
select format('draft %s of account %s: posted as another amount, or not at all', e.trace, a.number), e.cents, x.cents
from payments_draftentry e join payments_draftposted d on d.run_id = e.run_id join customers_account a on a.id = e.account_id
left join payments_tender x on x.batch_document_id = d.batch_id and x.reference = e.trace
where e.cents > 0 and x.cents is distinct from e.cents;

-- 35: every closed day until the last ledger file is in exactly one file, and every file is the rows of its days
select count(*) from ledger_export;
with filed as (select e.file_id, e.debit_cents, e.credit_cents, coalesce(sum(p.debit_cents), 0) debits,
                 coalesce(sum(p.credit_cents), 0) credits
               from ledger_export e left join ledger_transaction t on t.posted_on >= e.from_on and t.posted_on < e.until_on
               left join ledger_posting p on p.txn_id = t.id
                 and p.gl_id not in (select g.id from ledger_gl g where g.class = 'M')
               group by e.file_id)
select format('file %s: its totals are not those of its days', file_id), debit_cents as file_cents, debits as rows_cents
from filed where (debit_cents, credit_cents) <> (debits, credits)
union all
select format('file %s: its bytes were changed', file_id), debit_cents, null from ledger_export where sha256(body) <> sha256
union all
select format('day %s is closed and in %s files', t.posted_on, count(e.file_id)), null, null
from ledger_transaction t left join ledger_export e on e.from_on <= t.posted_on and e.until_on > t.posted_on
where t.closes and t.posted_on < (select max(until_on) from ledger_export) group by t.posted_on having count(e.file_id) <> 1
union all
select format('file %s: %s is not closed', e.file_id, d.posted_on), null, null
from ledger_export e join ledger_day d on d.posted_on >= e.from_on and d.posted_on < e.until_on
where not exists (select from ledger_transaction t where t.closes and t.posted_on = d.posted_on);

-- 36: every transaction has its event, and every act that moves money its transaction
select count(*) from base_event;
select format('transaction %s names event %s, which is not there', t.id, t.event_id), null::bigint as event
from ledger_transaction t left join base_event e on e.id = t.event_id where e.id is null
union all
select format('event %s (%s) moved no money', e.id, e.act), e.id from base_event e
where e.act in ('payments.take', 'payments.reverse') and not e.denied
  and not exists (select 1 from ledger_transaction t where t.event_id = e.id);

-- 37: nothing was posted into a closed day
select count(*) from ledger_day;
select format('transaction %s posted on %s after that day was closed', t.id, t.posted_on), t.id
from ledger_transaction t join ledger_transaction c on c.closes and c.posted_on >= t.posted_on and c.id < t.id
where not t.closes;

-- 39: what a petition stays stands on its own account, and is paid by nobody but a payer who named it or an approved set-off
select count(*) from delinquency_petition;
select format('transaction %s (%s) credits account %s, which a petition stays', t.id, t.act, a.number), sum(p.credit_cents) as cents
from delinquency_petition q join ledger_posting p on p.account_id = q.old_account_id and p.sub = 2 and p.credit_cents > 0
join ledger_transaction t on t.id = p.txn_id join customers_account a on a.id = q.old_account_id
where not exists (select from delinquency_petitionstep s where s.petition_id = q.id and s.step in ('dismissed', 'discharged') and s."on" <= t.posted_on)
  and (t.act in ('apply_credit', 'agency') or (t.act = 'apply_deposit' and t.approval_id is null)
       or t.act = 'take' and exists (select from payments_draftplan d where d.account_id = q.old_account_id and d.code in ('draft', 'again')))
group by t.id, t.act, a.number
union all
select format('account %s holds %s of stayed debt without a petition', a.number, sum(p.debit_cents - p.credit_cents)), sum(p.debit_cents - p.credit_cents)
from ledger_posting p join ledger_gl g on g.id = p.gl_id and g.object = 1270 join customers_account a on a.id = p.account_id
where not exists (select from delinquency_petition q where q.old_account_id = p.account_id)
group by a.number having sum(p.debit_cents - p.credit_cents) > 0
union all
select format('account %s, which a petition stays, was sent a %s on %s', a.number, s.rung, s."on"), s.cents
from delinquency_petition q join delinquency_step s on s.account_id = q.old_account_id
join customers_account a on a.id = q.old_account_id
where not exists (select from delinquency_petitionstep x where x.petition_id = q.id and x.step = 'dismissed' and x."on" <= s."on");

-- 41: every completed order did what its type promised, and the rows of it are there
select count(*) from orders_end where outcome = 'done';
with promised as (select e.order_id, e.event_id, o.type, x.name, e.effect -> x.name as did
                  from orders_end e join orders_order o on o.id = e.order_id, unnest(o.effects) as x (name)
                  where e.outcome = 'done')
select format('order %s (%s): %s did not happen', order_id, type, name), event_id as event
from promised p where did is null
   or (name in ('turn_on', 'turn_off', 'lock') and not exists (
        select from orders_valve v where (v.order_id, v.event_id) = (p.order_id, p.event_id)))
   or (name in ('hang_meter', 'exchange_meter') and not exists (
        select from meters_installation i where i.id in (select value::bigint from jsonb_array_elements_text(did -> 'installation'))))
   or (name = 'charge' and not did ? 'not_set' and not exists (
        select from ledger_posting l where l.document_id in (select value::bigint from jsonb_array_elements_text(did -> 'document')))
      and not exists (
        select from bills_charge c where c.id in (select value::bigint from jsonb_array_elements_text(did -> 'charge'))))
   or exists (select from jsonb_array_elements_text(did -> 'read') r where not exists (
        select from meters_read m where m.id = r.value::bigint))
   or exists (select from jsonb_array_elements_text(did -> 'agreement') r where not exists (
        select from customers_agreement g where g.id = r.value::bigint));

-- 42: no open order is past its promise without somebody who answers for it
select count(*) from orders_order o where not exists (select from orders_end e where e.order_id = o.id);
select format('order %s (%s), promised for %s: nobody has it and nobody answers for it', o.id, o.type, n."on"), o.event_id as event
from orders_order o
join lateral (select * from orders_plan p where p.order_id = o.id order by p.no desc limit 1) n on n."on" < :on
where not exists (select from orders_end e where e.order_id = o.id)
  and not exists (select from base_user u where u.id = n.owner_id and u.is_active)
  and not exists (
    select from orders_assigned d join base_user u on u.id = d.user_id and u.is_active
    where d.assignment_id = (select a.id from orders_assignment a where a.order_id = o.id order by a.no desc limit 1));
