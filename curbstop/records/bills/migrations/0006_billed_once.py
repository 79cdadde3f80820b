"""One index of everything billed: a run asks each agreement for its last bill, rebilled or not."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("bills", "0005_rebilled")]

    operations = [
        migrations.RemoveConstraint(model_name="outcome", name="bills_outcome_billed_once"),
        migrations.RemoveConstraint(model_name="outcome", name="bills_outcome_rebilled_once"),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                fields=["agreement", "from_on", "rebills"],
                condition=Q(code="billed"),
                nulls_distinct=False,
                name="bills_outcome_billed_once",
            ),
        ),
    ]
