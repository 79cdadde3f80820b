"""A programme that is applied for has no amount of its own: it gives by its rate, bill by bill."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_what_waits")]

    operations = [
        migrations.RemoveConstraint(model_name="request", name="ledger_request_positive"),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), ("held_cents__gte", 0))
                | models.Q(("cents", 0), ("held_cents", 0), ("kind", "programme")),
                name="ledger_request_positive",
            ),
        ),
    ]
