"""A deposit is asked for no longer where the move that asked for it was undone: no request then."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0009_ask_reader")]

    operations = [
        migrations.AlterField(
            model_name="depositwaived",
            name="request",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.request"
            ),
        ),
    ]
