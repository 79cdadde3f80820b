"""Facts that rates ask for, by the day from which they hold; and those that each bill was rated from."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from curbstop.records.base.append_only import append_only


def of(model: str) -> models.ForeignKey:
    return models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=model)


def unchecked(model: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=model
    )


class Migration(migrations.Migration):
    dependencies = [
        ("bills", "0003_plain_arrays"),
        ("customers", "0001_initial"),
        ("meters", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField()),
                ("value", models.TextField()),
                ("from_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                ("account", of("customers.account")),
                ("premise", of("customers.premise")),
                ("service_point", of("customers.servicepoint")),
                ("meter", of("meters.meter")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("name__regex", "^[a-z][a-z0-9_]{0,39}$")), name="bills_fact_name"
                    ),
                    models.CheckConstraint(
                        condition=Q(("value__regex", "^[^[:cntrl:]]{0,100}$")), name="bills_fact_value"
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=Q(("account", None), ("meter", None), ("premise", None), ("service_point", None)),
                        fields=["name", "from_on"],
                        name="bills_fact_city",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Given",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id", "agreement_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("facts", models.JSONField()),
                ("average", models.JSONField(null=True)),
                ("agreement", unchecked("customers.agreement")),
                ("run", unchecked("bills.run")),
            ],
        ),
        migrations.RunSQL(
            "alter table bills_fact add constraint bills_fact_of_one"
            " check (num_nonnulls(account_id, premise_id, service_point_id, meter_id) <= 1)",
            "alter table bills_fact drop constraint bills_fact_of_one",
        ),
        append_only("bills_fact", "bills_given"),
    ]
