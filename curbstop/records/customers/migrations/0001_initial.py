import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("decisions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            "create sequence customers_account_number_seq start 1000001 minvalue 1000001 no cycle",
            "drop sequence customers_account_number_seq",
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField()),
                (
                    "kind",
                    models.TextField(
                        choices=[("person", "Person"), ("organization", "Organization")], default="person"
                    ),
                ),
                ("phone", models.TextField(default="")),
                ("email", models.TextField(default="")),
                ("language", models.TextField(default="en")),
                ("staff_user_id", models.BigIntegerField(null=True)),
                ("event_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["name"], name="customers_customer_name", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(
                        condition=models.Q(("phone", ""), _negated=True),
                        fields=["phone"],
                        name="customers_customer_phone",
                    ),
                    models.Index(
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("email", ""), _negated=True),
                        name="customers_customer_email",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="customers_customer_named"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.TextField(unique=True)),
                (
                    "customer_class",
                    models.TextField(choices=[("residential", "Residential"), ("commercial", "Commercial")]),
                ),
                (
                    "tenure",
                    models.TextField(choices=[("owner", "Owner"), ("renter", "Renter"), ("business", "Business")]),
                ),
                (
                    "mail_to",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("opened_on", models.DateField()),
                ("event_id", models.BigIntegerField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="customers.customer"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Premise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.TextField()),
                ("city", models.TextField()),
                ("state", models.TextField()),
                ("zip", models.TextField()),
                ("parcel", models.TextField(default="")),
                ("inside_city", models.BooleanField(default=True)),
                ("dwelling_units", models.SmallIntegerField(default=1)),
                ("kind", models.TextField(choices=[("residential", "Residential"), ("commercial", "Commercial")])),
                ("route", models.TextField()),
                ("sequence", models.IntegerField()),
                ("hazard", models.TextField(default="")),
                ("event_id", models.BigIntegerField()),
                (
                    "cycle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.cycle"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ServicePoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("service", models.TextField()),
                ("number", models.SmallIntegerField(default=1)),
                ("event_id", models.BigIntegerField()),
                (
                    "measured_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.servicepoint",
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="service_points",
                        to="customers.premise",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("items", models.SmallIntegerField(default=1)),
                ("attributes", models.JSONField(default=dict)),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="agreements", to="customers.account"
                    ),
                ),
                (
                    "tariff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.tariff"
                    ),
                ),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="customers.servicepoint",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="customers.account",
                    ),
                ),
                ("words", models.TextField()),
                (
                    "digits",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["words"], name="customers_finding_words", opclasses=["gin_trgm_ops"]
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["digits"], name="customers_finding_digits"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__regex", "^[0-9]{8,12}$")), name="customers_account_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("customer_class__in", ["residential", "commercial"]),
                    ("tenure__in", ["owner", "renter", "business"]),
                ),
                name="customers_account_class",
            ),
        ),
        migrations.AddIndex(
            model_name="premise",
            index=models.Index(fields=["cycle", "route", "sequence"], name="customers_premise_route"),
        ),
        migrations.AddConstraint(
            model_name="premise",
            constraint=models.UniqueConstraint(fields=("address", "zip"), name="customers_premise_address"),
        ),
        migrations.AddConstraint(
            model_name="premise",
            constraint=models.CheckConstraint(
                condition=models.Q(("dwelling_units__gte", 1)), name="customers_premise_units"
            ),
        ),
        migrations.AddConstraint(
            model_name="premise",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["residential", "commercial"])), name="customers_premise_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="servicepoint",
            constraint=models.UniqueConstraint(
                fields=("premise", "service", "number"), name="customers_servicepoint_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("service_point", "="), ("during", "&&")], name="customers_agreement_no_overlap"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(condition=models.Q(("items__gte", 0)), name="customers_agreement_items"),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False), ("during__lower_inf", False)),
                name="customers_agreement_days",
            ),
        ),
    ]
