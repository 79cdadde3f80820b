"""Arrays of a plan are stored as they are: compressing thousands of ids costs more than the disk they would save."""

from django.db import migrations

COLUMNS = {
    "bills_chunk": ("account_ids", "agreement_ids", "from_ons"),
    "bills_calculatedchunk": ("account_cents", "codes"),
}


def storage(kind: str) -> list[str]:
    return [
        f"alter table {table} {', '.join(f'alter column {column} set storage {kind}' for column in columns)}"
        for table, columns in COLUMNS.items()
    ]


class Migration(migrations.Migration):
    dependencies = [("bills", "0002_never_changes")]

    operations = [migrations.RunSQL(storage("external"), storage("extended"))]
