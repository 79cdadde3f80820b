"""What the database itself refuses about money.

Functions live in ``public`` and read their own table only, through ``tg_table_schema`` and ``tg_table_name``, so that
they hold in a sharded schema. ``tests/records/test_ledger_refusals.py`` violates each of them.
"""

from django.db import migrations

from curbstop.records.base.append_only import append_only

FUNCTIONS = """
-- After each statement of rows: their transactions are to be checked, again if they were checked before. The list is a
-- setting of this database transaction, so a rolled-back savepoint takes its part of it along.
create or replace function public.ledger_fresh() returns trigger language plpgsql as $$
declare
  here text := tg_table_schema || ':';
  listed text := coalesce(current_setting('ledger.to_check', true), '');
  fresh text;
begin
  select string_agg(txn_id::text, ',') into fresh from (select distinct txn_id from inserted) one;
  if fresh is not null then
    if left(listed, length(here)) = here then
      here := listed || ',';
    end if;
    perform set_config('ledger.to_check', here || fresh, true);
  end if;
  return null;
end $$;

-- At commit, once for all transactions on the list: debits = credits in every fund, and no item that was reduced
-- crosses zero. The first row that fires checks them all; the others find nothing left to check.
create or replace function public.ledger_holds() returns trigger language plpgsql as $$
declare
  here text := tg_table_schema || ':';
  listed text := coalesce(current_setting('ledger.to_check', true), '');
  txns bigint[];
  bad record;
begin
  if left(listed, length(here)) <> here then
    return null;
  end if;
  txns := string_to_array(substr(listed, length(here) + 1), ',')::bigint[];
  for bad in execute format(
    'select txn_id, fund, sum(debit_cents) d, sum(credit_cents) c from %I.%I where txn_id = any($1)
     group by txn_id, fund having sum(debit_cents) <> sum(credit_cents) order by 1, 2', tg_table_schema, tg_table_name)
    using txns
  loop
    raise exception 'transaction % does not balance in fund %: debits %, credits %', bad.txn_id, bad.fund, bad.d, bad.c
      using errcode = 'check_violation', constraint = 'ledger_posting_balances';
  end loop;
  for bad in execute format(
    'select account_id, document_id, line_no, sum(p.debit_cents - p.credit_cents) open_cents
     from (select distinct account_id, document_id, line_no, gl_id, sub t from %1$I.%2$I
           where txn_id = any($1) and (sub = 2 and credit_cents > 0 or sub = 3 and debit_cents > 0)) i
     join %1$I.%2$I p using (account_id, document_id, line_no, gl_id)
     group by account_id, document_id, line_no, gl_id, t
     having t = 2 and sum(p.debit_cents) < sum(p.credit_cents) or t = 3 and sum(p.debit_cents) > sum(p.credit_cents)',
    tg_table_schema, tg_table_name) using txns
  loop
    raise exception 'item %.% of account % would be over-applied by % cents',
      bad.document_id, bad.line_no, bad.account_id, abs(bad.open_cents)
      using errcode = 'check_violation', constraint = 'ledger_posting_item_open';
  end loop;
  perform set_config('ledger.to_check', '', true);
  return null;
end $$;

-- A closed day takes nothing more. Posting holds the day's lock shared, closing holds it exclusive and waits for acts
-- in flight; the look comes after the lock, in a statement of its own, so that it sees what was committed meanwhile.
create or replace function public.ledger_day_guard() returns trigger language plpgsql as $$
declare
  city int := hashtext(tg_table_schema || ':day');
  day int := new.posted_on - date '2000-01-01';
  mark text := tg_table_schema || ':' || new.posted_on;
  closed date;
begin
  if not new.closes and current_setting('ledger.open_day', true) = mark then
    return new;  -- looked at before in this database transaction, and held open since
  end if;
  if new.closes then
    perform pg_advisory_xact_lock(city, day);
  else
    perform pg_advisory_xact_lock_shared(city, day);
  end if;
  execute format('select min(posted_on) from %I.%I where closes and posted_on >= $1', tg_table_schema, tg_table_name)
    into closed using new.posted_on;
  if closed is not null then
    raise exception 'the day % is closed (by the closing of %); post on an open day with the true effective date',
      new.posted_on, closed using errcode = 'check_violation', constraint = 'ledger_transaction_day_open';
  end if;
  perform set_config('ledger.open_day', case when new.closes then '' else mark end, true);
  return new;
end $$;
"""

TRIGGERS = """
create trigger ledger_fresh after insert on ledger_posting referencing new table as inserted
  for each statement execute function public.ledger_fresh();
-- The condition spares the receivable debits of a bill run: its revenue legs and leg 1 still fire, and the check reads
-- the whole transaction. Firing on every row costs a quarter of the run.
create constraint trigger ledger_holds after insert on ledger_posting deferrable initially deferred
  for each row when (not (new.sub = 2 and new.debit_cents > 0 and new.leg_no > 1))
  execute function public.ledger_holds();
create trigger ledger_day_guard before insert on ledger_transaction
  for each row execute function public.ledger_day_guard();
-- What postings repeat from the chart never changes there; its words and the city's own GL string may be corrected.
create trigger never_changes before delete or update of id, fund, object, class, normal, sub, partner, valid_from
  on ledger_gl for each row execute function public.never_changes();
create trigger never_truncates before truncate on ledger_gl
  for each statement execute function public.never_changes();
create trigger never_changes before delete or update of id, pooled_in on ledger_fund
  for each row execute function public.never_changes();
create trigger never_truncates before truncate on ledger_fund
  for each statement execute function public.never_changes();
"""

UNDO = """
drop trigger ledger_fresh on ledger_posting; drop trigger ledger_holds on ledger_posting;
drop trigger ledger_day_guard on ledger_transaction;
drop trigger never_changes on ledger_gl; drop trigger never_truncates on ledger_gl;
drop trigger never_changes on ledger_fund; drop trigger never_truncates on ledger_fund;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL("create sequence ledger_document_seq", "drop sequence ledger_document_seq"),
        # the functions stay when a city goes: another city's schema uses them
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, UNDO),
        append_only(
            "ledger_day", "ledger_kind", "ledger_transaction", "ledger_posting", "ledger_close", "ledger_export"
        ),
    ]
