"""The ladder: nights, steps, cut-off lists and their orders, forecasts."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_people_marks_programmes"),
        ("delinquency", "0003_holds"),
        ("orders", "0003_refuse"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CutList",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("cutoff_on", models.DateField(db_index=True)),
                ("frozen_on", models.DateField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
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
            name="CutRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("listed", models.BooleanField()),
                ("code", models.TextField()),
                ("says", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("anchor", models.BigIntegerField(null=True)),
                ("hold_id", models.BigIntegerField(null=True)),
                ("moves_to", models.DateField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rows",
                        to="delinquency.cutlist",
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.premise",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Forecast",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("on", models.DateField(db_index=True)),
                ("low_f", models.SmallIntegerField()),
                ("heat_f", models.SmallIntegerField()),
                ("source", models.TextField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
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
            name="Night",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("on", models.DateField(unique=True)),
                ("accounts", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
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
            name="NightChunk",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "night_id", "no", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("no", models.IntegerField()),
                (
                    "account_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "night",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chunks",
                        to="delinquency.night",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NightChunkDone",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "night_id", "no", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("no", models.IntegerField()),
                ("counts", models.JSONField()),
                ("event_id", models.BigIntegerField()),
                (
                    "night",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="done",
                        to="delinquency.night",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "night_id", "account_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.TextField()),
                ("owed_cents", models.BigIntegerField()),
                ("anchor", models.BigIntegerField(null=True)),
                ("next_on", models.DateField(null=True)),
                ("cutoff_on", models.DateField(null=True)),
                ("hold_id", models.BigIntegerField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.account",
                    ),
                ),
                (
                    "night",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outcomes",
                        to="delinquency.night",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("anchor", models.BigIntegerField()),
                ("rung", models.TextField()),
                ("on", models.DateField()),
                ("cents", models.BigIntegerField()),
                ("cutoff_on", models.DateField(null=True)),
                ("letter_id", models.BigIntegerField(null=True)),
                ("contact_id", models.BigIntegerField(null=True)),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="customers.account",
                    ),
                ),
                (
                    "night",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="delinquency.night",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CutSigned",
            fields=[
                (
                    "list",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="signed",
                        serialize=False,
                        to="delinquency.cutlist",
                    ),
                ),
                ("on", models.DateField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
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
            name="CutOrder",
            fields=[
                (
                    "row",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="ordered",
                        serialize=False,
                        to="delinquency.cutrow",
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cut_row", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="cutrow",
            constraint=models.UniqueConstraint(fields=("list", "account"), name="delinquency_cutrow_once"),
        ),
        migrations.AddConstraint(
            model_name="cutrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("anchor__isnull", False), ("cents__gt", 0), ("listed", True), ("premise__isnull", False)),
                    models.Q(("listed", False), models.Q(("says", ""), _negated=True)),
                    _connector="OR",
                ),
                name="delinquency_cutrow_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="forecast",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", ""), _negated=True), name="delinquency_forecast_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "code__in",
                        [
                            "nothing_due",
                            "closed",
                            "final_letter",
                            "to_write_off",
                            "off",
                            "off_check",
                            "to_close",
                            "ordered",
                            "listed",
                            "under_minimum",
                            "held",
                            "payment_pending",
                            "not_set",
                            "waits",
                            "remind",
                            "notify",
                            "to_call",
                            "hang",
                            "ready",
                        ],
                    )
                ),
                name="delinquency_outcome_known",
            ),
        ),
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["account", "anchor"], name="delinquency_step_of"),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(("rung__in", ["reminder", "notice", "call", "hanger", "off_check", "final"])),
                name="delinquency_step_rung",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rung", "notice"), _negated=True),
                    models.Q(("cents__gt", 0), ("cutoff_on__isnull", False)),
                    _connector="OR",
                ),
                name="delinquency_step_tells",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.UniqueConstraint(
                condition=models.Q(("night__isnull", False)),
                fields=("night", "account", "rung"),
                name="delinquency_step_once_a_night",
            ),
        ),
        append_only(
            "delinquency_night",
            "delinquency_nightchunk",
            "delinquency_nightchunkdone",
            "delinquency_outcome",
            "delinquency_step",
            "delinquency_cutlist",
            "delinquency_cutrow",
            "delinquency_cutsigned",
            "delinquency_cutorder",
            "delinquency_forecast",
        ),
    ]
