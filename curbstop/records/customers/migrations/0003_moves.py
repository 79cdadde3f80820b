"""Moves, so that they can be undone; agreements that never were; landlords between tenants; waivers by law."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

ENDS_ONLY = """
create trigger never_changes before delete or update of id, premise_id, account_id, signed_on, event_id
  on customers_reversion for each row execute function public.never_changes();
create trigger never_truncates before truncate on customers_reversion
  for each statement execute function public.never_changes();
"""
UNDO = "drop trigger never_changes on customers_reversion; drop trigger never_truncates on customers_reversion;"


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_link"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Carried",
            fields=[
                ("agreement_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("from_agreement_id", models.BigIntegerField()),
                ("on", models.DateField()),
                ("one_cap", models.BooleanField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Move",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("on", models.DateField()),
                (
                    "begun",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "ended",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "charges",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="customers.account"
                    ),
                ),
                (
                    "from_premise",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.premise"
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="customers.premise"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reversion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("signed_on", models.DateField()),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reversions", to="customers.account"
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reversions", to="customers.premise"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Voided",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("tariff_id", models.TextField()),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("items", models.SmallIntegerField()),
                ("attributes", models.JSONField()),
                ("begun_event_id", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="voided", to="customers.account"
                    ),
                ),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="voided", to="customers.servicepoint"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Waiver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("paper", models.BinaryField()),
                ("seen_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MoveUndone",
            fields=[
                (
                    "move",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="undone",
                        serialize=False,
                        to="customers.move",
                    ),
                ),
                ("reason", models.TextField()),
                ("words", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason__in", ["changed_mind", "wrong_address", "our_error", "replaced"]),
                            models.Q(("words", ""), _negated=True),
                        ),
                        name="customers_moveundone_why",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["start", "transfer", "stop"])), name="customers_move_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("from_premise__isnull", False), ("kind", "transfer")),
                    models.Q(("from_premise__isnull", True), models.Q(("kind", "transfer"), _negated=True)),
                    _connector="OR",
                ),
                name="customers_move_from",
            ),
        ),
        migrations.AddConstraint(
            model_name="reversion",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("premise", "="), ("during", "&&")], name="customers_reversion_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="reversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False), ("during__lower_inf", False)),
                name="customers_reversion_days",
            ),
        ),
        append_only(
            "customers_move", "customers_moveundone", "customers_voided", "customers_carried", "customers_waiver"
        ),
        migrations.RunSQL(ENDS_ONLY, UNDO),
    ]
