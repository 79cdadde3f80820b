import django.db.models.deletion
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [("bills", "0001_initial"), ("ledger", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LateRun",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="late",
                        serialize=False,
                        to="bills.run",
                    ),
                ),
                ("on", models.DateField()),
                ("bills", models.IntegerField()),
                ("cents", models.BigIntegerField()),
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
        ),
        migrations.CreateModel(
            name="LateCharge",
            fields=[
                (
                    "bill",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="late_charge",
                        serialize=False,
                        to="bills.bill",
                    ),
                ),
                ("document_id", models.BigIntegerField(unique=True)),
                ("cents", models.BigIntegerField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="late_charges", to="bills.run"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("cents__gt", 0)), name="delinquency_latecharge_positive")
                ]
            },
        ),
        append_only("delinquency_laterun", "delinquency_latecharge"),
    ]
