"""Voids, which are reversals by two people on the same day; and money of a receipt that was another account's."""

import django.db.models.deletion
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

# a key of two columns, which Django cannot declare
KEY = """
alter table payments_moved add constraint payments_moved_receipt_key foreign key (series_id, no)
  references payments_receipt (series_id, no) deferrable initially deferred;
"""
UNDO = "alter table payments_moved drop constraint payments_moved_receipt_key;"


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_link"),
        ("ledger", "0004_approvals"),
        ("payments", "0006_autopay_files_returns"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="reversal", name="payments_reversal_why"),
        migrations.AddConstraint(
            model_name="reversal",
            constraint=models.CheckConstraint(
                condition=models.Q(("why__in", ["returned", "misposted", "voided"])), name="payments_reversal_why"
            ),
        ),
        migrations.CreateModel(
            name="Moved",
            fields=[
                (
                    "txn",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="ledger.transaction",
                    ),
                ),
                ("no", models.BigIntegerField()),
                ("cents", models.BigIntegerField()),
                ("event_id", models.BigIntegerField()),
                (
                    "from_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.series",
                    ),
                ),
                (
                    "to_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["series", "no"], name="payments_moved_receipt")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("cents__gt", 0)), name="payments_moved_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("from_account", models.F("to_account")), _negated=True),
                        name="payments_moved_elsewhere",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEY, UNDO),
        append_only("payments_moved"),
    ]
