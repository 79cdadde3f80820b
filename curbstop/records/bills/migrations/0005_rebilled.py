import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("bills", "0004_facts"),
        ("customers", "0002_link"),
        ("decisions", "0004_versions_never_change"),
        ("ledger", "0005_closing"),
        ("meters", "0002_decided_reads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Cancelled",
            fields=[
                (
                    "bill",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="cancelled",
                        serialize=False,
                        to="bills.bill",
                    ),
                ),
                ("txn_id", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="TrueUp",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bill_id", "read_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="true_ups", to="bills.bill"
                    ),
                ),
                (
                    "read",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="meters.read"),
                ),
                ("gal", models.BigIntegerField()),
                ("cents", models.BigIntegerField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="outcome",
            name="bills_outcome_billed_once",
        ),
        migrations.RemoveConstraint(
            model_name="run",
            name="bills_run_once",
        ),
        migrations.AddField(
            model_name="outcome",
            name="rebills",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="rebills",
            field=models.BigIntegerField(null=True, unique=True),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                condition=models.Q(("code", "billed"), ("rebills__isnull", True)),
                fields=("agreement", "from_on"),
                name="bills_outcome_billed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                condition=models.Q(("code", "billed"), ("rebills__isnull", False)),
                fields=("agreement", "from_on", "rebills"),
                name="bills_outcome_rebilled_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("rebills__isnull", True)), fields=("cycle", "bill_on"), name="bills_run_once"
            ),
        ),
        migrations.AddField(
            model_name="cancelled",
            name="first",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="bills.bill"),
        ),
        migrations.AddField(
            model_name="cancelled",
            name="replaced_by",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="replaces", to="bills.bill"
            ),
        ),
        migrations.AddField(
            model_name="cancelled",
            name="request",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.request"),
        ),
        append_only("bills_cancelled", "bills_trueup"),
    ]
