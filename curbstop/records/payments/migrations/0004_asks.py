"""Money asked for and not here yet, what gateways report of it, and the payments that it becomes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

TABLES = [
    "payments_ask",
    "payments_askstarted",
    "payments_askended",
    "payments_cardday",
    "payments_cardpayment",
    "payments_gatewayreport",
    "payments_gatewayreportdone",
]


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("payments", "0003_deposit_due_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Ask",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("cents", models.BigIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("reference", models.TextField(unique=True)),
                ("gateway", models.TextField()),
                ("channel", models.TextField()),
                ("send_by", models.TextField(db_default="", default="")),
                ("send_to", models.TextField(db_default="", default="")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="asks", to="customers.account"
                    ),
                ),
                (
                    "asked_by",
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
            name="GatewayReport",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("received_at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("gateway", models.TextField()),
                ("gateway_event", models.TextField()),
                ("kind", models.TextField()),
                ("sha256", models.BinaryField()),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="AskEnded",
            fields=[
                (
                    "ask",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="ended",
                        serialize=False,
                        to="payments.ask",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("outcome", models.TextField()),
                ("reason", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="AskStarted",
            fields=[
                (
                    "ask",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="started",
                        serialize=False,
                        to="payments.ask",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("gateway_ref", models.TextField()),
                ("url", models.TextField(db_default="", default="")),
            ],
        ),
        migrations.CreateModel(
            name="CardDay",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                ("gateway", models.TextField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("gateway", "on"), name="payments_cardday_once")],
            },
        ),
        migrations.CreateModel(
            name="CardPayment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("no", models.BigIntegerField()),
                ("cents", models.BigIntegerField()),
                ("paid_at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("gateway", models.TextField()),
                ("payment_ref", models.TextField()),
                ("channel", models.TextField()),
                ("brand", models.TextField(db_default="", default="")),
                ("last_four", models.TextField(db_default="", default="")),
                ("given", models.TextField(db_default="", default="")),
                (
                    "ask",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="paid", to="payments.ask"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.series",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GatewayReportDone",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="done",
                        serialize=False,
                        to="payments.gatewayreport",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("outcome", models.TextField()),
                ("words", models.TextField(db_default="", default="")),
            ],
        ),
        migrations.AddConstraint(
            model_name="gatewayreport",
            constraint=models.UniqueConstraint(fields=("gateway", "gateway_event"), name="payments_gatewayreport_once"),
        ),
        migrations.AddConstraint(
            model_name="askended",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["failed", "expired", "cancelled"])),
                name="payments_askended_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="askended",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="payments_askended_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="ask",
            constraint=models.CheckConstraint(condition=models.Q(("cents__gt", 0)), name="payments_ask_positive"),
        ),
        migrations.AddConstraint(
            model_name="ask",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("asked_at"))), name="payments_ask_until"
            ),
        ),
        migrations.AddConstraint(
            model_name="ask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reference", ""), _negated=True), models.Q(("gateway", ""), _negated=True)
                ),
                name="payments_ask_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="ask",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["phone", "online", "terminal"])), name="payments_ask_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="ask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("send_by", ""), ("send_to", "")),
                    models.Q(("send_by__in", ["sms", "email"]), models.Q(("send_to", ""), _negated=True)),
                    _connector="OR",
                ),
                name="payments_ask_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="cardpayment",
            constraint=models.UniqueConstraint(fields=("gateway", "payment_ref"), name="payments_cardpayment_once"),
        ),
        migrations.AddConstraint(
            model_name="cardpayment",
            constraint=models.UniqueConstraint(fields=("series", "no"), name="payments_cardpayment_receipt"),
        ),
        migrations.AddConstraint(
            model_name="cardpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0)), name="payments_cardpayment_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="cardpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("payment_ref", ""), _negated=True), name="payments_cardpayment_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="cardpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_four__regex", "^([0-9]{4})?$")), name="payments_cardpayment_four"
            ),
        ),
        migrations.RunSQL(
            "alter table payments_cardpayment add constraint payments_cardpayment_its_receipt foreign key (series_id, no)"
            " references payments_receipt (series_id, no) deferrable initially deferred;",
            "alter table payments_cardpayment drop constraint payments_cardpayment_its_receipt;",
        ),
        append_only(*TABLES),
    ]
