"""What waits on a clearing account is added up by its index alone: the bank's page asks for it every day."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_items_and_balances_apart")]

    operations = [
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["document_id", "gl"],
                include=["debit_cents", "credit_cents"],
                condition=Q(sub=1),
                name="ledger_posting_waiting",
            ),
        ),
        migrations.RemoveIndex(model_name="posting", name="ledger_posting_batch"),
    ]
