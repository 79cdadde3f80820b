"""An adopted version is never changed or taken back: bills were rated by it. One without an end may get its end, once,
when the next begins."""

from django.db import migrations

ONCE = """
create trigger never_changes
  before delete or update of id, tariff_id, authority, document, sha256, event_id on decisions_tariffversion
  for each row execute function public.never_changes();
create trigger ends_once before update of valid on decisions_tariffversion for each row
  when (not upper_inf(old.valid) or lower(new.valid) is distinct from lower(old.valid))
  execute function public.never_changes();
create trigger never_truncates before truncate on decisions_tariffversion
  for each statement execute function public.never_changes();
"""
UNDO = """
drop trigger never_truncates on decisions_tariffversion;
drop trigger ends_once on decisions_tariffversion;
drop trigger never_changes on decisions_tariffversion;
"""


class Migration(migrations.Migration):
    dependencies = [("decisions", "0003_trials")]

    operations = [migrations.RunSQL(ONCE, UNDO)]
