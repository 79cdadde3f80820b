"""Issued bills, and what a run planned and did, are never changed: cancel and rebill, or calculate again before the
approval."""

from django.db import migrations

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("bills", "0001_initial")]

    operations = [
        append_only(
            "bills_run",
            "bills_runstep",
            "bills_chunk",
            "bills_bill",
            "bills_chunkdone",
            "bills_outcome",
            "bills_charge",
            "bills_chargebilled",
        ),
    ]
