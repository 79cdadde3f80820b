"""Reports that were saved, put on a timetable, and made."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0002_outbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportSchedule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("every", models.TextField()),
                ("media", models.TextField()),
                ("to", models.TextField()),
                ("from_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "base_reportschedule",
            },
        ),
        migrations.CreateModel(
            name="SavedReport",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("code", models.TextField()),
                ("asked", models.JSONField(default=dict)),
                ("question", models.JSONField(null=True)),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "base_savedreport",
            },
        ),
        migrations.CreateModel(
            name="ReportScheduleEnd",
            fields=[
                (
                    "schedule",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="end",
                        serialize=False,
                        to="base.reportschedule",
                    ),
                ),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "db_table": "base_reportscheduleend",
            },
        ),
        migrations.CreateModel(
            name="SavedReportEnd",
            fields=[
                (
                    "saved",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="end",
                        serialize=False,
                        to="base.savedreport",
                    ),
                ),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "db_table": "base_savedreportend",
            },
        ),
        migrations.AddField(
            model_name="reportschedule",
            name="saved",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="schedules", to="base.savedreport"
            ),
        ),
        migrations.CreateModel(
            name="MadeReport",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.TextField()),
                ("title", models.TextField()),
                ("asked", models.JSONField()),
                ("name", models.TextField()),
                ("media", models.TextField()),
                ("rows", models.IntegerField()),
                ("sha256", models.BinaryField()),
                ("body", models.BinaryField()),
                ("on", models.DateField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="made",
                        to="base.reportschedule",
                    ),
                ),
            ],
            options={
                "db_table": "base_madereport",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("schedule__isnull", False)),
                        fields=("schedule", "on"),
                        name="base_madereport_once_a_day",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("every__in", ["day", "week", "month"])), name="base_reportschedule_every"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("media__in", ["csv", "xlsx", "pdf"])), name="base_reportschedule_media"
            ),
        ),
        append_only(
            "base_savedreport",
            "base_savedreportend",
            "base_reportschedule",
            "base_reportscheduleend",
            "base_madereport",
        ),
    ]
