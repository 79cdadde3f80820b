"""Which card terminal an ask was started on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0008_banking")]

    operations = [
        migrations.AddField(
            model_name="ask",
            name="reader",
            field=models.TextField(db_default="", default=""),
        ),
    ]
