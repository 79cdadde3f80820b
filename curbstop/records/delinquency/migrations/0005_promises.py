"""Extensions and arrangements as promised and as they ended; petitions in bankruptcy and what came of them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

TABLES = [
    "delinquency_extension", "delinquency_extensionend", "delinquency_arrangement", "delinquency_instalment",
    "delinquency_arrangementstep", "delinquency_instalmentreminded", "delinquency_petition",
    "delinquency_petitionstep",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_moves"),
        ("delinquency", "0004_ladder"),
        ("ledger", "0008_what_waits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("asked_on", models.DateField()),
                ("pay_by_on", models.DateField()),
                ("cents", models.BigIntegerField()),
                ("asks", models.TextField()),
                ("channel", models.TextField()),
                ("criteria", models.JSONField()),
                ("letter_id", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="extensions", to="customers.account"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="extension", to="delinquency.hold"
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.request"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Arrangement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("why", models.TextField()),
                ("catches_up", models.BigIntegerField(null=True)),
                ("cents", models.BigIntegerField()),
                (
                    "documents",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("offered_on", models.DateField()),
                ("terms", models.JSONField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="arrangements", to="customers.account"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.request"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ArrangementStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("step", models.TextField()),
                ("on", models.DateField()),
                ("says", models.TextField()),
                ("letter_id", models.BigIntegerField(null=True)),
                ("event_id", models.BigIntegerField()),
                (
                    "arrangement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="delinquency.arrangement",
                    ),
                ),
                (
                    "hold",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="arrangement_step",
                        to="delinquency.hold",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ExtensionEnd",
            fields=[
                (
                    "extension",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="end",
                        serialize=False,
                        to="delinquency.extension",
                    ),
                ),
                ("outcome", models.TextField()),
                ("on", models.DateField()),
                ("says", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Instalment",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "arrangement_id", "no", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("no", models.SmallIntegerField()),
                ("due_on", models.DateField()),
                ("cents", models.BigIntegerField()),
                (
                    "arrangement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instalments",
                        to="delinquency.arrangement",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InstalmentReminded",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "arrangement_id", "no", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("no", models.SmallIntegerField()),
                ("on", models.DateField()),
                ("letter_id", models.BigIntegerField(null=True)),
                ("event_id", models.BigIntegerField()),
                (
                    "arrangement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="delinquency.arrangement",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Petition",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("chapter", models.SmallIntegerField()),
                ("court", models.TextField()),
                ("case_no", models.TextField()),
                ("filed_on", models.DateField()),
                ("told_on", models.DateField()),
                ("assure_by_on", models.DateField()),
                ("txn_id", models.BigIntegerField(null=True)),
                ("cents", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="petitions", to="customers.account"
                    ),
                ),
                (
                    "assurance_hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="petition_assured",
                        to="delinquency.hold",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="petition", to="delinquency.hold"
                    ),
                ),
                (
                    "old_account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="petition_of", to="customers.account"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PetitionStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("step", models.TextField()),
                ("on", models.DateField()),
                ("says", models.TextField()),
                ("cents", models.BigIntegerField(null=True)),
                ("bill_id", models.BigIntegerField(null=True)),
                ("txn_id", models.BigIntegerField(null=True)),
                ("event_id", models.BigIntegerField()),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="delinquency.petition"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="arrangement",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0)), name="delinquency_arrangement_cents"
            ),
        ),
        migrations.AddConstraint(
            model_name="arrangement",
            constraint=models.CheckConstraint(
                condition=models.Q(("why__in", ["asked", "true_up", "rebill"])), name="delinquency_arrangement_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="arrangement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("catches_up__isnull", True), ("why", "asked")),
                    models.Q(models.Q(("why", "asked"), _negated=True), ("catches_up__isnull", False)),
                    _connector="OR",
                ),
                name="delinquency_arrangement_of",
            ),
        ),
        migrations.AddConstraint(
            model_name="arrangement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("catches_up__isnull", False)),
                fields=("account", "why", "catches_up"),
                name="delinquency_arrangement_offered_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="arrangementstep",
            constraint=models.UniqueConstraint(fields=("arrangement", "step"), name="delinquency_arrangementstep_once"),
        ),
        migrations.AddConstraint(
            model_name="arrangementstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("step__in", ["agreed", "declined", "lapsed", "kept", "broken", "withdrawn"])),
                name="delinquency_arrangementstep_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="arrangementstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hold__isnull", False), ("step", "agreed")),
                    models.Q(models.Q(("step", "agreed"), _negated=True), ("hold__isnull", True)),
                    _connector="OR",
                ),
                name="delinquency_arrangementstep_holds",
            ),
        ),
        migrations.AddConstraint(
            model_name="extensionend",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["kept", "broken", "withdrawn"])),
                name="delinquency_extensionend_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=models.Q(("pay_by_on__gte", models.F("asked_on"))), name="delinquency_extension_days"
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(condition=models.Q(("cents__gt", 0)), name="delinquency_extension_cents"),
        ),
        migrations.AddConstraint(
            model_name="instalment",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), ("no__gte", 0)), name="delinquency_instalment_cents"
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(("chapter__in", [7, 9, 11, 12, 13])), name="delinquency_petition_chapter"
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("court", ""), _negated=True), models.Q(("case_no", ""), _negated=True)),
                name="delinquency_petition_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("assure_by_on__gt", models.F("filed_on")),
                    ("cents__gte", 0),
                    ("told_on__gte", models.F("filed_on")),
                ),
                name="delinquency_petition_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.UniqueConstraint(fields=("account", "case_no"), name="delinquency_petition_once"),
        ),
        migrations.AddConstraint(
            model_name="petitionstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("step__in", ["assured", "not_assured", "fenced", "set_off", "dismissed", "discharged"]),
                    models.Q(("says", ""), _negated=True),
                ),
                name="delinquency_petitionstep_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="petitionstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("bill_id__isnull", False), ("step", "fenced")),
                    models.Q(models.Q(("step", "fenced"), _negated=True), ("bill_id__isnull", True)),
                    _connector="OR",
                ),
                name="delinquency_petitionstep_bill",
            ),
        ),
        migrations.AddConstraint(
            model_name="petitionstep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("bill_id__isnull", False)),
                fields=("petition", "bill_id"),
                name="delinquency_petitionstep_bill_once",
            ),
        ),
        append_only(*TABLES),
    ]
