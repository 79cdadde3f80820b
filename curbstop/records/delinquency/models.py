"""The ladder, as far as it stands: late charges, assessed once for each bill run after its due date."""

from django.db import models
from django.db.models import Q

from curbstop.records.bills.models import Bill, Run
from curbstop.records.ledger.models import Transaction


class LateRun(models.Model):
    """A run's bills were looked at for lateness: once, whatever came of it. No ``txn``: nobody was late."""

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.PROTECT, related_name="late")
    txn = models.ForeignKey(Transaction, null=True, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    bills = models.IntegerField()
    cents = models.BigIntegerField()
    event_id = models.BigIntegerField()


class LateCharge(models.Model):
    """A late bill and its charge; the charge's lines are rows of the ledger on ``document_id``."""

    bill = models.OneToOneField(Bill, primary_key=True, on_delete=models.PROTECT, related_name="late_charge")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="late_charges")
    document_id = models.BigIntegerField(unique=True)
    cents = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(cents__gt=0), name="delinquency_latecharge_positive")]


class LateHeld(models.Model):
    """A late bill without its charge, and why: a payment was on its way when the run was looked at."""

    bill = models.OneToOneField(Bill, primary_key=True, on_delete=models.PROTECT, related_name="late_held")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="late_held")
    code = models.TextField()  # held_payment_pending, held_dispute, held_extension, and other reasons of holds
    event_id = models.BigIntegerField()


class LateSettled(models.Model):
    """What came of a held late charge when the payment had arrived or failed: ``spared``, or ``charged``."""

    held = models.OneToOneField(LateHeld, primary_key=True, on_delete=models.PROTECT, related_name="settled")
    outcome = models.TextField()
    on = models.DateField()
    txn = models.ForeignKey(Transaction, null=True, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="spared", txn__isnull=True) | Q(outcome="charged", txn__isnull=False),
                name="delinquency_latesettled_what",
            )
        ]


# the rest of the app's tables, each family in a file of its own
from curbstop.records.delinquency import holds as holds  # noqa: E402
from curbstop.records.delinquency import ladder as ladder  # noqa: E402
from curbstop.records.delinquency import promises as promises  # noqa: E402
