"""Holds: rows with reason, authority, days and owner; the row that releases one; the day it came back."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_moves"),
        ("delinquency", "0002_late_held"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("reason", models.TextField()),
                ("authority", models.TextField()),
                (
                    "documents",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("cents", models.BigIntegerField(null=True)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField(null=True)),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="customers.account"
                    ),
                ),
                (
                    "follows",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followed_by",
                        to="delinquency.hold",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="customers.premise",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HoldComesBack",
            fields=[
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="comes_back",
                        serialize=False,
                        to="delinquency.hold",
                    ),
                ),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="HoldRelease",
            fields=[
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="release",
                        serialize=False,
                        to="delinquency.hold",
                    ),
                ),
                ("on", models.DateField()),
                ("says", models.TextField()),
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
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "extension",
                            "arrangement",
                            "dispute",
                            "medical",
                            "bankruptcy",
                            "pledge",
                            "weather",
                            "government",
                            "life_support",
                            "disaster",
                            "pending_payment",
                            "returned_mail",
                        ],
                    )
                ),
                name="delinquency_hold_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("authority", ""), _negated=True), name="delinquency_hold_authority"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_on__isnull", True), ("until_on__gt", models.F("from_on")), _connector="OR"),
                name="delinquency_hold_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__isnull", True), ("cents__gt", 0), _connector="OR"),
                name="delinquency_hold_cents",
            ),
        ),
        migrations.AddConstraint(
            model_name="holdrelease",
            constraint=models.CheckConstraint(
                condition=models.Q(("says", ""), _negated=True), name="delinquency_holdrelease_why"
            ),
        ),
        append_only("delinquency_hold", "delinquency_holdrelease", "delinquency_holdcomesback"),
    ]
