"""Tables whose rows are never changed: the trigger that refuses it, for the migrations of every app.

The function lives in ``public`` and names no table, so it holds in a sharded schema too.
"""

from django.db import migrations

FUNCTION = """
create or replace function public.never_changes() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are never changed; post a reversal or a correction instead', tg_table_name
    using errcode = 'restrict_violation', constraint = tg_table_name || '_never_changes';
end $$;
"""


def append_only(*tables: str) -> migrations.RunSQL:
    """Refuse update, delete and truncate on these tables."""
    return migrations.RunSQL(
        [
            f"create trigger never_changes before update or delete on {table}"
            f" for each row execute function public.never_changes();"
            f" create trigger never_truncates before truncate on {table}"
            f" for each statement execute function public.never_changes();"
            for table in tables
        ],
        [f"drop trigger never_changes on {table}; drop trigger never_truncates on {table};" for table in tables],
    )
