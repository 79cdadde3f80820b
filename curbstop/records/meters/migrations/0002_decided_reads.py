import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_link"),
        ("meters", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("was_during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Estimate",
            fields=[
                (
                    "read",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="estimate",
                        serialize=False,
                        to="meters.read",
                    ),
                ),
                ("method", models.TextField()),
                (
                    "made_from",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("in_row", models.SmallIntegerField()),
                ("reason", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="MeterState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.TextField()),
                ("on", models.DateField()),
                ("reason", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="MeterTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField()),
                ("low_bp", models.IntegerField(default=-1)),
                ("middle_bp", models.IntegerField(default=-1)),
                ("high_bp", models.IntegerField(default=-1)),
                ("passed", models.BooleanField()),
                ("limits", models.TextField()),
                ("note", models.TextField(default="")),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ReadFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("layout", models.TextField()),
                ("name", models.TextField()),
                ("sha256", models.BinaryField()),
                ("rows", models.IntegerField()),
                ("accepted", models.IntegerField()),
                ("waiting", models.IntegerField()),
                ("duplicates", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ReadHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("read_on", models.DateField()),
                ("reason", models.TextField()),
                ("until_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ReadQuarantined",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.IntegerField()),
                ("text", models.TextField()),
                ("meter", models.TextField(default="")),
                ("why", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Reread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_by", models.TextField()),
                ("told", models.TextField()),
                ("fee_cents", models.BigIntegerField()),
                ("note", models.TextField(default="")),
                ("order_id", models.BigIntegerField(null=True)),
                ("on", models.DateField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="installation",
            name="meters_installation_one_meter",
        ),
        migrations.RemoveConstraint(
            model_name="installation",
            name="meters_installation_days",
        ),
        migrations.AddField(
            model_name="installation",
            name="mistaken",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="installation",
            name="part",
            field=models.SmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="meter",
            name="make",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="read",
            name="codes",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("service_point", "="), ("part", "="), ("during", "&&")],
                name="meters_installation_one_meter",
            ),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.CheckConstraint(
                condition=models.Q(("part__in", [1, 2])), name="meters_installation_part"
            ),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", models.F("mistaken")), ("during__lower_inf", False)),
                name="meters_installation_days",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="installation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="meters.installation"
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(("in_row__gte", 1), models.Q(("reason", ""), _negated=True)),
                name="meters_estimate_counted",
            ),
        ),
        migrations.AddField(
            model_name="meterstate",
            name="meter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="states", to="meters.meter"
            ),
        ),
        migrations.AddField(
            model_name="metertest",
            name="meter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="tests", to="meters.meter"
            ),
        ),
        migrations.AddField(
            model_name="readfile",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="readhold",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="readhold",
            name="service_point",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="read_holds", to="customers.servicepoint"
            ),
        ),
        migrations.CreateModel(
            name="ReadQuarantineSettled",
            fields=[
                (
                    "row",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="settled",
                        serialize=False,
                        to="meters.readquarantined",
                    ),
                ),
                ("how", models.TextField()),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="readquarantined",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="quarantined", to="meters.readfile"
            ),
        ),
        migrations.CreateModel(
            name="RereadAnswer",
            fields=[
                (
                    "reread",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="answer",
                        serialize=False,
                        to="meters.reread",
                    ),
                ),
                ("outcome", models.TextField()),
                ("seen_on", models.DateField()),
                ("register", models.BigIntegerField()),
                ("says", models.TextField()),
                ("document_id", models.BigIntegerField(null=True)),
                ("event_id", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="reread",
            name="account",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
            ),
        ),
        migrations.AddField(
            model_name="reread",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="reread",
            name="read",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="rereads", to="meters.read"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="meters_correction_says_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="meterstate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["in_stock", "to_test", "to_repair", "scrapped", "lost"]),
                    models.Q(("reason", ""), _negated=True),
                ),
                name="meters_meterstate_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="readfile",
            constraint=models.UniqueConstraint(fields=("layout", "sha256"), name="meters_readfile_once"),
        ),
        migrations.AddIndex(
            model_name="readhold",
            index=models.Index(fields=["service_point", "read_on"], name="meters_readhold_point_day"),
        ),
        migrations.AddConstraint(
            model_name="readhold",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("reason", ""), _negated=True), ("until_on__gt", models.F("read_on"))),
                name="meters_readhold_says_why",
            ),
        ),
        migrations.AddField(
            model_name="readquarantinesettled",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="readquarantinesettled",
            name="read",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="meters.read"
            ),
        ),
        migrations.AddField(
            model_name="rereadanswer",
            name="read",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="meters.read"),
        ),
        migrations.AddConstraint(
            model_name="reread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asked_by", "office"), ("fee_cents", 0)),
                    models.Q(("asked_by", "customer"), ("fee_cents__gte", 0), models.Q(("told", ""), _negated=True)),
                    _connector="OR",
                ),
                name="meters_reread_told",
            ),
        ),
        migrations.AddConstraint(
            model_name="readquarantinesettled",
            constraint=models.CheckConstraint(
                condition=models.Q(("how", ""), _negated=True), name="meters_readquarantinesettled_says_how"
            ),
        ),
        migrations.AddConstraint(
            model_name="rereadanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["confirmed", "wrong"])), name="meters_rereadanswer_outcome"
            ),
        ),
        append_only(
            "meters_correction",
            "meters_estimate",
            "meters_meterstate",
            "meters_metertest",
            "meters_readfile",
            "meters_readhold",
            "meters_readquarantined",
            "meters_readquarantinesettled",
            "meters_reread",
            "meters_rereadanswer",
        ),
    ]
