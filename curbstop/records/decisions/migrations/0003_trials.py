"""A draft is tried on the city's own history before it is approved, and the trial is kept."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from curbstop.records.base.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0002_drafts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DraftTrial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.BinaryField()),
                ("from_on", models.DateField()),
                ("until_on", models.DateField()),
                ("accounts", models.IntegerField()),
                ("unrated", models.IntegerField()),
                ("now_cents", models.BigIntegerField()),
                ("would_cents", models.BigIntegerField()),
                ("result", models.JSONField()),
                ("at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trials", to="decisions.draft"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("id", "draft"), name="decisions_drafttrial_of"),
                    models.CheckConstraint(
                        condition=models.Q(("until_on__gt", models.F("from_on"))), name="decisions_drafttrial_days"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="draftapproval",
            name="trial",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="decisions.drafttrial",
            ),
        ),
        migrations.RunSQL(
            """alter table decisions_draft add constraint decisions_draft_text unique (id, sha256);
               alter table decisions_drafttrial add constraint decisions_drafttrial_text
                 foreign key (draft_id, sha256) references decisions_draft (id, sha256);
               alter table decisions_draftapproval add constraint decisions_draftapproval_trial
                 foreign key (trial_id, draft_id) references decisions_drafttrial (id, draft_id);
               alter table decisions_draftapproval add constraint decisions_draftapproval_tried
                 check (trial_id is not null) not valid""",
            """alter table decisions_draftapproval drop constraint decisions_draftapproval_tried;
               alter table decisions_draftapproval drop constraint decisions_draftapproval_trial;
               alter table decisions_drafttrial drop constraint decisions_drafttrial_text;
               alter table decisions_draft drop constraint decisions_draft_text""",
        ),
        append_only("decisions_drafttrial"),
    ]
