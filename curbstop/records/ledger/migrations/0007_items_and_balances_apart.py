"""What is checked at a commit is only what the statement itself could not show: less to plan, less to read.

A function's dynamic statement is planned each time it runs, and in a payment that took half of the server's time. So:

- debits and credits are added up as rows are written, over the new rows alone (a static statement, planned once). Rows
  of a transaction that balance by themselves leave it as balanced as it was; only where they do not is it noted, and
  added up whole at the commit, when all its rows are there;
- of items that were reduced, account and document are noted, and the commit adds those up without asking for the
  transactions' rows again. It may look at other items of the same documents, which is never wrong: none may cross zero;
- the day's guard asks whether any close is there, and only when there is one, which.

What is refused, its words and its constraints' names stay as they were (0002_triggers, docs/decisions/041 and 151).
"""

from django.db import migrations

FUNCTIONS = """
create or replace function public.ledger_fresh() returns trigger language plpgsql as $$
declare
  mark text := tg_table_schema || ':';
  kept boolean := coalesce(current_setting('ledger.to_check', true), '') = tg_table_schema || ':';
  uneven text;
  accounts text;
  documents text;
begin
  select string_agg(txn_id::text, ',') into uneven
    from (select txn_id from inserted group by txn_id, fund having sum(debit_cents) <> sum(credit_cents)) one;
  select string_agg(distinct account_id::text, ','), string_agg(distinct document_id::text, ',')
    into accounts, documents
    from inserted where sub = 2 and credit_cents > 0 or sub = 3 and debit_cents > 0;
  if uneven is null and accounts is null then
    return null;
  end if;
  -- another city's notes, or those of an earlier check, are not gone on with
  perform set_config('ledger.uneven',
      concat_ws(',', case when kept then nullif(current_setting('ledger.uneven', true), '') end, uneven), true),
    set_config('ledger.accounts',
      concat_ws(',', case when kept then nullif(current_setting('ledger.accounts', true), '') end, accounts), true),
    set_config('ledger.documents',
      concat_ws(',', case when kept then nullif(current_setting('ledger.documents', true), '') end, documents), true),
    set_config('ledger.to_check', mark, true);
  return null;
end $$;

create or replace function public.ledger_holds() returns trigger language plpgsql as $$
declare
  uneven text;
  accounts text;
  bad record;
begin
  if coalesce(current_setting('ledger.to_check', true), '') <> tg_table_schema || ':' then
    return null;
  end if;
  uneven := current_setting('ledger.uneven', true);
  accounts := current_setting('ledger.accounts', true);
  if uneven <> '' then
    for bad in execute format(
      'select txn_id, fund, sum(debit_cents) d, sum(credit_cents) c from %I.%I where txn_id = any($1)
       group by txn_id, fund having sum(debit_cents) <> sum(credit_cents) order by 1, 2',
      tg_table_schema, tg_table_name) using string_to_array(uneven, ',')::bigint[]
    loop
      raise exception 'transaction % does not balance in fund %: debits %, credits %',
        bad.txn_id, bad.fund, bad.d, bad.c
        using errcode = 'check_violation', constraint = 'ledger_posting_balances';
    end loop;
  end if;
  if accounts <> '' then
    -- sub 2 is owed to us and holds debits, sub 3 is owed by us and holds credits
    for bad in execute format(
      'select account_id, document_id, line_no,
         sum(case sub when 2 then debit_cents - credit_cents else credit_cents - debit_cents end) left_cents
       from %I.%I where account_id = any($1) and document_id = any($2) and sub in (2, 3)
       group by account_id, document_id, line_no, gl_id, sub
       having sum(case sub when 2 then debit_cents - credit_cents else credit_cents - debit_cents end) < 0',
      tg_table_schema, tg_table_name)
      using string_to_array(accounts, ',')::bigint[],
        string_to_array(current_setting('ledger.documents', true), ',')::bigint[]
    loop
      raise exception 'item %.% of account % would be over-applied by % cents',
        bad.document_id, bad.line_no, bad.account_id, -bad.left_cents
        using errcode = 'check_violation', constraint = 'ledger_posting_item_open';
    end loop;
  end if;
  perform set_config('ledger.to_check', '', true);
  return null;
end $$;

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
  execute format('select posted_on from %I.%I where closes and posted_on >= $1 limit 1',
    tg_table_schema, tg_table_name) into closed using new.posted_on;
  if closed is not null then
    execute format('select min(posted_on) from %I.%I where closes and posted_on >= $1',
      tg_table_schema, tg_table_name) into closed using new.posted_on;
    raise exception 'the day % is closed (by the closing of %); post on an open day with the true effective date',
      new.posted_on, closed using errcode = 'check_violation', constraint = 'ledger_transaction_day_open';
  end if;
  perform set_config('ledger.open_day', case when new.closes then '' else mark end, true);
  return new;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_found_at_once")]

    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
