"""A receipt's number has no gap before it when the number before it is there: one row looked up, not the largest found.

What is refused and its words stay (0002_triggers); the largest is looked for only to say it.
"""

from django.db import migrations

NO_GAP = """
create or replace function public.no_gap() returns trigger language plpgsql as $$
declare
  fresh record;
  before bigint;
begin
  for fresh in select series_id, min(no) first, max(no) last, count(*) n from inserted group by series_id
  loop
    before := 0;
    if fresh.first <> 1 then
      execute format('select no from %I.%I where series_id = $1 and no = $2', tg_table_schema, tg_table_name)
        into before using fresh.series_id, fresh.first - 1;
    end if;
    if before is null or fresh.n <> fresh.last - fresh.first + 1 then
      execute format('select coalesce(max(no), 0) from %I.%I where series_id = $1 and no < $2',
        tg_table_schema, tg_table_name)
        into before using fresh.series_id, fresh.first;
      raise exception 'receipts of series % must go on at %, without a gap; got % to %, % of them',
        fresh.series_id, before + 1, fresh.first, fresh.last, fresh.n
        using errcode = 'check_violation', constraint = 'payments_receipt_no_gap';
    end if;
  end loop;
  return null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0010_waived_by_undo")]

    operations = [migrations.RunSQL(NO_GAP, migrations.RunSQL.noop)]
