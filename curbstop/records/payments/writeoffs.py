"""Written-off debt with a collection agency: what was placed, recalled, and what the agency sent.

What is written off is the ledger's to say (1295, item by item); the list that was approved is the request.
"""

from django.db import models
from django.db.models import Q

from curbstop.records.customers.models import Account
from curbstop.records.ledger.models import Transaction


class AgencyFile(models.Model):
    """A file between the office and an agency, as it was sent or received; its id is a document id.

    ``placement`` and ``recall`` go out; ``remittance`` comes in, and its money waits on 10-1060 under this id.
    """

    id = models.BigIntegerField(primary_key=True)
    file_id = models.TextField(unique=True)
    agency = models.TextField()
    kind = models.TextField()
    on = models.DateField()
    rows = models.IntegerField()
    cents = models.BigIntegerField()
    commission_cents = models.BigIntegerField(default=0, db_default=0)
    sha256 = models.BinaryField()
    body = models.BinaryField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "sha256"], name="payments_agencyfile_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["placement", "recall", "remittance"]), name="payments_agencyfile_kind"
            ),
            models.CheckConstraint(
                condition=Q(rows__gt=0, cents__gt=0, commission_cents__gte=0), name="payments_agencyfile_full"
            ),
        ]


class Placement(models.Model):
    """A debt given to an agency to collect. Nothing posts; the debt stays where it is.

    ``follows`` names the recall before it, and no two placements follow the same one: an account is with one agency.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    agency = models.TextField()
    file = models.ForeignKey(AgencyFile, on_delete=models.PROTECT, related_name="placements")
    placed_on = models.DateField()
    cents = models.BigIntegerField()
    follows = models.OneToOneField("Recall", null=True, on_delete=models.PROTECT, related_name="followed_by")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0) & ~Q(agency=""), name="payments_placement_positive"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(follows__isnull=True), name="payments_placement_one_first"
            ),
        ]


class Recall(models.Model):
    """A debt taken back from the agency, and why: paid here, the customer returned, a mistake."""

    placement = models.OneToOneField(Placement, primary_key=True, on_delete=models.PROTECT, related_name="recall")
    recalled_on = models.DateField()
    reason = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="payments_recall_reason")]


class AgencyPaid(models.Model):
    """One row of an agency's remittance: what it collected on an account, and what of it is its commission."""

    file = models.ForeignKey(AgencyFile, on_delete=models.PROTECT, related_name="paid")
    line = models.SmallIntegerField()
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="paid")
    cents = models.BigIntegerField()
    commission_cents = models.BigIntegerField()
    txn = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="payments_agencypaid_line"),
            models.CheckConstraint(
                condition=Q(cents__gt=0, commission_cents__gte=0, commission_cents__lte=models.F("cents")),
                name="payments_agencypaid_amounts",
            ),
        ]
