"""Requests, their evidence and their verdict: nobody gives money away alone.

A transaction's ``approval_id`` refers to the request as approved: ``ledger_verdict.approved_id``, which is generated and
null for a request that was refused or withdrawn. So the database itself refuses a transaction that gives money away
before, or without, the approval of a second person.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

KEYS = """
alter table ledger_verdict add constraint ledger_verdict_as_asked foreign key (request_id, asked_by_id)
  references ledger_request (id, asked_by_id) deferrable initially deferred;
alter table ledger_transaction add constraint ledger_transaction_approved_by_verdict foreign key (approval_id)
  references ledger_verdict (approved_id) deferrable initially deferred;
create index ledger_transaction_approval on ledger_transaction (approval_id) where approval_id is not null;
alter table ledger_evidence add constraint ledger_evidence_sha256 check (sha256 = sha256(body) and body <> '');
"""
UNDO = """
drop index ledger_transaction_approval;
alter table ledger_transaction drop constraint ledger_transaction_approved_by_verdict;
alter table ledger_verdict drop constraint ledger_verdict_as_asked;
alter table ledger_evidence drop constraint ledger_evidence_sha256;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Request",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                (
                    "account_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("cents", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("words", models.TextField()),
                ("inputs", models.JSONField()),
                ("weighed", models.JSONField()),
                ("held_cents", models.BigIntegerField(default=0)),
                ("limits", models.TextField(default="")),
                ("needs_evidence", models.BooleanField(default=True)),
                ("asked_on", models.DateField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
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
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("media", models.TextField()),
                ("sha256", models.BinaryField()),
                ("body", models.BinaryField()),
                (
                    "request",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="ledger.request",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Verdict",
            fields=[
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="verdict",
                        serialize=False,
                        to="ledger.request",
                    ),
                ),
                ("step", models.TextField()),
                ("level", models.TextField(default="")),
                ("reason", models.TextField(default="")),
                ("on", models.DateField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "approved_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(models.When(step="approved", then=models.F("request"))),
                        output_field=models.BigIntegerField(),
                        unique=True,
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
        migrations.AddIndex(
            model_name="request",
            index=django.contrib.postgres.indexes.GinIndex(fields=["account_ids"], name="ledger_request_of_account"),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), ("held_cents__gte", 0)), name="ledger_request_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("kind", ""), _negated=True), models.Q(("reason", ""), _negated=True)),
                name="ledger_request_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(("account_ids", []), _negated=True), name="ledger_request_accounts"
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.UniqueConstraint(fields=("id", "asked_by"), name="ledger_request_as_asked"),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.UniqueConstraint(fields=("request", "sha256"), name="ledger_evidence_once"),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("name", ""), _negated=True), models.Q(("media", ""), _negated=True)),
                name="ledger_evidence_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(("step__in", ["approved", "refused", "withdrawn"])), name="ledger_verdict_step"
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("step", "approved"), _negated=True),
                    models.Q(
                        models.Q(("by", models.F("asked_by")), _negated=True), models.Q(("level", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="ledger_verdict_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("step", "refused"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="ledger_verdict_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("step", "withdrawn"), _negated=True), ("by", models.F("asked_by")), _connector="OR"
                ),
                name="ledger_verdict_own",
            ),
        ),
        migrations.RunSQL(KEYS, UNDO),
        append_only("ledger_request", "ledger_evidence", "ledger_verdict"),
    ]
