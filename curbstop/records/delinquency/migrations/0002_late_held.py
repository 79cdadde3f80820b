"""Late charges that wait while a payment is on its way."""

import django.db.models.deletion
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("bills", "0003_plain_arrays"),
        ("delinquency", "0001_initial"),
        ("ledger", "0003_rights"),
    ]

    operations = [
        migrations.CreateModel(
            name="LateHeld",
            fields=[
                (
                    "bill",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="late_held",
                        serialize=False,
                        to="bills.bill",
                    ),
                ),
                ("code", models.TextField()),
                ("event_id", models.BigIntegerField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="late_held", to="bills.run"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LateSettled",
            fields=[
                (
                    "held",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="settled",
                        serialize=False,
                        to="delinquency.lateheld",
                    ),
                ),
                ("outcome", models.TextField()),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "txn",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.transaction",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "spared"), ("txn__isnull", True)),
                            models.Q(("outcome", "charged"), ("txn__isnull", False)),
                            _connector="OR",
                        ),
                        name="delinquency_latesettled_what",
                    )
                ],
            },
        ),
        append_only("delinquency_lateheld", "delinquency_latesettled"),
    ]
