"""Deposits decided and waived, refunds and their checks, debts with an agency: rows that never change."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

TABLES = [
    "payments_depositdecision",
    "payments_depositwaived",
    "payments_refund",
    "payments_payablesfile",
    "payments_refundsent",
    "payments_refundcheck",
    "payments_refundoutcome",
    "payments_refundnotice",
    "payments_payablesreturn",
    "payments_agencyfile",
    "payments_placement",
    "payments_recall",
    "payments_agencypaid",
]

# a file is re-sent byte for byte: what is stored is what its digest says
DIGESTS = """
alter table payments_payablesfile add constraint payments_payablesfile_sha256 check (sha256 = sha256(body));
alter table payments_payablesreturn add constraint payments_payablesreturn_sha256 check (sha256 = sha256(body));
alter table payments_agencyfile add constraint payments_agencyfile_sha256 check (sha256 = sha256(body));
"""
UNDO = """
alter table payments_payablesfile drop constraint payments_payablesfile_sha256;
alter table payments_payablesreturn drop constraint payments_payablesreturn_sha256;
alter table payments_agencyfile drop constraint payments_agencyfile_sha256;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_link"),
        ("ledger", "0004_approvals"),
        ("payments", "0004_asks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Placement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.TextField()),
                ("placed_on", models.DateField()),
                ("cents", models.BigIntegerField()),
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
            name="RefundSent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.SmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="AgencyFile",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("file_id", models.TextField(unique=True)),
                ("agency", models.TextField()),
                ("kind", models.TextField()),
                ("on", models.DateField()),
                ("rows", models.IntegerField()),
                ("cents", models.BigIntegerField()),
                ("commission_cents", models.BigIntegerField(db_default=0, default=0)),
                ("sha256", models.BinaryField()),
                ("body", models.BinaryField()),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "sha256"), name="payments_agencyfile_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["placement", "recall", "remittance"])),
                        name="payments_agencyfile_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0), ("commission_cents__gte", 0), ("rows__gt", 0)),
                        name="payments_agencyfile_full",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayablesFile",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("file_id", models.TextField(unique=True)),
                ("layout", models.TextField()),
                ("made_on", models.DateField()),
                ("rows", models.IntegerField()),
                ("cents", models.BigIntegerField()),
                ("sha256", models.BinaryField()),
                ("body", models.BinaryField()),
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
            name="PayablesReturn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.BinaryField(unique=True)),
                ("name", models.TextField()),
                ("layout", models.TextField()),
                ("received_on", models.DateField()),
                ("rows", models.IntegerField()),
                ("body", models.BinaryField()),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="payments_payablesreturn_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Recall",
            fields=[
                (
                    "placement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="recall",
                        serialize=False,
                        to="payments.placement",
                    ),
                ),
                ("recalled_on", models.DateField()),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="placement",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="placements", to="payments.agencyfile"
            ),
        ),
        migrations.CreateModel(
            name="AgencyPaid",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.SmallIntegerField()),
                ("cents", models.BigIntegerField()),
                ("commission_cents", models.BigIntegerField()),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="paid", to="payments.agencyfile"
                    ),
                ),
                (
                    "txn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.transaction"
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="paid", to="payments.placement"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("cents", models.BigIntegerField()),
                ("source", models.TextField()),
                ("payee", models.TextField()),
                ("mail_to", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("approved_on", models.DateField()),
                ("ended_on", models.DateField(null=True)),
                ("due_on", models.DateField(null=True)),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.request"
                    ),
                ),
                (
                    "txn",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.transaction"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RefundCheck",
            fields=[
                (
                    "sent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="check_cut",
                        serialize=False,
                        to="payments.refundsent",
                    ),
                ),
                ("number", models.TextField(unique=True)),
                ("dated_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RefundNotice",
            fields=[
                (
                    "sent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="notice",
                        serialize=False,
                        to="payments.refundsent",
                    ),
                ),
                ("mailed_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("mail_to", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("words", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RefundOutcome",
            fields=[
                (
                    "sent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="outcome",
                        serialize=False,
                        to="payments.refundsent",
                    ),
                ),
                ("outcome", models.TextField()),
                ("on", models.DateField()),
                ("reason", models.TextField(db_default="", default="")),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="refundsent",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="payments.payablesfile"
            ),
        ),
        migrations.AddField(
            model_name="refundsent",
            name="refund",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="sent", to="payments.refund"
            ),
        ),
        migrations.AddField(
            model_name="refundsent",
            name="txn",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.transaction"
            ),
        ),
        migrations.CreateModel(
            name="DepositDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("decided_on", models.DateField()),
                ("why", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("policy", models.TextField()),
                ("says", models.TextField()),
                ("authority", models.TextField()),
                ("working", models.JSONField()),
                ("event_id", models.BigIntegerField(unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
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
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cents__gte", 0)), name="payments_depositdecision_cents"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("why__in", ["start", "increase"])), name="payments_depositdecision_why"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("policy", ""), _negated=True), models.Q(("authority", ""), _negated=True)
                        ),
                        name="payments_depositdecision_authority",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DepositWaived",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cents", models.BigIntegerField()),
                ("event_id", models.BigIntegerField()),
                (
                    "demand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="waived", to="payments.depositdemand"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.request"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("demand", "request"), name="payments_depositwaived_once"),
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)), name="payments_depositwaived_positive"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="payablesfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), ("rows__gt", 0)), name="payments_payablesfile_full"
            ),
        ),
        migrations.AddConstraint(
            model_name="recall",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="payments_recall_reason"
            ),
        ),
        migrations.AddField(
            model_name="placement",
            name="follows",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="followed_by", to="payments.recall"
            ),
        ),
        migrations.AddConstraint(
            model_name="agencypaid",
            constraint=models.UniqueConstraint(fields=("file", "line"), name="payments_agencypaid_line"),
        ),
        migrations.AddConstraint(
            model_name="agencypaid",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cents__gt", 0), ("commission_cents__gte", 0), ("commission_cents__lte", models.F("cents"))
                ),
                name="payments_agencypaid_amounts",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(condition=models.Q(("cents__gt", 0)), name="payments_refund_positive"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["deposit", "credit"])), name="payments_refund_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("payee", ""), _negated=True), name="payments_refund_payee"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundcheck",
            constraint=models.CheckConstraint(
                condition=models.Q(("number", ""), _negated=True), name="payments_refundcheck_number"
            ),
        ),
        migrations.AddField(
            model_name="refundnotice",
            name="txn",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.transaction"
            ),
        ),
        migrations.AddField(
            model_name="refundoutcome",
            name="txn",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.transaction"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundsent",
            constraint=models.UniqueConstraint(fields=("file", "line"), name="payments_refundsent_line"),
        ),
        migrations.AddConstraint(
            model_name="refundsent",
            constraint=models.UniqueConstraint(fields=("file", "refund"), name="payments_refundsent_once"),
        ),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), models.Q(("agency", ""), _negated=True)),
                name="payments_placement_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("follows__isnull", True)), fields=("account",), name="payments_placement_one_first"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gt", models.F("mailed_on")), models.Q(("words", ""), _negated=True)),
                name="payments_refundnotice_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundoutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["cashed", "stopped", "unclaimed"])),
                name="payments_refundoutcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundoutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "stopped"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="payments_refundoutcome_reason",
            ),
        ),
        migrations.RunSQL(DIGESTS, UNDO),
        append_only(*TABLES),
    ]
