"""What is held for customers, and the change fund, are found without reading the whole ledger."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_closing")]

    operations = [
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["account_id", "gl"],
                include=["debit_cents", "credit_cents"],
                condition=Q(sub=3),
                name="ledger_posting_held",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["id"], condition=Q(act="change_fund"), name="ledger_transaction_change_fund"),
        ),
    ]
