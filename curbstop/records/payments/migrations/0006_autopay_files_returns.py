"""Autopay, files of the bank, rows in quarantine, what was returned and what followed; and how a payment came."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

TABLES = [
    "payments_enrolment",
    "payments_enrolmentend",
    "payments_draftallowed",
    "payments_draftrun",
    "payments_draftplan",
    "payments_draftfile",
    "payments_draftentry",
    "payments_draftposted",
    "payments_bankfile",
    "payments_quarantined",
    "payments_quarantinesettled",
    "payments_moneyowner",
    "payments_returned",
    "payments_cashonly",
    "payments_cashonlylifted",
    "payments_letter",
    "payments_lettermade",
    "payments_pledge",
]


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("payments", "0005_refunds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CashOnly",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField()),
                ("reason", models.TextField()),
                ("refuses", models.TextField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DraftRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("through_on", models.DateField()),
                ("effective_on", models.DateField()),
                ("same_day", models.BooleanField()),
                ("planned_on", models.DateField()),
                ("accounts", models.IntegerField()),
                ("drafts", models.IntegerField()),
                ("cents", models.BigIntegerField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Enrolment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField()),
                ("holder", models.TextField()),
                ("routing", models.TextField()),
                ("account_box", models.BinaryField()),
                ("account_blind", models.BinaryField(db_index=True)),
                ("last_four", models.TextField()),
                ("account_type", models.TextField()),
                ("sec", models.TextField()),
                ("limit_cents", models.BigIntegerField(null=True)),
                ("draft_day", models.SmallIntegerField(null=True)),
                ("authorised_on", models.DateField()),
                ("evidence", models.TextField()),
                ("why", models.TextField()),
                ("prenote", models.BooleanField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "follows",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followed_by",
                        to="payments.enrolment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("says", models.TextField()),
                ("facts", models.JSONField()),
                ("queued_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Quarantined",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("line", models.IntegerField()),
                ("text", models.TextField()),
                ("why", models.TextField()),
                ("cents", models.BigIntegerField(null=True)),
                ("account_number", models.TextField(db_default="", default="")),
                ("reference", models.TextField(db_default="", default="")),
            ],
        ),
        migrations.AddField(
            model_name="receipt",
            name="came_by",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.CreateModel(
            name="BankFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("layout", models.TextField()),
                ("name", models.TextField()),
                ("sha256", models.BinaryField()),
                ("body_box", models.BinaryField()),
                ("received_on", models.DateField()),
                ("rows", models.IntegerField()),
                ("cents", models.BigIntegerField()),
                ("quarantined", models.IntegerField()),
                ("batch_id", models.BigIntegerField(null=True)),
                ("remarks", models.TextField(db_default="", default="")),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("layout", "sha256"), name="payments_bankfile_once")],
            },
        ),
        migrations.CreateModel(
            name="DraftAllowed",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("cents", models.BigIntegerField()),
                ("until_on", models.DateField()),
                ("how", models.TextField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DraftFile",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="payments.draftrun",
                    ),
                ),
                ("name", models.TextField(unique=True)),
                ("created_at", models.DateTimeField()),
                ("modifier", models.TextField()),
                ("entries", models.IntegerField()),
                ("cents", models.BigIntegerField()),
                ("sha256", models.BinaryField()),
                ("body_box", models.BinaryField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="EnrolmentEnd",
            fields=[
                (
                    "enrolment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="end",
                        serialize=False,
                        to="payments.enrolment",
                    ),
                ),
                ("until_on", models.DateField()),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="DraftPlan",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.TextField()),
                ("cents", models.BigIntegerField()),
                (
                    "document_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("says", models.TextField()),
                ("again_of", models.TextField(db_default="", default="")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="plans", to="payments.draftrun"
                    ),
                ),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.enrolment"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DraftEntry",
            fields=[
                ("trace", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("times", models.SmallIntegerField()),
                (
                    "document_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "again_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presented_again",
                        to="payments.draftentry",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="payments.draftrun"
                    ),
                ),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.enrolment"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LetterMade",
            fields=[
                (
                    "letter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="made",
                        serialize=False,
                        to="payments.letter",
                    ),
                ),
                ("made_on", models.DateField()),
                ("how", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Pledge",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("agency", models.TextField()),
                ("reference", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("accepted_on", models.DateField()),
                ("due_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QuarantineSettled",
            fields=[
                (
                    "row",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="settled",
                        serialize=False,
                        to="payments.quarantined",
                    ),
                ),
                ("how", models.TextField()),
                ("reason", models.TextField()),
                ("batch_row_no", models.IntegerField(null=True)),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="quarantined",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="quarantine", to="payments.bankfile"
            ),
        ),
        migrations.CreateModel(
            name="MoneyOwner",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("document_id", models.BigIntegerField(db_index=True, null=True)),
                ("event_id", models.BigIntegerField()),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owners",
                        to="payments.quarantined",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Returned",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("line", models.IntegerField(null=True)),
                ("code", models.TextField()),
                ("reason", models.TextField()),
                ("trace", models.TextField(db_default="", db_index=True, default="")),
                ("outcome", models.TextField()),
                ("series_id", models.IntegerField(null=True)),
                ("no", models.BigIntegerField(null=True)),
                ("cents", models.BigIntegerField()),
                ("tender", models.TextField(db_default="", default="")),
                ("returned_on", models.DateField()),
                ("txn_id", models.BigIntegerField(null=True)),
                ("fee_cents", models.BigIntegerField(db_default=0, default=0)),
                ("fee_document_id", models.BigIntegerField(null=True)),
                ("make_good_on", models.DateField(null=True)),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="payments.bankfile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CashOnlyLifted",
            fields=[
                (
                    "mark",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="lifted",
                        serialize=False,
                        to="payments.cashonly",
                    ),
                ),
                ("lifted_on", models.DateField()),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="payments_cashonlylifted_reason"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="cashonly",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until_on__gt", models.F("from_on")),
                    models.Q(("reason", ""), _negated=True),
                    models.Q(("refuses", ""), _negated=True),
                ),
                name="payments_cashonly_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftallowed",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), models.Q(("how", ""), _negated=True)),
                name="payments_draftallowed_said",
            ),
        ),
        migrations.CreateModel(
            name="DraftPosted",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="posted",
                        serialize=False,
                        to="payments.draftfile",
                    ),
                ),
                ("batch_id", models.BigIntegerField(null=True)),
                ("posted_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="enrolmentend",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="payments_enrolmentend_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("follows__isnull", True)), fields=("account",), name="payments_enrolment_one_line"
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(("routing__regex", "^[0-9]{9}$")), name="payments_enrolment_routing"
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("account_type__in", ["checking", "savings"]), ("sec__in", ["PPD", "WEB", "TEL", "CCD"])
                ),
                name="payments_enrolment_kinds",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit_cents__isnull", True), ("limit_cents__gt", 0), _connector="OR"),
                name="payments_enrolment_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(("draft_day__isnull", True), ("draft_day__range", (1, 28)), _connector="OR"),
                name="payments_enrolment_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("holder", ""), _negated=True),
                    models.Q(("evidence", ""), _negated=True),
                    models.Q(("why", ""), _negated=True),
                ),
                name="payments_enrolment_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_four__regex", "^[0-9A-Za-z]{2,4}$")), name="payments_enrolment_last_four"
            ),
        ),
        migrations.AddConstraint(
            model_name="draftplan",
            constraint=models.UniqueConstraint(fields=("run", "account", "again_of"), name="payments_draftplan_once"),
        ),
        migrations.AddConstraint(
            model_name="draftplan",
            constraint=models.CheckConstraint(condition=models.Q(("cents__gte", 0)), name="payments_draftplan_cents"),
        ),
        migrations.AddConstraint(
            model_name="draftentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cents", 0), ("kind", "prenote")),
                    models.Q(("cents__gt", 0), ("kind__in", ["draft", "again"])),
                    _connector="OR",
                ),
                name="payments_draftentry_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("again_of__isnull", False), ("kind", "again"), ("times__range", (1, 2))),
                    models.Q(models.Q(("kind", "again"), _negated=True), ("again_of__isnull", True), ("times", 0)),
                    _connector="OR",
                ),
                name="payments_draftentry_twice",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("again_of__isnull", False)),
                fields=("again_of",),
                name="payments_draftentry_again_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="pledge",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), models.Q(("agency", ""), _negated=True)),
                name="payments_pledge_told",
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantinesettled",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("batch_row_no__isnull", False), ("how", "posted")),
                        models.Q(("batch_row_no__isnull", True), ("how", "dropped")),
                        _connector="OR",
                    ),
                    models.Q(("reason", ""), _negated=True),
                ),
                name="payments_quarantinesettled_how",
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantined",
            constraint=models.UniqueConstraint(fields=("file", "line"), name="payments_quarantined_once"),
        ),
        migrations.AddConstraint(
            model_name="quarantined",
            constraint=models.CheckConstraint(
                condition=models.Q(("why", ""), _negated=True), name="payments_quarantined_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyowner",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("document_id__isnull", False), ("row__isnull", True)),
                    models.Q(("document_id__isnull", True), ("row__isnull", False)),
                    _connector="OR",
                ),
                name="payments_moneyowner_of_one",
            ),
        ),
        migrations.AddIndex(
            model_name="returned",
            index=models.Index(fields=["account", "returned_on"], name="payments_returned_account"),
        ),
        migrations.AddConstraint(
            model_name="returned",
            constraint=models.UniqueConstraint(
                condition=models.Q(("file__isnull", False)), fields=("file", "line"), name="payments_returned_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="returned",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gte", 0), ("fee_cents__gte", 0)), name="payments_returned_amounts"
            ),
        ),
        append_only(*TABLES),
    ]
