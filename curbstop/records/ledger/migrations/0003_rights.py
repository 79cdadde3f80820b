"""The second lock on rows that never change: the role that the office works as may not change them.

``select public.limit_rights()`` gives the role ``curbstop_app`` what the office needs in the current schema: to read
and add rows everywhere, to change and remove them where that is allowed. Append-only tables, and the columns of one
that may change, are found by the trigger ``never_changes``, so there is no second list. It is called after every
migration (docs/decisions/040), since migrations add tables.
"""

from django.db import migrations

RIGHTS = """
create or replace function public.limit_rights() returns int language plpgsql as $$
declare
  of record;
  limited int := 0;
begin
  if not exists (select from pg_roles where rolname = 'curbstop_app') then
    begin
      create role curbstop_app nologin;
    exception when duplicate_object or unique_violation then
      null;  -- another database of this server makes it now
    end;
  end if;
  execute format('grant usage on schema %I, public to curbstop_app', current_schema());
  execute format('grant usage, select on all sequences in schema %I to curbstop_app', current_schema());
  for of in
    select c.relname, t.oid as held, (
      select string_agg(quote_ident(a.attname), ', ') from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and t.tgattr::text <> '' and a.attnum <> all(t.tgattr::int2[])) as may_change
    from pg_class c left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'never_changes' and t.tgtype & 1 = 1
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v')
  loop
    execute format('revoke all on %I.%I from curbstop_app', current_schema(), of.relname);
    if of.held is null then
      execute format('grant select, insert, update, delete on %I.%I to curbstop_app', current_schema(), of.relname);
      continue;
    end if;
    limited := limited + 1;
    execute format('grant select, insert on %I.%I to curbstop_app', current_schema(), of.relname);
    if of.may_change is not null then
      execute format('grant update (%s) on %I.%I to curbstop_app', of.may_change, current_schema(), of.relname);
    end if;
  end loop;
  return limited;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_triggers")]

    operations = [migrations.RunSQL(RIGHTS, migrations.RunSQL.noop)]
