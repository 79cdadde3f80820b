"""The outbox: what is sent after commit, and every attempt to send it."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Outgoing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("after", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("channel", models.TextField()),
                ("to", models.TextField()),
                ("subject", models.TextField(db_default="", default="")),
                ("body", models.TextField()),
                (
                    "about",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
            ],
            options={
                "db_table": "base_outbox",
                "indexes": [
                    models.Index(fields=["after"], name="base_outbox_after"),
                    django.contrib.postgres.indexes.GinIndex(fields=["about"], name="base_outbox_about"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["sms", "email"])), name="base_outbox_channel"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("to", ""), _negated=True), models.Q(("body", ""), _negated=True)),
                        name="base_outbox_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingDone",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("outcome", models.TextField()),
                ("words", models.TextField(db_default="", default="")),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attempts", to="base.outgoing"
                    ),
                ),
            ],
            options={
                "db_table": "base_outboxdone",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["sent", "failed", "given_up"])), name="base_outboxdone_what"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "failed"), _negated=True),
                        fields=("message",),
                        name="base_outboxdone_ends_once",
                    ),
                ],
            },
        ),
        append_only("base_outbox", "base_outboxdone"),
    ]
