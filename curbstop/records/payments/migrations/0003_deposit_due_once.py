"""A deposit instalment gets its due date once, from the bill that asks for it; nothing else of it ever changes."""

from django.db import migrations

ONCE = """
drop trigger never_changes on payments_depositdemand;
create trigger never_changes
  before delete or update of id, account_id, document_id, cents, instalment, authority, event_id
  on payments_depositdemand
  for each row execute function public.never_changes();
create trigger due_once before update of due_on on payments_depositdemand
  for each row when (old.due_on is not null) execute function public.never_changes();
"""
UNDO = """
drop trigger due_once on payments_depositdemand;
drop trigger never_changes on payments_depositdemand;
create trigger never_changes before update or delete on payments_depositdemand
  for each row execute function public.never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_triggers")]

    operations = [migrations.RunSQL(ONCE, UNDO)]
