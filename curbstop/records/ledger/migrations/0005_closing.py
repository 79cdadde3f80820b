"""A day is prepared by one and closed by another; general-ledger files follow each other and are answered."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only

# No day is in two files. The files are few, so a constraint over their days costs nothing.
ONE_FILE_A_DAY = """alter table ledger_export add constraint ledger_export_one_file_a_day
  exclude using gist (daterange(from_on, until_on) with &&)"""


def person(field: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_column=field,
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_approvals")]

    operations = [
        migrations.CreateModel(
            name="Prepared",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("period", models.TextField()),
                ("rows", models.BigIntegerField()),
                ("debit_cents", models.BigIntegerField()),
                ("sha256", models.BinaryField()),
                ("checks", models.JSONField()),
                ("by", person("by")),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["period"], name="ledger_prepared_period")]},
        ),
        # nothing could write a file before, so there are no rows that would lack these
        migrations.AddField(
            model_name="export",
            name="previous",
            field=models.ForeignKey(
                db_column="previous",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.export",
            ),
        ),
        migrations.AddField(
            model_name="export",
            name="at",
            field=models.DateTimeField(default="2000-01-01T00:00Z"),
            preserve_default=False,
        ),
        migrations.AddField(model_name="export", name="by", field=person("by"), preserve_default=False),
        migrations.AddField(
            model_name="export", name="event_id", field=models.BigIntegerField(default=0), preserve_default=False
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(
                fields=("previous",), name="ledger_export_one_first", nulls_distinct=False
            ),
        ),
        migrations.CreateModel(
            name="ExportAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "file",
                    models.ForeignKey(
                        db_column="file",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="ledger.export",
                    ),
                ),
                ("taken", models.BooleanField()),
                ("reference", models.TextField()),
                ("at", models.DateTimeField()),
                ("by", person("by")),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("taken", True)), fields=("file",), name="ledger_exportanswer_taken_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference", ""), _negated=True), name="ledger_exportanswer_reference"
                    ),
                ]
            },
        ),
        migrations.RunSQL(ONE_FILE_A_DAY, "alter table ledger_export drop constraint ledger_export_one_file_a_day"),
        append_only("ledger_prepared", "ledger_exportanswer"),
    ]
