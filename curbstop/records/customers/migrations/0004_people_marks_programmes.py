"""People on accounts, master changes, confidentiality, programmes. Of what lasts, only the last day may change."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

PAPERS = ("paper", "identity", "change", "deceased", "changefile", "markreminded", "sealed", "glass")
PAPERS += ("programmeended", "programmereminded")
ENDS_ONLY = {
    "customers_person": "id, account_id, customer_id, role, may, mail_to, authority, paper_id, event_id",
    "customers_mark": "id, account_id, kind, authority, paper_id, substitute, ends_on, event_id",
    "customers_programme": ("id, account_id, premise_id, code, by_first_day, remind_on, proof, request_id, event_id"),
}


def ends_only(table: str, columns: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create trigger never_changes before delete or update of {columns} on {table}"
        " for each row execute function public.never_changes();"
        f"create trigger never_truncates before truncate on {table}"
        " for each statement execute function public.never_changes();",
        f"drop trigger never_changes on {table}; drop trigger never_truncates on {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_moves"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("authority", models.TextField()),
                ("substitute", models.JSONField(default=list)),
                ("ends_on", models.DateField(null=True)),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="customers.account"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Programme",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.TextField()),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("by_first_day", models.BooleanField()),
                ("remind_on", models.DateField(null=True)),
                ("proof", models.TextField()),
                ("request_id", models.BigIntegerField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="programmes", to="customers.account"
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="programmes", to="customers.premise"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChangeFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("sha256", models.BinaryField(unique=True)),
                ("authority", models.TextField()),
                ("rows", models.IntegerField()),
                ("changed", models.IntegerField()),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MarkReminded",
            fields=[
                (
                    "mark",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="reminded",
                        serialize=False,
                        to="customers.mark",
                    ),
                ),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Paper",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("says", models.TextField()),
                ("name", models.TextField()),
                ("media", models.TextField()),
                ("sha256", models.BinaryField()),
                ("restricted", models.BooleanField(default=False)),
                ("body", models.BinaryField()),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="papers", to="customers.account"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="mark",
            name="paper",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.paper"
            ),
        ),
        migrations.CreateModel(
            name="Deceased",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="deceased",
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "paper",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.paper"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("what", models.TextField()),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("box", models.BinaryField(db_default=b"", default=b"")),
                ("postal", models.TextField(db_default="", default="")),
                ("on", models.DateField()),
                ("reason", models.TextField()),
                ("asked_by", models.TextField()),
                ("capacity", models.TextField()),
                ("channel", models.TextField()),
                (
                    "proofs",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="customers.account"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="customers.customer"
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.paper"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("role", models.TextField()),
                (
                    "may",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "mail_to",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("authority", models.TextField()),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="people", to="customers.account"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="roles", to="customers.customer"
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.paper"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProgrammeEnded",
            fields=[
                (
                    "programme",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="ended",
                        serialize=False,
                        to="customers.programme",
                    ),
                ),
                ("on", models.DateField()),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ProgrammeReminded",
            fields=[
                (
                    "programme",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="reminded",
                        serialize=False,
                        to="customers.programme",
                    ),
                ),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Sealed",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("box", models.BinaryField()),
                ("event_id", models.BigIntegerField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sealed", to="customers.customer"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Glass",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="glass", to="customers.account"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["account", "by"], name="customers_glass_of")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("at"))), name="customers_glass_closes"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("digest", models.BinaryField()),
                ("box", models.BinaryField(db_default=b"", default=b"")),
                ("event_id", models.BigIntegerField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="identities", to="customers.customer"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "digest"], name="customers_identity_same")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["born_on", "ssn4", "password", "document"])),
                        name="customers_identity_kind",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("account", "="), ("during", "&&")], name="customers_mark_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends_on__isnull", True), ("kind", "confidential"), ("substitute", [])),
                    models.Q(("ends_on__isnull", False), ("kind", "acp"), models.Q(("substitute", []), _negated=True)),
                    _connector="OR",
                ),
                name="customers_mark_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("authority", ""), _negated=True), ("during__isempty", False), ("during__lower_inf", False)
                ),
                name="customers_mark_days",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["account", "what", "on", "id"], name="customers_change_of"),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(("what__in", ["name", "mail_to", "phone", "email", "language", "holder"])),
                name="customers_change_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("account", "="), ("customer", "="), ("role", "="), ("during", "&&")],
                name="customers_person_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["co_holder", "guarantor", "third_party", "landlord", "agent"])),
                name="customers_person_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False), ("during__lower_inf", False)),
                name="customers_person_days",
            ),
        ),
        migrations.AddIndex(
            model_name="programme",
            index=models.Index(fields=["account", "code"], name="customers_programme_of"),
        ),
        migrations.AddConstraint(
            model_name="programme",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("premise", "="), ("code", "="), ("during", "&&")], name="customers_programme_household"
            ),
        ),
        migrations.AddConstraint(
            model_name="programme",
            constraint=models.UniqueConstraint(fields=("request_id",), name="customers_programme_request"),
        ),
        migrations.AddConstraint(
            model_name="programme",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False), ("during__lower_inf", False)),
                name="customers_programme_days",
            ),
        ),
        append_only(*(f"customers_{name}" for name in PAPERS)),
        *(ends_only(table, columns) for table, columns in ENDS_ONLY.items()),
    ]
