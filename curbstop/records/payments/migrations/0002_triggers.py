"""Receipt numbers without a gap, and rows that never change."""

from django.db import migrations

from curbstop.records.base.append_only import append_only

# Checked as a set after each statement, since a file brings its receipts by the hundred: the new numbers of a series
# follow each other, and the first follows the last one taken. Nothing is ever deleted, so no gap can open later.
NO_GAP = """
create or replace function public.no_gap() returns trigger language plpgsql as $$
declare
  fresh record;
  before bigint;
begin
  for fresh in select series_id, min(no) first, max(no) last, count(*) n from inserted group by series_id
  loop
    execute format('select coalesce(max(no), 0) from %I.%I where series_id = $1 and no < $2',
      tg_table_schema, tg_table_name)
      into before using fresh.series_id, fresh.first;
    if fresh.first <> before + 1 or fresh.n <> fresh.last - fresh.first + 1 then
      raise exception 'receipts of series % must go on at %, without a gap; got % to %, % of them',
        fresh.series_id, before + 1, fresh.first, fresh.last, fresh.n
        using errcode = 'check_violation', constraint = 'payments_receipt_no_gap';
    end if;
  end loop;
  return null;
end $$;
"""

# Two-column keys, which Django cannot declare; deferred as Django's own are.
KEYS = """
alter table payments_tender add constraint payments_tender_receipt foreign key (series_id, no)
  references payments_receipt (series_id, no) deferrable initially deferred;
alter table payments_reversal add constraint payments_reversal_receipt foreign key (series_id, no)
  references payments_receipt (series_id, no) deferrable initially deferred;
alter table payments_batchrowdone add constraint payments_batchrowdone_row foreign key (batch_id, row_no)
  references payments_batchrow (batch_id, row_no) deferrable initially deferred;
"""

TABLES = [
    "payments_receipt",
    "payments_tender",
    "payments_reversal",
    "payments_tillsession",
    "payments_tillcount",
    "payments_tillclose",
    "payments_slip",
    "payments_slipsession",
    "payments_slipconfirmed",
    "payments_batch",
    "payments_batchrow",
    "payments_batchrowdone",
    "payments_depositdemand",
]


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.RunSQL(NO_GAP, migrations.RunSQL.noop),
        migrations.RunSQL(
            "create trigger no_gap after insert on payments_receipt referencing new table as inserted"
            " for each statement execute function public.no_gap()",
            "drop trigger no_gap on payments_receipt",
        ),
        migrations.RunSQL(
            KEYS,
            "alter table payments_tender drop constraint payments_tender_receipt;"
            "alter table payments_reversal drop constraint payments_reversal_receipt;"
            "alter table payments_batchrowdone drop constraint payments_batchrowdone_row;",
        ),
        append_only(*TABLES),
    ]
