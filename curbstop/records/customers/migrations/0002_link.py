"""Whose account it is: colleagues and officials, and their households. Only the last day of a link may change."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ENDS_ONLY = """
create trigger never_changes before delete or update of id, account_id, user_id, who, kind, mark, event_id
  on customers_link for each row execute function public.never_changes();
create trigger never_truncates before truncate on customers_link
  for each statement execute function public.never_changes();
"""
UNDO = "drop trigger never_changes on customers_link; drop trigger never_truncates on customers_link;"


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Link",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("who", models.TextField()),
                ("kind", models.TextField()),
                ("mark", models.TextField()),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="customers.account"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("account", "="), ("who", "="), ("during", "&&")], name="customers_link_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["own", "household"])), name="customers_link_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mark__in", ["employee", "official"])), name="customers_link_mark"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mark", "official"), ("user__isnull", False), _connector="OR"),
                        name="customers_link_user",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("who", ""), _negated=True),
                            ("during__isempty", False),
                            ("during__lower_inf", False),
                        ),
                        name="customers_link_days",
                    ),
                ],
            },
        ),
        migrations.RunSQL(ENDS_ONLY, UNDO),
    ]
