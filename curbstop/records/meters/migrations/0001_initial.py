import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("customers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Read",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("read_on", models.DateField()),
                ("register", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("source", models.TextField()),
                ("reader", models.TextField(default="")),
                ("usage_gal", models.BigIntegerField(default=0)),
                (
                    "findings",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Meter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("serial", models.TextField(unique=True)),
                ("size", models.TextField()),
                ("dials", models.SmallIntegerField()),
                ("gal_per_unit", models.IntegerField()),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("dials__range", (3, 10)), ("gal_per_unit__gte", 1)),
                        name="meters_meter_register",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="installations",
                        to="customers.servicepoint",
                    ),
                ),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="installations", to="meters.meter"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReadDecision",
            fields=[
                (
                    "read",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="decision",
                        serialize=False,
                        to="meters.read",
                    ),
                ),
                ("outcome", models.TextField(choices=[("accept", "Accept"), ("reject", "Reject")])),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="read",
            name="installation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reads",
                to="meters.installation",
            ),
        ),
        migrations.AddField(
            model_name="read",
            name="previous",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="meters.read"
            ),
        ),
        migrations.AddField(
            model_name="read",
            name="replaces",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replaced_by", to="meters.read"
            ),
        ),
        migrations.AddField(
            model_name="read",
            name="service_point",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reads",
                to="customers.servicepoint",
            ),
        ),
        migrations.CreateModel(
            name="Average",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("gal", models.BigIntegerField()),
                (
                    "reads",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("event_id", models.BigIntegerField()),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="averages", to="customers.agreement"
                    ),
                ),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("agreement", "="), ("during", "&&")], name="meters_average_no_overlap"
                    ),
                    models.CheckConstraint(condition=models.Q(("gal__gte", 0)), name="meters_average_gal"),
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False), ("during__lower_inf", False)),
                        name="meters_average_days",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("service_point", "="), ("during", "&&")], name="meters_installation_one_meter"
            ),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("meter", "="), ("during", "&&")], name="meters_installation_one_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False), ("during__lower_inf", False)),
                name="meters_installation_days",
            ),
        ),
        migrations.AddField(
            model_name="readdecision",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="read",
            index=models.Index(fields=["service_point", "read_on"], name="meters_read_point_day"),
        ),
        migrations.AddIndex(
            model_name="read",
            index=models.Index(fields=["installation", "read_on"], name="meters_read_installation_day"),
        ),
        migrations.AddIndex(
            model_name="read",
            index=models.Index(
                condition=models.Q(("findings", []), _negated=True), fields=["read_on"], name="meters_read_findings"
            ),
        ),
        migrations.AddConstraint(
            model_name="read",
            constraint=models.CheckConstraint(condition=models.Q(("register__gte", 0)), name="meters_read_register"),
        ),
        migrations.AddConstraint(
            model_name="read",
            constraint=models.CheckConstraint(
                condition=models.Q(("replaces", models.F("id")), _negated=True), name="meters_read_not_itself"
            ),
        ),
        migrations.AddConstraint(
            model_name="read",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["initial", "opening", "regular", "final", "removed", "check", "estimated"])
                ),
                name="meters_read_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="read",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaces__isnull", True)),
                fields=("installation", "read_on"),
                name="meters_read_once_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="readdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["accept", "reject"]), models.Q(("reason", ""), _negated=True)),
                name="meters_readdecision_says_why",
            ),
        ),
        append_only("meters_read", "meters_readdecision"),
    ]
