import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("base", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Cycle",
            fields=[
                ("code", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("every_days", models.SmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Tariff",
            fields=[
                ("code", models.TextField(primary_key=True, serialize=False)),
                ("service", models.TextField()),
                ("customer_class", models.TextField()),
                ("name", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="City",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("code", models.TextField(unique=True)),
                ("name", models.TextField()),
                ("time_zone", models.TextField()),
                ("body", models.JSONField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="decisions_city_one")],
            },
        ),
        migrations.CreateModel(
            name="PolicyValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("policy", models.TextField()),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("value", models.JSONField(null=True)),
                ("not_set", models.TextField(default="")),
                ("says", models.TextField()),
                ("authority", models.TextField()),
                ("source", models.TextField(default="")),
                ("confidence", models.TextField(default="")),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("policy", "="), ("valid", "&&")], name="decisions_policyvalue_no_overlap"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("authority", ""), _negated=True), name="decisions_policyvalue_authority"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value__isnull", False), models.Q(("not_set", ""), _negated=True), _connector="OR"
                        ),
                        name="decisions_policyvalue_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid__isempty", False), ("valid__lower_inf", False)),
                        name="decisions_policyvalue_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CycleDate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("read_on", models.DateField()),
                ("bill_on", models.DateField()),
                ("due_on", models.DateField(null=True)),
                (
                    "cycle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dates", to="decisions.cycle"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cycle", "bill_on"), name="decisions_cycledate_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bill_on__gte", models.F("read_on")),
                            models.Q(("due_on__isnull", True), ("due_on__gt", models.F("bill_on")), _connector="OR"),
                        ),
                        name="decisions_cycledate_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TariffVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("authority", models.TextField()),
                ("document", models.TextField()),
                ("sha256", models.BinaryField()),
                ("event_id", models.BigIntegerField()),
                (
                    "tariff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="decisions.tariff"
                    ),
                ),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("tariff", "="), ("valid", "&&")],
                        name="decisions_tariffversion_no_overlap",
                        violation_error_message="another version of this tariff holds on some of these days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("authority", ""), _negated=True), name="decisions_tariffversion_authority"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid__isempty", False), ("valid__lower_inf", False)),
                        name="decisions_tariffversion_days",
                    ),
                ],
            },
        ),
    ]
